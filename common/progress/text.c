/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "msg.h"
#include "progress/figures.h"
#include "progress/progress.h"
#include "progress/text.h"

#define LEFT_MAX_S	(100.0 * 3600)

/* In and out of a stage are two figures where they differ by more. */
#define APART_BYTES	8000000
#define APART_PART	8

/* How much is told of the stages. */
enum detail {
	ALL,			/* dump 512 MB > verify 512 MB > ship 498 MB */
	ENDS,			/* dump 512 > 512 > ship 498 MB */
	FIGURES,		/* 512 > 512 > 498 MB */
	NOTHING
};

static const char *const states[] = {
	[PROGRESS_STARTING] = "starting",
	[PROGRESS_LOST] = "connection lost",
	[PROGRESS_BACK] = "reading back",
	[PROGRESS_PUBLISHING] = "publishing",
};

__attribute__((format(printf, 2, 3)))
static void
add(char out[TEXT_MAX], const char *fmt, ...)
{
	size_t len = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + len, TEXT_MAX - len, fmt, ap);
	va_end(ap);
}

static const char *
state_of(const struct stage *s)
{

	return (!s->ended && s->state < sizeof(states) / sizeof(states[0]) ?
	    states[s->state] : NULL);
}

/* --- the whole --- */

/* Who knows how much there is, or else the first one. */
static const struct stage *
leader(const struct pipeline *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->stages[i]->total > 0)
			return (p->stages[i]);
	return (p->stages[0]);
}

static bool
all_ended(const struct pipeline *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (!p->stages[i]->ended)
			return (false);
	return (true);
}

/* The total is from before, and 100% is said when it is so. */
static void
add_share(char out[TEXT_MAX], const struct pipeline *p)
{
	const struct stage *s = leader(p);
	double part;

	if (s->total == 0)
		return;
	part = (double)s->done * 100 / (double)s->total;
	add(out, " %d%%", s->done >= s->total && (p->count == 1 ||
	    all_ended(p)) ? 100 : part > 99 ? 99 : (int)part);
}

/* " 182 MB/s 0:42 left".  When the leader has ended, it is the last one who is
 * being waited for. */
static void
add_speed(char out[TEXT_MAX], const struct pipeline *p)
{
	const struct stage *s = leader(p);
	char text[FIGURE_MAX];
	double slow, left;

	if (s->ended && !all_ended(p))
		s = p->stages[p->count - 1];
	if (s->counted == 0)
		return;
	figure_amount(text, mean_value(&s->rate));
	add(out, " %s/s", text);
	slow = mean_value(&s->slow);
	if (s->done >= s->total || slow < 1)
		return;
	left = (double)(s->total - s->done) / slow;
	if (left >= LEFT_MAX_S)
		return;
	figure_span(text, left);
	add(out, " %s left", text);
}

/* --- the stages --- */

/* Whether what comes in and what goes out are two things. */
static bool
is_apart(const struct stage *s)
{
	uint64_t most = s->in > s->out ? s->in : s->out;
	uint64_t least = s->in > s->out ? s->out : s->in;

	return ((s->flags & STAGE_SOURCE) == 0 &&
	    ((s->flags & STAGE_SINK) == 0 || (s->flags & STAGE_STORES) != 0) &&
	    most - least > APART_BYTES && most - least > most / APART_PART);
}

static void
add_figures(char out[TEXT_MAX], const struct stage *s)
{
	char amount[FIGURE_MAX];

	if (is_apart(s)) {
		figure_amount(amount, (double)s->in);
		add(out, " %s in,", amount);
	}
	figure_amount(amount, (double)stage_bytes(s));
	add(out, " %s%s", amount, is_apart(s) ? " out" : "");
}

static void
add_stage(char out[TEXT_MAX], const struct stage *s)
{
	const char *state = state_of(s);

	add(out, "%s", s->program);
	if (s->state == PROGRESS_STARTING && state != NULL) {
		add(out, " %s", state);
		return;
	}
	add_figures(out, s);
	if (state != NULL)
		add(out, " (%s)", state);
}

/* Only the last of those that have the same unit shows it. */
static void
add_figure(char out[TEXT_MAX], const struct pipeline *p, size_t i)
{
	char amount[FIGURE_MAX], next[FIGURE_MAX];
	char *unit;

	figure_amount(amount, (double)stage_bytes(p->stages[i]));
	unit = strchr(amount, ' ');
	if (i + 1 < p->count) {
		figure_amount(next, (double)stage_bytes(p->stages[i + 1]));
		if (strcmp(unit, strchr(next, ' ')) == 0)
			*unit = '\0';
	}
	add(out, "%s", amount);
}

