/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/rows-quick.h"

/*
 * Two ways through the same text.
 *
 * The plain one, byte(), is an automaton that takes a byte at a time and knows
 * all rules; every fault is found and told by it.
 *
 * The quick one, in rows-quick.c, looks at 64 bytes at once, and knows only
 * what they look like without fault.  Bytes that it is not sure of it does not
 * touch: the automaton goes over them, from the same state, and then the quick
 * way is tried again.  So it can be wrong in one way alone, by taking bytes
 * that have a fault, and the tests hold the two against each other.
 *
 * No row is kept: what is carried from one piece to the next is the state, the
 * tabs of the row so far, and the bytes of a character cut in two.  What may be
 * the beginning of the end mark is held back from the sink; its bytes are
 * known, so they need no room either.
 */

static const uint8_t mark_text[] = { '\\', '.', '\n', '\n', '\n' };

#define PLAIN_LEN	64	/* before the quick way is tried again */

#define FEW	"COPY fails with \"missing data for column\": the table " \
	"stays empty"
#define MANY	"COPY fails with \"extra data after last expected column\": " \
	"the table stays empty"
#define SENSELESS	"COPY fails with \"invalid byte sequence\": the " \
	"table stays empty"
#define RETURN	"COPY fails with \"literal carriage return found in data\", " \
	"or drops it"
#define OTHER_VALUE	"COPY takes it, and the value is another"
#define JOINED	"COPY takes this row and the next one for one"
#define ENDS	"COPY fails, or ends here: the rows behind it are lost"
#define LOST	"the server stops reading here: the rows behind it are lost"
#define UNSEEN	"COPY takes the rows that are there, and nobody sees that " \
	"some are missing"
#define CUT_ROW	"COPY fails, or takes a value that is cut for a whole one"
#define MARK_CUT	"COPY takes the rows, and a script goes wrong behind " \
			"them"

__attribute__((format(printf, 5, 0)))
static void
vfault(struct rows *r, uint64_t at, size_t column, const char *restore,
    const char *fmt, va_list ap)
{

	if (r->faults++ > 0)
		return;
	r->first.row = r->count + 1;
	r->first.column = column;
	r->first.at = at;
	r->first.restore = restore;
	vsnprintf(r->first.what, sizeof(r->first.what), fmt, ap);
}

__attribute__((format(printf, 4, 5)))
static void
fault(struct rows *r, uint64_t at, const char *restore, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfault(r, at, 0, restore, fmt, ap);
	va_end(ap);
}

/* In this column, and the rest of the row is not looked at. */
__attribute__((format(printf, 4, 5)))
static void
bad(struct rows *r, uint64_t at, const char *restore, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfault(r, at, r->tabs + 1, restore, fmt, ap);
	va_end(ap);
	r->state = ROWS_BAD;
	r->part.len = 0;
}

/* How many bytes of mark_text were the last ones. */
static size_t
held(const struct rows *r)
{

	if (r->state == ROWS_SLASH_START && r->tabs == 0)
		return (1);
	return (r->state >= ROWS_DOT ? r->state - ROWS_DOT + 2 : 0);
}

/* A line feed that ends the row. */
static void
row_end(struct rows *r)
{
	size_t columns = r->tabs + 1;

	if (r->columns == 0 && r->tabs == 0 && r->state == ROWS_START)
		columns = 0;
	if (r->state != ROWS_BAD && columns != r->columns)
		fault(r, r->row_at, columns < r->columns ? FEW : MANY,
		    "%zu column%s, not %zu", columns, columns == 1 ? "" : "s",
		    r->columns);
	r->count++;
	r->tabs = 0;
	r->state = ROWS_START;
	r->row_at = r->at + 1;
}

/* What looked like the end mark was not: its line feeds, but for the one that
 * ends the line, are rows. */
static void
stray(struct rows *r)
{
	size_t n = held(r);

	fault(r, r->at - n, LOST, n == sizeof(mark_text) ?
	    "something stands behind the end mark" :
	    "a line \\. that is not the end mark");
	r->state = ROWS_START;
	for (; n > 3; n--)
		row_end(r);
	r->row_at = r->at;
}

/* Behind what may be the end mark; whether the byte is done with. */
static bool
in_mark(struct rows *r, uint8_t b)
{

	if (r->state == ROWS_DOT && b != '\n') {
		bad(r, r->at - 2, ENDS, "\\. is not alone in its line");
		return (false);
	}
	if (b == '\n' && r->state != ROWS_MARK_LF_LF) {
		r->state++;
		if (r->marked)
			return (true);
		/* Its line feed is the mark's. */
		r->at++;
		stray(r);
		r->at--;
		return (true);
	}
	stray(r);
	return (false);
}

/* Behind a backslash. */
static void
escaped(struct rows *r, uint8_t b)
{
	bool start = r->state == ROWS_SLASH_START;
	uint64_t at = r->at - 1;

	if (b != '\0' && strchr("bfnrtv\\", b) != NULL)
		r->state = ROWS_INSIDE;
	else if (b == 'N' && start)
		r->state = ROWS_NULL_FIELD;
	else if (b == '.' && start && r->tabs == 0)
		r->state = ROWS_DOT;
	else if (b == 'N')
		bad(r, at, OTHER_VALUE, "\\N in a longer value");
	else if (b == '.')
		bad(r, at, ENDS, "\\. in a row");
	else if (b == '\n')
		bad(r, at, JOINED, "a backslash at the end of the row");
	else if (b > ' ' && b < 0x7f)
		bad(r, at, OTHER_VALUE, "an escape that is none, \\%c", b);
	else
		bad(r, at, OTHER_VALUE, "a backslash in front of byte 0x%02x",
		    b);
}

