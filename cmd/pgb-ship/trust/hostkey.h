/* SPDX-License-Identifier: ISC */
#ifndef HOSTKEY_H
#define HOSTKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * known_hosts: which key a host must show.  A matcher of our own, because
 * libssh2's takes a revoked key for good, knows no patterns, and stops at the
 * first line that it cannot read.  Source: sshd(8), SSH_KNOWN_HOSTS FILE
 * FORMAT; OpenSSH's hostfile.c.  Nothing here prints.
 */
struct hostkeys;

enum hostkey_verdict {
	HOSTKEY_KNOWN,
	HOSTKEY_UNKNOWN,	/* no line for the host */
	HOSTKEY_OTHER_TYPE,	/* lines, but none for a key of this type */
	HOSTKEY_CHANGED,	/* a line with another key of this type */
	HOSTKEY_REVOKED,	/* a line says @revoked for this very key */
	HOSTKEY_AUTHORITY,	/* only @cert-authority lines */
	HOSTKEY_BAD,		/* not a key at all */
};

/* A line of a file, for messages. */
struct hostkey_where {
	const char *file;	/* borrowed from hostkeys_load()'s caller */
	unsigned line;		/* 1 ...; 0: none */
};

/*
 * hostkeys_new(host, port):
 * Keys of [host]:port, and where that is not the standard port and there are
 * none, of the plain host.  NULL without memory.
 */
struct hostkeys *hostkeys_new(const char *host, unsigned port);
void hostkeys_free(struct hostkeys *);

/*
 * hostkeys_load(hk, path):
 * Add a file's lines for the host.  A line that cannot be read is passed over.
 *
 * path	borrowed until hostkeys_free()
 *
 * Returns 0, or -1 with errno.
 *
 * hostkeys_take(hk, path, text, len):
 * The same for what such a file has (a NUL behind it), which is written to.
 */
int hostkeys_load(struct hostkeys *, const char *path);
int hostkeys_take(struct hostkeys *, const char *path, char *text, size_t len);

#define HOSTKEYS_FILE_MAX	((size_t)64 << 20)

/*
 * hostkeys_prefer(hk, out, outlen):
 * The key algorithms to offer, comma-separated: first those of the keys that
 * are known, then the others, so that a server whose key is another one still
 * shows it.  No certificates: nobody here could check them.
 */
void hostkeys_prefer(const struct hostkeys *, char *out, size_t outlen);

/* What all the lines for the host are of, that an SSH library may lack. */
enum hostkey_only {
	HOSTKEY_ONLY_NOTHING,	/* there are none, or others */
	HOSTKEY_ONLY_RSA,
	HOSTKEY_ONLY_AUTHORITY,	/* @cert-authority */
};
enum hostkey_only hostkeys_only(const struct hostkeys *);

/*
 * hostkeys_check(hk, key, len, where):
 * The verdict on the key (in the form of RFC 4253, section 6.6) that the
 * server has shown, and the line that it rests on.
 */
enum hostkey_verdict hostkeys_check(const struct hostkeys *,
    const uint8_t *key, size_t len, struct hostkey_where *where);

/* "ssh-ed25519" from a key, for messages; "?" where it is none. */
void hostkey_type(const uint8_t *key, size_t len, char *out, size_t outlen);

/* "SHA256:..." as ssh-keygen -l prints it. */
#define HOSTKEY_PRINT_MAX	64
void hostkey_print(const uint8_t *key, size_t len,
    char out[HOSTKEY_PRINT_MAX]);

#endif
