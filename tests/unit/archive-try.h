/* SPDX-License-Identifier: ISC */
#ifndef ARCHIVE_TRY_H
#define ARCHIVE_TRY_H

#include <stdlib.h>

#include "archive-make.h"
#include "carrier/carrier-impl.h"
#include "tap.h"

/*
 * The walker alone, without the detection and the other formats: a carrier
 * that is just the frame around it.
 */
struct carrier {
	const struct archive_watch *watch;
	void *arg;
	const struct archive_header *header;
	uint64_t offset;
	bool broken, stray, told;
	char why[512];
};

const char archive_told[] = "told already";

int
carrier_fail(struct carrier *c, uint64_t at, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	if (c->broken)
		return (-1);
	c->broken = true;
	n = (size_t)snprintf(c->why, sizeof(c->why), "byte %llu: ",
	    (unsigned long long)at);
	va_start(ap, fmt);
	vsnprintf(c->why + n, sizeof(c->why) - n, fmt, ap);
	va_end(ap);
	return (-1);
}

enum carrier_verdict
carrier_cut(struct carrier *c, const char *fmt, ...)
{
	va_list ap;

	c->broken = true;
	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	return (CARRIER_BROKEN);
}

int
carrier_told(struct carrier *c, enum status status)
{

	c->told = c->broken = true;
	snprintf(c->why, sizeof(c->why), "told, status %d", (int)status);
	return (-1);
}

void
carrier_memory(struct carrier *c)
{

	(void)c;
}

void
carrier_stray(struct carrier *c, const char *why)
{

	c->stray = true;
	snprintf(c->why, sizeof(c->why), "%s", why);
}

const struct archive_watch *
carrier_watch(const struct carrier *c, void **arg)
{

	*arg = c->arg;
	return (c->watch);
}

void
carrier_set_archive(struct carrier *c, const struct archive_header *header)
{

	c->header = header;
}

/* Feed len bytes in pieces of step, each in memory of its own so that the
 * sanitizers see a read beyond; 0: all at once.  The reason is in why. */
static char why[512];

static inline enum carrier_verdict
judge(const uint8_t *buf, size_t len, size_t step,
    const struct archive_watch *watch, void *arg)
{
	struct carrier c = { .watch = watch, .arg = arg };
	void *state = carrier_custom.new(&c, NULL);
	enum carrier_verdict v = CARRIER_BROKEN;
	size_t at, n;
	uint8_t *piece;

	for (at = 0; at < len && !c.broken && !c.stray; at += n) {
		n = step == 0 || len - at < step ? len - at : step;
		if ((piece = malloc(n)) == NULL)
			abort();
		memcpy(piece, buf + at, n);
		(void)carrier_custom.feed(&c, state, piece, n);
		c.offset += n;
		free(piece);
	}
	if (c.stray && !c.broken)
		v = CARRIER_FOREIGN;
	else if (!c.broken)
		v = carrier_custom.end(&c, state);
	carrier_custom.free(state);
	snprintf(why, sizeof(why), "%s", c.why);
	return (v);
}

#endif
