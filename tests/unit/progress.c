/* SPDX-License-Identifier: ISC */
/*
 * Promise: progress is one line that is drawn again, never wider than the
 * terminal, never faster than twice a second, and gone in the end; messages
 * beside it stay whole; elsewhere it is a line each ten seconds.
 */
#include <pthread.h>
#include <termios.h>

#include "progress/board.c"
#include "progress/progress.h"
#include "tap.h"

/* A board with one stage. */
struct progress {
	struct board board;
	struct stage *stage;
};

struct progress_now {
	uint64_t done, total;
	const char *current;
	uint64_t out;
};

static atomic_uint drawn = 1;

static int saved = -1;		/* stderr of the test */
static int from;		/* what is written to stderr comes out there */
static char got[1 << 20];

/* stderr becomes that; ends what was before. */
static void
stderr_is(int fd, int out)
{

	if (saved != -1)
		close(from);
	else if ((tap_err = saved = dup(tap_err)) == -1)
		abort();
	dup2(fd, STDERR_FILENO);
	close(fd);
	from = out;
	fcntl(from, F_SETFL, O_NONBLOCK);
}

static void
stderr_pipe(void)
{
	int p[2];

	if (pipe(p) == -1)
		abort();
	stderr_is(p[1], p[0]);
}

static void
stderr_terminal(int width)
{
	struct winsize ws = { .ws_row = 24, .ws_col = (unsigned short)width };
	int fd = posix_openpt(O_RDWR | O_NOCTTY), slave;
	struct termios t;

	if (fd == -1 || grantpt(fd) == -1 || unlockpt(fd) == -1 ||
	    (slave = open(ptsname(fd), O_RDWR | O_NOCTTY)) == -1)
		abort();
	tcgetattr(slave, &t);
	cfmakeraw(&t);
	tcsetattr(slave, TCSANOW, &t);
	ioctl(slave, TIOCSWINSZ, &ws);
	stderr_is(slave, fd);
}

/* What was written since. */
static const char *
seen(void)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(from, got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	got[len] = '\0';
	return (got);
}

static struct progress *
begin(bool lines)
{
	const struct stage_hello h = { .flags = STAGE_SOURCE,
	    .program = "dump" };
	struct progress *p = calloc(1, sizeof(*p));

	if (p == NULL)
		abort();
	board_init(&p->board, !lines, 0);
	p->stage = board_add(&p->board, &h, 1, 0);
	p->stage->state = PROGRESS_MOVING;
	msg_set_redraw(lines ? NULL : &drawn);
	return (p);
}

static void
show_at(struct progress *p, const struct progress_now *now, int64_t ms)
{
	struct stage *s = p->stage;

	s->done = now->done;
	s->total = now->total;
	s->out = now->out;
	snprintf(s->object, sizeof(s->object), "%s", now->current != NULL ?
	    now->current : "");
	board_tick(&p->board, ms);
}

static void
end(struct progress *p, int64_t ms)
{

	(void)board_end(&p->board, p->stage, ms);
	msg_set_redraw(NULL);
	msg_program("pgb-dump");
	free(p);
}

/* 100 MB of relations a second, half of them in the archive, up to ms. */
static void
until(struct progress *p, const char *name, int64_t from_ms, int64_t ms)
{
	struct progress_now now = { .total = 1000000000, .current = name };

	for (; from_ms <= ms; from_ms += 250) {
		now.done = (uint64_t)from_ms * 100000;
		now.out = now.done / 2;
		show_at(p, &now, from_ms);
	}
}

