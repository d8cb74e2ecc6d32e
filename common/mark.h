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
 * reader compares that with its own count.  So the mark is void as soon as
 * anything comes in front, between or behind, and a killed writer never gets to
 * set it.  (Linux before 6.15 also moves the time at every write to the pipe;
 * later ones leave it alone.  Nothing here depends on that.)
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
