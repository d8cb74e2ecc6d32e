/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "age.h"
#include "bech32.h"
#include "identity.h"
#include "keyfile.h"
#include "msg.h"

#define HRP		"AGE-SECRET-KEY-"
#define COUNT_MAX	1024

struct pair {
	uint8_t secret[AGE_X25519_LEN];
	uint8_t point[AGE_X25519_LEN];
};

struct identities {
	struct pair *v;		/* sodium_malloc() */
	size_t count, room;
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

	if (begins(text, "age1")) {
		msg_error("%s: a recipient (public key) stands in place of an "
		    "identity", where);
		msg_hint("an identity begins with AGE-SECRET-KEY-1; give the "
		    "file that --keygen or age-keygen wrote");
	} else if (begins(text, AGE_MAGIC) || begins(text, AGE_ARMOR_BEGIN)) {
		msg_error("%s: the identity file is itself encrypted", where);
		msg_hint("open it first: age -d FILE > KEYFILE");
	} else if (begins(text, "-----BEGIN ") || begins(text, "ssh-")) {
		msg_error("%s: SSH keys are not supported as identities",
		    where);
		msg_hint("age -d -i FILE opens what was encrypted to them");
	} else if (begins(text, "AGE-SECRET-KEY-PQ-1") ||
	    begins(text, "AGE-PLUGIN-")) {
		msg_error("%s: post-quantum and plugin identities are not "
		    "supported", where);
		msg_hint("age -d -i FILE opens what was encrypted to them");
	} else if (begins(text, HRP "1"))
		msg_error("%s: a mistyped or damaged identity", where);
	else
		msg_error("%s: not an age identity", where);
	return (STATUS_USAGE);
}

static int
grow(struct identities *ids)
{
	size_t room = ids->room == 0 ? 8 : ids->room * 2;
	struct pair *v;

	if ((v = sodium_allocarray(room, sizeof(*v))) == NULL)
		return (-1);
	if (ids->count > 0)
		memcpy(v, ids->v, ids->count * sizeof(*v));
	sodium_free(ids->v);
	ids->v = v;
	ids->room = room;
	return (0);
}

static enum status
add(void *arg, const char *where, const char *text, size_t len)
{
	struct identities *ids = arg;
	struct pair *p;

	if (ids->count == COUNT_MAX) {
		msg_error("%s: more than %d identities", where, COUNT_MAX);
		return (STATUS_USAGE);
	}
	if (ids->count == ids->room && grow(ids) == -1) {
		msg_errno(where);
		return (STATUS_LOCAL);
	}
	p = &ids->v[ids->count];
	if (bech32_decode(HRP, text, len, p->secret, sizeof(p->secret)) == -1)
		return (refuse(where, text));
	if (crypto_scalarmult_base(p->point, p->secret) != 0) {
		msg_error("%s: not a usable identity", where);
		return (STATUS_USAGE);
	}
	ids->count++;
	return (STATUS_OK);
}

enum status
identities_load(struct identities **ids, const char *path)
{

	if (sodium_init() == -1) {
		msg_error("libsodium cannot be used on this machine");
		return (STATUS_LOCAL);
	}
	if (*ids == NULL && (*ids = calloc(1, sizeof(**ids))) == NULL) {
		msg_errno(path);
		return (STATUS_LOCAL);
	}
	return (keyfile_each(path, true, add, *ids));
}

void
identities_free(struct identities *ids)
{

	if (ids == NULL)
		return;
	sodium_free(ids->v);
	free(ids);
}

size_t
identities_count(const struct identities *ids)
{

	return (ids->count);
}

const uint8_t *
identity_secret(const struct identities *ids, size_t i)
{

	return (ids->v[i].secret);
}

const uint8_t *
identity_point(const struct identities *ids, size_t i)
{

	return (ids->v[i].point);
}
