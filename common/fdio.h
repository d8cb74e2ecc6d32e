/* SPDX-License-Identifier: ISC */
#ifndef FDIO_H
#define FDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "status.h"

struct stat;

/*
 * All-or-error descriptor I/O.  Nothing here prints unless it returns enum
 * status.  A caught signal (sig.h) ends any call with -1 and EINTR; other
 * interruptions are retried.
 */

/*
 * fd_sanitize():
 * Make sure that descriptors 0, 1 and 2 are open, so that no file of ours is
 * opened as one of them.  One that was closed becomes /dev/null opened the
 * wrong way round: using it fails with EBADF.  Returns 0, or -1 after one error
 * line.
 */
int fd_sanitize(void);

/* Bytes read (0 is the end), or -1. */
ssize_t fd_read(int fd, void *buf, size_t len);

/* Until len bytes or the end: bytes read, or -1. */
ssize_t fd_read_full(int fd, void *buf, size_t len);

/* All of buf: 0 or -1. */
int fd_write(int fd, const void *buf, size_t len);

/* The same into a file, from byte offset at on: pwrite(2). */
int fd_write_at(int fd, const void *buf, size_t len, uint64_t at);

/* Wait until readable; timeout_ms -1 for ever: 1 ready, 0 timeout, -1. */
int fd_wait_read(int fd, int timeout_ms);

/*
 * fd_widen(fd):
 * Where it is a pipe, let it hold 256 KiB, so that who is faster than a pipe
 * has to be woken less often.  Where that is not allowed it stays as it is.
 */
void fd_widen(int fd);

/* Close *fd and set it to -1: 0 or -1.  -1 is allowed and does nothing. */
int fd_close(int *fd);

/* A whole file, up to max bytes, or NULL (EFBIG where larger).  The caller
 * frees; a NUL stands behind the last byte. */
char *fd_slurp(const char *path, size_t max, size_t *len);

/*
 * fd_is_private(st, self):
 * Whether a secret in that file is one for user self: nobody but the owner has
 * a right to it.  Where the owner is root and we are not, the group may read:
 * so systemd (LoadCredential=) and Kubernetes (fsGroup) hand secrets over, the
 * former with an ACL, whose mask is what shows there.  What is no regular file
 * is private.
 */
bool fd_is_private(const struct stat *st, uid_t self);

/*
 * fd_refuse_terminal(fd, what, hint):
 * STATUS_USAGE after an error line "WHAT is a terminal" and the hint, if fd is
 * a terminal; else STATUS_OK.
 */
enum status fd_refuse_terminal(int fd, const char *what, const char *hint);

/*
 * fd_hint_full(fd, error, written, dump):
 * Where a write of a regular file failed for want of room: a hint that tells
 * how much was written and what is free; and, where it may be a dump, how to
 * know before.
 */
void fd_hint_full(int fd, int error, uint64_t written, bool dump);

/*
 * fd_print(text):
 * Write text to stdout and close stdout: what --help, --version and --list
 * end with.  STATUS_OK, or STATUS_LOCAL after a message (none for EPIPE).
 */
enum status fd_print(const char *text);

#endif
