/* SPDX-License-Identifier: ISC */
#include <sodium.h>

#include "fdio.h"
#include "fetch/fetch.h"
#include "msg.h"
#include "options.h"
#include "privacy.h"
#include "progress/progress.h"
#include "send/shipment.h"
#include "shelf/shelf.h"
#include "sig.h"
#include "ssh/askpass.h"
#include "secret/secrets.h"
#include "ssh/wire-libssh2.h"
#include "walls.h"

static enum status
start(struct ship_opts *o)
{

	if (sodium_init() == -1 || wire_libssh2_init() == -1) {
		msg_error("libsodium or libssh2 does not start");
		return (STATUS_LOCAL);
	}
	if ((o->secrets = secrets_new(o)) != NULL)
		return (STATUS_OK);
	msg_error("no memory");
	return (STATUS_LOCAL);
}

/* Before rights are given up, and before anything is opened. */
static void
show_progress(const struct task *t)
{

	if (t->fetch != NULL || t->dests.count > 0)
		progress_begin(&t->opts.progress, &(struct progress_stage){
		    .name = t->fetch != NULL ? "fetch" : "ship",
		    .source = t->fetch != NULL, .sink = t->opts.sink,
		    .stores = t->fetch == NULL });
}

static enum status
do_task(const struct task *t)
{

	if (t->fetch != NULL)
		return (fetch_run(t->fetch, t->range, &t->opts));
	if (t->list != NULL)
		return (shelf_list(t->list, t->json, &t->opts));
	if (t->prune != NULL)
		return (shelf_prune(t->prune, &t->keep, t->dry_run, t->json,
		    &t->opts));
	return (shipment_run(&t->dests, &t->opts));
}

int
main(int argc, char **argv)
{
	struct task t;
	int status;

	msg_program("pgb-ship");
	if (fd_sanitize() == -1)
		return (STATUS_LOCAL);
	privacy_keep();
	if (askpass_wanted())
		return (askpass_main(argc, argv));
	sig_install();
	status = options_parse(&t, argc, argv);
	if (status == STATUS_OK)
		status = (int)start(&t.opts);
	if (status == STATUS_OK) {
		show_progress(&t);
		status = (int)walls_shut(&t);
	}
	if (status == STATUS_OK)
		status = (int)do_task(&t);
	progress_end();
	routes_free(t.opts.routes);
	secrets_free(t.opts.secrets);
	options_free(&t);
	sig_reraise();
	return (status == OPT_DONE ? STATUS_OK : status);
}
