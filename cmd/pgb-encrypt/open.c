/* SPDX-License-Identifier: ISC */
#include <unistd.h>

#include "age-key.h"
#include "msg.h"
#include "open.h"
#include "pump.h"

struct opening {
	struct age_opener *opener;
	struct pump *pump;
	enum status status;	/* of the output */
};

/* One sentence for each thing that can be wrong with an age file. */
static enum status
refuse(const struct opening *o)
{
	const char *why = age_opener_why(o->opener);

	switch (age_opener_fault(o->opener)) {
	case AGE_STOPPED:
		return (o->status);
	case AGE_NOT_AGE:
		msg_error("stdin: %s", why);
		msg_hint("-d reads what age or pgb-encrypt wrote");
		return (STATUS_DATA);
	case AGE_NO_MATCH:
		msg_error("stdin: %s", why);
		msg_hint("give the identity file of one of its recipients: "
		    "-i FILE");
		return (STATUS_DATA);
	case AGE_OTHER_KIND:
		msg_error("stdin: %s", why);
		msg_hint("age -d opens what it was encrypted with");
		return (STATUS_DATA);
	case AGE_MEMORY:
		msg_error("stdin: %s", why);
		return (STATUS_LOCAL);
	case AGE_FINE:
	case AGE_BAD_HEADER:
	case AGE_BAD_MAC:
	case AGE_BAD_CHUNK:
	case AGE_CUT:
		break;
	}
	msg_error("stdin: age: byte %llu: %s",
	    (unsigned long long)age_opener_at(o->opener), why);
	return (STATUS_DATA);
}

static int
opened(void *arg, const uint8_t *buf, size_t len)
{
	struct opening *o = arg;

	o->status = pump_emit(o->pump, buf, len);
	return (o->status == STATUS_OK ? 0 : -1);
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

enum status
open_run(const struct identities *ids, const char *report)
{
	struct opening o = { .status = STATUS_OK };
	struct pump_opts po = {
		.in = STDIN_FILENO, .in_name = "stdin",
		.out = STDOUT_FILENO, .out_name = "stdout",
		.aux = -1, .report = report,
		.stage = { .data = open_data, .finish = open_finish,
		    .arg = &o },
	};
	enum status status = STATUS_LOCAL;

	o.opener = age_opener_new(ids, opened, &o);
	po.record = record_new("pgb-encrypt");
	if (o.opener == NULL || po.record == NULL) {
		msg_errno("decryption");
		goto out;
	}
	record_str(po.record, "mode", "decrypt");
	status = pump_run(&po);
out:
	record_free(po.record);
	age_opener_free(o.opener);
	return (status);
}
