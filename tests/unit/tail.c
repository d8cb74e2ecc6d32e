/* SPDX-License-Identifier: ISC */
/*
 * Promise: what went out without the tail proves nothing, a stopped age stream
 * ends where no age file can, and a patch changes its bytes alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sig.h"
#include "tail.h"
#include "tap.h"

#define BIG	(3 * 1024 * 1024)
#define CHUNK	65552
#define HELD	(CHUNK + 16)	/* the least that must be held back */

static uint8_t *
pattern(size_t len)
{
	uint8_t *buf = malloc(len);
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = (uint8_t)(i * 7 + i / 251);
	return (buf);
}

/* An age header as far as the tail looks at one; its length in *hlen. */
static uint8_t *
age_like(size_t len, size_t *hlen)
{
	static const char head[] = "age-encryption.org/v1\n"
	    "-> X25519 abc\nbody\n-- no\n--- mac\n";
	uint8_t *buf = pattern(len);

	*hlen = sizeof(head) - 1;
	memcpy(buf, head, *hlen);
	return (buf);
}

static off_t
size_of(int fd)
{

	return (lseek(fd, 0, SEEK_END));
}

static int
scratch(void)
{
	char name[] = "/tmp/pgb-tail-XXXXXX";
	int fd = mkstemp(name);

	unlink(name);
	return (fd);
}

static void
test_hold(size_t step)
{
	struct tail *t;
	uint8_t *buf = pattern(BIG), *back = malloc(BIG);
	size_t at, n;
	int fd = scratch();
	bool held = true;

	t = tail_new(fd, "out", 0);
	for (at = 0; at < BIG; at += n) {
		n = BIG - at < step ? BIG - at : step;
		tail_put(t, buf + at, n);
		if (size_of(fd) > (off_t)(at + n) - HELD &&
		    size_of(fd) > 0)
			held = false;
	}
	ok(held, "pieces of %zu: the last %d bytes are held", step, HELD);
	ok(size_of(fd) > BIG / 2, "pieces of %zu: the rest has gone out", step);
	ok(tail_release(t) == STATUS_OK && size_of(fd) == BIG,
	    "released: all is out");
	ok(tail_bytes(t) == BIG, "bytes are counted");
	ok(pread(fd, back, BIG, 0) == BIG && memcmp(buf, back, BIG) == 0,
	    "the bytes are the same");
	tail_free(t);
	close(fd);
	free(buf);
	free(back);
}

static void
test_age(size_t step)
{
	struct tail *t;
	size_t hlen, at, n;
	uint8_t *buf = age_like(BIG, &hlen), *back = malloc(BIG);
	int fd = scratch();
	bool good = true;
	off_t e;

	t = tail_new(fd, "out", 0);
	for (at = 0; at < BIG; at += n) {
		n = BIG - at < step ? BIG - at : step;
		tail_put(t, buf + at, n);
		e = size_of(fd) - (off_t)hlen - 16;
		if (size_of(fd) > (off_t)hlen && e != 0 && e % CHUNK != 8)
			good = false;
	}
	ok(good, "age in pieces of %zu: writes end past a chunk edge", step);
	ok(size_of(fd) > BIG / 2, "age in pieces of %zu: it flows", step);
	tail_stop(t);
	ok((size_of(fd) - (off_t)hlen - 16) % CHUNK == 8,
	    "stopped: ends past a chunk edge");
	ok(tail_release(t) == STATUS_OK && size_of(fd) == BIG &&
	    pread(fd, back, BIG, 0) == BIG && memcmp(buf, back, BIG) == 0,
	    "released: the bytes are the same");
	tail_free(t);
	close(fd);
	free(buf);
	free(back);
}

/* Put in size bytes of zero, change some in the file and in memory alike, and
 * at each end, and read the whole back. */
