/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "age/age-key.h"
#include "age/base64.h"
#include "age/bech32.h"
#include "fdio.h"
#include "keys.h"
#include "msg.h"
#include "sig.h"

#define RECIPIENT_LEN	BECH32_LEN(sizeof(AGE_HRP) - 1, AGE_X25519_LEN)
#define IDENTITY_LEN \
	BECH32_LEN(sizeof(AGE_HRP_SECRET) - 1, AGE_X25519_LEN)
#define TIME_LEN	sizeof("2026-11-22T02:00:00Z")

/* What keygen makes; in guarded memory. */
struct pair {
	uint8_t secret[AGE_X25519_LEN];
	uint8_t point[AGE_X25519_LEN];
	char identity[IDENTITY_LEN + 1];
	char recipient[RECIPIENT_LEN + 1];
	char text[IDENTITY_LEN + RECIPIENT_LEN + TIME_LEN + 64];
};

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
	bech32_encode(AGE_HRP_SECRET, p->secret, sizeof(p->secret),
	    p->identity);
	bech32_encode(AGE_HRP, p->point, sizeof(p->point), p->recipient);
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
	if (fd == -1)		/* one that we may not read: it cannot */
		return (errno == EACCES ? 0 : -1);
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

/* "ssh-ed25519", and the key in the form of SSH's wire, in base64. */
static void
ssh_line(const uint8_t pk[AGE_ED25519_LEN], struct age_text *out)
{
	static const uint8_t head[] = "\0\0\0\013ssh-ed25519\0\0\0\040";
	uint8_t wire[sizeof(head) - 1 + AGE_ED25519_LEN];
	char text[BASE64_LEN(sizeof(wire))];

	memcpy(wire, head, sizeof(head) - 1);
	memcpy(wire + sizeof(head) - 1, pk, AGE_ED25519_LEN);
	base64_encode(wire, sizeof(wire), text);
	age_text_put(out, "ssh-ed25519 ", strlen("ssh-ed25519 "));
	age_text_put(out, text, sizeof(text));
}

static enum status
print_one(const struct identity *id, struct age_text *out)
{
	char text[BECH32_LEN(sizeof(AGE_HRP_XWING) - 1,
	    AGE_XWING_POINT_LEN) + 1];
	uint8_t point[AGE_XWING_POINT_LEN];

	switch (id->kind) {
	case IDENTITY_X25519:
		bech32_encode(AGE_HRP, id->point, AGE_X25519_LEN, text);
		age_text_put(out, text, strlen(text));
		break;
	case IDENTITY_SSH:
		ssh_line(id->pk, out);
		break;
	case IDENTITY_XWING:
		if (age_xwing_point(id->secret, point) == -1) {
			msg_error("not a usable identity");
			return (STATUS_USAGE);
		}
		bech32_encode(AGE_HRP_XWING, point, sizeof(point), text);
		age_text_put(out, text, strlen(text));
		break;
	case IDENTITY_PLUGIN:
		msg_error("the recipient of a plugin's identity is known to "
		    "age-plugin-%s alone", id->name);
		msg_hint("encrypt to it all the same: -e -i FILE");
		return (STATUS_USAGE);
	}
	age_text_put(out, "\n", 1);
	return (STATUS_OK);
}

enum status
keys_print(const struct identities *ids)
{
	struct age_text out = { 0 };
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < identities_count(ids) && status == STATUS_OK; i++)
		status = print_one(identities_at(ids, i), &out);
	age_text_put(&out, "", 1);
	if (status == STATUS_OK && out.failed) {
		msg_errno("recipients");
		status = STATUS_LOCAL;
	}
	if (status == STATUS_OK)
		status = fd_print((const char *)out.buf);
	age_text_wipe(&out);
	return (status);
}
