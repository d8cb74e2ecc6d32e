/* SPDX-License-Identifier: ISC */
#ifndef FIGURES_H
#define FIGURES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Figures as a person reads them, and how wide they are on a terminal.  Nothing
 * here prints or fails.
 */

#define FIGURE_MAX	24

/* Bytes: "3.4 MB"; a time: "0:42", "1:02:03". */
void figure_amount(char out[FIGURE_MAX], double bytes);
void figure_span(char out[FIGURE_MAX], double seconds);

/* A mean in which older values count less and less, and those that never were
 * not at all. */
struct mean {
	double sum, weight;
};

/* The value held for so many seconds; over how many the mean goes. */
void mean_add(struct mean *, double value, double seconds, double over);
double mean_value(const struct mean *);

/* Columns of UTF-8 text: a character of three bytes and more counts as two. */
size_t text_columns(const char *);

/* Cut to that many columns, at a character. */
void text_cut(char *, size_t most);

/* The same for a name, so that it shows: all of it, or "public.ord..."; where
 * too few columns are left, nothing.  Room for three bytes more. */
void text_cut_name(char *name, size_t most);

#endif