/* Of a character that may have several bytes. */
static void
character(struct rows *r, uint8_t b)
{
	char hex[4 * 5 + 1];
	size_t i;

	if (encoding_more(r->encoding, &r->part, b) != -1) {
		r->state = ROWS_INSIDE;
		return;
	}
	for (i = 0; i < r->part.len; i++)
		snprintf(hex + 5 * i, 6, " 0x%02x", r->part.buf[i]);
	bad(r, r->at - (r->part.len - 1U), SENSELESS, "bytes%s are not %s",
	    hex, encoding_name(r->encoding));
}

static void
line_feed(struct rows *r)
{

	if (r->part.len > 0)
		character(r, '\n');
	else if (r->state == ROWS_SLASH || r->state == ROWS_SLASH_START)
		escaped(r, '\n');
	row_end(r);
}

static void
byte(struct rows *r, uint8_t b)
{

	if (r->state >= ROWS_DOT && in_mark(r, b))
		return;
	if (b == '\n')
		line_feed(r);
	else if (r->state == ROWS_BAD)
		return;
	else if (r->part.len > 0)
		character(r, b);
	else if (r->state == ROWS_SLASH || r->state == ROWS_SLASH_START)
		escaped(r, b);
	else if (b == '\t') {
		r->tabs++;
		r->state = ROWS_START;
	} else if (r->state == ROWS_NULL_FIELD)
		bad(r, r->at - 2, OTHER_VALUE, "\\N in a longer value");
	else if (b == '\\')
		r->state = r->state == ROWS_START ? ROWS_SLASH_START :
		    ROWS_SLASH;
	else if (b >= 0x80 && r->encoding != NULL)
		character(r, b);
	else if (rows_forbidden(b))
		bad(r, r->at, b == '\0' ? SENSELESS : b == '\r' ? RETURN :
		    OTHER_VALUE, "a control character 0x%02x that is not "
		    "escaped", b);
	else
		r->state = ROWS_INSIDE;
}

void
rows_begin(struct rows *r, size_t n, const struct encoding *e, bool marked,
    rows_sink sink, void *arg)
{

	memset(r, 0, sizeof(*r));
	r->columns = n;
	/* Where a byte is a character there is nothing to look at. */
	if (e != NULL && encoding_is_checked(e))
		r->encoding = e;
	r->utf8 = e != NULL && strcmp(encoding_name(e), "UTF8") == 0;
	r->marked = marked;
	r->sink = sink;
	r->sink_arg = arg;
	r->state = ROWS_START;
	if (n > 0)
		r->run = rows_quick();
}

static void
tell(struct rows *r, const uint8_t *buf, size_t len)
{

	r->bytes += len;
	if (r->sink != NULL && len > 0)
		r->sink(r->sink_arg, buf, len);
}

/* How many bytes at buf are in a field, and nothing else is to be known of
 * them: ordinary ones, or a whole character. */
static size_t
ordinary(const struct rows *r, const uint8_t *buf, size_t len)
{
	size_t i = 0;
	int n;

	if (r->state > ROWS_INSIDE || r->part.len > 0)
		return (0);
	while (i < len && i < PLAIN_LEN && buf[i] >= ' ' && buf[i] != '\\' &&
	    (buf[i] < 0x80 || r->encoding == NULL))
		i++;
	if (i > 0 || *buf < 0x80 || r->encoding == NULL)
		return (i);
	n = encoding_char(r->encoding, buf, len);
	return (n > 0 ? (size_t)n : 0);
}

/* Takes some bytes, one at least, by the plain way. */
static size_t
plain(struct rows *r, const uint8_t *buf, size_t len)
{
	const uint8_t *lf;
	size_t at, n;

	if (r->state == ROWS_BAD && *buf != '\n') {
		lf = memchr(buf, '\n', len);
		len = lf != NULL ? (size_t)(lf - buf) : len;
		r->at += len;
		return (len);
	}
	/* A character that is cut: its end first, the quick way then. */
	for (at = 0; at < len && at < (r->part.len > 0 ? 1 : PLAIN_LEN);
	    at += n, r->at += n)
		if ((n = ordinary(r, buf + at, len - at)) > 0)
			r->state = ROWS_INSIDE;
		else {
			byte(r, buf[at]);
			n = 1;
		}
	return (at);
}

void
rows_feed(struct rows *r, const uint8_t *buf, size_t len)
{
	size_t at = 0, before = held(r), now;

	while (at < len) {
		if (r->run != NULL && r->state <= ROWS_NULL_FIELD &&
		    r->part.len == 0)
			at += r->run(r, buf + at, len - at);
		if (at < len)
			at += plain(r, buf + at, len - at);
	}
	/* What was held back is text, unless the mark has only grown. */
	now = held(r);
	if (now == before + len)
		return;
	tell(r, mark_text, before);
	tell(r, buf, len - now);
}

void
rows_end(struct rows *r)
{
	size_t n = held(r);

	if (n == sizeof(mark_text))
		return;
	if (n < 3 && (r->state != ROWS_START || r->tabs > 0))
		fault(r, r->at, CUT_ROW, "the last row is cut");
	else if (n > 0 || r->marked) {
		fault(r, r->at - n, n > 0 ? MARK_CUT : UNSEEN, n > 0 ?
		    "the end mark is cut" : "the end mark is missing");
		if (r->faults == 1)
			r->first.row = 0;
	}
	if (n < 3)
		tell(r, mark_text, n);
}
