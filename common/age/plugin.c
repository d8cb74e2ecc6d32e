/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "age/bech32.h"
#include "age/plugin-impl.h"

#define HRP_RECIPIENT	"age1"
#define HRP_IDENTITY	"AGE-PLUGIN-"

/* A function that takes the commands of one state machine: 1 when it did, 0
 * where it does not know it, -1 after plugin_fail(). */
typedef int (*taker)(struct plugin *, const struct age_header *cmd, void *arg);

int
plugin_name(const char *text, size_t len, char name[PLUGIN_NAME_MAX])
{
	char hrp[sizeof(HRP_IDENTITY) + PLUGIN_NAME_MAX];
	size_t skip, n, i;

	if (bech32_check(text, len, hrp, sizeof(hrp)) == -1)
		return (-1);
	n = strlen(hrp);
	if (strncmp(hrp, HRP_RECIPIENT, strlen(HRP_RECIPIENT)) == 0)
		skip = strlen(HRP_RECIPIENT);
	else if (strncmp(hrp, HRP_IDENTITY, strlen(HRP_IDENTITY)) == 0 &&
	    hrp[n - 1] == '-') {
		skip = strlen(HRP_IDENTITY);
		n--;
	} else
		return (-1);
	if (n <= skip || n - skip >= PLUGIN_NAME_MAX)
		return (-1);
	n -= skip;
	for (i = 0; i < n; i++)
		name[i] = (char)tolower((unsigned char)hrp[skip + i]);
	name[n] = '\0';
	return (plugin_name_valid(name) ? 0 : -1);
}

/* --- both machines ---------- */

static int
nonsense(struct plugin *p, const char *what)
{

	return (plugin_fail(p, STATUS_LOCAL, "not the plugin protocol: %s",
	    what));
}

static void
ok(struct plugin *p)
{

	plugin_say(p, "ok", NULL, (const uint8_t *)"", 0);
}

static bool
arg_is(const struct age_header *cmd, size_t k, const char *want)
{
	size_t len;
	const char *arg = age_stanza_arg(cmd, 0, k, &len);

	return (arg != NULL && len == strlen(want) &&
	    memcmp(arg, want, len) == 0);
}

/* The number that argument k is, counted from 1 for the reader; 0 where it is
 * none. */
static size_t
number(const struct age_header *cmd, size_t k)
{
	size_t len, i, n = 0;
	const char *arg = age_stanza_arg(cmd, 0, k, &len);

	if (arg == NULL || len > 6)
		return (0);
	for (i = 0; i < len; i++) {
		if (arg[i] < '0' || arg[i] > '9')
			return (0);
		n = n * 10 + (size_t)(arg[i] - '0');
	}
	return (n + 1);
}

