/* SPDX-License-Identifier: ISC */
/*
 * Promise: what is put into a hold comes out of it unchanged or not whole, it
 * has no name, needs no file opened later, and where there is no room the
 * message says so before the disk is full.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "tap.h"

/* Not every file system has it. */
static int tmpfile_flag = O_TMPFILE;
#undef O_TMPFILE
#define O_TMPFILE	tmpfile_flag

/* What is free. */
static uint64_t free_bytes = UINT64_MAX;
static bool free_unknown;
static size_t asked;

static int
fake_statvfs(int fd, struct statvfs *v)
{
	asked++;
	if (free_bytes == UINT64_MAX)
		return (fstatvfs(fd, v));
	memset(v, 0, sizeof(*v));
	v->f_blocks = free_unknown ? 0 : 1000000;
	v->f_bavail = free_bytes / 512;
	v->f_frsize = 512;
	return (0);
}
#define fstatvfs	fake_statvfs

#include "pgb-verify/hold.c"

#include "sig.h"

#define MIB	((size_t)1 << 20)

static char dir[] = "/tmp/pgb-hold-XXXXXX";

/* What pump_emit() was given. */
static uint8_t *out;
static size_t out_len, out_size, fail_at = SIZE_MAX;

enum status
pump_emit(struct pump *p, const void *buf, size_t len)
{
	(void)p;
	if (len == 0 || out_len + len > out_size)
		abort();
	if (out_len + len > fail_at)
		return (STATUS_RETRY);
	memcpy(out + out_len, buf, len);
	out_len += len;
	return (STATUS_OK);
}

static char said[4096];
static int err = -1, err_file;

/* What is printed from here on goes into said, which stop() fills. */
static void
record(void)
{
	err = dup(2);
	err_file = memfd_create("stderr", MFD_CLOEXEC);
	dup2(err_file, 2);
}

static void
stop(void)
{
	ssize_t n = pread(err_file, said, sizeof(said) - 1, 0);

	said[n > 0 ? n : 0] = '\0';
	dup2(err, 2);
	close(err);
	close(err_file);
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

static uint8_t *
pattern(size_t len)
{
	uint8_t *buf = malloc(len + 1);
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = (uint8_t)(i * 7 + i / 251);
	out = realloc(out, len + 1);
	out_size = len;
	out_len = 0;
	return (buf);
}

/* A hold with len bytes of buf in it. */
static struct hold *
filled(const uint8_t *buf, size_t len, size_t step)
{
	enum status status;
	struct hold *h = hold_open(dir, 0, &status);
	size_t i, n;

	for (i = 0; h != NULL && i < len; i += n) {
		n = len - i < step ? len - i : step;
		if (hold_put(h, buf + i, n) != STATUS_OK)
			abort();
	}
	return (h);
}

static void
try_whole(const char *how)
{
	static const struct {
		size_t len, step;
	} list[] = {
		{ 0, 1 }, { 1, 1 }, { 1000, 7 }, { READ_SIZE - 1, 65536 },
		{ READ_SIZE, READ_SIZE }, { READ_SIZE + 1, 4 * MIB },
		{ 3 * MIB + 12345, 70001 },
	};
	struct hold *h;
	struct stat st;
	uint8_t *buf;
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		buf = pattern(list[i].len);
		h = filled(buf, list[i].len, list[i].step);
		ok(h != NULL && names() == 0 && fstat(h->fd, &st) == 0 &&
		    st.st_nlink == 0 && (st.st_mode & 07777) == 0600 &&
		    (fcntl(h->fd, F_GETFD) & FD_CLOEXEC) != 0,
		    "%s: %zu bytes have no name", how, list[i].len);
		ok(h != NULL && hold_release(h, NULL) == STATUS_OK &&
		    out_len == list[i].len && memcmp(out, buf, out_len) == 0,
		    "%s: %zu bytes come out", how, list[i].len);
		hold_free(h);
		free(buf);
	}
}

/* Damage behind our back: what has come out by then is not all of it. */
static void
try_damage(void)
{
	const size_t len = 2 * READ_SIZE + 77;
	uint8_t *buf = pattern(len);
	struct hold *h = filled(buf, len, 65536);

	record();
	ok(pwrite(h->fd, "\xff", 1, 5) == 1 &&
	    hold_release(h, NULL) == STATUS_LOCAL, "a changed byte is seen");
	stop();
	ok(out_len == len - 77, "the last piece stays");
	ok(strstr(said, "has changed") != NULL, "which is said");
	hold_free(h);

	out_len = 0;
	h = filled(buf, len, 65536);
	record();
	ok(ftruncate(h->fd, (off_t)len - 1) == 0 &&
	    hold_release(h, NULL) == STATUS_LOCAL, "a byte gone is seen");
	stop();
	ok(out_len < len && strstr(said, "is gone") != NULL,
	    "which is said, too");
	hold_free(h);

	out_len = 0;
	fail_at = READ_SIZE;
	h = filled(buf, len, 65536);
	ok(hold_release(h, NULL) == STATUS_RETRY && out_len == READ_SIZE,
	    "what pump_emit() returns ends it");
	fail_at = SIZE_MAX;
	hold_free(h);
	free(buf);
}

