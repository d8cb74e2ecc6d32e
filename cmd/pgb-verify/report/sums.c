/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "b2sum.h"
#include "fdio.h"
#include "msg.h"
#include "report/sums.h"
#include "sig.h"

#define FILE_MAX	(16 * 1024 * 1024)
#define HEX_LEN		(2 * SUMS_HASH)

/* --- the name ---------- */

char *
sums_name(const char *path)
{
	static const char *const endings[] = {
		".b2", ".b2sum", ".blake2b", ".BLAKE2b"
	};
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	size_t len = strlen(base), n, i;

	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		n = strlen(endings[i]);
		if (len > n && strcmp(base + len - n, endings[i]) == 0)
			return (strndup(base, len - n));
	}
	return (strdup("-"));
}

/* --- reading ---------- */

/* What a file has, as far as the caller asks. */
struct search {
	const char *path, *want;	/* want NULL: the only one */
	size_t lines, entries, found;
	uint8_t hash[SUMS_HASH];
	bool differ;			/* two hashes for what is wanted */
	char first[256];		/* a name, for messages */
	size_t digits;			/* of the first hash of another kind */
};

/* Of the hash in a line of another program. */
static size_t
digits_of(const char *line)
{
	const char *tagged = strstr(line, ") = ");

	return (strspn(tagged == NULL ? line : tagged + 4,
	    "0123456789abcdefABCDEF"));
}

static void
take(struct search *s, char *line, size_t len)
{
	uint8_t hash[SUMS_HASH];
	const char *name;

	s->lines++;
	if (!b2sum_parse(line, len, hash, &name)) {
		if (s->digits == 0)
			s->digits = digits_of(line);
		return;
	}
	if (s->entries++ == 0)
		(void)msg_mask(s->first, sizeof(s->first), name);
	if (s->want != NULL && strcmp(name, s->want) != 0)
		return;
	if (s->found++ > 0 && memcmp(hash, s->hash, SUMS_HASH) != 0)
		s->differ = true;
	memcpy(s->hash, hash, SUMS_HASH);
}

static void
scan(struct search *s, char *text, size_t len)
{
	char *end = text + len, *lf;
	size_t n;

	for (; text < end; text = lf + 1) {
		if ((lf = memchr(text, '\n', (size_t)(end - text))) == NULL)
			lf = end;
		n = (size_t)(lf - text);
		if (n > 0 && text[n - 1] == '\r')
			n--;
		text[n] = '\0';
		if (n > 0 && text[0] != '#')
			take(s, text, n);
	}
}

/* What writes hashes of so many digits. */
static const char *
tool_of(size_t digits)
{

	switch (digits) {
	case 32:
		return ("md5sum");
	case 40:
		return ("sha1sum");
	case 56:
		return ("sha224sum");
	case 64:
		return ("sha256sum, or b2sum -l 256");
	case 96:
		return ("sha384sum, or b2sum -l 384");
	default:
		return (NULL);
	}
}

static enum status
none(const struct search *s)
{
	const char *tool = tool_of(s->digits);

	if (s->lines == 0)
		msg_error("%s: no line in it", s->path);
	else if (tool != NULL)
		msg_error("%s: hashes of %zu digits (%s), not the %d of "
		    "BLAKE2b-512", s->path, s->digits, tool, HEX_LEN);
	else
		msg_error("%s: no line of b2sum in it", s->path);
	msg_hint("b2sum FILE writes such a line, and so does pgb-verify --sum");
	return (STATUS_USAGE);
}

static enum status
verdict(const struct search *s)
{

	if (s->entries == 0)
		return (none(s));
	if (s->want == NULL && s->entries > 1) {
		msg_error("%s: %zu lines, and no name to choose by", s->path,
		    s->entries);
		msg_hint("--name NAME says which: the first is for %s",
		    s->first);
		return (STATUS_USAGE);
	}
	if (s->found == 0) {
		msg_error("%s: no line for %s", s->path, s->want);
		msg_hint("lines it has: %zu, the first for %s", s->entries,
		    s->first);
		return (STATUS_USAGE);
	}
	if (s->differ) {
		msg_error("%s: two hashes for %s", s->path, s->want);
		msg_hint("which of them is right, only who wrote it can say");
		return (STATUS_DATA);
	}
	return (STATUS_OK);
}

static enum status
cannot(const char *path)
{

	if (errno == EINTR && sig_caught() != 0)
		return (STATUS_LOCAL);
	if (errno == EFBIG)
		msg_error("%s: larger than %d bytes", path, FILE_MAX);
	else
		msg_errno(path);
	return (errno == ENOMEM || errno == EIO ? STATUS_LOCAL : STATUS_USAGE);
}

enum status
sums_load(const char *path, const char *name, uint8_t hash[SUMS_HASH])
{
	struct search s = { .path = path, .want = name };
	enum status status;
	size_t len;
	char *text;

	if ((text = fd_slurp(path, FILE_MAX, &len)) == NULL)
		return (cannot(path));
	scan(&s, text, len);
	status = verdict(&s);
	if (status == STATUS_OK)
		memcpy(hash, s.hash, SUMS_HASH);
	free(text);
	return (status);
}
