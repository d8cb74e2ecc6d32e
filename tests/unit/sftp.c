/* SPDX-License-Identifier: ISC */
/* Promise: whatever a server answers, whole, in pieces, out of order, too
 * much or too little, the engine gives the right result or says what is wrong,
 * and neither hangs nor believes a length. */
#include <signal.h>
#include <stdlib.h>

#include "pgb-ship/sftp/sftp-in.c"
#include "pgb-ship/sftp/sftp-req.c"
#include "pgb-ship/sftp/sftp-start.c"
#include "pgb-ship/sftp/sftp-turn.c"
#include "pgb-ship/sftp/sftp.c"
#include "sftp-fake.h"
#include "tap.h"

/* --- a conversation with everything in it --- */

#define IOS		8
#define IO_LEN		1000

static uint8_t io_memory[IOS][IO_LEN];
static unsigned names_seen;

static void
see_name(void *arg, const char *name, const struct sftp_attrs *a)
{

	(void)arg;
	names_seen += name[0] != '\0' && a->has_mode && a->has_times &&
	    a->has_size && a->mtime == 1700000000;
}

static int
move_blocks(struct sftp *s, const struct sftp_handle *h, bool is_read)
{
	struct sftp_io ios[IOS];
	unsigned i, j;
	int rc;

	memset(ios, 0, sizeof(ios));
	for (i = 0; i < IOS; i++) {
		ios[i].buf = io_memory[i];
		ios[i].len = IO_LEN;
		ios[i].offset = (uint64_t)i * IO_LEN;
		for (j = 0; j < IO_LEN; j++)
			ios[i].buf[j] = is_read ? 0 : (uint8_t)(i * 7 + j);
		(is_read ? sftp_read : sftp_write)(s, h, &ios[i]);
	}
	for (i = 0; i < IOS; i++) {
		if ((rc = sftp_await(s, &ios[i])) != SFTP_OK)
			return (rc);
		if (ios[i].error != SFTP_OK)
			return (ios[i].error);
		for (j = 0; is_read && j < ios[i].len; j++)
			if (ios[i].buf[j] != (uint8_t)(i * 7 + j))
				return (-1000);
	}
	return (SFTP_OK);
}

#define TRY(call) do {							\
	if ((rc = (call)) != SFTP_OK)					\
		return (rc);						\
} while (0)

static int
all_requests(struct sftp *s)
{
	struct sftp_handle h, d;
	struct sftp_attrs a;
	char path[SFTP_PATH_MAX];
	uint64_t avail;
	int rc;

	TRY(sftp_start(s));
	TRY(sftp_stat(s, "/d", &a));
	TRY(sftp_mkdir(s, "/d", 0700));
	TRY(sftp_space(s, "/d", &avail));
	if (avail != 40960)
		return (-1001);
	TRY(sftp_realpath(s, ".", path));
	if (strcmp(path, "/home/x") != 0)
		return (-1002);
	TRY(sftp_open(s, "/d/t", SFTP_WRITE | SFTP_CREAT | SFTP_EXCL, 0600,
	    &h));
	TRY(move_blocks(s, &h, false));
	TRY(move_blocks(s, &h, true));
	TRY(sftp_fstat(s, &h, &a));
	if (!a.has_size || a.size != IOS * IO_LEN || a.mtime != 1700000000)
		return (-1003);
	TRY(sftp_set_time(s, &h, a.mtime));
	TRY(sftp_fsync(s, &h));
	TRY(sftp_close(s, &h));
	TRY(sftp_rename(s, "/d/t", "/d/f"));
	TRY(sftp_posix_rename(s, "/d/t", "/d/f"));
	TRY(sftp_opendir(s, "/d", &d));
	names_seen = 0;
	while ((rc = sftp_readdir(s, &d, see_name, NULL)) == SFTP_OK)
		;
	if (rc != SFTP_EOF)
		return (rc);
	TRY(sftp_lstat(s, "/d/f", &a));
	TRY(sftp_remove(s, "/d/f"));
	return (SFTP_OK);
}

/* Run all of it against f; the engine is left in *s. */
static int
run(struct fake *f, struct sftp **s)
{

	*s = fake_engine(f, 100);
	return (all_requests(*s));
}

/* --- tests --- */

static void
test_good(void)
{
	static const size_t chunks[] = { SIZE_MAX, 1, 3, 1000 };
	struct fake *f;
	struct sftp *s;
	unsigned i;
	int rc;

	for (i = 0; i < 8; i++) {
		f = fake_reset();
		f->chunk = chunks[i % 4];
		f->reverse = i >= 4;
		rc = run(f, &s);
		ok(rc == SFTP_OK && names_seen == 3,
		    "pieces of %zd bytes, %s: %d %s", (ssize_t)f->chunk,
		    f->reverse ? "answered backwards" : "in order", rc,
		    sftp_strerror(s, rc));
		sftp_free(s);
	}
}

