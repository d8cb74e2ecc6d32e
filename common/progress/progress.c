/* SPDX-License-Identifier: ISC */
/*
 * One line for the whole pipeline.
 *
 * Four programs that share a terminal and draw a bar each fight for its last
 * line.  So none of them draws.  The first stage of a pipeline that finds
 * nobody to do it makes a process that does (line.c); the others find that by
 * the name of its socket, which is made of the terminal and of the process
 * group: a shell with job control gives one to each pipeline, and one without
 * has the script's.
 *
 *	dump ----------+
 *	verify -------+|	a socket each, and shared memory
 *	encrypt -----+||
 *	ship -------+|||
 *	            line ---> stderr
 *
 * What a stage has to show it writes into memory that it shares with the line
 * process (stage.h), a few stores for each read of a quarter of a megabyte;
 * that reads it twice a second.  So showing costs no system call, waits for
 * nobody, is as fresh as the bytes are, and works where a sandbox allows next
 * to nothing.  The socket tells what memory cannot: its end is that of the
 * stage, SIGKILL included.  By words on it a stage has the line wiped before it
 * asks a person something, and before it ends, so that the shell's prompt, or a
 * record that is printed, finds the terminal clean.
 *
 * The line process dies of what kills the pipeline, ends when its last stage
 * does, and holds nothing but stderr.  Where it was killed or stopped, the
 * stages go on without: no stage waits for it longer than a moment at its end.
 *
 * Who is who: a stage tells the inodes of its pipes, which say who stands
 * behind whom, and where a foreign program stands between (stage-order.c).
 * Each side looks whether the other is in its own process group; nobody else's
 * word counts, whatever his user.
 *
 * Where stderr is no terminal, or one that cannot be drawn on, there is
 * nothing, unless it is asked for: then the same process prints a line each ten
 * seconds, for all stages that were asked.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"
#include "progress/channel.h"
#include "progress/line.h"
#include "progress/progress.h"
#include "progress/stage.h"

#define VARIABLE	"PGB_PROGRESS"

/* Where there is no line, it is all written here, and nobody looks. */
static struct stage_shown nowhere;

static struct {
	atomic_int fd;			/* -1: there is no line */
	struct stage_shown *shown;	/* set before the first thread */
	bool counts;			/* what comes in is what is done */
} me = { .fd = -1, .shown = &nowhere };

#define SET(field, value)						\
	atomic_store_explicit(&me.shown->field, (value), memory_order_relaxed)

/* --- the beginning --- */

enum status
progress_check(const struct progress_want *w)
{

	if (!w->on || !w->off)
		return (STATUS_OK);
	msg_error("--progress and --no-progress: give one of them");
	return (STATUS_USAGE);
}

static bool
can_draw(void)
{
	const char *term = getenv("TERM");

	return (isatty(STDERR_FILENO) && term != NULL && term[0] != '\0' &&
	    strcmp(term, "dumb") != 0);
}

/* Options count more than the environment. */
static bool
is_wanted(const struct progress_want *w, bool draws)
{
	const char *word = getenv(VARIABLE);

	if (w->on || w->off)
		return (w->on);
	if (word != NULL && strcmp(word, "0") == 0)
		return (false);
	return (draws || (word != NULL && strcmp(word, "1") == 0));
}

static uint64_t
pipe_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || !S_ISFIFO(st.st_mode))
		return (0);
	return ((uint64_t)st.st_ino ^ (uint64_t)st.st_dev << 40);
}

static void
describe(const struct progress_stage *s, struct stage_hello *h)
{

	*h = (struct stage_hello){ .version = STAGE_VERSION };
	snprintf(h->program, sizeof(h->program), "%s", s->name);
	if (s->source)
		h->flags |= STAGE_SOURCE;
	else
		h->in_pipe = pipe_of(STDIN_FILENO);
	if (s->sink)
		h->flags |= STAGE_SINK;
	else
		h->out_pipe = pipe_of(STDOUT_FILENO);
	if (s->stores)
		h->flags |= STAGE_STORES;
	if (!s->sink && isatty(STDOUT_FILENO))
		h->flags |= STAGE_SCREEN;
}

/* Bytes that will come, where stdin is a file. */
static void
expect_stdin(void)
{
	struct stat st;
	off_t at;

	if (fstat(STDIN_FILENO, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (at = lseek(STDIN_FILENO, 0, SEEK_CUR)) == -1 || at >= st.st_size)
		return;
	progress_expect((uint64_t)(st.st_size - at));
}

void
progress_begin(const struct progress_want *w, const struct progress_stage *s)
{
	struct stage_shown *shown;
	struct stage_hello h;
	bool draws = can_draw();
	int fd;

	if (!is_wanted(w, draws))
		return;
	describe(s, &h);
	if ((fd = channel_join(draws, line_run)) == -1)
		return;
	if ((shown = channel_hello(fd, &h)) == NULL) {
		close(fd);
		return;
	}
	me.shown = shown;
	me.fd = fd;
	msg_set_redraw(&shown->drawn);
	if (!s->source)
		expect_stdin();
}

/* --- the figures --- */

void
progress_bytes(uint64_t in, uint64_t out)
{

	SET(in, in);
	SET(out, out);
	if (me.counts)
		SET(done, in);
}

void
progress_share(uint64_t done, uint64_t total)
{

	SET(done, done);
	SET(total, total);
}

void
progress_expect(uint64_t bytes)
{

	me.counts = true;
	SET(total, bytes);
}

void
progress_stored(uint64_t bytes)
{

	SET(stored, bytes);
}

void
progress_object(const char *name)
{

	if (me.shown != &nowhere)
		stage_name(me.shown, name != NULL ? name : "");
}

void
progress_state(enum progress_state state)
{

	SET(state, state);
}

/* --- words --- */

void
progress_hide(void)
{
	int fd = me.fd;

	if (fd != -1)
		channel_ask(fd, WORD_HIDE);
}

void
progress_unhide(void)
{
	int fd = me.fd;

	if (fd != -1)
		channel_say(fd, WORD_SHOW);
}

/* The memory stays: threads that have not ended may still show something. */
void
progress_end(void)
{
	int fd = me.fd;

	if (fd == -1)
		return;
	me.fd = -1;
	channel_ask(fd, WORD_END);
	close(fd);
	msg_set_redraw(NULL);
}
