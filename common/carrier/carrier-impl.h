/* SPDX-License-Identifier: ISC */
#ifndef CARRIER_IMPL_H
#define CARRIER_IMPL_H

#include "carrier/carrier.h"

/*
 * What a format's file (carrier-*.c) gives to carrier.c, and what it gets.
 */
struct carrier_ops {
	const char *name;	/* "custom archive", "gzip", "age" */

	/* State of one stream, or NULL without memory. */
	void *(*new)(struct carrier *, const void *arg);
	void (*free)(void *state);

	/* The next bytes: 0, or -1 through carrier_fail(). */
	int (*feed)(struct carrier *, void *state, const uint8_t *buf,
	    size_t len);

	/* End of file; CARRIER_BROKEN through carrier_cut(). */
	enum carrier_verdict (*end)(struct carrier *, void *state);
};

extern const struct carrier_ops carrier_custom;		/* carrier-archive.c */
extern const struct carrier_ops carrier_tar;		/* carrier-tar.c */
extern const struct carrier_ops carrier_sql;		/* carrier-sql.c */
extern const struct carrier_ops carrier_gzip;		/* carrier-gzip.c */
extern const struct carrier_ops carrier_zstd;		/* carrier-zstd.c */
extern const struct carrier_ops carrier_lz4;		/* carrier-lz4.c */
extern const struct carrier_ops carrier_age;		/* carrier-age.c */
extern const struct carrier_ops carrier_armor;		/* carrier-armor.c */

/* Wrappers in wrappers end here. */
#define CARRIER_DEPTH_MAX	4

/*
 * carrier_fail(c, at, fmt, ...):
 * Remember what is wrong at byte offset at of this carrier's own bytes; only
 * the first call counts.  Returns -1.
 */
int carrier_fail(struct carrier *, uint64_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same at the end of file: returns CARRIER_BROKEN. */
enum carrier_verdict carrier_cut(struct carrier *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What follows, carrier_fail(), is about this machine, not about the stream. */
void carrier_memory(struct carrier *);

/* The same where the reason was printed already (by a plugin of age's): who
 * asks for the carrier's end is to end with this status.  Returns -1. */
int carrier_told(struct carrier *, enum status);

/* Offset of the first byte of the buffer that feed() was given. */
uint64_t carrier_offset(const struct carrier *);

/*
 * carrier_stray(c):
 * A stream whose marks are known but whose version is not (archive minor 17,
 * age v2): from now on it is CARRIER_FOREIGN, and feed() is not called again.
 */
void carrier_stray(struct carrier *, const char *why);

/*
 * carrier_into(c):
 * The carrier of what is inside a wrapper, made at the first call, owned by c;
 * NULL (after carrier_fail()) when wrapped too deep or without memory.
 */
struct carrier *carrier_into(struct carrier *);

/* Feed the inside: 0, or -1 with the inner reason taken over. */
int carrier_inside(struct carrier *, const void *buf, size_t len);

/* The inside's verdict at the end, its reason taken over. */
enum carrier_verdict carrier_inside_end(struct carrier *);

/* For carrier-archive.c and carrier-tar.c: the options' watch, and where the
 * header goes; for carrier-sql.c; for carrier-age-key.c. */
const struct archive_watch *carrier_watch(const struct carrier *, void **arg);
const struct sql_watch *carrier_sql_watch(const struct carrier *, void **arg);
void carrier_opened(const struct carrier *);
void carrier_set_archive(struct carrier *, const struct archive_header *);

#endif
