/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "age/plugin.h"
#include "age/unlock.h"
#include "msg.h"

struct unlock {
	struct identities *ids;
	const struct age_header *h;
	uint8_t *file_key;
	enum age_fault fault;
	struct age_wrong *wrong;
};

/* What a try came to; FOUND may be AGE_FINE or a fault. */
enum found { NOT_YET, FOUND };

__attribute__((format(printf, 4, 5)))
static enum found
fault(struct unlock *u, enum age_fault what, size_t at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(u->wrong->why, sizeof(u->wrong->why), fmt, ap);
	va_end(ap);
	u->fault = what;
	u->wrong->at = at;
	return (FOUND);
}

static enum found
judge(struct unlock *u, size_t i, enum age_unwrap got, unsigned log_n)
{
	size_t at = u->h->stanzas[i].args_at;

	switch (got) {
	case AGE_UNWRAP_OK:
		msg_verbose("age: stanza %zu of %zu opens", i + 1,
		    u->h->count);
		u->fault = AGE_FINE;
		return (FOUND);
	case AGE_UNWRAP_OTHER:
		break;
	case AGE_UNWRAP_BAD:
		return (fault(u, AGE_BAD_HEADER, at, "header: stanza %zu: "
		    "damaged, or its share is of low order", i + 1));
	case AGE_UNWRAP_STOPPED:
		u->wrong->told = STATUS_LOCAL;
		return (fault(u, AGE_TOLD, at, "interrupted"));
	case AGE_UNWRAP_MEMORY:
		return (fault(u, AGE_MEMORY, at, "no memory for the "
		    "passphrase: its work factor %u takes %llu MiB", log_n,
		    (unsigned long long)(age_scrypt_bytes(log_n) >> 20)));
	}
	return (NOT_YET);
}

static enum found
try_passphrase(struct unlock *u, size_t i)
{
	const struct passphrase *p;
	uint8_t salt[AGE_SALT_LEN], body[AGE_BODY_LEN];
	unsigned log_n, max = identities_work(u->ids);

	if (!age_stanza_is(u->h, i, "scrypt") ||
	    age_stanza_scrypt(u->h, i, salt, &log_n, body) == -1)
		return (NOT_YET);
	p = identities_passphrase(u->ids, &u->wrong->told);
	if (u->wrong->told != STATUS_OK)
		return (fault(u, AGE_TOLD, 0, "no passphrase"));
	if (p == NULL)
		return (NOT_YET);
	if (log_n > max)
		return (fault(u, AGE_BAD_HEADER, u->h->stanzas[i].args_at,
		    "header: stanza %zu: work factor above %u "
		    "(--max-work-factor)", i + 1, max));
	return (judge(u, i, age_scrypt_unwrap(p->text, p->len, salt, log_n,
	    body, u->file_key), log_n));
}

static enum found
try_identity(struct unlock *u, size_t i, const struct identity *id)
{
	uint8_t a[AGE_XWING_LEN], tag[AGE_SSH_TAG_LEN], body[AGE_BODY_LEN];
	const struct age_header *h = u->h;
	enum age_unwrap got = AGE_UNWRAP_OTHER;

	switch (id->kind) {
	case IDENTITY_X25519:
		if (age_stanza_is(h, i, "X25519") &&
		    age_stanza_x25519(h, i, a, body) == 0)
			got = age_x25519_unwrap(id->secret, id->point, a,
			    body, u->file_key);
		break;
	case IDENTITY_SSH:
		if (age_stanza_is(h, i, "ssh-ed25519") &&
		    age_stanza_ssh(h, i, tag, a, body) == 0)
			got = age_ssh_unwrap(id->secret, id->point, id->pk,
			    tag, a, body, u->file_key);
		break;
	case IDENTITY_XWING:
		if (age_stanza_is(h, i, "mlkem768x25519") &&
		    age_stanza_xwing(h, i, a, body) == 0)
			got = age_xwing_unwrap(id->secret, a, body,
			    u->file_key);
		break;
	case IDENTITY_PLUGIN:
		break;
	}
	return (judge(u, i, got, 0));
}

/* What we can do alone. */
static enum found
try_stanzas(struct unlock *u)
{
	size_t i, k;

	for (i = 0; i < u->h->count; i++) {
		if (try_passphrase(u, i) == FOUND)
			return (FOUND);
		for (k = 0; k < identities_count(u->ids); k++)
			if (try_identity(u, i, identities_at(u->ids, k)) ==
			    FOUND)
				return (FOUND);
	}
	return (NOT_YET);
}

