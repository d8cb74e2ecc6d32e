/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier-impl.h"

/*
 * The first bytes say what a stream is.  They are gathered in head until all
 * formats but one are ruled out, then handed to that format's functions, and
 * from there on bytes are only passed through.  What is inside a wrapper is a
 * carrier again, one level deeper; its verdict is the wrapper's as soon as the
 * wrapper itself is whole.
 *
 * Whatever was decided from a prefix stays so when more bytes come, so that
 * the answer never depends on how the stream was cut into pieces.
 */

#define ARMOR_SPACE_MAX	1024	/* white space in front of age's armor */
#define HEAD_MAX	(ARMOR_SPACE_MAX + 64)

struct carrier {
	struct carrier_opts opts;
	int depth;			/* 0 outside, 1 inside a wrapper ... */

	uint8_t head[HEAD_MAX];		/* until the format is known */
	size_t head_len;

	const char *kind;		/* NULL: not known (yet) */
	const struct carrier_ops *ops;	/* NULL: not known yet, or foreign */
	void *state;
	uint64_t offset;		/* bytes given to ops */
	bool wrapper;
	struct carrier *inner;
	const struct archive_header *archive;

	bool foreign;
	bool broken;
	bool named;			/* name will not change any more */
	char name[128];
	char why[640];
};

enum fit { FIT_NO, FIT_MAYBE, FIT_YES };

struct magic {
	const struct carrier_ops *ops;
	const char *bytes;
	size_t len;
	uint8_t mask;			/* for the first byte */
	size_t enough;			/* bytes that tell a cut stream from an
					 * unknown one */
	enum fit (*fit)(const struct magic *, const uint8_t *, size_t,
	    size_t *matched);
	bool age;
	bool wrapper;
};

static enum fit
fit_plain(const struct magic *m, const uint8_t *buf, size_t len,
    size_t *matched)
{
	size_t n = len < m->len ? len : m->len;

	*matched = n;
	if (n == 0)
		return (FIT_MAYBE);
	if ((buf[0] & m->mask) != (uint8_t)m->bytes[0] ||
	    memcmp(buf + 1, m->bytes + 1, n - 1) != 0)
		return (FIT_NO);
	return (n == m->len ? FIT_YES : FIT_MAYBE);
}

/* A tar whose first member is toc.dat; both magics are needed, since neither
 * a file of that name nor a tar is a dump. */
static enum fit
fit_tar(const struct magic *m, const uint8_t *buf, size_t len, size_t *matched)
{
	static const char ustar[] = "ustar";
	const size_t at = 257, n = sizeof(ustar) - 1;
	enum fit fit = fit_plain(m, buf, len, matched);

	if (fit != FIT_YES || len <= at)
		return (fit == FIT_YES ? FIT_MAYBE : fit);
	if (len < at + n)
		return (memcmp(buf + at, ustar, len - at) == 0 ? FIT_MAYBE :
		    FIT_NO);
	return (memcmp(buf + at, ustar, n) == 0 ? FIT_YES : FIT_NO);
}

static enum fit
fit_armor(const struct magic *m, const uint8_t *buf, size_t len,
    size_t *matched)
{
	size_t skip = 0;

	while (skip < len && buf[skip] != '\0' &&
	    strchr(" \t\r\n\v\f", buf[skip]) != NULL)
		skip++;
	if (skip > ARMOR_SPACE_MAX)
		return (FIT_NO);
	return (fit_plain(m, buf + skip, len - skip, matched));
}

#define MAGIC(s)	(s), sizeof(s) - 1

