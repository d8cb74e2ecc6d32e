/* SPDX-License-Identifier: ISC */
/*
 * Opening an age file as it comes.
 *
 *	bytes -> (armor ->) header -> nonce -> chunks -> sink
 *
 * A full chunk may be the final one or not, and only the byte behind it tells:
 * so one chunk is held back until that byte, or the end of file, is seen.  What
 * has opened under the right number and flag is handed on at once; nothing else
 * ever is.
 */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "age-key.h"

enum form { UNKNOWN, BINARY, ARMORED };
enum part { HEADER, NONCE, CHUNKS };

/* In guarded memory. */
struct secrets {
	uint8_t file_key[AGE_FILE_KEY_LEN];
	uint8_t payload_key[AGE_KEY_LEN];
};

struct age_opener {
	const struct identities *ids;
	age_sink sink;
	void *arg;

	enum form form;
	enum part part;
	struct age_armor armor;
	struct age_header header;
	struct secrets *secrets;
	uint8_t nonce[AGE_NONCE_LEN];
	size_t nonce_len;

	uint64_t at;		/* binary: bytes taken */
	uint64_t index;		/* of the chunk that is held */
	size_t held_len;
	uint8_t held[AGE_SEALED_LEN];
	uint8_t plain[AGE_CHUNK_LEN];

	enum age_fault fault;
	uint64_t fault_at;
	char why[AGE_WHY_LEN];
};

struct age_opener *
age_opener_new(const struct identities *ids, age_sink sink, void *arg)
{
	struct age_opener *o;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		return (NULL);
	if ((o->secrets = sodium_malloc(sizeof(*o->secrets))) == NULL) {
		free(o);
		return (NULL);
	}
	o->ids = ids;
	o->sink = sink;
	o->arg = arg;
	return (o);
}

void
age_opener_free(struct age_opener *o)
{

	if (o == NULL)
		return;
	sodium_free(o->secrets);
	age_header_wipe(&o->header);
	sodium_memzero(o->plain, sizeof(o->plain));
	free(o);
}

__attribute__((format(printf, 4, 5)))
static int
fail(struct age_opener *o, enum age_fault fault, uint64_t at, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(o->why, sizeof(o->why), fmt, ap);
	va_end(ap);
	o->fault = fault;
	o->fault_at = o->form == ARMORED ? o->armor.line_at : at;
	return (-1);
}

/* No identity matched: say what kind of file it is. */
static int
no_match(struct age_opener *o)
{
	const struct age_header *h = &o->header;
	size_t i, count = 0;

	if (age_stanza_is(h, 0, "scrypt"))
		return (fail(o, AGE_OTHER_KIND, 0, "encrypted with a passphrase, "
		    "not to a key"));
	for (i = 0; i < h->count; i++)
		if (age_stanza_is(h, i, "X25519"))
			count++;
	if (count == 0)
		return (fail(o, AGE_OTHER_KIND, 0, "encrypted to no X25519 "
		    "key: no identity can match"));
	return (fail(o, AGE_NO_MATCH, 0, "no identity matches (tried: %zu; "
	    "X25519 recipients: %zu)", identities_count(o->ids), count));
}

/* Try each identity on each stanza: 1 matched, 0 none did, -1. */
static int
match(struct age_opener *o)
{
	const struct age_header *h = &o->header;
	uint8_t share[AGE_X25519_LEN], body[AGE_X25519_LEN];
	size_t i, k;

	for (i = 0; i < h->count; i++) {
		if (!age_stanza_is(h, i, "X25519") ||
		    age_stanza_x25519(h, i, share, body) == -1)
			continue;
		for (k = 0; k < identities_count(o->ids); k++) {
			switch (age_x25519_unwrap(identity_secret(o->ids, k),
			    identity_point(o->ids, k), share, body,
			    o->secrets->file_key)) {
			case AGE_UNWRAP_OK:
				return (1);
			case AGE_UNWRAP_OTHER:
				break;
			case AGE_UNWRAP_BAD:
				return (fail(o, AGE_BAD_HEADER,
				    h->stanzas[i].args_at, "header: stanza "
				    "%zu: share of low order", i + 1));
			}
		}
	}
	return (0);
}

/* The header is whole: find the file key, and check who made the header. */
static int
unlock(struct age_opener *o)
{
	const struct age_header *h = &o->header;
	uint8_t mac[sizeof(h->mac)];
	int got;

	if ((got = match(o)) == -1)
		return (-1);
	if (got == 0)
		return (no_match(o));
	age_header_mac(o->secrets->file_key, h->raw, h->mac_at, mac);
	if (sodium_memcmp(mac, h->mac, sizeof(mac)) != 0)
		return (fail(o, AGE_BAD_MAC, h->mac_at, "header: damaged or "
		    "changed: its MAC does not match"));
	o->part = NONCE;
	return (0);
}

