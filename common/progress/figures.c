/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "figures.h"

#define NAME_COLUMNS	12	/* less of a name is not worth showing */

void
mean_add(struct mean *m, double value, double seconds, double over)
{
	double part = seconds / (seconds + over);

	m->sum += (value - m->sum) * part;
	m->weight += (1 - m->weight) * part;
}

double
mean_value(const struct mean *m)
{

	return (m->weight > 0 ? m->sum / m->weight : 0);
}

void
figure_amount(char out[FIGURE_MAX], double bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
	size_t i = 0;

	for (bytes /= 1000; bytes >= 999.5 && i < 4; i++)
		bytes /= 1000;
	snprintf(out, FIGURE_MAX, "%.*f %s", i > 0 && bytes < 9.95 ? 1 : 0,
	    bytes, units[i]);
}

void
figure_span(char out[FIGURE_MAX], double seconds)
{
	unsigned long s = (unsigned long)(seconds + 0.5);

	if (s < 3600)
		snprintf(out, FIGURE_MAX, "%lu:%02lu", s / 60, s % 60);
	else
		snprintf(out, FIGURE_MAX, "%lu:%02lu:%02lu", s / 3600,
		    s / 60 % 60, s % 60);
}

/* Columns of a character that begins with c: those of three bytes and more may
 * have two. */
static size_t
columns_of(unsigned char c)
{

	return ((c & 0xc0) == 0x80 ? 0 : c >= 0xe0 ? 2 : 1);
}

size_t
text_columns(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += columns_of((unsigned char)*s);
	return (n);
}

void
text_cut(char *s, size_t most)
{
	size_t n = 0;

	for (; *s != '\0'; s++) {
		n += columns_of((unsigned char)*s);
		if (n > most) {
			*s = '\0';
			return;
		}
	}
}

void
text_cut_name(char *name, size_t most)
{

	if (text_columns(name) <= most)
		return;
	if (most < NAME_COLUMNS) {
		name[0] = '\0';
		return;
	}
	text_cut(name, most - 3);
	strcat(name, "...");
}
