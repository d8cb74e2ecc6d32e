/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dest.h"
#include "msg.h"

/* The conversions that make sense in a name; %n and %t would break lines. */
#define CONVERSIONS	"aAbBCdDeFgGhHIjklmMprRsSTuUVwWxXyYzZ"

/* Stands as it is in a URL's path, besides letters and digits. */
#define URL_PLAIN	"-._~/:@!$&'()*+,;="

static enum status
refuse(const struct dest *d, const char *why)
{

	msg_error("%s: %s", d->text, why);
	return (STATUS_USAGE);
}

static int
hex(char c)
{

	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

/* The byte that %XX stands for, or -1. */
static int
percent(const char *p)
{

	if (p[0] != '%' || hex(p[1]) == -1 || hex(p[2]) == -1)
		return (-1);
	return (hex(p[1]) * 16 + hex(p[2]));
}

/* --- parsing --- */

/* Decode len bytes of a URL's user: an allocated string, or NULL if bad. */
static char *
decode(const char *text, size_t len)
{
	char *out;
	size_t i, pos = 0;
	int c;

	if ((out = malloc(len + 1)) == NULL)
		return (NULL);
	for (i = 0; i < len; i++) {
		c = (unsigned char)text[i];
		if (c == '%') {
			if (i + 2 >= len || (c = percent(text + i)) <= 0) {
				free(out);
				return (NULL);
			}
			i += 2;
		}
		out[pos++] = (char)c;
	}
	out[pos] = '\0';
	return (out);
}

static enum status
parse_user(struct dest *d, const char *text, size_t len)
{

	if (memchr(text, ':', len) != NULL) {
		/* Not even the text: it holds the secret. */
		msg_error("a URL holds a password");
		msg_hint("others can read it in the list of processes: use "
		    "--password-file, or a key");
		return (STATUS_USAGE);
	}
	if (len == 0)
		return (refuse(d, "no user in front of @"));
	if ((d->user = decode(text, len)) == NULL)
		return (refuse(d, "user: not a valid %XX"));
	return (STATUS_OK);
}

static enum status
parse_port(struct dest *d, const char *text, size_t len)
{
	unsigned port = 0;
	size_t i;

	for (i = 0; i < len && i < 6; i++) {
		if (text[i] < '0' || text[i] > '9')
			return (refuse(d, "the port is not a number"));
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	if (port == 0 || port > 65535 || i < len)
		return (refuse(d, "the port is not within 1 to 65535"));
	d->port = port;
	return (STATUS_OK);
}

/* host, host:port, [address]:port */
static enum status
parse_host(struct dest *d, const char *text, size_t len)
{
	const char *allowed = "-._%";
	const char *end = text + len, *close, *p;
	size_t n;

	if (len > 0 && *text == '[') {
		if ((close = memchr(text, ']', len)) == NULL)
			return (refuse(d, "no ] behind the address"));
		text++;
		n = (size_t)(close - text);
		p = close + 1;
		allowed = ":.%";
	} else {
		if ((p = memchr(text, ':', len)) == NULL)
			p = end;
		n = (size_t)(p - text);
	}
	if (n == 0)
		return (refuse(d, "no host"));
	if (n > 255 || *text == '-')
		return (refuse(d, "not a host name"));
	if ((d->host = strndup(text, n)) == NULL)
		return (refuse(d, "no memory"));
	for (text = d->host; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text) &&
		    strchr(allowed, *text) == NULL)
			return (refuse(d, "not a host name"));
	if (p == end)
		return (STATUS_OK);
	if (*p != ':')
		return (refuse(d, "something stands behind the address"));
	return (parse_port(d, p + 1, (size_t)(end - p - 1)));
}

static enum status
parse_sftp(struct dest *d, const char *rest)
{
	const char *slash = strchrnul(rest, '/'), *at, *p;
	enum status status;

	d->remote = d->url = true;
	d->port = DEST_PORT;
	at = NULL;
	for (p = rest; p < slash; p++)
		if (*p == '@')
			at = p;
	if (at != NULL) {
		status = parse_user(d, rest, (size_t)(at - rest));
		if (status != STATUS_OK)
			return (status);
		rest = at + 1;
	}
	status = parse_host(d, rest, (size_t)(slash - rest));
	if (status != STATUS_OK)
		return (status);
	if (strncmp(slash, "/~/", 3) == 0) {
		d->login = true;
		slash += 3 + strspn(slash + 3, "/");
	}
	d->pattern = slash;
	return (STATUS_OK);
}

static enum status
parse_file(struct dest *d, const char *rest)
{

	d->url = true;
	if (strncmp(rest, "localhost/", 10) == 0)
		rest += 9;
	if (*rest != '/')
		return (refuse(d, "a file URL has three slashes: "
		    "file:///path"));
	d->pattern = rest;
	return (STATUS_OK);
}

/* A plain path; what looks like scp's HOST:PATH is surely not meant so. */
static enum status
parse_path(struct dest *d)
{
	const char *colon = strchr(d->text, ':');

	d->pattern = d->text;
	if (colon == NULL ||
	    strcspn(d->text, "/%{") < (size_t)(colon - d->text))
		return (STATUS_OK);
	msg_error("%s: neither a URL nor clearly a path", d->text);
	msg_hint("a server is written sftp://USER@HOST/PATH; a local name "
	    "with a colon ./%s", d->text);
	return (STATUS_USAGE);
}

enum status
dest_parse(struct dest *d, const char *text)
{
	const char *sep = strstr(text, "://");
	enum status status;
	size_t len;

	memset(d, 0, sizeof(*d));
	d->text = text;
	if (sep == NULL)
		status = parse_path(d);
	else if (strncasecmp(text, "sftp://", 7) == 0)
		status = parse_sftp(d, text + 7);
	else if (strncasecmp(text, "file://", 7) == 0)
		status = parse_file(d, text + 7);
	else {
		msg_error("%.*s: not a kind of destination known here",
		    (int)(sep - text), text);
		msg_hint("sftp://[USER@]HOST[:PORT]/PATH, file:///PATH or a "
		    "path");
		return (STATUS_USAGE);
	}
	if (status != STATUS_OK)
		return (status);
	len = strlen(d->pattern);
	if (len == 0 || d->pattern[len - 1] == '/') {
		msg_error("%s: names a directory, not a file", text);
		msg_hint("add a name, for example "
		    "%s%s{db}-{time}.dump.age", text,
		    text[0] != '\0' && text[strlen(text) - 1] == '/' ? "" :
		    "/");
		return (STATUS_USAGE);
	}
	return (STATUS_OK);
}

void
dest_wipe(struct dest *d)
{

	free(d->user);
	free(d->host);
	d->user = d->host = NULL;
}

/* --- names --- */

bool
dest_wants_db(const struct dest *d)
{

	return (strstr(d->pattern, "{db}") != NULL);
}

bool
dest_wants_server(const struct dest *d)
{

	return (strstr(d->pattern, "{server}") != NULL);
}

struct path {
	char *buf;
	size_t len;
	bool full;
};

static void
add(struct path *o, const char *text, size_t len)
{

	if (len > DEST_PATH_MAX - 1 - o->len) {
		o->full = true;
		return;
	}
	memcpy(o->buf + o->len, text, len);
	o->len += len;
	o->buf[o->len] = '\0';
}

/*
 * A value from outside: nothing of it may act as a path.  A leading dot would
 * make a hidden name, or "..".
 */
static void
add_value(struct path *o, const char *value, size_t len)
{
	char code[4];
	size_t i;

	for (i = 0; i < len; i++) {
		if (isalnum((unsigned char)value[i]) || value[i] == '_' ||
		    value[i] == '-' || (value[i] == '.' && i > 0)) {
			add(o, value + i, 1);
			continue;
		}
		snprintf(code, sizeof(code), "%%%02X",
		    (unsigned)(unsigned char)value[i]);
		add(o, code, 3);
	}
}

/* The length of "{word}" at p, or 0. */
static size_t
word_len(const char *p)
{
	size_t n;

	if (*p != '{')
		return (0);
	n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	return (n > 0 && p[1 + n] == '}' ? n + 2 : 0);
}

static enum status
add_word(struct path *o, const struct dest *d, const struct dest_words *w,
    const char *p, size_t len)
{
	const char *value;
	char text[32];
	struct tm tm;

	if (len == 6 && memcmp(p, "{time}", 6) == 0) {
		if (gmtime_r(&w->now, &tm) == NULL || strftime(text,
		    sizeof(text), "%Y%m%dT%H%M%SZ", &tm) == 0)
			return (refuse(d, "the clock tells no time"));
		add(o, text, strlen(text));
		return (STATUS_OK);
	}
	if (len == 4 && memcmp(p, "{db}", 4) == 0)
		value = w->db;
	else if (len == 8 && memcmp(p, "{server}", 8) == 0)
		value = w->server;
	else {
		msg_error("%s: %.*s: not a word known here", d->text, (int)len,
		    p);
		msg_hint("known: {time} {db} {server}, and %% as in date(1)");
		return (STATUS_USAGE);
	}
	if (value == NULL || value[0] == '\0') {
		msg_error("%s: %.*s: the stream does not tell", d->text,
		    (int)len, p);
		msg_hint("give it with --%.*s", (int)len - 2, p + 1);
		return (STATUS_USAGE);
	}
	/* Of "15.18 (Debian 15.18-0+deb12u1)" the first word. */
	if (p[1] == 's')
		add_value(o, value, strcspn(value, " "));
	else
		add_value(o, value, strlen(value));
	return (STATUS_OK);
}

static enum status
add_conversion(struct path *o, const struct dest *d,
    const struct dest_words *w, char letter)
{
	char format[3] = { '%', letter, '\0' }, text[64];
	struct tm tm;

	if (letter == '%') {
		add(o, "%", 1);
		return (STATUS_OK);
	}
	if (letter == '\0' || strchr(CONVERSIONS, letter) == NULL) {
		msg_error("%s: %%%.1s: not a conversion known here", d->text,
		    format + 1);
		msg_hint("as in date(1); %%%% is one percent sign%s",
		    d->url ? ", in a URL %25" : "");
		return (STATUS_USAGE);
	}
	if (gmtime_r(&w->now, &tm) == NULL)
		return (refuse(d, "the clock tells no time"));
	/* The format comes from the user, but its letter from our list. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	add(o, text, strftime(text, sizeof(text), format, &tm));
#pragma GCC diagnostic pop
	return (STATUS_OK);
}

/* A finished path: a file's name at its end, and nothing that breaks lines. */
static enum status
check_path(const struct dest *d, const struct path *o)
{
	const char *base = strrchr(o->buf, '/');
	size_t i;

	base = base != NULL ? base + 1 : o->buf;
	if (o->full)
		return (refuse(d, "the path is too long"));
	for (i = 0; i < o->len; i++)
		if (iscntrl((unsigned char)o->buf[i]))
			return (refuse(d, "control characters in the path"));
	if (base[0] == '\0' || strcmp(base, ".") == 0 ||
	    strcmp(base, "..") == 0)
		return (refuse(d, "names a directory, not a file"));
	return (STATUS_OK);
}

enum status
dest_expand(const struct dest *d, const struct dest_words *w, char *path)
{
	struct path o = { .buf = path };
	enum status status;
	const char *p;
	size_t n;
	char c;

	path[0] = '\0';
	for (p = d->pattern; *p != '\0'; p += n) {
		n = 1;
		status = STATUS_OK;
		if (d->url && percent(p) != -1) {
			n = 3;
			if ((c = (char)percent(p)) == '\0')
				return (refuse(d, "%00 in a path"));
			add(&o, &c, 1);
		} else if (w != NULL && *p == '%') {
			status = add_conversion(&o, d, w, p[1]);
			n = 2;
		} else if (w != NULL && word_len(p) > 0) {
			n = word_len(p);
			status = add_word(&o, d, w, p, n);
		} else
			add(&o, p, 1);
		if (status != STATUS_OK)
			return (status);
	}
	return (check_path(d, &o));
}

static void
add_url(struct path *o, const char *text, const char *plain)
{
	char code[4];

	for (; *text != '\0'; text++) {
		if (isalnum((unsigned char)*text) ||
		    strchr(plain, *text) != NULL) {
			add(o, text, 1);
			continue;
		}
		snprintf(code, sizeof(code), "%%%02X",
		    (unsigned)(unsigned char)*text);
		add(o, code, 3);
	}
}

char *
dest_name(const struct dest *d, const char *path)
{
	char buf[DEST_PATH_MAX], *name;
	struct path o = { .buf = buf };
	bool v6;

	if (!d->remote)
		return (strdup(path));
	buf[0] = '\0';
	add(&o, "sftp://", 7);
	if (d->user != NULL) {
		add_url(&o, d->user, "-._~!$&'()*+,;=");
		add(&o, "@", 1);
	}
	v6 = strchr(d->host, ':') != NULL;
	if (asprintf(&name, v6 ? "[%s]" : "%s", d->host) == -1)
		return (NULL);
	add(&o, name, strlen(name));
	free(name);
	if (d->port != DEST_PORT) {
		if (asprintf(&name, ":%u", d->port) == -1)
			return (NULL);
		add(&o, name, strlen(name));
		free(name);
	}
	add(&o, d->login ? "/~/" : "", d->login ? 3 : 0);
	add_url(&o, path, URL_PLAIN);
	return (strdup(buf));
}
