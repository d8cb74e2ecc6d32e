/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "msg.h"
#include "send/shipment-impl.h"
#include "sig.h"
#include "secret/secrets.h"

/* Give each destination its name; none may be there twice. */
static enum status
name_all(struct shipment *s)
{
	const struct archive_header *h = carrier_archive(s->carrier);
	struct dest_words w = { .now = s->began.tv_sec, .db = s->opts->db,
	    .server = s->opts->server };
	enum status status;
	struct stop *p;
	size_t i, j;

	if (w.db == NULL && h != NULL)
		w.db = h->dbname;
	if (w.server == NULL && h != NULL)
		w.server = h->server;
	for (i = 0; i < s->count; i++) {
		p = &s->stops[i];
		status = dest_expand(&p->dest, &w, p->path);
		if (status != STATUS_OK)
			return (status);
		if ((p->name = dest_name(&p->dest, p->path)) == NULL) {
			msg_errno(p->path);
			return (STATUS_LOCAL);
		}
		for (j = 0; j < i; j++)
			if (strcmp(s->stops[j].name, p->name) == 0) {
				msg_error("%s: named twice", p->name);
				return (STATUS_USAGE);
			}
		if (!p->dest.remote && s->opts->report != NULL &&
		    local_same(p->path, s->opts->report)) {
			msg_error("%s: destination and report are one file",
			    s->opts->report);
			return (STATUS_USAGE);
		}
	}
	return (STATUS_OK);
}

/* What the user can put right at once is not shipped around. */
enum status
shipment_open(struct shipment *s)
{
	enum status status;
	struct stop *p;
	size_t i;

	s->opened = true;
	if ((status = name_all(s)) != STATUS_OK)
		return (status);
	for (i = 0; i < s->count; i++) {
		p = &s->stops[i];
		p->target = p->dest.remote ?
		    upload_open(&p->dest, p->path, p->name, &s->common,
		    &status) : local_open(p->path, &s->common, &status);
		if (sig_caught() != 0)
			return (STATUS_LOCAL);
		if (p->target != NULL)
			continue;
		if (status == STATUS_USAGE)
			return (status);
		shipment_failed(s, p, status);
	}
	if (shipment_alive(s) == 0)
		return (s->first);
	if (shipment_alive(s) < s->count)
		shipment_go_without(s);
	/* From now on nobody is there to be asked. */
	secrets_seal(s->opts->secrets);
	return (STATUS_OK);
}

enum status
target_short(struct fault *f, uint64_t avail, const struct ship_opts *o,
    bool expect, enum status status)
{

	if (expect && o->expect_size > 0 && avail < o->expect_size)
		fault_set(f, status, "%llu bytes are expected, and %llu are "
		    "free", (unsigned long long)o->expect_size,
		    (unsigned long long)avail);
	else
		fault_set(f, status, "%llu bytes are free, and %llu are to be "
		    "left (--min-free)%s", (unsigned long long)avail,
		    (unsigned long long)o->min_free,
		    expect && o->expect_size > 0 ? " by this backup" : "");
	return (status);
}
