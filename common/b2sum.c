/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "b2sum.h"

#define HEX_LEN		(2 * DIGEST_LEN)
#define TAG		"BLAKE2b ("

char *
b2sum_line(const uint8_t hash[DIGEST_LEN], const char *name)
{
	size_t room = 1 + HEX_LEN + 2 + 2 * strlen(name) + 2, pos = 0;
	char *line;

	if ((line = malloc(room)) == NULL)
		return (NULL);
	if (strpbrk(name, "\\\n\r") != NULL)
		line[pos++] = '\\';
	digest_hex(hash, line + pos);
	pos += HEX_LEN;
	line[pos++] = ' ';
	line[pos++] = ' ';
	for (; *name != '\0'; name++) {
		if (strchr("\\\n\r", *name) != NULL)
			line[pos++] = '\\';
		line[pos++] = *name == '\n' ? 'n' : *name == '\r' ? 'r' : *name;
	}
	line[pos++] = '\n';
	line[pos] = '\0';
	return (line);
}

static bool
unescape(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (*s != '\\') {
			*to++ = *s;
			continue;
		}
		switch (*++s) {
		case '\\':
			*to++ = '\\';
			break;
		case 'n':
			*to++ = '\n';
			break;
		case 'r':
			*to++ = '\r';
			break;
		default:
			return (false);
		}
	}
	*to = '\0';
	return (true);
}

static bool
unhex(const char *hex, uint8_t hash[DIGEST_LEN])
{
	size_t len;

	return (sodium_hex2bin(hash, DIGEST_LEN, hex, HEX_LEN, NULL, &len,
	    NULL) == 0 && len == DIGEST_LEN);
}

bool
b2sum_parse(char *line, size_t len, uint8_t hash[DIGEST_LEN],
    const char **name)
{
	static const char middle[] = ") = ";
	bool escaped = *line == '\\';
	size_t tag = strlen(TAG), n = strlen(middle);
	char *text;

	if (strlen(line) != len)
		return (false);
	line += escaped;
	len -= escaped;
	if (len > tag + n + HEX_LEN && strncmp(line, TAG, tag) == 0) {
		text = line + tag;
		line += len - HEX_LEN;
		if (memcmp(line - n, middle, n) != 0)
			return (false);
		line[-(ptrdiff_t)n] = '\0';
	} else {
		text = line + HEX_LEN + 2;
		if (len <= HEX_LEN + 2 || text[-2] != ' ' ||
		    (text[-1] != ' ' && text[-1] != '*'))
			return (false);
	}
	*name = text;
	return (unhex(line, hash) && (!escaped || unescape(text)));
}