static void
test_line(void)
{
	struct progress *p;

	stderr_terminal(80);
	p = begin(false);
	until(p, "public.orders", 0, 0);
	same(seen(), "", "nothing at once");
	show_at(p, &(struct progress_now){ .total = 9 }, 500);
	same(seen(), "\rpgb-dump: 0%\033[K", "nothing read yet");
	end(p, 600);
	same(seen(), "\r\033[K", "it is wiped in the end");
	p = begin(false);
	end(p, 1);
	same(seen(), "", "... if there is one");

	p = begin(false);
	until(p, "public.orders", 250, 3750);
	(void)seen();
	until(p, "public.orders", 4000, 4000);
	same(seen(), "\rpgb-dump: 40% public.orders 100 MB/s 0:06 left\033[K",
	    "the line");
	until(p, "public.orders", 4250, 4500);
	(void)seen();
	until(p, "a\033[2Jb\nc", 4750, 5000);
	same(seen(), "\rpgb-dump: 50% a\\x1b[2Jb\\x0ac 100 MB/s 0:05 left"
	    "\033[K", "a name that would move the cursor");
	msg_error("oh");
	same(seen(), "\r\033[Kpgb-dump: error: oh\n", "a message wipes it");
	until(p, NULL, 5250, 5500);
	(void)seen();
	until(p, NULL, 5750, 6000);
	same(seen(), "\rpgb-dump: 60% 100 MB/s 0:04 left\033[K", "no name");
	until(p, "public.orders", 6250, 10000);
	ok(strstr(seen(), "\rpgb-dump: 100% public.orders 100 MB/s\033[K") !=
	    NULL, "all is read");
	show_at(p, &(struct progress_now){ .done = 1001, .total = 1000 },
	    20000);
	ok(strstr(seen(), " 100% ") != NULL, "more than was expected");
	end(p, 20000);
	(void)seen();
	msg_error("oh");
	same(seen(), "pgb-dump: error: oh\n", "no wiping after the end");
}

static void
test_unknown(void)
{
	struct progress_now now = { .current = "public.t" };
	struct progress *p = begin(false);
	int64_t ms;

	for (ms = 250; ms <= 3000; ms += 250) {
		now.out = (uint64_t)ms * 5000;
		(void)seen();
		show_at(p, &now, ms);
	}
	same(seen(), "\rpgb-dump: public.t 15 MB 5.0 MB/s\033[K",
	    "an unknown total: the archive is counted");
	end(p, ms);
	(void)seen();
}

/* Text on the screen, and its columns, for a terminal of that width. */
static const char *
narrow(int width, const char *name)
{
	struct progress *p;
	char *s;

	stderr_terminal(width);
	p = begin(false);
	until(p, name, 250, 3750);
	(void)seen();
	until(p, name, 4000, 4000);
	(void)seen();
	end(p, 4000);
	if ((s = strstr(got, "\033[K")) != NULL)
		*s = '\0';
	return (got + (got[0] == '\r'));
}

static void
test_width(void)
{
	static const char umlaut[] = "p.\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6"
	    "\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6";
	static const char wide[] = "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5"
	    "\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97";
	static char endless[5000];
	bool good = true;
	int width;

	same(narrow(52, "public.orders_2026"),
	    "pgb-dump: 40% public.orders_2026 100 MB/s 0:06 left",
	    "a name that just fits...");
	same(narrow(48, "public.orders_2026"),
	    "pgb-dump: 40% public.orde... 100 MB/s 0:06 left",
	    "... and one that does not");
	same(narrow(44, "public.orders_2026"),
	    "pgb-dump: 40% 100 MB/s 0:06 left",
	    "the name goes before the figures");
	same(narrow(20, "public.orders_2026"), "pgb-dump: 40% 100 M",
	    "a terminal too narrow");
	same(narrow(6, "public.orders_2026"), "pgb-:", "... far too narrow");
	same(narrow(47, umlaut), "pgb-dump: 40% p.\xc3\xb6\xc3\xb6\xc3\xb6\xc3"
	    "\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6... 100 MB/s 0:06 left",
	    "characters are not torn");
	same(narrow(47, wide), "pgb-dump: 40% \xe6\xbc\xa2\xe5\xad\x97\xe6\xbc"
	    "\xa2\xe5\xad\x97\xe6\xbc\xa2... 100 MB/s 0:06 left",
	    "wide characters count twice");
	memset(endless, 'x', sizeof(endless) - 1);
	for (width = 2; width < 700; width++)
		if (strlen(narrow(width, endless)) >= (size_t)width)
			good = false;
	ok(good, "never as wide as the terminal");
	memset(endless, '\1', sizeof(endless) - 1);
	ok(strlen(narrow(1000, endless)) < 1000, "... whatever the name");
	ok(strlen(narrow(0, endless)) < 80, "a terminal of unknown width");
}

