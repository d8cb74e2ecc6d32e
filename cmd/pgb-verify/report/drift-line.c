/* SPDX-License-Identifier: ISC */
/*
 *	beyond the limit (20 %)         BEFORE         NOW     ROWS     SIZE
 *	  public.orders               12345678     8123456  -34.2 %  -33.0 %
 *	  public.customers                1204        gone          -120 KiB
 *	  audit.log                    1.2 GiB     400 MiB           -67.4 %
 *
 * BEFORE and NOW are rows, or sizes where rows are not known.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "msg.h"
#include "report/drift-impl.h"

#define NAME_WIDTH	24
#define CELL		32	/* bytes */
#define NAME_ROOM	2048	/* bytes: whole names, before they are cut */

/* --- widths ---------- */

static bool
is_first(char c)
{

	return (((unsigned char)c & 0xc0) != 0x80);
}

static size_t
width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += is_first(*s);
	return (n);
}

/* Where column n begins. */
static const char *
column(const char *s, size_t n)
{

	for (; *s != '\0'; s++)
		if (is_first(*s) && n-- == 0)
			break;
	return (s);
}

static size_t
append(char out[DRIFT_LINE], size_t pos, const char *s, size_t len)
{

	if (len > DRIFT_LINE - 1 - pos)
		len = DRIFT_LINE - 1 - pos;
	memcpy(out + pos, s, len);
	out[pos + len] = '\0';
	return (pos + len);
}

void
drift_cut(char out[DRIFT_LINE], const char *text, size_t columns)
{
	static const char dots[] = "...";
	char all[NAME_ROOM];
	const char *tail;
	size_t wide, head, pos;

	(void)msg_mask(all, sizeof(all), text);
	wide = width(all);
	if (wide <= columns) {
		(void)append(out, 0, all, strlen(all));
		return;
	}
	head = (columns - strlen(dots)) / 2;
	tail = column(all, wide - (columns - strlen(dots) - head));
	pos = append(out, 0, all, (size_t)(column(all, head) - all));
	pos = append(out, pos, dots, strlen(dots));
	(void)append(out, pos, tail, strlen(tail));
}

/* --- cells ---------- */

void
drift_size(char out[16], uint64_t bytes)
{
	static const char *const units[] = {
		"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"
	};
	double n = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1000) {
		snprintf(out, 16, "%" PRIu64 " B", bytes);
		return;
	}
	for (; n >= 999.5 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		n /= 1024;
	snprintf(out, 16, "%.*f %s", n < 9.95, n, units[i]);
}

/* In tenths of a percent, rounded towards none: -100 % is all. */
static void
share(char out[CELL], uint64_t before, uint64_t now)
{
	double ratio;
	int64_t tenths;
	uint64_t n;
	char sign;

	out[0] = '\0';
	if (before == now)
		snprintf(out, CELL, "same");
	if (before == now || before == 0)
		return;
	ratio = ((double)now - (double)before) / (double)before;
	if (ratio >= 100) {
		snprintf(out, CELL, ">9999 %%");
		return;
	}
	tenths = (int64_t)(ratio * 1000);
	if (tenths == 0)
		tenths = 1;
	if (tenths == -1000 && now > 0)		/* of numbers beyond 2^53 */
		tenths++;
	n = (uint64_t)(tenths < 0 ? -tenths : tenths);
	sign = now < before ? '-' : '+';
	if (n < 1000)
		snprintf(out, CELL, "%c%" PRIu64 ".%" PRIu64 " %%", sign,
		    n / 10, n % 10);
	else
		snprintf(out, CELL, "%c%" PRIu64 " %%", sign, n / 10);
}

bool
drift_counted(const struct drift_change *c)
{

	return ((c->before.there || c->now.there) &&
	    (!c->before.there || c->before.counted) &&
	    (!c->now.there || c->now.counted));
}

/* Of a column that holds 11 digits; then millions, and millions of these. */
static void
number(char out[CELL], uint64_t n)
{

	if (n < UINT64_C(100000000000))
		snprintf(out, CELL, "%" PRIu64, n);
	else if (n < UINT64_C(1000000000000000))
		snprintf(out, CELL, "%" PRIu64 " M", n / 1000000);
	else
		snprintf(out, CELL, "%" PRIu64 " T", n / 1000000000000);
}

static void
amount(char out[CELL], const struct drift_side *s, bool counted,
    const char *missing)
{

	if (!s->there)
		snprintf(out, CELL, "%s", missing);
	else if (counted)
		number(out, s->rows);
	else
		drift_size(out, s->bytes);
}

static void
changed_size(char out[CELL], const struct drift_change *c)
{
	char size[16];

	if (c->before.there && c->now.there) {
		share(out, c->before.bytes, c->now.bytes);
		return;
	}
	drift_size(size, c->now.there ? c->now.bytes : c->before.bytes);
	snprintf(out, CELL, "%c%s", c->now.there ? '+' : '-', size);
}

/* --- lines ---------- */

static void
put(char out[DRIFT_LINE], const char *name, const char *before,
    const char *now, const char *rows, const char *size)
{
	size_t wide = width(name), pad;

	pad = wide < NAME_WIDTH + 2 ? NAME_WIDTH + 2 - wide : 0;
	snprintf(out, DRIFT_LINE, "%.256s%*s %11s %11s %8s %8s", name,
	    (int)pad, "", before, now, rows, size);
}

void
drift_head(char out[DRIFT_LINE], const char *title)
{

	put(out, title, "BEFORE", "NOW", "ROWS", "SIZE");
}

void
drift_line(char out[DRIFT_LINE], const struct drift_change *c)
{
	char name[DRIFT_LINE], indented[DRIFT_LINE + 2], all[NAME_ROOM];
	char before[CELL], now[CELL], rows[CELL] = "", size[CELL];
	bool counted = drift_counted(c);

	snprintf(all, sizeof(all), "%s%s%s%s%s", c->database,
	    c->database[0] != '\0' ? ": " : "", c->schema,
	    c->schema[0] != '\0' ? "." : "", c->name);
	drift_cut(name, all, NAME_WIDTH);
	snprintf(indented, sizeof(indented), "  %s", name);
	amount(before, &c->before, counted, "new");
	amount(now, &c->now, counted, "gone");
	if (counted && c->before.there && c->now.there)
		share(rows, c->before.rows, c->now.rows);
	changed_size(size, c);
	put(out, indented, before, now, rows, size);
}
