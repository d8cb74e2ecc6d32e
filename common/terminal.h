/* SPDX-License-Identifier: ISC */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Questions to the person at the terminal, /dev/tty: stdin, stdout and stderr
 * are left alone.
 */

/*
 * terminal_ask(prompt, echo, buf, size, len):
 * Show the prompt, read a line.  It is stored without its LF, a NUL behind it.
 *
 * echo	whether what is typed is shown
 *
 * Returns 0, or -1 with errno: ENXIO where there is no terminal, EINTR for a
 * caught signal (sig.h), EFBIG where the line is longer than size - 1, EPIPE
 * at the end of file.  The terminal is as it was before, in any case, a job
 * control stop included.  Prints nothing else.
 */
int terminal_ask(const char *prompt, bool echo, char *buf, size_t size,
    size_t *len);

/* Show a line. */
int terminal_say(const char *text);

#endif
