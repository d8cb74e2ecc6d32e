/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "msg.h"

struct findings {
	struct finding_opts opts;
	uint64_t errors, notes;
	uint64_t printed;	/* lines */
	uint64_t held;		/* not printed */
};

/* A sentence in the making: what does not fit is left off. */
struct line {
	char s[2048];
	size_t len;
};

__attribute__((format(printf, 2, 0)))
static void
add_list(struct line *l, const char *fmt, va_list ap)
{
	size_t room = sizeof(l->s) - l->len;
	int n = vsnprintf(l->s + l->len, room, fmt, ap);

	if (n > 0)
		l->len += (size_t)n < room ? (size_t)n : room - 1;
}

__attribute__((format(printf, 2, 3)))
static void
add(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_list(l, fmt, ap);
	va_end(ap);
}

struct findings *
findings_new(const struct finding_opts *opts)
{
	struct findings *f = calloc(1, sizeof(*f));

	if (f != NULL)
		f->opts = *opts;
	return (f);
}

void
findings_free(struct findings *f)
{

	free(f);
}

static void
add_place(struct line *l, const struct findings *f, const struct place *p)
{
	const char *wrapper = f->opts.wrapper != NULL ?
	    f->opts.wrapper(f->opts.wrapper_arg) : NULL;

	add(l, "stdin: ");
	if (p == NULL)
		return;
	if (p->has_at && wrapper != NULL)
		add(l, "inside %s: ", wrapper);
	if (p->has_at)
		add(l, "byte %" PRIu64 ": ", p->at);
	if (p->entry != 0 && p->name != NULL && p->name[0] != '\0')
		add(l, "entry %d (%s): ", (int)p->entry, p->name);
	else if (p->entry != 0)
		add(l, "entry %d: ", (int)p->entry);
	else if (p->name != NULL && p->name[0] != '\0')
		add(l, "%s: ", p->name);
	if (p->loid != 0)
		add(l, "large object %" PRIu32 ": ", p->loid);
	if (p->row != 0)
		add(l, "row %" PRIu64 ": ", p->row);
}

/* Count it, and say whether its line is to be printed. */
static bool
take(struct findings *f, bool is_error)
{
	bool over = findings_stop(f);

	if (is_error)
		f->errors++;
	else
		f->notes++;
	/* Behind the error that ends the run there is nothing to say. */
	if (over)
		return (false);
	if (f->printed >= f->opts.most) {
		f->held++;
		/* One that ends the run is its only explanation. */
		if (!is_error || f->opts.all)
			return (false);
		f->held--;
	}
	f->printed++;
	return (true);
}

void
finding(struct findings *f, enum finding_kind kind, const struct place *place,
    const char *restore, const char *fmt, ...)
{
	bool is_error = kind == FIND_ERROR || f->opts.strict;
	struct line l = { .len = 0 };
	va_list ap;

	if (!take(f, is_error))
		return;
	add_place(&l, f, place);
	va_start(ap, fmt);
	add_list(&l, fmt, ap);
	va_end(ap);
	if (restore != NULL)
		add(&l, ": %s", restore);
	if (is_error)
		msg_error("%s", l.s);
	else
		msg_note("%s", l.s);
}

bool
findings_stop(const struct findings *f)
{
	return (f->errors > 0 && !f->opts.all);
}

uint64_t
findings_errors(const struct findings *f)
{
	return (f->errors);
}

uint64_t
findings_notes(const struct findings *f)
{
	return (f->notes);
}

void
findings_rest(const struct findings *f)
{

	if (f->held > 0)
		msg_note("and %" PRIu64 " more", f->held);
}
