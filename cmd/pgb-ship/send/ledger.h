/* SPDX-License-Identifier: ISC */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/cargo.h"

/*
 * What a server has of the stream: which blocks it has acknowledged, to which
 * session, and up to where it is known to be on disk.  The essay is in
 * ledger.c.  No I/O, no lock, prints nothing.
 */
struct ledger;

struct ledger *ledger_new(void);	/* NULL without memory */
void ledger_free(struct ledger *);	/* NULL is allowed */

/* A block was given to the destination, in the order of the stream: 0, or -1
 * without memory. */
int ledger_add(struct ledger *, const struct block *);

/* The server has acknowledged that block to session number born. */
void ledger_ack(struct ledger *, const struct block *, unsigned born);

/* Whether that block was acknowledged. */
bool ledger_has(const struct ledger *, const struct block *);

/* All bytes before this one are acknowledged; are on disk; the end of the last
 * one that was acknowledged. */
uint64_t ledger_acked(const struct ledger *);
uint64_t ledger_durable(const struct ledger *);
uint64_t ledger_end(const struct ledger *);

/* A block as it must be on the server. */
struct ledger_block {
	uint64_t offset;
	size_t len;
	uint64_t crc_before, crc;
};

/*
 * ledger_doubts(l, born, v, max):
 * Of the blocks that were acknowledged to a session older than born and are not
 * known to be on disk, the first ones, max at most: session born is to read
 * them back.  Returns how many.
 */
size_t ledger_doubts(const struct ledger *, unsigned born,
    struct ledger_block *v, size_t max);

/*
 * ledger_proved(l, b, born):
 * Session born has read that block back, after an fsync.  It counts as
 * acknowledged to born, and as on disk where all before it is.
 */
void ledger_proved(struct ledger *, const struct ledger_block *b,
    unsigned born);

/*
 * ledger_synced(l, upto):
 * An fsync has ended well that was sent, by the oldest session that lives, when
 * ledger_acked() was upto and there was no doubt before that.
 */
void ledger_synced(struct ledger *, uint64_t upto);

#endif
