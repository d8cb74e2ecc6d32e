/* SPDX-License-Identifier: ISC */
/*
 * Only the hashed form of signatures is known here: BLAKE2b-512 of the file,
 * signed by plain Ed25519.  The older form signs the file itself; whoever takes
 * both can be given one for the other.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fdio.h"
#include "msg.h"
#include "report/minisign-impl.h"

#define FILE_MAX	16384
#define BOTH_MAX	(crypto_sign_BYTES + FILE_MAX)

#define UNTRUSTED	"untrusted comment: "
#define TRUSTED		"trusted comment: "

/* Of base64, padded, with its NUL. */
#define BASE64_ROOM(len) \
	sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL)

struct signature {
	uint8_t alg[2];			/* ED */
	uint8_t id[MINISIGN_ID];
	uint8_t sig[crypto_sign_BYTES];
};

_Static_assert(sizeof(struct signature) == 74, "packed");

/* --- signing ---------- */

static void
base64(char *out, size_t room, const void *p, size_t len)
{

	(void)sodium_bin2base64(out, room, p, len,
	    sodium_base64_VARIANT_ORIGINAL);
}

/* As msg_mask(), but that tabs stay. */
static void
mask_comment(char out[MINISIGN_COMMENT + 1], const char *comment)
{
	char part[MINISIGN_COMMENT + 1];
	size_t pos = 0, n, take;

	/* Nothing is left out between parts that are not. */
	while (*comment != '\0' && pos + 4 <= MINISIGN_COMMENT) {
		if (*comment == '\t') {
			out[pos++] = *comment++;
			continue;
		}
		n = strcspn(comment, "\t");
		take = n < MINISIGN_COMMENT ? n : MINISIGN_COMMENT;
		memcpy(part, comment, take);
		part[take] = '\0';
		pos += msg_mask(out + pos, MINISIGN_COMMENT + 1 - pos, part);
		comment += n;
	}
	out[pos] = '\0';
}

/* The second signature: of the first one and the comment. */
static size_t
join(uint8_t out[BOTH_MAX], const uint8_t sig[crypto_sign_BYTES],
    const char *comment, size_t len)
{

	memcpy(out, sig, crypto_sign_BYTES);
	memcpy(out + crypto_sign_BYTES, comment, len);
	return (crypto_sign_BYTES + len);
}

char *
minisign_sign_hash(const struct minisign_key *k,
    const uint8_t hash[MINISIGN_HASH], const char *comment)
{
	struct signature s = { .alg = { 'E', 'D' } };
	uint8_t second[crypto_sign_BYTES];
	uint8_t both[BOTH_MAX];
	char text[MINISIGN_COMMENT + 1], *out;
	char first64[BASE64_ROOM(sizeof(s))];
	char second64[BASE64_ROOM(sizeof(second))];

	mask_comment(text, comment);
	memcpy(s.id, k->id, sizeof(s.id));
	crypto_sign_detached(s.sig, NULL, hash, MINISIGN_HASH, k->sk);
	crypto_sign_detached(second, NULL, both,
	    join(both, s.sig, text, strlen(text)), k->sk);
	base64(first64, sizeof(first64), &s, sizeof(s));
	base64(second64, sizeof(second64), second, sizeof(second));
	if (asprintf(&out, UNTRUSTED "signature of pgb-verify, key %016" PRIX64
	    "\n%s\n" TRUSTED "%s\n%s\n", minisign_number(s.id), first64, text,
	    second64) == -1)
		return (NULL);
	return (out);
}

char *
minisign_sign(const struct minisign_key *k, const void *buf, size_t len,
    const char *comment)
{
	uint8_t hash[MINISIGN_HASH];

	crypto_generichash(hash, sizeof(hash), buf, len, NULL, 0);
	return (minisign_sign_hash(k, hash, comment));
}

/* --- verifying ---------- */

struct signature_file {
	struct signature first;
	struct minisign_line comment;	/* borrowed from its text */
	uint8_t second[crypto_sign_BYTES];
};

