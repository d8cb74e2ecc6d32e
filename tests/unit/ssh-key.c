/* SPDX-License-Identifier: ISC */
/* SSH keys are read as OpenSSH writes them, and nothing damaged is a key. */
#include <sodium.h>
#include <stdlib.h>

#include "age/ssh-key.h"
#include "tap.h"

#include "age-ssh-vectors.h"

#define BLOB_MAX	1024
#define TEXT_MAX	4096
#define LINE_ROOM	16384
#define RSA_MAX		8193

#define BEGIN	"-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define END	"\n-----END OPENSSH PRIVATE KEY-----\n"

/* Where the parts of VECTOR_PRIVATE's blob are. */
#define AT_CHECK	98
#define AT_COMMENT	229
#define COMMENT_LEN	14

static const char sound[] = VECTOR_PRIVATE;
static uint8_t seed[SSH_ED25519_LEN], pk[SSH_ED25519_LEN];

static void
unhex(const char *text, uint8_t *out, size_t len)
{

	if (sodium_hex2bin(out, len, text, strlen(text), NULL, NULL, NULL) != 0)
		abort();
}

/* In memory of its own length, so that a byte too far is seen. */
static char *
exactly(const char *text, size_t len)
{
	char *p = malloc(len > 0 ? len : 1);

	if (p == NULL)
		abort();
	memcpy(p, text, len);
	return (p);
}

/* What a private key comes to; a seed is not stored unless it is OK. */
static enum ssh_key
private(const char *text, size_t len, char type[SSH_TYPE_LEN])
{
	static const uint8_t zero[SSH_ED25519_LEN];
	uint8_t s[SSH_ED25519_LEN] = { 0 }, p[SSH_ED25519_LEN] = { 0 };
	char *own = exactly(text, len);
	enum ssh_key kind;

	kind = ssh_private(own, len, s, p, type);
	free(own);
	if (kind == SSH_KEY_OK ?
	    memcmp(s, seed, sizeof(s)) != 0 || memcmp(p, pk, sizeof(p)) != 0 :
	    memcmp(s, zero, sizeof(s)) != 0)
		abort();
	return (kind);
}

static enum ssh_key
public(const char *text, size_t len, char type[SSH_TYPE_LEN])
{
	uint8_t p[SSH_ED25519_LEN] = { 0 };
	char *own = exactly(text, len);
	enum ssh_key kind;

	kind = ssh_public(own, len, p, type);
	free(own);
	if (kind == SSH_KEY_OK && memcmp(p, pk, sizeof(p)) != 0)
		abort();
	return (kind);
}

static void
judge(enum ssh_key (*read_key)(const char *, size_t, char [SSH_TYPE_LEN]),
    const struct ssh_vector *v)
{
	char type[SSH_TYPE_LEN] = "?";
	enum ssh_key kind;

	kind = read_key(v->text, v->len, type);
	if (!ok(kind == v->want && strcmp(type, v->type) == 0, "%s", v->name))
		printf("# %d, type '%s'\n", kind, type);
}

static size_t
decode(uint8_t blob[BLOB_MAX])
{
	const char *b64 = sound + strlen(BEGIN);
	size_t len;

	if (sodium_base642bin(blob, BLOB_MAX, b64, strlen(b64) - strlen(END),
	    "\n", &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		abort();
	return (len);
}

/* A blob in armor of one line. */
static enum ssh_key
armored(const uint8_t *blob, size_t len)
{
	char text[TEXT_MAX], type[SSH_TYPE_LEN];
	char *p = text + strlen(BEGIN);

	strcpy(text, BEGIN);
	sodium_bin2base64(p, (size_t)(text + sizeof(text) - p), blob, len,
	    sodium_base64_VARIANT_ORIGINAL);
	strcat(p, END);
	return (private(text, strlen(text), type));
}

static void
cut(void)
{
	const char *text = sound;
	uint8_t blob[BLOB_MAX];
	char type[SSH_TYPE_LEN];
	size_t i, len = decode(blob), n = 0;

	ok(private(text, strlen(text), type) == SSH_KEY_OK, "a private key");
	ok(armored(blob, len) == SSH_KEY_OK, "in one long line");
	for (i = 0; i < len; i++)
		n += armored(blob, i) == SSH_KEY_BAD;
	ok(n == len, "the key cut at every byte");
	/* All but the last line end is needed. */
	for (n = 0, i = 0; i < strlen(text) - 1; i++)
		n += private(text, i, type) == SSH_KEY_OK;
	ok(n == 0, "its text cut at every byte");
	for (n = 0, i = 0; i < len; i++)
		n += armored(blob + i + 1, len - i - 1) == SSH_KEY_BAD;
	ok(n == len, "its beginning lost at every byte");
}

/* No bit but those of the comment, and of both checks alike, is free. */
static void
flipped(void)
{
	uint8_t blob[BLOB_MAX];
	size_t i, len = decode(blob), passed = 0, comment = 0;
	unsigned bit;
	enum ssh_key kind;

	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++) {
			blob[i] ^= (uint8_t)(1U << bit);
			kind = armored(blob, len);
			blob[i] ^= (uint8_t)(1U << bit);
			if (i >= AT_COMMENT && i < AT_COMMENT + COMMENT_LEN)
				comment += kind == SSH_KEY_OK;
			else
				passed += kind == SSH_KEY_OK;
		}
	}
	ok(passed == 0, "a bit flipped at every byte");
	ok(comment == 8 * COMMENT_LEN, "the comment is anybody's");
	blob[AT_CHECK] ^= 1;
	ok(armored(blob, len) == SSH_KEY_BAD, "one check");
	blob[AT_CHECK + 4] ^= 1;
	ok(armored(blob, len) == SSH_KEY_OK, "both checks");
}

