/* SPDX-License-Identifier: ISC */
/*
 * The process that has the line.  It belongs to the process group of the
 * stages, so that what a terminal does to these (^C, ^Z) it does to this one,
 * but it has nothing of theirs: a pipe that it held would not end.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "progress/board.h"
#include "progress/channel.h"
#include "progress/line.h"

#define LISTENER	3
#define ALONE_MS	2000	/* nobody has come: it was killed */

struct guest {
	int fd;			/* -1: none */
	pid_t pid;
	struct stage *stage;	/* NULL: has not said who it is */
	struct stage_shown *shown;
	bool hides;
};

struct line {
	struct board board;
	int listener;		/* -1: closed */
	struct guest guests[STAGES_MAX];
	size_t count;		/* those that are here */
	bool left;		/* stages that have not ended */
	int64_t began;
};

static volatile sig_atomic_t asked;

static void
on_signal(int sig)
{

	asked = sig;
}

/* What ends the stages ends this, but what they ignore; and nothing that is
 * written to the terminal stops it. */
static void
set_signals(sigset_t *open)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction sa = { .sa_handler = on_signal }, old;
	sigset_t held;
	size_t i;

	sigemptyset(&sa.sa_mask);
	sigemptyset(open);
	sigemptyset(&held);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		sigaddset(&held, ends[i]);
		if (sigaction(ends[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			(void)sigaction(ends[i], &sa, NULL);
	}
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
	(void)sigaction(SIGTTOU, &sa, NULL);
	sa.sa_handler = SIG_DFL;
	(void)sigaction(SIGALRM, &sa, NULL);
	(void)sigprocmask(SIG_SETMASK, &held, NULL);
}

static void
close_all(void)
{
	struct dirent *e;
	DIR *d;
	int fd;

	if ((d = opendir("/proc/self/fd")) == NULL) {
		for (fd = LISTENER + 1; fd < 1024; fd++)
			close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		fd = atoi(e->d_name);
		if (fd > LISTENER && fd != dirfd(d))
			close(fd);
	}
	closedir(d);
}

/* What ps(1) shows: nobody should count this for a stage. */
static void
rename_process(void)
{
	static const char name[] = "pgb-progress";
	char words[4096];
	ssize_t n;
	int fd;

	(void)prctl(PR_SET_NAME, name);
	if ((fd = open("/proc/self/cmdline", O_RDONLY)) == -1)
		return;
	n = read(fd, words, sizeof(words));
	close(fd);
	/* The words of the command line lie behind each other, the first one
	 * first. */
	if (n < (ssize_t)sizeof(name) || memcmp(words,
	    program_invocation_name, strlen(program_invocation_name)) != 0)
		return;
	memset(program_invocation_name, 0, (size_t)n);
	memcpy(program_invocation_name, name, sizeof(name));
}

/* Only stderr and the listener are kept. */
static int
let_go(int listener)
{
	int null;

	if (dup3(listener, LISTENER, O_CLOEXEC) == -1 && errno != EINVAL)
		return (-1);
	if ((null = open("/dev/null", O_RDWR)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1)
		return (-1);
	close_all();
	if (chdir("/") == -1)
		return (-1);
	rename_process();
	return (0);
}

/* Messages of the stages wipe a line that stands there. */
static void
tell_drawn(struct line *l, bool drawn)
{
	size_t i;

	for (i = 0; i < STAGES_MAX; i++)
		if (l->guests[i].shown != NULL)
			atomic_store(&l->guests[i].shown->drawn, drawn);
}

static void
hide(struct line *l, struct guest *g, bool on)
{

	if (g->hides == on)
		return;
	g->hides = on;
	if (on) {
		l->board.hidden++;
		board_wipe(&l->board, clock_ms());
	} else
		l->board.hidden--;
}

/* --- guests --- */

static void
welcome(struct line *l)
{
	struct guest *g;
	pid_t pid;
	size_t i;
	int fd;

	while (l->listener != -1 &&
	    (fd = channel_accept(l->listener, &pid)) != -1) {
		for (i = 0; i < STAGES_MAX && l->guests[i].fd != -1; i++)
			;
		if (i == STAGES_MAX) {
			close(fd);
			continue;
		}
		g = &l->guests[i];
		*g = (struct guest){ .fd = fd, .pid = pid };
		l->count++;
	}
}

static void
introduce(struct line *l, struct guest *g, const struct stage_hello *h)
{

	if (g->stage != NULL)
		return;
	g->stage = board_add(&l->board, h, g->pid, clock_ms());
	if (g->stage != NULL && (h->flags & STAGE_SCREEN) != 0)
		hide(l, g, true);
	tell_drawn(l, l->board.drawn);
}

/* One has ended; whether by a word or not, nothing more comes. */
static void
see_off(struct line *l, struct guest *g, bool answer)
{
	bool more = true;

	hide(l, g, false);
	if (g->stage != NULL) {
		stage_read(g->stage, g->shown);
		more = board_end(&l->board, g->stage, clock_ms());
	}
	/* So that the next pipeline finds the name free. */
	if (!more && l->count == 1 && l->listener != -1) {
		close(l->listener);
		l->listener = -1;
	}
	tell_drawn(l, l->board.drawn);
	if (answer)
		channel_say(g->fd, WORD_DONE);
	channel_forget(g->shown);
	close(g->fd);
	*g = (struct guest){ .fd = -1 };
	l->count--;
}

static void
listen_to(struct line *l, struct guest *g)
{
	struct stage_shown *shown = NULL;
	struct stage_hello h;
	int word;

	while ((word = channel_read(g->fd, &h, &shown)) > 0) {
		switch (word) {
		case 1:
			if (g->shown != NULL) {
				channel_forget(shown);
				break;
			}
			g->shown = shown;
			introduce(l, g, &h);
			break;
		case WORD_HIDE:
			hide(l, g, true);
			tell_drawn(l, l->board.drawn);
			channel_say(g->fd, WORD_DONE);
			break;
		case WORD_SHOW:
			hide(l, g, false);
			break;
		case WORD_END:
			see_off(l, g, true);
			return;
		default:
			break;
		}
	}
	if (word == -1)
		see_off(l, g, false);
}

/* --- the work --- */

static void
wait_for_all(struct line *l, int timeout, const sigset_t *open)
{
	struct timespec t = { timeout / 1000, timeout % 1000 * 1000000L };
	struct pollfd f[STAGES_MAX + 1];
	size_t i;

	for (i = 0; i < STAGES_MAX; i++)
		f[i] = (struct pollfd){ .fd = l->guests[i].fd,
		    .events = POLLIN };
	f[STAGES_MAX] = (struct pollfd){ .fd = l->listener, .events = POLLIN };
	if (ppoll(f, STAGES_MAX + 1, &t, open) <= 0 || asked != 0)
		return;
	if (f[STAGES_MAX].revents != 0)
		welcome(l);
	for (i = 0; i < STAGES_MAX; i++)
		if (f[i].fd != -1 && f[i].revents != 0)
			listen_to(l, &l->guests[i]);
}

static void
tick(struct line *l)
{
	size_t i;

	for (i = 0; i < STAGES_MAX; i++)
		if (l->guests[i].stage != NULL)
			stage_read(l->guests[i].stage, l->guests[i].shown);
	/* Before it is drawn: what comes in between had better wipe nothing
	 * than be written behind the line. */
	tell_drawn(l, l->board.draws);
	board_tick(&l->board, clock_ms());
	tell_drawn(l, l->board.drawn);
}

static void
work(struct line *l, const sigset_t *open)
{
	int64_t now, next = l->began + BOARD_TICK_MS;
	bool ever = false;

	while (asked == 0 && !l->board.dead) {
		now = clock_ms();
		wait_for_all(l, now < next ? (int)(next - now) : 0, open);
		ever |= l->count > 0;
		now = clock_ms();
		if (l->count == 0 && (ever || now - l->began > ALONE_MS))
			return;
		if (now < next)
			continue;
		tick(l);
		next += BOARD_TICK_MS;
		if (next <= now)
			next = now + BOARD_TICK_MS;
	}
}

void
line_run(int listener, bool draws)
{
	struct line l = { .listener = LISTENER, .began = clock_ms() };
	sigset_t open;
	size_t i;

	set_signals(&open);
	if (let_go(listener) == -1)
		return;
	msg_program("pgb");
	for (i = 0; i < STAGES_MAX; i++)
		l.guests[i].fd = -1;
	board_init(&l.board, draws, l.began);
	work(&l, &open);
	board_wipe(&l.board, clock_ms());
	tell_drawn(&l, false);
}