/* The first one is told; it goes on until it is done. */
static int
take_error(struct plugin *p, const struct age_header *cmd)
{
	bool stanza = arg_is(cmd, 1, "stanza");
	const char *what = "";
	size_t n = 0;
	char *text, *c;

	if ((text = plugin_text(p, cmd)) == NULL)
		return (-1);
	for (c = text; *c != '\0'; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	if (stanza) {
		what = "stanza";
		n = number(cmd, 3);
	} else if (arg_is(cmd, 1, "recipient")) {
		what = "recipient";
		n = number(cmd, 2);
	} else if (arg_is(cmd, 1, "identity")) {
		what = "identity";
		n = number(cmd, 2);
	}
	if (*text == '\0') {
		free(text);
		text = strdup("an error that it does not explain");
	}
	if (n > 0)
		plugin_fail(p, stanza ? STATUS_DATA : STATUS_USAGE,
		    "%s %zu: %s", what, n, text == NULL ? "error" : text);
	else
		plugin_fail(p, stanza ? STATUS_DATA : STATUS_USAGE, "%s",
		    text == NULL ? "error" : text);
	free(text);
	ok(p);
	return (1);
}

/* Do what it says until it is done: 0, or -1 after plugin_fail(). */
static int
serve(struct plugin *p, taker take, void *arg)
{
	struct age_header cmd;
	int rc;

	for (;;) {
		if (plugin_next(p, &cmd) == -1)
			return (-1);
		if (age_stanza_is(&cmd, 0, "done"))
			return (plugin_finish(p));
		if (age_stanza_is(&cmd, 0, "error"))
			rc = take_error(p, &cmd);
		else if ((rc = take(p, &cmd, arg)) == 0)
			rc = plugin_ask(p, &cmd);
		if (rc == -1)
			return (-1);
		/* Plugins try whether we can say this. */
		if (rc == 0)
			plugin_say(p, "unsupported", NULL,
			    (const uint8_t *)"", 0);
	}
}

static void
say_all(struct plugin *p, const char *command, const char *const *v,
    size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		plugin_say(p, command, v[i], (const uint8_t *)"", 0);
}

/* A stanza of a header, with the words in front that make it a message.  The
 * body is copied as it stands. */
static void
copy_stanza(struct age_text *t, const char *front, const struct age_header *h,
    size_t i)
{
	const struct age_stanza *s = &h->stanzas[i];

	age_text_put(t, front, strlen(front));
	age_text_put(t, h->raw + s->args_at, s->args_len);
	age_text_put(t, "\n", 1);
	age_text_put(t, h->raw + s->body_at, s->body_len);
}

/* --- wrapping ---------- */

struct wrapped {
	struct age_text stanzas;
	size_t count;
	struct plugin_labels labels;
	bool labelled;
};

/* "recipient-stanza 0 TYPE ARGS..." */
static int
take_stanza(struct plugin *p, const struct age_header *cmd, struct wrapped *w)
{
	const struct age_stanza *s = &cmd->stanzas[0];
	struct age_stanza inner = *s;
	struct age_header view = *cmd;
	const char *type;
	size_t len;

	if ((type = age_stanza_arg(cmd, 0, 2, &len)) == NULL)
		return (nonsense(p, "a recipient-stanza without a type"));
	if (!arg_is(cmd, 1, "0"))
		return (nonsense(p, "a stanza for another file"));
	inner.args_at = (size_t)((const uint8_t *)type - cmd->raw);
	inner.args_len -= inner.args_at - s->args_at;
	inner.arg_count -= 2;
	view.stanzas = &inner;
	/* All that our own reader would refuse. */
	if (age_stanza_is(&view, 0, "scrypt"))
		return (plugin_fail(p, STATUS_LOCAL, "a scrypt stanza, which "
		    "is not taken from a plugin"));
	if ((type = age_stanza_malformed(&view, 0)) != NULL)
		return (plugin_fail(p, STATUS_LOCAL, "a malformed %s stanza",
		    type));
	if (w->count++ == AGE_STANZA_MAX)
		return (plugin_fail(p, STATUS_LOCAL, "more than %d stanzas",
		    AGE_STANZA_MAX));
	copy_stanza(&w->stanzas, "-> ", &view, 0);
	if (w->stanzas.len > AGE_HEADER_MAX)
		return (plugin_fail(p, STATUS_LOCAL, "stanzas of more than %d "
		    "bytes", AGE_HEADER_MAX));
	if (w->stanzas.failed)
		return (plugin_fail(p, STATUS_LOCAL, "%s", strerror(ENOMEM)));
	ok(p);
	return (1);
}

static int
compare(const void *a, const void *b)
{

	return (strcmp(*(char *const *)a, *(char *const *)b));
}

static void
sort_labels(struct plugin_labels *l)
{
	size_t i, n = 0;

	if (l->count == 0)
		return;
	qsort(l->v, l->count, sizeof(*l->v), compare);
	for (i = 1; i < l->count; i++) {
		if (strcmp(l->v[n], l->v[i]) == 0)
			free(l->v[i]);
		else
			l->v[++n] = l->v[i];
	}
	l->count = n + 1;
}

/* "labels L..." */
static int
take_labels(struct plugin *p, const struct age_header *cmd, struct wrapped *w)
{
	size_t count = cmd->stanzas[0].arg_count - 1, len, k;
	struct plugin_labels *l = &w->labels;
	const char *arg;

	if (w->labelled)
		return (nonsense(p, "labels again"));
	w->labelled = true;
	if (count > 0 && (l->v = calloc(count, sizeof(*l->v))) == NULL)
		goto memory;
	for (k = 1; k <= count; k++) {
		arg = age_stanza_arg(cmd, 0, k, &len);
		if ((l->v[l->count] = strndup(arg, len)) == NULL)
			goto memory;
		l->count++;
	}
	sort_labels(l);
	ok(p);
	return (1);
memory:
	return (plugin_fail(p, STATUS_LOCAL, "%s", strerror(ENOMEM)));
}

static int
take_wrapped(struct plugin *p, const struct age_header *cmd, void *arg)
{

	if (age_stanza_is(cmd, 0, "recipient-stanza"))
		return (take_stanza(p, cmd, arg));
	if (age_stanza_is(cmd, 0, "labels"))
		return (take_labels(p, cmd, arg));
	return (0);
}

void
plugin_labels_wipe(struct plugin_labels *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->v[i]);
	free(l->v);
	memset(l, 0, sizeof(*l));
}