/* Cut off what a line begins with. */
static bool
skip(struct minisign_line *l, const char *prefix)
{
	size_t len = strlen(prefix);

	if (l->len < len || memcmp(l->text, prefix, len) != 0)
		return (false);
	l->text += len;
	l->len -= len;
	return (true);
}

static enum status
broken(const char *path, const char *why)
{

	msg_error("%s: %s", path, why);
	return (STATUS_DATA);
}

static enum status
signature_parse(const char *path, const char *text, size_t len,
    struct signature_file *f)
{
	struct minisign_line v[4];
	size_t n = minisign_split(text, len, v, 4);

	if (n == 0)
		return (broken(path, "no signature in it"));
	if (!skip(&v[0], UNTRUSTED) || memchr(text, '\0', len) != NULL)
		return (broken(path, "not a signature of minisign"));
	if (n < 4)
		return (broken(path, "the signature is cut short"));
	if (n > 4)
		return (broken(path, "something stands behind the signature"));
	if (!minisign_unbase64(&v[1], &f->first, sizeof(f->first)))
		return (broken(path, "line 2: not base64 of a signature"));
	if (!skip(&v[2], TRUSTED))
		return (broken(path, "line 3: no trusted comment"));
	if (!minisign_unbase64(&v[3], f->second, sizeof(f->second)))
		return (broken(path, "line 4: not base64 of a signature"));
	f->comment = v[2];
	return (STATUS_OK);
}

static enum status
check_kind(const char *path, const struct signature *s,
    const struct minisign_public *k)
{

	if (memcmp(s->alg, "Ed", 2) == 0) {
		msg_error("%s: a signature of the legacy form, which is not "
		    "taken", path);
		msg_hint("sign again without -l (minisign before 0.10: with "
		    "-H)");
		return (STATUS_DATA);
	}
	if (memcmp(s->alg, "ED", 2) != 0)
		return (broken(path, "a signature of a kind that is not "
		    "known"));
	if (memcmp(s->id, k->id, sizeof(k->id)) == 0)
		return (STATUS_OK);
	msg_error("%s: signed with key %016" PRIX64 ", not with %016" PRIX64,
	    path, minisign_number(s->id), minisign_number(k->id));
	return (STATUS_DATA);
}

static enum status
check(const char *path, const struct signature_file *f,
    const struct minisign_public *k, const void *buf, size_t len)
{
	uint8_t hash[MINISIGN_HASH], both[BOTH_MAX];
	enum status status;

	if ((status = check_kind(path, &f->first, k)) != STATUS_OK)
		return (status);
	crypto_generichash(hash, sizeof(hash), buf, len, NULL, 0);
	if (crypto_sign_verify_detached(f->first.sig, hash, sizeof(hash),
	    k->pk) != 0)
		return (broken(path, "the signature does not hold: what was "
		    "signed has been changed, or is another file"));
	if (crypto_sign_verify_detached(f->second, both, join(both,
	    f->first.sig, f->comment.text, f->comment.len), k->pk) != 0)
		return (broken(path, "the signature does not hold: its trusted "
		    "comment has been changed"));
	return (STATUS_OK);
}

static enum status
signature_cannot(const char *path)
{

	if (errno == EFBIG)
		return (broken(path, "larger than any signature of minisign"));
	return (minisign_cannot(path));
}

enum status
minisign_verify(const char *pubkey, const char *sig_path, const void *buf,
    size_t len, char **comment)
{
	struct signature_file f;
	struct minisign_public k;
	enum status status;
	size_t text_len;
	char *text;

	if (sodium_init() == -1)
		return (minisign_cannot("libsodium"));
	if ((status = minisign_public_load(pubkey, &k)) != STATUS_OK)
		return (status);
	if ((text = fd_slurp(sig_path, FILE_MAX, &text_len)) == NULL)
		return (signature_cannot(sig_path));
	status = signature_parse(sig_path, text, text_len, &f);
	if (status == STATUS_OK)
		status = check(sig_path, &f, &k, buf, len);
	if (status == STATUS_OK && comment != NULL &&
	    (*comment = strndup(f.comment.text, f.comment.len)) == NULL)
		status = minisign_cannot(sig_path);
	free(text);
	return (status);
}
