/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "progress.h"

#define DRAW_MS		500
#define LINE_MS		10000

/* Tasks are counted when they are done, megabytes at a time: what is shown is
 * the mean of about so many seconds. */
#define RATE_S		8.0
#define LEFT_S		30.0

#define COLUMNS		80	/* where the terminal does not tell */
#define COLUMNS_MAX	500
#define NAME_COLUMNS	12	/* less of a name is not worth showing */
#define LEFT_MAX_S	(100.0 * 3600)

#define WIPE		"\033[K"	/* to the end of the line */
#define AMOUNT_MAX	24
#define TEXT_MAX	(4 * COLUMNS_MAX + 64)

/* A mean in which older values count less and less, and those that never were
 * not at all. */
struct mean {
	double sum, weight;
};

struct progress {
	bool draws;		/* to a terminal */
	bool drawn;		/* our line stands there */
	int64_t began, due, seen;	/* clock_ms() */
	uint64_t bytes;		/* counted at the last call */
	struct mean rate, slow;
	struct progress_now last;	/* without its name */
};

static void
mean_add(struct mean *m, double value, double seconds, double over)
{
	double part = seconds / (seconds + over);

	m->sum += (value - m->sum) * part;
	m->weight += (1 - m->weight) * part;
}

static double
mean_value(const struct mean *m)
{

	return (m->weight > 0 ? m->sum / m->weight : 0);
}

struct progress *
progress_new(bool force)
{
	const char *term = getenv("TERM");
	struct progress *p;
	bool draws;

	draws = isatty(STDERR_FILENO) && term != NULL && term[0] != '\0' &&
	    strcmp(term, "dumb") != 0;
	if (!draws && !force)
		return (NULL);
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return (NULL);
	p->draws = draws;
	p->began = p->seen = clock_ms();
	p->due = p->began + (draws ? DRAW_MS : LINE_MS);
	if (draws)
		msg_set_redraw(true);
	return (p);
}

/* "3.4 MB" */
static void
amount(char out[AMOUNT_MAX], double bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
	size_t i = 0;

	for (bytes /= 1000; bytes >= 999.5 && i < 4; i++)
		bytes /= 1000;
	snprintf(out, AMOUNT_MAX, "%.*f %s", i > 0 && bytes < 9.95 ? 1 : 0,
	    bytes, units[i]);
}

/* "0:42", "1:02:03" */
static void
span(char out[AMOUNT_MAX], double seconds)
{
	unsigned long s = (unsigned long)(seconds + 0.5);

	if (s < 3600)
		snprintf(out, AMOUNT_MAX, "%lu:%02lu", s / 60, s % 60);
	else
		snprintf(out, AMOUNT_MAX, "%lu:%02lu:%02lu", s / 3600,
		    s / 60 % 60, s % 60);
}

static void
share(char out[AMOUNT_MAX], const struct progress_now *now)
{
	double part;

	out[0] = '\0';
	if (now->total == 0)
		return;
	part = (double)now->done * 100 / (double)now->total;
	/* The total is from before, and 100% is said when it is so. */
	snprintf(out, AMOUNT_MAX, " %d%%", now->done >= now->total ? 100 :
	    part > 99 ? 99 : (int)part);
}

/* What stands behind the name: " 182 MB/s 0:42 left". */
static void
speed(const struct progress *p, const struct progress_now *now, char *out,
    size_t size)
{
	double rate = mean_value(&p->rate), slow = mean_value(&p->slow), left;
	char text[AMOUNT_MAX];
	size_t len;

	out[0] = '\0';
	if (p->bytes == 0)
		return;
	amount(text, rate);
	len = (size_t)snprintf(out, size, " %s/s", text);
	if (now->done >= now->total || slow < 1)
		return;
	left = (double)(now->total - now->done) / slow;
	if (left >= LEFT_MAX_S)
		return;
	span(text, left);
	snprintf(out + len, size - len, " %s left", text);
}

/* Columns of a character that begins with c: those of three bytes and more may
 * have two. */
static size_t
columns_of(unsigned char c)
{

	return ((c & 0xc0) == 0x80 ? 0 : c >= 0xe0 ? 2 : 1);
}

static size_t
columns(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += columns_of((unsigned char)*s);
	return (n);
}

/* Cut s to that many columns, at a character. */
static void
cut(char *s, size_t most)
{
	size_t n = 0;

	for (; *s != '\0'; s++) {
		n += columns_of((unsigned char)*s);
		if (n > most) {
			*s = '\0';
			return;
		}
	}
}

/* Cut a name, so that it shows: ALL of it, or "public.ord..." */
static void
cut_name(char *name, size_t most)
{

	if (columns(name) <= most)
		return;
	if (most < NAME_COLUMNS) {
		name[0] = '\0';
		return;
	}
	cut(name, most - 3);
	strcat(name, "...");
}

