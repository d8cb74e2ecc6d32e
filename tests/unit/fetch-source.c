/* SPDX-License-Identifier: ISC */
/* A file of a server comes out byte for byte, however its answers are cut and
 * ordered and whenever the connection ends; or the reader is told that it did
 * not. */
#include "fetch/ahead.h"
#include "fetch/source.h"

#include "fetch-fake.h"
#include "tap.h"

#define SMALL	((uint64_t)300000)	/* a handful of blocks */
#define LARGE	((uint64_t)12 * 1024 * 1024 + 77)

static struct ship_opts opts = { .retry_ms = 60000 };
static const struct dest dest = { .remote = true };

/* What a run came to. */
static struct result {
	enum status status;
	bool whole;		/* all of it, byte for byte */
	bool right;		/* what there was of it */
	uint64_t bytes;
	unsigned reconnects;
	struct fault lack;
	char beside[100];
	size_t beside_len;
} result;

static enum status
read_all(struct source *src, size_t room)
{
	static uint8_t buf[256 * 1024];
	enum status status;
	size_t got, i;

	for (;;) {
		if ((status = src->read(src, buf, room, &got)) != STATUS_OK)
			return (status);
		if (got == 0)
			break;
		for (i = 0; i < got; i++)
			if (buf[i] != byte_at(src->pos - got + i))
				result.right = false;
		result.bytes += got;
	}
	return (src->check(src));
}

static void
run(uint64_t from, uint64_t end, size_t room)
{
	struct source *src;
	enum status status;

	result = (struct result){ .right = true };
	src = source_sftp(&dest, "/d/f", "sftp://h/d/f", &opts, &status);
	if (src == NULL) {
		result.status = status;
		return;
	}
	status = src->slurp(src, "/d/f.b2", result.beside,
	    sizeof(result.beside), &result.beside_len, &result.lack);
	if (status == STATUS_OK && (status = src->open(src)) == STATUS_OK) {
		src->pos = from;
		if (end > 0)
			src->end = end;
		status = read_all(src, room);
	}
	result.status = status;
	result.whole = status == STATUS_OK && result.right &&
	    result.bytes == (end > 0 ? end : script.size) - from;
	result.reconnects = src->reconnects;
	src->close(src);
}

static void
whole(const char *what)
{

	run(0, 0, 256 * 1024);
	ok(result.whole && result.reconnects == 0,
	    "%s: %llu bytes, %u answers, %llu under way", what,
	    (unsigned long long)result.bytes, script.answers,
	    (unsigned long long)script.most);
}

static void
test_answers(void)
{
	static const size_t rooms[] = { 1, 1000, 65536, 256 * 1024 };
	uint64_t from;
	size_t i;

	script_reset(LARGE);
	whole("in order");
	ok(script.most >= AHEAD_MIN && script.most <= AHEAD_MAX + SFTP_BLOCK_MAX,
	    "as much as may be is asked for");
	script_reset(LARGE);
	script.backwards = true;
	whole("the last answer first");
	script_reset(LARGE);
	script.exts = "";
	whole("no limits told");
	ok(script.answers > LARGE / SFTP_BLOCK, "blocks of 32 KiB");
	script_reset(LARGE);
	script.give = 30000;
	whole("short answers");
	ok(script.answers < 2 * LARGE / 30000, "are soon asked for as such");
	script_reset(LARGE);
	script.max_read = 30000;
	whole("a limit of its own");
	script_reset(SMALL);
	script.give = 100;
	script.backwards = true;
	whole("very short answers, backwards");
	script_reset(SMALL);
	script.chunk = 1;
	whole("a byte at a time");
	for (i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		script_reset(SMALL);
		run(0, 0, rooms[i]);
		ok(result.whole, "given on %zu bytes at a time", rooms[i]);
	}
	for (from = 0; from < SMALL; from += 33333) {
		script_reset(SMALL);
		run(from, from + 1, 1000);
		ok(result.whole, "one byte at %llu", (unsigned long long)from);
		script_reset(SMALL);
		run(from, SMALL, 1000);
		ok(result.whole, "from %llu on", (unsigned long long)from);
	}
	opts.limit = 4000000;
	script_reset(SMALL);
	whole("with a limit");
	opts.limit = 0;
}

static void
test_beside(void)
{
	static char text[200];

	script_reset(SMALL);
	run(0, 0, 1000);
	ok(result.whole && result.lack.status != STATUS_OK &&
	    result.lack.text[0] == '\0', "no sidecar");
	script.beside = "hash  f\n";
	run(0, 0, 1000);
	ok(result.whole && result.lack.status == STATUS_OK &&
	    result.beside_len == 8 && memcmp(result.beside, "hash  f\n", 8) ==
	    0, "a sidecar");
	script.give = 1;
	run(0, 0, 1000);
	ok(result.whole && result.beside_len == 8, "in short answers");
	script_reset(SMALL);
	memset(text, 'x', 100);
	script.beside = text;
	run(0, 0, 1000);
	ok(result.whole && result.lack.status == STATUS_OK &&
	    result.beside_len == 100, "as large as it may be");
	memset(text, 'x', 101);
	run(0, 0, 1000);
	ok(result.whole && strstr(result.lack.text, "larger") != NULL,
	    "and larger: %s", result.lack.text);
	script.beside_error = 3;
	run(0, 0, 1000);
	ok(result.whole && strstr(result.lack.text, "denied") != NULL,
	    "not to be read: %s", result.lack.text);
}