static void
add_stages(char out[TEXT_MAX], const struct pipeline *p, enum detail detail,
    bool bar)
{
	static const char *const links[] = { [LINK_DIRECT] = " > ",
	    [LINK_FOREIGN] = " > ... > ", [LINK_BESIDE] = " + " };
	size_t i;

	if (detail == NOTHING)
		return;
	add(out, bar ? " | " : " ");
	for (i = 0; i < p->count; i++) {
		add(out, "%s", i > 0 ? links[p->links[i]] : "");
		if (detail == ALL) {
			add_stage(out, p->stages[i]);
			continue;
		}
		if (detail == ENDS && (i == 0 || i + 1 == p->count))
			add(out, "%s ", p->stages[i]->program);
		add_figure(out, p, i);
	}
}

/* --- the line --- */

void
text_head(const struct pipeline *p, size_t nth, size_t of,
    char out[TEXT_MAX])
{

	snprintf(out, TEXT_MAX, "pgb");
	if (p->count == 1)
		add(out, "-%s", p->stages[0]->program);
	if (of > 1)
		add(out, " %zu/%zu", nth, of);
}

/* What stands in front of the stages. */
struct front {
	char share[FIGURE_MAX];
	char name[TEXT_MAX / 2];
	char speed[TEXT_MAX];
};

static void
get_name(const struct pipeline *p, char *out, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < p->count && (p->stages[i]->ended ||
	    p->stages[i]->object[0] == '\0'); i++)
		;
	(void)msg_mask(out, size, p->stages[i]->ended ? "" :
	    p->stages[i]->object);
}

/* Of one stage alone the head has the name, and this the rest; its amount, too,
 * where nothing else tells how far it is. */
static void
get_front(const struct pipeline *p, struct front *f, bool amount)
{
	const struct stage *s = p->stages[0];
	char text[TEXT_MAX] = "";

	add_share(text, p);
	snprintf(f->share, sizeof(f->share), "%.*s", FIGURE_MAX - 1, text);
	/* Bytes are left for the dots. */
	get_name(p, f->name, sizeof(f->name) - 4);
	f->speed[0] = '\0';
	if (amount && p->count == 1 && s->state != PROGRESS_STARTING &&
	    (s->total == 0 || is_apart(s)))
		add_figures(f->speed, s);
	add_speed(f->speed, p);
	if (p->count == 1 && state_of(s) != NULL)
		add(f->speed, " (%s)", state_of(s));
}

/* How it fits into a width. */
enum fit {
	FITS,
	FITS_CUT,		/* with a part of the name */
	FITS_BARE,		/* without it */
	FITS_NOT
};

static enum fit
join(const struct front *f, const struct pipeline *p, size_t width,
    enum detail detail, char out[TEXT_MAX])
{
	char stages[TEXT_MAX] = "", name[TEXT_MAX / 2];
	size_t used;

	add_stages(stages, p, detail, f->share[0] != '\0' ||
	    f->name[0] != '\0' || f->speed[0] != '\0');
	used = text_columns(f->share) + text_columns(f->speed) +
	    text_columns(stages) + 1;
	strcpy(name, f->name);
	text_cut_name(name, width > used ? width - used : 0);
	out[0] = '\0';
	add(out, "%s%s%s%s%s", f->share, name[0] != '\0' ? " " : "", name,
	    f->speed, stages);
	if (text_columns(out) > width)
		return (FITS_NOT);
	return (strcmp(f->name, name) == 0 ? FITS : name[0] != '\0' ?
	    FITS_CUT : FITS_BARE);
}

void
text_compose(const struct pipeline *p, size_t width, char out[TEXT_MAX])
{
	static const struct {
		enum detail detail;
		enum fit worst;
	} tries[] = {
		{ ALL, FITS }, { ENDS, FITS }, { FIGURES, FITS },
		{ ENDS, FITS_CUT }, { FIGURES, FITS_CUT },
		{ FIGURES, FITS_BARE },
	};
	struct front f;
	size_t i;

	get_front(p, &f, true);
	for (i = 0; p->count > 1 && i < sizeof(tries) / sizeof(tries[0]); i++)
		if (join(&f, p, width, tries[i].detail, out) <= tries[i].worst)
			return;
	(void)join(&f, p, width, NOTHING, out);
	text_cut(out, width);
}

void
text_line(const struct pipeline *p, int64_t ms, char out[TEXT_MAX])
{
	int64_t began = p->stages[0]->began;
	char amount[FIGURE_MAX], since[FIGURE_MAX];
	struct front f;
	size_t i;

	for (i = 1; i < p->count; i++)
		if (p->stages[i]->began < began)
			began = p->stages[i]->began;
	figure_amount(amount,
	    (double)stage_bytes(p->stages[p->count - 1]));
	figure_span(since, (double)(ms - began) / 1000);
	get_front(p, &f, false);
	if (f.share[0] != '\0' || f.name[0] != '\0' || f.speed[0] != '\0')
		add(f.speed, ",");
	add(f.speed, " %s written in %s", amount, since);
	(void)join(&f, p, TEXT_COLUMNS, p->count > 1 ? ALL : NOTHING, out);
}