static size_t
draws(int64_t every)
{
	struct progress *p = begin(false);
	size_t n = 0;
	int64_t ms;

	for (ms = every; ms <= 20000; ms += every) {
		show_at(p, &(struct progress_now){ .total = 1 }, ms);
		n += seen()[0] != '\0';
	}
	end(p, ms);
	(void)seen();
	return (n);
}

static void
test_pace(void)
{

	stderr_terminal(80);
	ok(draws(10) == 40, "called often: twice a second");
	ok(draws(499) >= 38, "called a little early: no slower");
	ok(draws(530) >= 36, "called a little late: no slower");
	ok(draws(5000) == 4, "called seldom: at once");
}

static void
test_smooth(void)
{
	struct progress *p;
	struct progress_now now = { .total = 10000000000 };
	double rate, low = 1e12, high = 0;
	int64_t ms;

	stderr_terminal(80);
	p = begin(false);
	/* 100 MB/s, but counted once in 2 s. */
	for (ms = 500; ms <= 60000; ms += 500) {
		now.done = (uint64_t)(ms / 2000) * 200000000;
		show_at(p, &now, ms);
		rate = mean_value(&p->stage->rate);
		if (ms > 10000 && rate < low)
			low = rate;
		if (ms > 10000 && rate > high)
			high = rate;
	}
	ok(low > 80e6 && high < 120e6, "bursts are smoothed: %.0f to %.0f MB/s",
	    low / 1e6, high / 1e6);
	for (; ms <= 160000; ms += 500)
		show_at(p, &now, ms);
	(void)seen();
	ok(mean_value(&p->stage->rate) < 1e6, "a standstill shows");
	for (; ms <= 2000000; ms += 500)
		show_at(p, &now, ms);
	(void)seen();
	show_at(p, &now, ms);
	(void)seen();
	ok(strstr(got, "left") == NULL && strstr(got, " 0 kB/s") != NULL,
	    "... and promises no end: %s", strrchr(got, '\r') + 1);
	end(p, ms);
}

static void
test_lines(void)
{
	struct progress *p;

	stderr_pipe();
	p = begin(true);
	until(p, "public.orders", 250, 9750);
	same(seen(), "", "lines: not at once");
	end(p, 9750);
	same(seen(), "pgb-dump: 97% 100 MB/s, 488 MB written in 0:10\n",
	    "one in the end");
	p = begin(true);
	until(p, "public.orders", 250, 3000);
	show_at(p, &(struct progress_now){ .done = 300000000,
	    .total = 1000000000, .current = "public.orders" }, 10000);
	ok(strncmp(seen(), "pgb-dump: 30% public.orders ", 28) == 0 &&
	    strstr(got, " left, 0 kB written in 0:10\n") != NULL,
	    "one after ten seconds: %s", strtok(got, "\n"));
	until(p, "public.orders", 10250, 19750);
	same(seen(), "", "... and not before twenty");
	until(p, "public.orders", 20000, 20000);
	ok(strchr(seen(), '\n') == strrchr(got, '\n') && got[0] != '\0',
	    "... the next");
	msg_error("oh");
	same(seen(), "pgb-dump: error: oh\n", "nothing is wiped");
	end(p, 25000);
	same(seen(), "pgb-dump: 100% 80 MB/s, 1.0 GB written in 0:25\n",
	    "the mean of the whole in the end");
	p = begin(true);
	end(p, 0);
	same(seen(), "pgb-dump: 0 kB written in 0:00\n", "nothing to tell");
}

