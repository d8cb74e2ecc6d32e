/* SPDX-License-Identifier: ISC */
#ifndef MOLD_H
#define MOLD_H

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "age/age-key.h"
#include "age/base64.h"
#include "age/bech32.h"
#include "age/cipher.h"
#include "age/ssh-key.h"

/*
 * No fuzzer finds a MAC or a checksum.  So the input of some targets is a text
 * with marks in it, in place of which sound parts are put; all other bytes stay
 * as they are, a mark that is not known too.
 *
 *	@T @H @P	stanza for our age key, our SSH key, our passphrase
 *	@O		stanza for another age key
 *	@S @B		share and body of @T
 *	@M		the MAC of all before it, with its blank
 *	@N		the nonce; chunks count from 0 again
 *	@0 @1		chunk of a byte, @1 the final one
 *	@f @F		full chunk, @F the final one
 *	@e @E		empty chunk, @E the final one
 *	@K @R @L @l	our identity, our recipient; those of a plugin
 *	@k @r		our SSH key, private and public
 *	@x		damages the byte before
 *	@c		cuts off 20 bytes
 *
 * What stands from an opening mark to its @] is put into the form of
 *
 *	@[	armor
 *	@(	base64, padded, in a line
 *	@{	a final chunk
 *	@<	bech32: the human-readable part, a comma, the data
 */

#define MOLD_ROOM	(1024 * 1024)
#define MOLD_FULL	8	/* full chunks at most */
#define MOLD_DEPTH	4
#define MOLD_HRP	64

#define MOLD_WORK	1	/* log2 N of the passphrase */
#define MOLD_PASS	"swordfish"

struct mold_part {
	char text[1024];
	size_t len;
};

/* The keys, which are the same in every run. */
static struct {
	uint8_t file_key[AGE_FILE_KEY_LEN];
	uint8_t secret[AGE_X25519_LEN], other[AGE_X25519_LEN];
	uint8_t seed[SSH_ED25519_LEN], pk[SSH_ED25519_LEN];
	struct cipher *cipher;		/* of the payload key */
	struct mold_part stanzas[4];	/* T, H, P, O */
	struct mold_part identity, recipient, private, public;
	struct mold_part plugin_identity, plugin_recipient;
} mold_keys;

/* What is being made. */
struct mold {
	uint8_t *buf;		/* MOLD_ROOM bytes */
	size_t len;
	uint64_t index;		/* of the next chunk */
	unsigned full;
	struct {
		char kind;
		size_t at;
	} open[MOLD_DEPTH];
	size_t depth;
};

static const uint8_t mold_nonce[AGE_NONCE_LEN + 1] = "sixteen bytes ..";

static inline void
mold_must(bool good)
{

	if (!good)
		abort();
}

/* --- keys ---------- */

static inline void
mold_add(struct mold_part *p, const void *buf, size_t len)
{

	mold_must(len < sizeof(p->text) - p->len);
	memcpy(p->text + p->len, buf, len);
	p->len += len;
}

static inline void
mold_add_base64(struct mold_part *p, const void *buf, size_t len)
{
	static const char padding[] = "==";
	char out[BASE64_LEN(512)];

	mold_must(len <= 512);
	base64_encode(buf, len, out);
	mold_add(p, out, BASE64_LEN(len));
	mold_add(p, padding, (3 - len % 3) % 3);
}

static inline void
mold_add_bech32(struct mold_part *p, const char *hrp, const uint8_t *data)
{

	bech32_encode(hrp, data, AGE_X25519_LEN, p->text);
	p->len = strlen(p->text);
}

static inline void
mold_add_string(struct mold_part *p, const void *s, size_t len)
{
	const uint8_t n[4] = { 0, 0, (uint8_t)(len >> 8), (uint8_t)len };

	mold_add(p, n, sizeof(n));
	mold_add(p, s, len);
}

/* Our SSH key, as ssh-keygen writes it but in one line. */
static inline void
mold_ssh(void)
{
	static const char name[] = "ssh-ed25519";
	struct mold_part blob = { .len = 0 }, inner = { .len = 0 };
	struct mold_part all = { .len = 0 };
	struct mold_part *private = &mold_keys.private;
	struct mold_part *public = &mold_keys.public;
	uint8_t sk[crypto_sign_ed25519_SECRETKEYBYTES];

	crypto_sign_ed25519_seed_keypair(mold_keys.pk, sk, mold_keys.seed);
	mold_add_string(&blob, name, strlen(name));
	mold_add_string(&blob, mold_keys.pk, sizeof(mold_keys.pk));
	mold_add(public, "ssh-ed25519 ", 12);
	mold_add_base64(public, blob.text, blob.len);

	mold_add(&inner, "checkchk", 8);
	memcpy(inner.text + 4, inner.text, 4);
	mold_add(&inner, blob.text, blob.len);
	mold_add_string(&inner, sk, sizeof(sk));
	mold_add_string(&inner, "me", 2);
	mold_add(&inner, "\1\2\3\4\5\6\7", (8 - inner.len % 8) % 8);

	mold_add(&all, "openssh-key-v1", 15);
	mold_add_string(&all, "none", 4);
	mold_add_string(&all, "none", 4);
	mold_add_string(&all, "", 0);
	mold_add(&all, "\0\0\0\1", 4);
	mold_add_string(&all, blob.text, blob.len);
	mold_add_string(&all, inner.text, inner.len);
	mold_add(private, "-----BEGIN OPENSSH PRIVATE KEY-----\n", 36);
	mold_add_base64(private, all.text, all.len);
	mold_add(private, "\n-----END OPENSSH PRIVATE KEY-----\n", 35);
}

