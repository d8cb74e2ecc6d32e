/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "age/age-open.h"
#include "age/bech32.h"
#include "age/identity.h"
#include "age/keyfile.h"
#include "age/plugin.h"
#include "age/ssh-key.h"
#include "key-foreign.h"
#include "msg.h"

#define COUNT_MAX	1024

struct identities {
	struct identity *v;	/* sodium_malloc() */
	size_t count, room;
	struct passphrase_source from;
	struct passphrase *passphrase;
	bool asked;		/* for streams; else it was for key files */
	bool late;		/* to be asked for when a stream wants it */
	bool used;		/* for a key file */
	unsigned work;
};

static bool
begins(const char *text, const char *with)
{

	return (strncmp(text, with, strlen(with)) == 0);
}

/* Say what the line is, without showing it. */
static enum status
refuse(const char *where, const char *text)
{
	const struct key_foreign *foreign = key_foreign(text);

	if (foreign != NULL) {
		msg_error("%s: %s, not an identity", where, foreign->what);
		msg_hint("%s", foreign->hint);
	} else if (begins(text, "age1")) {
		msg_error("%s: a recipient (public key) stands in place of an "
		    "identity", where);
		msg_hint("an identity begins with AGE-SECRET-KEY-1; give the "
		    "file that --keygen or age-keygen wrote");
	} else if (begins(text, "ssh-") || begins(text, "ecdsa-") ||
	    begins(text, "sk-")) {
		msg_error("%s: a public SSH key stands in place of an "
		    "identity", where);
		msg_hint("give the private key's file: the name without .pub");
	} else if (begins(text, AGE_HRP_SECRET) ||
	    begins(text, "AGE-PLUGIN-")) {
		msg_error("%s: a mistyped or damaged identity", where);
		msg_hint("an identity is one line, all upper case, and holds a "
		    "checksum: copy it whole");
	} else {
		msg_error("%s: not an age identity", where);
		msg_hint("-i takes the file that --keygen or age-keygen wrote, "
		    "or a private SSH key of type ed25519");
	}
	return (STATUS_USAGE);
}

static int
grow(struct identities *ids)
{
	size_t room = ids->room == 0 ? 8 : ids->room * 2;
	struct identity *v;

	if ((v = sodium_allocarray(room, sizeof(*v))) == NULL)
		return (-1);
	if (ids->count > 0)
		memcpy(v, ids->v, ids->count * sizeof(*v));
	sodium_free(ids->v);
	ids->v = v;
	ids->room = room;
	return (0);
}

/* The next identity, all zero; it counts when the caller counts it. */
static enum status
make(struct identities *ids, const char *where, struct identity **made)
{

	if (ids->count == COUNT_MAX) {
		msg_error("%s: more than %d identities", where, COUNT_MAX);
		return (STATUS_USAGE);
	}
	if (ids->count == ids->room && grow(ids) == -1) {
		msg_errno(where);
		return (STATUS_LOCAL);
	}
	*made = &ids->v[ids->count];
	memset(*made, 0, sizeof(**made));
	return (STATUS_OK);
}

static enum status
set_plugin(struct identity *id, const char *where, const char *text,
    size_t len)
{
	char name[PLUGIN_NAME_MAX];

	if (plugin_name(text, len, name) == -1)
		return (refuse(where, text));
	id->kind = IDENTITY_PLUGIN;
	id->name = strdup(name);
	id->text = sodium_malloc(len + 1);
	if (id->name == NULL || id->text == NULL) {
		msg_errno(where);
		free(id->name);
		sodium_free(id->text);
		return (STATUS_LOCAL);
	}
	memcpy(id->text, text, len + 1);
	return (STATUS_OK);
}

static enum status
set_xwing(struct identity *id, const char *where, const char *text, size_t len)
{

	if (bech32_decode(AGE_HRP_SECRET_XWING, text, len, id->secret,
	    AGE_XWING_SEED_LEN) == -1)
		return (refuse(where, text));
	if (age_xwing_known()) {
		id->kind = IDENTITY_XWING;
		return (STATUS_OK);
	}
	msg_error("%s: a post-quantum identity, which needs libsodium 1.0.22 "
	    "or newer", where);
	msg_hint("age 1.3 opens what was encrypted to it; or have its plugin "
	    "open it: (umask 077; age-plugin-pq -identity FILE >NEW), then "
	    "-i NEW");
	return (STATUS_USAGE);
}

