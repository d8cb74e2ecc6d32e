/* SPDX-License-Identifier: ISC */
#include <unistd.h>

#include "msg.h"
#include "open.h"
#include "pump.h"

struct opening {
	struct age_opener *opener;
	struct pump *pump;
	struct doors *doors;
	enum status status;	/* of the output */
};

enum status
open_refuse(enum age_fault fault, const struct age_wrong *w)
{
	const char *why = w->why;

	switch (fault) {
	case AGE_NOT_AGE:
		msg_error("stdin: %s", why);
		msg_hint("it takes what age or pgb-encrypt wrote");
		return (STATUS_DATA);
	case AGE_NO_MATCH:
		msg_error("stdin: %s", why);
		msg_hint("give the identity file of one of its recipients: "
		    "-i FILE");
		return (STATUS_DATA);
	case AGE_WRONG_PASSPHRASE:
		msg_error("stdin: %s", why);
		return (STATUS_DATA);
	case AGE_WANTS_KEY:
		msg_error("stdin: %s", why);
		msg_hint("pgb-encrypt --inspect tells what it was encrypted "
		    "to; -i FILE takes the key");
		return (STATUS_DATA);
	case AGE_WANTS_PASSPHRASE:
		msg_error("stdin: %s", why);
		msg_hint("-p asks for it, --passphrase-file FILE reads it");
		return (STATUS_DATA);
	case AGE_TOLD:
		return (w->told);
	case AGE_MEMORY:
		msg_error("stdin: %s", why);
		return (STATUS_LOCAL);
	case AGE_FINE:
	case AGE_BAD_HEADER:
	case AGE_BAD_MAC:
	case AGE_BAD_CHUNK:
	case AGE_CUT:
	case AGE_STOPPED:
		break;
	}
	msg_error("stdin: age: byte %llu: %s", (unsigned long long)w->at, why);
	return (STATUS_DATA);
}

static enum status
refuse(const struct opening *o)
{
	enum age_fault fault = age_opener_fault(o->opener);

	if (fault == AGE_STOPPED)
		return (o->status);
	return (open_refuse(fault, age_opener_wrong(o->opener)));
}

static int
opened(void *arg, const uint8_t *buf, size_t len)
{
	struct opening *o = arg;

	o->status = pump_emit(o->pump, buf, len);
	return (o->status == STATUS_OK ? 0 : -1);
}

static uint8_t *
reserve(void *arg, size_t len)
{
	const struct opening *o = arg;

	return (pump_reserve(o->pump, len));
}

static uint8_t *
open_room(void *arg, struct pump *p, size_t *len)
{
	struct opening *o = arg;

	o->pump = p;
	return (age_opener_room(o->opener, len));
}

static enum status
open_data(void *arg, struct pump *p, const uint8_t *buf, size_t len)
{
	struct opening *o = arg;

	o->pump = p;
	if (age_opener_feed(o->opener, buf, len) == 0)
		return (STATUS_OK);
	return (refuse(o));
}

static enum status
open_finish(void *arg, struct pump *p)
{
	struct opening *o = arg;

	o->pump = p;
	if (age_opener_end(o->opener) == 0)
		return (STATUS_OK);
	return (refuse(o));
}

static enum status
open_ready(void *arg, const struct publish *report)
{
	const struct opening *o = arg;

	return (doors_ready(o->doors, report));
}

/* Plugins and passphrases have had their turn. */
static enum status
open_unlocked(void *arg)
{
	const struct opening *o = arg;

	return (doors_shut(o->doors));
}

static void
open_stop(void *arg)
{
	struct opening *o = arg;

	age_opener_free(o->opener);
	o->opener = NULL;
}

enum status
open_run(struct identities *ids, unsigned threads, const char *report,
    struct doors *doors)
{
	struct opening o = { .status = STATUS_OK, .doors = doors };
	struct pump_opts po = {
		.in = STDIN_FILENO, .in_name = "stdin",
		.out = STDOUT_FILENO, .out_name = "stdout", .wide = true,
		.ahead = payload_ahead(threads), .aux = -1, .report = report,
		.stage = { .ready = open_ready, .room = open_room,
		    .data = open_data, .finish = open_finish,
		    .stop = open_stop, .arg = &o },
	};
	enum status status = STATUS_LOCAL;

	o.opener = age_opener_new(ids, threads, opened, reserve, &o);
	po.record = record_new("pgb-encrypt");
	if (o.opener == NULL || po.record == NULL) {
		msg_errno("decryption");
		goto out;
	}
	age_opener_on_unlock(o.opener, open_unlocked);
	record_str(po.record, "mode", "decrypt");
	msg_verbose("decrypting: threads: %u, by %s", threads, cipher_name());
	status = pump_run(&po);
out:
	record_free(po.record);
	age_opener_free(o.opener);
	return (status);
}
