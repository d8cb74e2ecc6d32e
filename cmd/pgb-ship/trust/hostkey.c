/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fdio.h"
#include "trust/hostkey.h"
#include "trust/sha1.h"

#define KEY_MAX		(64 * 1024)
#define NAME_MAX_LEN	1100		/* "[host]:port" */
#define SSH_PORT	22

enum marker { PLAIN, REVOKED, AUTHORITY };

struct known {
	struct known *next;
	enum marker marker;
	bool with_port;		/* the line is for [host]:port */
	struct hostkey_where where;
	size_t len;
	uint8_t key[];
};

struct hostkeys {
	char plain[NAME_MAX_LEN];	/* lower case */
	char ported[NAME_MAX_LEN];	/* "" on the standard port */
	struct known *first, **end;
};

/* One line's fields. */
struct fields {
	char *hosts, *type, *key;
	enum marker marker;
};

static void
lower(char *s)
{

	for (; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
}

struct hostkeys *
hostkeys_new(const char *host, unsigned port)
{
	struct hostkeys *hk;

	if ((hk = calloc(1, sizeof(*hk))) == NULL)
		return (NULL);
	hk->end = &hk->first;
	snprintf(hk->plain, sizeof(hk->plain), "%s", host);
	lower(hk->plain);
	if (port != SSH_PORT && snprintf(hk->ported, sizeof(hk->ported),
	    "[%s]:%u", hk->plain, port) >= (int)sizeof(hk->ported))
		hk->ported[0] = '\0';
	return (hk);
}

void
hostkeys_free(struct hostkeys *hk)
{
	struct known *k;

	if (hk == NULL)
		return;
	while ((k = hk->first) != NULL) {
		hk->first = k->next;
		free(k);
	}
	free(hk);
}

/* --- which names a line is for --- */

static int
unbase64(const char *text, uint8_t *out, size_t max, size_t *len)
{

	return (sodium_base642bin(out, max, text, strlen(text), NULL, len,
	    NULL, sodium_base64_VARIANT_ORIGINAL));
}

/* |1|SALT|HASH */
static bool
match_hashed(const char *hashed, const char *name)
{
	uint8_t salt[64], want[64], got[SHA1_LEN];
	char text[NAME_MAX_LEN], *bar;
	size_t saltlen, wantlen;

	if (strncmp(hashed, "|1|", 3) != 0 || strlen(hashed) >= sizeof(text))
		return (false);
	snprintf(text, sizeof(text), "%s", hashed + 3);
	if ((bar = strchr(text, '|')) == NULL)
		return (false);
	*bar++ = '\0';
	if (unbase64(text, salt, sizeof(salt), &saltlen) == -1 ||
	    unbase64(bar, want, sizeof(want), &wantlen) == -1 ||
	    wantlen != SHA1_LEN)
		return (false);
	hmac_sha1(salt, saltlen, name, strlen(name), got);
	return (memcmp(got, want, SHA1_LEN) == 0);
}

/*
 * Only '*' and '?' are special; brackets are not, so fnmatch(3) will not do.
 * Going back to the last '*' alone is enough: it may take all that an earlier
 * one could.
 */
static bool
match_glob(const char *pattern, const char *name)
{
	const char *star = NULL, *resume = NULL;

	while (*name != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			resume = name;
		} else if (*pattern == '?' || *pattern == *name) {
			pattern++;
			name++;
		} else if (star != NULL) {
			pattern = star + 1;
			name = ++resume;
		} else
			return (false);
	}
	while (*pattern == '*')
		pattern++;
	return (*pattern == '\0');
}

/* Patterns, commas between; one with '!' that matches rules the line out. */
static bool
match_hosts(const char *hosts, const char *name)
{
	char pattern[NAME_MAX_LEN];
	bool found = false;
	size_t n;

	if (name[0] == '\0')
		return (false);
	if (hosts[0] == '|')
		return (match_hashed(hosts, name));
	for (;; hosts += n + 1) {
		n = strcspn(hosts, ",");
		if (n < sizeof(pattern)) {
			memcpy(pattern, hosts, n);
			pattern[n] = '\0';
			lower(pattern);
			if (pattern[0] == '!' && match_glob(pattern + 1, name))
				return (false);
			found |= match_glob(pattern, name);
		}
		if (hosts[n] == '\0')
			return (found);
	}
}

