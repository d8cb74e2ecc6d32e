/* SPDX-License-Identifier: ISC */
/* Promise: whatever a server answers, whole, in pieces, out of order, too
 * much or too little, the engine gives the right result or says what is wrong,
 * and neither hangs nor believes a length. */
#include <signal.h>
#include <stdlib.h>

#include "pgb-ship/sftp-in.c"
#include "pgb-ship/sftp-req.c"
#include "pgb-ship/sftp.c"
#include "tap.h"

#define FILE_SIZE	(1 << 14)
#define OUT_SIZE	(1 << 16)

/* A server in memory: its file is what was written. */
struct fake {
	struct wire wire;	/* first */
	size_t chunk;		/* bytes moved by one read or write */
	bool dry_is_end;	/* no answer left: the connection ends */
	bool reverse;		/* WRITEs and READs answered last first */
	bool mute;		/* answers nothing */
	const char *exts;	/* names, spaces between */
	uint32_t version;
	uint64_t max_write;
	uint32_t status;	/* for requests answered by a status */
	size_t short_read;	/* at most so many bytes of data; 0: all */
	size_t cut;		/* bytes that are sent before the end */
	size_t flip;		/* this byte is sent changed; 0: none */
	uint8_t flip_by;

	/* An answer of the test's own for one type of request. */
	int own_type;
	uint8_t own[600];
	size_t own_len;		/* without length, type... as given */

	uint8_t in[1 << 14];
	size_t in_len;
	uint8_t out[OUT_SIZE];
	size_t out_len, out_pos;
	size_t held[64], held_len[64], held_count;
	uint8_t held_buf[1 << 16];
	size_t held_used;
	uint8_t file[FILE_SIZE];
	size_t file_len;
	unsigned dirs;		/* READDIRs answered */
	unsigned removes;
};

static struct fake *
fake_of(struct wire *w)
{

	return ((struct fake *)(void *)w);
}

/* --- answers --- */

static uint8_t packet_buf[300000];
static struct sftp_put packet;

static void
begin(uint8_t type, uint32_t id)
{

	packet = (struct sftp_put){ .buf = packet_buf,
	    .max = sizeof(packet_buf) };
	put_u32(&packet, 0);
	put_bytes(&packet, &type, 1);
	if (type != FXP_VERSION)
		put_u32(&packet, id);
}

static void
send_out(struct fake *f)
{

	set_length(&packet, 0);
	if (packet.len > OUT_SIZE - f->out_len)
		abort();
	memcpy(f->out + f->out_len, packet.buf, packet.len);
	f->out_len += packet.len;
}

static void
send_status(struct fake *f, uint32_t id, uint32_t code)
{

	begin(FXP_STATUS, id);
	put_u32(&packet, code);
	put_text(&packet, code == 4 ? "Failure" : "words\n");
	put_text(&packet, "");
	send_out(f);
}

static void
put_all_attrs(uint64_t size, uint32_t mode)
{

	put_u32(&packet, ATTR_SIZE | ATTR_UIDGID | ATTR_PERMISSIONS |
	    ATTR_ACMODTIME | ATTR_EXTENDED);
	put_u64(&packet, size);
	put_u32(&packet, 1);
	put_u32(&packet, 2);
	put_u32(&packet, mode);
	put_u32(&packet, 3);
	put_u32(&packet, 1700000000);
	put_u32(&packet, 1);
	put_text(&packet, "x@y");
	put_text(&packet, "z");
}

static void
answer_version(struct fake *f)
{
	char exts[400], *name, *rest = exts;

	begin(FXP_VERSION, 0);
	put_u32(&packet, f->version);
	snprintf(exts, sizeof(exts), "%s", f->exts);
	while ((name = strsep(&rest, " ")) != NULL) {
		put_text(&packet, name);
		put_text(&packet, "1");
	}
	send_out(f);
}

static void
answer_extended(struct fake *f, uint32_t id, struct sftp_get *g)
{
	const uint8_t *name;
	unsigned i;
	size_t len;

	name = get_blob(g, &len);
	begin(FXP_EXTENDED_REPLY, id);
	if (len == 18 && memcmp(name, "limits@openssh.com", 18) == 0) {
		put_u64(&packet, f->max_write + 1024);
		put_u64(&packet, 261120);
		put_u64(&packet, f->max_write);
		put_u64(&packet, 100);
	} else if (len == 19 && memcmp(name, "statvfs@openssh.com", 19) == 0) {
		for (i = 0; i < 11; i++)
			put_u64(&packet, i == 1 ? 4096 : i == 4 ? 10 : 77);
	} else {
		send_status(f, id, f->status);
		return;
	}
	send_out(f);
}

static void
answer_read(struct fake *f, uint32_t id, struct sftp_get *g)
{
	uint64_t at;
	uint32_t n;
	size_t len;

	get_blob(g, &len);
	at = get_u64(g);
	n = get_u32(g);
	if (at >= f->file_len) {
		send_status(f, id, 1);
		return;
	}
	if (n > f->file_len - at)
		n = (uint32_t)(f->file_len - at);
	if (f->short_read > 0 && n > f->short_read)
		n = (uint32_t)f->short_read;
	begin(FXP_DATA, id);
	put_u32(&packet, n);
	put_bytes(&packet, f->file + at, n);
	send_out(f);
}

