/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "fdio.h"
#include "hostkey.h"
#include "keys.h"
#include "msg.h"
#include "sig.h"

#define KEY_FILE_MAX	(64 * 1024)

#define OPENSSH_BEGIN	"-----BEGIN OPENSSH PRIVATE KEY-----"
#define OPENSSH_MAGIC	"openssh-key-v1"	/* with its NUL */

char *
keys_home(const char *name)
{
	const char *home = getenv("HOME");
	struct passwd *pw;
	char *path;

	if (home == NULL || home[0] == '\0') {
		if ((pw = getpwuid(geteuid())) == NULL)
			return (NULL);
		home = pw->pw_dir;
	}
	if (asprintf(&path, "%s/.ssh/%s", home, name) == -1)
		return (NULL);
	return (path);
}

char *
keys_login(void)
{
	struct passwd *pw = getpwuid(geteuid());

	return (pw != NULL ? strdup(pw->pw_name) : NULL);
}

/* Whether others than its owner may read a secret; root's own included. */
static bool
too_open(const struct stat *st)
{

	return (S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
	    (st->st_mode & 077) != 0);
}

/* --- what a key file says of itself without its passphrase --- */

struct blob {
	const uint8_t *p;
	size_t left;
};

static const uint8_t *
next_string(struct blob *b, size_t *len)
{
	const uint8_t *v;

	*len = 0;
	if (b->left < 4)
		return (NULL);
	*len = (size_t)b->p[0] << 24 | (size_t)b->p[1] << 16 |
	    (size_t)b->p[2] << 8 | (size_t)b->p[3];
	if (*len > b->left - 4)
		return (NULL);
	v = b->p + 4;
	b->p += 4 + *len;
	b->left -= 4 + *len;
	return (v);
}

static int
keep_blob(struct key_file *k, const uint8_t *v, size_t len)
{

	hostkey_type(v, len, k->type, sizeof(k->type));
	if (k->type[0] == '?') {
		k->type[0] = '\0';
		return (0);
	}
	if ((k->blob = malloc(len)) == NULL)
		return (-1);
	memcpy(k->blob, v, len);
	k->bloblen = len;
	return (0);
}

/* The public half stands in clear in front of the private one. */
static int
read_openssh(struct key_file *k, const char *text, uint8_t *bin, size_t max)
{
	const char *body = text + strlen(OPENSSH_BEGIN);
	const char *end = strstr(body, "-----END");
	struct blob b = { .p = bin };
	const uint8_t *v;
	size_t len;

	if (end == NULL || sodium_base642bin(bin, max, body,
	    (size_t)(end - body), " \t\r\n", &b.left, NULL,
	    sodium_base64_VARIANT_ORIGINAL) == -1 ||
	    b.left < sizeof(OPENSSH_MAGIC) ||
	    memcmp(bin, OPENSSH_MAGIC, sizeof(OPENSSH_MAGIC)) != 0)
		return (0);
	b.p += sizeof(OPENSSH_MAGIC);
	b.left -= sizeof(OPENSSH_MAGIC);
	if ((v = next_string(&b, &len)) == NULL)	/* cipher */
		return (0);
	k->encrypted = len != 4 || memcmp(v, "none", 4) != 0;
	next_string(&b, &len);				/* derivation */
	next_string(&b, &len);				/* its options */
	if (b.left < 4)
		return (0);
	b.p += 4;					/* one key */
	b.left -= 4;
	if ((v = next_string(&b, &len)) == NULL)
		return (0);
	return (keep_blob(k, v, len));
}

/* "ssh-ed25519 AAAA... comment" */
static int
read_public(struct key_file *k, const char *text, uint8_t *bin, size_t max)
{
	const char *b64 = text + strcspn(text, " ");
	size_t len;

	b64 += strspn(b64, " ");
	if (sodium_base642bin(bin, max, b64, strcspn(b64, " \r\n"), NULL, &len,
	    NULL, sodium_base64_VARIANT_ORIGINAL) == -1)
		return (0);
	k->public_only = true;
	return (keep_blob(k, bin, len));
}

static int
inspect(struct key_file *k, const char *text, size_t len)
{
	uint8_t *bin;
	int rc = 0;

	if ((bin = malloc(len + 4)) == NULL)
		return (-1);
	if (strncmp(text, OPENSSH_BEGIN, strlen(OPENSSH_BEGIN)) == 0)
		rc = read_openssh(k, text, bin, len + 4);
	else if (strncmp(text, "ssh-", 4) == 0 ||
	    strncmp(text, "ecdsa-", 6) == 0)
		rc = read_public(k, text, bin, len + 4);
	else {
		k->encrypted = strstr(text, "ENCRYPTED") != NULL;
		if (strstr(text, "BEGIN RSA") != NULL)
			snprintf(k->type, sizeof(k->type), "ssh-rsa");
	}
	sodium_memzero(bin, len + 4);
	free(bin);
	return (rc);
}

/* --- the list --- */

