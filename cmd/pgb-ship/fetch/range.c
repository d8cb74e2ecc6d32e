/* SPDX-License-Identifier: ISC */
#include <stddef.h>

#include "fetch/range.h"

/* Digits, and nothing else that strtoull() would take.  What is behind them,
 * or NULL. */
static const char *
number(const char *p, uint64_t *out)
{
	unsigned digit;
	uint64_t n = 0;

	if (*p < '0' || *p > '9')
		return (NULL);
	for (; *p >= '0' && *p <= '9'; p++) {
		digit = (unsigned)(*p - '0');
		/* UINT64_MAX stays free: it means the end. */
		if (n > (UINT64_MAX - 1 - digit) / 10)
			return (NULL);
		n = n * 10 + digit;
	}
	*out = n;
	return (p);
}

int
range_parse(const char *text, struct range *r)
{
	const char *p;

	*r = (struct range){ .to = UINT64_MAX };
	if (*text == '-') {
		r->last = true;
		p = number(text + 1, &r->from);
		return (p != NULL && *p == '\0' && r->from > 0 ? 0 : -1);
	}
	if ((p = number(text, &r->from)) == NULL || *p++ != '-')
		return (-1);
	if (*p == '\0')
		return (0);
	p = number(p, &r->to);
	return (p != NULL && *p == '\0' && r->from <= r->to ? 0 : -1);
}

int
range_place(const struct range *r, uint64_t size, uint64_t *from, uint64_t *end)
{

	*end = size;
	if (r->last) {
		*from = r->from < size ? size - r->from : 0;
		return (size > 0 ? 0 : -1);
	}
	if ((*from = r->from) >= size)
		return (-1);
	if (r->to < size - 1)
		*end = r->to + 1;
	return (0);
}
