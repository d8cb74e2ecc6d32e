/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bech32.h"
#include "fdio.h"
#include "keyfile.h"
#include "keys.h"
#include "msg.h"
#include "sig.h"

#define HRP		"age"
#define HRP_SECRET	"AGE-SECRET-KEY-"
#define RECIPIENT_LEN	BECH32_LEN(sizeof(HRP) - 1, AGE_X25519_LEN)
#define IDENTITY_LEN	BECH32_LEN(sizeof(HRP_SECRET) - 1, AGE_X25519_LEN)
#define TIME_LEN	sizeof("2026-11-22T02:00:00Z")

/* What keygen makes; in guarded memory. */
struct pair {
	uint8_t secret[AGE_X25519_LEN];
	uint8_t point[AGE_X25519_LEN];
	char identity[IDENTITY_LEN + 1];
	char recipient[RECIPIENT_LEN + 1];
	char text[IDENTITY_LEN + RECIPIENT_LEN + TIME_LEN + 64];
};

static bool
begins(const char *text, const char *with)
{

	return (strncasecmp(text, with, strlen(with)) == 0);
}

/* Say what the word is, without showing it: it may be a secret. */
static enum status
refuse(const char *where, const char *text)
{

	if (begins(text, "AGE-SECRET-KEY-") || begins(text, "AGE-PLUGIN-")) {
		msg_error("%s: an identity (secret key) stands in place of a "
		    "recipient", where);
		msg_hint("give its public key, which the identity file names "
		    "in the line '# public key: age1...'");
	} else if (begins(text, "ssh-") || begins(text, "ecdsa-") ||
	    begins(text, "-----BEGIN ")) {
		msg_error("%s: SSH and PEM keys are not supported as "
		    "recipients", where);
		msg_hint("make an age key: pgb-encrypt --keygen FILE");
	} else if (begins(text, HRP "1") &&
	    strchr(text + strlen(HRP "1"), '1') != NULL) {
		msg_error("%s: post-quantum and plugin recipients are not "
		    "supported", where);
		msg_hint("wrap age itself: pgb-verify --through 'age -r ...'");
	} else if (begins(text, HRP "1")) {
		msg_error("%s: a mistyped or incomplete recipient", where);
		msg_hint("a recipient has %zu characters, all lower case, and "
		    "holds a checksum: copy it whole", RECIPIENT_LEN);
	} else {
		msg_error("%s: not an age recipient", where);
		msg_hint("-r takes a word that begins with age1, -R a file "
		    "with one such word a line");
	}
	return (STATUS_USAGE);
}

/* Whether the point gives a shared secret; one of low order does not. */
static bool
usable(const uint8_t point[AGE_X25519_LEN])
{
	uint8_t secret[AGE_X25519_LEN], shared[AGE_X25519_LEN];

	randombytes_buf(secret, sizeof(secret));
	return (crypto_scalarmult(shared, secret, point) == 0);
}

static enum status
add(void *arg, const char *where, const char *text, size_t len)
{
	struct recipients *r = arg;
	uint8_t point[AGE_X25519_LEN];
	size_t i;

	if (bech32_decode(HRP, text, len, point, sizeof(point)) == -1)
		return (refuse(where, text));
	if (!usable(point)) {
		msg_error("%s: not a usable recipient", where);
		return (STATUS_USAGE);
	}
	for (i = 0; i < r->count; i++)
		if (memcmp(r->point[i], point, sizeof(point)) == 0)
			return (STATUS_OK);
	if (r->count == AGE_STANZA_MAX) {
		msg_error("%s: more than %d recipients", where, AGE_STANZA_MAX);
		return (STATUS_USAGE);
	}
	memcpy(r->point[r->count++], point, sizeof(point));
	return (STATUS_OK);
}

enum status
recipients_add(struct recipients *r, const char *where, const char *text)
{

	return (add(r, where, text, strlen(text)));
}

enum status
recipients_load(struct recipients *r, const char *path)
{

	return (keyfile_each(path, false, add, r));
}

static int
make_pair(struct pair *p)
{
	char when[TIME_LEN];
	time_t now = time(NULL);
	struct tm tm;

	randombytes_buf(p->secret, sizeof(p->secret));
	if (crypto_scalarmult_base(p->point, p->secret) != 0 ||
	    gmtime_r(&now, &tm) == NULL ||
	    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return (-1);
	bech32_encode(HRP_SECRET, p->secret, sizeof(p->secret), p->identity);
	bech32_encode(HRP, p->point, sizeof(p->point), p->recipient);
	snprintf(p->text, sizeof(p->text), "# created: %s\n"
	    "# public key: %s\n%s\n", when, p->recipient, p->identity);
	return (0);
}

/* The new name must outlive a crash, as the file does. */
static int
sync_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int fd, rc;

	if (slash == NULL)
		dir = strdup(".");
	else
		dir = strndup(path, (size_t)(slash - path) + 1);
	if (dir == NULL)
		return (-1);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (fd == -1)
		return (-1);
	rc = fsync(fd);
	if (rc == -1 && (errno == EINVAL || errno == EROFS))
		rc = 0;		/* a file system that cannot */
	(void)fd_close(&fd);
	return (rc);
}

static enum status
write_new(const char *path, const char *text)
{
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 && errno == EEXIST) {
		msg_error("%s: exists already", path);
		msg_hint("an identity is never overwritten, since all that was "
		    "encrypted to it would be lost: give another name");
		return (STATUS_USAGE);
	}
	if (fd == -1) {
		msg_errno(path);
		return (STATUS_LOCAL);
	}
	/* The mode again: a strict umask may have taken from it. */
	if (fchmod(fd, 0600) == 0 && fd_write(fd, text, strlen(text)) == 0 &&
	    fsync(fd) == 0 && fd_close(&fd) == 0 && sync_dir(path) == 0)
		return (STATUS_OK);
	if (errno != EINTR || sig_caught() == 0)
		msg_errno(path);
	(void)fd_close(&fd);
	(void)unlink(path);
	return (STATUS_LOCAL);
}

enum status
keygen(const char *path)
{
	char line[RECIPIENT_LEN + 2];
	enum status status;
	struct pair *p;

	if ((p = sodium_malloc(sizeof(*p))) == NULL || make_pair(p) == -1) {
		msg_errno(path);
		sodium_free(p);
		return (STATUS_LOCAL);
	}
	status = write_new(path, p->text);
	snprintf(line, sizeof(line), "%s\n", p->recipient);
	sodium_free(p);
	if (status != STATUS_OK)
		return (status);
	if ((status = fd_print(line)) != STATUS_OK)
		msg_hint("%s was written all the same; its recipient is in the "
		    "line '# public key:'", path);
	return (status);
}
