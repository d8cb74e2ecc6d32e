/* SPDX-License-Identifier: ISC */
/*
 * The beginning: what the server can do, and how much of it at once.
 */
#include <string.h>

#include "sftp/sftp-impl.h"

#define VERSION		3

static int
exts_of(const uint8_t *name, size_t len)
{
	static const struct { const char *name; enum sftp_ext ext; } known[] = {
		{ "posix-rename@openssh.com", SFTP_POSIX_RENAME },
		{ "fsync@openssh.com", SFTP_FSYNC },
		{ "statvfs@openssh.com", SFTP_STATVFS },
		{ "limits@openssh.com", SFTP_LIMITS },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (len == strlen(known[i].name) &&
		    memcmp(name, known[i].name, len) == 0)
			return ((int)known[i].ext);
	return (0);
}

/* How much one WRITE may hold: a whole number of pages where that is known. */
static int
ask_limits(struct sftp *s)
{
	uint64_t max_packet, max_read, max_write;
	struct sftp_put o;
	struct sftp_get g;
	int rc;

	if ((rc = request_begin(s, &o, FXP_EXTENDED)) != SFTP_OK)
		return (rc);
	put_text(&o, "limits@openssh.com");
	rc = request_wait(s, &o, 0, FXP_EXTENDED_REPLY, &g);
	if (rc != SFTP_OK)
		return (rc == SFTP_LOST || rc == SFTP_SIGNAL ? rc : SFTP_OK);
	max_packet = get_u64(&g);
	max_read = get_u64(&g);
	max_write = get_u64(&g);
	if (g.bad)
		return (garbage(s, "limits cut short"));
	if (max_read >= SFTP_BLOCK_MAX &&
	    (max_packet == 0 || max_packet >= SFTP_BLOCK_MAX + SFTP_HEAD_MAX))
		s->read_block = SFTP_BLOCK_MAX;
	else if (max_read >= 1024 && max_read < s->read_block)
		s->read_block = (size_t)max_read;
	/* 0: not told. */
	if (max_write >= SFTP_BLOCK_MAX &&
	    (max_packet == 0 || max_packet >= SFTP_BLOCK_MAX + SFTP_HEAD_MAX))
		s->block = SFTP_BLOCK_MAX;
	else if (max_write != 0 && max_write < s->block) {
		if (max_write < 1024)
			return (garbage(s, "writes of less than 1024 bytes"));
		s->block = (size_t)max_write;
	}
	return (SFTP_OK);
}

int
sftp_start(struct sftp *s)
{
	const uint8_t *name;
	struct sftp_put o;
	struct sftp_get g;
	uint32_t version;
	size_t len, ignored;
	int rc;

	if ((rc = request_begin(s, &o, FXP_INIT)) != SFTP_OK)
		return (rc);
	put_u32(&o, VERSION);
	if ((rc = request_wait(s, &o, 0, FXP_VERSION, &g)) != SFTP_OK)
		return (rc);
	s->started = true;
	version = get_u32(&g);
	while (!g.bad && g.left > 0) {
		name = get_blob(&g, &len);
		get_blob(&g, &ignored);
		if (!g.bad)
			s->exts |= exts_of(name, len);
	}
	if (g.bad)
		return (garbage(s, "a version cut short"));
	if (version != VERSION) {
		s->garbage = true;
		return (sftp_lose(s,
		    "the server speaks SFTP version %u, not %u",
		    (unsigned)version, VERSION));
	}
	return (sftp_has(s, SFTP_LIMITS) ? ask_limits(s) : SFTP_OK);
}
