/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "route/home.h"
#include "trust/hostkey.h"
#include "secret/keys.h"

#define KEY_FILE_MAX	(64 * 1024)

#define OPENSSH_BEGIN	"-----BEGIN OPENSSH PRIVATE KEY-----"
#define OPENSSH_MAGIC	"openssh-key-v1"	/* with its NUL */

/* Root's own included. */
bool
keys_too_open(const struct stat *st)
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
	    strncmp(text, "ecdsa-", 6) == 0 ||
	    strncmp(text, "sk-", 3) == 0)
		rc = read_public(k, text, bin, len + 4);
	else {
		k->foreign = key_foreign(text);
		k->encrypted = k->foreign == NULL &&
		    strstr(text, "ENCRYPTED") != NULL;
		if (strstr(text, "BEGIN RSA") != NULL)
			snprintf(k->type, sizeof(k->type), "ssh-rsa");
	}
	sodium_memzero(bin, len + 4);
	free(bin);
	return (rc);
}

/* --- the list --- */

static bool
has_certificate(const char *path)
{
	char cert[4096];
	int n = snprintf(cert, sizeof(cert), "%s-cert.pub", path);

	return (n > 0 && (size_t)n < sizeof(cert) && access(cert, F_OK) == 0);
}

/* A file that cannot be read: 1 to pass it over, or -1 with the fault. */
static int
unreadable(const struct key_file *k, enum keys_how how, struct fault *fault)
{

	if (how == KEYS_NAMED) {
		fault_set(fault, STATUS_USAGE, "%s: %s", k->path,
		    strerror(errno));
		return (-1);
	}
	if (errno != ENOENT && errno != ENOTDIR)
		msg_warning("%s: not used: %s", k->path, strerror(errno));
	return (1);
}

static int
open_to_others(const struct key_file *k, const struct stat *st,
    enum keys_how how, struct fault *fault)
{

	if (how == KEYS_NAMED) {
		fault_set(fault, STATUS_USAGE, "%s: others may read this "
		    "private key (mode %03o)", k->path,
		    (unsigned)st->st_mode & 0777u);
		fault_hint(fault, "chmod 600 %s", k->path);
		return (-1);
	}
	msg_warning("%s: not used: others may read it (mode %03o)", k->path,
	    (unsigned)st->st_mode & 0777u);
	return (1);
}

/* Where the private half lives in an agent alone, PATH.pub may tell of it. */
static char *
slurp_public(struct key_file *k, size_t *len)
{
	char *path, *text;

	if (asprintf(&path, "%s.pub", k->path) == -1)
		return (NULL);
	if ((text = fd_slurp(path, KEY_FILE_MAX, len)) == NULL) {
		free(path);
		errno = ENOENT;
		return (NULL);
	}
	free(k->path);
	k->path = path;
	return (text);
}

/* 0, 1 where it is to be passed over, or -1 with the fault. */
static int
read_key(struct key_file *k, enum keys_how how, struct fault *fault)
{
	struct stat st = { 0 };
	char *text = NULL;
	size_t len;
	int rc;

	k->certified = has_certificate(k->path);
	if (stat(k->path, &st) == 0)
		text = fd_slurp(k->path, KEY_FILE_MAX, &len);
	else if (errno == ENOENT && how != KEYS_USUAL)
		text = slurp_public(k, &len);
	if (text == NULL)
		return (unreadable(k, how, fault));
	rc = inspect(k, text, len);
	sodium_memzero(text, len);
	free(text);
	if (rc == -1) {
		fault_set(fault, STATUS_LOCAL, "%s: no memory", k->path);
		return (-1);
	}
	return (k->public_only || !keys_too_open(&st) ? 0 :
	    open_to_others(k, &st, how, fault));
}

/* Takes path over. */
static enum status
add_key(struct key_files *keys, char *path, enum keys_how how,
    struct fault *fault)
{
	struct key_file *k = &keys->v[keys->count], empty = { 0 };
	int rc;

	*k = empty;
	if ((k->path = path) == NULL)
		return (fault_set(fault, STATUS_LOCAL, "no memory"));
	keys->count++;
	if ((rc = read_key(k, how, fault)) == 0)
		return (STATUS_OK);
	if (rc == -1)
		return (fault->status);
	keys->count--;
	free(k->blob);
	free(k->path);
	return (STATUS_OK);
}

enum status
keys_find(struct key_files *keys, const struct opt_list *list,
    enum keys_how how, struct fault *fault)
{
	static const char *const usual[] = { "id_ed25519", "id_ecdsa",
	    "id_rsa" };
	const size_t count = how != KEYS_USUAL ? list->count :
	    sizeof(usual) / sizeof(usual[0]);
	enum status status = STATUS_OK;
	size_t i;

	keys->count = 0;
	if ((keys->v = calloc(count + 1, sizeof(*keys->v))) == NULL)
		return (fault_set(fault, STATUS_LOCAL, "no memory"));
	for (i = 0; i < count && status == STATUS_OK; i++)
		status = add_key(keys, how != KEYS_USUAL ?
		    strdup(list->v[i]) : home_file(usual[i]), how, fault);
	return (status);
}

bool
keys_in_hardware(void)
{
	static const char *const usual[] = { "id_ed25519_sk", "id_ecdsa_sk" };
	bool found = false;
	char *path;
	size_t i;

	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		path = home_file(usual[i]);
		found |= path != NULL && access(path, F_OK) == 0;
		free(path);
	}
	return (found);
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