/* Keep a stanza that was written. */
static inline void
mold_stanza(struct mold_part *p, struct age_text *text, int rc)
{

	mold_must(rc == 0 && !text->failed);
	mold_add(p, text->buf, text->len);
	age_text_wipe(text);
}

/* Call this first. */
static inline void
mold_init(void)
{
	uint8_t point[AGE_X25519_LEN], once[AGE_X25519_LEN];
	uint8_t salt[AGE_SALT_LEN] = { 0 }, key[AGE_KEY_LEN];
	struct age_text t = { 0 };

	mold_must(sodium_init() != -1);
	memset(mold_keys.file_key, 0x99, sizeof(mold_keys.file_key));
	memset(mold_keys.secret, 0x11, sizeof(mold_keys.secret));
	memset(mold_keys.other, 0x22, sizeof(mold_keys.other));
	memset(mold_keys.seed, 0x33, sizeof(mold_keys.seed));
	memset(once, 0x44, sizeof(once));
	mold_ssh();
	age_payload_key(mold_keys.file_key, mold_nonce, key);
	mold_must((mold_keys.cipher = cipher_new(key, CIPHER_SEAL | CIPHER_OPEN)) != NULL);

	crypto_scalarmult_base(point, mold_keys.other);
	mold_stanza(&mold_keys.stanzas[3], &t, age_x25519_wrap(point, once,
	    mold_keys.file_key, &t));
	crypto_scalarmult_base(point, mold_keys.secret);
	mold_stanza(&mold_keys.stanzas[0], &t, age_x25519_wrap(point, once,
	    mold_keys.file_key, &t));
	mold_stanza(&mold_keys.stanzas[1], &t, age_ssh_wrap(mold_keys.pk, once,
	    mold_keys.file_key, &t));
	mold_stanza(&mold_keys.stanzas[2], &t, age_scrypt_wrap(MOLD_PASS,
	    strlen(MOLD_PASS), salt, MOLD_WORK, mold_keys.file_key, &t));

	mold_add_bech32(&mold_keys.identity, "AGE-SECRET-KEY-",
	    mold_keys.secret);
	mold_add_bech32(&mold_keys.recipient, "age", point);
	mold_add_bech32(&mold_keys.plugin_identity, "AGE-PLUGIN-MOLD-",
	    mold_keys.secret);
	mold_add_bech32(&mold_keys.plugin_recipient, "age1mold", point);
}

/* --- the parts ---------- */

/* What does not fit is left out. */
static inline void
mold_put(struct mold *m, const void *p, size_t len)
{

	if (len > MOLD_ROOM - m->len)
		return;
	memcpy(m->buf + m->len, p, len);
	m->len += len;
}

static inline void
mold_put_part(struct mold *m, const struct mold_part *p, size_t from,
    size_t len)
{

	mold_put(m, p->text + from, len == 0 ? p->len : len);
}

/* Within armor the file begins there. */
static inline void
mold_put_mac(struct mold *m)
{
	char text[BASE64_LEN(32)];
	size_t i, from = 0;
	uint8_t mac[32];

	for (i = 0; i < m->depth; i++)
		if (m->open[i].kind == '[')
			from = m->open[i].at;
	age_header_mac(mold_keys.file_key, m->buf + from, m->len - from, mac);
	base64_encode(mac, sizeof(mac), text);
	mold_put(m, " ", 1);
	mold_put(m, text, sizeof(text));
}

static inline void
mold_put_chunk(struct mold *m, const uint8_t *plain, size_t len, bool last)
{
	static uint8_t sealed[AGE_SEALED_LEN];

	if (len > AGE_CHUNK_LEN || (len == AGE_CHUNK_LEN &&
	    m->full++ >= MOLD_FULL))
		return;
	mold_must(cipher_seal(mold_keys.cipher, m->index++, last, plain, len,
	    sealed) == 0);
	mold_put(m, sealed, len + AGE_TAG_LEN);
}

/* At most what stands behind the last opening mark. */
static inline void
mold_cut(struct mold *m, size_t n)
{
	size_t from = m->depth == 0 ? 0 : m->open[m->depth - 1].at;

	m->len -= m->len - from < n ? m->len - from : n;
}

/* --- what is enclosed ---------- */

static inline void
mold_base64(struct mold *m, const uint8_t *p, size_t len)
{
	char *out = malloc(BASE64_LEN(len) + 1);

	mold_must(out != NULL);
	base64_encode(p, len, out);
	mold_put(m, out, BASE64_LEN(len));
	mold_put(m, "==", (3 - len % 3) % 3);
	free(out);
}

