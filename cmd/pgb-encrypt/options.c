/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "age/age-key.h"
#include "age/cipher.h"
#include "age/keyfile.h"
#include "lanes.h"
#include "msg.h"
#include "options.h"

#define JOBS_DEFAULT_MAX	8	/* memory is the limit before that */

/* As they were given. */
struct words {
	bool encrypt, decrypt, rekey, inspect;
	const char *keygen, *recipient_of;
	const char *fd, *jobs, *work;
};

/* Options that only some modes take. */
enum {
	TO = 1,			/* -r -R */
	ID = 2,			/* -i */
	PASS = 4,		/* -p --passphrase-file --passphrase-fd */
	RAW = 8,
	ARMOR = 16,
	JSON = 32,
	JOBS = 64,
	WORK = 128,
	REPORT = 256,
	PROGRESS = 512		/* --progress --no-progress */
};

static const struct {
	const char *name;
	unsigned takes;
} modes[] = {
	[ENCRYPT] = { "encryption", TO | ID | PASS | RAW | ARMOR | JOBS | WORK |
	    REPORT | PROGRESS },
	[DECRYPT] = { "-d", ID | PASS | JOBS | WORK | REPORT |
	    PROGRESS },
	[REKEY] = { "--rekey", TO | ID | PASS | ARMOR | WORK | REPORT |
	    PROGRESS },
	[INSPECT] = { "--inspect", JSON },
	[KEYGEN] = { "--keygen", 0 },
	[RECIPIENT_OF] = { "--recipient-of", PASS | WORK },
};

/* What is being filled. */
struct parsed {
	struct options o;
	struct words w;
};

#define TO(field)	offsetof(struct parsed, o.field)
#define WORD(field)	offsetof(struct parsed, w.field)

static const struct opt_row rows[] = {
	OPT_HEADING("To encrypt:"),
	{ OPT_EACH, 'r', "recipient", "KEY", TO(recipients),
	    "to this public key: age1..., or \"ssh-ed25519 ...\"" },
	{ OPT_EACH, 'R', "recipients-file", "FILE", TO(files),
	    "to the public keys in FILE, one a line" },
	{ OPT_FLAG, 'e', "encrypt", NULL, WORD(encrypt),
	    "encrypt; with -i to the identities' own recipients" },
	{ OPT_FLAG, 'a', "armor", NULL, TO(armor),
	    "write text instead of the binary file" },
	{ OPT_FLAG, 0, "raw", NULL, TO(raw),
	    "take unknown input, whole or not, and age again" },
	OPT_HEADING("To open:"),
	{ OPT_FLAG, 'd', "decrypt", NULL, WORD(decrypt), "decrypt" },
	{ OPT_EACH, 'i', "identity", "FILE", TO(identities),
	    "with the secret keys in FILE: age's, or an SSH key" },
	{ OPT_FLAG, 0, "rekey", NULL, WORD(rekey),
	    "open with -i, write the same for -r and -R" },
	{ OPT_STRING, 0, "max-work-factor", "N", WORD(work),
	    "scrypt's work for a passphrase; 22 at most" },
	OPT_HEADING("Passphrases:"),
	{ OPT_FLAG, 'p', "passphrase", NULL, TO(ask),
	    "with a passphrase, asked for at the terminal" },
	{ OPT_STRING, 0, "passphrase-file", "FILE", TO(from.file),
	    "the one line in FILE" },
	{ OPT_STRING, 0, "passphrase-fd", "N", WORD(fd),
	    "the one line that descriptor N gives" },
	OPT_HEADING("Keys and files:"),
	{ OPT_STRING, 0, "keygen", "FILE", WORD(keygen),
	    "make a new key in FILE, print its public key" },
	{ OPT_STRING, 0, "recipient-of", "FILE", WORD(recipient_of),
	    "print the public keys of an identity file" },
	{ OPT_FLAG, 0, "inspect", NULL, WORD(inspect),
	    "say what the age file at stdin is; needs no key" },
	{ OPT_FLAG, 0, "json", NULL, TO(json), "say it in JSON" },
	OPT_HEADING("Always:"),
	{ OPT_STRING, 'j', "jobs", "N", WORD(jobs),
	    "threads (as many as processors, 8 at most)" },
	{ OPT_STRING, 0, "report", "FILE", TO(report),
	    "at success, write a line of JSON to FILE" },
	{ OPT_FLAG, 0, "no-sandbox", NULL, TO(no_sandbox),
	    "keep the rights that are not needed" },
	PROGRESS_ROWS(TO),
};

