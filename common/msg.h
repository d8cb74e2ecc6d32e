/* SPDX-License-Identifier: ISC */
#ifndef MSG_H
#define MSG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * One line, one write(2): four programs share one stderr.  A line is
 * "pgb-NAME: error: TEXT\n"; bytes that do not print come out as \xNN (UTF-8
 * that prints is left alone); longer than 4096 bytes is cut.  Write errors are
 * ignored: there is nowhere left to say so.  Safe from many threads.
 */

/* The name in front of each line; borrowed for ever.  Call first. */
void msg_program(const char *name);
const char *msg_program_name(void);

/* Whether msg_verbose() prints. */
void msg_set_verbose(bool on);

/*
 * msg_set_redraw(drawn):
 * While *drawn is not 0, the terminal's last line is one that is drawn again
 * and again: each line of ours then begins by wiping that.  Borrowed until it
 * is set again; NULL: there is none.  Safe from many threads.
 */
void msg_set_redraw(const atomic_uint *drawn);

/*
 * msg_mask(out, size, text):
 * Text as the lines show it: bytes that do not print as \xNN, cut to size - 1
 * bytes, a NUL behind.  size is at least 1.  Returns the length.
 */
size_t msg_mask(char *out, size_t size, const char *text);

void msg_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void msg_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void msg_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void msg_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void msg_verbose(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A line with no class in front: "pgb-NAME: TEXT" (a child's messages). */
void msg_relay(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * msg_errno(object):
 * msg_error("OBJECT: STRERROR") for errno.
 */
void msg_errno(const char *object);

#endif