static void
test_start(void)
{
	struct fake *f = fake_reset();
	struct sftp *s = fake_engine(f, 100);

	ok(sftp_start(s) == SFTP_OK && sftp_block(s) == SFTP_BLOCK_MAX &&
	    sftp_has(s, SFTP_FSYNC) && sftp_has(s, SFTP_STATVFS) &&
	    sftp_has(s, SFTP_POSIX_RENAME), "extensions and limits");
	sftp_free(s);

	f = fake_reset();
	f->exts = "fsync@openssh.co xfsync@openssh.com";
	s = fake_engine(f, 100);
	ok(sftp_start(s) == SFTP_OK && sftp_block(s) == SFTP_BLOCK &&
	    !sftp_has(s, SFTP_FSYNC), "an old server: no extension");
	sftp_free(s);

	f = fake_reset();
	f->max_write = 5000;
	s = fake_engine(f, 100);
	ok(sftp_start(s) == SFTP_OK && sftp_block(s) == 5000,
	    "a server's own, small limit");
	sftp_free(s);

	f = fake_reset();
	f->version = 2;
	s = fake_engine(f, 100);
	ok(sftp_start(s) == SFTP_LOST && strstr(sftp_strerror(s, SFTP_LOST),
	    "version 2") != NULL, "another version is refused");
	sftp_free(s);
}

static void
test_statuses(void)
{
	static const struct { uint32_t code; int want; } codes[] = {
		{ 2, SFTP_NO_FILE }, { 3, SFTP_DENIED }, { 4, SFTP_FAILURE },
		{ 5, SFTP_BAD_MESSAGE }, { 8, SFTP_UNSUPPORTED },
		{ 99, SFTP_FAILURE }, { 0xffffffff, SFTP_FAILURE },
	};
	struct sftp_handle h = { .len = 1 };
	struct fake *f;
	struct sftp *s;
	unsigned i;
	int rc;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		f = fake_reset();
		s = fake_engine(f, 100);
		(void)sftp_start(s);
		f->status = codes[i].code;
		rc = sftp_remove(s, "/x");
		ok(rc == codes[i].want && !sftp_is_lost(s),
		    "status %u of a request: %d, %s", codes[i].code, rc,
		    sftp_strerror(s, rc));
		ok(sftp_fsync(s, &h) == codes[i].want &&
		    sftp_open(s, "/x", SFTP_READ, 0, &h) == codes[i].want,
		    "status %u of fsync and open", codes[i].code);
		rc = move_blocks(s, &h, false);
		ok(rc == codes[i].want, "status %u of a WRITE: %d",
		    codes[i].code, rc);
		sftp_free(s);
	}
}

/* An answer with raw bytes behind its length. */
static void
own(struct fake *f, int type, const char *bytes, size_t len)
{
	struct sftp_put o = { .buf = f->own, .max = sizeof(f->own) };

	f->own_type = type;
	put_blob(&o, bytes, len);
	f->own_len = o.len;
}

#define OWN(type, bytes)	own(f, type, bytes, sizeof(bytes) - 1)
#define BAD(setup, name) do {						\
	f = fake_reset();						\
	setup;								\
	rc = run(f, &s);						\
	ok(rc == SFTP_LOST && sftp_is_garbage(s), "%s: %s", name,	\
	    sftp_strerror(s, rc));					\
	ok(sftp_remove(s, "/x") == SFTP_LOST, "%s: and stays lost", name); \
	sftp_free(s);							\
} while (0)

