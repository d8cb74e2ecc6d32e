/* SPDX-License-Identifier: ISC */
/* A stanza for a passphrase is age's; memory that is not there is not taken. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "age/age-key.h"
#include "age/base64.h"
#include "tap.h"

#include "age-ssh-vectors.h"

static uint8_t salt[AGE_SALT_LEN], file_key[AGE_FILE_KEY_LEN];

static void
unhex(const char *text, uint8_t *out, size_t len)
{

	if (sodium_hex2bin(out, len, text, strlen(text), NULL, NULL, NULL) != 0)
		abort();
}

/* The body is the stanza's second line. */
static void
body_of(const char *stanza, uint8_t body[AGE_BODY_LEN])
{
	size_t n;

	if (base64_decode((const uint8_t *)strchr(stanza, '\n') + 1,
	    BASE64_LEN(AGE_BODY_LEN), false, body, AGE_BODY_LEN, &n) == -1)
		abort();
}

static enum age_unwrap
unwrap(const char *pass, const uint8_t s[AGE_SALT_LEN], unsigned log_n,
    const uint8_t body[AGE_BODY_LEN])
{
	uint8_t got[AGE_FILE_KEY_LEN] = { 0 };
	enum age_unwrap rc;

	rc = age_scrypt_unwrap(pass, strlen(pass), s, log_n, body, got);
	if (rc == AGE_UNWRAP_OK && memcmp(got, file_key, sizeof(got)) != 0)
		abort();
	return (rc);
}

static void
known(const char *pass, unsigned log_n, const char *want)
{
	uint8_t body[AGE_BODY_LEN], other[AGE_SALT_LEN];
	struct age_text t = { 0 };

	ok(age_scrypt_wrap(pass, strlen(pass), salt, log_n, file_key, &t) == 0,
	    "2^%u", log_n);
	age_text_put(&t, "", 1);
	same((const char *)t.buf, want, "the stanza");
	age_text_wipe(&t);

	body_of(want, body);
	ok(unwrap(pass, salt, log_n, body) == AGE_UNWRAP_OK, "opens");
	ok(unwrap("y", salt, log_n, body) == AGE_UNWRAP_OTHER,
	    "but not for another passphrase");
	ok(unwrap(pass, salt, log_n - 1, body) == AGE_UNWRAP_OTHER,
	    "nor with another work factor");
	memcpy(other, salt, sizeof(other));
	other[15] ^= 1;
	ok(unwrap(pass, other, log_n, body) == AGE_UNWRAP_OTHER,
	    "nor with another salt");
	body[3] ^= 1;
	ok(unwrap(pass, salt, log_n, body) == AGE_UNWRAP_OTHER,
	    "nor when it is damaged");
}

/* What this process has, and 32 MiB. */
static rlim_t
scarce(void)
{
	unsigned long pages;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f == NULL || fscanf(f, "%lu", &pages) != 1)
		abort();
	fclose(f);
	return (pages * (rlim_t)sysconf(_SC_PAGESIZE) + 32 * 1024 * 1024);
}

static void
address_space(void)
{
	uint8_t body[AGE_BODY_LEN] = { 0 };
	struct rlimit limit, was;

	getrlimit(RLIMIT_AS, &was);
	limit = was;
	limit.rlim_cur = scarce();
	if (setrlimit(RLIMIT_AS, &limit) == -1)
		abort();
	ok(unwrap("x", salt, 18, body) == AGE_UNWRAP_MEMORY,
	    "a limit on the address space counts");
	ok(unwrap("x", salt, 16, body) == AGE_UNWRAP_MEMORY,
	    "and what is there already, too");
	setrlimit(RLIMIT_AS, &was);
	ok(unwrap("x", salt, 16, body) == AGE_UNWRAP_OTHER, "without, it runs");
}

static void
memory(void)
{
	uint8_t body[AGE_BODY_LEN] = { 0 };
	struct age_text t = { 0 };

	ok(age_scrypt_bytes(18) == 256 * 1024 * 1024 &&
	    age_scrypt_bytes(AGE_WORK_READ) == (uint64_t)4 << 30,
	    "bytes: 256 MiB, 4 GiB");
	ok(age_scrypt_bytes(AGE_WORK_MAX) == (uint64_t)1 << 40,
	    "bytes: 1 TiB");
	ok(unwrap("x", salt, AGE_WORK_MAX, body) == AGE_UNWRAP_MEMORY,
	    "1 TiB is not there");
	errno = 0;
	ok(age_scrypt_wrap("x", 1, salt, AGE_WORK_MAX, file_key, &t) == -1 &&
	    errno == ENOMEM && t.len == 0, "nor to write");
	address_space();
}

int
main(void)
{

	if (sodium_init() == -1)
		return (1);
	unhex(VECTOR_SALT, salt, sizeof(salt));
	unhex(VECTOR_FILE_KEY, file_key, sizeof(file_key));
	known(VECTOR_PASS_SHORT, 4, VECTOR_SCRYPT_SHORT);
	known(VECTOR_PASS_LONG, 10, VECTOR_SCRYPT_LONG);
	memory();
	return (tap_done());
}