static void
answer_write(struct fake *f, uint32_t id, struct sftp_get *g)
{
	const uint8_t *data;
	uint64_t at;
	size_t len;

	get_blob(g, &len);
	at = get_u64(g);
	data = get_blob(g, &len);
	if (data == NULL || at + len > FILE_SIZE)
		abort();
	memcpy(f->file + at, data, len);
	if (at + len > f->file_len)
		f->file_len = at + len;
	send_status(f, id, f->status);
}

static void
answer_names(struct fake *f, uint32_t id)
{
	static const char *const names[] = { ".", "..", "a", "long" };
	char longer[300];
	size_t i;

	if (f->dirs++ > 0) {
		send_status(f, id, 1);
		return;
	}
	memset(longer, 'n', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	begin(FXP_NAME, id);
	put_u32(&packet, 4);
	for (i = 0; i < 4; i++) {
		put_text(&packet, i == 3 ? longer : names[i]);
		put_text(&packet, "-rw------- 1 ...");
		put_all_attrs(i, 0100600);
	}
	send_out(f);
}

static void
answer(struct fake *f, uint8_t type, struct sftp_get *g)
{
	uint32_t id = type == FXP_INIT ? 0 : get_u32(g);

	if (f->mute)
		return;
	if (f->own_type == type) {
		memcpy(f->out + f->out_len, f->own, f->own_len);
		/* An ID of zeros is to be the right one. */
		if (f->own_len >= 9 && memcmp(f->own + 5, "\0\0\0\0", 4) == 0)
			f->out[f->out_len + 8] = (uint8_t)id;
		f->out_len += f->own_len;
		return;
	}
	switch (type) {
	case FXP_INIT:
		answer_version(f);
		break;
	case FXP_OPEN:
	case FXP_OPENDIR:
		if (f->status != 0) {
			send_status(f, id, f->status);
			break;
		}
		begin(FXP_HANDLE, id);
		put_text(&packet, "handle");
		send_out(f);
		break;
	case FXP_READ:
		answer_read(f, id, g);
		break;
	case FXP_WRITE:
		answer_write(f, id, g);
		break;
	case FXP_STAT:
	case FXP_LSTAT:
	case FXP_FSTAT:
		begin(FXP_ATTRS, id);
		put_all_attrs(f->file_len, 0100600);
		send_out(f);
		break;
	case FXP_READDIR:
		answer_names(f, id);
		break;
	case FXP_REALPATH:
		begin(FXP_NAME, id);
		put_u32(&packet, 1);
		put_text(&packet, "/home/x");
		put_text(&packet, "/home/x");
		put_all_attrs(0, 0);
		send_out(f);
		break;
	case FXP_EXTENDED:
		answer_extended(f, id, g);
		break;
	default:
		f->removes += type == FXP_REMOVE;
		send_status(f, id, f->status);
	}
}

/* Answer READs and WRITEs late, the last one first. */
static void
hold_back(struct fake *f, const uint8_t *p, size_t len)
{

	if (len > sizeof(f->held_buf) - f->held_used || f->held_count == 64)
		abort();
	memcpy(f->held_buf + f->held_used, p, len);
	f->held[f->held_count] = f->held_used;
	f->held_len[f->held_count++] = len;
	f->held_used += len;
}

static void
serve(struct fake *f)
{
	struct sftp_get g;
	size_t len, i;

	while (f->in_len >= 5) {
		g = (struct sftp_get){ .p = f->in, .left = f->in_len };
		len = get_u32(&g);
		if (f->in_len - 4 < len)
			break;
		g = (struct sftp_get){ .p = f->in + 5, .left = len - 1 };
		if (f->reverse && (f->in[4] == FXP_READ ||
		    f->in[4] == FXP_WRITE))
			hold_back(f, f->in + 4, len);
		else
			answer(f, f->in[4], &g);
		memmove(f->in, f->in + 4 + len, f->in_len - 4 - len);
		f->in_len -= 4 + len;
	}
	if (f->out_pos < f->out_len || f->held_count == 0)
		return;
	for (i = f->held_count; i-- > 0;) {
		g = (struct sftp_get){ .p = f->held_buf + f->held[i] + 1,
		    .left = f->held_len[i] - 1 };
		answer(f, f->held_buf[f->held[i]], &g);
	}
	f->held_count = f->held_used = 0;
}

/* --- the wire --- */

static ssize_t
fake_read(struct wire *w, void *buf, size_t len)
{
	struct fake *f = fake_of(w);
	size_t n, end = f->out_len < f->cut ? f->out_len : f->cut;

	serve(f);
	end = f->out_len < f->cut ? f->out_len : f->cut;
	n = end - f->out_pos;
	if (n == 0 && (f->dry_is_end || f->out_pos == f->cut)) {
		snprintf(w->why, sizeof(w->why), "the end");
		return (-1);
	}
	if (n > len)
		n = len;
	if (n > f->chunk)
		n = f->chunk;
	memcpy(buf, f->out + f->out_pos, n);
	if (f->flip > 0 && f->flip - 1 >= f->out_pos &&
	    f->flip - 1 < f->out_pos + n)
		((uint8_t *)buf)[f->flip - 1 - f->out_pos] ^= f->flip_by;
	f->out_pos += n;
	return ((ssize_t)n);
}

static ssize_t
fake_write(struct wire *w, const void *buf, size_t len)
{
	struct fake *f = fake_of(w);

	if (len > f->chunk)
		len = f->chunk;
	if (len > sizeof(f->in) - f->in_len)
		len = sizeof(f->in) - f->in_len;
	memcpy(f->in + f->in_len, buf, len);
	f->in_len += len;
	return ((ssize_t)len);
}

static int
fake_want(struct wire *w, short *events)
{

	(void)w;
	*events = POLLIN;
	return (-1);
}

static void
fake_close(struct wire *w)
{

	(void)w;
}

static struct fake *
fake_reset(void)
{
	static struct fake f;

	memset(&f, 0, sizeof(f));
	f.wire.read = fake_read;
	f.wire.write = fake_write;
	f.wire.want = fake_want;
	f.wire.close = fake_close;
	f.chunk = SIZE_MAX;
	f.dry_is_end = true;
	f.version = 3;
	f.max_write = 261120;
	f.cut = SIZE_MAX;
	f.own_type = -1;
	f.exts = "posix-rename@openssh.com statvfs@openssh.com "
	    "fsync@openssh.com limits@openssh.com newer@openssh.com";
	return (&f);
}

/* --- a conversation with everything in it --- */

#define IOS		8
#define IO_LEN		1000

static uint8_t io_memory[IOS][SFTP_ROOM + IO_LEN];
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
		ios[i].buf = io_memory[i] + SFTP_ROOM;
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

#define TRY(call)	do { if ((rc = (call)) != SFTP_OK) return (rc); } while (0)

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
	TRY(sftp_set_size(s, &h, a.size));
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

	*s = sftp_new(&f->wire, 100);
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
	struct sftp *s = sftp_new(&f->wire, 100);

	ok(sftp_start(s) == SFTP_OK && sftp_block(s) == SFTP_BLOCK_MAX &&
	    sftp_has(s, SFTP_FSYNC) && sftp_has(s, SFTP_STATVFS) &&
	    sftp_has(s, SFTP_POSIX_RENAME), "extensions and limits");
	sftp_free(s);

	f = fake_reset();
	f->exts = "fsync@openssh.co xfsync@openssh.com";
	s = sftp_new(&f->wire, 100);
	ok(sftp_start(s) == SFTP_OK && sftp_block(s) == SFTP_BLOCK &&
	    !sftp_has(s, SFTP_FSYNC), "an old server: no extension");
	sftp_free(s);

	f = fake_reset();
	f->max_write = 5000;
	s = sftp_new(&f->wire, 100);
	ok(sftp_start(s) == SFTP_OK && sftp_block(s) == 5000,
	    "a server's own, small limit");
	sftp_free(s);

	f = fake_reset();
	f->version = 2;
	s = sftp_new(&f->wire, 100);
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
		s = sftp_new(&f->wire, 100);
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
	ok(rc == SFTP_LOST, "%s: %s", name, sftp_strerror(s, rc));	\
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
	struct sftp *s = sftp_new(&f->wire, 100);

	(void)sftp_start(s);
	OWN(FXP_READ, "\147\0\0\0\0\0\0\0\3abc");
	io.buf = io_memory[0] + SFTP_ROOM;
	io.buf[2] = '!';
	sftp_read(s, &h, &io);
	ok(sftp_await(s, &io) == SFTP_LOST && io.buf[2] == '!',
	    "data beyond the buffer are refused");
	sftp_free(s);

	f = fake_reset();
	s = sftp_new(&f->wire, 100);
	(void)sftp_start(s);
	f->file_len = 10;
	f->short_read = 1;
	memset(&io, 0, sizeof(io));
	io.buf = io_memory[0] + SFTP_ROOM;
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
		if (run(f, &s) != SFTP_LOST)
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
	struct sftp *s = sftp_new(&f->wire, 100);
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
	struct sftp *s = sftp_new(&f->wire, 100);
	int rc;

	(void)sftp_start(s);
	f->mute = true;
	f->dry_is_end = false;
	rc = sftp_stat(s, "/x", &a);
	ok(rc == SFTP_LOST && strstr(sftp_strerror(s, rc), "sign of life") !=
	    NULL, "a silent server is lost: %s", sftp_strerror(s, rc));
	sftp_free(s);
}

/* Last: the signal stays caught. */
static void
test_signal(bool sent)
{
	struct sftp_attrs a;
	struct fake *f = fake_reset();
	struct sftp *s = sftp_new(&f->wire, 60000);

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
	sig_install();
	raise(SIGTERM);
	test_signal(false);
	test_signal(true);
	return (tap_done());
}