static inline void
mold_armor(struct mold *m, const uint8_t *p, size_t len)
{
	size_t n;

	mold_put(m, AGE_ARMOR_BEGIN "\n", strlen(AGE_ARMOR_BEGIN "\n"));
	for (; len > 0; p += n, len -= n) {
		n = len < 48 ? len : 48;
		mold_base64(m, p, n);
		mold_put(m, "\n", 1);
	}
	mold_put(m, AGE_ARMOR_END "\n", strlen(AGE_ARMOR_END "\n"));
}

static inline void
mold_bech32(struct mold *m, const uint8_t *p, size_t len)
{
	char hrp[MOLD_HRP], out[BECH32_LEN(MOLD_HRP, BECH32_DATA_MAX) + 1];
	const uint8_t *comma = memchr(p, ',', len);
	size_t n;

	if (comma == NULL || (n = (size_t)(comma - p)) >= sizeof(hrp) ||
	    len - n - 1 > BECH32_DATA_MAX || memchr(p, '\0', n) != NULL)
		return;
	memcpy(hrp, p, n);
	hrp[n] = '\0';
	bech32_encode(hrp, comma + 1, len - n - 1, out);
	mold_put(m, out, strlen(out));
}

static inline void
mold_open(struct mold *m, char kind)
{

	if (m->depth == MOLD_DEPTH)
		return;
	m->open[m->depth].kind = kind;
	m->open[m->depth++].at = m->len;
}

static inline void
mold_close(struct mold *m)
{
	size_t at, len;
	uint8_t *copy;
	char kind;

	if (m->depth == 0)
		return;
	kind = m->open[--m->depth].kind;
	at = m->open[m->depth].at;
	len = m->len - at;
	mold_must((copy = malloc(len + 1)) != NULL);
	memcpy(copy, m->buf + at, len);
	m->len = at;
	if (kind == '[')
		mold_armor(m, copy, len);
	else if (kind == '(')
		mold_base64(m, copy, len);
	else if (kind == '<')
		mold_bech32(m, copy, len);
	else
		mold_put_chunk(m, copy, len, true);
	free(copy);
}

/* --- the whole ---------- */

/* Whether it is a mark. */
static inline bool
mold_mark(struct mold *m, char c)
{
	static const uint8_t zeros[AGE_CHUNK_LEN];
	static const char stanzas[] = "THPO";
	const char *s = strchr(stanzas, c);

	if (c == '\0')
		return (false);
	if (s != NULL) {
		mold_put_part(m, &mold_keys.stanzas[s - stanzas], 0, 0);
		return (true);
	}
	switch (c) {
	case 'S': mold_put_part(m, &mold_keys.stanzas[0], 10, 43); break;
	case 'B': mold_put_part(m, &mold_keys.stanzas[0], 54, 43); break;
	case 'K': mold_put_part(m, &mold_keys.identity, 0, 0); break;
	case 'R': mold_put_part(m, &mold_keys.recipient, 0, 0); break;
	case 'L': mold_put_part(m, &mold_keys.plugin_identity, 0, 0); break;
	case 'l': mold_put_part(m, &mold_keys.plugin_recipient, 0, 0); break;
	case 'k': mold_put_part(m, &mold_keys.private, 0, 0); break;
	case 'r': mold_put_part(m, &mold_keys.public, 0, 0); break;
	case 'M': mold_put_mac(m); break;
	case 'N':
		mold_put(m, mold_nonce, AGE_NONCE_LEN);
		m->index = 0;
		break;
	case '0': case '1': mold_put_chunk(m, zeros, 1, c == '1'); break;
	case 'e': case 'E': mold_put_chunk(m, zeros, 0, c == 'E'); break;
	case 'f': case 'F':
		mold_put_chunk(m, zeros, AGE_CHUNK_LEN, c == 'F');
		break;
	case 'x':
		if (m->len > 0)
			m->buf[m->len - 1] ^= 1;
		break;
	case 'c': mold_cut(m, 20); break;
	case '[': case '(': case '{': case '<': mold_open(m, c); break;
	case ']': mold_close(m); break;
	default:
		return (false);
	}
	return (true);
}

/* What the input makes: *len bytes, in memory of just that size, for free(). */
static inline uint8_t *
mold(const uint8_t *data, size_t size, size_t *len)
{
	static uint8_t room[MOLD_ROOM];
	struct mold m = { .buf = room };
	uint8_t *made;
	size_t i;

	if (mold_keys.cipher == NULL)
		mold_init();
	for (i = 0; i < size; i++)
		if (data[i] == '@' && i + 1 < size &&
		    mold_mark(&m, (char)data[i + 1]))
			i++;
		else
			mold_put(&m, data + i, 1);
	while (m.depth > 0)
		mold_close(&m);
	mold_must((made = malloc(m.len > 0 ? m.len : 1)) != NULL);
	memcpy(made, room, m.len);
	*len = m.len;
	return (made);
}

#endif
