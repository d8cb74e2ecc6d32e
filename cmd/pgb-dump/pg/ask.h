/* SPDX-License-Identifier: ISC */
#ifndef ASK_H
#define ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

/* Whether there is a terminal to ask on. */
bool ask_possible(void);

/*
 * ask_password(user, buf, len):
 * Ask for the password of user (NULL: nobody in particular) on the terminal,
 * without echo.  STATUS_OK and a string in buf, which the caller wipes;
 * STATUS_USAGE after an error line where there is no terminal; STATUS_LOCAL
 * after one, or silently when a signal asks us to stop.
 */
enum status ask_password(const char *user, char *buf, size_t len);

#endif
