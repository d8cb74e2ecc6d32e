/* SPDX-License-Identifier: ISC */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "carrier.h"
#include "status.h"

/*
 * age identity files: what opens an age file.  Keys live in guarded memory.
 */
struct identities;

/*
 * identities_load(ids, path):
 * Add the identities of a file to *ids (NULL at first: made).  STATUS_OK, or
 * STATUS_USAGE after one error line that names file and line, never the line's
 * text.
 */
enum status identities_load(struct identities **ids, const char *path);
void identities_free(struct identities *);

/* For age-open.c: how many, and the 32 bytes of identity i. */
size_t identities_count(const struct identities *);
const uint8_t *identity_secret(const struct identities *, size_t i);
const uint8_t *identity_point(const struct identities *, size_t i);

/*
 * For struct carrier_opts: age_key = &carrier_age_key, age_key_arg = the
 * identities.  Opens an age file (binary or armored) chunk by chunk and looks
 * at what is inside: proven where the final chunk opens and the inside is
 * proven; foreign where the inside is.  carrier-age-key.c.
 */
extern const struct carrier_ops carrier_age_key;

#endif