static void
test_garbage(void)
{
	char big[300] = { 0 };
	struct fake *f;
	struct sftp *s;
	int rc;

	BAD(OWN(FXP_STAT, "\145\0\0\0"), "an answer without a number");
	BAD(OWN(FXP_STAT, "\145\7\7\7\7\0\0\0\2"), "the number of another");
	BAD(OWN(FXP_STAT, "\147\0\0\0\0\0\0\0\2"), "another kind");
	BAD(OWN(FXP_STAT, "\145\0\0\0\0\0\0\0\0"), "status OK for an answer");
	BAD(OWN(FXP_STAT, "\145\0\0\0\0\0\0"), "a status cut short");
	BAD(OWN(FXP_STAT, "\151\0\0\0\0\0\0\0\1\0\0"), "attributes cut short");
	BAD(OWN(FXP_STAT, "\151\0\0\0\0\200\0\0\0\377\377\377\377"),
	    "more extended attributes than bytes");
	BAD(OWN(FXP_OPEN, "\146\0\0\0\0\0\0\1\1"), "a handle too long");
	BAD(OWN(FXP_OPEN, "\146\0\0\0\0\377\377\377\377"),
	    "a handle of 4 GiB");
	BAD(OWN(FXP_READ, "\147\0\0\0\0\0\0\0\0"), "no data");
	BAD(OWN(FXP_READ, "\147\0\0\0\0\0\0\1\0abc"), "data cut short");
	BAD(OWN(FXP_READ, "\145\0\0\0\0\0\0\0\0"), "a read that is just OK");
	BAD(OWN(FXP_WRITE, "\147\0\0\0\0\0\0\0\1x"), "data for a write");
	BAD(OWN(FXP_REALPATH, "\150\0\0\0\0\0\0\0\2"), "two real paths");
	BAD(OWN(FXP_REALPATH, "\150\0\0\0\0\0\0\0\1\0\0\0\2a\0"),
	    "a NUL in a path");
	BAD(OWN(FXP_READDIR, "\150\0\0\0\0\0\0\0\0"), "a list of nothing");
	BAD(OWN(FXP_READDIR, "\150\0\0\0\0\177\0\0\0"), "a list of millions");
	BAD(OWN(FXP_READDIR, "\150\0\0\0\0\0\0\0\1\0\0"), "a list cut short");
	BAD(OWN(FXP_EXTENDED, "\311\0\0\0\0\0\0"), "limits cut short");
	BAD(OWN(FXP_INIT, "\145\0\0\0\3"), "no version");
	BAD(OWN(FXP_INIT, "\2\0\0\0\3\0\0\0\4ab"), "a version cut short");
	BAD((own(f, FXP_STAT, "", 0)), "an empty packet");
	BAD((OWN(FXP_STAT, "\145\0\0\0"), f->own[0] = 0x7f),
	    "a packet of 2 GiB");
	BAD((OWN(FXP_STAT, "\145\0\0\0"), memcpy(f->own, "\0\4\0\1", 4)),
	    "a packet of one byte too much");
	memset(big, 'x', sizeof(big));
	BAD((memcpy(f->own, "Welcome to vault!\r\n", 19), f->own_len = 19,
	    f->own_type = FXP_INIT), "a greeting");
	BAD(f->max_write = 100, "writes of 100 bytes at most");

	f = fake_reset();
	memcpy(f->own, "Welcome to vault!\r\n", 19);
	f->own_len = 19;
	f->own_type = FXP_INIT;
	rc = run(f, &s);
	ok(strstr(sftp_strerror(s, rc), "\"Welcome to vault!\"") != NULL,
	    "and is shown");
	sftp_free(s);
}

/* A READ may not bring more than was asked for. */
static void
test_too_much(void)
{
	struct sftp_handle h = { .len = 1 };
	struct sftp_io io = { .len = 2 };
	struct fake *f = fake_reset();
	struct sftp *s = fake_engine(f, 100);

	(void)sftp_start(s);
	OWN(FXP_READ, "\147\0\0\0\0\0\0\0\3abc");
	io.buf = io_memory[0];
	io.buf[2] = '!';
	sftp_read(s, &h, &io);
	ok(sftp_await(s, &io) == SFTP_LOST && io.buf[2] == '!',
	    "data beyond the buffer are refused");
	sftp_free(s);

	f = fake_reset();
	s = fake_engine(f, 100);
	(void)sftp_start(s);
	f->file_len = 10;
	f->short_read = 1;
	memset(&io, 0, sizeof(io));
	io.buf = io_memory[0];
	io.len = 5;
	sftp_read(s, &h, &io);
	ok(sftp_await(s, &io) == SFTP_OK && io.error == SFTP_OK &&
	    io.len == 1, "less data than asked for is told");
	io.len = 5;
	io.offset = 10;
	sftp_read(s, &h, &io);
	ok(sftp_await(s, &io) == SFTP_OK && io.error == SFTP_EOF,
	    "behind the end there is the end");
	sftp_free(s);
}

static void
test_cut(void)
{
	struct fake *f = fake_reset();
	size_t total, cut, bad = 0;
	struct sftp *s;

	(void)run(f, &s);
	total = f->out_len;
	sftp_free(s);
	for (cut = 0; cut < total; cut++) {
		f = fake_reset();
		f->cut = cut;
		if (run(f, &s) != SFTP_LOST || sftp_is_garbage(s))
			bad++;
		sftp_free(s);
	}
	ok(bad == 0, "cut at each of %zu bytes: lost", total);
}