/* The connection ends before each answer of the conversation. */
static void
test_loss(bool backwards)
{
	unsigned n, count;

	script_reset(SMALL);
	script.beside = "hash  f\n";
	script.exts = "";
	run(0, 0, 50000);
	count = script.answers;
	ok(count > 10, "%u answers", count);
	for (n = 0; n < count; n++) {
		script_reset(SMALL);
		script.beside = "hash  f\n";
		script.exts = "";
		script.backwards = backwards;
		script.die = n;
		run(0, 0, 50000);
		/* The first one is remote_first()'s. */
		ok(result.whole && result.reconnects == (n > 0) &&
		    result.beside_len == 8, "ends before answer %u: %d, %u", n,
		    (int)result.status, result.reconnects);
	}
	for (n = 0; n < count; n++) {
		script_reset(SMALL);
		script.beside = "hash  f\n";
		script.exts = "";
		script.lie = n;
		run(0, 0, 50000);
		ok(result.status == STATUS_REMOTE && result.right,
		    "answer %u is of another kind", n);
	}
	for (n = 4; n < count; n += 5) {
		script_reset(SMALL);
		script.beside = "hash  f\n";
		script.exts = "";
		script.mute = n;
		run(0, 0, 50000);
		ok(result.whole && result.reconnects == 1,
		    "is silent from answer %u on", n);
	}
	script_reset(LARGE);
	script.each = 9;
	run(0, 0, 256 * 1024);
	ok(result.whole && result.reconnects > 10,
	    "ends after every 9 answers: %u connections", script.connections);
}

static void
test_no_hope(void)
{

	script_reset(SMALL);
	script.each = 4;
	opts.retry_ms = 40;
	run(0, 0, 1000);
	ok(result.status == STATUS_RETRY && result.right &&
	    script.connections > 2, "no progress: given up after %u",
	    script.connections);
	script_reset(SMALL);
	script.die = 8;
	script.refuse = NEVER;
	/* Long enough for three on a machine that is busy. */
	opts.retry_ms = 400;
	run(0, 0, 1000);
	ok(result.status == STATUS_RETRY && script.refused > 2,
	    "nobody is there: given up after %u", script.refused);
	opts.retry_ms = 60000;
	script_reset(SMALL);
	script.die = 8;
	script.refuse = 5;
	run(0, 0, 1000);
	ok(result.whole && script.refused == 5, "there again after a while");
	script_reset(SMALL);
	script.die = 8;
	script.refuse = NEVER;
	script.refusal = STATUS_REMOTE;
	run(0, 0, 1000);
	ok(result.status == STATUS_REMOTE && script.refused == 1,
	    "another host key: not tried again");
	script_reset(SMALL);
	script.die = 8;
	opts.retry_ms = 0;
	run(0, 0, 1000);
	ok(result.status == STATUS_RETRY && script.connections == 1,
	    "no time to try again");
	opts.retry_ms = 60000;
}

/* --- another file --- */

static void
other_size(void)
{

	script.size++;
}

static void
shorter(void)
{

	script.size = 10;
}

static void
other_time(void)
{

	script.mtime++;
}

static void
other_bytes(void)
{

	script.salt = 1;
}

static void
removed(void)
{

	script.gone = true;
}

static void
test_changed(void)
{
	static void (*const how[])(void) = { other_size, shorter, other_time,
	    other_bytes, removed };
	static const char *const names[] = { "size", "shorter", "time",
	    "bytes alone", "gone" };
	unsigned i;

	for (i = 0; i < 5; i++) {
		script_reset(LARGE);
		script.meanwhile = how[i];
		/* By then some was handed on. */
		script.each = 30;
		run(0, 0, 1000);
		ok(result.status == STATUS_DATA && script.connections == 2 &&
		    result.bytes > 0 && result.bytes < LARGE,
		    "another file between two connections: %s", names[i]);
	}
	script_reset(LARGE);
	script.hole = 5000000;
	run(0, 0, 256 * 1024);
	ok(result.status == STATUS_REMOTE && result.right &&
	    result.bytes == 39 * SFTP_BLOCK_MAX,
	    "a disk that fails: %llu", (unsigned long long)result.bytes);
}

static uint64_t cut_at;

static enum status
read_and_change(struct source *src)
{
	uint8_t buf[1000];
	enum status status;
	size_t got;

	while ((status = src->read(src, buf, sizeof(buf), &got)) ==
	    STATUS_OK && got > 0)
		if (src->pos == 5000) {
			script.mtime++;
			if (cut_at > 0)
				script.size = cut_at;
		}
	return (status == STATUS_OK ? src->check(src) : status);
}

static void
test_changed_under_way(void)
{
	struct source *src;
	enum status status;

	for (cut_at = 0; cut_at <= 1; cut_at++) {
		script_reset(LARGE);
		src = source_sftp(&dest, "/d/f", "f", &opts, &status);
		if (src == NULL || src->open(src) != STATUS_OK)
			abort();
		ok(read_and_change(src) == STATUS_DATA && script.connections ==
		    1, cut_at > 0 ? "cut short under way" : "written to");
		src->close(src);
	}
	script_reset(LARGE);
	script.gone = true;
	run(0, 0, 1000);
	ok(result.status == STATUS_REMOTE, "no such file");
}

int
main(void)
{
	int null = open("/dev/null", O_WRONLY);

	if (null != -1)
		dup2(null, STDERR_FILENO);
	test_answers();
	test_beside();
	test_loss(false);
	test_loss(true);
	test_no_hope();
	test_changed();
	test_changed_under_way();
	return (tap_done());
}