static enum status
add_line(void *arg, const char *where, const char *text, size_t len)
{
	struct identities *ids = arg;
	enum status status;
	struct identity *id;

	if ((status = make(ids, where, &id)) != STATUS_OK)
		return (status);
	if (begins(text, "AGE-PLUGIN-"))
		status = set_plugin(id, where, text, len);
	else if (begins(text, AGE_HRP_SECRET_XWING "1"))
		status = set_xwing(id, where, text, len);
	else if (bech32_decode(AGE_HRP_SECRET, text, len, id->secret,
	    AGE_X25519_LEN) == -1)
		status = refuse(where, text);
	else if (crypto_scalarmult_base(id->point, id->secret) != 0) {
		msg_error("%s: not a usable identity", where);
		status = STATUS_USAGE;
	}
	if (status == STATUS_OK)
		ids->count++;
	return (status);
}

static enum status
refuse_ssh(const char *path, enum ssh_key got, const char *type)
{

	switch (got) {
	case SSH_KEY_LOCKED:
		msg_error("%s: an SSH key under a passphrase, which is not "
		    "supported", path);
		msg_hint("age -d -i %s opens what was encrypted to it", path);
		break;
	case SSH_KEY_OTHER:
		msg_error("%s: a private key of type %s: only ssh-ed25519 is "
		    "supported", path, type);
		msg_hint("age -d -i %s opens what was encrypted to an ssh-rsa "
		    "key", path);
		break;
	case SSH_KEY_NOT:
	case SSH_KEY_BAD:
	case SSH_KEY_OK:
		msg_error("%s: a damaged SSH private key", path);
		break;
	}
	return (STATUS_USAGE);
}

static enum status
add_ssh(struct identities *ids, const char *path, const struct keyfile *k)
{
	char type[SSH_TYPE_LEN];
	uint8_t seed[SSH_ED25519_LEN];
	enum status status;
	struct identity *id;
	enum ssh_key got;

	if ((status = make(ids, path, &id)) != STATUS_OK)
		return (status);
	errno = 0;
	got = ssh_private(k->buf, k->len, seed, id->pk, type);
	if (got == SSH_KEY_OK && age_ssh_scalar(seed, id->pk, id->secret,
	    id->point) == -1)
		got = SSH_KEY_BAD;
	sodium_memzero(seed, sizeof(seed));
	if (got == SSH_KEY_BAD && errno == ENOMEM) {
		msg_errno(path);
		return (STATUS_LOCAL);
	}
	if (got != SSH_KEY_OK)
		return (refuse_ssh(path, got, type));
	id->kind = IDENTITY_SSH;
	ids->count++;
	return (STATUS_OK);
}

static enum status
add_text(struct identities *ids, const char *path, const struct keyfile *k)
{

	if (key_foreign(k->buf) != NULL)
		return (refuse(path, k->buf));
	if (begins(k->buf, "-----BEGIN "))
		return (add_ssh(ids, path, k));
	return (keyfile_lines(path, k, add_line, ids));
}

/* --- files that are themselves encrypted ---------- */

/* A file or descriptor is read once, a terminal is asked for each file. */
static const struct passphrase *
for_file(struct identities *ids, const char *path, struct passphrase **mine,
    enum status *status)
{
	char what[256];

	ids->used = true;
	if (ids->passphrase != NULL)
		return (ids->passphrase);
	snprintf(what, sizeof(what), "passphrase of %s", path);
	*mine = passphrase_get(&ids->from, what, false, status);
	if (*mine != NULL && (ids->from.file != NULL || ids->from.fd != -1)) {
		ids->passphrase = *mine;
		*mine = NULL;
		return (ids->passphrase);
	}
	return (*mine);
}

static int
add_plain(void *arg, const uint8_t *buf, size_t len)
{

	return (keyfile_add(arg, buf, len));
}

static enum status
told(const char *path, enum age_fault fault, const struct age_wrong *w)
{

	switch (fault) {
	case AGE_WRONG_PASSPHRASE:
		msg_error("%s: wrong passphrase", path);
		break;
	case AGE_WANTS_KEY:
		msg_error("%s: the identity file is encrypted to keys: only a "
		    "passphrase is supported there", path);
		msg_hint("decrypt it first: (umask 077; age -d -i KEY %s "
		    ">NEW), then -i NEW", path);
		break;
	case AGE_STOPPED:
		msg_errno(path);
		break;
	case AGE_TOLD:
		return (w->told);
	default:
		msg_error("%s: %s", path, w->why);
	}
	return (fault == AGE_MEMORY || (fault == AGE_STOPPED &&
	    errno == ENOMEM) ? STATUS_LOCAL : STATUS_USAGE);
}

