/* SPDX-License-Identifier: ISC */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>

/*
 * line_run(listener, draws):
 * The line process, from its fork to its end: lets go of everything but stderr
 * and the listener, which becomes its own, and returns when its last stage has
 * ended, when a signal asks it to, or when stderr is gone.  The caller ends the
 * process then.
 */
void line_run(int listener, bool draws);

#endif
