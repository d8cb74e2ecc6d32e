/* SPDX-License-Identifier: ISC */
#ifndef INSPECT_H
#define INSPECT_H

#include <stdbool.h>

#include "status.h"

/*
 * inspect_run(json):
 * Tell on stdout what the age file at stdin is, without a key: form, stanzas,
 * sizes, whether it is well-formed and whether it is known to be whole.  Lines
 * for people, or one line of JSON, whose object "age" is what age-inspect
 * --json prints.  The file begins where stdin stands; offsets count from there.
 * Of a binary regular file the header is read and the size asked for; all else
 * is read to its end.
 *
 * STATUS_OK: well-formed (a key may still find it changed, or cut at one of
 * the lengths that an age file can have).  STATUS_DATA after one error line: it
 * is not, and what could be told was printed.  STATUS_USAGE: stdin is a
 * terminal.  STATUS_LOCAL: memory, stdin or stdout; no line for EPIPE and a
 * caught signal.
 */
enum status inspect_run(bool json);

#endif