/* Without a passphrase in with: AGE_WANTS_PASSPHRASE where one opens it, and
 * nothing is said of that. */
static enum age_fault
decrypt(struct identities *with, const char *path,
    const struct keyfile *k, struct keyfile *out, enum status *status)
{
	enum age_fault fault = AGE_FINE;
	struct age_opener *o;

	if ((o = age_opener_new(with, 1, add_plain, NULL, out)) == NULL) {
		msg_errno(path);
		*status = STATUS_LOCAL;
		return (AGE_MEMORY);
	}
	if (age_opener_feed(o, (const uint8_t *)k->buf, k->len) == -1 ||
	    age_opener_end(o) == -1) {
		fault = age_opener_fault(o);
		if (fault != AGE_WANTS_PASSPHRASE)
			*status = told(path, fault, age_opener_wrong(o));
	}
	age_opener_free(o);
	return (fault);
}

static enum status
add_encrypted(struct identities *ids, const char *path,
    const struct keyfile *k)
{
	struct identities with = { .work = ids->work };
	struct passphrase *mine = NULL;
	enum status status = STATUS_OK;
	struct keyfile plain = { 0 };
	const struct passphrase *p;

	if (decrypt(&with, path, k, &plain, &status) != AGE_WANTS_PASSPHRASE ||
	    (p = for_file(ids, path, &mine, &status)) == NULL)
		return (status);
	/* Lent: it is not freed through this. */
	with.passphrase = (struct passphrase *)(uintptr_t)p;
	with.asked = true;
	(void)decrypt(&with, path, k, &plain, &status);
	sodium_free(mine);
	if (status == STATUS_OK && plain.buf == NULL) {
		msg_error("%s: no key in it", path);
		status = STATUS_USAGE;
	}
	if (status == STATUS_OK)
		status = add_text(ids, path, &plain);
	keyfile_wipe(&plain);
	return (status);
}

/* --- the outside ---------- */

struct identities *
identities_new(const struct passphrase_source *from)
{
	struct identities *ids;

	if (sodium_init() == -1) {
		msg_error("libsodium cannot be used on this machine");
		return (NULL);
	}
	if ((ids = calloc(1, sizeof(*ids))) == NULL) {
		msg_errno("identities");
		return (NULL);
	}
	ids->from = *from;
	ids->work = AGE_WORK_READ;
	return (ids);
}

void
identities_free(struct identities *ids)
{
	size_t i;

	if (ids == NULL)
		return;
	for (i = 0; i < ids->count; i++) {
		free(ids->v[i].name);
		sodium_free(ids->v[i].text);
	}
	sodium_free(ids->v);
	sodium_free(ids->passphrase);
	free(ids);
}

enum status
identities_load(struct identities *ids, const char *path, int flags)
{
	struct keyfile k = { 0 };
	enum status status;

	status = keyfile_load(path, KEYFILE_SECRET | flags, &k);
	if (status == STATUS_OK) {
		if (begins(k.buf, AGE_MAGIC) || begins(k.buf, AGE_ARMOR_BEGIN))
			status = add_encrypted(ids, path, &k);
		else
			status = add_text(ids, path, &k);
	}
	keyfile_wipe(&k);
	return (status);
}

enum status
identities_ask(struct identities *ids)
{
	enum status status = STATUS_OK;

	ids->asked = true;
	if (ids->passphrase == NULL)
		ids->passphrase = passphrase_get(&ids->from, "passphrase",
		    false, &status);
	return (status);
}

void
identities_ask_late(struct identities *ids)
{

	ids->late = true;
}

bool
identities_used_passphrase(const struct identities *ids)
{

	return (ids->used);
}

bool
identities_reach_out(const struct identities *ids)
{
	size_t i;

	for (i = 0; i < ids->count; i++)
		if (ids->v[i].kind == IDENTITY_PLUGIN)
			return (true);
	return (ids->late && !ids->asked);
}

void
identities_set_work(struct identities *ids, unsigned log_n)
{

	ids->work = log_n;
}

size_t
identities_count(const struct identities *ids)
{

	return (ids->count);
}

const struct identity *
identities_at(const struct identities *ids, size_t i)
{

	return (&ids->v[i]);
}

const struct passphrase *
identities_passphrase(struct identities *ids, enum status *status)
{

	*status = STATUS_OK;
	if (ids->late && !ids->asked)
		*status = identities_ask(ids);
	return (ids->asked ? ids->passphrase : NULL);
}

unsigned
identities_work(const struct identities *ids)
{

	return (ids->work);
}
