/* SPDX-License-Identifier: ISC */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

#include "progress/stage.h"

#define TEXT_COLUMNS	500	/* no line is wider */
#define TEXT_MAX	(4 * TEXT_COLUMNS + 64)

/*
 * text_head(p, nth, of, out):
 * "pgb", or the program where it is the only one, and which of several
 * pipelines it is, from 1.
 */
void text_head(const struct pipeline *, size_t nth, size_t of,
    char out[TEXT_MAX]);

/*
 * text_compose(p, width, out):
 * What stands behind the head and its colon, in at most width columns:
 * " 42% public.orders 182 MB/s 0:42 left | dump 512 MB > ship 498 MB".  Where
 * that is too wide the stages go down to their figures, then the name is cut,
 * then they are left out.
 */
void text_compose(const struct pipeline *, size_t width, char out[TEXT_MAX]);

/*
 * text_line(p, ms, out):
 * The same for a line that stays, with what was written until ms; cut only
 * where it is wider than TEXT_COLUMNS.
 */
void text_line(const struct pipeline *, int64_t ms, char out[TEXT_MAX]);

#endif
