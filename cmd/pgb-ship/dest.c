/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dest-impl.h"
#include "msg.h"

bool
dest_may_tell(const char *text)
{
	const char *sep = strstr(text, "://");
	const char *colon;

	if (sep != NULL && memchr(text, ':', (size_t)(sep - text)) == NULL &&
	    memchr(text, '@', (size_t)(sep - text)) == NULL)
		text = sep + 3;
	colon = text + strcspn(text, ":/");
	return (*colon == ':' && strchr(colon, '@') != NULL);
}

const char *
dest_shown(const struct dest *d)
{

	return (dest_may_tell(d->text) ? "a destination" : d->text);
}

enum status
dest_refuse(const struct dest *d, const char *why)
{

	msg_error("%s: %s", dest_shown(d), why);
	return (STATUS_USAGE);
}

/* Not even the text is shown: it holds the secret. */
static enum status
refuse_password(void)
{

	msg_error("a URL holds a password");
	msg_hint("others can read it in the list of processes: use "
	    "--password-file, or a key");
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

int
dest_percent(const char *p)
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
			if (i + 2 >= len || (c = dest_percent(text + i)) <= 0) {
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

	if (memchr(text, ':', len) != NULL)
		return (refuse_password());
	if (len == 0)
		return (dest_refuse(d, "no user in front of @"));
	if ((d->user = decode(text, len)) == NULL)
		return (dest_refuse(d, "user: not a valid %XX"));
	return (STATUS_OK);
}

static enum status
parse_port(struct dest *d, const char *text, size_t len)
{
	unsigned port = 0;
	bool number = true;
	size_t i;

	for (i = 0; i < len && i < 6 && number; i++) {
		number = text[i] >= '0' && text[i] <= '9';
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	if (number && port > 0 && port <= 65535 && i == len) {
		d->port = port;
		d->port_told = true;
		return (STATUS_OK);
	}
	if (strchr(text, '@') != NULL)
		return (refuse_password());
	return (dest_refuse(d, number ? "the port is not within 1 to 65535" :
	    "the port is not a number"));
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
			return (dest_refuse(d, "no ] behind the address"));
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
		return (dest_refuse(d, "no host"));
	if (n > 255 || *text == '-')
		return (dest_refuse(d, "not a host name"));
	if ((d->host = strndup(text, n)) == NULL)
		return (dest_refuse(d, "no memory"));
	for (text = d->host; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text) &&
		    strchr(allowed, *text) == NULL)
			return (dest_refuse(d, "not a host name"));
	if (p == end)
		return (STATUS_OK);
	if (*p != ':')
		return (dest_refuse(d, "something stands behind the address"));
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
		return (dest_refuse(d, "a file URL has three slashes: "
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
	msg_error("%s: neither a URL nor clearly a path", dest_shown(d));
	msg_hint("a server is written sftp://USER@HOST/PATH; a local name "
	    "with a colon ./%s", dest_may_tell(d->text) ? "NAME" : d->text);
	return (STATUS_USAGE);
}

static enum status
parse(struct dest *d, const char *text)
{
	const char *sep = strstr(text, "://");

	memset(d, 0, sizeof(*d));
	d->text = text;
	if (sep == NULL)
		return (parse_path(d));
	if (strncasecmp(text, "sftp://", 7) == 0)
		return (parse_sftp(d, text + 7));
	if (strncasecmp(text, "file://", 7) == 0)
		return (parse_file(d, text + 7));
	if (strcspn(text, ":@") < (size_t)(sep - text))
		return (dest_refuse(d, "not of a kind known here"));
	msg_error("%.*s: not a kind of destination known here",
	    (int)(sep - text), text);
	msg_hint("sftp://[USER@]HOST[:PORT]/PATH, file:///PATH or a path");
	return (STATUS_USAGE);
}

enum status
dest_parse(struct dest *d, const char *text)
{
	enum status status;
	size_t len;

	if ((status = parse(d, text)) != STATUS_OK)
		return (status);
	len = strlen(d->pattern);
	if (len == 0 || d->pattern[len - 1] == '/') {
		msg_error("%s: names a directory, not a file", dest_shown(d));
		msg_hint("add a name, for example "
		    "%s%s{db}-{time}.dump.age",
		    dest_may_tell(text) ? "..." : text,
		    text[0] != '\0' && text[strlen(text) - 1] == '/' ? "" :
		    "/");
		return (STATUS_USAGE);
	}
	return (STATUS_OK);
}

enum status
dest_parse_place(struct dest *d, const char *text)
{
	enum status status;

	if ((status = parse(d, text)) != STATUS_OK)
		return (status);
	if (d->remote && !d->login && strcmp(d->pattern, "/~") == 0) {
		d->login = true;
		d->pattern += 2;
	}
	if (!d->remote && d->pattern[0] == '\0')
		return (dest_refuse(d, "an empty path"));
	return (STATUS_OK);
}

void
dest_wipe(struct dest *d)
{

	free(d->user);
	free(d->host);
	d->user = d->host = NULL;
}