static const struct magic magics[] = {
	{ &carrier_custom, MAGIC("PGDMP"), 0xff, 3, fit_plain, false, false },
	{ &carrier_tar, MAGIC("toc.dat\0"), 0xff, 7, fit_tar, false, false },
	{ &carrier_sql, MAGIC("--\n-- PostgreSQL database dump"), 0xff, 8,
	    fit_plain, false, false },
	{ &carrier_sql, MAGIC("--\n-- PostgreSQL database cluster dump"), 0xff,
	    8, fit_plain, false, false },
	{ &carrier_gzip, MAGIC("\x1f\x8b"), 0xff, 2, fit_plain, false, true },
	{ &carrier_zstd, MAGIC("\x28\xb5\x2f\xfd"), 0xff, 3, fit_plain, false,
	    true },
	{ &carrier_zstd, MAGIC("\x50\x2a\x4d\x18"), 0xf0, 3, fit_plain, false,
	    true },
	{ &carrier_lz4, MAGIC("\x04\x22\x4d\x18"), 0xff, 3, fit_plain, false,
	    true },
	{ &carrier_age, MAGIC("age-encryption.org/v1\n"), 0xff, 8, fit_plain,
	    true, false },
	{ &carrier_armor, MAGIC("-----BEGIN AGE ENCRYPTED FILE-----"), 0xff, 11,
	    fit_armor, true, false },
};

#define MAGICS	(sizeof(magics) / sizeof(magics[0]))

/* Formats that people do put around a dump, for a better sentence. */
static const struct stranger {
	const char *bytes;
	size_t len;
	const char *name;
} strangers[] = {
	{ MAGIC("\xfd" "7zXZ"), "xz" },
	{ MAGIC("BZh"), "bzip2" },
	{ MAGIC("LZIP"), "lzip" },
	{ MAGIC("PK\x03\x04"), "zip" },
	{ MAGIC("-----BEGIN PGP "), "OpenPGP" },
	{ MAGIC("Salted__"), "openssl enc" },
};

/* Set name or why; what does not fit is cut, these are only for people. */
__attribute__((format(printf, 3, 4)))
static void
say(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out, size, fmt, ap);
	va_end(ap);
}

struct carrier *
carrier_new(const struct carrier_opts *opts)
{
	struct carrier *c = calloc(1, sizeof(*c));

	if (c != NULL && opts != NULL)
		c->opts = *opts;
	return (c);
}

void
carrier_free(struct carrier *c)
{
	if (c == NULL)
		return;
	if (c->state != NULL)
		c->ops->free(c->state);
	carrier_free(c->inner);
	free(c);
}

/* Hand the stream to its format: 0, or -1 with the reason set. */
static int
start(struct carrier *c, const struct magic *m)
{
	const void *arg = NULL;

	c->ops = m->ops;
	c->wrapper = m->wrapper;
	if (m->age && c->opts.age_key != NULL) {
		c->ops = c->opts.age_key;
		c->wrapper = true;
		arg = c->opts.age_key_arg;
	}
	c->kind = c->ops->name;
	if ((c->state = c->ops->new(c, arg)) == NULL)
		return (carrier_fail(c, 0, "out of memory"));
	return (0);
}

static void
set_foreign(struct carrier *c, const uint8_t *buf, size_t len)
{
	static const char age[] = "age-encryption.org/";
	size_t i, n = 0, show = len < 16 ? len : 16;

	c->foreign = true;
	if (len >= sizeof(age) - 1 && memcmp(buf, age, sizeof(age) - 1) == 0) {
		c->kind = "age";
		say(c->why, sizeof(c->why),
		    "age: of another version than v1");
		return;
	}
	for (i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		const struct stranger *s = &strangers[i];

		if (len < s->len || memcmp(buf, s->bytes, s->len) != 0)
			continue;
		say(c->why, sizeof(c->why),
		    "unknown format: looks like %s, which cannot be looked into",
		    s->name);
		return;
	}
	while (n < show && buf[n] >= ' ' && buf[n] <= '~' && buf[n] != '"')
		n++;
	if (n == show) {
		say(c->why, sizeof(c->why),
		    "unknown format: begins with \"%.*s\"", (int)show,
		    (const char *)buf);
		return;
	}
	n = (size_t)snprintf(c->why, sizeof(c->why),
	    "unknown format: begins with bytes");
	for (i = 0; i < show && i < 8; i++)
		n += (size_t)snprintf(c->why + n, sizeof(c->why) - n, " %02x",
		    buf[i]);
}

