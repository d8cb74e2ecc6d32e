/* SPDX-License-Identifier: ISC */
#ifndef AGE_OPEN_H
#define AGE_OPEN_H

#include "age/payload.h"
#include "age/unlock.h"
#include "carrier/carrier.h"

/*
 * A whole age file, opened as it comes: binary or armored.
 */
struct age_opener;

/*
 * age_opener_new(ids, threads, sink, place, arg):
 * place	as in payload.h, or NULL
 *
 * The sink gets authenticated plaintext alone, in order, from the caller's
 * thread.  ids is borrowed until age_opener_free().
 *
 * threads	1 to LANES_MAX; begun when the header has opened
 *
 * NULL without memory.  Prints nothing, here and below, but what a plugin has
 * to say.
 */
struct age_opener *age_opener_new(struct identities *ids,
    unsigned threads, age_sink sink, payload_place place, void *arg);
void age_opener_free(struct age_opener *);

/* Call it, with arg of age_opener_new(), when the header has opened and before
 * the first thread is begun.  Another status than STATUS_OK, after an error
 * line, is AGE_TOLD. */
void age_opener_on_unlock(struct age_opener *, enum status (*)(void *arg));

/*
 * age_opener_room(o, len):
 * Where the next bytes may be read, *len of them, so that
 * age_opener_feed() need not copy them; NULL where that is anywhere.
 */
uint8_t *age_opener_room(struct age_opener *, size_t *len);

/* The next bytes: 0, or -1; it stays so. */
int age_opener_feed(struct age_opener *, const uint8_t *buf, size_t len);

/* End of file: 0 where the final chunk was there, alone and last; or -1. */
int age_opener_end(struct age_opener *);

/* After -1: what is wrong, and where in the file (with armor: the line's first
 * byte). */
enum age_fault age_opener_fault(const struct age_opener *);
const struct age_wrong *age_opener_wrong(const struct age_opener *);

/*
 * For struct carrier_opts: age_key = &carrier_age_key, age_key_arg = the
 * identities.  Opens an age file (binary or armored) chunk by chunk and looks
 * at what is inside: proven where the final chunk opens and the inside is
 * proven; foreign where the inside is.  carrier-age-key.c.
 */
extern const struct carrier_ops carrier_age_key;

#endif