static void
test_patch(size_t size, const char *name)
{
	struct tail *t;
	uint8_t *buf = calloc(1, size), *back = malloc(size), *new;
	size_t at[5] = { 0, 0, size / 2, 0, 0 };
	size_t len[5] = { 9, 0, size / 3, 9, 9 }, i;
	int fd = scratch();
	bool good = true;

	t = tail_new(fd, "out", 0);
	tail_put(t, buf, size);
	at[1] = size;				/* nothing, at the end */
	at[3] = size - 9;
	if (size_of(fd) > 4)			/* across what went out */
		at[4] = (size_t)size_of(fd) - 4;
	for (i = 0; i < 5; i++) {
		new = pattern(len[i] + i + 1);
		good = tail_patch(t, at[i], new + i, len[i]) == 0 && good;
		memcpy(buf + at[i], new + i, len[i]);
		free(new);
	}
	ok(good && tail_bytes(t) == size, "%s: patched", name);
	ok(tail_patch(t, size - 8, buf, 9) == -1 && errno == EINVAL &&
	    tail_patch(t, size + 1, buf, 0) == -1 &&
	    tail_patch(t, UINT64_MAX, buf, 2) == -1,
	    "%s: not beyond what was put in", name);
	tail_put(t, "more", 4);
	ok(tail_release(t) == STATUS_OK && size_of(fd) == (off_t)size + 4 &&
	    pread(fd, back, size, 0) == (ssize_t)size &&
	    memcmp(buf, back, size) == 0, "%s: and the rest is as it was",
	    name);
	ok(tail_patch(t, 1, "x", 1) == 0 && pread(fd, back, 3, 0) == 3 &&
	    back[0] == buf[0] && back[1] == 'x' && back[2] == buf[2] &&
	    size_of(fd) == (off_t)size + 4, "%s: once all is out, too", name);
	tail_free(t);
	close(fd);
	free(buf);
	free(back);
}

/* Where the promise does not hold, nothing is written. */
static void
test_patch_wrong(void)
{
	struct tail *t;
	uint8_t *buf = pattern(BIG);
	char byte;
	off_t size;
	int fd, p[2];

	fd = scratch();
	(void)fcntl(fd, F_SETFL, O_APPEND);
	t = tail_new(fd, "out", 0);
	tail_put(t, buf, BIG);
	size = size_of(fd);
	ok(tail_patch(t, 0, "xyz", 3) == -1 && errno == EINVAL &&
	    size_of(fd) == size, "O_APPEND: refused");
	ok(tail_patch(t, BIG - 3, buf + BIG - 3, 3) == 0,
	    "... but for what is held");
	tail_free(t);
	close(fd);

	fd = scratch();
	(void)lseek(fd, 5, SEEK_SET);
	t = tail_new(fd, "out", 0);
	tail_put(t, buf, BIG);
	ok(tail_patch(t, 0, "xyz", 3) == -1 && errno == EINVAL &&
	    pread(fd, &byte, 1, 0) == 1 && byte == 0,
	    "a file written from its middle: refused");
	tail_free(t);
	close(fd);

	if (pipe(p) == -1)
		return;
	t = tail_new(p[1], "out", 0);
	tail_put(t, "abc", 3);
	tail_release(t);
	ok(tail_patch(t, 0, "xyz", 3) == -1 && errno == ESPIPE,
	    "a pipe: refused");
	tail_free(t);
	close(p[0]);
	close(p[1]);
	t = tail_new(-1, "out", 0);
	tail_put(t, buf, BIG);
	ok(tail_patch(t, 0, "xyz", 3) == 0, "an output that is dropped");
	tail_free(t);
	free(buf);
}

static void
drain_later(int fd, size_t *got)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		*got += (size_t)n;
}

