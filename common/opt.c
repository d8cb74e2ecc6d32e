/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "opt-impl.h"
#include "opt.h"
#include "version.h"

#define HELP_MAX	32768
#define HELP_COLUMN	30

struct table {
	const struct opt *opts;
	size_t count;
	char shorts[3 * OPTS_MAX];
	struct option longs[OPTS_MAX + 8];
	bool seen[OPTS_MAX];
};

struct help {
	char text[HELP_MAX];
	size_t len;
};

int
opt_list_add(struct opt_list *list, char *s)
{
	char **v;

	v = realloc(list->v, (list->count + 1) * sizeof(*v));
	if (v == NULL)
		return (-1);
	list->v = v;
	list->v[list->count++] = s;
	return (0);
}

void
opt_list_free(struct opt_list *list)
{

	free(list->v);
	list->v = NULL;
	list->count = 0;
}

void
opt_list_free_all(struct opt_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->v[i]);
	opt_list_free(list);
}

int
opt_size(const char *text, uint64_t *out)
{
	static const char units[] = "KMGT";
	const char *unit;
	unsigned long long n;
	char *end;
	unsigned shift;

	if (text[0] < '0' || text[0] > '9')
		return (-1);
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0)
		return (-1);
	if (*end != '\0') {
		if ((unit = strchr(units, *end)) == NULL || end[1] != '\0')
			return (-1);
		shift = 10 * (unsigned)(unit - units + 1);
		if (n > UINT64_MAX >> shift)
			return (-1);
		n <<= shift;
	}
	*out = n;
	return (0);
}

