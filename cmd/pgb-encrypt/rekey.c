/* SPDX-License-Identifier: ISC */
/*
 * A new header around the same payload: the file key stays what it is, so not a
 * byte of the payload need be sealed again, and it passes from the input to the
 * output's own memory and out.
 *
 *	bytes -> (armor ->) old header -> nonce, payload -> output
 *
 * A payload that was cut at a chunk's edge looks like a payload.  The number
 * and flag under which its last chunk was sealed tell, and that chunk is still
 * in memory when the end comes: it is opened before the tail is written.  The
 * chunks before it are not looked at.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "age/cipher.h"
#include "armor.h"
#include "msg.h"
#include "open.h"
#include "pump.h"
#include "rekey.h"

enum form { UNKNOWN, BINARY, ARMORED };
enum part { HEADER, NONCE, PAYLOAD };

struct secrets {
	uint8_t file_key[AGE_FILE_KEY_LEN];
	uint8_t payload_key[AGE_KEY_LEN];
	uint8_t plain[AGE_CHUNK_LEN];
};

struct rekey {
	const struct rekey_opts *o;
	struct pump *pump;
	enum status status;		/* after one error line */

	enum form form;
	enum part part;
	struct age_armor from;
	struct age_header header;
	struct armor to;
	uint8_t nonce[AGE_NONCE_LEN];
	size_t nonce_len;
	struct secrets *secrets;	/* sodium_malloc() */
	uint64_t len;			/* bytes of the payload */
	uint8_t chunk[AGE_SEALED_LEN];	/* where armor goes out: the last */
};

static int
stop(struct rekey *r, enum status status)
{

	r->status = status;
	return (status == STATUS_OK ? 0 : -1);
}

static int
refuse_wrong(struct rekey *r, enum age_fault fault, struct age_wrong *w)
{

	if (r->form == ARMORED)
		w->at = r->from.line_at;
	return (stop(r, open_refuse(fault, w)));
}

static int
refuse(struct rekey *r, enum age_fault fault, uint64_t at, const char *why)
{
	struct age_wrong w = { .at = at };

	snprintf(w.why, sizeof(w.why), "%s", why);
	return (refuse_wrong(r, fault, &w));
}

static int
write_header(struct rekey *r)
{
	struct age_text text = { 0 };
	enum age_fault fault;
	enum status status;
	struct age_wrong w = { 0 };

	fault = age_unlock(r->o->ids, &r->header, r->secrets->file_key, &w);
	if (fault != AGE_FINE)
		return (refuse_wrong(r, fault, &w));
	status = recipients_header(r->o->to, r->secrets->file_key, &text);
	if (status == STATUS_OK)
		status = doors_shut(r->o->doors);
	if (status == STATUS_OK)
		status = armor_put(&r->to, r->pump, text.buf, text.len);
	age_text_wipe(&text);
	r->part = NONCE;
	return (stop(r, status));
}

/* Armored output is not what has to be opened: keep the last chunk. */
static void
remember(struct rekey *r, const uint8_t *buf, size_t len)
{
	size_t at = (size_t)(r->len % AGE_SEALED_LEN), n;

	for (; len > 0; buf += n, len -= n, at = 0) {
		n = AGE_SEALED_LEN - at < len ? AGE_SEALED_LEN - at : len;
		memcpy(r->chunk + at, buf, n);
	}
}

static int
take_payload(struct rekey *r, const uint8_t *buf, size_t len)
{

	if (r->to.on)
		remember(r, buf, len);
	r->len += len;
	return (stop(r, armor_put(&r->to, r->pump, buf, len)));
}

static int
take_nonce(struct rekey *r, const uint8_t **buf, size_t *len)
{
	size_t n = AGE_NONCE_LEN - r->nonce_len;

	if (n > *len)
		n = *len;
	memcpy(r->nonce + r->nonce_len, *buf, n);
	r->nonce_len += n;
	*buf += n;
	*len -= n;
	if (r->nonce_len < AGE_NONCE_LEN)
		return (0);
	age_payload_key(r->secrets->file_key, r->nonce,
	    r->secrets->payload_key);
	r->part = PAYLOAD;
	return (stop(r, armor_put(&r->to, r->pump, r->nonce, AGE_NONCE_LEN)));
}

/* The bytes of the binary file. */
static int
take(void *arg, const uint8_t *buf, size_t len)
{
	struct rekey *r = arg;
	struct age_header *h = &r->header;
	size_t n = 0;
	int got;

	if (r->part == HEADER) {
		if ((got = age_header_feed(h, buf, len, &n)) == -1)
			return (refuse(r, h->stranger ? AGE_NOT_AGE :
			    h->no_memory ? AGE_MEMORY : AGE_BAD_HEADER,
			    h->bad_at, h->why));
		if (got == 0)
			return (0);
		if (write_header(r) == -1)
			return (-1);
		buf += n;
		len -= n;
	}
	if (r->part == NONCE && take_nonce(r, &buf, &len) == -1)
		return (-1);
	return (r->part == PAYLOAD ? take_payload(r, buf, len) : 0);
}

