/* SPDX-License-Identifier: ISC */
#ifndef SWEEP_H
#define SWEEP_H

#include <stdint.h>
#include <time.h>

#include "sftp/sftp.h"

/*
 * Temporary files of runs that were killed: a file of our pattern that was last
 * written so long ago (PUBLISH_STALE_SECONDS) belongs to nobody.
 *
 * sweep_remote(s, dir, fresh):
 * sweep_local(dir, fresh):
 * Remove from a directory those that were last written so long before fresh,
 * both by the clock of the machine that has the directory.
 * Prints under -v alone.
 *
 * sweep_remote() returns SFTP_LOST, SFTP_SIGNAL, or else SFTP_OK: a directory
 * that may not be read is no error, here or there.
 */
int sweep_remote(struct sftp *s, const char *dir, uint32_t fresh);
void sweep_local(const char *dir, time_t fresh);

#endif