static void
try_room(void)
{
	uint8_t *buf = pattern(MIB);
	enum status status;
	struct hold *h;

	free_bytes = 10240;
	record();
	h = hold_open(dir, 10241, &status);
	stop();
	ok(h == NULL && status == STATUS_LOCAL, "more expected than is free");
	ok(strstr(said, dir) != NULL && strstr(said, "no room for 10241 bytes: "
	    "0 bytes are held back, 10240 are free\n") != NULL &&
	    strstr(said, "hint: TMPDIR or --hold-dir") != NULL, "is refused");
	h = hold_open(dir, 10240, &status);
	ok(h != NULL && status == STATUS_OK, "as much as is free is taken");
	free_bytes = 9216;
	ok(hold_put(h, buf, 1024) == STATUS_OK, "what is free is not asked "
	    "with each piece");
	hold_free(h);

	h = hold_open(dir, 0, &status);
	free_bytes = 1024;
	record();
	ok(hold_put(h, buf, 1025) == STATUS_LOCAL, "a piece larger than what "
	    "is free");
	stop();
	ok(strstr(said, "no room for 1025 bytes: 0 ") != NULL, "is refused");
	ok(hold_put(h, buf, 1) == STATUS_LOCAL &&
	    hold_release(h, NULL) == STATUS_LOCAL && out_len == 0,
	    "after that nothing is taken or given");
	hold_free(h);

	free_bytes = 0;
	free_unknown = true;
	h = hold_open(dir, 10, &status);
	ok(h != NULL && hold_put(h, buf, 10) == STATUS_OK,
	    "a file system that does not say what is free");
	hold_free(h);
	free_unknown = false;
	free_bytes = UINT64_MAX;
	free(buf);
}

static void
try_steps(void)
{
	uint8_t *buf = pattern(MIB);
	enum status status = STATUS_OK;
	struct hold *h = hold_open(dir, 200 * MIB, &status);
	size_t i;

	asked = 0;
	for (i = 0; i < 129 && status == STATUS_OK; i++)
		status = hold_put(h, buf, MIB);
	ok(status == STATUS_OK && asked == 2, "asked again at 64 and 128 MiB");
	h->ask_at = h->held;
	free_bytes = 70 * MIB;
	record();
	status = hold_put(h, buf, MIB);
	stop();
	ok(status == STATUS_LOCAL, "less free than what is still to come");
	ok(strstr(said, "no room for 74448896 bytes more: 135266304 bytes are "
	    "held back, 73400320 are free") != NULL, "is refused");
	free_bytes = UINT64_MAX;
	hold_free(h);
	free(buf);
}

static void
try_limits(void)
{
	struct rlimit was, less;
	uint8_t *buf = pattern(100000);
	enum status status;
	struct hold *h;

	getrlimit(RLIMIT_FSIZE, &was);
	less = was;
	less.rlim_cur = 50000;
	signal(SIGXFSZ, SIG_IGN);
	h = hold_open(dir, 0, &status);
	setrlimit(RLIMIT_FSIZE, &less);
	status = hold_put(h, buf, 40000);
	record();
	if (status == STATUS_OK)
		status = hold_put(h, buf, 40000);
	stop();
	setrlimit(RLIMIT_FSIZE, &was);
	ok(status == STATUS_LOCAL && strstr(said, "File too large: 40000 bytes "
	    "are held back, ") != NULL, "an error of write(2)");
	ok(hold_release(h, NULL) == STATUS_LOCAL && out_len == 0,
	    "nothing comes out then");
	hold_free(h);

	h = filled(buf, 1000, 1000);
	getrlimit(RLIMIT_NOFILE, &was);
	less = was;
	less.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &less);
	ok(open("/", O_RDONLY) == -1 && hold_put(h, buf, 1000) == STATUS_OK &&
	    hold_release(h, NULL) == STATUS_OK && out_len == 2000,
	    "no descriptor is needed later");
	setrlimit(RLIMIT_NOFILE, &was);
	hold_free(h);
	free(buf);
}

static void
try_dirs(void)
{
	enum status status;
	struct hold *h;

	record();
	h = hold_open("/nowhere/at/all", 0, &status);
	stop();
	ok(h == NULL && status == STATUS_LOCAL && strstr(said,
	    "/nowhere/at/all: No such file") != NULL, "no such directory");
	setenv("TMPDIR", dir, 1);
	h = hold_open(NULL, 0, &status);
	same(h != NULL ? h->dir : "none", dir, "TMPDIR");
	hold_free(h);
	setenv("TMPDIR", "", 1);
	h = hold_open(NULL, 0, &status);
	same(h != NULL ? h->dir : "none", "/var/tmp", "an empty TMPDIR");
	hold_free(h);
	hold_free(NULL);
}

/* Last: it stays caught. */
static void
try_signal(void)
{
	uint8_t *buf = pattern(1000);
	struct hold *h = filled(buf, 1000, 1000);

	sig_install();
	raise(SIGTERM);
	record();
	ok(hold_put(h, buf, 1000) == STATUS_LOCAL, "a caught signal ends it");
	stop();
	same(said, "", "without a message");
	hold_free(h);
	free(buf);
	free(out);
}

int
main(void)
{
	const int real = tmpfile_flag;

	if (mkdtemp(dir) == NULL)
		return (1);
	try_whole("O_TMPFILE");
	tmpfile_flag = O_DIRECTORY;	/* as a kernel that lacks it: EISDIR */
	try_whole("mkstemp");
	tmpfile_flag = real;
	try_damage();
	try_room();
	try_steps();
	try_limits();
	try_dirs();
	try_signal();
	ok(names() == 0, "no file is left");
	rmdir(dir);
	return (tap_done());
}
