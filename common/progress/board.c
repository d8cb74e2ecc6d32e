/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "msg.h"
#include "progress/board.h"
#include "progress/text.h"

#define LINE_MS		10000
#define TURN_TICKS	6	/* so long each of several pipelines shows */
#define COLUMNS		80	/* where the terminal does not tell */
#define WIPE		"\033[K"	/* to the end of the line */

void
board_init(struct board *b, bool draws, int64_t ms)
{

	memset(b, 0, sizeof(*b));
	b->draws = draws;
	b->due = ms + (draws ? BOARD_TICK_MS : LINE_MS);
}

struct stage *
board_add(struct board *b, const struct stage_hello *h, pid_t pid, int64_t ms)
{
	struct stage *s;
	size_t i;

	for (i = 0; i < STAGES_MAX && b->used[i]; i++)
		;
	if (i == STAGES_MAX)
		return (NULL);
	b->used[i] = true;
	s = &b->stages[i];
	*s = (struct stage){ .flags = h->flags, .in_pipe = h->in_pipe,
	    .out_pipe = h->out_pipe, .pid = pid, .began = ms, .seen = ms };
	snprintf(s->program, sizeof(s->program), "%.*s", STAGE_PROGRAM - 1,
	    h->program);
	return (s);
}

/* --- where it goes --- */

/* Columns of the terminal, but for the last: there some begin a new line. */
static size_t
terminal_width(void)
{
	struct winsize ws;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == -1 || ws.ws_col < 2)
		return (COLUMNS - 1);
	return (ws.ws_col > TEXT_COLUMNS ? TEXT_COLUMNS - 1 :
	    (size_t)ws.ws_col - 1);
}

/* Whether one of ours is at an end of its pipeline. */
static bool
has_end(const struct board *b)
{
	size_t i;

	for (i = 0; i < STAGES_MAX; i++)
		if (b->used[i] && b->stages[i].out_pipe == 0)
			return (true);
	return (false);
}

/*
 * Whether the terminal is ours: we are not in the background.  On one that is
 * not our controlling terminal (su -c has none) nobody says who is; there, a
 * part of a pipeline leaves it to the rest, which may be outside.
 */
static bool
in_front(const struct board *b)
{
	pid_t front = tcgetpgrp(STDERR_FILENO);

	return (front == -1 ? has_end(b) : front == getpgrp());
}

/* Whether a write would neither wait nor disturb the job in the foreground. */
static bool
may_write(struct board *b)
{
	struct pollfd f = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (b->draws && !in_front(b)) {
		/* What stands there now is not our line any more. */
		b->drawn = false;
		return (false);
	}
	return (poll(&f, 1, 0) == 1 && (f.revents & POLLOUT) != 0);
}

static void
put(struct board *b, const char *text, size_t len)
{
	ssize_t n;

	do
		n = write(STDERR_FILENO, text, len);
	while (n == -1 && errno == EINTR);
	b->dead |= n == -1;
}

void
board_wipe(struct board *b, int64_t ms)
{

	if (b->drawn && may_write(b))
		put(b, "\r" WIPE, sizeof("\r" WIPE) - 1);
	b->drawn = false;
	if (b->draws && b->due < ms + BOARD_TICK_MS)
		b->due = ms + BOARD_TICK_MS;
}

/* --- what is shown --- */

static size_t
pipelines(struct board *b, struct pipeline v[STAGES_MAX])
{
	struct stage *all[STAGES_MAX];
	size_t i, n = 0;

	for (i = 0; i < STAGES_MAX; i++)
		if (b->used[i])
			all[n++] = &b->stages[i];
	return (stage_order(all, n, v));
}

static void
draw(struct board *b, const struct pipeline *v, size_t count)
{
	size_t width = terminal_width(), at, used;
	char head[TEXT_MAX], text[TEXT_MAX], line[2 * TEXT_MAX];
	int len;

	at = b->turn++ / TURN_TICKS % count;
	text_head(&v[at], at + 1, count, head);
	used = text_columns(head) + 1;
	text_compose(&v[at], width > used ? width - used : 0, text);
	len = snprintf(line, sizeof(line), "\r%.*s:%s" WIPE, (int)width - 1,
	    head, text);
	put(b, line, (size_t)len);
	b->drawn = true;
}

/* A line that stays. */
static void
print(const struct pipeline *p, int64_t ms)
{
	const char *was = msg_program_name();
	char head[TEXT_MAX], text[TEXT_MAX];

	text_head(p, 1, 1, head);
	text_line(p, ms, text);
	msg_program(head);
	msg_relay("%s", text + 1);
	msg_program(was);
}

static void
show(struct board *b, int64_t ms)
{
	struct pipeline v[STAGES_MAX];
	size_t count, i;

	if ((count = pipelines(b, v)) == 0)
		return;
	if (b->draws)
		draw(b, v, count);
	for (i = 0; i < count && !b->draws; i++)
		print(&v[i], ms);
}

void
board_tick(struct board *b, int64_t ms)
{
	int64_t step = b->draws ? BOARD_TICK_MS : LINE_MS;
	size_t i;

	for (i = 0; i < STAGES_MAX; i++)
		if (b->used[i] && !b->stages[i].ended)
			stage_count(&b->stages[i], ms);
	if (ms < b->due || b->hidden > 0 || !may_write(b))
		return;
	/* On from when it was due: a call that comes a little early now and
	 * then must not halve the pace. */
	b->due += step;
	if (b->due <= ms)
		b->due = ms + step;
	show(b, ms);
}

/* --- ends --- */

/* What is told in the end is the mean of the whole. */
static void
tell(struct board *b, struct pipeline *p, int64_t ms)
{
	struct stage *s;
	size_t i;

	for (i = 0; i < p->count; i++) {
		s = p->stages[i];
		s->slow = (struct mean){ 0, 0 };
		if (s->seen > s->began)
			s->rate = (struct mean){ (double)s->counted * 1000 /
			    (double)(s->seen - s->began), 1 };
	}
	if (may_write(b))
		print(p, ms);
}

/* Forget pipelines that are over. */
static bool
sweep(struct board *b, int64_t ms)
{
	struct pipeline v[STAGES_MAX];
	size_t count = pipelines(b, v), i, k, left = 0, alive;

	for (i = 0; i < count; i++) {
		for (alive = k = 0; k < v[i].count; k++)
			alive += !v[i].stages[k]->ended;
		left += alive;
		if (alive > 0)
			continue;
		if (!b->draws)
			tell(b, &v[i], ms);
		for (k = 0; k < v[i].count; k++)
			b->used[v[i].stages[k] - b->stages] = false;
	}
	return (left > 0);
}

bool
board_end(struct board *b, struct stage *s, int64_t ms)
{

	stage_count(s, ms);
	s->ended = true;
	board_wipe(b, ms);
	return (sweep(b, ms));
}
