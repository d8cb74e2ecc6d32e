/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "age/keyfile.h"
#include "doors.h"
#include "fdio.h"
#include "inspect/inspect.h"
#include "keys.h"
#include "msg.h"
#include "open.h"
#include "options.h"
#include "privacy.h"
#include "progress/progress.h"
#include "pump.h"
#include "rekey.h"
#include "seal.h"
#include "sig.h"

/* What opens a stream, or says whom to encrypt to; -p asks here. */
static struct identities *
load_identities(const struct options *o, enum status *status)
{
	struct identities *ids;
	size_t i;

	if ((ids = identities_new(&o->from)) == NULL) {
		*status = STATUS_LOCAL;
		return (NULL);
	}
	identities_set_work(ids, o->work);
	for (i = 0; i < o->identities.count && *status == STATUS_OK; i++)
		*status = identities_load(ids, o->identities.v[i], 0);
	if (o->passphrase && *status == STATUS_OK)
		*status = identities_ask(ids);
	if (o->late)
		identities_ask_late(ids);
	return (ids);
}

static struct recipients *
load_recipients(const struct options *o, enum status *status)
{
	struct recipients *to;
	char where[64] = "-r";
	size_t i;

	if ((to = recipients_new()) == NULL) {
		*status = STATUS_LOCAL;
		return (NULL);
	}
	for (i = 0; i < o->recipients.count && *status == STATUS_OK; i++) {
		if (o->recipients.count > 1)
			snprintf(where, sizeof(where), "-r (%zu of %zu)",
			    i + 1, o->recipients.count);
		*status = recipients_add(to, where, o->recipients.v[i]);
	}
	for (i = 0; i < o->files.count && *status == STATUS_OK; i++)
		*status = recipients_load(to, o->files.v[i]);
	return (to);
}

/* -e -i FILE with a passphrase that FILE does not need: was it to encrypt? */
static enum status
check_used(const struct options *o, const struct identities *ids)
{

	if (identities_used_passphrase(ids) ||
	    (!o->ask && o->from.file == NULL && o->from.fd == -1))
		return (STATUS_OK);
	msg_error("a passphrase was given, but no file of -i is under one");
	msg_hint("to encrypt with it, leave -i away: a passphrase must be the "
	    "only recipient");
	return (STATUS_USAGE);
}

static enum status
encrypt(const struct options *o)
{
	struct doors doors = { .open = o->no_sandbox, .dir = -1 };
	struct seal_opts so = { .raw = o->raw, .armor = o->armor,
	    .threads = o->jobs, .report = o->report, .doors = &doors };
	enum status status = STATUS_OK;
	struct passphrase *pass = NULL;
	struct identities *ids = NULL;
	struct recipients *to;

	to = load_recipients(o, &status);
	if (status == STATUS_OK && o->identities.count > 0) {
		ids = load_identities(o, &status);
		if (status == STATUS_OK)
			status = check_used(o, ids);
		if (status == STATUS_OK)
			status = recipients_of(to, ids);
	}
	if (status == STATUS_OK && o->passphrase) {
		pass = passphrase_get(&o->from, "passphrase", true, &status);
		recipients_set_passphrase(to, pass);
	}
	so.to = to;
	if (status == STATUS_OK)
		status = seal_run(&so);
	sodium_free(pass);
	identities_free(ids);
	recipients_free(to);
	return (status);
}

static enum status
decrypt(const struct options *o)
{
	struct doors doors = { .open = o->no_sandbox, .dir = -1 };
	enum status status = STATUS_OK;
	struct identities *ids;

	ids = load_identities(o, &status);
	if (status == STATUS_OK) {
		doors.late = identities_reach_out(ids);
		status = open_run(ids, o->jobs, o->report, &doors);
	}
	identities_free(ids);
	return (status);
}

static enum status
rekey(const struct options *o)
{
	struct doors doors = { .open = o->no_sandbox, .dir = -1 };
	struct rekey_opts ro = { .armor = o->armor, .report = o->report,
	    .doors = &doors };
	enum status status = STATUS_OK;
	struct identities *ids = NULL;
	struct recipients *to;

	ro.to = to = load_recipients(o, &status);
	if (status == STATUS_OK)
		ro.ids = ids = load_identities(o, &status);
	if (status == STATUS_OK) {
		doors.late = identities_reach_out(ids) ||
		    recipients_plugin(to);
		status = rekey_run(&ro);
	}
	identities_free(ids);
	recipients_free(to);
	return (status);
}

static enum status
recipient_of(const struct options *o)
{
	enum status status = STATUS_OK;
	struct identities *ids;

	if ((ids = load_identities(o, &status)) != NULL) {
		status = identities_load(ids, o->key, KEYFILE_STDIN);
		if (status == STATUS_OK)
			status = keys_print(ids);
	}
	identities_free(ids);
	return (status);
}

static enum status
inspect(const struct options *o)
{
	struct doors doors = { .open = o->no_sandbox, .dir = -1 };
	enum status status;

	if ((status = doors_shut(&doors)) != STATUS_OK)
		return (status);
	return (inspect_run(o->json));
}

static enum status
run(const struct options *o)
{
	enum status status;

	if (sodium_init() == -1) {
		msg_error("libsodium cannot be used on this machine");
		return (STATUS_LOCAL);
	}
	if (o->mode == KEYGEN)
		return (keygen(o->key));
	if (o->mode == RECIPIENT_OF)
		return (recipient_of(o));
	if (o->mode == INSPECT)
		return (inspect(o));
	/* Armor is text, which may be looked at. */
	if ((status = pump_check_ends(o->armor, o->mode == ENCRYPT ? NULL :
	    "it takes an age file: pgb-encrypt ... <BACKUP.age")) != STATUS_OK)
		return (status);
	progress_begin(&o->progress, &(struct progress_stage){
	    .name = o->mode == DECRYPT ? "decrypt" : o->mode == REKEY ?
	    "rekey" : "encrypt" });
	switch (o->mode) {
	case DECRYPT:
		return (decrypt(o));
	case REKEY:
		return (rekey(o));
	default:
		return (encrypt(o));
	}
}

int
main(int argc, char **argv)
{
	struct options o;
	int status;

	msg_program("pgb-encrypt");
	if (fd_sanitize() == -1)
		return (STATUS_LOCAL);
	privacy_keep();
	sig_install();
	if ((status = options_parse(&o, argc, argv)) == STATUS_OK)
		status = (int)run(&o);
	progress_end();
	options_free(&o);
	sig_reraise();
	return (status == OPT_DONE ? STATUS_OK : status);
}
