/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "age/age.h"
#include "age/base64.h"

enum { LEAD, BEGIN, BODY, AFTER };

static int
bad(struct age_armor *a, const char *why)
{

	a->why = why;
	return (-1);
}

static bool
is_blank(uint8_t c)
{

	return (c == ' ' || (c >= '\t' && c <= '\r'));
}

/* White space outside the armor. */
static int
take_blank(struct age_armor *a, uint8_t c)
{

	if (!is_blank(c))
		return (bad(a, "armor: something else after its END line"));
	if (++a->blank > AGE_ARMOR_BLANK)
		return (bad(a, "armor: too much white space around it"));
	return (0);
}

static bool
line_is(const struct age_armor *a, size_t len, const char *text)
{

	return (len == strlen(text) && memcmp(a->line, text, len) == 0);
}

/* Judge the line that is complete, its LF not in it. */
static int
take_line(struct age_armor *a)
{
	uint8_t out[AGE_ARMOR_LINE / 4 * 3];
	size_t len = a->len, n;

	if (len > 0 && a->line[len - 1] == '\r')
		len--;
	a->len = 0;
	if (a->state == BEGIN) {
		if (!line_is(a, len, AGE_ARMOR_BEGIN)) {
			a->stranger = true;
			return (bad(a, "not an age file"));
		}
		a->state = BODY;
		return (0);
	}
	if (line_is(a, len, AGE_ARMOR_END)) {
		a->state = AFTER;
		a->blank = 0;
		return (0);
	}
	if (a->last)
		return (bad(a, "armor: a line after a short one"));
	if (len == 0)
		return (bad(a, "armor: an empty line"));
	if (len > AGE_ARMOR_LINE || base64_decode(a->line, len, true, out,
	    sizeof(out), &n) == -1)
		return (bad(a, "armor: a line that is not its base64"));
	a->last = n < sizeof(out);
	return (a->sink(a->arg, out, n));
}

/* The BEGIN line, judged byte by byte: what is not age is told at once. */
static int
take_begin(struct age_armor *a, uint8_t c)
{
	size_t n = strlen(AGE_ARMOR_BEGIN);

	if (a->len < n ? c != (uint8_t)AGE_ARMOR_BEGIN[a->len] :
	    a->len > n || c != '\r') {
		a->stranger = true;
		return (bad(a, "not an age file"));
	}
	a->line[a->len++] = c;
	return (0);
}

/* A byte before the BEGIN line: whole blank lines are allowed. */
static int
take_lead(struct age_armor *a, uint8_t c)
{

	if (is_blank(c)) {
		if (++a->blank > AGE_ARMOR_BLANK)
			return (bad(a, "armor: too much white space around "
			    "it"));
		if (c == '\n')
			a->line_at = a->at + 1;
		return (0);
	}
	if (a->line_at != a->at) {
		a->stranger = c != '-';
		return (bad(a, a->stranger ? "not an age file" :
		    "armor: blanks in front of its BEGIN line"));
	}
	a->state = BEGIN;
	return (take_begin(a, c));
}

static int
take_byte(struct age_armor *a, uint8_t c)
{

	if (a->state == LEAD)
		return (take_lead(a, c));
	if (a->state == AFTER)
		return (take_blank(a, c));
	if (c == '\n') {
		if (take_line(a) == -1)
			return (-1);
		a->line_at = a->at + 1;
		return (0);
	}
	if (a->state == BEGIN)
		return (take_begin(a, c));
	if (a->len == sizeof(a->line))
		return (bad(a, "armor: a line of more than 64 characters"));
	a->line[a->len++] = c;
	return (0);
}

int
age_armor_feed(struct age_armor *a, const uint8_t *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++, a->at++)
		if (take_byte(a, buf[i]) == -1)
			return (-1);
	return (0);
}

int
age_armor_end(struct age_armor *a)
{

	/* The last line may lack its LF, the END line alone. */
	if (a->state == BODY && a->len > 0 && (line_is(a, a->len,
	    AGE_ARMOR_END) || line_is(a, a->len, AGE_ARMOR_END "\r")))
		return (take_line(a));
	if (a->state == LEAD) {
		a->stranger = true;
		return (bad(a, "not an age file"));
	}
	if (a->state != AFTER)
		return (bad(a, "armor: cut short before its END line"));
	return (0);
}
