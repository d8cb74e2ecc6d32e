/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "age/base64.h"
#include "age/ssh-key.h"

#define ED25519		"ssh-ed25519"
#define MAGIC		"openssh-key-v1"	/* and its NUL */
#define AUTHORITY	"cert-authority"
#define BLOCK_LEN	8	/* of a private part that is not encrypted */
#define BLOB_MAX	8192	/* a public key; RSA of 16384 bits: 2071 */
#define SK_LEN		64	/* Ed25519: seed and public key */

#define PEM_BEGIN	"-----BEGIN "
#define PEM_DASHES	"-----"
#define PEM_PRIVATE	"PRIVATE KEY"
#define PEM_OPENSSH	"OPENSSH " PEM_PRIVATE
#define PEM_END		"\n-----END " PEM_OPENSSH PEM_DASHES

/* Bytes that are being read: what is taken comes off the front. */
struct part {
	const uint8_t *p;
	size_t len;
};

static int
take(struct part *from, size_t len, struct part *out)
{

	if (len > from->len)
		return (-1);
	out->p = from->p;
	out->len = len;
	from->p += len;
	from->len -= len;
	return (0);
}

static int
take_number(struct part *from, uint32_t *n)
{
	struct part b;

	if (take(from, 4, &b) == -1)
		return (-1);
	*n = (uint32_t)b.p[0] << 24 | (uint32_t)b.p[1] << 16 |
	    (uint32_t)b.p[2] << 8 | b.p[3];
	return (0);
}

static int
take_string(struct part *from, struct part *out)
{
	uint32_t len;

	if (take_number(from, &len) == -1)
		return (-1);
	return (take(from, len, out));
}

static bool
is(struct part s, const char *text)
{

	return (s.len == strlen(text) && memcmp(s.p, text, s.len) == 0);
}

static bool
begins(struct part s, const char *text)
{

	return (s.len >= strlen(text) && memcmp(s.p, text, strlen(text)) == 0);
}

/* Whether it can be shown as a type; with room for a NUL behind. */
static bool
is_name(struct part s, uint8_t lowest)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] < lowest || s.p[i] > '~')
			return (false);
	return (s.len > 0 && s.len < SSH_TYPE_LEN);
}

static void
store_name(struct part s, char type[SSH_TYPE_LEN])
{

	memcpy(type, s.p, s.len);
	type[s.len] = '\0';
}

/* A public key as SSH sends it. */
static enum ssh_key
public_blob(struct part blob, uint8_t pk[SSH_ED25519_LEN],
    char type[SSH_TYPE_LEN])
{
	struct part name, key;

	if (take_string(&blob, &name) == -1 || !is_name(name, '!'))
		return (SSH_KEY_BAD);
	if (!is(name, ED25519)) {
		store_name(name, type);
		return (SSH_KEY_OTHER);
	}
	if (take_string(&blob, &key) == -1 || key.len != SSH_ED25519_LEN ||
	    blob.len != 0)
		return (SSH_KEY_BAD);
	memcpy(pk, key.p, SSH_ED25519_LEN);
	return (SSH_KEY_OK);
}

/* --- public keys ---------- */

static bool
is_blank(uint8_t c)
{

	return (c == ' ' || c == '\t');
}

/* Up to the next blank; with quotes: the next one outside of them. */
static struct part
take_word(struct part *line, bool quotes)
{
	struct part word;
	bool quoted = false;
	size_t i;

	while (line->len > 0 && is_blank(line->p[0]))
		(void)take(line, 1, &word);
	for (i = 0; i < line->len; i++) {
		if (is_blank(line->p[i]) && !quoted)
			break;
		if (!quotes)
			continue;
		if (line->p[i] == '\\' && i + 1 < line->len &&
		    line->p[i + 1] == '"')
			i++;
		else if (line->p[i] == '"')
			quoted = !quoted;
	}
	(void)take(line, i, &word);
	return (word);
}

/* No option of authorized_keys begins like this; every type of key does. */
static bool
is_type(struct part word)
{

	return (is_name(word, '!') && (begins(word, "ssh-") ||
	    begins(word, "ecdsa-") || begins(word, "sk-ssh-") ||
	    begins(word, "sk-ecdsa-")));
}

