/* SPDX-License-Identifier: ISC */
#ifndef UNLOCK_H
#define UNLOCK_H

#include "age/age-key.h"
#include "age/identity.h"

enum age_fault {
	AGE_FINE,
	AGE_NOT_AGE,		/* something else, or nothing at all */
	AGE_BAD_HEADER,		/* header or armor malformed, or too large */
	AGE_NO_MATCH,		/* no identity opens it */
	AGE_WRONG_PASSPHRASE,
	AGE_WANTS_KEY,		/* it has none of the kind that was given */
	AGE_WANTS_PASSPHRASE,
	AGE_TOLD,		/* a plugin failed, or there was no passphrase
				 * to be had: one error line was printed */
	AGE_BAD_MAC,		/* opened, but the header was changed */
	AGE_BAD_CHUNK,		/* a chunk does not authenticate */
	AGE_CUT,		/* ends too early, or goes on behind its end */
	AGE_STOPPED,		/* the sink said no */
	AGE_MEMORY		/* or a library */
};

struct age_wrong {
	uint64_t at;
	char why[AGE_WHY_LEN];	/* part of a sentence */
	enum status told;	/* with AGE_TOLD; a signal is told, too */
};

/*
 * age_unlock(ids, header, file_key, w):
 * Try each identity, and the passphrase, on each stanza of a header that is
 * whole; then check the header's MAC.
 *
 * w	after a fault: what is wrong and where in the header
 *
 * AGE_FINE with the file key, or a fault up to AGE_BAD_MAC, or AGE_MEMORY.
 * Prints nothing, but what a plugin has to say.
 */
enum age_fault age_unlock(struct identities *,
    const struct age_header *, uint8_t file_key[AGE_FILE_KEY_LEN],
    struct age_wrong *w);

#endif
