/* SPDX-License-Identifier: ISC */
/*
 * Promise: the tail is written, the mark set and the report published only
 * where the input is proven and the stage has succeeded.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "carrier/carrier.h"
#include "mark.h"
#include "msg.h"
#include "pump.h"
#include "sig.h"
#include "tap.h"

/* A whole dump as pg_dump 13 wrote it, and one cut within its end. */
#define SQL	"--\n-- PostgreSQL database dump\n--\n\n" \
		"SET x = 1;\n\n--\n-- PostgreSQL database dump complete\n--\n\n"
#define FOREIGN	"some bytes of nobody we know\n"

static char dir[] = "/tmp/pgb-pump-XXXXXX";
static char report[64];

struct run {
	const char *text;
	bool marked;		/* the writer sets the mark */
	bool raw;
	enum status stage;	/* what finish() returns */
	enum status eof;
	bool no_carrier;
	/* What came of it. */
	enum status status;
	size_t out;		/* bytes that came through */
	bool mark;		/* on the output */
	bool reported;
	bool finished;		/* finish() was called */
};

static enum status
at_finish(void *arg, struct pump *p)
{
	struct run *r = arg;

	(void)p;
	r->finished = true;
	return (r->stage);
}

static enum status
at_eof(void *arg, struct pump *p)
{

	(void)p;
	return (((struct run *)arg)->eof);
}

static void
run(struct run *r)
{
	struct pump_opts o = { .in_name = "stdin", .out_name = "stdout",
	    .raw = r->raw, .aux = -1, .report = report };
	size_t len = strlen(r->text);
	char buf[4096];
	int in[2], out[2];
	struct stat st;

	unlink(report);
	if (pipe(in) == -1 || pipe(out) == -1)
		abort();
	if (len > 0 && write(in[1], r->text, len) != (ssize_t)len)
		abort();
	if (r->marked)
		mark_set(in[1], len);
	close(in[1]);
	o.in = in[0];
	o.out = out[1];
	o.stage = (struct pump_stage){ .finish = at_finish, .eof = at_eof,
	    .arg = r };
	o.carrier = r->no_carrier ? NULL : carrier_new(NULL);
	o.record = record_new("test");
	r->status = pump_run(&o);
	if (r->status != STATUS_OK)
		close(out[1]);
	r->out = (size_t)read(out[0], buf, sizeof(buf));
	r->mark = mark_seen(out[0], r->out);
	r->reported = stat(report, &st) == 0;
	carrier_free(o.carrier);
	record_free(o.record);
	close(in[0]);
	close(out[0]);
}

static bool
refused(struct run *r, enum status want)
{

	run(r);
	return (r->status == want && r->out == 0 && !r->mark && !r->reported);
}

/* Everything came through, with the mark or without it. */
static bool
passed(struct run *r, bool mark)
{

	run(r);
	return (r->status == STATUS_OK && r->out == strlen(r->text) &&
	    r->mark == mark && r->reported && r->finished);
}

static void
test_proofs(void)
{

	ok(passed(&(struct run){ .text = SQL }, true), "the carrier's own end");
	ok(refused(&(struct run){ .text = FOREIGN }, STATUS_DATA),
	    "foreign bytes without proof");
	ok(passed(&(struct run){ .text = FOREIGN, .marked = true }, true),
	    "foreign bytes with the mark");
	ok(passed(&(struct run){ .text = FOREIGN, .raw = true }, false),
	    "foreign bytes, --raw: no mark");
	ok(passed(&(struct run){ .text = FOREIGN, .no_carrier = true },
	    false),
	    "a stage that proves by itself: no mark");
}

static void
test_refusals(void)
{
	char *cut = strdup(SQL);
	struct run r;

	cut[strlen(cut) - 1] = '\0';
	ok(refused(&(struct run){ .text = cut }, STATUS_DATA),
	    "a dump without its last byte");
	ok(refused(&(struct run){ .text = cut, .raw = true }, STATUS_DATA),
	    "... with --raw too");
	ok(refused(&(struct run){ .text = cut, .marked = true }, STATUS_DATA),
	    "... with the mark too");
	ok(refused(&(struct run){ .text = "" }, STATUS_DATA), "nothing");
	ok(refused(&(struct run){ .text = "", .raw = true }, STATUS_DATA),
	    "nothing, --raw");
	r = (struct run){ .text = SQL, .stage = STATUS_REMOTE };
	ok(refused(&r, STATUS_REMOTE) && r.finished, "a stage that failed");
	r = (struct run){ .text = SQL, .eof = STATUS_RETRY };
	ok(refused(&r, STATUS_RETRY) && !r.finished, "a source that failed");
	r = (struct run){ .text = cut };
	ok(refused(&r, STATUS_DATA) && !r.finished,
	    "finish() is not called before the proof");
	free(cut);
}

static int
scratch(void)
{
	char name[] = "/tmp/pgb-pump-big-XXXXXX";
	int fd = mkstemp(name);

	unlink(name);
	return (fd);
}