static int
parse(struct parsed *p, int argc, char **argv)
{
	const struct opt_spec spec = {
		.synopsis = "{-r KEY | -R FILE | -e -i FILE}... [-a] [--raw] "
		    "<IN >OUT.age\n"
		    "-p [-a] [--raw] <IN >OUT.age\n"
		    "-d {-i FILE... | -p} <IN.age >OUT\n"
		    "--rekey {-i FILE... | -p} {-r KEY | -R FILE}... "
		    "<OLD >NEW\n"
		    "--inspect [--json] <IN.age\n"
		    "--keygen FILE | --recipient-of FILE",
		.what = "Encrypt a backup into an age file, or decrypt one.",
		.example = "pgb-dump appdb | pgb-encrypt -R backup.pub |\n"
		    "      pgb-ship --sink /backup/appdb-{time}.dump.age",
		.with = cipher_name(),
		.max_operands = SIZE_MAX,
		.short_hint = "the input is stdin, the output stdout",
	};
	struct opt_list operands;
	int status;

	status = opt_parse_rows(&spec, rows, sizeof(rows) / sizeof(rows[0]), p,
	    argc, argv, &operands);
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

static enum status
numbers(struct options *o, const struct words *w)
{

	if (opt_number("-j", w->jobs, 1, LANES_MAX, &o->jobs) == -1 ||
	    opt_number("--max-work-factor", w->work, 1, AGE_WORK_MAX,
	    &o->work) == -1 ||
	    passphrase_take_fd(&o->from, w->fd) != STATUS_OK)
		return (STATUS_USAGE);
	if (w->jobs == NULL)
		o->jobs = opt_processors(JOBS_DEFAULT_MAX);
	if (w->work == NULL)
		o->work = AGE_WORK_READ;
	return (STATUS_OK);
}

static enum status
find_mode(struct options *o, const struct words *w)
{
	const struct {
		bool given;
		enum mode mode;
		const char *name;
	} v[] = {
		{ w->encrypt, ENCRYPT, "-e" },
		{ w->decrypt, DECRYPT, "-d" },
		{ w->rekey, REKEY, "--rekey" },
		{ w->inspect, INSPECT, "--inspect" },
		{ w->keygen != NULL, KEYGEN, "--keygen" },
		{ w->recipient_of != NULL, RECIPIENT_OF, "--recipient-of" },
	};
	const char *name = NULL;
	size_t i;

	o->mode = ENCRYPT;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		if (!v[i].given)
			continue;
		if (name != NULL) {
			msg_error("%s and %s: give one of them", name,
			    v[i].name);
			return (STATUS_USAGE);
		}
		name = v[i].name;
		o->mode = v[i].mode;
	}
	o->key = w->keygen != NULL ? w->keygen : w->recipient_of;
	return (STATUS_OK);
}

/* Confusions that are common enough for a sentence of their own. */
static bool
confused(const struct options *o, const struct words *w, unsigned given)
{

	if (o->mode == DECRYPT && (given & TO) != 0) {
		msg_error("-d decrypts, -r and -R encrypt: give one of them");
		msg_hint("--rekey writes a new header for other recipients");
	} else if (o->mode == DECRYPT && (given & RAW) != 0) {
		msg_error("--raw is for encryption: what -d reads is age, and "
		    "what comes out may be anything");
	} else if (o->mode == ENCRYPT && !w->encrypt && (given & ID) != 0) {
		msg_error("-i is for decryption, or for -e");
		msg_hint("add -d to decrypt; -e encrypts to the identities' "
		    "own recipients");
	} else if (o->mode == KEYGEN && given != 0) {
		msg_error("--keygen makes a key and takes no other option");
	} else
		return (false);
	return (true);
}

static enum status
check_takes(const struct options *o, unsigned given)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{ TO, "-r and -R" }, { ID, "-i" },
		{ PASS, "-p, --passphrase-file and --passphrase-fd" },
		{ RAW, "--raw" }, { ARMOR, "--armor" }, { JSON, "--json" },
		{ JOBS, "--jobs" }, { WORK, "--max-work-factor" },
		{ REPORT, "--report" },
		{ PROGRESS, "--progress and --no-progress" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((given & names[i].bit & ~modes[o->mode].takes) == 0)
			continue;
		msg_error("%s: not with %s", names[i].name,
		    modes[o->mode].name);
		return (STATUS_USAGE);
	}
	return (STATUS_OK);
}