/* A write cut short by a signal: the reader takes the rest up to an edge. */
static void
test_interrupted(void)
{
	struct tail *t;
	size_t hlen, got = 0;
	uint8_t *buf = age_like(BIG, &hlen);
	int p[2], status;

	if (pipe(p) == -1)
		return;
	t = tail_new(p[1], "out", 0);
	/* The pipe is full long before BIG: the write blocks, then is cut. */
	if (fork() == 0) {
		usleep(300000);
		kill(getppid(), SIGTERM);
		_exit(0);
	}
	status = (int)tail_put(t, buf, BIG);
	ok(status == STATUS_LOCAL, "a caught signal ends the write");
	if (fork() == 0) {
		close(p[0]);
		tail_stop(t);
		_exit(0);
	}
	close(p[1]);
	drain_later(p[0], &got);
	ok(got > hlen + 16 && (got - hlen - 16) % CHUNK == 8,
	    "stopped in a write: goes on to past a chunk edge");
	tail_free(t);
	close(p[0]);
	free(buf);
}

/* What is made in the tail's own memory, out of order, comes out in order. */
static void
made_in_place(void)
{
	enum { PIECE = 65552, AHEAD = 4 };
	uint8_t *want = pattern(BIG), *got = malloc(BIG), *at[AHEAD], *room;
	struct tail *t;
	size_t i, k, len, done = 0;
	int fd = scratch();
	bool good = true;

	t = tail_new(fd, "out", AHEAD * PIECE);
	good = tail_put(t, want, 777) == STATUS_OK;
	for (done = 777; done + AHEAD * PIECE <= BIG - 1000000;
	    done += AHEAD * PIECE) {
		for (i = 0; i < AHEAD; i++)
			at[i] = tail_reserve(t, PIECE);
		for (i = AHEAD; i > 0; i--)
			if (at[i - 1] != NULL)
				memcpy(at[i - 1], want + done + (i - 1) * PIECE,
				    PIECE);
			else
				good = false;
		for (i = 0; i < AHEAD; i++)
			good = good && tail_put(t, at[i], PIECE) == STATUS_OK;
	}
	ok(good, "all of it has room");
	/* More than there is room for: the places of the others stay right. */
	for (i = 0, k = 0; i < 12; i++) {
		at[i % AHEAD] = tail_reserve(t, PIECE);
		k += at[i % AHEAD] == NULL;
		if (i < AHEAD && at[i] != NULL)
			memcpy(at[i], want + done + i * PIECE, PIECE);
	}
	ok(k > 0, "but not for anything");
	good = true;
	for (i = 0; i < 12; i++, done += PIECE)
		good = good && tail_put(t, want + done, PIECE) == STATUS_OK;
	ok(good, "what had none is put from elsewhere");
	while (done < BIG) {
		room = tail_room(t, &len);
		if (len > BIG - done)
			len = BIG - done;
		memcpy(room, want + done, len);
		good = good && tail_put(t, room, len) == STATUS_OK;
		done += len;
	}
	good = good && tail_last(t, got, TAIL_HOLD) == 0 &&
	    memcmp(got, want + BIG - TAIL_HOLD, TAIL_HOLD) == 0;
	ok(good, "the last bytes are there to be seen");
	ok(tail_last(t, got, TAIL_HOLD + 1) == -1, "not more of them");
	good = tail_release(t) == STATUS_OK && lseek(fd, 0, SEEK_SET) == 0;
	for (i = 0; good && i < BIG; i += len) {
		ssize_t n = read(fd, got + i, BIG - i);

		good = n > 0;
		len = good ? (size_t)n : 0;
	}
	ok(good && memcmp(got, want, BIG) == 0, "and the output is right");
	tail_free(t);
	close(fd);
	free(want);
	free(got);
}

int
main(void)
{

	sig_install();
	made_in_place();
	test_hold(1000);
	test_hold(BIG);
	test_hold(65537);
	test_age(999);
	test_age(65536);
	test_age(BIG);
	test_patch(1000, "smaller than the hold");
	test_patch(TAIL_HOLD, "as large as the hold");
	test_patch(TAIL_HOLD + 300000, "larger than the hold");
	test_patch(BIG + 77, "larger than what is kept in memory");
	test_patch_wrong();
	test_interrupted();
	return (tap_done());
}