static enum status
rekey_ready(void *arg, const struct publish *report)
{
	const struct rekey *r = arg;

	return (doors_ready(r->o->doors, report));
}

static uint8_t *
rekey_room(void *arg, struct pump *p, size_t *len)
{
	const struct rekey *r = arg;

	if (r->form != BINARY || r->part != PAYLOAD || r->to.on)
		return (NULL);
	return (pump_room(p, len));
}

static enum status
rekey_data(void *arg, struct pump *p, const uint8_t *buf, size_t len)
{
	struct rekey *r = arg;

	r->pump = p;
	if (r->form == UNKNOWN) {
		r->form = buf[0] == (uint8_t)AGE_MAGIC[0] ? BINARY : ARMORED;
		r->from.sink = take;
		r->from.arg = r;
	}
	if (r->form == BINARY)
		(void)take(r, buf, len);
	else if (age_armor_feed(&r->from, buf, len) == -1 &&
	    r->status == STATUS_OK)
		(void)refuse(r, r->from.stranger ? AGE_NOT_AGE :
		    AGE_BAD_HEADER, 0, r->from.why);
	return (r->status);
}

/* The payload ends where it should: its last chunk opens as the final one. */
static int
check_last(struct rekey *r)
{
	uint64_t start = r->header.len + AGE_NONCE_LEN, index;
	struct cipher *c;
	size_t len;
	bool final, other = false;

	index = r->len == 0 ? 0 : (r->len - 1) / AGE_SEALED_LEN;
	len = (size_t)(r->len - index * AGE_SEALED_LEN);
	if (len < AGE_TAG_LEN || (len == AGE_TAG_LEN && index > 0))
		return (refuse(r, AGE_CUT, start + r->len, "cut short in its "
		    "last chunk"));
	if (!r->to.on && pump_last(r->pump, r->chunk, len) == -1)
		abort();	/* it is all there, and less than is held */
	if ((c = cipher_new(r->secrets->payload_key, CIPHER_OPEN)) == NULL) {
		msg_errno("decryption");
		return (stop(r, STATUS_LOCAL));
	}
	final = cipher_open(c, index, true, r->chunk, len,
	    r->secrets->plain) == 0;
	if (!final)
		other = cipher_open(c, index, false, r->chunk, len,
		    r->secrets->plain) == 0;
	cipher_free(c);
	if (final)
		return (0);
	return (refuse(r, AGE_CUT, start + r->len, other ?
	    "cut short behind its last chunk: no final chunk" :
	    "cut short in its last chunk, or that chunk is damaged"));
}

static enum status
rekey_finish(void *arg, struct pump *p)
{
	struct rekey *r = arg;

	r->pump = p;
	if (r->form == UNKNOWN)
		(void)refuse(r, AGE_NOT_AGE, 0, "empty");
	else if (r->form == ARMORED && age_armor_end(&r->from) == -1)
		(void)refuse(r, r->from.stranger ? AGE_NOT_AGE : AGE_CUT, 0,
		    r->from.why);
	else if (r->part == HEADER)
		(void)refuse(r, AGE_CUT, r->header.len, "cut short in its "
		    "header");
	else if (r->part == NONCE)
		(void)refuse(r, AGE_CUT, r->header.len + r->nonce_len,
		    "cut short behind its header");
	else if (check_last(r) == 0)
		(void)stop(r, armor_end(&r->to, p));
	return (r->status);
}

static void
rekey_free(struct rekey *r)
{

	if (r == NULL)
		return;
	age_header_wipe(&r->header);
	sodium_free(r->secrets);
	free(r);
}

static struct rekey *
rekey_new(const struct rekey_opts *o)
{
	struct rekey *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return (NULL);
	if ((r->secrets = sodium_malloc(sizeof(*r->secrets))) == NULL) {
		free(r);
		return (NULL);
	}
	r->o = o;
	r->to.on = o->armor;
	return (r);
}

enum status
rekey_run(const struct rekey_opts *o)
{
	struct pump_opts po = {
		.in = STDIN_FILENO, .in_name = "stdin",
		.out = STDOUT_FILENO, .out_name = "stdout", .wide = true,
		.aux = -1, .report = o->report,
		.stage = { .ready = rekey_ready, .room = rekey_room,
		    .data = rekey_data, .finish = rekey_finish },
	};
	enum status status = STATUS_LOCAL;
	struct rekey *r;

	r = rekey_new(o);
	po.record = record_new("pgb-encrypt");
	if (r == NULL || po.record == NULL) {
		msg_errno("--rekey");
		goto out;
	}
	record_str(po.record, "mode", "rekey");
	record_int(po.record, "recipients", recipients_count(o->to));
	record_bool(po.record, "armor", o->armor);
	po.stage.arg = r;
	status = pump_run(&po);
	if (status == STATUS_OK)
		msg_note("rekeyed, which revokes nothing: who could open the "
		    "old file still can, wherever a copy of it is");
out:
	record_free(po.record);
	rekey_free(r);
	return (status);
}
