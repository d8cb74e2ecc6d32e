/* SPDX-License-Identifier: ISC */
#ifndef SFTP_FAKE_H
#define SFTP_FAKE_H

/*
 * An SFTP server in memory, behind a wire that can be slow, cut, changed and
 * out of order.  For a test that includes the engine's .c files before this.
 */

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

/* An engine that takes silence for a loss after so long. */
static struct sftp *
fake_engine(struct fake *f, int silence_ms)
{
	const struct sftp_opts o = { .silence_ms = silence_ms,
	    .stall_ms = 300 * 1000 };

	return (sftp_new(&f->wire, &o));
}

static struct fake *
fake_of(struct wire *w)
{

	return ((struct fake *)(void *)w);
}

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
fake_write(struct wire *w, const struct iovec *v, int count)
{
	struct fake *f = fake_of(w);
	size_t left = f->chunk, len;
	ssize_t done = 0;

	if (left > sizeof(f->in) - f->in_len)
		left = sizeof(f->in) - f->in_len;
	for (; count > 0 && left > 0; v++, count--) {
		len = v->iov_len < left ? v->iov_len : left;
		memcpy(f->in + f->in_len, v->iov_base, len);
		f->in_len += len;
		done += (ssize_t)len;
		left -= len;
	}
	return (done);
}

static int
fake_want(struct wire *w, struct pollfd *p)
{

	(void)w;
	p[0] = (struct pollfd){ .fd = -1, .events = POLLIN };
	return (1);
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

#endif
