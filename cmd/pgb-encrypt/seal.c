/* SPDX-License-Identifier: ISC */
/*
 * Sealing: header and nonce at the first byte, then the payload.  The header is
 * made before: what wraps a file key may be a plugin, or take a second, and
 * when a byte is read that may be hostile, all doors are shut.
 *
 * The final chunk is sealed under a flag of its own, and it is the proof that a
 * file is whole.  So it is sealed in finish() alone, which the pump calls only
 * when the input is proven complete.  A file that stops before has no final
 * chunk, and no age opens it to its end.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "age/payload.h"
#include "armor.h"
#include "carrier/carrier.h"
#include "msg.h"
#include "pump.h"
#include "seal.h"

struct secrets {
	uint8_t file_key[AGE_FILE_KEY_LEN];
	uint8_t payload_key[AGE_KEY_LEN];
};

struct seal {
	const struct seal_opts *o;
	const struct carrier *carrier;	/* of the input */
	bool known;			/* that it is not age */
	struct secrets *secrets;	/* sodium_malloc() */
	struct age_text header;		/* with the nonce behind it */
	struct payload *payload;	/* NULL: the header is not out */
	struct armor armor;
	struct pump *pump;
	enum status status;		/* of the output */
};

static void
seal_stop(void *arg)
{
	struct seal *s = arg;

	payload_free(s->payload);
	s->payload = NULL;
}

static void
seal_free(struct seal *s)
{

	if (s == NULL)
		return;
	age_text_wipe(&s->header);
	sodium_free(s->secrets);
	free(s);
}

static struct seal *
seal_new(const struct seal_opts *o)
{
	struct seal *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	if ((s->secrets = sodium_malloc(sizeof(*s->secrets))) == NULL) {
		free(s);
		return (NULL);
	}
	s->o = o;
	s->armor.on = o->armor;
	return (s);
}

static int
sealed(void *arg, const uint8_t *buf, size_t len)
{
	struct seal *s = arg;

	s->status = armor_put(&s->armor, s->pump, buf, len);
	return (s->status == STATUS_OK ? 0 : -1);
}

static uint8_t *
reserve(void *arg, size_t len)
{
	const struct seal *s = arg;

	return (pump_reserve(s->pump, len));
}

static enum status
make_header(struct seal *s)
{
	struct secrets *k = s->secrets;
	uint8_t nonce[AGE_NONCE_LEN];
	enum status status;

	randombytes_buf(k->file_key, sizeof(k->file_key));
	status = recipients_header(s->o->to, k->file_key, &s->header);
	randombytes_buf(nonce, sizeof(nonce));
	age_payload_key(k->file_key, nonce, k->payload_key);
	sodium_memzero(k->file_key, sizeof(k->file_key));
	age_text_put(&s->header, nonce, sizeof(nonce));
	if (status == STATUS_OK && s->header.failed) {
		msg_errno("header");
		status = STATUS_LOCAL;
	}
	return (status);
}

static enum status
seal_ready(void *arg, const struct publish *report)
{
	struct seal *s = arg;
	enum status status;

	if ((status = make_header(s)) != STATUS_OK)
		return (status);
	return (doors_ready(s->o->doors, report));
}

static enum status
begin(struct seal *s)
{
	enum status status;

	if (s->payload != NULL)
		return (STATUS_OK);
	status = armor_put(&s->armor, s->pump, s->header.buf, s->header.len);
	if (status != STATUS_OK)
		return (status);
	msg_verbose("encrypting: recipients: %zu, threads: %u, by %s",
	    recipients_count(s->o->to), s->o->threads, cipher_name());
	s->payload = payload_new(PAYLOAD_SEAL, s->secrets->payload_key,
	    s->o->threads, sealed, s->armor.on ? NULL : reserve, s);
	sodium_memzero(s->secrets, sizeof(*s->secrets));
	if (s->payload != NULL)
		return (STATUS_OK);
	msg_errno("encryption");
	return (STATUS_LOCAL);
}

/* Why the payload stopped. */
static enum status
failed(const struct seal *s)
{

	if (payload_fault(s->payload) == PAYLOAD_STOPPED)
		return (s->status);
	msg_error("encryption: %s", payload_why(s->payload));
	return (STATUS_LOCAL);
}

/* Who forgets -d should not find his backup encrypted twice. */
static enum status
check_age(struct seal *s)
{

	if (s->known || s->o->raw || s->carrier == NULL)
		return (STATUS_OK);
	if (carrier_is_age(s->carrier)) {
		msg_error("stdin: is encrypted with age already");
		msg_hint("-d -i FILE decrypts; to encrypt it once more: --raw");
		return (STATUS_USAGE);
	}
	s->known = carrier_known(s->carrier);
	return (STATUS_OK);
}

static uint8_t *
seal_room(void *arg, struct pump *p, size_t *len)
{
	struct seal *s = arg;

	s->pump = p;
	return (s->payload == NULL ? NULL : payload_room(s->payload, len));
}

static enum status
seal_data(void *arg, struct pump *p, const uint8_t *buf, size_t len)
{
	struct seal *s = arg;
	enum status status;

	s->pump = p;
	if ((status = check_age(s)) != STATUS_OK ||
	    (status = begin(s)) != STATUS_OK)
		return (status);
	return (payload_put(s->payload, buf, len) == 0 ? STATUS_OK :
	    failed(s));
}

static enum status
seal_finish(void *arg, struct pump *p)
{
	struct seal *s = arg;
	enum status status;

	s->pump = p;
	if ((status = check_age(s)) != STATUS_OK ||
	    (status = begin(s)) != STATUS_OK)
		return (status);
	if (payload_end(s->payload) == -1)
		return (failed(s));
	return (armor_end(&s->armor, p));
}

enum status
seal_run(const struct seal_opts *so)
{
	struct pump_opts o = {
		.in = STDIN_FILENO, .in_name = "stdin",
		.out = STDOUT_FILENO, .out_name = "stdout", .wide = true,
		.ahead = payload_ahead(so->threads), .raw = so->raw, .aux = -1,
		.report = so->report,
		.stage = { .ready = seal_ready, .room = seal_room,
		    .data = seal_data, .finish = seal_finish,
		    .stop = seal_stop },
	};
	enum status status = STATUS_LOCAL;
	struct seal *s;

	s = seal_new(so);
	o.carrier = carrier_new(NULL);
	o.record = record_new("pgb-encrypt");
	if (s == NULL || o.carrier == NULL || o.record == NULL) {
		msg_errno("encryption");
		goto out;
	}
	s->carrier = o.carrier;
	record_str(o.record, "mode", "encrypt");
	record_int(o.record, "recipients", recipients_count(so->to));
	record_bool(o.record, "armor", so->armor);
	o.stage.arg = s;
	status = pump_run(&o);
out:
	record_free(o.record);
	carrier_free(o.carrier);
	seal_free(s);
	return (status);
}
