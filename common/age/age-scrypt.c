/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "age/age-key.h"
#include "age/base64.h"
#include "fdio.h"
#include "sig.h"

#define LABEL	"age-encryption.org/v1/scrypt"
#define LABEL_LEN	(sizeof(LABEL) - 1)

#define R	8
#define P	1

#define PAUSE_NS	5000000	/* between looks at the thread */

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

/*
 * Scrypt takes seconds, and minutes where the header asks for them, and nothing
 * stops it.  So it has a thread of its own, and a signal that is caught
 * meanwhile is not kept waiting: the thread is left to itself then, with the
 * memory it works on, since the process is about to end.
 */
struct job {
	uint64_t n;
	int rc;
	bool done;		/* atomic */
	uint8_t salt[LABEL_LEN + AGE_SALT_LEN];
	uint8_t key[AGE_KEY_LEN];
	size_t len;
	char pass[];
};

static void *
run(void *arg)
{
	struct job *j = arg;

	j->rc = crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)j->pass,
	    j->len, j->salt, sizeof(j->salt), j->n, R, P, j->key, AGE_KEY_LEN);
	__atomic_store_n(&j->done, true, __ATOMIC_RELEASE);
	return (NULL);
}

/* Start it with all signals blocked: they are for the caller's thread. */
static int
start(struct job *j, pthread_t *thread)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(thread, NULL, run, j);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return (rc);
}

/* 0, or -1 with errno; EINTR: the job is not the caller's any more. */
static int
await(struct job *j)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	pthread_t thread;

	if (start(j, &thread) != 0) {
		errno = ENOMEM;
		return (-1);
	}
	while (!__atomic_load_n(&j->done, __ATOMIC_ACQUIRE)) {
		if (sig_caught() != 0) {
			pthread_detach(thread);
			errno = EINTR;
			return (-1);
		}
		(void)nanosleep(&pause, NULL);
	}
	pthread_join(thread, NULL);
	errno = ENOMEM;
	return (j->rc == 0 ? 0 : -1);
}

static int
wrap_key(const char *pass, size_t len, const uint8_t salt[AGE_SALT_LEN],
    unsigned log_n, uint8_t key[AGE_KEY_LEN])
{
	struct job *j;
	int rc;

	errno = ENOMEM;
	if (!fits(age_scrypt_bytes(log_n)) ||
	    (j = sodium_malloc((sizeof(*j) + len + 7) / 8 * 8)) == NULL)
		return (-1);
	memset(j, 0, sizeof(*j));
	j->n = (uint64_t)1 << log_n;
	memcpy(j->salt, LABEL, LABEL_LEN);
	memcpy(j->salt + LABEL_LEN, salt, AGE_SALT_LEN);
	j->len = len;
	memcpy(j->pass, pass, len);
	if ((rc = await(j)) == 0)
		memcpy(key, j->key, AGE_KEY_LEN);
	else if (errno == EINTR)
		return (-1);
	sodium_free(j);
	if (rc == -1)
		errno = ENOMEM;
	return (rc);
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
		return (errno == EINTR ? AGE_UNWRAP_STOPPED :
		    AGE_UNWRAP_MEMORY);
	opened = age_body_open(key, body, file_key);
	sodium_memzero(key, sizeof(key));
	return (opened == 0 ? AGE_UNWRAP_OK : AGE_UNWRAP_OTHER);
}