bool
plugin_labels_same(const struct plugin_labels *a, const struct plugin_labels *b)
{
	size_t i;

	for (i = 0; i < a->count && i < b->count; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return (false);
	return (a->count == b->count);
}

enum status
plugin_wrap(const char *name, const char *const *recipients, size_t rcount,
    const char *const *identities, size_t icount,
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out,
    struct plugin_labels *labels)
{
	struct wrapped w;
	struct plugin p;

	memset(&w, 0, sizeof(w));
	memset(labels, 0, sizeof(*labels));
	if (plugin_start(&p, name, "recipient-v1") == -1)
		goto out;
	say_all(&p, "add-recipient", recipients, rcount);
	say_all(&p, "add-identity", identities, icount);
	plugin_say(&p, "wrap-file-key", NULL, file_key, AGE_FILE_KEY_LEN);
	plugin_say(&p, "extension-labels", NULL, (const uint8_t *)"", 0);
	plugin_say(&p, "done", NULL, (const uint8_t *)"", 0);
	if (serve(&p, take_wrapped, &w) == -1)
		goto out;
	if (w.count == 0) {
		plugin_fail(&p, STATUS_LOCAL, "no stanza came of it");
		goto out;
	}
	age_text_put(out, w.stanzas.buf, w.stanzas.len);
	if (out->failed) {
		plugin_fail(&p, STATUS_LOCAL, "%s", strerror(ENOMEM));
		goto out;
	}
	*labels = w.labels;
	memset(&w.labels, 0, sizeof(w.labels));
out:
	plugin_stop(&p);
	age_text_wipe(&w.stanzas);
	plugin_labels_wipe(&w.labels);
	return (p.status);
}

/* --- unwrapping ---------- */

struct unwrapped {
	uint8_t file_key[AGE_FILE_KEY_LEN];
	bool found;
};

/* "file-key 0" */
static int
take_file_key(struct plugin *p, const struct age_header *cmd, void *arg)
{
	struct unwrapped *u = arg;
	size_t len;

	if (!age_stanza_is(cmd, 0, "file-key"))
		return (0);
	if (cmd->stanzas[0].arg_count != 2 || !arg_is(cmd, 1, "0"))
		return (nonsense(p, "a file key for another file"));
	if (u->found)
		return (nonsense(p, "a file key again"));
	if (age_stanza_body(cmd, 0, u->file_key, sizeof(u->file_key),
	    &len) == -1 || len != sizeof(u->file_key))
		return (plugin_fail(p, STATUS_LOCAL, "a file key that is not "
		    "of %d bytes", AGE_FILE_KEY_LEN));
	u->found = true;
	ok(p);
	return (1);
}

int
plugin_unwrap(const char *name, const char *const *identities, size_t count,
    const struct age_header *header, uint8_t file_key[AGE_FILE_KEY_LEN],
    enum status *status)
{
	struct unwrapped u;
	struct plugin p;
	size_t i;
	int rc = -1;

	memset(&u, 0, sizeof(u));
	if (plugin_start(&p, name, "identity-v1") == -1)
		goto out;
	say_all(&p, "add-identity", identities, count);
	for (i = 0; i < header->count; i++)
		copy_stanza(&p.say, "-> recipient-stanza 0 ", header, i);
	plugin_say(&p, "done", NULL, (const uint8_t *)"", 0);
	if (serve(&p, take_file_key, &u) == -1)
		goto out;
	rc = u.found ? 1 : 0;
	if (u.found)
		memcpy(file_key, u.file_key, sizeof(u.file_key));
out:
	plugin_stop(&p);
	explicit_bzero(&u, sizeof(u));
	*status = p.status;
	return (rc);
}