/* Among the options, the one that says whose keys are trusted: nobody logs in
 * with that key. */
static bool
is_authority(struct part options)
{
	size_t i, len = strlen(AUTHORITY);
	bool quoted = false;

	for (i = 0; i < options.len; i++) {
		if (options.p[i] == '"' && (i == 0 || options.p[i - 1] != '\\'))
			quoted = !quoted;
		if (!quoted && (i == 0 || options.p[i - 1] == ',') &&
		    options.len - i >= len &&
		    strncasecmp((const char *)options.p + i, AUTHORITY,
		    len) == 0 &&
		    (options.len - i == len || options.p[i + len] == ','))
			return (true);
	}
	return (false);
}

enum ssh_key
ssh_public(const char *text, size_t len, uint8_t pk[SSH_ED25519_LEN],
    char type[SSH_TYPE_LEN])
{
	struct part line = { (const uint8_t *)text, len }, rest = line;
	struct part word, base64, blob, name, options;
	uint8_t buf[BLOB_MAX];

	type[0] = '\0';
	if (len > 0 && is_blank(line.p[0]))
		return (SSH_KEY_NOT);
	word = take_word(&rest, false);
	if (!is_type(word)) {
		rest = line;
		options = take_word(&rest, true);
		word = take_word(&rest, false);
		if (!is_type(word))
			return (SSH_KEY_NOT);
		if (is_authority(options)) {
			strcpy(type, AUTHORITY);
			return (SSH_KEY_OTHER);
		}
	}
	base64 = take_word(&rest, false);
	blob.p = buf;
	if (base64_decode(base64.p, base64.len, true, buf, sizeof(buf),
	    &blob.len) == -1)
		return (SSH_KEY_BAD);
	rest = blob;
	if (take_string(&rest, &name) == -1 || name.len != word.len ||
	    memcmp(name.p, word.p, word.len) != 0)
		return (SSH_KEY_BAD);
	return (public_blob(blob, pk, type));
}

/* --- private keys ---------- */

/* That the seed is the public key's is looked at, too: with another, what is
 * encrypted to the public key could not be opened. */
static bool
is_pair(const uint8_t *sk, const uint8_t pk[SSH_ED25519_LEN])
{
	uint8_t own[SSH_ED25519_LEN], own_sk[SK_LEN];
	bool same;

	same = crypto_sign_ed25519_seed_keypair(own, own_sk, sk) == 0 &&
	    memcmp(own, pk, sizeof(own)) == 0 &&
	    sodium_memcmp(own_sk, sk, SK_LEN) == 0;
	sodium_memzero(own_sk, sizeof(own_sk));
	return (same);
}

static enum ssh_key
private_part(struct part s, const uint8_t pk[SSH_ED25519_LEN],
    uint8_t seed[SSH_ED25519_LEN])
{
	struct part type, public, sk, comment;
	uint32_t check1, check2;
	size_t i;

	if (s.len % BLOCK_LEN != 0 ||
	    take_number(&s, &check1) == -1 ||
	    take_number(&s, &check2) == -1 || check1 != check2 ||
	    take_string(&s, &type) == -1 || !is(type, ED25519) ||
	    take_string(&s, &public) == -1 || public.len != SSH_ED25519_LEN ||
	    memcmp(public.p, pk, SSH_ED25519_LEN) != 0 ||
	    take_string(&s, &sk) == -1 || sk.len != SK_LEN ||
	    take_string(&s, &comment) == -1)
		return (SSH_KEY_BAD);
	for (i = 0; i < s.len; i++)
		if (s.p[i] != (uint8_t)(i + 1))
			return (SSH_KEY_BAD);
	if (!is_pair(sk.p, pk))
		return (SSH_KEY_BAD);
	memcpy(seed, sk.p, SSH_ED25519_LEN);
	return (SSH_KEY_OK);
}

