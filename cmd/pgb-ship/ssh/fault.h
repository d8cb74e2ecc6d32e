/* SPDX-License-Identifier: ISC */
#ifndef FAULT_H
#define FAULT_H

#include "status.h"

/*
 * Why something could not be done, kept until somebody has decided whether that
 * is an error or only the first of many attempts.
 */
struct fault {
	enum status status;	/* STATUS_OK: none.  STATUS_RETRY: passing */
	char text[700];		/* "connect to vault port 22: Connection
				 * refused"; "" after a caught signal */
	char hint[700];		/* "" : none */
};

/* Forget what was; then keep this one, without a hint.  Returns status. */
enum status fault_set(struct fault *, enum status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void fault_hint(struct fault *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* STATUS_LOCAL without words: a caught signal, or we are asked to end. */
enum status fault_halted(struct fault *);

/*
 * fault_print(f, name):
 * The error line "NAME: TEXT" and the hint, nothing where there is no text.
 * Returns f->status.
 */
enum status fault_print(const struct fault *, const char *name);

#endif
