/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <string.h>

#include "dest-impl.h"
#include "msg.h"

/* --- paths --- */

const char *
dest_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return (slash != NULL ? slash + 1 : path);
}

void
dest_parent(const char *path, char *dir)
{
	size_t len = (size_t)(dest_base(path) - path);

	if (len == 0) {
		memcpy(dir, ".", 2);
		return;
	}
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len > DEST_PATH_MAX - 1)
		len = DEST_PATH_MAX - 1;
	memcpy(dir, path, len);
	dir[len] = '\0';
}

int
dest_join(const char *dir, const char *name, char *path)
{
	size_t len = strlen(dir), more = strlen(name);
	bool slash = len > 0 && dir[len - 1] != '/';

	if (len + (slash ? 1 : 0) + more > DEST_PATH_MAX - 1)
		return (-1);
	memcpy(path, dir, len);
	if (slash)
		path[len++] = '/';
	memcpy(path + len, name, more + 1);
	return (0);
}

/* --- a place --- */

/*
 * The length of what has a meaning at p when a name is made, or 0: {word}, and
 * % with a letter; the %% of a percent sign has it too.
 */
static size_t
special(const struct dest *d, const char *p)
{

	if (*p == '%' && !(d->url && dest_percent(p) != -1))
		return (p[1] == '\0' ? 1 : 2);
	return (dest_word_len(p));
}

static bool
has_words(const struct dest *d, const char *p)
{
	size_t n;

	for (; *p != '\0'; p += n) {
		n = special(d, p);
		if (n > 0 && !(p[0] == '%' && p[1] == '%'))
			return (true);
		if (n == 0)
			n = 1;
	}
	return (false);
}

static enum status
refuse_words(const struct dest *d, const char *p, size_t n)
{
	bool secret = dest_may_tell(d->text);

	msg_error("%s: %.*s: only the last part may have what stands for "
	    "something else", dest_shown(d), secret ? 5 : (int)n,
	    secret ? "{...}" : p);
	msg_hint("write the directory out; one is looked at at a time");
	return (STATUS_USAGE);
}

/* The first len bytes of the pattern, as a path. */
static enum status
directory(const struct dest *d, size_t len, char *dir)
{
	const char *p = d->pattern, *end = p + len;
	size_t n, pos = 0;
	int c;

	for (; p < end; p += n) {
		n = 1;
		c = (unsigned char)*p;
		if (d->url && dest_percent(p) != -1) {
			c = dest_percent(p);
			n = 3;
		} else if (special(d, p) > 0) {
			n = special(d, p);
			if (p[0] != '%' || p[1] != '%')
				return (refuse_words(d, p, n));
		}
		if (iscntrl(c))
			return (dest_refuse(d,
			    "control characters in the path"));
		if (pos == DEST_PATH_MAX - 1)
			return (dest_refuse(d, "the path is too long"));
		dir[pos++] = (char)c;
	}
	while (pos > 1 && dir[pos - 1] == '/')
		pos--;
	if (pos == 0)
		dir[pos++] = d->remote && !d->login ? '/' : '.';
	dir[pos] = '\0';
	return (STATUS_OK);
}

enum status
dest_place(const struct dest *d, char *dir, const char **pattern)
{
	const char *base = dest_base(d->pattern);

	*pattern = has_words(d, base) ? base : NULL;
	return (directory(d, *pattern == NULL ? strlen(d->pattern) :
	    (size_t)(base - d->pattern), dir));
}
