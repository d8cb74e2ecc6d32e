/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dest-impl.h"
#include "msg.h"

/* The conversions that make sense in a name; %n and %t would break lines. */
#define CONVERSIONS	"aAbBCdDeFgGhHIjklmMprRsSTuUVwWxXyYzZ"

/* Stands as it is in a URL's path, besides letters and digits. */
#define URL_PLAIN	"-._~/:@!$&'()*+,;="

bool
dest_wants_db(const struct dest *d)
{

	return (strstr(d->pattern, DEST_DB) != NULL);
}

bool
dest_wants_server(const struct dest *d)
{

	return (strstr(d->pattern, DEST_SERVER) != NULL);
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

size_t
dest_word_len(const char *p)
{
	size_t n;

	if (*p != '{')
		return (0);
	n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	return (n > 0 && p[1 + n] == '}' ? n + 2 : 0);
}

static bool
is_word(const char *p, size_t len, const char *word)
{

	return (len == strlen(word) && memcmp(p, word, len) == 0);
}

/* The value of {db}, as it has to be written where a % means something. */
static void
add_written(struct path *o, const char *db, const char *percent)
{
	char value[DEST_PATH_MAX] = "";
	struct path v = { .buf = value };
	size_t i;

	add_value(&v, db, strlen(db));
	o->full |= v.full;
	for (i = 0; i < v.len; i++)
		if (value[i] == '%')
			add(o, percent, strlen(percent));
		else
			add(o, value + i, 1);
}

char *
dest_with_db(const char *text, const char *db, bool plain,
    enum status *status)
{
	char buf[DEST_PATH_MAX] = "", *out = NULL;
	struct path o = { .buf = buf };
	const char *p, *why = "no {db} for --db";
	struct dest d;

	if ((*status = dest_parse_place(&d, text)) != STATUS_OK)
		goto out;
	add(&o, text, (size_t)(d.pattern - text));
	for (p = d.pattern; *p != '\0'; p++) {
		if (!is_word(p, dest_word_len(p), DEST_DB)) {
			add(&o, p, 1);
			continue;
		}
		add_written(&o, db, d.url ? "%25" : plain ? "%" : "%%");
		p += strlen(DEST_DB) - 1;
		why = NULL;
	}
	if (db[0] == '\0')
		why = "--db: an empty name";
	else if (o.full)
		why = "the path is too long";
	if (why != NULL)
		*status = dest_refuse(&d, why);
	else if ((out = strdup(buf)) == NULL) {
		msg_errno(dest_shown(&d));
		*status = STATUS_LOCAL;
	}
out:
	dest_wipe(&d);
	return (out);
}

static enum status
add_time(struct path *o, const struct dest *d, const struct dest_words *w)
{
	char text[32];
	struct tm tm;

	if (gmtime_r(&w->now, &tm) == NULL || strftime(text, sizeof(text),
	    DEST_TIME_FORMAT, &tm) == 0)
		return (dest_refuse(d, "the clock tells no time"));
	add(o, text, strlen(text));
	return (STATUS_OK);
}

static enum status
add_host(struct path *o, const struct dest *d, const struct dest_words *w)
{
	char own[256] = "";
	const char *value = w->host;

	if (value == NULL) {
		if (gethostname(own, sizeof(own) - 1) == -1)
			own[0] = '\0';
		value = own;
	}
	if (value[0] == '\0' || value[0] == '.')
		return (dest_refuse(d, "{host}: this machine has no name"));
	add_value(o, value, strcspn(value, "."));
	return (STATUS_OK);
}

static enum status
unknown_word(const struct dest *d, const char *p, size_t len)
{
	bool latest = is_word(p, len, DEST_LATEST);

	if (!latest && dest_may_tell(d->text)) {
		p = "{...}";
		len = strlen(p);
	}
	msg_error("%s: %.*s: %s", dest_shown(d), (int)len, p, latest ?
	    "of a file that is fetched, not made" : "not a word known here");
	msg_hint("known: {time} {db} {server} {host}, and %% as in date(1)");
	return (STATUS_USAGE);
}

static enum status
add_word(struct path *o, const struct dest *d, const struct dest_words *w,
    const char *p, size_t len)
{
	const char *value;

	if (is_word(p, len, DEST_TIME))
		return (add_time(o, d, w));
	if (is_word(p, len, DEST_HOST))
		return (add_host(o, d, w));
	if (is_word(p, len, DEST_DB))
		value = w->db;
	else if (is_word(p, len, DEST_SERVER))
		value = w->server;
	else
		return (unknown_word(d, p, len));
	if (value == NULL || value[0] == '\0') {
		msg_error("%s: %.*s: the stream does not tell", dest_shown(d),
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
		msg_error("%s: %%%.1s: not a conversion known here",
		    dest_shown(d), format + 1);
		msg_hint("as in date(1); %%%% is one percent sign%s",
		    d->url ? ", in a URL %25" : "");
		return (STATUS_USAGE);
	}
	if (gmtime_r(&w->now, &tm) == NULL)
		return (dest_refuse(d, "the clock tells no time"));
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
		return (dest_refuse(d, "the path is too long"));
	for (i = 0; i < o->len; i++)
		if (iscntrl((unsigned char)o->buf[i]))
			return (dest_refuse(d,
			    "control characters in the path"));
	if (base[0] == '\0' || strcmp(base, ".") == 0 ||
	    strcmp(base, "..") == 0)
		return (dest_refuse(d, "names a directory, not a file"));
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
		if (d->url && dest_percent(p) != -1) {
			n = 3;
			if ((c = (char)dest_percent(p)) == '\0')
				return (dest_refuse(d, "%00 in a path"));
			add(&o, &c, 1);
		} else if (w != NULL && *p == '%') {
			status = add_conversion(&o, d, w, p[1]);
			n = 2;
		} else if (w != NULL && dest_word_len(p) > 0) {
			n = dest_word_len(p);
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
	if (d->port_told || d->port != DEST_PORT) {
		if (asprintf(&name, ":%u", d->port) == -1)
			return (NULL);
		add(&o, name, strlen(name));
		free(name);
	}
	add(&o, d->login ? "/~/" : "", d->login ? 3 : 0);
	add_url(&o, path, URL_PLAIN);
	return (strdup(buf));
}
