/* SPDX-License-Identifier: ISC */
#ifndef ZSPEC_H
#define ZSPEC_H

#include <limits.h>
#include <stdbool.h>

#include "archive.h"
#include "status.h"

/*
 * How an archive's data are compressed: -Z in the syntax of pg_dump 16, for
 * servers of every version.
 */

#define ZSPEC_DEFAULT	INT_MIN		/* no level was given */
#define ZSPEC_WORD	64

struct zspec {
	enum archive_compression method;
	int level;
	bool long_window;	/* zstd: look back 128 MiB */
	bool given;		/* there was a -Z */
};

/*
 * zspec_parse(text, z):
 * "6", "none", "gzip:9", "zstd:level=3,long".  STATUS_OK, or STATUS_USAGE after
 * one error line.
 */
enum status zspec_parse(const char *text, struct zspec *);

/*
 * zspec_fit(z, version):
 * Whether archives of a pg_dump of that version (150020) can be so compressed:
 * STATUS_OK, or STATUS_USAGE after one error line.
 */
enum status zspec_fit(const struct zspec *, int version);

/* The option for that pg_dump, "--compress=gzip:9", or "" where it needs none. */
void zspec_word(const struct zspec *, int version, char word[ZSPEC_WORD]);

#endif
