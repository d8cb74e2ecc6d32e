/* SPDX-License-Identifier: ISC */
/*
 * How a broken stream stays broken.
 *
 * In a shell pipeline the end of file means "done" and "died" alike.  All four
 * programs therefore move their bytes through pump_run(), which takes its input
 * for whole only where that is proven, and until then holds back the end of its
 * output, so that the program behind finds no proof either.
 *
 *	input -> carrier (what is it, is its end there?)
 *	      -> stage   (the program's own work)  -> tail -> output
 *
 * What proves an input:
 * - the carrier: the format shows its own end and the end was there;
 * - the mark (mark.h): the program of the suite in front says so;
 * - the stage's own knowledge: the checksum that the user has of the stream;
 * - the stage itself, where there is no carrier: decryption opens the final
 *   chunk, a fetched file has the size that the server told.  That holds for
 *   our own work, but says nothing of what was encrypted or stored: whoever
 *   comes behind must find a proof inside, so no mark is set.
 * --raw lets pass what is foreign or shows no end, without a mark: the user's
 * word is for the program that it was given to.  What is recognised and broken,
 * and what is empty, is refused always.
 *
 * The order at success is the promise, and it stands in finish() and let_go()
 * alone: the stage's work, the report's bytes, tail, fsync, our own mark, the
 * report's name, close.  Killed between any two of them, the worst is a whole
 * stream with a status that says otherwise.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fdio.h"
#include "mark.h"
#include "msg.h"
#include "progress/progress.h"
#include "publish.h"
#include "pump.h"
#include "sig.h"
#include "tail.h"

#define READ_SIZE	(256 * 1024)

struct pump {
	const struct pump_opts *o;
	struct tail *tail;
	struct publish *report;
	uint8_t *buf;		/* READ_SIZE bytes */
	uint64_t bytes_in;
	const char *proof;	/* how the input was proven, or NULL */
	bool vouch;		/* that proof holds for who comes behind */
	bool aux_open;
	struct timespec began;
};

enum status
pump_emit(struct pump *p, const void *buf, size_t len)
{

	return (tail_put(p->tail, buf, len));
}

uint8_t *
pump_room(struct pump *p, size_t *len)
{

	return (tail_room(p->tail, len));
}

uint8_t *
pump_reserve(struct pump *p, size_t len)
{

	return (tail_reserve(p->tail, len));
}

int
pump_last(const struct pump *p, uint8_t *buf, size_t len)
{

	return (tail_last(p->tail, buf, len));
}

enum status
pump_patch(struct pump *p, uint64_t at, const void *buf, size_t len)
{

	if (tail_patch(p->tail, at, buf, len) == 0)
		return (STATUS_OK);
	if (errno != EINTR)
		msg_errno(p->o->out_name);
	return (STATUS_LOCAL);
}

uint64_t
pump_bytes_in(const struct pump *p)
{

	return (p->bytes_in);
}

const char *
pump_proof(const struct pump *p)
{

	return (p->proof != NULL ? p->proof : "none");
}

enum status
pump_check_ends(bool sink, const char *hint)
{
	enum status status;

	status = fd_refuse_terminal(STDIN_FILENO, "stdin", hint != NULL ?
	    hint : "pipe a backup into it: pgb-dump DBNAME | ...");
	if (status == STATUS_OK && !sink)
		status = fd_refuse_terminal(STDOUT_FILENO, "stdout",
		    "a backup is not for the screen: pipe it on, or redirect "
		    "it to a file");
	return (status);
}

static enum status
read_failed(const struct pump *p)
{

	if (errno == EBADF)
		msg_error("%s is closed", p->o->in_name);
	else if (errno != EINTR || sig_caught() == 0)
		msg_errno(p->o->in_name);
	return (STATUS_LOCAL);
}

/*
 * Wait until the input is readable.  Meanwhile serve the child's messages, the
 * stage's idle call, and notice that nobody reads our output any more: a dump
 * that waits for a lock should not go on for nobody.
 */
static enum status
wait_input(struct pump *p)
{
	const struct pump_opts *o = p->o;
	int timeout = o->stage.idle != NULL ? o->stage.idle_ms : -1;
	struct pollfd f[3];
	enum status status;
	int n;

	for (;;) {
		if (sig_caught() != 0)
			return (STATUS_LOCAL);
		f[0] = (struct pollfd){ .fd = o->in, .events = POLLIN };
		f[1] = (struct pollfd){ .fd = o->out, .events = 0 };
		f[2] = (struct pollfd){ .fd = p->aux_open ? o->aux : -1,
		    .events = POLLIN };
		if ((n = poll(f, 3, timeout)) == -1) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return (read_failed(p));
		}
		if ((f[1].revents & POLLERR) != 0)
			return (STATUS_LOCAL);
		if (f[2].revents != 0)
			p->aux_open = o->aux_read(o->stage.arg);
		if (f[0].revents != 0)
			return (STATUS_OK);
		if (n == 0 && (status = o->stage.idle(o->stage.arg, p)) !=
		    STATUS_OK)
			return (status);
	}
}

