/* SPDX-License-Identifier: ISC */
#ifndef MARK_H
#define MARK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The neighbour's mark: how a program of the suite tells the one behind it
 * that the stream is whole, where the stream itself cannot (binary age).
 *
 * After its last byte the writer sets the modification time of the anonymous
 * pipe to (bytes written, a constant of ours); after the end of file the
 * reader compares that with its own count.  Every later write moves the time,
 * so that the mark dies with anything that comes between or behind.  A killed
 * writer never gets to set it.
 */

/*
 * mark_set(fd, bytes):
 * Mark the pipe.  Not a pipe, or another user's: nothing happens, there is no
 * mark.  Prints nothing.
 */
void mark_set(int fd, uint64_t bytes);

/* Whether the pipe carries the mark for just that many bytes. */
bool mark_seen(int fd, uint64_t bytes);

#endif