static enum ssh_key
private_blob(struct part blob, uint8_t seed[SSH_ED25519_LEN],
    uint8_t pk[SSH_ED25519_LEN], char type[SSH_TYPE_LEN])
{
	struct part magic, cipher, kdf, options, public, private;
	enum ssh_key kind;
	uint32_t count;

	if (take(&blob, sizeof(MAGIC), &magic) == -1 ||
	    memcmp(magic.p, MAGIC, sizeof(MAGIC)) != 0 ||
	    take_string(&blob, &cipher) == -1 ||
	    take_string(&blob, &kdf) == -1 ||
	    take_string(&blob, &options) == -1 ||
	    take_number(&blob, &count) == -1 || count != 1 ||
	    take_string(&blob, &public) == -1 ||
	    take_string(&blob, &private) == -1)
		return (SSH_KEY_BAD);
	if ((kind = public_blob(public, pk, type)) != SSH_KEY_OK)
		return (kind);
	/* The tag of some ciphers stands behind the private part. */
	if (!is(cipher, "none"))
		return (SSH_KEY_LOCKED);
	if (!is(kdf, "none") || options.len != 0 || blob.len != 0)
		return (SSH_KEY_BAD);
	return (private_part(private, pk, seed));
}

/* What stands between the dashes of a PEM text's first line. */
static int
take_label(struct part *text, struct part *label)
{
	struct part line, rest = *text;
	const uint8_t *lf;

	if (!begins(rest, PEM_BEGIN))
		return (-1);
	lf = memchr(rest.p, '\n', rest.len);
	(void)take(&rest, lf != NULL ? (size_t)(lf - rest.p) : rest.len, &line);
	if (line.p[line.len - 1] == '\r')
		line.len--;
	(void)take(&line, strlen(PEM_BEGIN), label);
	if (line.len < strlen(PEM_DASHES))
		return (-1);
	(void)take(&line, line.len - strlen(PEM_DASHES), label);
	*text = rest;
	return (is(line, PEM_DASHES) && is_name(*label, ' ') ? 0 : -1);
}

/* The base64 before the END line, behind which nothing stands. */
static int
take_body(struct part *text, struct part *body)
{
	struct part end;
	const uint8_t *p;

	/* libsodium would skip a NUL as one of the characters to be ignored. */
	if (memchr(text->p, '\0', text->len) != NULL)
		return (-1);
	p = memmem(text->p, text->len, PEM_END, strlen(PEM_END));
	if (p == NULL || take(text, (size_t)(p - text->p), body) == -1 ||
	    take(text, strlen(PEM_END), &end) == -1)
		return (-1);
	while (text->len > 0 && (text->p[0] == '\r' || text->p[0] == '\n'))
		(void)take(text, 1, &end);
	return (text->len == 0 ? 0 : -1);
}

enum ssh_key
ssh_private(const char *text, size_t len, uint8_t seed[SSH_ED25519_LEN],
    uint8_t pk[SSH_ED25519_LEN], char type[SSH_TYPE_LEN])
{
	struct part rest = { (const uint8_t *)text, len }, label, body, blob;
	enum ssh_key kind = SSH_KEY_BAD;
	uint8_t *buf;

	type[0] = '\0';
	if (take_label(&rest, &label) == -1 ||
	    label.len < strlen(PEM_PRIVATE) || memcmp(label.p + label.len -
	    strlen(PEM_PRIVATE), PEM_PRIVATE, strlen(PEM_PRIVATE)) != 0)
		return (SSH_KEY_NOT);
	if (!is(label, PEM_OPENSSH)) {
		store_name(label, type);
		return (SSH_KEY_OTHER);
	}
	errno = 0;
	if (take_body(&rest, &body) == -1 ||
	    (buf = sodium_malloc(body.len)) == NULL)
		return (SSH_KEY_BAD);
	/* Not base64.h: this one takes the same time for any secret. */
	if (sodium_base642bin(buf, body.len, (const char *)body.p, body.len,
	    "\r\n", &blob.len, NULL, sodium_base64_VARIANT_ORIGINAL) == 0) {
		blob.p = buf;
		kind = private_blob(blob, seed, pk, type);
	}
	sodium_free(buf);
	return (kind);
}