/* Where to read: at best from there they need not be copied again. */
static uint8_t *
place(struct pump *p, size_t *len)
{
	const struct pump_stage *s = &p->o->stage;
	uint8_t *buf;

	if (s->room != NULL && (buf = s->room(s->arg, p, len)) != NULL)
		return (buf);
	if (s->data == NULL)
		return (pump_room(p, len));
	*len = READ_SIZE;
	return (p->buf);
}

static enum status
read_some(struct pump *p, uint8_t **buf, size_t *got)
{
	const struct pump_opts *o = p->o;
	enum status status;
	size_t room;
	ssize_t n;

	if (o->stage.read != NULL) {
		*buf = p->buf;
		return (o->stage.read(o->stage.arg, p->buf, READ_SIZE, got));
	}
	if ((status = wait_input(p)) != STATUS_OK)
		return (status);
	*buf = place(p, &room);
	if ((n = fd_read(o->in, *buf, room)) == -1)
		return (read_failed(p));
	*got = (size_t)n;
	return (STATUS_OK);
}

static enum status
refuse_broken(const struct pump *p)
{
	const struct pump_stage *s = &p->o->stage;
	enum status status = STATUS_OK;
	bool said = false;

	if (s->broken != NULL)
		status = s->broken(s->arg, &said);
	if (!said && !carrier_is_told(p->o->carrier))
		msg_error("%s: %s", p->o->in_name,
		    carrier_why(p->o->carrier));
	return (status != STATUS_OK ? status : carrier_status(p->o->carrier));
}

/* Move the whole input through carrier and stage. */
static enum status
move(struct pump *p)
{
	const struct pump_opts *o = p->o;
	enum status status;
	uint8_t *buf;
	size_t got;

	progress_state(PROGRESS_MOVING);
	for (;;) {
		if ((status = read_some(p, &buf, &got)) != STATUS_OK)
			return (status);
		if (got == 0)
			return (STATUS_OK);
		p->bytes_in += got;
		if (o->carrier != NULL &&
		    carrier_feed(o->carrier, buf, got) == -1)
			return (refuse_broken(p));
		if (o->stage.data != NULL)
			status = o->stage.data(o->stage.arg, p, buf, got);
		else
			status = pump_emit(p, buf, got);
		if (status != STATUS_OK)
			return (status);
		progress_bytes(p->bytes_in, tail_bytes(p->tail));
	}
}

/* No proof in the stream's own form: the mark, or the user's word. */
static enum status
prove_otherwise(struct pump *p, enum carrier_verdict verdict)
{
	const struct pump_opts *o = p->o;
	enum status status;

	if (mark_seen(o->in, p->bytes_in))
		p->proof = "mark";
	else if (o->stage.proves != NULL && (status =
	    o->stage.proves(o->stage.arg, &p->proof)) != STATUS_OK)
		return (status);
	if (p->proof != NULL) {
		p->vouch = true;
		return (STATUS_OK);
	}
	if (o->raw) {
		p->proof = "raw";
		return (STATUS_OK);
	}
	msg_error("%s: not proven complete: %s", o->in_name,
	    carrier_why(o->carrier));
	if (verdict == CARRIER_OPEN)
		msg_hint("put pgb-encrypt of the same user directly in front "
		    "(if it is there, it was killed), or pgb-verify with -i "
		    "KEY, --check SUM or --through 'age -r ...'; or take it "
		    "as it is: --raw");
	else
		msg_hint("wrap the foreign filter in front: pgb-verify "
		    "--through 'COMMAND', or take it as it is: --raw");
	return (STATUS_DATA);
}

static enum status
prove(struct pump *p)
{
	const struct pump_opts *o = p->o;
	enum carrier_verdict verdict;

	if (o->carrier == NULL) {
		p->proof = "own";
		return (STATUS_OK);
	}
	switch (verdict = carrier_end(o->carrier)) {
	case CARRIER_PROVEN:
		p->proof = "carrier";
		p->vouch = true;
		if (carrier_shut(o->carrier) &&
		    !mark_seen(o->in, p->bytes_in)) {
			msg_warning("%s: %s shows its own end, not that of "
			    "what is inside", o->in_name,
			    carrier_name(o->carrier));
			msg_hint("a filter that encrypts should be run by "
			    "pgb-verify --through, or be pgb-encrypt");
		}
		return (STATUS_OK);
	case CARRIER_OPEN:
	case CARRIER_FOREIGN:
		return (prove_otherwise(p, verdict));
	case CARRIER_EMPTY:
		if (p->bytes_in == 0) {
			msg_error("%s is empty", o->in_name);
			msg_hint("the program in front wrote nothing: see "
			    "its message");
			return (STATUS_DATA);
		}
		/* FALLTHROUGH */
	case CARRIER_BROKEN:
		break;
	}
	return (refuse_broken(p));
}

/*
 * What every program's record says about the stream: a line, freed by the
 * caller; NULL after one error line.
 */