/* --- lines --- */

static char *
word(char **line)
{
	char *start = *line + strspn(*line, " \t");
	size_t n = strcspn(start, " \t\r");

	*line = start + n;
	if (**line != '\0')
		*(*line)++ = '\0';
	return (start);
}

/* 0, or -1 where the line holds no key (a comment, or a line of nonsense). */
static int
split(char *line, struct fields *f)
{

	f->marker = PLAIN;
	f->hosts = word(&line);
	if (f->hosts[0] == '@') {
		if (strcmp(f->hosts, "@revoked") == 0)
			f->marker = REVOKED;
		else if (strcmp(f->hosts, "@cert-authority") == 0)
			f->marker = AUTHORITY;
		else
			return (-1);
		f->hosts = word(&line);
	}
	f->type = word(&line);
	f->key = word(&line);
	return (f->hosts[0] == '\0' || f->hosts[0] == '#' ||
	    f->key[0] == '\0' ? -1 : 0);
}

void
hostkey_type(const uint8_t *key, size_t len, char *out, size_t outlen)
{
	size_t n, i;

	snprintf(out, outlen, "?");
	if (len < 4)
		return;
	n = (size_t)key[0] << 24 | (size_t)key[1] << 16 |
	    (size_t)key[2] << 8 | (size_t)key[3];
	if (n == 0 || n > len - 4 || n >= outlen)
		return;
	for (i = 0; i < n; i++)
		if (key[4 + i] <= 0x20 || key[4 + i] > 0x7e)
			return;
	memcpy(out, key + 4, n);
	out[n] = '\0';
}

/* Keep a line's key if the line is for our host: 0, or -1 without memory. */
static int
take_line(struct hostkeys *hk, char *text, const struct hostkey_where *where)
{
	char type[64];
	struct fields f;
	struct known *k;
	bool ported;
	size_t max;

	if (split(text, &f) == -1)
		return (0);
	ported = match_hosts(f.hosts, hk->ported);
	if (!ported && !match_hosts(f.hosts, hk->plain))
		return (0);
	max = strlen(f.key) / 4 * 3 + 3;
	if (max > KEY_MAX)
		return (0);
	if ((k = calloc(1, sizeof(*k) + max)) == NULL)
		return (-1);
	k->marker = f.marker;
	k->with_port = ported || hk->ported[0] == '\0';
	k->where = *where;
	if (unbase64(f.key, k->key, max, &k->len) == -1)
		goto nonsense;
	hostkey_type(k->key, k->len, type, sizeof(type));
	if (strcmp(type, f.type) != 0)
		goto nonsense;
	*hk->end = k;
	hk->end = &k->next;
	return (0);
nonsense:
	free(k);
	return (0);
}

int
hostkeys_take(struct hostkeys *hk, const char *path, char *buf, size_t len)
{
	struct hostkey_where where = { .file = path };
	char *line, *next;

	for (line = buf; line < buf + len; line = next) {
		/* A NUL ends its line for us, not the file. */
		if ((next = memchr(line, '\n', (size_t)(buf + len - line))) ==
		    NULL)
			next = buf + len;
		*next++ = '\0';
		where.line++;
		if (take_line(hk, line, &where) == -1) {
			errno = ENOMEM;
			return (-1);
		}
	}
	return (0);
}

int
hostkeys_load(struct hostkeys *hk, const char *path)
{
	size_t len;
	char *buf;
	int rc;

	if ((buf = fd_slurp(path, HOSTKEYS_FILE_MAX, &len)) == NULL)
		return (-1);
	rc = hostkeys_take(hk, path, buf, len);
	free(buf);
	return (rc);
}

/* --- questions --- */

static bool
same_type(const struct known *k, const uint8_t *key, size_t len)
{
	char a[64], b[64];

	hostkey_type(k->key, k->len, a, sizeof(a));
	hostkey_type(key, len, b, sizeof(b));
	return (strcmp(a, b) == 0);
}

