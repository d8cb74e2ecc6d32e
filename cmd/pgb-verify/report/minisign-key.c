/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "age/keyfile.h"
#include "fdio.h"
#include "msg.h"
#include "report/minisign-impl.h"
#include "sig.h"

#define FILE_MAX	16384

/* Characters of a public key. */
#define PUBLIC_LEN	(sizeof(struct minisign_public) / 3 * 4)

/* What minisign itself asks of scrypt at most: 1 GiB, some seconds.  A file
 * that asks for more is not its work. */
#define MEM_MAX	crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE
#define OPS_MAX	crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE

struct key_pair {			/* XORed with scrypt's output */
	uint8_t id[MINISIGN_ID];
	uint8_t sk[crypto_sign_SECRETKEYBYTES];
	uint8_t check[32];
};

struct secret_key {
	uint8_t alg[2];			/* Ed */
	uint8_t kdf[2];			/* Sc, or zero: no password */
	uint8_t check_alg[2];		/* B2 */
	uint8_t salt[crypto_pwhash_scryptsalsa208sha256_SALTBYTES];
	uint8_t ops[8], mem[8];
	struct key_pair pair;
};

_Static_assert(sizeof(struct minisign_public) == 42, "packed");
_Static_assert(sizeof(struct secret_key) == 158, "packed");

/* --- lines, base64, numbers ---------- */

size_t
minisign_split(const char *text, size_t len, struct minisign_line *v,
    size_t max)
{
	const char *end, *lf;
	size_t n = 0;

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	for (end = text + len; text < end && n < max; text = lf + 1, n++) {
		if ((lf = memchr(text, '\n', (size_t)(end - text))) == NULL)
			lf = end;
		v[n].text = text;
		v[n].len = (size_t)(lf - text);
		if (v[n].len > 0 && text[v[n].len - 1] == '\r')
			v[n].len--;
	}
	return (n + (text < end));
}

bool
minisign_unbase64(const struct minisign_line *l, void *out, size_t len)
{
	size_t got, i;

	/* libsodium 1.0.18 takes 0xab for '+' and 0xaf for '/'. */
	for (i = 0; i < l->len; i++)
		if ((l->text[i] & 0x80) != 0)
			return (false);
	return (sodium_base642bin(out, len, l->text, l->len, NULL, &got, NULL,
	    sodium_base64_VARIANT_ORIGINAL) == 0 && got == len);
}

uint64_t
minisign_number(const uint8_t p[8])
{
	uint64_t n = 0;
	int i;

	for (i = 7; i >= 0; i--)
		n = n << 8 | p[i];
	return (n);
}

static bool
is_public(const struct minisign_line *l, struct minisign_public *k)
{

	return (minisign_unbase64(l, k, sizeof(*k)) &&
	    memcmp(k->alg, "Ed", 2) == 0);
}

/* How a secret key's line begins: Ed, Sc or no password, B2. */
static bool
is_secret(const char *text, size_t len)
{

	return (len > PUBLIC_LEN && (memcmp(text, "RWRTY0Iy", 8) == 0 ||
	    memcmp(text, "RWQAAEIy", 8) == 0));
}

enum status
minisign_cannot(const char *path)
{

	if (errno == EINTR && sig_caught() != 0)
		return (STATUS_LOCAL);
	msg_errno(path);
	return (errno == ENOMEM || errno == EIO ? STATUS_LOCAL : STATUS_USAGE);
}

static enum status
unusable(const char *path, const char *why)
{

	msg_error("%s: %s", path, why);
	return (STATUS_USAGE);
}

/* --- the public key ---------- */

/* The comment above it may be missing. */
static enum status
public_parse(const char *path, const char *text, size_t len,
    struct minisign_public *k)
{
	struct minisign_line v[2];
	size_t n = minisign_split(text, len, v, 2);

	if (n == 0)
		return (unusable(path, "no key in it"));
	if (n <= 2 && is_secret(v[n - 1].text, v[n - 1].len)) {
		msg_error("%s: a secret key where a public one is due", path);
		msg_hint("minisign -R -s %s -p FILE writes its public key",
		    path);
		return (STATUS_USAGE);
	}
	if (n > 2 || !is_public(&v[n - 1], k)) {
		msg_error("%s: not a public key of minisign", path);
		msg_hint("it is the file that minisign -G -p FILE made, or its "
		    "last line; keys of age and ssh sign nothing here");
		return (STATUS_USAGE);
	}
	return (STATUS_OK);
}

static enum status
public_cannot(const char *path)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
	bool missing = errno == ENOENT || errno == ENAMETOOLONG;
	size_t len = strlen(path);
	enum status status = minisign_cannot(path);

	if (missing && len > 40 && strncmp(path, "RW", 2) == 0 &&
	    path[strspn(path, digits)] == '\0')
		msg_hint("a public key has %zu characters, this has %zu",
		    PUBLIC_LEN, len);
	return (status);
}

enum status
minisign_public_load(const char *name, struct minisign_public *k)
{
	struct minisign_line whole = { name, strlen(name) };
	enum status status;
	char *text;
	size_t len;

	if (is_public(&whole, k))
		return (STATUS_OK);
	if (is_secret(whole.text, whole.len))
		return (keyfile_refuse_key());
	if ((text = fd_slurp(name, FILE_MAX, &len)) == NULL)
		return (public_cannot(name));
	status = public_parse(name, text, len, k);
	/* It may have been a secret one. */
	sodium_memzero(text, len);
	free(text);
	return (status);
}

/* --- the secret key ---------- */

static enum status
secret_parse(const char *path, const char *text, size_t len,
    struct secret_key *k)
{
	struct minisign_line v[2];
	size_t n = minisign_split(text, len, v, 2);
	struct minisign_public public;

