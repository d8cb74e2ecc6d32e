/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "age/bech32.h"
#include "age/keyfile.h"
#include "age/ssh-key.h"
#include "key-foreign.h"
#include "msg.h"
#include "recipients-impl.h"

struct recipients *
recipients_new(void)
{
	struct recipients *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		msg_errno("recipients");
	return (r);
}

void
recipients_free(struct recipients *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->count; i++)
		sodium_free(r->v[i].key);
	free(r);
}

size_t
recipients_count(const struct recipients *r)
{

	return (r->count + (r->passphrase != NULL));
}

void
recipients_set_passphrase(struct recipients *r, const struct passphrase *p)
{

	r->passphrase = p;
}

static bool
begins(const char *text, const char *with)
{

	return (strncasecmp(text, with, strlen(with)) == 0);
}

/* --- what is no recipient ---------- */

static enum status
refuse_plugin(const char *where, const char *text, const char *name)
{

	if (strncmp(text, AGE_HRP_XWING "1", strlen(AGE_HRP_XWING) + 1) == 0) {
		msg_error("%s: a post-quantum recipient, which needs libsodium "
		    "1.0.22 or newer, or age-plugin-pq", where);
		msg_hint("put age-plugin-pq (of age 1.3) into PATH, or wrap "
		    "age itself: pgb-verify --through 'age -r ...'");
	} else if (strcmp(name, "tag") == 0 || strcmp(name, "tagpq") == 0) {
		msg_error("%s: a recipient of a hardware key: age-plugin-%s is "
		    "not in PATH", where, name);
		msg_hint("age 1.3 has that plugin");
	} else {
		msg_error("%s: a key of a plugin: age-plugin-%s is not in "
		    "PATH", where, name);
		msg_hint("install the plugin; it must be in an absolute "
		    "directory of PATH");
	}
	return (STATUS_USAGE);
}

/* Say what the word is, without showing it: it may be a secret. */
static enum status
refuse(const char *where, const char *text)
{

	const struct key_foreign *foreign = key_foreign(text);

	if (foreign != NULL) {
		msg_error("%s: %s, not a recipient", where, foreign->what);
		msg_hint("%s", foreign->hint);
	} else if (begins(text, "AGE-SECRET-KEY-") ||
	    begins(text, "AGE-PLUGIN-")) {
		msg_error("%s: an identity (secret key) stands in place of a "
		    "recipient", where);
		msg_hint("give its public key, which the identity file names "
		    "in the line '# public key: age1...', or encrypt to the "
		    "file's own recipients: -e -i FILE");
	} else if (begins(text, "-----BEGIN ")) {
		msg_error("%s: a private key stands in place of a recipient",
		    where);
		msg_hint("give the public one, from the file that ends in "
		    ".pub, or -e -i FILE");
	} else if (begins(text, AGE_MAGIC)) {
		msg_error("%s: an encrypted file, not recipients", where);
		msg_hint("a backup is read from stdin; -R takes a file with "
		    "public keys");
	} else if (begins(text, AGE_HRP "1")) {
		msg_error("%s: a mistyped or incomplete recipient", where);
		msg_hint("a recipient is all lower case and holds a checksum: "
		    "copy it whole");
	} else {
		msg_error("%s: not a recipient", where);
		msg_hint("-r takes a word that begins with age1, or an "
		    "ssh-ed25519 public key in quotes; -R a file with one a "
		    "line");
	}
	return (STATUS_USAGE);
}

static enum status
refuse_ssh(struct recipients *r, const char *where, enum ssh_key got,
    const char *type)
{

	if (got == SSH_KEY_BAD) {
		msg_error("%s: a damaged or incomplete SSH public key", where);
		msg_hint("it is one line, ssh-ed25519 AAAA..., as the file "
		    "that ends in .pub has it; in quotes behind -r");
		return (STATUS_USAGE);
	}
	if (r->lenient) {
		r->left_out++;
		msg_warning("%s: left out: an SSH key of type %s, only "
		    "ssh-ed25519 is supported", where, type);
		return (STATUS_OK);
	}
	msg_error("%s: an SSH key of type %s: only ssh-ed25519 is supported",
	    where, type);
	msg_hint("make an age key: pgb-encrypt --keygen FILE");
	return (STATUS_USAGE);
}

/* --- one more ---------- */

static bool
is(const struct recipient *a, const struct recipient *b)
{

	return (a->kind == b->kind && a->len == b->len &&
	    memcmp(a->key, b->key, a->len) == 0);
}

static enum status
add(struct recipients *r, const char *where, enum kind kind, const void *key,
    size_t len, const char *name)
{
	struct recipient n = { .kind = kind, .len = len };
	size_t i;

	if ((n.key = sodium_malloc(len)) == NULL) {
		msg_errno(where);
		return (STATUS_LOCAL);
	}
	memcpy(n.key, key, len);
	r->taken++;
	if (name != NULL)
		snprintf(n.name, sizeof(n.name), "%s", name);
	for (i = 0; i < r->count; i++)
		if (is(&r->v[i], &n)) {
			sodium_free(n.key);
			return (STATUS_OK);
		}
	if (r->count == AGE_STANZA_MAX) {
		msg_error("%s: more than %d recipients", where, AGE_STANZA_MAX);
		sodium_free(n.key);
		return (STATUS_USAGE);
	}
	r->v[r->count++] = n;
	return (STATUS_OK);
}

