/* SPDX-License-Identifier: ISC */
#ifndef REMOTE_H
#define REMOTE_H

#include "sftp/sftp.h"
#include "ssh/fault.h"
#include "ssh/halt.h"
#include "route/route.h"

/*
 * An SFTP session with a server, and how its errors are told.
 */

/*
 * remote_open(r, halt, fault):
 * Connect, check the host key, authenticate, start the protocol.  r and halt
 * are borrowed until sftp_free(), which the same thread is to call.  NULL with
 * the fault: STATUS_RETRY for what may pass, STATUS_REMOTE for what will not
 * (host key, authentication, no SFTP).  Prints no error.
 */
struct sftp *remote_open(const struct route *r, const struct halt *halt,
    struct fault *fault);

/*
 * remote_first(r, halt, fault):
 * The first time: what may pass is tried again a few times, with a note, after
 * a moment each.  A host that has no address is not.
 */
struct sftp *remote_first(const struct route *r, const struct halt *halt,
    struct fault *fault);

/*
 * remote_pause(ms, halt):
 * Wait, or until halt is asked: 0, or -1.
 */
int remote_pause(int ms, const struct halt *halt);

/* How long to wait before attempt number n (0, 1, ...) to connect again: at
 * first hardly, then 1 s, 2 s ... 60 s, each a little more or less. */
int remote_backoff_ms(unsigned n);

/*
 * remote_fault(s, what, error, fault):
 * The fault "WHAT: REASON" (what may be NULL) for an enum sftp_error: no text
 * for SFTP_SIGNAL, STATUS_RETRY for a lost connection, STATUS_REMOTE for what
 * the server refuses or does not understand.  Returns the status.
 */
enum status remote_fault(const struct sftp *s, const char *what, int error,
    struct fault *fault);

/* The same, printed as "NAME: WHAT: REASON". */
enum status remote_fail(const struct sftp *s, const char *name,
    const char *what, int error);

#endif
