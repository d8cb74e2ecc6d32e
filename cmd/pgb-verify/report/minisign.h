/* SPDX-License-Identifier: ISC */
#ifndef MINISIGN_H
#define MINISIGN_H

#include <stddef.h>
#include <stdint.h>

#include "passphrase.h"
#include "status.h"

/*
 * minisign's signatures of a file that is in memory: made and checked, in a
 * form that stock minisign makes and checks too.  Lines may end in CR LF.
 * Source: jedisct1/minisign.
 */
struct minisign_key;

/* Bytes of a trusted comment that we make. */
#define MINISIGN_COMMENT	1023

/*
 * minisign_load(path, pass, status):
 * A secret key file, mode 0600 at most (others may not read or change it).  One
 * under a password is opened with pass (asked for on the terminal, or as the
 * source says); the memory that scrypt wants is told where it is not to be had.
 * NULL after one error line, with a hint where there is a remedy: STATUS_USAGE
 * (no key, another's, damaged, a wrong password), STATUS_LOCAL (memory).
 */
struct minisign_key *minisign_load(const char *path,
    const struct passphrase_source *pass, enum status *status);

/* NULL-safe; wipes it. */
void minisign_free(struct minisign_key *);

/*
 * minisign_sign(k, buf, len, comment):
 * The .minisig file's text (prehashed, "ED"), freed by the caller; comment is
 * the trusted one: printable UTF-8 or tabs, what is not comes out as \xNN, what
 * is beyond MINISIGN_COMMENT bytes is left out.  NULL without memory.  Prints
 * nothing.
 */
char *minisign_sign(const struct minisign_key *, const void *buf, size_t len,
    const char *comment);

/* The same of a file whose BLAKE2b-512 this is. */
#define MINISIGN_HASH	64
char *minisign_sign_hash(const struct minisign_key *,
    const uint8_t hash[MINISIGN_HASH], const char *comment);

/*
 * minisign_verify(pubkey, sig_path, buf, len, comment):
 * pubkey	a file with the public key, or the key itself (56 characters)
 * sig_path	the .minisig file
 * comment	the trusted comment, freed by the caller: any bytes but NUL and
 *		LF; NULL: not wanted.  Set with STATUS_OK only
 *
 * STATUS_OK; STATUS_DATA after one error line where the signature does not hold
 * (naming both key IDs where it is another key's; legacy signatures, "Ed", are
 * refused with a hint) or its file is none; STATUS_USAGE or STATUS_LOCAL for
 * files that cannot be read, and for what is no public key.
 */
enum status minisign_verify(const char *pubkey, const char *sig_path,
    const void *buf, size_t len, char **comment);

#endif
