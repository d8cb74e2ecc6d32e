/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/carrier-magic.h"

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

const char archive_told[] = "told already";

struct carrier {
	struct carrier_opts opts;
	int depth;			/* 0 outside, 1 inside a wrapper ... */

	uint8_t head[MAGIC_MAX];		/* until the format is known */
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
	enum status status;		/* once broken; 0: STATUS_DATA */
	bool told;
	bool named;			/* name will not change any more */
	char name[128];
	char why[640];
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
	c->wrapper = m->is_wrapper;
	if (m->is_age && c->opts.age_key != NULL) {
		c->ops = c->opts.age_key;
		c->wrapper = true;
		arg = c->opts.age_key_arg;
	}
	c->kind = c->ops->name;
	if ((c->state = c->ops->new(c, arg)) == NULL) {
		carrier_memory(c);
		return (carrier_fail(c, 0, "out of memory"));
	}
	return (0);
}

static void
set_foreign(struct carrier *c)
{

	c->foreign = true;
	if (magic_other_age(c->head, c->head_len)) {
		c->kind = "age";
		say(c->why, sizeof(c->why), "age: of another version than v1");
		return;
	}
	magic_stranger(c->head, c->head_len, c->why, sizeof(c->why));
}

/* The end came before the first bytes had decided. */
static void
end_early(struct carrier *c)
{
	const struct magic *m = magic_cut(c->head, c->head_len);

	if (m == NULL) {
		set_foreign(c);
		return;
	}
	c->kind = m->ops->name;
	c->offset = c->head_len;
	carrier_cut(c, "cut short in its first bytes");
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
	const struct magic *m = NULL;
	const uint8_t *buf = data;
	int rc;

	if (c->broken)
		return (-1);
	if (len == 0)
		return (0);
	if (c->ops == NULL) {
		size_t before = c->head_len;
		size_t n = MAGIC_MAX - before < len ? MAGIC_MAX - before : len;

		memcpy(c->head + before, buf, n);
		c->head_len += n;
		if (c->foreign)		/* more for the sentence */
			return (0);
		switch (magic_find(c->head, c->head_len, &m)) {
		case FIT_MAYBE:
			return (0);
		case FIT_YES:
			if (start(c, m) == 0)
				(void)pass(c, c->head, before);
			break;
		case FIT_NO:
			set_foreign(c);
			break;
		}
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
		end_early(c);
	}
	if (c->broken)
		v = CARRIER_BROKEN;
	else if (c->foreign) {
		if (c->ops == NULL)
			set_foreign(c);
		v = CARRIER_FOREIGN;
	} else
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

enum status
carrier_status(const struct carrier *c)
{

	if (c->status == STATUS_OK && c->inner != NULL)
		return (carrier_status(c->inner));
	return (c->status == STATUS_OK ? STATUS_DATA : c->status);
}

bool
carrier_is_told(const struct carrier *c)
{

	return (c->told || (c->inner != NULL && carrier_is_told(c->inner)));
}

const char *
carrier_name(const struct carrier *c)
{
	if (c->name[0] != '\0')
		return (c->name);
	return (c->head_len == 0 ? "empty" : "unknown");
}

const char *
carrier_wrapper(const struct carrier *c)
{
	return (c->wrapper ? c->kind : NULL);
}

bool
carrier_shut(const struct carrier *c)
{

	if (c->inner != NULL)
		return (carrier_shut(c->inner));
	return (c->ops == &carrier_armor);
}

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

bool
carrier_is_age(const struct carrier *c)
{

	if (c->ops == NULL)
		return (magic_other_age(c->head, c->head_len));
	return (c->ops == &carrier_age || c->ops == &carrier_armor ||
	    (c->opts.age_key != NULL && c->ops == c->opts.age_key));
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

void
carrier_memory(struct carrier *c)
{

	c->status = STATUS_LOCAL;
}

int
carrier_told(struct carrier *c, enum status status)
{

	c->status = status;
	c->told = true;
	return (carrier_fail(c, 0, "could not be opened"));
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
	else if ((c->inner = carrier_new(&c->opts)) == NULL) {
		carrier_memory(c);
		carrier_fail(c, c->offset, "out of memory");
	} else
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
	if (v == CARRIER_EMPTY && (c->inner == NULL || !c->inner->wrapper))
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

const struct sql_watch *
carrier_sql_watch(const struct carrier *c, void **arg)
{
	*arg = c->opts.sql_arg;
	return (c->opts.sql_watch);
}

void
carrier_opened(const struct carrier *c)
{

	if (c->opts.opened != NULL)
		c->opts.opened(c->opts.opened_arg);
}

void
carrier_set_archive(struct carrier *c, const struct archive_header *header)
{
	c->archive = header;
}
