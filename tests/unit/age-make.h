/* SPDX-License-Identifier: ISC */
/* Makes age files, sound and unsound, and has them opened. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "age/age-open.h"
#include "age/base64.h"
#include "age/bech32.h"
#include "age/cipher.h"
#include "msg.h"
#include "tap.h"

#include "age-vectors.h"

#define ROOM	(3 * 1024 * 1024)

/*
 * A file is made of a template: @T is a stanza for our key, @O one for another,
 * @S and @B share and body of ours, @M the MAC of all before, @N the nonce;
 * @0 @1 a chunk of one byte (not final, final) under the next number, @f @F a
 * full one, @E an empty final one, @x a final one that is damaged.
 */
struct file {
	size_t len;
	uint8_t buf[ROOM];
	uint64_t index;
};

static struct file f;
static struct identities *ids;
static uint8_t point[2][AGE_X25519_LEN];
static uint8_t file_key[AGE_FILE_KEY_LEN], payload_key[AGE_KEY_LEN];
static struct cipher *cipher;		/* of the payload key */
static const uint8_t nonce[AGE_NONCE_LEN + 1] = "sixteen bytes ..";

static void
put(const void *p, size_t len)
{

	if (len > ROOM - f.len)
		abort();
	memcpy(f.buf + f.len, p, len);
	f.len += len;
}

static void
put_stanza(char what)
{
	uint8_t secret[AGE_X25519_LEN];
	struct age_text text = { 0 };

	memset(secret, 0x37, sizeof(secret));
	if (age_x25519_wrap(point[what == 'O'], secret, file_key, &text) == -1
	    || text.len != 98)
		abort();
	if (what == 'S')
		put(text.buf + 10, 43);
	else if (what == 'B')
		put(text.buf + 10 + 44, 43);
	else
		put(text.buf, text.len);
	age_text_wipe(&text);
}

static void
put_mac(void)
{
	uint8_t mac[32];
	char text[43];

	age_header_mac(file_key, f.buf, f.len, mac);
	base64_encode(mac, sizeof(mac), text);
	put(" ", 1);
	put(text, sizeof(text));
}

static inline void
seal_chunk(uint64_t index, bool last, const uint8_t *in, size_t len,
    uint8_t *out)
{

	if (cipher_seal(cipher, index, last, in, len, out) == -1)
		abort();
}

static void
put_chunk(size_t len, bool last)
{
	static uint8_t plain[AGE_CHUNK_LEN], sealed[AGE_SEALED_LEN];

	seal_chunk(f.index++, last, plain, len, sealed);
	put(sealed, len + AGE_TAG_LEN);
}

static void
put_mark(char c)
{

	switch (c) {
	case 'T': case 'O': case 'S': case 'B':
		put_stanza(c);
		break;
	case 'M':
		put_mac();
		break;
	case 'N':
		put(nonce, AGE_NONCE_LEN);
		f.index = 0;
		break;
	case '0': case '1':
		put_chunk(1, c == '1');
		break;
	case 'f': case 'F':
		put_chunk(AGE_CHUNK_LEN, c == 'F');
		break;
	case 'E':
		put_chunk(0, true);
		break;
	case 'x':
		put_chunk(5, true);
		f.buf[f.len - 20] ^= 1;
		break;
	default:
		abort();
	}
}

static void
make(const char *t)
{

	f.len = 0;
	for (; *t != '\0'; t++) {
		if (*t == '@')
			put_mark(*++t);
		else
			put(t, 1);
	}
}

static unsigned threads = 1;
static size_t got_len;

static int
count(void *arg, const uint8_t *buf, size_t len)
{

	(void)arg;
	(void)buf;
	got_len += len;
	return (0);
}

/* Open in pieces of step; the reason is left in why. */
static inline enum age_fault
try(const struct file *file, size_t step, char why[AGE_WHY_LEN])
{
	struct age_opener *o;
	enum age_fault fault;
	size_t i, n;
	int rc = 0;

	got_len = 0;
	if ((o = age_opener_new(ids, threads, count, NULL, NULL)) == NULL)
		abort();
	for (i = 0; i < file->len && rc == 0; i += n) {
		n = file->len - i < step ? file->len - i : step;
		rc = age_opener_feed(o, file->buf + i, n);
	}
	if (rc == 0)
		rc = age_opener_end(o);
	fault = age_opener_fault(o);
	if ((rc == 0) != (fault == AGE_FINE))
		abort();
	snprintf(why, AGE_WHY_LEN, "%.128s at %llu", age_opener_wrong(o)->why,
	    (unsigned long long)age_opener_wrong(o)->at);
	age_opener_free(o);
	return (fault);
}

static inline void
judge_file(const struct file *file, const char *name, enum age_fault want,
    size_t plain)
{
	char a[AGE_WHY_LEN], b[AGE_WHY_LEN];
	enum age_fault fault;

	threads = 1;
	fault = try(file, ROOM, a);
	if (!ok(fault == want && got_len == plain, "%s", name))
		printf("# fault %d, plaintext %zu, %s\n", fault, got_len, a);
	/* However the bytes come, and whoever opens them, the answer is the
	 * same. */
	threads = 3;
	if (file->len < 300000)
		fault = try(file, 1, b);
	else
		fault = try(file, 65537, b);
	if (fault != want || got_len != plain || strcmp(a, b) != 0)
		ok(false, "%s, in pieces: fault %d, plaintext %zu, %s", name,
		    fault, got_len, b);
}

#define V	"age-encryption.org/v1\n"
#define END	"---@M\n@N@1"
#define H	V "@T---@M\n"

/* Keys, and an identity that opens what is made. */
static void
begin(void)
{
	const struct passphrase_source from = { .fd = -1 };
	char path[] = "/tmp/pgb-unit.XXXXXX";
	size_t i;
	int fd;

	msg_program("test");
	if ((ids = identities_new(&from)) == NULL ||
	    (fd = mkstemp(path)) == -1)
		abort();
	for (i = 0; i < 2; i++)
		if (bech32_decode("age", vector_keys[i][1], 62, point[i],
		    AGE_X25519_LEN) == -1)
			abort();
	ok(write(fd, vector_keys[0][0], 74) == 74 &&
	    identities_load(ids, path, 0) == STATUS_OK, "identity");
	close(fd);
	unlink(path);
	memset(file_key, 0x99, sizeof(file_key));
	age_payload_key(file_key, nonce, payload_key);
	if ((cipher = cipher_new(payload_key, CIPHER_SEAL)) == NULL)
		abort();
}
