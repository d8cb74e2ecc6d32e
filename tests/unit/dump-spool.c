/* SPDX-License-Identifier: ISC */
/*
 * Promise: what is put into a spool comes out of it, in order and once, however
 * much it is; and it leaves no file behind that has a name.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Not every file system has it. */
static int tmpfile_flag = O_TMPFILE;
#undef O_TMPFILE
#define O_TMPFILE	tmpfile_flag

#include "pgb-dump/data/spool.c"
#include "tap.h"

#define BIG	(SPOOL_MEMORY + 1234567)

static char dir[] = "/tmp/pgb-spool-XXXXXX";

static uint8_t *
pattern(size_t len)
{
	uint8_t *buf = malloc(len);
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = (uint8_t)(i * 7 + i / 251);
	return (buf);
}

/* Names in the directory, without "." and "..". */
static int
names(void)
{
	DIR *d = opendir(dir);
	int count = -2;

	while (readdir(d) != NULL)
		count++;
	closedir(d);
	return (count);
}

static bool
drain(struct spool *s, const uint8_t *want, size_t len, size_t step)
{
	uint8_t *buf = malloc(step);
	size_t at = 0;
	ssize_t n;

	while ((n = spool_read(s, buf, step)) > 0) {
		if ((size_t)n > step || at + (size_t)n > len ||
		    memcmp(buf, want + at, (size_t)n) != 0)
			break;
		at += (size_t)n;
	}
	free(buf);
	return (n == 0 && at == len);
}

static void
test_through(size_t len, size_t step)
{
	uint8_t *buf = pattern(len + 1);
	struct spool *s = spool_new();
	struct stat st;
	bool good = true;
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = len - at < step ? len - at : step;
		good = spool_add(s, buf + at, n) == 0 && good;
	}
	ok(good && spool_bytes(s) == len, "%zu bytes in pieces of %zu", len,
	    step);
	ok((s->fd != -1) == (len > SPOOL_MEMORY) && s->size <= SPOOL_MEMORY,
	    "... in a file where they are many");
	if (s->fd != -1)
		ok(fstat(s->fd, &st) == 0 && st.st_nlink == 0 &&
		    (st.st_mode & 0777) == 0600 && names() == 0 &&
		    (fcntl(s->fd, F_GETFD) & FD_CLOEXEC) != 0,
		    "... that has no name and is for nobody else");
	ok(drain(s, buf, len, step / 2 + 1), "... come out again");
	ok(spool_bytes(s) == len && spool_add(s, "x", 1) == 0 &&
	    drain(s, (const uint8_t *)"x", 1, 10), "... and so does one more");
	spool_free(s);
	free(buf);
}

/* Put in and read in turns. */
static void
test_turns(void)
{
	uint8_t *buf = pattern(BIG);
	struct spool *s = spool_new();
	size_t at, n, step = 100003;
	bool good = true;

	for (at = 0; at < BIG; at += n) {
		n = BIG - at < step ? BIG - at : step;
		good = good && spool_add(s, buf + at, n) == 0 &&
		    drain(s, buf + at, n, 65536);
	}
	ok(good, "in turns");
	spool_free(s);
	free(buf);
}

static void
test_failures(void)
{
	struct rlimit was, few;
	const size_t len = SPOOL_MEMORY + 5001;
	uint8_t *buf = pattern(len);
	struct spool *s = spool_new();
	size_t at = SPOOL_MEMORY;
	int failed;

	setenv("TMPDIR", "/nonexistent", 1);
	ok(spool_add(s, buf, at) == 0, "memory needs no directory");
	errno = 0;
	ok(spool_add(s, buf + at, 1) == -1 && errno == ENOENT,
	    "no such directory: said");
	setenv("TMPDIR", dir, 1);
	ok(spool_add(s, buf + at, 1) == 0 && spool_bytes(s) == at + 1,
	    "... and nothing was added meanwhile");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	few = (struct rlimit){ 1000, was.rlim_max };
	setrlimit(RLIMIT_FSIZE, &few);
	failed = spool_add(s, buf + at + 1, 5000) == -1 ? errno : 0;
	setrlimit(RLIMIT_FSIZE, &was);
	ok(failed == EFBIG, "no room: said");
	at = (size_t)spool_bytes(s);
	ok(spool_add(s, buf + at, len - at) == 0 && drain(s, buf, len, 65536),
	    "... and nothing was lost");
	spool_free(s);
	spool_free(NULL);
	free(buf);
}

int
main(void)
{

	if (mkdtemp(dir) == NULL)
		return (1);
	setenv("TMPDIR", dir, 1);
	test_through(0, 1);
	test_through(1000, 7);
	test_through(SPOOL_MEMORY, 65536);
	test_through(SPOOL_MEMORY + 1, 4096);
	test_through(BIG, 65537);
	test_through(BIG, BIG);
	test_turns();
	test_failures();
	tmpfile_flag = 0;
	test_through(BIG, 65537);
	rmdir(dir);
	return (tap_done());
}
