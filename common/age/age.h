/* SPDX-License-Identifier: ISC */
#ifndef AGE_H
#define AGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The form of an age file: header, armor, and what can be said of a payload
 * that stays shut.  No cryptography: nothing here needs libsodium (that is
 * age-key.h), so that every program can tell an age file.
 *
 * Nothing here prints.  What is wrong is told as part of a sentence.
 * Source: age-encryption.org/v1 (C2SP age.md).
 */

#define AGE_MAGIC	"age-encryption.org/"
#define AGE_VERSION	AGE_MAGIC "v1\n"

#define AGE_NONCE_LEN	16
#define AGE_CHUNK_LEN	65536		/* plaintext; the last may be less */
#define AGE_TAG_LEN	16
#define AGE_SEALED_LEN	(AGE_CHUNK_LEN + AGE_TAG_LEN)
#define AGE_X25519_LEN	32		/* a scalar, a point */
#define AGE_BODY_LEN	32		/* known stanzas: a sealed file key */
#define AGE_SALT_LEN	16		/* of a scrypt stanza */
#define AGE_SSH_TAG_LEN	4		/* of an ssh-ed25519 stanza */
#define AGE_XWING_LEN	1120		/* argument of mlkem768x25519 */

/* What stock age 1.3 reads at most; we write and read no more. */
#define AGE_HEADER_MAX	(2 * 1024 * 1024)
#define AGE_STANZA_MAX	1024
#define AGE_ARG_MAX	128		/* of one stanza, besides its type */

#define AGE_WHY_LEN	160

/* --- header (age-header.c) ---------- */

/* One recipient stanza, as offsets into the header's raw bytes. */
struct age_stanza {
	size_t args_at;		/* type and arguments, one space between */
	size_t args_len;
	size_t arg_count;	/* with the type */
	size_t body_at;		/* base64 lines with their LFs */
	size_t body_len;
};

struct age_header {
	uint8_t *raw;		/* from the file's first byte */
	size_t len;
	struct age_stanza *stanzas;
	size_t count;
	size_t mac_at;		/* the MAC covers raw[0 .. mac_at) */
	uint8_t mac[32];

	/* Where it is wrong, after -1. */
	char why[AGE_WHY_LEN];
	size_t bad_at;
	bool stranger;		/* not even the first line is age's */
	bool no_memory;

	/* age-header.c's own. */
	int state;
	size_t room, stanza_room, line_at;
};

/* All zero is an empty header. */
void age_header_wipe(struct age_header *);

/*
 * age_header_feed(h, buf, len, used):
 * The next bytes of the file.  *used of them belong to the header.
 *
 * Returns 0 when more is needed, 1 when the header is whole and well-formed
 * (then do not call again), -1 when it is not, or without memory (why says).
 * Well-formed means: the grammar; the limits above; a scrypt stanza alone; and
 * each stanza of a type in age-stanza.c as it should be.
 */
int age_header_feed(struct age_header *, const uint8_t *buf, size_t len,
    size_t *used);

/* --- stanzas (age-stanza.c) ---------- */

/* Whether stanza i of a header is of a type. */
bool age_stanza_is(const struct age_header *, size_t i, const char *type);

/*
 * age_stanza_arg(h, i, k, len):
 * Argument k of stanza i, 0 being its type: *len bytes, borrowed from h, no NUL
 * behind them; NULL where it has fewer.
 */
const char *age_stanza_arg(const struct age_header *, size_t i, size_t k,
    size_t *len);

/* The body, decoded: 0 with *len bytes in out, or -1 where room is too small
 * for it. */
int age_stanza_body(const struct age_header *, size_t i, uint8_t *out,
    size_t room, size_t *len);

/*
 * What the stanzas that we know hold.  0, or -1 where it is malformed: another
 * count of arguments, base64 that is not canonical, a wrong size, a work factor
 * that is not a plain decimal number.  log_n is 100 where it is larger.
 */
int age_stanza_x25519(const struct age_header *, size_t i,
    uint8_t share[AGE_X25519_LEN], uint8_t body[AGE_BODY_LEN]);
int age_stanza_scrypt(const struct age_header *, size_t i,
    uint8_t salt[AGE_SALT_LEN], unsigned *log_n, uint8_t body[AGE_BODY_LEN]);
int age_stanza_ssh(const struct age_header *, size_t i,
    uint8_t tag[AGE_SSH_TAG_LEN], uint8_t share[AGE_X25519_LEN],
    uint8_t body[AGE_BODY_LEN]);
int age_stanza_xwing(const struct age_header *, size_t i,
    uint8_t enc[AGE_XWING_LEN], uint8_t body[AGE_BODY_LEN]);

/* The type of a stanza that is malformed; NULL where it is not, or of a type
 * that we do not know. */
const char *age_stanza_malformed(const struct age_header *, size_t i);

/* --- writing one (age-write.c) ---------- */

/* A header, or a message to a plugin, that grows. */
struct age_text {
	uint8_t *buf;		/* freed by age_text_wipe() */
	size_t len, room;
	bool failed;		/* no memory, once */
};

/* All zero is empty. */
void age_text_wipe(struct age_text *);

void age_text_put(struct age_text *, const void *, size_t len);

/*
 * age_text_stanza(t, args, count, body, len):
 * "-> ARGS" and the body's lines, the last one shorter than 64 characters.
 *
 * args	count strings, the type first; each has 33..126 alone, and one at least
 */
void age_text_stanza(struct age_text *, const char *const *args, size_t count,
    const uint8_t *body, size_t len);

/* --- armor (age-armor.c) ---------- */

#define AGE_ARMOR_BEGIN	"-----BEGIN AGE ENCRYPTED FILE-----"
#define AGE_ARMOR_END	"-----END AGE ENCRYPTED FILE-----"
#define AGE_ARMOR_BLANK	1024	/* white space before, and after, at most */
#define AGE_ARMOR_LINE	64

/* Takes decoded bytes: 0, or -1 to stop (it keeps its own reason). */
typedef int (*age_sink)(void *arg, const uint8_t *buf, size_t len);

struct age_armor {
	age_sink sink;		/* set by the caller, as is arg */
	void *arg;

	const char *why;	/* after -1; NULL: the sink said no */
	uint64_t line_at;	/* offset of the line it stands in */
	bool stranger;		/* not even the first line is armor's */

	/* age-armor.c's own. */
	int state;
	bool last;		/* only the END line may follow */
	uint64_t at;
	size_t blank, len;
	uint8_t line[AGE_ARMOR_LINE + 1];	/* and a CR */
};

/* The next bytes: 0, or -1. */
int age_armor_feed(struct age_armor *, const uint8_t *buf, size_t len);

/* End of file: 0 where the END line was there (its LF may lack), or -1. */
int age_armor_end(struct age_armor *);

/* --- the whole file, shut (age-walk.c) ---------- */

struct age_walk {
	struct age_header header;
	bool open;		/* the header is whole */
	uint64_t rest;		/* bytes behind the header */
};

/* All zero is the start. */
void age_walk_wipe(struct age_walk *);

/* The next bytes: 0, or -1 with the reason in header.why and .bad_at. */
int age_walk_feed(struct age_walk *, const uint8_t *buf, size_t len);

/*
 * age_walk_end(w):
 * NULL where some age file has this length; else why none has.
 */
const char *age_walk_end(const struct age_walk *);

#endif