static enum status
unusable(const char *where)
{

	msg_error("%s: not a usable recipient", where);
	return (STATUS_USAGE);
}

/*
 * What cannot be wrapped to is found here, before the stream: a point of low
 * order gives no shared secret.
 */
static enum status
add_key(struct recipients *r, const char *where, enum kind kind,
    const uint8_t *key, size_t len)
{
	static const uint8_t none[AGE_FILE_KEY_LEN];
	struct age_text text = { 0 };
	uint8_t secret[AGE_X25519_LEN];
	int rc = -1;

	randombytes_buf(secret, sizeof(secret));
	if (kind == X25519)
		rc = age_x25519_wrap(key, secret, none, &text);
	else if (kind == SSH)
		rc = age_ssh_wrap(key, secret, none, &text);
	else if (kind == XWING)
		rc = age_xwing_wrap(key, none, &text);
	age_text_wipe(&text);
	if (rc == -1)
		return (unusable(where));
	return (add(r, where, kind, key, len, NULL));
}

/* "age1..." */
static enum status
add_age(struct recipients *r, const char *where, const char *text, size_t len)
{
	uint8_t key[AGE_XWING_POINT_LEN];
	char name[PLUGIN_NAME_MAX];

	if (bech32_decode(AGE_HRP, text, len, key, AGE_X25519_LEN) == 0)
		return (add_key(r, where, X25519, key, AGE_X25519_LEN));
	if (plugin_name(text, len, name) == -1)
		return (refuse(where, text));
	if (age_xwing_known() && bech32_decode(AGE_HRP_XWING, text, len, key,
	    AGE_XWING_POINT_LEN) == 0)
		return (add_key(r, where, XWING, key, AGE_XWING_POINT_LEN));
	if (!plugin_there(name))
		return (refuse_plugin(where, text, name));
	return (add(r, where, PLUGIN, text, len + 1, name));
}

static enum status
add_line(void *arg, const char *where, const char *text, size_t len)
{
	struct recipients *r = arg;
	uint8_t pk[SSH_ED25519_LEN];
	char type[SSH_TYPE_LEN];
	enum ssh_key got;

	if (strncmp(text, AGE_HRP "1", strlen(AGE_HRP "1")) == 0)
		return (add_age(r, where, text, len));
	if (key_foreign(text) != NULL)
		return (refuse(where, text));
	if ((got = ssh_public(text, len, pk, type)) == SSH_KEY_OK)
		return (add_key(r, where, SSH, pk, sizeof(pk)));
	if (got != SSH_KEY_NOT)
		return (refuse_ssh(r, where, got, type));
	return (refuse(where, text));
}

enum status
recipients_add(struct recipients *r, const char *where, const char *text)
{

	r->lenient = false;
	if (strpbrk(text, "\r\n") != NULL) {
		msg_error("%s: more than one line", where);
		msg_hint("-R takes a file with one recipient a line");
		return (STATUS_USAGE);
	}
	if (!begins(text, AGE_HRP "1") && access(text, F_OK) == 0) {
		msg_error("%s: %s: a file, not a recipient", where, text);
		msg_hint("-R %s takes what stands in it", text);
		return (STATUS_USAGE);
	}
	return (add_line(r, where, text, strlen(text)));
}

enum status
recipients_load(struct recipients *r, const char *path)
{
	struct keyfile k = { 0 };
	enum status status;

	r->lenient = true;
	r->left_out = r->taken = 0;
	status = keyfile_load(path, 0, &k);
	if (status == STATUS_USAGE && (begins(path, AGE_HRP "1") ||
	    begins(path, "ssh-ed25519 ")))
		msg_hint("-R takes a file; -r the recipient itself");
	if (status == STATUS_OK)
		status = keyfile_lines(path, &k, add_line, r);
	keyfile_wipe(&k);
	if (status == STATUS_OK && r->left_out > 0 && r->taken == 0) {
		msg_error("%s: no key in it that can be used", path);
		msg_hint("pgb-encrypt --keygen FILE makes one; ssh-keygen -t "
		    "ed25519 one of SSH");
		status = STATUS_USAGE;
	}
	return (status);
}

static enum status
add_identity(struct recipients *r, const struct identity *id)
{
	uint8_t point[AGE_XWING_POINT_LEN];

	switch (id->kind) {
	case IDENTITY_X25519:
		return (add_key(r, "-i", X25519, id->point, AGE_X25519_LEN));
	case IDENTITY_SSH:
		return (add_key(r, "-i", SSH, id->pk, sizeof(id->pk)));
	case IDENTITY_XWING:
		if (age_xwing_point(id->secret, point) == -1)
			return (unusable("-i"));
		return (add_key(r, "-i", XWING, point, sizeof(point)));
	case IDENTITY_PLUGIN:
		if (!plugin_there(id->name))
			return (refuse_plugin("-i", "", id->name));
		break;
	}
	return (add(r, "-i", PLUGIN_IDENTITY, id->text, strlen(id->text) + 1,
	    id->name));
}

enum status
recipients_of(struct recipients *r, const struct identities *ids)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < identities_count(ids) && status == STATUS_OK; i++)
		status = add_identity(r, identities_at(ids, i));
	return (status);
}