/* What a file holds, as a carrier sees it. */
static enum carrier_verdict
verdict(int fd, off_t *len)
{
	struct carrier *c = carrier_new(NULL);
	enum carrier_verdict v;
	char buf[65536];
	ssize_t n;

	*len = 0;
	while ((n = pread(fd, buf, sizeof(buf), *len)) > 0) {
		carrier_feed(c, buf, (size_t)n);
		*len += n;
	}
	v = carrier_end(c);
	carrier_free(c);
	return (v);
}

/* A dump far larger than what is held back, behind a stage that ends so. */
static enum carrier_verdict
big(enum status stage, off_t *total, off_t *out)
{
	static const char line[] = "SET a_setting_of_some_length = 1;\n";
	const char *end = strstr(SQL, "\n--\n-- PostgreSQL database dump c");
	struct run r = { .stage = stage };
	struct pump_opts o = { .in_name = "stdin", .out_name = "stdout",
	    .aux = -1, .in = scratch(), .out = scratch() };
	enum carrier_verdict v;
	int i, keep = dup(o.out);

	if (write(o.in, SQL, (size_t)(end - SQL)) == -1)
		abort();
	for (i = 0; i < 30000; i++)
		if (write(o.in, line, sizeof(line) - 1) == -1)
			abort();
	if (write(o.in, end, strlen(end)) == -1)
		abort();
	lseek(o.in, 0, SEEK_SET);
	o.carrier = carrier_new(NULL);
	o.stage = (struct pump_stage){ .finish = at_finish, .arg = &r };
	(void)pump_run(&o);
	carrier_free(o.carrier);
	(void)verdict(o.in, total);
	v = verdict(keep, out);
	close(o.in);
	close(keep);
	return (v);
}

static void
test_big(void)
{
	off_t total, out;

	ok(big(STATUS_OK, &total, &out) == CARRIER_PROVEN && out == total,
	    "a large dump comes through whole");
	ok(big(STATUS_DATA, &total, &out) == CARRIER_BROKEN &&
	    out > total / 2 && out < total - 65536,
	    "behind a stage that fails at the end, what went out is no dump");
}

static enum status
patch_at_finish(void *arg, struct pump *p)
{

	(void)arg;
	return (pump_patch(p, 3, "P", 1));
}

/* A stage that changes what it emitted: whether it could, and did. */
static bool
patched(int flags, off_t len, enum status want)
{
	struct pump_opts o = { .in_name = "stdin", .out_name = "stdout",
	    .aux = -1, .in = scratch(), .out = scratch(),
	    .stage = { .finish = patch_at_finish } };
	char buf[5] = "";
	enum status status;
	int keep = dup(o.out);

	if (keep == -1 || ftruncate(o.in, len) == -1 ||
	    fcntl(o.out, F_SETFL, flags) == -1)
		abort();
	status = pump_run(&o);
	if (pread(keep, buf, 5, 0) != 5)
		abort();
	close(o.in);
	close(keep);
	return (status == want && memcmp(buf,
	    want == STATUS_OK ? "\0\0\0P" : "\0\0\0\0", 5) == 0);
}

static void
test_patch(void)
{

	ok(patched(0, 1000, STATUS_OK), "a patch of what is held");
	ok(patched(0, 1000000, STATUS_OK), "a patch of what was written");
	ok(patched(O_APPEND, 1000000, STATUS_LOCAL),
	    "a patch that cannot be is an error");
}

static void
test_mark(void)
{
	int p[2], f;
	char name[80];

	if (pipe(p) == -1)
		abort();
	ok(!mark_seen(p[0], 0), "a fresh pipe has no mark");
	if (write(p[1], "abc", 3) != 3)
		abort();
	mark_set(p[1], 3);
	ok(mark_seen(p[0], 3) && !mark_seen(p[0], 2), "the mark counts bytes");
	if (write(p[1], "d", 1) != 1)
		abort();
	ok(!mark_seen(p[0], 4), "a byte behind it makes it void");
	snprintf(name, sizeof(name), "%s/fifo", dir);
	mkfifo(name, 0600);
	f = open(name, O_RDWR);
	mark_set(f, 0);
	ok(!mark_seen(f, 0), "a FIFO on disk is never marked");
	close(f);
	unlink(name);
}

/* EPIPE is silent and STATUS_LOCAL. */
static void
test_epipe(void)
{
	struct pump_opts o = { .in_name = "stdin", .out_name = "stdout",
	    .aux = -1 };
	int in[2], out[2];

	if (pipe(in) == -1 || pipe(out) == -1)
		abort();
	close(out[0]);
	o.in = in[0];
	o.out = out[1];
	o.carrier = carrier_new(NULL);
	/* The writer is still there and silent: the closed output shows. */
	ok(pump_run(&o) == STATUS_LOCAL, "a closed output is noticed while "
	    "waiting for input");
	carrier_free(o.carrier);
}

int
main(void)
{

	msg_program("unit");
	sig_install();
	if (mkdtemp(dir) == NULL)
		return (1);
	snprintf(report, sizeof(report), "%s/report", dir);
	test_proofs();
	test_refusals();
	test_big();
	test_patch();
	test_mark();
	test_epipe();
	unlink(report);
	rmdir(dir);
	return (tap_done());
}
