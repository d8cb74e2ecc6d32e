/* SPDX-License-Identifier: ISC */
#ifndef HURT_H
#define HURT_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * Damage to the first table with data, for convert.c: to its rows before they
 * are compressed, or to the compressed stream before it is cut into chunks; the
 * framing around it stays whole.
 */
static const char *const hurts[] = {
	/* rows */
	"rows cut in the last column",
	"a line \\. among the rows",
	"a tab lost",
	"a tab too many",
	"a NUL among the rows",
	"a byte of no encoding",
	"no end mark",
	/* stream; from here on */
	"half of the stream",
	"the stream's last byte missing",
	"no chunks",
	"the stream twice",
	"a byte behind the stream",
	"the stream's last byte changed",
};

#define HURT_STREAM	7	/* the first of these */
#define HURTS		((int)(sizeof(hurts) / sizeof(hurts[0])))

/* buf has room for len bytes more than its len: returns the new length. */
static inline size_t
hurt_rows(int what, char *buf, size_t len)
{
	char *line = memchr(buf, '\n', len), *tab = memchr(buf, '\t', len);

	if (line == NULL || tab == NULL)
		abort();
	switch (what) {
	case 0:
		return (len - 5 - 2);	/* end mark, LF, a byte */
	case 1:
		memmove(line + 4, line + 1, (size_t)(buf + len - line - 1));
		memcpy(line + 1, "\\.\n", 3);
		return (len + 3);
	case 2:
		*tab = ' ';
		break;
	case 3:
		tab[1] = '\t';
		break;
	case 4:
		tab[1] = '\0';
		break;
	case 5:
		tab[1] = '\xff';
		break;
	default:
		return (len - 5);
	}
	return (len);
}

static inline size_t
hurt_stream(int what, char *buf, size_t len)
{

	switch (what - HURT_STREAM) {
	case 0:
		return (len / 2);
	case 1:
		return (len - 1);
	case 2:
		return (0);
	case 3:
		memcpy(buf + len, buf, len);
		return (len * 2);
	case 4:
		buf[len] = 'x';
		return (len + 1);
	default:
		buf[len - 1] ^= 0x10;
	}
	return (len);
}

#endif
