/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <string.h>

#include "shelf/version.h"

static size_t
digits(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && isdigit((unsigned char)p[n]))
		n++;
	return (n);
}

/* What a version that is not released ends in. */
static size_t
stage(const char *p, size_t len)
{
	static const char *const words[] = { "alpha", "beta", "rc", "devel" };
	size_t i, n;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		n = strlen(words[i]);
		if (len >= n && memcmp(p, words[i], n) == 0)
			return (n + digits(p + n, len - n));
	}
	return (0);
}

size_t
version_major(const char *p, size_t len)
{
	size_t at = 0, major = 0, parts, n;
	bool old = false;

	/* Some vendors tell three parts of later ones too; four are the address
	 * of a host. */
	for (parts = 0; parts < 3; parts++) {
		n = digits(p + at, len - at);
		if (n == 0)
			return (len);
		at += n;
		if (parts == 0)
			old = n == 1;	/* before 10 */
		if (parts == 0 || (parts == 1 && old))
			major = at;
		if (at == len || p[at] != '.' || parts == 2)
			break;
		at++;
	}
	at += stage(p + at, len - at);
	return (at == len ? major : len);
}

/* Whether a number goes on from before p to p. */
static bool
goes_on(const char *name, const char *p)
{

	if (p == name || !isdigit((unsigned char)p[0]))
		return (false);
	return (isdigit((unsigned char)p[-1]) || (p[-1] == '.' &&
	    p - name > 1 && isdigit((unsigned char)p[-2])));
}

bool
version_is_cut(const char *name, const char *p, size_t len)
{
	const char *end = p + len;

	return (goes_on(name, p) || goes_on(name, end) ||
	    (*end == '.' && goes_on(name, end + 1)));
}
