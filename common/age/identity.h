/* SPDX-License-Identifier: ISC */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "passphrase.h"
#include "status.h"

/*
 * What opens an age file: the identities of files, and a passphrase.  All of it
 * lives in guarded memory.
 */
struct identities;

/*
 * identities_new(from):
 * from	where a passphrase comes from when one is needed; copied
 *
 * Calls sodium_init().  NULL after one error line (STATUS_LOCAL).
 */
struct identities *identities_new(const struct passphrase_source *from);
void identities_free(struct identities *);

/*
 * identities_load(ids, path, flags):
 * Add those of a file: of age, or an OpenSSH private key, or a file of age's
 * that is itself encrypted with a passphrase, which is asked for.
 *
 * flags	0, or KEYFILE_STDIN
 *
 * STATUS_OK, or STATUS_USAGE or STATUS_LOCAL after one error line that names
 * file and line, never the line's text.
 */
enum status identities_load(struct identities *, const char *path, int flags);

/* Get the passphrase now, for files that are encrypted with one.  Status as
 * above. */
enum status identities_ask(struct identities *);

/* Get it only when a file wants one. */
void identities_ask_late(struct identities *);

/* Whether a file of identities needed it. */
bool identities_used_passphrase(const struct identities *);

/* Whether to open a file may take more than memory: a plugin to be run, or a
 * passphrase that is only asked for then. */
bool identities_reach_out(const struct identities *);

/* The largest work factor of a passphrase, at first AGE_WORK_READ. */
void identities_set_work(struct identities *, unsigned log_n);

/* --- for whoever tries them ---------- */

enum identity_kind {
	IDENTITY_X25519,	/* secret, point */
	IDENTITY_SSH,		/* scalar and point on Curve25519, pk */
	IDENTITY_XWING,		/* secret: the seed */
	IDENTITY_PLUGIN		/* name, text */
};

struct identity {
	enum identity_kind kind;
	uint8_t secret[32];
	uint8_t point[32];
	uint8_t pk[32];		/* Ed25519 */
	char *name;		/* of the plugin */
	char *text;		/* sodium_malloc() */
};

size_t identities_count(const struct identities *);
const struct identity *identities_at(const struct identities *, size_t i);

/* NULL where there is none, or it could not be had: *status, after one error
 * line. */
const struct passphrase *identities_passphrase(struct identities *,
    enum status *status);
unsigned identities_work(const struct identities *);

#endif