static char *
make_line(const struct pump *p)
{
	struct record *r = p->o->record;
	struct timespec now;
	char *line;

	clock_gettime(CLOCK_REALTIME, &now);
	if (p->o->carrier != NULL)
		record_str(r, "input", carrier_name(p->o->carrier));
	record_int(r, "bytes_in", p->bytes_in);
	record_int(r, "bytes_out", tail_bytes(p->tail));
	record_str(r, "proof", p->proof);
	record_time(r, "started", p->began.tv_sec);
	record_real(r, "seconds", (double)(now.tv_sec - p->began.tv_sec) +
	    (double)(now.tv_nsec - p->began.tv_nsec) / 1e9);
	if ((line = record_line(r)) == NULL)
		msg_error("%s: no memory for the report", p->o->report);
	return (line);
}

/* What becomes of the report. */
static enum status
reported(const struct pump *p, enum status status)
{

	if (status != STATUS_OK && p->o->report_failed != NULL)
		*p->o->report_failed = true;
	return (status);
}

static enum status
write_report(struct pump *p, char *line)
{
	enum status status;

	if (p->o->stage.write_report != NULL)
		status = p->o->stage.write_report(p->o->stage.arg, p->report,
		    line);
	else
		status = publish_write(p->report, line, strlen(line));
	return (status != STATUS_OK ? status : publish_sync(p->report));
}

static enum status
name_files(struct pump *p)
{
	const struct pump_stage *s = &p->o->stage;
	enum status status = STATUS_OK;

	if (s->name_others != NULL)
		status = s->name_others(s->arg);
	if (status == STATUS_OK && p->report != NULL) {
		status = reported(p, publish_commit(p->report));
		p->report = NULL;
	}
	return (status);
}

static enum status
sync_output(const struct pump *p)
{
	struct stat st;

	if (fstat(p->o->out, &st) == -1 ||
	    ((S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) &&
	    fsync(p->o->out) == -1 && errno != EINVAL && errno != EROFS)) {
		msg_errno(p->o->out_name);
		return (STATUS_LOCAL);
	}
	return (STATUS_OK);
}

/* The order that pump.h promises, from the tail on. */
static enum status
let_go(struct pump *p)
{
	const struct pump_opts *o = p->o;
	enum status status;
	int out = o->out;

	if ((status = tail_release(p->tail)) != STATUS_OK)
		return (status);
	progress_bytes(p->bytes_in, tail_bytes(p->tail));
	if (out != -1) {
		if ((status = sync_output(p)) != STATUS_OK)
			return (status);
		if (p->vouch)
			mark_set(out, tail_bytes(p->tail));
	}
	if ((status = name_files(p)) != STATUS_OK)
		return (status);
	if (fd_close(&out) == -1) {
		msg_errno(o->out_name);
		return (STATUS_LOCAL);
	}
	return (STATUS_OK);
}

static enum status
report(struct pump *p)
{
	enum status status = STATUS_LOCAL;
	char *line = make_line(p);

	if (line != NULL)
		status = write_report(p, line);
	free(line);
	return (reported(p, status));
}

/* The same from the proven input on. */
static enum status
finish(struct pump *p)
{
	const struct pump_opts *o = p->o;
	enum status status;

	if (o->stage.finish != NULL &&
	    (status = o->stage.finish(o->stage.arg, p)) != STATUS_OK)
		return (status);
	if (sig_caught() != 0)
		return (STATUS_LOCAL);
	if (p->report != NULL && (status = report(p)) != STATUS_OK)
		return (status);
	return (let_go(p));
}

enum status
pump_run(const struct pump_opts *o)
{
	struct pump p = { .o = o, .aux_open = o->aux_read != NULL };
	enum status status = STATUS_LOCAL;

	clock_gettime(CLOCK_REALTIME, &p.began);
	if (o->wide) {
		fd_widen(o->in);
		fd_widen(o->out);
	}
	p.tail = tail_new(o->out, o->out_name, o->ahead);
	p.buf = malloc(READ_SIZE);
	if (p.tail == NULL || p.buf == NULL) {
		msg_errno("memory");
		goto out;
	}
	if (o->report != NULL) {
		p.report = publish_open(o->report, 0600, PUBLISH_REPORT,
		    &status);
		if (p.report == NULL)
			goto out;
	}
	if (o->stage.ready != NULL && (status = o->stage.ready(o->stage.arg,
	    p.report)) != STATUS_OK)
		goto out;
	if ((status = move(&p)) != STATUS_OK)
		goto stop;
	if (o->stage.eof != NULL &&
	    (status = o->stage.eof(o->stage.arg, &p)) != STATUS_OK)
		goto stop;
	if ((status = prove(&p)) != STATUS_OK)
		goto stop;
	if ((status = finish(&p)) == STATUS_OK)
		goto out;
stop:
	tail_stop(p.tail);
out:
	progress_end();
	publish_abort(p.report);
	if (o->stage.stop != NULL)
		o->stage.stop(o->stage.arg);
	tail_free(p.tail);
	if (p.buf != NULL)
		explicit_bzero(p.buf, READ_SIZE);
	free(p.buf);
	return (status);
}