/*
 * Decide from the len bytes in head: FIT_MAYBE, or FIT_YES with ops set, or
 * foreign, or broken.
 */
static enum fit
detect(struct carrier *c, size_t len)
{
	bool maybe = false;
	size_t i, matched;

	for (i = 0; i < MAGICS; i++) {
		switch (magics[i].fit(&magics[i], c->head, len, &matched)) {
		case FIT_YES:
			(void)start(c, &magics[i]);
			return (FIT_YES);
		case FIT_MAYBE:
			maybe = true;
			break;
		case FIT_NO:
			break;
		}
	}
	if (maybe && len < HEAD_MAX)
		return (FIT_MAYBE);
	set_foreign(c, c->head, len);
	return (FIT_YES);
}

/* The end came before detect() knew: a cut stream, or an unknown one. */
static void
detect_end(struct carrier *c)
{
	size_t i, matched = 0;

	for (i = 0; i < MAGICS; i++) {
		const struct magic *m = &magics[i];

		if (m->fit(m, c->head, c->head_len, &matched) == FIT_NO ||
		    matched < m->enough)
			continue;
		c->kind = m->ops->name;
		c->offset = c->head_len;
		carrier_cut(c, "cut short in its first bytes");
		return;
	}
	set_foreign(c, c->head, c->head_len);
}

static void
set_name(struct carrier *c)
{
	const char *kind = c->kind, *inner;

	if (kind == NULL)
		kind = c->foreign ? "unknown" : "";
	if (c->wrapper && c->inner != NULL &&
	    (inner = c->inner->name)[0] != '\0')
		say(c->name, sizeof(c->name), "%s of %s%s", kind, inner,
		    strcmp(inner, "unknown") == 0 ? " data" : "");
	else
		say(c->name, sizeof(c->name), "%s", kind);
	c->named = carrier_known(c);
}

/* Bytes for the format's own functions. */
static int
pass(struct carrier *c, const uint8_t *buf, size_t len)
{
	if (c->broken)
		return (-1);
	if (c->foreign || len == 0)
		return (0);
	if (c->ops->feed(c, c->state, buf, len) != 0 || c->broken)
		return (carrier_fail(c, c->offset, "damaged"));
	c->offset += len;
	return (0);
}

int
carrier_feed(struct carrier *c, const void *data, size_t len)
{
	const uint8_t *buf = data;
	int rc;

	if (c->broken)
		return (-1);
	if (c->foreign || len == 0)
		return (0);
	if (c->ops == NULL) {
		size_t before = c->head_len;
		size_t n = HEAD_MAX - before < len ? HEAD_MAX - before : len;

		memcpy(c->head + before, buf, n);
		c->head_len += n;
		if (detect(c, c->head_len) == FIT_MAYBE)
			return (0);
		(void)pass(c, c->head, before);
	}
	rc = pass(c, buf, len);
	if (!c->named)
		set_name(c);
	return (rc);
}

enum carrier_verdict
carrier_end(struct carrier *c)
{
	enum carrier_verdict v;

	if (!c->broken && !c->foreign && c->ops == NULL) {
		if (c->head_len == 0) {
			say(c->why, sizeof(c->why), "empty");
			return (CARRIER_EMPTY);
		}
		detect_end(c);
	}
	if (c->broken)
		v = CARRIER_BROKEN;
	else if (c->foreign)
		v = CARRIER_FOREIGN;
	else
		v = c->ops->end(c, c->state);
	if (v == CARRIER_BROKEN)
		(void)carrier_cut(c, "cut short");
	else if (c->broken)
		v = CARRIER_BROKEN;
	if (v == CARRIER_OPEN && c->why[0] == '\0')
		say(c->why, sizeof(c->why),
		    "%s: shows no end that could be checked without its key",
		    c->kind);
	set_name(c);
	return (v);
}