/* " 43% public.orders 182 MB/s 0:42 left", in at most width columns; room for
 * TEXT_MAX bytes. */
static void
compose(const struct progress *p, const struct progress_now *now,
    size_t width, char *out)
{
	char percent[AMOUNT_MAX], behind[4 * AMOUNT_MAX], name[TEXT_MAX / 2];
	size_t used;

	share(percent, now);
	speed(p, now, behind, sizeof(behind));
	used = columns(percent) + columns(behind) + 1;
	/* Four bytes are left for the dots. */
	msg_mask(name, sizeof(name) - 4, now->current != NULL ? now->current :
	    "");
	cut_name(name, width > used ? width - used : 0);
	snprintf(out, TEXT_MAX, "%s%s%s%s", percent, name[0] != '\0' ? " " :
	    "", name, behind);
	cut(out, width);
}

/* Columns of the terminal, but for the last: there some begin a new line. */
static size_t
terminal_width(void)
{
	struct winsize ws;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == -1 || ws.ws_col < 2)
		return (COLUMNS - 1);
	return (ws.ws_col > COLUMNS_MAX ? COLUMNS_MAX - 1 :
	    (size_t)ws.ws_col - 1);
}

/* Whether a write would neither wait nor disturb the job in the foreground. */
static bool
may_write(const struct progress *p)
{
	struct pollfd f = { .fd = STDERR_FILENO, .events = POLLOUT };
	pid_t front;

	if (poll(&f, 1, 0) != 1 || (f.revents & POLLOUT) == 0)
		return (false);
	if (!p->draws)
		return (true);
	front = tcgetpgrp(STDERR_FILENO);
	return (front == -1 || front == getpgrp());
}

static void
put(const char *text, size_t len)
{
	int saved = errno;

	while (write(STDERR_FILENO, text, len) == -1 && errno == EINTR)
		;
	errno = saved;
}

static void
draw(struct progress *p, const struct progress_now *now)
{
	const char *program = msg_program_name();
	size_t width = terminal_width(), head = columns(program) + 1;
	char text[TEXT_MAX], line[TEXT_MAX + 64];
	int len;

	compose(p, now, width > head ? width - head : 0, text);
	len = snprintf(line, sizeof(line), "\r%.*s:%s" WIPE, (int)width - 1,
	    program, text);
	put(line, (size_t)len);
	p->drawn = true;
}

/* A line that stays. */
static void
print(const struct progress *p, const struct progress_now *now)
{
	char text[TEXT_MAX], out[AMOUNT_MAX], since[AMOUNT_MAX];

	compose(p, now, COLUMNS_MAX, text);
	amount(out, (double)now->out);
	span(since, (double)(p->seen - p->began) / 1000);
	if (text[0] == '\0')
		msg_relay("%s written in %s", out, since);
	else
		msg_relay("%s, %s written in %s", text + 1, out, since);
}

/* Where there are no relations to count, the archive is. */
static void
count(struct progress *p, const struct progress_now *now, int64_t ms)
{
	uint64_t bytes = now->total > 0 ? now->done : now->out;
	double seconds = (double)(ms - p->seen) / 1000, rate;

	if (ms <= p->seen)
		return;
	rate = bytes > p->bytes ? (double)(bytes - p->bytes) / seconds : 0;
	mean_add(&p->rate, rate, seconds, RATE_S);
	mean_add(&p->slow, rate, seconds, LEFT_S);
	p->bytes = bytes;
	p->seen = ms;
}

static void
show_at(struct progress *p, const struct progress_now *now, int64_t ms)
{
	int64_t step = p->draws ? DRAW_MS : LINE_MS;

	count(p, now, ms);
	p->last = *now;
	p->last.current = NULL;
	if (ms < p->due || !may_write(p))
		return;
	/* On from when it was due: a call that comes a little early now and
	 * then must not halve the pace. */
	p->due += step;
	if (p->due <= ms)
		p->due = ms + step;
	if (p->draws)
		draw(p, now);
	else
		print(p, now);
}

void
progress_show(struct progress *p, const struct progress_now *now)
{

	if (p != NULL)
		show_at(p, now, clock_ms());
}

/* What is told in the end is the mean of the whole. */
static void
end_at(struct progress *p, int64_t ms)
{

	if (p->draws) {
		if (p->drawn && may_write(p))
			put("\r" WIPE, sizeof("\r" WIPE) - 1);
		msg_set_redraw(false);
		return;
	}
	if (ms > p->began)
		p->rate = (struct mean){ (double)p->bytes * 1000 /
		    (double)(ms - p->began), 1 };
	p->slow = (struct mean){ 0, 0 };
	p->seen = ms;
	if (may_write(p))
		print(p, &p->last);
}

void
progress_end(struct progress *p)
{

	if (p != NULL)
		end_at(p, clock_ms());
	free(p);
}