/* Offset of the chunk that is held; binary only. */
static uint64_t
chunk_at(const struct age_opener *o)
{

	return (o->header.len + AGE_NONCE_LEN + o->index * AGE_SEALED_LEN);
}

static int
hand_on(struct age_opener *o, size_t len)
{

	if (len > 0 && o->sink(o->arg, o->plain, len) != 0)
		return (fail(o, AGE_STOPPED, chunk_at(o), "stopped"));
	return (0);
}

/* A full chunk with another byte behind it. */
static int
open_chunk(struct age_opener *o, const uint8_t *sealed)
{
	const uint8_t *key = o->secrets->payload_key;

	if (age_chunk_open(key, o->index, false, sealed, AGE_SEALED_LEN,
	    o->plain) == -1) {
		if (age_chunk_open(key, o->index, true, sealed, AGE_SEALED_LEN,
		    o->plain) == 0)
			return (fail(o, AGE_CUT, chunk_at(o) + AGE_SEALED_LEN,
			    "something else behind its final chunk"));
		return (fail(o, AGE_BAD_CHUNK, chunk_at(o),
		    "chunk %llu is damaged: it does not authenticate",
		    (unsigned long long)o->index));
	}
	if (hand_on(o, AGE_CHUNK_LEN) == -1)
		return (-1);
	o->index++;
	return (0);
}

/* The end of file is behind the chunk that is held: it must be the final. */
static int
open_final(struct age_opener *o)
{
	const uint8_t *key = o->secrets->payload_key;
	unsigned long long index = o->index;

	if (o->held_len < AGE_TAG_LEN ||
	    (o->held_len == AGE_TAG_LEN && index > 0))
		return (fail(o, AGE_CUT, chunk_at(o) + o->held_len,
		    "cut short in chunk %llu", index));
	if (age_chunk_open(key, index, true, o->held, o->held_len,
	    o->plain) == 0)
		return (hand_on(o, o->held_len - AGE_TAG_LEN));
	if (o->held_len < AGE_SEALED_LEN)
		return (fail(o, AGE_CUT, chunk_at(o) + o->held_len,
		    "cut short in chunk %llu, or that chunk is damaged",
		    index));
	if (age_chunk_open(key, index, false, o->held, o->held_len,
	    o->plain) == 0)
		return (fail(o, AGE_CUT, chunk_at(o) + o->held_len,
		    "cut short behind chunk %llu: no final chunk", index));
	return (fail(o, AGE_BAD_CHUNK, chunk_at(o),
	    "chunk %llu is damaged: it does not authenticate", index));
}

static int
take_chunks(struct age_opener *o, const uint8_t *buf, size_t len)
{
	size_t n;

	if (o->held_len > 0) {
		n = AGE_SEALED_LEN - o->held_len;
		if (n > len)
			n = len;
		memcpy(o->held + o->held_len, buf, n);
		o->held_len += n;
		buf += n;
		len -= n;
		if (len == 0)
			return (0);
		if (open_chunk(o, o->held) == -1)
			return (-1);
		o->held_len = 0;
	}
	for (; len > AGE_SEALED_LEN; buf += AGE_SEALED_LEN,
	    len -= AGE_SEALED_LEN)
		if (open_chunk(o, buf) == -1)
			return (-1);
	memcpy(o->held, buf, len);
	o->held_len = len;
	return (0);
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
		age_payload_key(o->secrets->file_key, o->nonce,
		    o->secrets->payload_key);
		sodium_memzero(o->secrets->file_key, AGE_FILE_KEY_LEN);
		o->part = CHUNKS;
	}
	return (len > 0 ? take_chunks(o, buf, len) : 0);
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
	if (o->fault == AGE_FINE)
		fail(o, o->armor.stranger ? AGE_NOT_AGE : AGE_BAD_HEADER, 0,
		    "%s", o->armor.why);
	return (-1);
}

int
age_opener_end(struct age_opener *o)
{

	if (o->fault != AGE_FINE)
		return (-1);
	if (o->form == UNKNOWN)
		return (fail(o, AGE_NOT_AGE, 0, "empty"));
	if (o->form == ARMORED && age_armor_end(&o->armor) == -1)
		return (fail(o, o->armor.stranger ? AGE_NOT_AGE : AGE_CUT, 0,
		    "%s", o->armor.why));
	if (o->part == HEADER)
		return (fail(o, AGE_CUT, o->at, "cut short in its header"));
	if (o->part == NONCE)
		return (fail(o, AGE_CUT, o->at, "cut short behind its header"));
	return (open_final(o));
}

enum age_fault
age_opener_fault(const struct age_opener *o)
{

	return (o->fault);
}

const char *
age_opener_why(const struct age_opener *o)
{

	return (o->why);
}

uint64_t
age_opener_at(const struct age_opener *o)
{

	return (o->fault_at);
}