const char *
carrier_why(const struct carrier *c)
{
	return (c->why);
}

const char *
carrier_name(const struct carrier *c)
{
	if (c->name[0] != '\0')
		return (c->name);
	return (c->head_len == 0 ? "empty" : "unknown");
}

/*
 * A custom archive counts as known when its header is: who asks wants to know
 * whether carrier_archive() will have an answer.
 */
bool
carrier_known(const struct carrier *c)
{
	if (c->broken || c->foreign)
		return (true);
	if (c->ops == &carrier_custom)
		return (c->archive != NULL);
	if (c->wrapper)
		return (c->inner != NULL && carrier_known(c->inner));
	return (c->ops != NULL);
}

const struct archive_header *
carrier_archive(const struct carrier *c)
{
	if (c->archive == NULL && c->inner != NULL)
		return (carrier_archive(c->inner));
	return (c->archive);
}

/* For the formats: carrier-impl.h. */

__attribute__((format(printf, 3, 0)))
static void
set_broken(struct carrier *c, uint64_t at, const char *fmt, va_list ap)
{
	size_t n;

	if (c->broken)
		return;
	c->broken = true;
	n = (size_t)snprintf(c->why, sizeof(c->why), "%s: byte %llu: ",
	    c->kind != NULL ? c->kind : "unknown", (unsigned long long)at);
	vsnprintf(c->why + n, sizeof(c->why) - n, fmt, ap);
}

int
carrier_fail(struct carrier *c, uint64_t at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_broken(c, at, fmt, ap);
	va_end(ap);
	return (-1);
}

enum carrier_verdict
carrier_cut(struct carrier *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_broken(c, c->offset, fmt, ap);
	va_end(ap);
	return (CARRIER_BROKEN);
}

uint64_t
carrier_offset(const struct carrier *c)
{
	return (c->offset);
}

void
carrier_stray(struct carrier *c, const char *why)
{
	if (c->broken || c->foreign)
		return;
	c->foreign = true;
	say(c->why, sizeof(c->why), "%s: %s", c->kind, why);
}

struct carrier *
carrier_into(struct carrier *c)
{
	if (c->inner != NULL)
		return (c->inner);
	if (c->depth >= CARRIER_DEPTH_MAX)
		carrier_fail(c, c->offset, "wrapped more than %d times",
		    CARRIER_DEPTH_MAX);
	else if ((c->inner = carrier_new(&c->opts)) == NULL)
		carrier_fail(c, c->offset, "out of memory");
	else
		c->inner->depth = c->depth + 1;
	return (c->inner);
}

int
carrier_inside(struct carrier *c, const void *buf, size_t len)
{
	struct carrier *inner = carrier_into(c);

	if (inner == NULL)
		return (-1);
	if (carrier_feed(inner, buf, len) == 0)
		return (0);
	if (!c->broken)
		say(c->why, sizeof(c->why), "inside %s: %s", c->kind,
		    inner->why);
	c->broken = true;
	return (-1);
}

enum carrier_verdict
carrier_inside_end(struct carrier *c)
{
	enum carrier_verdict v = CARRIER_EMPTY;

	if (c->broken)
		return (CARRIER_BROKEN);
	if (c->inner != NULL)
		v = carrier_end(c->inner);
	if (v == CARRIER_EMPTY)
		say(c->why, sizeof(c->why), "%s: nothing inside", c->kind);
	else if (v != CARRIER_PROVEN)
		say(c->why, sizeof(c->why), "inside %s: %s", c->kind,
		    c->inner->why);
	c->broken = v == CARRIER_BROKEN;
	return (v);
}

const struct archive_watch *
carrier_watch(const struct carrier *c, void **arg)
{
	*arg = c->opts.watch_arg;
	return (c->opts.watch);
}

void
carrier_set_archive(struct carrier *c, const struct archive_header *header)
{
	c->archive = header;
}