/* Nobody reads: it would wait for ever. */
static void
test_stopped(void)
{
	struct progress *p;

	stderr_pipe();
	p = begin(true);
	fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
	while (write(STDERR_FILENO, got, 4096) > 0)
		;
	fcntl(STDERR_FILENO, F_SETFL, 0);
	until(p, "public.orders", 0, 30000);
	end(p, 30000);
	ok(true, "a full pipe is not waited for");
	stderr_terminal(80);
	p = begin(false);
	tcflow(STDERR_FILENO, TCOOFF);
	until(p, "public.orders", 0, 30000);
	tcflow(STDERR_FILENO, TCOON);
	same(seen(), "", "nor a terminal that was stopped");
	end(p, 30000);
}

#define SHOUTS	300

static void *
shout(void *arg)
{
	int i;

	for (i = 0; i < SHOUTS; i++) {
		msg_warning("this is message %d of many", i);
		usleep(100);
	}
	return (arg);
}

/* What a terminal shows of it, line by line. */
static int
whole_lines(char *text)
{
	char want[80], line[256] = "";
	size_t at = 0;
	int count = 0;

	for (; *text != '\0'; text++) {
		if (*text == '\r')
			at = 0;
		else if (strncmp(text, "\033[K", 3) == 0) {
			line[at] = '\0';
			text += 2;
		} else if (*text == '\n') {
			snprintf(want, sizeof(want), "pgb-dump: warning: this "
			    "is message %d of many", count);
			count += strcmp(line, want) == 0;
			line[at = 0] = '\0';
		} else if (at < sizeof(line) - 1) {
			if (line[at] == '\0')
				line[at + 1] = '\0';
			line[at++] = *text;
		}
	}
	return (count);
}

static void
test_threads(void)
{
	struct progress *p;
	pthread_t thread;
	size_t len = 0;
	int64_t ms;
	ssize_t n;
	bool good;

	stderr_terminal(80);
	p = begin(false);
	if (pthread_create(&thread, NULL, shout, NULL) != 0)
		abort();
	for (ms = 0; pthread_tryjoin_np(thread, NULL) != 0; ms += 500) {
		until(p, "public.orders", ms, ms);
		while ((n = read(from, got + len, sizeof(got) / 2 - len)) > 0)
			len += (size_t)n;
		usleep(50);
	}
	while ((n = read(from, got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	got[len] = '\0';
	good = whole_lines(got) == SHOUTS;
	ok(good && ms > 10000, "messages of other threads stay whole");
	end(p, ms);
}

static void
test_figures(void)
{
	static const struct {
		double value;
		const char *amount, *span;
	} figures[] = {
		{ 0, "0 kB", "0:00" },
		{ 59.6, "0 kB", "1:00" },
		{ 754, "1 kB", "12:34" },
		{ 3599.4, "4 kB", "59:59" },
		{ 3600, "4 kB", "1:00:00" },
		{ 359999, "360 kB", "99:59:59" },
		{ 999400, "999 kB", "277:36:40" },
		{ 999500, "1.0 MB", "277:38:20" },
		{ 3440000, "3.4 MB", "955:33:20" },
		{ 9950000, "10 MB", "2763:53:20" },
		{ 182e6, "182 MB", "50555:33:20" },
		{ 1.84e9, "1.8 GB", "511111:06:40" },
		{ 5e20, "500000 PB", "138888888888888888:53:20" },
	};
	char text[FIGURE_MAX];
	bool good = true;
	size_t i;

	for (i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		figure_amount(text, figures[i].value);
		if (strcmp(text, figures[i].amount) != 0)
			good = !printf("# %s\n", text);
		if (figures[i].value > 1e10)
			continue;
		figure_span(text, figures[i].value);
		if (strcmp(text, figures[i].span) != 0)
			good = !printf("# %s\n", text);
	}
	ok(good, "figures");
}

int
main(void)
{

	msg_program("pgb-dump");
	test_line();
	test_unknown();
	test_width();
	test_pace();
	test_smooth();
	test_lines();
	test_stopped();
	test_threads();
	test_figures();
	dup2(saved, STDERR_FILENO);
	return (tap_done());
}
