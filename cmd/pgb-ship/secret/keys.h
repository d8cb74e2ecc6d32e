/* SPDX-License-Identifier: ISC */
#ifndef KEYS_H
#define KEYS_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "key-foreign.h"
#include "opt.h"
#include "ssh/fault.h"

/*
 * The key files that this user can show a server, and what they say of
 * themselves without their passphrase.  No SSH here.
 */

struct key_file {
	char *path;
	bool public_only;	/* its other half must be in the agent */
	const struct key_foreign *foreign; /* somebody else's kind, or NULL */
	bool encrypted;		/* wants a passphrase */
	bool certified;		/* PATH-cert.pub is there */
	char type[64];		/* "ssh-ed25519", "" where it does not show */
	uint8_t *blob;		/* the public key, NULL where not seen */
	size_t bloblen;
};

struct key_files {
	struct key_file *v;
	size_t count;
};

/*
 * keys_find(keys, list, how, fault):
 * Look at the files of the list, or at those of id_ed25519, id_ecdsa and id_rsa
 * in ~/.ssh.  Where a file was asked for by name it has to be there, and a
 * private key that others may read is refused: STATUS_USAGE with the fault.
 * Otherwise it is passed over, with a warning where it is there.
 *
 * STATUS_OK, or fault->status.  Freed with keys_free() in any case.
 */
enum keys_how { KEYS_USUAL, KEYS_NAMED, KEYS_CONFIGURED };
enum status keys_find(struct key_files *, const struct opt_list *list,
    enum keys_how how, struct fault *fault);
void keys_free(struct key_files *);

/* Whether there is a usual key file that lives in hardware (id_*_sk). */
bool keys_in_hardware(void);

/* Whether a secret of ours may be read by others. */
bool keys_too_open(const struct stat *);

#endif
