/* SPDX-License-Identifier: ISC */
/*
 * A look at an age file that stays shut.
 *
 * Its header can be judged.  Of the payload there is only the length, from
 * which the plaintext's follows exactly; but nearly every length is some
 * file's, so that a cut shows by chance alone.  What does show the end is
 * armor's END line, and the mark of a program of ours in front.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fdio.h"
#include "inspect/inspect-impl.h"
#include "inspect/inspect.h"
#include "mark.h"
#include "msg.h"
#include "sig.h"

#define BUF_LEN		65536
#define GREASE		"-grease"	/* how rage's padding ends */

const char *const inspect_answers[] = { "unknown", "no", "yes" };

/* A passphrase has no public key that could be broken. */
static const struct kind {
	const char *type;
	const char *name;
	enum answer postquantum;
} kinds[] = {
	{ "X25519", "age key (age1...)", NO },
	{ "scrypt", "passphrase", YES },
	{ "ssh-ed25519", "SSH key, Ed25519", NO },
	{ "ssh-rsa", "SSH key, RSA", NO },
	{ "mlkem768x25519", "post-quantum age key (age1pq1...)", YES },
	{ "p256tag", "hardware key (age1tag1...)", NO },
	{ "mlkem768p256tag", "post-quantum hardware key (age1tagpq1...)", YES },
	{ "piv-p256", "YubiKey, by its plugin (age1yubikey1...)", NO },
};

/* --- reading ---------- */

static int
decoded(void *arg, const uint8_t *buf, size_t len)
{

	return (age_walk_feed(arg, buf, len));
}

/* The next bytes: 0, or -1 where they are wrong. */
static int
feed(struct view *v, const uint8_t *buf, size_t len)
{
	const struct age_header *h = &v->walk.header;

	if (v->bytes == 0)
		v->armored = buf[0] != (uint8_t)AGE_MAGIC[0];
	v->bytes += len;
	if (!v->armored) {
		if (age_walk_feed(&v->walk, buf, len) == 0)
			return (0);
		v->at = h->bad_at;
		v->why = h->why;
		v->stranger = h->stranger;
		return (-1);
	}
	if (age_armor_feed(&v->armor, buf, len) == 0)
		return (0);
	v->at = v->armor.line_at;
	v->why = v->armor.why != NULL ? v->armor.why : h->why;
	v->stranger = v->armor.stranger || h->stranger;
	return (-1);
}

/*
 * Whether the rest need not be read, since its length is known.  Files whose
 * size is a fiction (/proc) have one of 0, behind which we stand.
 */
static bool
skip_rest(struct view *v)
{
	struct stat st;
	off_t pos;

	if (v->armored || !v->walk.open || fstat(STDIN_FILENO, &st) == -1 ||
	    !S_ISREG(st.st_mode) ||
	    (pos = lseek(STDIN_FILENO, 0, SEEK_CUR)) == -1 || st.st_size < pos)
		return (false);
	v->walk.rest += (uint64_t)(st.st_size - pos);
	v->bytes += (uint64_t)(st.st_size - pos);
	return (true);
}

/* STATUS_OK, with what is wrong in v; or STATUS_LOCAL. */
static enum status
read_all(struct view *v, uint8_t *buf)
{
	ssize_t n;

	do {
		if ((n = fd_read(STDIN_FILENO, buf, BUF_LEN)) == -1) {
			if (errno == EBADF)
				msg_error("stdin is closed");
			else if (errno != EINTR || sig_caught() == 0)
				msg_errno("stdin");
			return (STATUS_LOCAL);
		}
		if (n > 0 && feed(v, buf, (size_t)n) == -1)
			break;
	} while (n > 0 && !skip_rest(v));
	if (v->walk.header.no_memory) {
		msg_error("stdin: %s", v->why);
		return (STATUS_LOCAL);
	}
	return (STATUS_OK);
}

/* --- judging ---------- */

/* The end was seen: why it can be none, or NULL. */
static const char *
wrong_end(struct view *v)
{

	if (v->bytes == 0) {
		v->stranger = true;
		return ("empty");
	}
	if (v->armored && age_armor_end(&v->armor) == -1) {
		v->stranger = v->armor.stranger;
		return (v->armor.why);
	}
	return (age_walk_end(&v->walk));
}