__attribute__((format(printf, 2, 3)))
static void
put(struct help *h, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(h->text + h->len, sizeof(h->text) - h->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		h->len += (size_t)n;
	if (h->len >= sizeof(h->text))
		h->len = sizeof(h->text) - 1;
}

static void
put_row(struct help *h, char sname, const char *lname, const char *arg,
    const char *text)
{
	char left[128];

	snprintf(left, sizeof(left), "%c%c%s%s%s%s%s",
	    sname != 0 ? '-' : ' ', sname != 0 ? sname : ' ',
	    sname != 0 && lname != NULL ? ", " : lname != NULL ? "  " : "",
	    lname != NULL ? "--" : "", lname != NULL ? lname : "",
	    arg == NULL ? "" : lname != NULL ? "=" : " ",
	    arg == NULL ? "" : arg);
	if (strlen(left) + 4 > HELP_COLUMN)
		put(h, "  %s\n  %*s%s\n", left, HELP_COLUMN - 2, "", text);
	else
		put(h, "  %-*s%s\n", HELP_COLUMN - 2, left, text);
}

static enum status
print_help(const struct opt_spec *spec)
{
	struct help *h;
	const struct opt *o;
	const char *line, *end;
	enum status status;

	if ((h = calloc(1, sizeof(*h))) == NULL) {
		msg_errno("--help");
		return (STATUS_LOCAL);
	}
	for (line = spec->synopsis; *line != '\0'; line = end) {
		end = strchrnul(line, '\n');
		put(h, "%s %s %.*s\n", line == spec->synopsis ? "usage:" :
		    "      ", msg_program_name(), (int)(end - line), line);
		if (*end == '\n')
			end++;
	}
	put(h, "%s\n\n", spec->what);
	for (o = spec->opts; o->kind != OPT_END; o++) {
		if (o->help == NULL)
			continue;
		if (o->kind == OPT_TITLE)
			put(h, "%s%s\n", o == spec->opts ? "" : "\n",
			    o->help);
		else
			put_row(h, o->sname, o->lname, o->arg, o->help);
	}
	put_row(h, 'v', "verbose", NULL, "say what is done, on stderr");
	put_row(h, 0, "help", NULL, "this text");
	put_row(h, 0, "version", NULL, "name and version");
	put(h, "\nexample:\n  %s\n\nsee %s(1) and pgb(7)\n", spec->example,
	    msg_program_name());
	status = fd_print(h->text);
	free(h);
	return (status);
}

static enum status
print_version(const struct opt_spec *spec)
{
	const char *with = spec->with;
	char text[256];

	snprintf(text, sizeof(text), "%s %s%s%s%s\n", msg_program_name(),
	    PGB_VERSION, with != NULL ? " (" : "", with != NULL ? with : "",
	    with != NULL ? ")" : "");
	return (fd_print(text));
}

static void
add_long(struct table *t, size_t *at, const char *name, const char *arg,
    int row)
{

	t->longs[*at].name = name;
	t->longs[*at].has_arg = arg != NULL ? required_argument : no_argument;
	t->longs[*at].val = LONG_BASE + row;
	(*at)++;
}

/* Turn our table into getopt's two. */
static void
build(struct table *t, const struct opt *opts)
{
	size_t i, nlong = 0, nshort = 0;

	memset(t, 0, sizeof(*t));
	t->opts = opts;
	t->shorts[nshort++] = ':';
	for (i = 0; opts[i].kind != OPT_END; i++) {
		if (opts[i].kind == OPT_TITLE)
			continue;
		if (i >= OPTS_MAX)
			abort();
		if (opts[i].sname != 0) {
			t->shorts[nshort++] = opts[i].sname;
			if (opts[i].arg != NULL)
				t->shorts[nshort++] = ':';
		}
		if (opts[i].lname != NULL)
			add_long(t, &nlong, opts[i].lname, opts[i].arg, (int)i);
	}
	t->count = i;
	add_long(t, &nlong, "help", NULL, ROW_HELP);
	add_long(t, &nlong, "version", NULL, ROW_VERSION);
	add_long(t, &nlong, "verbose", NULL, ROW_VERBOSE);
	if (memchr(t->shorts, 'v', nshort) == NULL)
		t->shorts[nshort++] = 'v';
}

/* The table's row for what getopt_long() returned. */
static int
row_of(const struct table *t, int got)
{
	size_t i;

	if (got == '?' || got == ':')
		return (ROW_BAD);
	if (got >= LONG_BASE)
		return (got - LONG_BASE);
	for (i = 0; i < t->count; i++)
		if (t->opts[i].kind != OPT_TITLE && t->opts[i].sname == got)
			return ((int)i);
	return (got == 'v' ? ROW_VERBOSE : ROW_BAD);
}

static const char *
shown(const struct opt *o, bool is_long, char *buf, size_t len)
{

	if (is_long || o->sname == 0)
		snprintf(buf, len, "--%s", o->lname);
	else
		snprintf(buf, len, "-%c", o->sname);
	return (buf);
}

/*
 * "--name=VALUE" or "-xVALUE" as one word on the list.  An empty value needs
 * the long form: a bare "-x" would take the next word for it.
 */
static int
pass_on(const struct opt *o, const char *name, bool is_long, const char *arg)
{
	char *word;
	int len;

	if (arg == NULL)
		len = asprintf(&word, "%s", name);
	else if (!is_long && arg[0] != '\0')
		len = asprintf(&word, "%s%s", name, arg);
	else
		len = asprintf(&word, "--%s=%s", o->lname, arg);
	if (len == -1)
		return (-1);
	if (opt_list_add(o->to, word) == -1) {
		free(word);
		return (-1);
	}
	return (0);
}

static enum status
take(struct table *t, int row, bool is_long, char *arg)
{
	const struct opt *o = &t->opts[row];
	bool again = t->seen[row];
	char name[64];

	shown(o, is_long, name, sizeof(name));
	t->seen[row] = true;
	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)o->to = true;
		return (STATUS_OK);
	case OPT_STRING:
	case OPT_SIZE:
		if (again) {
			msg_error("%s: given twice", name);
			return (STATUS_USAGE);
		}
		if (o->kind == OPT_STRING) {
			*(const char **)o->to = arg;
			return (STATUS_OK);
		}
		if (opt_size(arg, o->to) == -1) {
			msg_error("%s: %s: not a size in bytes (suffixes "
			    "K M G T)", name, arg);
			return (STATUS_USAGE);
		}
		return (STATUS_OK);
	case OPT_EACH:
		if (opt_list_add(o->to, arg) == -1)
			break;
		return (STATUS_OK);
	case OPT_PASS:
		if (arg != NULL && arg[0] == '\0' && o->lname == NULL) {
			msg_error("%s: its argument is empty", name);
			return (STATUS_USAGE);
		}
		if (pass_on(o, name, is_long, arg) == -1)
			break;
		return (STATUS_OK);
	case OPT_CLASH:
		msg_error("%s: %s", name, o->help);
		return (STATUS_USAGE);
	case OPT_TITLE:
	case OPT_END:
		break;
	}
	msg_errno(name);
	return (STATUS_LOCAL);
}