static enum status
check_encrypt(struct options *o, unsigned given)
{

	if ((given & (TO | ID | PASS)) == 0) {
		msg_error("no recipient given");
		msg_hint("-r KEY, -R FILE, or -p for a passphrase; a new key: "
		    "pgb-encrypt --keygen FILE");
		return (STATUS_USAGE);
	}
	if ((given & (WORK | ID)) == WORK) {
		msg_error("--max-work-factor: not with encryption, but for -i");
		return (STATUS_USAGE);
	}
	/* With -i a passphrase is for files of identities. */
	o->passphrase = (given & (PASS | ID)) == PASS;
	if (o->passphrase && (given & TO) != 0) {
		msg_error("a passphrase must be the only recipient");
		msg_hint("age allows nothing beside it: give keys, or the "
		    "passphrase");
		return (STATUS_USAGE);
	}
	return (STATUS_OK);
}

static enum status
check_open(struct options *o, unsigned given)
{

	if (o->mode == REKEY && (given & TO) == 0) {
		msg_error("--rekey: no recipient given: nobody could open the "
		    "file any more");
		msg_hint("-r KEY or -R FILE: all who are to open it from now "
		    "on, old ones too");
		return (STATUS_USAGE);
	}
	if ((given & (ID | PASS)) == 0) {
		msg_error("%s: no identity given", modes[o->mode].name);
		msg_hint("add -i FILE, the file with the secret key; or -p, "
		    "--passphrase-file or --passphrase-fd");
		return (STATUS_USAGE);
	}
	o->passphrase = (given & ID) == 0;
	o->late = (given & (ID | PASS)) == (ID | PASS);
	return (STATUS_OK);
}

/* Keys that stand where a name belongs would be shown, or become one. */
static enum status
check_names(const struct options *o)
{
	const char *const names[] = { o->key, o->report, o->from.file };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] != NULL && keyfile_is_key(names[i]))
			return (keyfile_refuse_key());
	return (STATUS_OK);
}

static enum status
check(struct options *o, const struct words *w)
{
	unsigned given = 0;
	enum status status;

	if (o->recipients.count + o->files.count > 0)
		given |= TO;
	if (o->identities.count > 0)
		given |= ID;
	if (o->ask || o->from.file != NULL || o->from.fd != -1)
		given |= PASS;
	given |= (o->raw ? RAW : 0U) | (o->armor ? ARMOR : 0U) |
	    (o->json ? JSON : 0U) | (w->jobs != NULL ? JOBS : 0U) |
	    (w->work != NULL ? WORK : 0U) | (o->report != NULL ? REPORT : 0U) |
	    (o->progress.on || o->progress.off ? PROGRESS : 0U);
	if (confused(o, w, given))
		return (STATUS_USAGE);
	if ((status = check_names(o)) != STATUS_OK)
		return (status);
	if ((status = check_takes(o, given)) != STATUS_OK ||
	    (status = progress_check(&o->progress)) != STATUS_OK)
		return (status);
	if (o->ask + (o->from.file != NULL) + (o->from.fd != -1) > 1) {
		msg_error("-p, --passphrase-file, --passphrase-fd: give one of "
		    "them");
		return (STATUS_USAGE);
	}
	if (o->mode == ENCRYPT)
		return (check_encrypt(o, given));
	if (o->mode == DECRYPT || o->mode == REKEY)
		return (check_open(o, given));
	return (STATUS_OK);
}

int
options_parse(struct options *o, int argc, char **argv)
{
	struct parsed p = { .o = { .from = { .fd = -1 } } };
	int status;

	status = parse(&p, argc, argv);
	*o = p.o;
	if (status != STATUS_OK ||
	    (status = (int)numbers(o, &p.w)) != STATUS_OK ||
	    (status = (int)find_mode(o, &p.w)) != STATUS_OK)
		return (status);
	return ((int)check(o, &p.w));
}

void
options_free(struct options *o)
{

	opt_list_free(&o->recipients);
	opt_list_free(&o->files);
	opt_list_free(&o->identities);
}