	if (n == 0)
		return (unusable(path, "no key in it"));
	if (n <= 2 && is_public(&v[n - 1], &public)) {
		msg_error("%s: a public key where a secret one is due", path);
		msg_hint("the secret one is the file that minisign -G -s FILE "
		    "made; the public one goes with --pubkey");
		return (STATUS_USAGE);
	}
	if (n > 2 || !minisign_unbase64(&v[n - 1], k, sizeof(*k)) ||
	    memcmp(k->alg, "Ed", 2) != 0) {
		msg_error("%s: not a secret key of minisign", path);
		msg_hint("minisign -G -p PUBLIC -s SECRET makes a pair; keys "
		    "of age and ssh sign nothing here");
		return (STATUS_USAGE);
	}
	if (memcmp(k->check_alg, "B2", 2) != 0 ||
	    (memcmp(k->kdf, "Sc", 2) != 0 && memcmp(k->kdf, "\0", 2) != 0))
		return (unusable(path, "a secret key of a kind that is not "
		    "known"));
	return (STATUS_OK);
}

static enum status
short_of_memory(const char *path, uint64_t mem)
{

	if (errno != ENOMEM) {
		msg_error("%s: scrypt: %s", path, strerror(errno));
		return (STATUS_USAGE);
	}
	msg_error("%s: its password takes %" PRIu64 " MiB of memory, which are "
	    "not to be had", path, mem >> 20);
	msg_hint("minisign -C -W -s %s takes the password off; file mode 0600 "
	    "guards the key then", path);
	return (STATUS_LOCAL);
}

/* k is changed in place. */
static enum status
unlock_with(const char *path, const struct passphrase *pass,
    struct secret_key *k)
{
	uint64_t mem = minisign_number(k->mem), ops = minisign_number(k->ops);
	uint8_t *stream, *pair = (uint8_t *)&k->pair;
	size_t i;

	if (mem > MEM_MAX || ops > OPS_MAX)
		return (unusable(path, "its password takes more work than "
		    "minisign ever asks for: damaged, or made to harm"));
	if ((stream = sodium_malloc(sizeof(k->pair))) == NULL)
		return (minisign_cannot(path));
	errno = 0;
	if (crypto_pwhash_scryptsalsa208sha256(stream, sizeof(k->pair),
	    pass->text, pass->len, k->salt, ops, (size_t)mem) != 0) {
		sodium_free(stream);
		return (short_of_memory(path, mem));
	}
	for (i = 0; i < sizeof(k->pair); i++)
		pair[i] ^= stream[i];
	sodium_free(stream);
	return (STATUS_OK);
}

static enum status
unlock(const char *path, const struct passphrase_source *from,
    struct secret_key *k)
{
	char what[256], name[200];
	uint8_t check[sizeof(k->pair.check)];
	struct passphrase *pass;
	crypto_generichash_state st;
	enum status status;

	(void)msg_mask(name, sizeof(name), path);
	snprintf(what, sizeof(what), "password of %s", name);
	if ((pass = passphrase_get(from, what, false, &status)) == NULL)
		return (status);
	status = unlock_with(path, pass, k);
	sodium_free(pass);
	if (status != STATUS_OK)
		return (status);
	crypto_generichash_init(&st, NULL, 0, sizeof(check));
	crypto_generichash_update(&st, k->alg, sizeof(k->alg));
	crypto_generichash_update(&st, k->pair.id, sizeof(k->pair.id));
	crypto_generichash_update(&st, k->pair.sk, sizeof(k->pair.sk));
	crypto_generichash_final(&st, check, sizeof(check));
	sodium_memzero(&st, sizeof(st));	/* it buffers the key */
	if (sodium_memcmp(check, k->pair.check, sizeof(check)) == 0)
		return (STATUS_OK);
	return (unusable(path, "another password, or the key is damaged"));
}

/*
 * What is behind the seed is its public half.  A signature under another one
 * would not hold, and would give the secret away to whoever has both.
 */
static bool
is_whole(const struct secret_key *k, struct minisign_key *out)
{
	uint8_t pk[crypto_sign_PUBLICKEYBYTES];

	memcpy(out->id, k->pair.id, sizeof(out->id));
	crypto_sign_seed_keypair(pk, out->sk, k->pair.sk);
	return (sodium_memcmp(out->sk, k->pair.sk, sizeof(out->sk)) == 0);
}

static enum status
secret_open(const char *path, const struct keyfile *file,
    const struct passphrase_source *pass, struct minisign_key *out)
{
	struct secret_key *k;
	enum status status;

	if ((k = sodium_malloc(sizeof(*k))) == NULL)
		return (minisign_cannot(path));
	status = secret_parse(path, file->buf, file->len, k);
	if (status == STATUS_OK && k->kdf[0] != '\0')
		status = unlock(path, pass, k);
	if (status == STATUS_OK && !is_whole(k, out))
		status = unusable(path, "the key is damaged");
	sodium_free(k);
	return (status);
}

struct minisign_key *
minisign_load(const char *path, const struct passphrase_source *pass,
    enum status *status)
{
	struct keyfile file = { .buf = NULL };
	struct minisign_key *k;

	if (is_secret(path, strlen(path))) {
		*status = keyfile_refuse_key();
		return (NULL);
	}
	if (sodium_init() == -1 || (k = sodium_malloc(sizeof(*k))) == NULL) {
		*status = minisign_cannot(path);
		return (NULL);
	}
	*status = keyfile_load(path, KEYFILE_SECRET, &file);
	if (*status == STATUS_OK)
		*status = secret_open(path, &file, pass, k);
	keyfile_wipe(&file);
	if (*status == STATUS_OK)
		return (k);
	minisign_free(k);
	return (NULL);
}

void
minisign_free(struct minisign_key *k)
{

	sodium_free(k);
}