/* Every four bytes may be a length: none leads out of the key. */
static void
absurd(void)
{
	static const uint32_t lengths[] = { 0, 1, 0x7fffffff, 0x80000000,
	    0xfffffffc, 0xffffffff };
	uint8_t blob[BLOB_MAX], saved[4];
	size_t i, k, len = decode(blob), passed = 0;

	for (i = 0; i + 4 <= AT_COMMENT; i++) {
		for (k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
			memcpy(saved, blob + i, 4);
			blob[i] = (uint8_t)(lengths[k] >> 24);
			blob[i + 1] = (uint8_t)(lengths[k] >> 16);
			blob[i + 2] = (uint8_t)(lengths[k] >> 8);
			blob[i + 3] = (uint8_t)lengths[k];
			if (memcmp(saved, blob + i, 4) != 0)
				passed += armored(blob, len) == SSH_KEY_OK;
			memcpy(blob + i, saved, 4);
		}
	}
	ok(passed == 0, "lengths that are absurd, everywhere");
}

static void
public_cut(void)
{
	const struct ssh_vector *v = &vector_public[0];
	char type[SSH_TYPE_LEN], text[128];
	size_t i, n = 0;
	unsigned bit;

	for (i = 0; i < v->len; i++)
		n += public(v->text, i, type) == SSH_KEY_OK;
	ok(n == 0, "a public key cut at every byte");
	/* In the key itself any bit may be another key's. */
	memcpy(text, v->text, v->len);
	for (i = 0; i < 12 + 25; i++) {
		for (bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ (1 << bit));
			/* Another blank is one. */
			if (text[i] != '\t')
				n += public(text, v->len, type) == SSH_KEY_OK;
			text[i] = (char)(text[i] ^ (1 << bit));
		}
	}
	ok(n == 0, "a bit flipped in all that is not the key");
}

/* A line of an RSA key whose blob has len bytes. */
static enum ssh_key
rsa(size_t len, char type[SSH_TYPE_LEN])
{
	static const uint8_t head[] = "\0\0\0\7ssh-rsa";
	static uint8_t blob[RSA_MAX];
	static char text[LINE_ROOM];

	memcpy(blob, head, sizeof(head) - 1);
	strcpy(text, "ssh-rsa ");
	sodium_bin2base64(text + 8, sizeof(text) - 8, blob, len,
	    sodium_base64_VARIANT_ORIGINAL);
	return (public(text, strlen(text), type));
}

static void
large(void)
{
	char type[SSH_TYPE_LEN];

	ok(rsa(2071, type) == SSH_KEY_OTHER && strcmp(type, "ssh-rsa") == 0,
	    "RSA of 16384 bits");
	ok(rsa(RSA_MAX - 1, type) == SSH_KEY_OTHER, "the largest that is read");
	ok(rsa(RSA_MAX, type) == SSH_KEY_BAD, "larger than any key");
}

int
main(void)
{
	size_t i;

	if (sodium_init() == -1)
		return (1);
	unhex(VECTOR_SEED, seed, sizeof(seed));
	unhex(VECTOR_PK, pk, sizeof(pk));
	for (i = 0; i < sizeof(vector_private) / sizeof(vector_private[0]); i++)
		judge(private, &vector_private[i]);
	cut();
	flipped();
	absurd();
	for (i = 0; i < sizeof(vector_public) / sizeof(vector_public[0]); i++)
		judge(public, &vector_public[i]);
	public_cut();
	large();
	return (tap_done());
}
