/* SPDX-License-Identifier: ISC */
#ifndef REMOTE_H
#define REMOTE_H

#include "dest.h"
#include "sftp.h"
#include "ship.h"
#include "status.h"

/*
 * What upload and fetch share: an SFTP session with a server, and how its
 * errors are told.
 */

/*
 * remote_open(d, name, opts, status):
 * Connect and start the protocol.  Arguments are borrowed until sftp_free().
 * NULL after one error line, with the status.
 */
struct sftp *remote_open(const struct dest *d, const char *name,
    const struct ship_opts *opts, enum status *status);

/*
 * remote_fail(s, name, what, error):
 * The error line "NAME: WHAT: REASON" (what may be NULL), none for a caught
 * signal, and the status that fits: STATUS_RETRY for a lost connection,
 * STATUS_REMOTE for what the server refuses or does not understand.
 */
enum status remote_fail(const struct sftp *, const char *name,
    const char *what, int error);

/*
 * remote_sweep(s, dir, fresh):
 * Remove from a directory the temporary files of our pattern that were last
 * written TARGET_STALE_SECONDS before fresh, both by the server's clock.
 * Prints under -v alone.  Returns SFTP_LOST, SFTP_SIGNAL, or else SFTP_OK: a
 * directory that may not be read is no error.
 */
int remote_sweep(struct sftp *, const char *dir, uint32_t fresh);

#endif
