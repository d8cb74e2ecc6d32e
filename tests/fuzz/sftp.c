/* SPDX-License-Identifier: ISC */
/*
 * Promise: nothing that a server answers makes the SFTP engine crash or read
 * what was not sent; what is made of it does not depend on how the bytes came,
 * and once the connection is lost nothing more is asked.
 *
 * The first byte of the input is the kind: 0, the rest is what the server
 * sends; 1, the rest is a list of answers: type, which of the open requests
 * it is for, length of two bytes, body.  The engine is driven through every
 * request it has, several READs and WRITEs at a time among them.
 *
 * clang -D_GNU_SOURCE -Icommon -Icmd -Icmd/pgb-ship -Itests -g -O1 \
 *     -fsanitize=fuzzer,address,undefined tests/fuzz/sftp.c common/sig.c
 */
#include <stdlib.h>

#include "pgb-ship/sftp/sftp.c"
#include "pgb-ship/sftp/sftp-in.c"
#include "pgb-ship/sftp/sftp-req.c"
#include "pgb-ship/sftp/sftp-start.c"
#include "pgb-ship/sftp/sftp-turn.c"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define IOS		4
#define IO_LEN		96
#define ASKED		16
#define RESULTS		256

static struct {
	const uint8_t *data;
	size_t len, at;
	size_t step;		/* bytes that are moved at once */
	bool framed;

	/* What the engine has asked: of the packet that is sent now, and the
	 * numbers of those that have no answer yet. */
	uint8_t head[9];
	size_t have, skip;
	uint32_t asked[ASKED];
	size_t count;
	bool init;

	/* The answer that is sent now. */
	uint8_t out[9];
	size_t out_len, out_at, body;

	/* What came of it. */
	int64_t v[RESULTS];
	size_t results;
} it;

static void
must(bool good)
{

	if (!good)
		abort();
}

static void
told(int64_t v)
{

	must(it.results < RESULTS);
	it.v[it.results++] = v;
}

/* --- the wire --- */

static void
note_asked(void)
{
	struct sftp_get g = { .p = it.head, .left = sizeof(it.head) };
	size_t len = get_u32(&g);
	uint32_t id;

	must(len >= 5 && len <= SFTP_REPLY_MAX);
	it.skip = len - 5;
	it.have = 0;
	it.init = it.head[4] == FXP_INIT;
	(void)get_bytes(&g, 1);
	id = get_u32(&g);
	if (it.count < ASKED)
		it.asked[it.count++] = id;
}

static ssize_t
takes(struct wire *w, const struct iovec *v, int count)
{
	size_t left = it.step, i, n;
	const uint8_t *p;

	(void)w;
	must(count > 0);
	for (; count > 0 && left > 0; v++, count--) {
		p = v->iov_base;
		n = v->iov_len < left ? v->iov_len : left;
		must(n > 0);
		left -= n;
		for (i = 0; i < n; i++) {
			if (it.skip > 0) {
				it.skip--;
				continue;
			}
			it.head[it.have++] = p[i];
			if (it.have == sizeof(it.head))
				note_asked();
		}
	}
	return ((ssize_t)(it.step - left));
}

static uint8_t
next_byte(void)
{

	return (it.at < it.len ? it.data[it.at++] : 0);
}

/* The next answer of the list, for one of those who wait. */
static bool
compose(void)
{
	struct sftp_put o = { .buf = it.out, .max = sizeof(it.out) };
	uint8_t type;
	size_t which;
	uint32_t id;

	if (it.at >= it.len || it.count == 0)
		return (false);
	type = next_byte();
	which = next_byte() % it.count;
	it.body = next_byte();
	it.body = it.body << 8 | next_byte();
	if (it.body > it.len - it.at)
		it.body = it.len - it.at;
	id = it.asked[which];
	it.asked[which] = it.asked[--it.count];
	put_u32(&o, (uint32_t)(it.body + (it.init ? 1 : 5)));
	put_bytes(&o, &type, 1);
	if (!it.init)
		put_u32(&o, id);
	it.out_len = o.len;
	it.out_at = 0;
	return (true);
}

static ssize_t
gives(struct wire *w, void *buf, size_t len)
{
	const uint8_t *from = it.data + it.at;
	size_t n = it.len - it.at;

	if (it.framed && it.out_at == it.out_len && it.body == 0 && !compose())
		n = 0;
	else if (it.framed && it.out_at < it.out_len) {
		from = it.out + it.out_at;
		n = it.out_len - it.out_at;
	} else if (it.framed) {
		from = it.data + it.at;
		n = it.body;
	}
	if (n == 0) {
		snprintf(w->why, sizeof(w->why), "the end");
		return (-1);
	}
	n = n < len ? n : len;
	n = n < it.step ? n : it.step;
	memcpy(buf, from, n);
	if (!it.framed)
		it.at += n;
	else if (it.out_at < it.out_len)
		it.out_at += n;
	else {
		it.at += n;
		it.body -= n;
	}
	return ((ssize_t)n);
}

static int
wants(struct wire *w, struct pollfd *p)
{

	(void)w;
	(void)p;
	abort();	/* there is always something, or the end */
}

