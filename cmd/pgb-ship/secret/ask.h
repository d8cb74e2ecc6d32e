/* SPDX-License-Identifier: ISC */
#ifndef ASK_H
#define ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ssh/halt.h"

/*
 * Questions to the user: on the terminal, or where there is none (or we are not
 * its foreground job, or the user has it so) by the program that ssh(1) would
 * run, SSH_ASKPASS.  Source: ssh(1), ENVIRONMENT.  For any thread, one at a
 * time.
 */

/* Whether there is anybody to ask. */
bool ask_possible(void);

/* Whether that would be a program, as things are now. */
bool ask_by_program(void);

/*
 * ask(prompt, echo, buf, size, halt):
 * Show the prompt (what does not print of it as \xNN), store the answer
 * without its LF, a NUL behind it.
 *
 * Returns 0, or -1: nobody there, no answer, one that does not fit, we are in
 * the background by now, a caught signal or the halt.  Prints nothing else.
 */
int ask(const char *prompt, bool echo, char *buf, size_t size,
    const struct halt *halt);

#endif
