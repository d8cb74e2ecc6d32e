/* SPDX-License-Identifier: ISC */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opt.h"
#include "status.h"

/*
 * What this user can show a server: key files, and secrets from a file or the
 * terminal.  No SSH here.
 */

struct key_file {
	char *path;
	bool public_only;	/* its other half must be in the agent */
	bool encrypted;		/* wants a passphrase */
	char type[64];		/* "ssh-ed25519", "" where it does not show */
	uint8_t *blob;		/* the public key, NULL where not seen */
	size_t bloblen;
};

struct key_files {
	struct key_file *v;
	size_t count;
};

/*
 * keys_find(keys, wanted):
 * The files of the list, or where that is empty those of id_ed25519, id_ecdsa
 * and id_rsa in ~/.ssh that exist.  A private key that others may read is
 * refused: with STATUS_USAGE where it was asked for by name, with a warning
 * where it was not.  Freed with keys_free().
 */
enum status keys_find(struct key_files *, const struct opt_list *wanted);
void keys_free(struct key_files *);

/* "~/.ssh/NAME" with the user's home; freed by the caller, or NULL. */
char *keys_home(const char *name);

/* The name of the user who runs us; freed by the caller, or NULL. */
char *keys_login(void);

/* Secrets live in guarded memory and are freed with secret_free(). */
#define SECRET_MAX	1024

/*
 * secret_file(path, status):
 * The first line of a file; a regular file that others may read is refused.
 * NULL after one error line, with the status.
 */
char *secret_file(const char *path, enum status *status);

/* Ask on /dev/tty, echo or not; NULL where there is none, or at ^D. */
char *secret_ask(const char *prompt, bool echo);
bool secret_can_ask(void);
void secret_free(char *);

#endif