/* STATUS_OK with *skip set where a file that nobody named is not to be used. */
static enum status
read_key(struct key_file *k, bool named, bool *skip)
{
	struct stat st;
	char *text;
	size_t len;
	int rc;

	*skip = false;
	if (stat(k->path, &st) == -1 ||
	    (text = fd_slurp(k->path, KEY_FILE_MAX, &len)) == NULL) {
		*skip = !named;
		if (named || errno != ENOENT)
			msg_errno(k->path);
		return (named ? STATUS_USAGE : STATUS_OK);
	}
	rc = inspect(k, text, len);
	sodium_memzero(text, len);
	free(text);
	if (rc == -1) {
		msg_errno(k->path);
		return (STATUS_LOCAL);
	}
	if (k->public_only || !too_open(&st))
		return (STATUS_OK);
	if (!named) {
		msg_warning("%s: not used: others may read it (mode %03o)",
		    k->path, (unsigned)st.st_mode & 0777u);
		*skip = true;
		return (STATUS_OK);
	}
	msg_error("%s: others may read this private key (mode %03o)", k->path,
	    (unsigned)st.st_mode & 0777u);
	msg_hint("chmod 600 %s", k->path);
	return (STATUS_USAGE);
}

/* Takes path over. */
static enum status
add_key(struct key_files *keys, char *path, bool named)
{
	struct key_file *k = &keys->v[keys->count], empty = { 0 };
	enum status status;
	bool skip;

	*k = empty;
	if ((k->path = path) == NULL) {
		msg_errno("key files");
		return (STATUS_LOCAL);
	}
	keys->count++;
	if ((status = read_key(k, named, &skip)) != STATUS_OK || !skip)
		return (status);
	keys->count--;
	free(k->blob);
	free(k->path);
	return (STATUS_OK);
}

enum status
keys_find(struct key_files *keys, const struct opt_list *wanted)
{
	static const char *const usual[] = { "id_ed25519", "id_ecdsa",
	    "id_rsa" };
	const size_t usual_count = sizeof(usual) / sizeof(usual[0]);
	enum status status = STATUS_OK;
	size_t i;

	keys->count = 0;
	keys->v = calloc(wanted->count + usual_count, sizeof(*keys->v));
	if (keys->v == NULL) {
		msg_errno("key files");
		return (STATUS_LOCAL);
	}
	for (i = 0; i < wanted->count && status == STATUS_OK; i++)
		status = add_key(keys, strdup(wanted->v[i]), true);
	if (wanted->count > 0)
		return (status);
	for (i = 0; i < usual_count && status == STATUS_OK; i++)
		status = add_key(keys, keys_home(usual[i]), false);
	return (status);
}

void
keys_free(struct key_files *keys)
{
	size_t i;

	for (i = 0; i < keys->count; i++) {
		free(keys->v[i].path);
		free(keys->v[i].blob);
	}
	free(keys->v);
	keys->v = NULL;
	keys->count = 0;
}

/* --- secrets --- */

char *
secret_file(const char *path, enum status *status)
{
	char *text = NULL, *secret = NULL;
	struct stat st;
	size_t len, line;

	*status = STATUS_USAGE;
	if (stat(path, &st) == -1 ||
	    (text = fd_slurp(path, KEY_FILE_MAX, &len)) == NULL) {
		msg_errno(path);
		return (NULL);
	}
	line = strcspn(text, "\r\n");
	if (too_open(&st)) {
		msg_error("%s: others may read this password (mode %03o)",
		    path, (unsigned)st.st_mode & 0777u);
		msg_hint("chmod 600 %s", path);
	} else if (line == 0 || line >= SECRET_MAX)
		msg_error("%s: no password in the first line", path);
	else if ((secret = sodium_malloc(SECRET_MAX)) == NULL) {
		*status = STATUS_LOCAL;
		msg_errno(path);
	} else {
		*status = STATUS_OK;
		memcpy(secret, text, line);
		secret[line] = '\0';
	}
	sodium_memzero(text, len);
	free(text);
	return (secret);
}

void
secret_free(char *secret)
{

	sodium_free(secret);
}

static int
open_terminal(void)
{

	return (open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
}

bool
secret_can_ask(void)
{
	int fd = open_terminal();

	if (fd == -1)
		return (false);
	fd_close(&fd);
	return (true);
}

/* A line without its end: its length, or -1. */
static ssize_t
read_line(int fd, char *buf, size_t max)
{
	size_t len = 0;
	ssize_t n;
	char c;

	while ((n = fd_read(fd, &c, 1)) == 1 && c != '\n')
		if (len < max - 1)
			buf[len++] = c;
	buf[len] = '\0';
	if (n == -1 || (n == 0 && len == 0) || sig_caught() != 0)
		return (-1);
	return ((ssize_t)len);
}

char *
secret_ask(const char *prompt, bool echo)
{
	struct termios old, quiet;
	bool changed = false;
	char *secret;
	ssize_t len;
	int fd;

	if ((fd = open_terminal()) == -1)
		return (NULL);
	if ((secret = sodium_malloc(SECRET_MAX)) == NULL) {
		fd_close(&fd);
		return (NULL);
	}
	if (!echo && tcgetattr(fd, &old) == 0) {
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		changed = tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
	}
	/* Never ask for a secret on a terminal that would show it. */
	len = -1;
	if ((echo || changed) && fd_write(fd, prompt, strlen(prompt)) == 0)
		len = read_line(fd, secret, SECRET_MAX);
	if (changed) {
		(void)tcsetattr(fd, TCSAFLUSH, &old);
		(void)!write(fd, "\n", 1);
	}
	fd_close(&fd);
	if (len == -1) {
		secret_free(secret);
		return (NULL);
	}
	return (secret);
}
