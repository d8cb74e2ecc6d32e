/* SPDX-License-Identifier: ISC */
/*
 * Opening an age file as it comes.
 *
 *	bytes -> (armor ->) header -> nonce -> payload -> sink
 *
 * Nothing reaches the sink but what payload.c has opened, in order.
 */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "age/age-open.h"

enum form { UNKNOWN, BINARY, ARMORED };
enum part { HEADER, NONCE, PAYLOAD };

/* In guarded memory. */
struct secrets {
	uint8_t file_key[AGE_FILE_KEY_LEN];
	uint8_t payload_key[AGE_KEY_LEN];
};

struct age_opener {
	struct identities *ids;
	unsigned threads;
	age_sink sink;
	payload_place place;
	enum status (*unlocked)(void *arg);
	void *arg;

	enum form form;
	enum part part;
	struct age_armor armor;
	struct age_header header;
	struct secrets *secrets;	/* sodium_malloc() */
	uint8_t nonce[AGE_NONCE_LEN];
	size_t nonce_len;
	uint64_t at;		/* bytes of the binary file taken */
	struct payload *payload;

	enum age_fault fault;
	struct age_wrong wrong;
};

struct age_opener *
age_opener_new(struct identities *ids, unsigned threads, age_sink sink,
    payload_place place, void *arg)
{
	struct age_opener *o;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		return (NULL);
	if ((o->secrets = sodium_malloc(sizeof(*o->secrets))) == NULL) {
		free(o);
		return (NULL);
	}
	o->ids = ids;
	o->threads = threads;
	o->sink = sink;
	o->place = place;
	o->arg = arg;
	return (o);
}

void
age_opener_on_unlock(struct age_opener *o, enum status (*unlocked)(void *arg))
{

	o->unlocked = unlocked;
}

void
age_opener_free(struct age_opener *o)
{

	if (o == NULL)
		return;
	sodium_free(o->secrets);
	age_header_wipe(&o->header);
	payload_free(o->payload);
	free(o);
}

__attribute__((format(printf, 4, 5)))
static int
fail(struct age_opener *o, enum age_fault fault, uint64_t at, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(o->wrong.why, sizeof(o->wrong.why), fmt, ap);
	va_end(ap);
	o->fault = fault;
	o->wrong.at = o->form == ARMORED ? o->armor.line_at : at;
	return (-1);
}

/* The header is whole: find the file key. */
static int
unlock(struct age_opener *o)
{
	enum age_fault fault;
	struct age_wrong w = { 0 };

	fault = age_unlock(o->ids, &o->header, o->secrets->file_key, &w);
	if (fault != AGE_FINE) {
		o->wrong.told = w.told;
		return (fail(o, fault, w.at, "%s", w.why));
	}
	o->part = NONCE;
	if (o->unlocked == NULL)
		return (0);
	o->wrong.told = o->unlocked(o->arg);
	return (o->wrong.told == STATUS_OK ? 0 : fail(o, AGE_TOLD, 0, "told"));
}

static int
start_payload(struct age_opener *o)
{
	struct secrets *s = o->secrets;

	age_payload_key(s->file_key, o->nonce, s->payload_key);
	o->payload = payload_new(PAYLOAD_OPEN, s->payload_key, o->threads,
	    o->sink, o->place, o->arg);
	sodium_memzero(s, sizeof(*s));
	if (o->payload == NULL)
		return (fail(o, AGE_MEMORY, 0, "no memory, or no threads"));
	o->part = PAYLOAD;
	return (0);
}

/* Take over what is wrong with the payload. */
static int
payload_failed(struct age_opener *o)
{
	static const enum age_fault faults[] = {
		[PAYLOAD_BAD] = AGE_BAD_CHUNK,
		[PAYLOAD_CUT] = AGE_CUT,
		[PAYLOAD_STOPPED] = AGE_STOPPED,
		[PAYLOAD_LIBRARY] = AGE_MEMORY,
	};

	(void)fail(o, faults[payload_fault(o->payload)], 0, "%s%s",
	    payload_why(o->payload), o->form == ARMORED ?
	    " (its byte inside the armor)" : "");
	/* Which armored line that is depends on who was faster. */
	o->wrong.at = o->header.len + AGE_NONCE_LEN + payload_at(o->payload);
	return (-1);
}

/* The armor is wrong; but what came before it comes first. */
static int
armor_failed(struct age_opener *o, enum age_fault fault)
{

	if (o->fault != AGE_FINE)
		return (-1);
	if (o->payload != NULL && payload_flush(o->payload) == -1)
		return (payload_failed(o));
	return (fail(o, o->armor.stranger ? AGE_NOT_AGE : fault, 0, "%s",
	    o->armor.why));
}

/* The bytes of the binary file, whether they came armored or not. */
static int
take(void *arg, const uint8_t *buf, size_t len)
{
	struct age_opener *o = arg;
	struct age_header *h = &o->header;
	size_t n = 0;
	int got;

	o->at += len;
	if (o->part == HEADER) {
		if ((got = age_header_feed(h, buf, len, &n)) == -1)
			return (fail(o, h->stranger ? AGE_NOT_AGE :
			    h->no_memory ? AGE_MEMORY : AGE_BAD_HEADER,
			    h->bad_at, "%s", h->why));
		if (got == 0)
			return (0);
		if (unlock(o) == -1)
			return (-1);
		buf += n;
		len -= n;
	}
	if (o->part == NONCE) {
		n = AGE_NONCE_LEN - o->nonce_len;
		if (n > len)
			n = len;
		memcpy(o->nonce + o->nonce_len, buf, n);
		o->nonce_len += n;
		buf += n;
		len -= n;
		if (o->nonce_len < AGE_NONCE_LEN)
			return (0);
		if (start_payload(o) == -1)
			return (-1);
	}
	if (len > 0 && payload_put(o->payload, buf, len) == -1)
		return (payload_failed(o));
	return (0);
}

uint8_t *
age_opener_room(struct age_opener *o, size_t *len)
{

	if (o->fault != AGE_FINE || o->form != BINARY || o->part != PAYLOAD)
		return (NULL);
	return (payload_room(o->payload, len));
}

int
age_opener_feed(struct age_opener *o, const uint8_t *buf, size_t len)
{

	if (o->fault != AGE_FINE)
		return (-1);
	if (len == 0)
		return (0);
	if (o->form == UNKNOWN) {
		o->form = buf[0] == (uint8_t)AGE_MAGIC[0] ? BINARY : ARMORED;
		o->armor.sink = take;
		o->armor.arg = o;
	}
	if (o->form == BINARY)
		return (take(o, buf, len));
	if (age_armor_feed(&o->armor, buf, len) == 0)
		return (0);
	return (armor_failed(o, AGE_BAD_HEADER));
}

int
age_opener_end(struct age_opener *o)
{

	if (o->fault != AGE_FINE)
		return (-1);
	if (o->form == UNKNOWN)
		return (fail(o, AGE_NOT_AGE, 0, "empty"));
	if (o->form == ARMORED && age_armor_end(&o->armor) == -1)
		return (armor_failed(o, AGE_CUT));
	if (o->part == HEADER)
		return (fail(o, AGE_CUT, o->at, "cut short in its header"));
	if (o->part == NONCE)
		return (fail(o, AGE_CUT, o->at, "cut short behind its header"));
	return (payload_end(o->payload) == -1 ? payload_failed(o) : 0);
}

enum age_fault
age_opener_fault(const struct age_opener *o)
{

	return (o->fault);
}

const struct age_wrong *
age_opener_wrong(const struct age_opener *o)
{

	return (&o->wrong);
}
