/* SPDX-License-Identifier: ISC */
#ifndef VERIFY_H
#define VERIFY_H

#include "options.h"
#include "status.h"

/*
 * verify_run(o):
 * Check stdin and pass it on to stdout, as the options say.  All that can be
 * refused is refused before a byte is read.  STATUS_OK, or a status after one
 * error line or more, each of which names a finding of its own.
 */
enum status verify_run(const struct options *o);

#endif
