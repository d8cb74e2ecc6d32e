/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "age/age-key.h"
#include "age/base64.h"
#include "fdio.h"

#define LABEL	"age-encryption.org/v1/scrypt"
#define LABEL_LEN	(sizeof(LABEL) - 1)

#define R	8
#define P	1

#define MEMINFO		"/proc/meminfo"
#define MEMINFO_MAX	65536

uint64_t
age_scrypt_bytes(unsigned log_n)
{

	return ((uint64_t)128 * R << log_n);
}

/* A line of /proc/meminfo in bytes: 0, or -1 where it is not there. */
static int
meminfo(const char *text, const char *name, uint64_t *bytes)
{
	const char *p;
	char *end;

	if ((p = strstr(text, name)) == NULL)
		return (-1);
	p += strlen(name);
	*bytes = strtoull(p, &end, 10) * 1024;
	return (end == p ? -1 : 0);
}

/*
 * libsodium has the kernel fill all of scrypt's memory at once: where there is
 * less, no call fails, but some process is killed, most likely this one.
 */
static bool
fits(uint64_t need)
{
	struct rlimit limit;
	uint64_t free_bytes, swap;
	size_t len;
	char *text;
	bool good = true;

	if (getrlimit(RLIMIT_AS, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < need)
		return (false);
	if ((text = fd_slurp(MEMINFO, MEMINFO_MAX, &len)) == NULL)
		return (true);
	if (meminfo(text, "\nMemAvailable:", &free_bytes) == 0) {
		if (meminfo(text, "\nSwapFree:", &swap) == -1)
			swap = 0;
		good = need <= free_bytes + swap;
	}
	free(text);
	return (good);
}

static int
wrap_key(const char *pass, size_t len, const uint8_t salt[AGE_SALT_LEN],
    unsigned log_n, uint8_t key[AGE_KEY_LEN])
{
	uint8_t labelled[LABEL_LEN + AGE_SALT_LEN];

	memcpy(labelled, LABEL, LABEL_LEN);
	memcpy(labelled + LABEL_LEN, salt, AGE_SALT_LEN);
	if (!fits(age_scrypt_bytes(log_n)) ||
	    crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)pass, len,
	    labelled, sizeof(labelled), (uint64_t)1 << log_n, R, P, key,
	    AGE_KEY_LEN) != 0) {
		errno = ENOMEM;
		return (-1);
	}
	return (0);
}

int
age_scrypt_wrap(const char *pass, size_t len, const uint8_t salt[AGE_SALT_LEN],
    unsigned log_n, const uint8_t file_key[AGE_FILE_KEY_LEN],
    struct age_text *out)
{
	char salt64[BASE64_LEN(AGE_SALT_LEN) + 1] = "", work[16];
	const char *const args[] = { "scrypt", salt64, work };
	uint8_t key[AGE_KEY_LEN], body[AGE_BODY_LEN];

	if (wrap_key(pass, len, salt, log_n, key) == -1)
		return (-1);
	age_body_seal(key, file_key, body);
	sodium_memzero(key, sizeof(key));
	base64_encode(salt, AGE_SALT_LEN, salt64);
	snprintf(work, sizeof(work), "%u", log_n);
	age_text_stanza(out, args, 3, body, sizeof(body));
	return (0);
}

enum age_unwrap
age_scrypt_unwrap(const char *pass, size_t len,
    const uint8_t salt[AGE_SALT_LEN], unsigned log_n,
    const uint8_t body[AGE_BODY_LEN], uint8_t file_key[AGE_FILE_KEY_LEN])
{
	uint8_t key[AGE_KEY_LEN];
	int opened;

	if (wrap_key(pass, len, salt, log_n, key) == -1)
		return (AGE_UNWRAP_MEMORY);
	opened = age_body_open(key, body, file_key);
	sodium_memzero(key, sizeof(key));
	return (opened == 0 ? AGE_UNWRAP_OK : AGE_UNWRAP_OTHER);
}