static void
closes(struct wire *w)
{

	(void)w;
}

/* --- the requests --- */

static void
each(void *arg, const char *name, const struct sftp_attrs *a)
{
	size_t *count = arg;

	must(strlen(name) < 256);
	*count += a->has_size ? (size_t)(a->size % 7) + 2 : 1;
}

static void
told_attrs(int rc, const struct sftp_attrs *a)
{

	told(rc);
	if (rc == SFTP_OK)
		told(a->has_size ? (int64_t)(a->size & INT64_MAX) : -1);
}

static void
move_data(struct sftp *s, const struct sftp_handle *h, bool is_read)
{
	static uint8_t room[IOS][IO_LEN];
	static struct sftp_io io[IOS];
	size_t i;

	memset(io, 0, sizeof(io));
	for (i = 0; i < IOS; i++) {
		memset(room[i], 0, IO_LEN);
		io[i].buf = room[i];
		io[i].len = IO_LEN;
		io[i].offset = i * IO_LEN;
		if (is_read)
			sftp_read(s, h, &io[i]);
		else
			sftp_write(s, h, &io[i]);
	}
	/* The last one first: the others go on meanwhile. */
	for (i = IOS; i-- > 0;) {
		told(sftp_await(s, &io[i]));
		if (sftp_is_lost(s))
			return;
		must(!io[i].busy && !io[i].packet.queued &&
		    io[i].len <= IO_LEN);
		told(io[i].error);
		if (is_read && io[i].error == SFTP_OK)
			told((int64_t)io[i].len * 256 + room[i][0]);
	}
}

static void
about_paths(struct sftp *s)
{
	static char path[SFTP_PATH_MAX];
	struct sftp_attrs a;
	uint64_t avail;
	int rc;

	told_attrs(sftp_stat(s, "a", &a), &a);
	told_attrs(sftp_lstat(s, "b", &a), &a);
	told(sftp_mkdir(s, "c", 0700));
	told(sftp_remove(s, "d"));
	told(sftp_rename(s, "e", "f"));
	told(sftp_posix_rename(s, "g", "h"));
	told(rc = sftp_realpath(s, ".", path));
	if (rc == SFTP_OK)
		told((int64_t)strnlen(path, SFTP_PATH_MAX));
	told(rc = sftp_space(s, "i", &avail));
	if (rc == SFTP_OK)
		told((int64_t)(avail & INT64_MAX));
}

static void
about_lists(struct sftp *s)
{
	struct sftp_handle h;
	size_t i, n = 0;
	int rc;

	told(rc = sftp_opendir(s, "j", &h));
	for (i = 0; i < 4 && rc == SFTP_OK; i++)
		told(rc = sftp_readdir(s, &h, each, &n));
	told((int64_t)n);
}

static void
drive(struct sftp *s)
{
	struct sftp_handle h = { .len = 4 };
	struct sftp_attrs a;

	told(sftp_start(s));
	if (!sftp_is_lost(s))
		must(sftp_block(s) >= 1024 && sftp_block(s) <= SFTP_BLOCK_MAX);
	told(sftp_open(s, "k", SFTP_WRITE | SFTP_CREAT, 0600, &h));
	if (sftp_is_lost(s))
		return;
	must(h.len <= sizeof(h.v));
	move_data(s, &h, false);
	told_attrs(sftp_fstat(s, &h, &a), &a);
	told(sftp_set_mode(s, &h, 0640));
	told(sftp_set_time(s, &h, 1));
	move_data(s, &h, true);
	told(sftp_fsync(s, &h));
	told(sftp_close(s, &h));
	about_paths(s);
	about_lists(s);
	told(sftp_is_garbage(s));
}

static void
run(const uint8_t *data, size_t len, size_t step)
{
	struct wire w = { .read = gives, .write = takes, .want = wants,
	    .close = closes };
	const struct sftp_opts opts = { .silence_ms = 3600000,
	    .stall_ms = 3600000 };
	struct sftp *s;
	size_t i;

	memset(&it, 0, sizeof(it));
	it.framed = len > 0 && data[0] % 2 == 1;
	it.data = data;
	it.len = len;
	it.at = len > 0;
	it.step = step;
	if ((s = sftp_new(&w, &opts)) == NULL)
		return;
	drive(s);
	if (sftp_is_lost(s)) {
		must(sftp_poke(s) == SFTP_LOST);
		must(sftp_strerror(s, SFTP_LOST)[0] != '\0');
	}
	for (i = 0; sftp_strerror(s, SFTP_FAILURE)[i] != '\0'; i++)
		must(sftp_strerror(s, SFTP_FAILURE)[i] >= 0x20);
	sftp_free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t steps[] = { 1, 7 };
	static int64_t whole[RESULTS];
	size_t i, results;

	run(data, len, 1 << 20);
	results = it.results;
	memcpy(whole, it.v, results * sizeof(it.v[0]));
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		run(data, len, steps[i]);
		/* What is sent before it was asked for, may come too early. */
		must(!it.framed || (it.results == results &&
		    memcmp(it.v, whole, results * sizeof(it.v[0])) == 0));
	}
	return (0);
}
