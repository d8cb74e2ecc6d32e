/* SPDX-License-Identifier: ISC */
/*
 * Promise: no text makes the readers of minisign's files crash; what is refused
 * is so with one error line; a key that is taken signs what its public half
 * verifies; a signature that is well-formed holds if it is our key's, and else
 * does not; any text becomes a comment that prints.  The input is a text with
 * marks: mold.h.
 *
 * clang -D_GNU_SOURCE -Icommon -Icmd -Icmd/pgb-verify -Itests -g -O1 \
 *     -fsanitize=fuzzer,address,undefined tests/fuzz/minisign.c \
 *     common/[a-z]*.c common/age/[a-z]*.c \
 *     -lisal -lz -lzstd -llz4 -ljansson -lsodium -lcrypto -lseccomp
 */
#include "pgb-verify/report/minisign-key.c"
#include "pgb-verify/report/minisign.c"

#include "fuzz/mold.h"
#include "fuzz/quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define WORK_MAX	(1 << 16)	/* of a password: more takes too long */

static struct minisign_key key;
static char key_public[BASE64_ROOM(sizeof(struct minisign_public))];
static char pass[64];

/* What -P takes. */
static void
public_of(const struct minisign_key *k, char text[sizeof(key_public)])
{
	struct minisign_public p = { .alg = { 'E', 'd' } };

	memcpy(p.id, k->id, sizeof(p.id));
	crypto_sign_ed25519_sk_to_pk(p.pk, k->sk);
	base64(text, sizeof(key_public), &p, sizeof(p));
}

static void
begin(void)
{
	uint8_t pk[crypto_sign_PUBLICKEYBYTES], seed[32];

	if (pass[0] != '\0')
		return;
	(void)quiet_file(MOLD_PASS, strlen(MOLD_PASS), pass);
	memset(seed, 0x55, sizeof(seed));
	memset(key.id, 'K', sizeof(key.id));
	crypto_sign_seed_keypair(pk, key.sk, seed);
	public_of(&key, key_public);
}

static enum status
verify(const char *pubkey, const void *sig, size_t len, const void *buf,
    size_t buf_len, char **comment)
{
	enum status status;
	char path[64];
	int fd = quiet_file(sig, len, path);

	quiet_begin();
	status = minisign_verify(pubkey, path, buf, buf_len, comment);
	quiet_end();
	close(fd);
	mold_must(quiet_errors() == (status != STATUS_OK));
	return (status);
}

static void
public(const char *path, const char *text, size_t len)
{
	char again[BASE64_ROOM(sizeof(struct minisign_public))];
	struct minisign_public k;
	enum status status;

	quiet_begin();
	status = minisign_public_load(path, &k);
	quiet_end();
	mold_must(quiet_errors() == (status != STATUS_OK));
	mold_must(status == STATUS_OK || status == STATUS_USAGE);
	if (status != STATUS_OK)
		return;
	base64(again, sizeof(again), &k, sizeof(k));
	mold_must(memmem(text, len, again, strlen(again)) != NULL);
}

static bool
is_costly(const char *path, const char *text, size_t len)
{
	struct secret_key k;
	enum status status;

	quiet_begin();
	status = secret_parse(path, text, len, &k);
	quiet_end();
	return (status == STATUS_OK && k.kdf[0] != '\0' &&
	    ((minisign_number(k.mem) > WORK_MAX &&
	    minisign_number(k.mem) <= MEM_MAX) ||
	    (minisign_number(k.ops) > WORK_MAX &&
	    minisign_number(k.ops) <= OPS_MAX)));
}

static void
secret(const char *path, const char *text, size_t len)
{
	struct passphrase_source from = { .file = pass, .fd = -1 };
	char pubkey[sizeof(key_public)], *sig;
	struct minisign_key *k;
	enum status status;

	if (is_costly(path, text, len))
		return;
	quiet_begin();
	k = minisign_load(path, &from, &status);
	quiet_end();
	mold_must(quiet_errors() == (k == NULL));
	if (k == NULL) {
		mold_must(status == STATUS_USAGE);
		return;
	}
	public_of(k, pubkey);
	mold_must((sig = minisign_sign(k, text, len, "x")) != NULL);
	mold_must(verify(pubkey, sig, strlen(sig), text, len, NULL) ==
	    STATUS_OK);
	mold_must(verify(key_public, sig, strlen(sig), text, len, NULL) ==
	    STATUS_DATA);
	free(sig);
	minisign_free(k);
}

/* The same comment, but signed by our key. */
static void
sign_again(const struct minisign_line *c, const char *text, size_t len)
{
	char sig[2 * FILE_MAX], *lines, *got, *mine, *end;
	uint8_t both[BOTH_MAX], raw[crypto_sign_BYTES];
	char second[BASE64_ROOM(sizeof(raw))];
	struct signature s;
	struct minisign_line l;
	int n;

	mold_must((mine = minisign_sign(&key, text, len, "")) != NULL);
	mold_must((lines = strchr(mine, '\n')) != NULL);
	end = strchr(lines + 1, '\n');
	l.text = lines + 1;
	l.len = (size_t)(end - l.text);
	mold_must(minisign_unbase64(&l, &s, sizeof(s)));
	crypto_sign_detached(raw, NULL, both, join(both, s.sig, c->text,
	    c->len), key.sk);
	base64(second, sizeof(second), raw, sizeof(raw));
	/* A CR at the comment's end is its own. */
	n = snprintf(sig, sizeof(sig), UNTRUSTED "\r\n%.*s\r\n" TRUSTED
	    "%.*s\r\n%s\r\n", (int)l.len, l.text, (int)c->len, c->text, second);
	free(mine);
	if ((size_t)n > FILE_MAX)
		return;
	mold_must(verify(key_public, sig, (size_t)n, text, len, &got) ==
	    STATUS_OK);
	mold_must(strlen(got) == c->len && memcmp(got, c->text, c->len) == 0);
	free(got);
	mold_must(verify(key_public, sig, (size_t)n, text, len + 1, NULL) ==
	    STATUS_DATA);
}

static void
signature(const char *path, const char *text, size_t len)
{
	struct signature_file f;
	enum status status;

	mold_must(verify(key_public, text, len, text, len, NULL) ==
	    STATUS_DATA);
	if (len > FILE_MAX)
		return;
	quiet_begin();
	status = signature_parse(path, text, len, &f);
	quiet_end();
	if (status == STATUS_OK)
		sign_again(&f.comment, text, len);
}

/* The text up to a NUL, as a comment. */
static void
comment(const char *text)
{
	char *sig, *got, *p;

	mold_must((sig = minisign_sign(&key, "x", 1, text)) != NULL);
	mold_must(verify(key_public, sig, strlen(sig), "x", 1, &got) ==
	    STATUS_OK);
	for (p = got; *p != '\0'; p++)
		mold_must(*p == '\t' || (unsigned char)*p >= ' ');
	mold_must(p - got <= MINISIGN_COMMENT);
	free(got);
	free(sig);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *molded;
	char path[64], *text;
	size_t len;
	int fd;

	molded = mold(data, size, &len);
	begin();
	mold_must((text = calloc(1, len + 1)) != NULL);
	memcpy(text, molded, len);
	free(molded);
	fd = quiet_file(text, len, path);
	public(path, text, len);
	secret(path, text, len);
	signature(path, text, len);
	comment(text);
	close(fd);
	free(text);
	return (0);
}
