/* SPDX-License-Identifier: ISC */
#ifndef WIRE_LIBSSH2_H
#define WIRE_LIBSSH2_H

#include "ssh/fault.h"
#include "ssh/halt.h"
#include "route/route.h"
#include "ssh/wire.h"

/*
 * wire_libssh2_open(r, halt, fault):
 * Connect, check the host key, authenticate, and start the sftp subsystem.  r
 * and halt are borrowed until the wire is closed.  NULL with the fault (see
 * remote.h).  libssh2_init() was called before the first thread.
 */
struct wire *wire_libssh2_open(const struct route *r, const struct halt *halt,
    struct fault *fault);

/* "1.10.0" */
const char *wire_libssh2_version(void);

/* Whether it signs with RSA and SHA-2: before 1.11 with SHA-1 alone, which
 * servers refuse. */
bool wire_libssh2_has_rsa(void);

/* Whether it has elliptic curves at all: built over libgcrypt, as in Debian 11,
 * it has none, and can speak with old servers alone. */
bool wire_libssh2_has_curves(void);

/* To be called once by main, before any thread: 0, or -1. */
int wire_libssh2_init(void);

#endif