static int
parse_words(const struct opt_spec *spec, struct table *t, int argc,
    char **argv, struct opt_list *operands)
{
	int got, row, status;

	opterr = 0;
	optind = 0;
	while ((got = getopt_long(argc, argv, t->shorts, t->longs, NULL)) !=
	    -1) {
		row = row_of(t, got);
		if (row == ROW_BAD)
			return ((int)opt_refuse(spec, got, argv));
		if (row == ROW_HELP || row == ROW_VERSION) {
			status = (int)(row == ROW_HELP ? print_help(spec) :
			    print_version(spec));
			return (status == STATUS_OK ? OPT_DONE : status);
		}
		if (row == ROW_VERBOSE) {
			msg_set_verbose(true);
			continue;
		}
		if ((status = (int)opt_swallowed(spec, argv)) == STATUS_OK)
			status = (int)take(t, row, got >= LONG_BASE, optarg);
		if (status != STATUS_OK)
			return (status);
	}
	for (; optind < argc; optind++) {
		if (operands->count == spec->max_operands) {
			msg_error("%s: one operand too many", argv[optind]);
			if (spec->operand_hint != NULL)
				msg_hint("%s", spec->operand_hint);
			else
				msg_hint("see %s --help", msg_program_name());
			return (STATUS_USAGE);
		}
		if (opt_list_add(operands, argv[optind]) == -1) {
			msg_errno("command line");
			return (STATUS_LOCAL);
		}
	}
	return (STATUS_OK);
}

int
opt_parse(const struct opt_spec *spec, int argc, char **argv,
    struct opt_list *operands)
{
	struct table *t;
	int status;

	operands->v = NULL;
	operands->count = 0;
	if ((t = malloc(sizeof(*t))) == NULL) {
		msg_errno("command line");
		return (STATUS_LOCAL);
	}
	build(t, spec->opts);
	status = parse_words(spec, t, argc, argv, operands);
	free(t);
	return (status);
}

int
opt_parse_rows(const struct opt_spec *spec, const struct opt_row *rows,
    size_t count, void *base, int argc, char **argv, struct opt_list *operands)
{
	struct opt opts[OPTS_MAX + 1];
	struct opt_spec whole = *spec;
	size_t i;

	for (i = 0; i < count && i < OPTS_MAX; i++)
		opts[i] = (struct opt){ rows[i].kind, rows[i].sname,
		    rows[i].lname, rows[i].arg, (char *)base + rows[i].to,
		    rows[i].help };
	opts[i] = (struct opt){ .kind = OPT_END };
	whole.opts = opts;
	return (opt_parse(&whole, argc, argv, operands));
}

int
opt_number(const char *name, const char *text, unsigned least, unsigned most,
    unsigned *out)
{
	unsigned long n;
	char *end;

	if (text == NULL)
		return (0);
	errno = 0;
	n = strtoul(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 &&
	    n >= least && n <= most) {
		*out = (unsigned)n;
		return (0);
	}
	msg_error("%s: not a number from %u to %u", name, least, most);
	return (-1);
}

unsigned
opt_processors(unsigned most)
{
	cpu_set_t set;
	unsigned n;

	/* Of more than cpu_set_t holds, or where it is not allowed. */
	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		n = sysconf(_SC_NPROCESSORS_ONLN) > 0 ?
		    (unsigned)sysconf(_SC_NPROCESSORS_ONLN) : 1;
	else
		n = (unsigned)CPU_COUNT(&set);
	return (n < most ? n : most);
}