static void
judge(struct view *v)
{
	const struct age_header *h = &v->walk.header;
	uint64_t sealed;

	v->version_known = h->len >= strlen(AGE_VERSION) &&
	    memcmp(h->raw, AGE_VERSION, strlen(AGE_VERSION)) == 0;
	if (v->why != NULL)
		return;
	if ((v->why = wrong_end(v)) != NULL) {
		v->at = v->bytes;
		v->complete = v->stranger ? UNKNOWN : NO;
		return;
	}
	sealed = v->walk.rest - AGE_NONCE_LEN;
	v->chunks = (sealed + AGE_SEALED_LEN - 1) / AGE_SEALED_LEN;
	v->overhead = AGE_NONCE_LEN + v->chunks * AGE_TAG_LEN;
	v->plaintext = v->walk.rest - v->overhead;
	if (v->armored) {
		v->armor_bytes = v->bytes - h->len - v->walk.rest;
		v->proof = "carrier";
	} else if (mark_seen(STDIN_FILENO, v->bytes))
		v->proof = "mark";
	v->complete = v->proof != NULL ? YES : UNKNOWN;
}

/* Stanza i is the first of its type. */
static void
group_init(struct group *g, const struct age_header *h, size_t i,
    const char *type, size_t len)
{
	uint8_t salt[AGE_SALT_LEN], body[AGE_BODY_LEN];
	size_t k, n = strlen(GREASE);

	*g = (struct group){ .type = type, .len = len,
	    .name = "unknown, perhaps a plugin's" };
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (age_stanza_is(h, i, kinds[k].type)) {
			g->name = kinds[k].name;
			g->postquantum = kinds[k].postquantum;
		}
	if (len >= n && memcmp(type + len - n, GREASE, n) == 0) {
		g->name = "padding, not a recipient";
		g->grease = true;
	}
	if (age_stanza_is(h, i, "scrypt") &&
	    age_stanza_scrypt(h, i, salt, &g->log_n, body) == -1)
		g->log_n = 0;
}

/* 0, or -1 without memory. */
static int
group_stanzas(struct view *v)
{
	const struct age_header *h = &v->walk.header;
	const char *type;
	struct group *g;
	size_t i, len;

	if ((v->groups = calloc(h->count + 1, sizeof(*g))) == NULL)
		return (-1);
	for (i = 0; i < h->count; i++) {
		type = age_stanza_arg(h, i, 0, &len);
		if (type == NULL || len == 0)
			continue;
		for (g = v->groups; g < v->groups + v->group_count; g++)
			if (g->len == len && memcmp(g->type, type, len) == 0)
				break;
		if (g == v->groups + v->group_count) {
			group_init(g, h, i, type, len);
			v->group_count++;
		}
		g->count++;
	}
	return (0);
}

/* As weak as the weakest recipient; one that is not known may be weak. */
static void
weigh(struct view *v)
{
	bool weak = false, all = true;
	const struct group *g;

	for (g = v->groups; g < v->groups + v->group_count; g++) {
		if (g->grease)
			continue;
		v->recipients += g->count;
		weak |= g->postquantum == NO;
		all &= g->postquantum == YES;
	}
	if (weak)
		v->postquantum = NO;
	else if (all && v->recipients > 0)
		v->postquantum = YES;
}

/* --- the whole ---------- */

static enum status
print(const struct view *v, bool json)
{
	enum status status;
	char *text;

	if ((text = json ? inspect_json(v) : inspect_text(v)) == NULL) {
		msg_error("stdin: no memory for what there is to say");
		return (STATUS_LOCAL);
	}
	status = fd_print(text);
	free(text);
	return (status);
}

/* The one error line. */
static enum status
verdict(const struct view *v)
{

	if (v->why == NULL)
		return (STATUS_OK);
	if (v->bytes == 0)
		msg_error("stdin is empty");
	else if (v->stranger)
		msg_error("stdin: not an age file");
	else
		msg_error("stdin: age: byte %" PRIu64 ": %s", v->at, v->why);
	return (STATUS_DATA);
}

static enum status
inspect(struct view *v, uint8_t *buf, bool json)
{
	enum status status;

	v->armor.sink = decoded;
	v->armor.arg = &v->walk;
	if ((status = read_all(v, buf)) != STATUS_OK)
		return (status);
	judge(v);
	if (group_stanzas(v) == -1) {
		msg_errno("stdin");
		return (STATUS_LOCAL);
	}
	weigh(v);
	/* Of what is no age file the lines have nothing to say. */
	if (json || !v->stranger)
		status = print(v, json);
	return (status == STATUS_OK ? verdict(v) : status);
}

enum status
inspect_run(bool json)
{
	enum status status;
	struct view *v;
	uint8_t *buf;

	status = fd_refuse_terminal(STDIN_FILENO, "stdin",
	    "give the file: pgb-encrypt --inspect < FILE");
	if (status != STATUS_OK)
		return (status);
	v = calloc(1, sizeof(*v));
	buf = malloc(BUF_LEN);
	if (v != NULL && buf != NULL)
		status = inspect(v, buf, json);
	else {
		msg_errno("stdin");
		status = STATUS_LOCAL;
	}
	if (v != NULL) {
		age_walk_wipe(&v->walk);
		free(v->groups);
	}
	free(buf);
	free(v);
	return (status);
}