static bool
same_key(const struct known *k, const uint8_t *key, size_t len)
{

	return (k->len == len && memcmp(k->key, key, len) == 0);
}

enum hostkey_verdict
hostkeys_check(const struct hostkeys *hk, const uint8_t *key, size_t len,
    struct hostkey_where *where)
{
	const struct known *k, *known = NULL, *plain = NULL, *changed = NULL;
	const struct known *other = NULL, *ca = NULL;
	char type[64];

	*where = (struct hostkey_where){ 0 };
	hostkey_type(key, len, type, sizeof(type));
	if (type[0] == '?')
		return (HOSTKEY_BAD);
	for (k = hk->first; k != NULL; k = k->next) {
		if (k->marker == REVOKED) {
			if (!same_key(k, key, len))
				continue;
			*where = k->where;
			return (HOSTKEY_REVOKED);
		}
		if (k->marker == AUTHORITY)
			ca = k;
		else if (same_key(k, key, len) && k->with_port)
			known = k;
		else if (same_key(k, key, len))
			plain = k;
		else if (k->with_port && same_type(k, key, len))
			changed = changed != NULL ? changed : k;
		else if (k->with_port)
			other = other != NULL ? other : k;
	}
	/* The plain host's key counts only where [host]:port has none. */
	if (known == NULL && changed == NULL && other == NULL)
		known = plain;
	k = known != NULL ? known : changed != NULL ? changed :
	    other != NULL ? other : ca;
	if (k != NULL)
		*where = k->where;
	return (known != NULL ? HOSTKEY_KNOWN :
	    changed != NULL ? HOSTKEY_CHANGED :
	    other != NULL ? HOSTKEY_OTHER_TYPE :
	    ca != NULL ? HOSTKEY_AUTHORITY : HOSTKEY_UNKNOWN);
}

/* The signature algorithms of each type of key, best first. */
static const struct {
	const char *type, *algorithms;
} types[] = {
	{ "ssh-ed25519", "ssh-ed25519" },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256" },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384" },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521" },
	{ "ssh-rsa", "rsa-sha2-512,rsa-sha2-256,ssh-rsa" },
};

#define TYPES	(sizeof(types) / sizeof(types[0]))

static bool
has_type(const struct hostkeys *hk, const char *type)
{
	const struct known *k;
	char have[64];

	for (k = hk->first; k != NULL; k = k->next) {
		hostkey_type(k->key, k->len, have, sizeof(have));
		if (k->marker == PLAIN && strcmp(have, type) == 0)
			return (true);
	}
	return (false);
}

void
hostkeys_prefer(const struct hostkeys *hk, char *out, size_t outlen)
{
	size_t i, pos = 0;
	int known;

	out[0] = '\0';
	for (known = 1; known >= 0; known--)
		for (i = 0; i < TYPES && pos < outlen; i++)
			if (has_type(hk, types[i].type) == (known == 1))
				pos += (size_t)snprintf(out + pos,
				    outlen - pos, "%s%s", pos > 0 ? "," : "",
				    types[i].algorithms);
}

enum hostkey_only
hostkeys_only(const struct hostkeys *hk)
{
	const struct known *k;
	bool rsa = false, other = false, ca = false;
	char type[64];

	for (k = hk->first; k != NULL; k = k->next) {
		hostkey_type(k->key, k->len, type, sizeof(type));
		if (k->marker == AUTHORITY)
			ca = true;
		else if (k->marker == PLAIN && strcmp(type, "ssh-rsa") == 0)
			rsa = true;
		else if (k->marker == PLAIN)
			other = true;
	}
	return (other ? HOSTKEY_ONLY_NOTHING : rsa ? HOSTKEY_ONLY_RSA :
	    ca ? HOSTKEY_ONLY_AUTHORITY : HOSTKEY_ONLY_NOTHING);
}

void
hostkey_print(const uint8_t *key, size_t len, char out[HOSTKEY_PRINT_MAX])
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, key, len);
	memcpy(out, "SHA256:", 8);
	sodium_bin2base64(out + 7, HOSTKEY_PRINT_MAX - 7, hash, sizeof(hash),
	    sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}
