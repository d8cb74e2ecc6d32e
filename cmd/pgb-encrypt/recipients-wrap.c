/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "age/base64.h"
#include "msg.h"
#include "recipients-impl.h"

#define LABEL_XWING	"postquantum"

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
	msg_hint("post-quantum recipients, and those of a plugin that asks for "
	    "it, stand only beside their like");
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

static bool
is_plugin(const struct recipient *r)
{

	return (r->kind == PLUGIN || r->kind == PLUGIN_IDENTITY);
}

bool
recipients_plugin(const struct recipients *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (is_plugin(&r->v[i]))
			return (true);
	return (false);
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
		if (!is_plugin(&r->v[i]) || strcmp(r->v[i].name, name) != 0)
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
		if (is_plugin(&r->v[k]) &&
		    strcmp(r->v[k].name, r->v[i].name) == 0)
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
	if (errno == EINTR)
		return (STATUS_LOCAL);
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
		if (!is_plugin(&r->v[i]))
			status = wrap_own(&r->v[i], i, file_key, out, &labels);
		else if (!had_its_turn(r, i))
			status = wrap_plugin(r, i, file_key, out, &labels);
	}
	plugin_labels_wipe(&labels.first);
	return (status);
}

/*
 * What no age would read must not be written: plugins may have given too many
 * stanzas, or too long ones.
 */
static enum status
check(const struct age_text *out)
{
	struct age_header h = { 0 };
	enum status status = STATUS_OK;
	size_t used;

	if (age_header_feed(&h, out->buf, out->len, &used) != 1 ||
	    used != out->len) {
		msg_error("recipients that no age file can have: %s", h.why);
		msg_hint("give fewer of them");
		status = h.no_memory ? STATUS_LOCAL : STATUS_USAGE;
	}
	age_header_wipe(&h);
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
	return (check(out));
}
