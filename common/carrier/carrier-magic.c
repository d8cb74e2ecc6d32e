/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "carrier/carrier-magic.h"

static enum magic_fit
fit_plain(const struct magic *m, const uint8_t *buf, size_t len,
    size_t *matched)
{
	size_t n = len < m->len ? len : m->len;

	*matched = n;
	if (n == 0)
		return (FIT_MAYBE);
	if ((buf[0] & m->mask) != (uint8_t)m->bytes[0] ||
	    memcmp(buf + 1, m->bytes + 1, n - 1) != 0)
		return (FIT_NO);
	return (n == m->len ? FIT_YES : FIT_MAYBE);
}

/* A tar whose first member is toc.dat; both magics are needed, since neither
 * a file of that name nor a tar is a dump. */
static enum magic_fit
fit_tar(const struct magic *m, const uint8_t *buf, size_t len, size_t *matched)
{
	static const char ustar[] = "ustar";
	const size_t at = 257, n = sizeof(ustar) - 1;
	enum magic_fit fit = fit_plain(m, buf, len, matched);

	if (fit != FIT_YES || len <= at)
		return (fit == FIT_YES ? FIT_MAYBE : fit);
	if (len < at + n)
		return (memcmp(buf + at, ustar, len - at) == 0 ? FIT_MAYBE :
		    FIT_NO);
	return (memcmp(buf + at, ustar, n) == 0 ? FIT_YES : FIT_NO);
}

static enum magic_fit
fit_armor(const struct magic *m, const uint8_t *buf, size_t len,
    size_t *matched)
{
	size_t skip = 0;

	while (skip < len && buf[skip] != '\0' &&
	    strchr(" \t\r\n\v\f", buf[skip]) != NULL)
		skip++;
	if (skip > MAGIC_SPACE_MAX)
		return (FIT_NO);
	return (fit_plain(m, buf + skip, len - skip, matched));
}

#define MAGIC(s)	(s), sizeof(s) - 1

static const struct magic magics[] = {
	{ &carrier_custom, MAGIC("PGDMP"), 0xff, 3, fit_plain, false, false },
	{ &carrier_tar, MAGIC("toc.dat\0"), 0xff, 7, fit_tar, false, false },
	{ &carrier_sql, MAGIC("--\n-- PostgreSQL database dump"), 0xff, 8,
	    fit_plain, false, false },
	{ &carrier_sql, MAGIC("--\n-- PostgreSQL database cluster dump"), 0xff,
	    8, fit_plain, false, false },
	{ &carrier_gzip, MAGIC("\x1f\x8b"), 0xff, 2, fit_plain, false, true },
	{ &carrier_zstd, MAGIC("\x28\xb5\x2f\xfd"), 0xff, 3, fit_plain, false,
	    true },
	{ &carrier_zstd, MAGIC("\x50\x2a\x4d\x18"), 0xf0, 3, fit_plain, false,
	    true },
	{ &carrier_lz4, MAGIC("\x04\x22\x4d\x18"), 0xff, 3, fit_plain, false,
	    true },
	{ &carrier_age, MAGIC("age-encryption.org/v1\n"), 0xff, 8, fit_plain,
	    true, false },
	{ &carrier_armor, MAGIC("-----BEGIN AGE ENCRYPTED FILE-----"), 0xff, 11,
	    fit_armor, true, false },
};

#define MAGICS	(sizeof(magics) / sizeof(magics[0]))

/* Formats that people do put around a dump, for a better sentence. */
static const struct stranger {
	const char *bytes;
	size_t len;
	const char *name;
} strangers[] = {
	{ MAGIC("\xfd" "7zXZ"), "xz" },
	{ MAGIC("BZh"), "bzip2" },
	{ MAGIC("LZIP"), "lzip" },
	{ MAGIC("PK\x03\x04"), "zip" },
	{ MAGIC("-----BEGIN PGP "), "OpenPGP" },
	{ MAGIC("Salted__"), "openssl enc" },
};

enum magic_fit
magic_find(const uint8_t *buf, size_t len, const struct magic **found)
{
	enum magic_fit fit = FIT_NO;
	size_t i, matched;

	for (i = 0; i < MAGICS; i++)
		switch (magics[i].fit(&magics[i], buf, len, &matched)) {
		case FIT_YES:
			*found = &magics[i];
			return (FIT_YES);
		case FIT_MAYBE:
			fit = FIT_MAYBE;
			break;
		case FIT_NO:
			break;
		}
	return (len < MAGIC_MAX ? fit : FIT_NO);
}

const struct magic *
magic_cut(const uint8_t *buf, size_t len)
{
	size_t i, matched = 0;

	for (i = 0; i < MAGICS; i++)
		if (magics[i].fit(&magics[i], buf, len, &matched) != FIT_NO &&
		    matched >= magics[i].enough)
			return (&magics[i]);
	return (NULL);
}

bool
magic_other_age(const uint8_t *buf, size_t len)
{
	static const char age[] = "age-encryption.org/";

	return (len >= sizeof(age) - 1 &&
	    memcmp(buf, age, sizeof(age) - 1) == 0);
}

void
magic_stranger(const uint8_t *buf, size_t len, char *out, size_t outlen)
{
	size_t i;

	for (i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		const struct stranger *s = &strangers[i];

		if (len < s->len || memcmp(buf, s->bytes, s->len) != 0)
			continue;
		snprintf(out, outlen, "unknown format: looks like %s, which "
		    "cannot be looked into", s->name);
		return;
	}
	/* Its bytes are not shown: they may be what is to be encrypted. */
	snprintf(out, outlen, "unknown format");
}
