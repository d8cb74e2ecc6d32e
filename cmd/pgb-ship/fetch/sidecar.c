/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "b2sum.h"
#include "dest.h"
#include "fetch/sidecar.h"

enum sidecar
sidecar_find(char *text, size_t len, const char *base,
    uint8_t hash[DIGEST_LEN])
{
	enum sidecar found = SIDECAR_NONE;
	char *end = text + len, *lf;
	uint8_t one[DIGEST_LEN];
	const char *name;
	size_t n;

	for (; text < end; text = lf + 1) {
		if ((lf = memchr(text, '\n', (size_t)(end - text))) == NULL)
			lf = end;
		n = (size_t)(lf - text);
		if (n > 0 && text[n - 1] == '\r')
			n--;
		text[n] = '\0';
		if (!b2sum_parse(text, n, one, &name) ||
		    strcmp(dest_base(name), base) != 0)
			continue;
		if (found == SIDECAR_FOUND &&
		    memcmp(hash, one, DIGEST_LEN) != 0)
			return (SIDECAR_TWO);
		found = SIDECAR_FOUND;
		memcpy(hash, one, DIGEST_LEN);
	}
	return (found);
}
