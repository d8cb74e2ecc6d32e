/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "sig.h"

#define LINE_MAX_BYTES	4096	/* PIPE_BUF: one write stays one piece */
#define WIPE		"\r\033[K"

/* The program's name, its -v and what stderr shows: the only state that is not
 * passed. */
static const char *program = "pgb";
static bool verbose;
static const atomic_uint *_Atomic redraw;

void
msg_program(const char *name)
{

	program = name;
}

const char *
msg_program_name(void)
{

	return (program);
}

void
msg_set_verbose(bool on)
{

	verbose = on;
}

void
msg_set_redraw(const atomic_uint *drawn)
{

	atomic_store(&redraw, drawn);
}

/*
 * Length of the printable UTF-8 sequence at s, of at most len bytes; 0 where
 * there is none.  C1 controls (U+0080 to U+009F) move a terminal's cursor and
 * do not count as printable.
 */
static size_t
utf8_printable(const unsigned char *s, size_t len)
{
	size_t i, n;
	uint32_t c;

	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2;
		c = s[0] & 0x1fU;
	} else if ((s[0] & 0xf0) == 0xe0) {
		n = 3;
		c = s[0] & 0x0fU;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4;
		c = s[0] & 0x07U;
	} else
		return (0);
	if (n > len)
		return (0);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return (0);
		c = c << 6 | (s[i] & 0x3fU);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff ||
	    (c >= 0xd800 && c <= 0xdfff))
		return (0);
	/* Directional overrides can make a line read differently. */
	if (c < 0xa0 || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069))
		return (0);
	return (n);
}

/* Append what prints of text to line; returns the new length. */
static size_t
mask(char *line, size_t pos, size_t max, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)text;
	size_t left = strlen(text), n;

	while (left > 0 && pos + 4 <= max) {
		if (*s >= 0x20 && *s < 0x7f)
			n = 1;
		else
			n = utf8_printable(s, left);
		if (n > 0) {
			memcpy(line + pos, s, n);
			pos += n;
		} else {
			line[pos++] = '\\';
			line[pos++] = 'x';
			line[pos++] = hex[*s >> 4];
			line[pos++] = hex[*s & 15];
			n = 1;
		}
		s += n;
		left -= n;
	}
	return (pos);
}

size_t
msg_mask(char *out, size_t size, const char *text)
{
	size_t len = mask(out, 0, size - 1, text);

	out[len] = '\0';
	return (len);
}

__attribute__((format(printf, 2, 0)))
static void
say(const char *class, const char *fmt, va_list ap)
{
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
	const atomic_uint *drawn = atomic_load(&redraw);
	int saved = errno;
	size_t len = 0;
	ssize_t n;

	vsnprintf(text, sizeof(text), fmt, ap);
	if (drawn != NULL && atomic_load(drawn) != 0) {
		memcpy(line, WIPE, sizeof(WIPE) - 1);
		len = sizeof(WIPE) - 1;
	}
	len = mask(line, len, sizeof(line) - 1, program);
	len = mask(line, len, sizeof(line) - 1, ": ");
	len = mask(line, len, sizeof(line) - 1, class);
	len = mask(line, len, sizeof(line) - 1, text);
	line[len++] = '\n';
	do
		n = write(STDERR_FILENO, line, len);
	while (n == -1 && errno == EINTR && sig_caught() == 0);
	errno = saved;
}

#define SAY(class) do {							\
	va_list ap;							\
									\
	va_start(ap, fmt);						\
	say((class), fmt, ap);						\
	va_end(ap);							\
} while (0)

void
msg_error(const char *fmt, ...)
{

	SAY("error: ");
}

void
msg_hint(const char *fmt, ...)
{

	SAY("hint: ");
}

void
msg_warning(const char *fmt, ...)
{

	SAY("warning: ");
}

void
msg_note(const char *fmt, ...)
{

	SAY("note: ");
}

void
msg_verbose(const char *fmt, ...)
{

	if (verbose)
		SAY("");
}

void
msg_relay(const char *fmt, ...)
{

	SAY("");
}

void
msg_errno(const char *object)
{

	msg_error("%s: %s", object, strerror(errno));
}
