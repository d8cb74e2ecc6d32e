/* SPDX-License-Identifier: ISC */
#ifndef SSH_KEY_H
#define SSH_KEY_H

#include <stddef.h>
#include <stdint.h>

/*
 * OpenSSH keys as age uses them: ssh-ed25519 alone.  Nothing here prints.
 * Source: RFC 8709, section 4; OpenSSH's PROTOCOL.key and sshd(8),
 * AUTHORIZED_KEYS FILE FORMAT.
 */

#define SSH_ED25519_LEN	32

enum ssh_key {
	SSH_KEY_OK,
	SSH_KEY_NOT,		/* not an SSH key at all */
	SSH_KEY_OTHER,		/* well-formed, of another type */
	SSH_KEY_LOCKED,		/* a private key under a passphrase */
	SSH_KEY_BAD		/* damaged, or cut short; no memory, with
				 * errno ENOMEM then alone */
};

#define SSH_TYPE_LEN	64	/* room for a type's name */

/*
 * ssh_public(text, len, pk, type):
 * A line of a public key file or of authorized_keys: options, which may hold
 * quoted blanks, may stand in front, a comment behind.
 *
 * pk	SSH_ED25519_LEN bytes
 * type	room for SSH_TYPE_LEN; the key's type with SSH_KEY_OTHER
 *
 * Never returns SSH_KEY_LOCKED.
 */
enum ssh_key ssh_public(const char *text, size_t len,
    uint8_t pk[SSH_ED25519_LEN], char type[SSH_TYPE_LEN]);

/*
 * ssh_private(text, len, seed, pk, type):
 * A whole private key file: "-----BEGIN OPENSSH PRIVATE KEY-----".  Other PEM
 * keys are SSH_KEY_OTHER, with what their first line says as type.  What is
 * decoded on the way is kept in memory of sodium_malloc() and wiped.
 */
enum ssh_key ssh_private(const char *text, size_t len,
    uint8_t seed[SSH_ED25519_LEN], uint8_t pk[SSH_ED25519_LEN],
    char type[SSH_TYPE_LEN]);

#endif