static bool
is_plugin(const struct identity *id, const char *name)
{

	return (id->kind == IDENTITY_PLUGIN &&
	    (name == NULL || strcmp(id->name, name) == 0));
}

/* All identities of the plugin of identity k at once. */
static enum found
try_plugin(struct unlock *u, size_t k)
{
	const char *name = identities_at(u->ids, k)->name;
	size_t i, n = identities_count(u->ids), count = 0;
	const char **v;
	int got;

	for (i = 0; i < k; i++)
		if (is_plugin(identities_at(u->ids, i), name))
			return (NOT_YET);	/* had its turn */
	if ((v = calloc(n, sizeof(*v))) == NULL)
		return (fault(u, AGE_MEMORY, 0, "no memory for age-plugin-%s",
		    name));
	for (i = 0; i < n; i++)
		if (is_plugin(identities_at(u->ids, i), name))
			v[count++] = identities_at(u->ids, i)->text;
	got = plugin_unwrap(name, v, count, u->h, u->file_key,
	    &u->wrong->told);
	free(v);
	if (got == -1)
		return (fault(u, AGE_TOLD, 0, "age-plugin-%s failed", name));
	u->fault = AGE_FINE;
	return (got == 1 ? FOUND : NOT_YET);
}

static enum found
try_plugins(struct unlock *u)
{
	size_t k;

	for (k = 0; k < identities_count(u->ids); k++)
		if (is_plugin(identities_at(u->ids, k), NULL) &&
		    try_plugin(u, k) == FOUND)
			return (FOUND);
	return (NOT_YET);
}

/* Whether some identity is of the kind that opens stanzas of this type. */
static bool
could_open(const struct identities *ids, const struct age_header *h, size_t i)
{
	static const char *const types[] = {
		[IDENTITY_X25519] = "X25519",
		[IDENTITY_SSH] = "ssh-ed25519",
		[IDENTITY_XWING] = "mlkem768x25519",
	};
	const struct identity *id;
	size_t k;

	for (k = 0; k < identities_count(ids); k++) {
		id = identities_at(ids, k);
		if (id->kind == IDENTITY_PLUGIN ||
		    age_stanza_is(h, i, types[id->kind]))
			return (true);
	}
	return (false);
}

/* Nothing matched: say what kind of file it is. */
static enum found
no_match(struct unlock *u)
{
	size_t i, count = 0, n = identities_count(u->ids);
	const struct age_header *h = u->h;
	enum status status;

	if (age_stanza_is(h, 0, "scrypt")) {
		if (identities_passphrase(u->ids, &status) == NULL)
			return (fault(u, AGE_WANTS_PASSPHRASE, 0, "encrypted "
			    "with a passphrase, not to a key"));
		return (fault(u, AGE_WRONG_PASSPHRASE, 0, "encrypted with "
		    "another passphrase"));
	}
	for (i = 0; i < h->count; i++)
		count += could_open(u->ids, h, i);
	if (n == 0)
		return (fault(u, AGE_WANTS_KEY, 0, "encrypted to keys, not "
		    "with a passphrase"));
	if (count == 0)
		return (fault(u, AGE_WANTS_KEY, 0, "encrypted to other kinds "
		    "of keys than were given"));
	return (fault(u, AGE_NO_MATCH, 0, "no identity matches (tried: %zu; "
	    "recipients of their kinds: %zu)", n, count));
}

enum age_fault
age_unlock(struct identities *ids, const struct age_header *h,
    uint8_t file_key[AGE_FILE_KEY_LEN], struct age_wrong *wrong)
{
	struct unlock u = { .ids = ids, .h = h, .file_key = file_key,
	    .wrong = wrong };
	uint8_t mac[sizeof(h->mac)];

	if (try_stanzas(&u) == NOT_YET && try_plugins(&u) == NOT_YET)
		(void)no_match(&u);
	if (u.fault == AGE_FINE) {
		age_header_mac(file_key, h->raw, h->mac_at, mac);
		if (sodium_memcmp(mac, h->mac, sizeof(mac)) != 0)
			(void)fault(&u, AGE_BAD_MAC, h->mac_at, "header: "
			    "damaged or changed: its MAC does not match");
	}
	return (u.fault);
}
