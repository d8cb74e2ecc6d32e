/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "fdio.h"
#include "identity.h"
#include "keys.h"
#include "msg.h"
#include "open.h"
#include "opt.h"
#include "pump.h"
#include "seal.h"
#include "sig.h"

struct args {
	struct opt_list recipients;
	struct opt_list files;
	struct opt_list identities;
	bool decrypt;
	bool raw;
	const char *keygen;
	const char *report;
};

static int
parse(struct args *a, int argc, char **argv)
{
	const struct opt opts[] = {
		{ OPT_EACH, 'r', "recipient", "AGE1...", &a->recipients,
		    "encrypt to this public key; may be repeated" },
		{ OPT_EACH, 'R', "recipients-file", "FILE", &a->files,
		    "encrypt to the public keys in FILE, one a line" },
		{ OPT_FLAG, 0, "raw", NULL, &a->raw,
		    "take unknown input, whole or not" },
		{ OPT_FLAG, 'd', "decrypt", NULL, &a->decrypt, "decrypt" },
		{ OPT_EACH, 'i', "identity", "FILE", &a->identities,
		    "decrypt with the secret keys in FILE" },
		{ OPT_STRING, 0, "keygen", "FILE", &a->keygen,
		    "make a new key in FILE, print its public key" },
		{ OPT_STRING, 0, "report", "FILE", &a->report,
		    "after success, write a line of JSON to FILE" },
		{ OPT_END, 0, NULL, NULL, NULL, NULL },
	};
	const struct opt_spec spec = {
		.synopsis = "{-r AGE1... | -R FILE}... [--raw] "
		    "[--report FILE] < BACKUP > BACKUP.age\n"
		    "-d -i FILE... [--report FILE] < BACKUP.age > BACKUP\n"
		    "--keygen FILE",
		.what = "Encrypt a backup into an age file, or decrypt one.",
		.opts = opts,
		.example = "pgb-dump appdb | pgb-encrypt -R backup.pub | "
		    "pgb-ship --sink /backup/appdb.age",
		.max_operands = SIZE_MAX,
	};
	struct opt_list operands;
	int status;

	status = opt_parse(&spec, argc, argv, &operands);
	if (status == STATUS_OK && operands.count > 0) {
		/* Not shown: it may be a key. */
		msg_error("a word stands on the command line that belongs to "
		    "no option");
		msg_hint("the backup is read from stdin; keys go with -r, -R "
		    "and -i");
		status = STATUS_USAGE;
	}
	opt_list_free(&operands);
	return (status);
}

/* One of the three forms of the synopsis. */
static enum status
check(const struct args *a)
{
	bool to = a->recipients.count + a->files.count > 0;
	bool ids = a->identities.count > 0;

	if (a->keygen != NULL) {
		if (!to && !ids && !a->decrypt && !a->raw && a->report == NULL)
			return (STATUS_OK);
		msg_error("--keygen makes a key and takes no other option");
		return (STATUS_USAGE);
	}
	if (a->decrypt && to) {
		msg_error("-d decrypts, -r and -R encrypt: give one of them");
		return (STATUS_USAGE);
	}
	if (a->decrypt && !ids) {
		msg_error("-d: no identity given");
		msg_hint("add -i FILE, the file with the secret key");
		return (STATUS_USAGE);
	}
	if (a->decrypt && a->raw) {
		msg_error("--raw is for encryption: what -d reads is age, "
		    "and what comes out may be anything");
		return (STATUS_USAGE);
	}
	if (!a->decrypt && ids) {
		msg_error("-i is for decryption");
		msg_hint("add -d; to encrypt, give public keys: -r AGE1... or "
		    "-R FILE");
		return (STATUS_USAGE);
	}
	if (!a->decrypt && !to) {
		msg_error("no recipient given");
		msg_hint("-r AGE1... or -R FILE; a new key: pgb-encrypt "
		    "--keygen FILE");
		return (STATUS_USAGE);
	}
	return (STATUS_OK);
}

static enum status
encrypt(const struct args *a)
{
	const struct opt_list *words = &a->recipients, *files = &a->files;
	enum status status = STATUS_OK;
	struct recipients *to;
	char where[64] = "-r";
	size_t i;

	if ((to = calloc(1, sizeof(*to))) == NULL) {
		msg_errno("recipients");
		return (STATUS_LOCAL);
	}
	for (i = 0; i < words->count && status == STATUS_OK; i++) {
		if (words->count > 1)
			snprintf(where, sizeof(where), "-r (%zu of %zu)",
			    i + 1, words->count);
		status = recipients_add(to, where, words->v[i]);
	}
	for (i = 0; i < files->count && status == STATUS_OK; i++)
		status = recipients_load(to, files->v[i]);
	if (status == STATUS_OK)
		status = seal_run(to, a->raw, a->report);
	free(to);
	return (status);
}

static enum status
decrypt(const struct args *a)
{
	struct identities *ids = NULL;
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < a->identities.count && status == STATUS_OK; i++)
		status = identities_load(&ids, a->identities.v[i]);
	if (status == STATUS_OK)
		status = open_run(ids, a->report);
	identities_free(ids);
	return (status);
}

/* Keys must not end up in a core file. */
static void
no_core(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
main(int argc, char **argv)
{
	struct args a = { 0 };
	int status = STATUS_LOCAL;

	msg_program("pgb-encrypt");
	if (fd_sanitize() == -1)
		return (STATUS_LOCAL);
	no_core();
	sig_install();
	if ((status = parse(&a, argc, argv)) != STATUS_OK)
		goto out;
	if ((status = (int)check(&a)) != STATUS_OK)
		goto out;
	if (sodium_init() == -1) {
		msg_error("libsodium cannot be used on this machine");
		status = STATUS_LOCAL;
		goto out;
	}
	if (a.keygen != NULL)
		status = (int)keygen(a.keygen);
	else if ((status = (int)pump_check_ends(false)) == STATUS_OK)
		status = (int)(a.decrypt ? decrypt(&a) : encrypt(&a));
out:
	opt_list_free(&a.recipients);
	opt_list_free(&a.files);
	opt_list_free(&a.identities);
	sig_reraise();
	return (status == OPT_DONE ? STATUS_OK : status);
}
