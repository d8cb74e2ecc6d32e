/* SPDX-License-Identifier: ISC */
#ifndef ZSPEC_H
#define ZSPEC_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "archive/archive.h"
#include "status.h"

/*
 * -Z, --compress: how the archive is compressed, in the words of pg_dump 16
 * and later, on every version.
 * Source: PostgreSQL, src/common/compression.c, versions 16 to 18.
 */

#define ZSPEC_DEFAULT	INT_MIN		/* no level was given */
#define ZSPEC_WORD	64		/* bytes zspec_word() needs */

struct zspec {
	enum archive_compression method;
	int level;		/* in the method's range, or ZSPEC_DEFAULT */
	bool long_window;	/* zstd: matches from far back */
	bool given;		/* by the user */
};

/* What holds where the user says nothing. */
#define ZSPEC_INIT	{ ARCHIVE_GZIP, ZSPEC_DEFAULT, false, false }

/*
 * zspec_parse(text, z):
 * Read "6", "0", "METHOD" or "METHOD:DETAIL"; the method is none, gzip, lz4 or
 * zstd, the detail a level or a list of level=N, long[=BOOL], workers=N.
 * workers has no effect but a warning.  STATUS_USAGE after one error line, and
 * z is then not to be used.
 */
enum status zspec_parse(const char *text, struct zspec *z);

/*
 * zspec_fit(z, version, minor):
 * Whether pg_dump of that version (150020) can write, and the archive's format
 * 1.minor can hold, that method; minor 0 is one not known yet.  STATUS_USAGE
 * after one error line.
 */
enum status zspec_fit(const struct zspec *z, int version, int minor);

/*
 * zspec_word(z, version, word):
 * The option for pg_dump of that version: "--compress=zstd:level=3,long"; a
 * number below 16.  "" where pg_dump's own default is what is asked for.
 * 0, or -1 where zspec_fit() fails.  Prints nothing.
 */
int zspec_word(const struct zspec *z, int version, char word[ZSPEC_WORD]);

#endif
