/* SPDX-License-Identifier: ISC */
#ifndef SHIPMENT_IMPL_H
#define SHIPMENT_IMPL_H

#include <time.h>

#include "carrier/carrier.h"
#include "digest.h"
#include "pump.h"
#include "record.h"
#include "send/beside.h"
#include "send/cargo.h"
#include "send/shipment.h"
#include "send/target.h"

/*
 * Shared by the shipment*.c.  shipment.c has the essay, and moves the stream;
 * shipment-open.c names and opens the destinations; shipment-end.c publishes
 * and tells what was published.
 */

/* By then any wrapper has shown the header of what is inside. */
#define HELD_MAX	64			/* blocks: 8 MiB */

struct stop {
	struct dest dest;
	char path[DEST_PATH_MAX];
	char *name;
	struct target *target;	/* NULL: not open, failed or published */
	bool published;
	enum status failed;
	struct target_how how;
	struct manifest manifest;
	struct beside beside[BESIDE_MAX];
	char *sum_line;
};

struct shipment {
	const struct ship_opts *opts;
	struct carrier *carrier;
	struct stop stops[SHIPMENT_MAX];
	size_t count;
	enum status first;	/* the first failure */
	bool opened;
	struct timespec began;

	struct cargo cargo;
	bool has_cargo;
	struct target_common common;
	struct block *at;	/* being filled */
	enum status no_room;	/* why there was none for on_room() */
	struct block *held[HELD_MAX];
	size_t held_count;
	uint64_t offset, crc;	/* of what was given out */

	struct digest *digest;	/* NULL: --no-sum */
	uint8_t sum[DIGEST_LEN];
	char sum_hex[DIGEST_HEX];
	struct beside with[BESIDE_MAX];
	uint64_t bytes;
	const char *proof;
	struct record *record;
	bool no_report;		/* it could not be written */
};

/* --- shipment.c --- */

/* Destinations that are open and well. */
size_t shipment_alive(const struct shipment *);

/* One is done, or has failed: how it went is kept, it is closed. */
void shipment_let_end(struct stop *);
void shipment_failed(struct shipment *, struct stop *, enum status);

/* Say that others go on, where there are any. */
void shipment_go_without(const struct shipment *);

/* The last block, full or not, is given out. */
enum status shipment_end_block(struct shipment *);

/* --- shipment-open.c --- */

/* Name and open all destinations: STATUS_OK where one at least is open, or a
 * status after one error line each. */
enum status shipment_open(struct shipment *);

/* --- shipment-end.c --- */

/* The stream is over and proven: store it, publish it, describe it. */
enum status shipment_end(struct shipment *, struct pump *);

/* Print the record in place of the stream: STATUS_OK, or a status after one
 * error line. */
enum status shipment_print(struct shipment *);

/* Some have it and some do not: print and write the record all the same. */
void shipment_tell_part(struct shipment *);

/* How many have it. */
size_t shipment_published(const struct shipment *);

#endif