/* No claim on the result but that there is one: for the sanitizers too. */
static void
test_flips(void)
{
	static const uint8_t by[] = { 1, 0x80, 0xff };
	struct fake *f = fake_reset();
	size_t total, at, i, fine = 0;
	struct sftp *s;

	(void)run(f, &s);
	total = f->out_len;
	sftp_free(s);
	for (at = 0; at < total; at++)
		for (i = 0; i < sizeof(by); i++) {
			f = fake_reset();
			f->flip = at + 1;
			f->flip_by = by[i];
			fine += run(f, &s) == SFTP_OK;
			sftp_free(s);
		}
	ok(fine < 3 * total, "each of %zu bytes changed: %zu of %zu matter",
	    total, 3 * total - fine, 3 * total);
}

static void
test_limits(void)
{
	static char path[2 * SFTP_PATH_MAX + 600];
	struct sftp_attrs a;
	struct fake *f = fake_reset();
	struct sftp *s = fake_engine(f, 100);
	int rc;

	(void)sftp_start(s);
	memset(path, 'p', sizeof(path) - 1);
	rc = sftp_stat(s, path, &a);
	ok(rc == SFTP_FAILURE && strcmp(sftp_strerror(s, rc),
	    "path too long") == 0, "a path that does not fit");
	ok(sftp_stat(s, "/x", &a) == SFTP_OK, "and the next request is well");
	sftp_free(s);
}

static void
test_silence(void)
{
	struct sftp_attrs a;
	struct fake *f = fake_reset();
	struct sftp *s = fake_engine(f, 100);
	int rc;

	(void)sftp_start(s);
	f->mute = true;
	f->dry_is_end = false;
	rc = sftp_stat(s, "/x", &a);
	ok(rc == SFTP_LOST && strstr(sftp_strerror(s, rc), "sign of life") !=
	    NULL, "a silent server is lost: %s", sftp_strerror(s, rc));
	sftp_free(s);
}

/* Ten are on their way, and the time is over after three. */
static void
test_last_words(void)
{
	struct sftp_handle h = { .len = 1 };
	struct sftp_io ios[10];
	struct fake *f = fake_reset();
	struct sftp *s = fake_engine(f, 3600 * 1000);
	int64_t until;
	unsigned i, answered = 0, lost = 0;

	(void)sftp_start(s);
	f->dry_is_end = false;
	sftp_last_words(s);
	until = s->last_words;
	memset(ios, 0, sizeof(ios));
	for (i = 0; i < 10; i++) {
		if (i == 3) {
			f->mute = true;
			s->last_words = sftp_now() - 1;
		}
		ios[i].buf = io_memory[0];
		ios[i].len = 1;
		sftp_write(s, &h, &ios[i]);
		switch (sftp_await(s, &ios[i])) {
		case SFTP_OK:
			answered++;
			break;
		case SFTP_LOST:
			lost++;
		}
		sftp_last_words(s);
		if (i < 3 && s->last_words != until)
			break;
	}
	ok(answered == 3 && lost == 7,
	    "last words have one end, however many waits: %s",
	    sftp_strerror(s, SFTP_LOST));
	sftp_free(s);

	/* What has come counts. */
	f = fake_reset();
	s = fake_engine(f, 3600 * 1000);
	(void)sftp_start(s);
	f->dry_is_end = false;
	sftp_last_words(s);
	s->last_words = sftp_now() - 1;
	sftp_write(s, &h, &ios[0]);
	ok(sftp_await(s, &ios[0]) == SFTP_OK, "what has come by then is taken");
	sftp_free(s);
}

/* Last: the signal stays caught. */
static void
test_signal(bool sent)
{
	struct sftp_attrs a;
	struct fake *f = fake_reset();
	struct sftp *s = fake_engine(f, 60000);

	sftp_deafen(s, true);
	(void)sftp_start(s);
	sftp_deafen(s, false);
	f->dry_is_end = false;
	ok(sftp_stat(s, "/x", &a) == SFTP_SIGNAL && !sftp_is_lost(s),
	    "a signal ends the wait");
	if (sent) {
		/* Its answer comes late. */
		f->mute = true;
		(void)sftp_poke(s);
		f->mute = false;
		begin(FXP_ATTRS, s->small_id);
		put_all_attrs(1, 1);
		send_out(f);
	}
	sftp_last_words(s);
	ok(sftp_remove(s, "/x") == SFTP_OK && f->removes == 1,
	    "what was left behind can still be removed");
	sftp_free(s);
}

int
main(void)
{

	test_good();
	test_start();
	test_statuses();
	test_garbage();
	test_too_much();
	test_cut();
	test_flips();
	test_limits();
	test_silence();
	test_last_words();
	sig_install();
	raise(SIGTERM);
	test_signal(false);
	test_signal(true);
	return (tap_done());
}
