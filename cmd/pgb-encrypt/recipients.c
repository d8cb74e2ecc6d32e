/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "age/base64.h"
#include "age/bech32.h"
#include "age/keyfile.h"
#include "age/plugin.h"
#include "age/ssh-key.h"
#include "msg.h"
#include "recipients.h"

#define HRP		"age"
#define HRP_XWING	"age1pq"
#define LABEL_XWING	"postquantum"

enum kind { X25519, SSH, XWING, PLUGIN, PLUGIN_IDENTITY };

struct recipient {
	enum kind kind;
	uint8_t *key;		/* public, or the words for a plugin, with a
				 * NUL; sodium_malloc() */
	size_t len;
	char name[PLUGIN_NAME_MAX];	/* of the plugin */
};

struct recipients {
	size_t count;
	struct recipient v[AGE_STANZA_MAX];
	const struct passphrase *passphrase;
	bool lenient;		/* leave out what SSH keys we cannot use */
	size_t left_out;
};

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

	if (strncmp(text, HRP_XWING "1", strlen(HRP_XWING) + 1) == 0) {
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

	if (begins(text, "AGE-SECRET-KEY-") || begins(text, "AGE-PLUGIN-")) {
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
	} else if (begins(text, HRP "1")) {
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
	struct recipient *n;
	size_t i;

	if (r->count == AGE_STANZA_MAX) {
		msg_error("%s: more than %d recipients", where, AGE_STANZA_MAX);
		return (STATUS_USAGE);
	}
	n = &r->v[r->count];
	n->kind = kind;
	n->len = len;
	if ((n->key = sodium_malloc(len)) == NULL) {
		msg_errno(where);
		return (STATUS_LOCAL);
	}
	memcpy(n->key, key, len);
	if (name != NULL)
		snprintf(n->name, sizeof(n->name), "%s", name);
	for (i = 0; i < r->count; i++)
		if (is(&r->v[i], n)) {
			sodium_free(n->key);
			return (STATUS_OK);
		}
	r->count++;
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

	if (bech32_decode(HRP, text, len, key, AGE_X25519_LEN) == 0)
		return (add_key(r, where, X25519, key, AGE_X25519_LEN));
	if (plugin_name(text, len, name) == -1)
		return (refuse(where, text));
	if (age_xwing_known() && bech32_decode(HRP_XWING, text, len, key,
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

	if (strncmp(text, HRP "1", strlen(HRP "1")) == 0)
		return (add_age(r, where, text, len));
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
	return (add_line(r, where, text, strlen(text)));
}

enum status
recipients_load(struct recipients *r, const char *path)
{
	struct keyfile k = { 0 };
	enum status status;
	size_t before = r->count;

	r->lenient = true;
	r->left_out = 0;
	status = keyfile_load(path, 0, &k);
	if (status == STATUS_OK)
		status = keyfile_lines(path, &k, add_line, r);
	keyfile_wipe(&k);
	if (status == STATUS_OK && r->left_out > 0 && r->count == before) {
		msg_error("%s: no key in it that can be used", path);
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

/* --- the header ---------- */

/*
 * Labels say who may stand beside whom: all recipients of a file must bear the
 * same ones.  A post-quantum recipient beside another one would be worth
 * nothing.
 */
struct labels {
	bool set;
	struct plugin_labels first;
};

/* Takes over what it holds. */
static enum status
check_labels(struct labels *l, struct plugin_labels *more)
{

	if (!l->set) {
		l->first = *more;
		l->set = true;
		return (STATUS_OK);
	}
	if (plugin_labels_same(&l->first, more)) {
		plugin_labels_wipe(more);
		return (STATUS_OK);
	}
	plugin_labels_wipe(more);
	msg_error("recipients that must not be mixed");
	msg_hint("post-quantum recipients stand only beside each other, or "
	    "they would protect nothing");
	return (STATUS_USAGE);
}

static int
own_labels(enum kind kind, struct plugin_labels *out)
{

	memset(out, 0, sizeof(*out));
	if (kind != XWING)
		return (0);
	if ((out->v = malloc(sizeof(*out->v))) == NULL ||
	    (out->v[0] = strdup(LABEL_XWING)) == NULL) {
		free(out->v);
		return (-1);
	}
	out->count = 1;
	return (0);
}

/* All that one plugin has to wrap, at the first recipient of its. */
static enum status
wrap_plugin(const struct recipients *r, size_t first,
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out,
    struct labels *labels)
{
	const char *name = r->v[first].name, **v;
	size_t i, count = 0, icount = 0;
	struct plugin_labels mine = { 0 };
	enum status status;

	if ((v = calloc(2 * r->count, sizeof(*v))) == NULL) {
		msg_errno(name);
		return (STATUS_LOCAL);
	}
	for (i = 0; i < r->count; i++) {
		if (strcmp(r->v[i].name, name) != 0)
			continue;
		if (r->v[i].kind == PLUGIN)
			v[count++] = (const char *)r->v[i].key;
		else
			v[r->count + icount++] = (const char *)r->v[i].key;
	}
	status = plugin_wrap(name, v, count, v + r->count, icount, file_key,
	    out, &mine);
	free(v);
	return (status == STATUS_OK ? check_labels(labels, &mine) : status);
}

static bool
had_its_turn(const struct recipients *r, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (strcmp(r->v[k].name, r->v[i].name) == 0)
			return (true);
	return (false);
}

static enum status
wrap_own(const struct recipient *r, size_t i,
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out,
    struct labels *labels)
{
	struct plugin_labels mine;
	uint8_t secret[AGE_X25519_LEN];
	int rc;

	if (own_labels(r->kind, &mine) == -1) {
		msg_errno("recipients");
		return (STATUS_LOCAL);
	}
	if (r->kind == XWING)
		rc = age_xwing_wrap(r->key, file_key, out);
	else {
		randombytes_buf(secret, sizeof(secret));
		rc = r->kind == SSH ?
		    age_ssh_wrap(r->key, secret, file_key, out) :
		    age_x25519_wrap(r->key, secret, file_key, out);
		sodium_memzero(secret, sizeof(secret));
	}
	if (rc == 0)
		return (check_labels(labels, &mine));
	plugin_labels_wipe(&mine);
	msg_error("recipient %zu is not usable", i + 1);
	return (STATUS_USAGE);
}

static enum status
wrap_passphrase(const struct passphrase *p,
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out)
{
	uint8_t salt[AGE_SALT_LEN];

	randombytes_buf(salt, sizeof(salt));
	if (age_scrypt_wrap(p->text, p->len, salt, AGE_WORK_WRITE, file_key,
	    out) == 0)
		return (STATUS_OK);
	msg_error("no memory for the passphrase: scrypt takes %llu MiB",
	    (unsigned long long)(age_scrypt_bytes(AGE_WORK_WRITE) >> 20));
	return (STATUS_LOCAL);
}

static enum status
wrap(const struct recipients *r, const uint8_t file_key[AGE_FILE_KEY_LEN],
    struct age_text *out)
{
	struct labels labels = { 0 };
	enum status status = STATUS_OK;
	size_t i;

	if (r->passphrase != NULL)
		return (wrap_passphrase(r->passphrase, file_key, out));
	for (i = 0; i < r->count && status == STATUS_OK; i++) {
		if (r->v[i].name[0] == '\0')
			status = wrap_own(&r->v[i], i, file_key, out, &labels);
		else if (!had_its_turn(r, i))
			status = wrap_plugin(r, i, file_key, out, &labels);
	}
	plugin_labels_wipe(&labels.first);
	return (status);
}

enum status
recipients_header(const struct recipients *r,
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out)
{
	char text[BASE64_LEN(32)];
	enum status status;
	uint8_t mac[32];

	age_text_put(out, AGE_VERSION, strlen(AGE_VERSION));
	if ((status = wrap(r, file_key, out)) != STATUS_OK)
		return (status);
	age_text_put(out, "---", 3);
	if (!out->failed) {
		age_header_mac(file_key, out->buf, out->len, mac);
		base64_encode(mac, sizeof(mac), text);
		age_text_put(out, " ", 1);
		age_text_put(out, text, sizeof(text));
		age_text_put(out, "\n", 1);
	}
	if (out->failed) {
		msg_error("no memory for the header");
		return (STATUS_LOCAL);
	}
	if (out->len <= AGE_HEADER_MAX)
		return (STATUS_OK);
	msg_error("a header of more than %d bytes, which no age would read",
	    AGE_HEADER_MAX);
	return (STATUS_USAGE);
}
