/* SPDX-License-Identifier: ISC */
#ifndef CARRIER_H
#define CARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/archive.h"
#include "carrier/sql.h"
#include "status.h"

/*
 * What a stream is, and whether its end is proven.
 *
 * A carrier is fed the bytes of a stream in pieces of any size and is asked at
 * the end of file.  It recognises the format by its first bytes, follows its
 * framing, and looks through gzip, zstd and lz4 (and age, with a key) at what
 * is inside.  It never changes the bytes, does no I/O and prints nothing.
 */

enum carrier_verdict {
	CARRIER_PROVEN,		/* shows its own end, and the end was there */
	CARRIER_OPEN,		/* sound, but its format shows no end (binary
				 * age without a key) */
	CARRIER_FOREIGN,	/* nothing that we know */
	CARRIER_BROKEN,		/* recognised, and cut short or damaged */
	CARRIER_EMPTY,		/* not one byte, or nothing inside */
};

struct carrier;
struct carrier_ops;

struct carrier_opts {
	/* Told what a custom or tar archive holds as it goes by; NULL:
	 * nobody. */
	const struct archive_watch *watch;
	void *watch_arg;

	/* The same for plain SQL. */
	const struct sql_watch *sql_watch;
	void *sql_arg;

	/* How to look into age (age/age-open.h); NULL: age stays shut. */
	const struct carrier_ops *age_key;
	const void *age_key_arg;

	/* An age file was opened: called once, before what is inside is
	 * looked at.  NULL: nobody. */
	void (*opened)(void *arg);
	void *opened_arg;
};

/*
 * carrier_new(opts):
 * opts is copied; what it points to is borrowed until carrier_free().  NULL:
 * defaults.  Returns NULL without memory.
 */
struct carrier *carrier_new(const struct carrier_opts *opts);
void carrier_free(struct carrier *);

/*
 * carrier_feed(c, buf, len):
 * The next len bytes.  Returns 0, or -1 when the stream is known to be broken:
 * it stays so.
 */
int carrier_feed(struct carrier *, const void *buf, size_t len);

/*
 * carrier_end(c):
 * End of file.  Call once.
 */
enum carrier_verdict carrier_end(struct carrier *);

/*
 * carrier_why(c):
 * After -1 or a verdict that is not CARRIER_PROVEN: what is wrong, where and
 * in what, as part of a sentence ("custom archive: byte 1234: entry 17 (TABLE
 * DATA public.t): cut short in a block").  Borrowed from c.
 */
const char *carrier_why(const struct carrier *);

/*
 * carrier_status(c), carrier_is_told(c):
 * After -1 or CARRIER_BROKEN: STATUS_DATA, or the status to end with where it
 * is not the stream's fault that it could not be looked into (memory, a plugin
 * of age's); and whether an error line about it was printed already.
 */
enum status carrier_status(const struct carrier *);
bool carrier_is_told(const struct carrier *);

/*
 * carrier_name(c):
 * What the stream is, as far as it is known: "custom archive", "gzip of plain
 * SQL dump", "age", "unknown"; "empty" before the first byte.  Borrowed.
 */
const char *carrier_name(const struct carrier *);

/* What the stream itself is, where that is a wrapper: "zstd"; NULL: it is none.
 * As soon as anything inside it is looked at. */
const char *carrier_wrapper(const struct carrier *);

/*
 * carrier_known(c):
 * Whether enough bytes were seen to know what the stream is, wrappers and what
 * is inside; a custom archive counts once its header was seen.  So when this is
 * true and carrier_archive() is NULL, there will be none.
 */
bool carrier_known(const struct carrier *);

/*
 * carrier_shut(c):
 * Whether the proof is that of a seal alone: armored age without a key.  Its
 * END line shows that nothing of it is missing; a foreign age writes one after
 * an input that was cut short, too.
 */
bool carrier_shut(const struct carrier *);

/* Whether the stream itself is age, binary or armored, of whatever version. */
bool carrier_is_age(const struct carrier *);

/*
 * carrier_archive(c):
 * The header of the custom archive, at the top or inside wrappers, once it was
 * seen whole; else NULL.  Borrowed.
 */
const struct archive_header *carrier_archive(const struct carrier *);

#endif
