/* SPDX-License-Identifier: ISC */
/*
 * What comes from the server: nothing of it is believed before it was counted.
 */
#include <string.h>

#include "sftp/sftp-impl.h"

/* The words of a STATUS, for people: printable, one line, no full stop. */
static void
keep_words(struct sftp *s, struct sftp_get *g)
{
	const uint8_t *text;
	size_t len, i;

	s->words[0] = '\0';
	if ((text = get_blob(g, &len)) == NULL)
		return;		/* old servers send the code alone */
	if (len > sizeof(s->words) - 1)
		len = sizeof(s->words) - 1;
	for (i = 0; i < len; i++)
		s->words[i] = text[i] < 0x20 || text[i] > 0x7e ? '?' :
		    (char)text[i];
	s->words[len] = '\0';
	if (strcmp(s->words, "Failure") == 0)
		s->words[0] = 'f';
}

int
sftp_status(struct sftp *s, struct sftp_get *g, int *error)
{
	uint32_t code = get_u32(g);

	if (g->bad)
		return (garbage(s, "a status without a code"));
	keep_words(s, g);
	switch (code) {
	case 0: case 1: case 2: case 3: case 4: case 5: case 8:
		*error = -(int)code;
		break;
	default:
		*error = SFTP_FAILURE;
	}
	return (SFTP_OK);
}

static int
answer_io(struct sftp *s, struct sftp_io *io, uint8_t type, struct sftp_get *g)
{
	const uint8_t *data;
	size_t len;
	int rc;

	if (io->packet.queued)
		return (garbage(s, "an answer to what was not asked yet"));
	if (type == FXP_STATUS) {
		if ((rc = sftp_status(s, g, &io->error)) != SFTP_OK)
			return (rc);
		if (io->type == FXP_READ && io->error == SFTP_OK)
			return (garbage(s, "a read without data"));
	} else if (type == FXP_DATA && io->type == FXP_READ) {
		data = get_blob(g, &len);
		if (data == NULL || len == 0 || len > io->len)
			return (garbage(s, "more or less data than asked for"));
		memcpy(io->buf, data, len);
		io->len = len;
		io->error = SFTP_OK;
	} else
		return (garbage(s, "an answer of the wrong kind"));
	io->busy = false;
	if (io->type == FXP_EXTENDED)
		s->syncs--;
	s->answered = sftp_now();
	return (SFTP_OK);
}

/* Take from the list what the answer id belongs to, or NULL. */
static struct sftp_io *
take_io(struct sftp *s, uint32_t id)
{
	struct sftp_io *io, **at;

	for (at = &s->ios; (io = *at) != NULL; at = &io->next) {
		if (io->id != id)
			continue;
		if ((*at = io->next) == NULL)
			s->ios_end = at;
		return (io);
	}
	return (NULL);
}

static int
take_packet(struct sftp *s, const uint8_t *buf, size_t len)
{
	struct sftp_get g = { .p = buf + 1, .left = len - 1 };
	struct sftp_io *io;
	uint32_t id;

	if (!s->started) {
		if (buf[0] != FXP_VERSION || !s->waiting)
			return (garbage(s, "no version"));
		s->waiting = false;
		s->reply = g;
		return (SFTP_OK);
	}
	id = get_u32(&g);
	if (g.bad)
		return (garbage(s, "an answer without a number"));
	if (s->waiting && id == s->small_id) {
		if (s->small.queued)
			return (garbage(s,
			    "an answer to what was not asked yet"));
		s->waiting = false;
		s->reply = g;
		s->reply_type = buf[0];
		return (SFTP_OK);
	}
	if (s->stale && id == s->stale_id) {
		s->stale = false;
		return (SFTP_OK);
	}
	if ((io = take_io(s, id)) == NULL)
		return (garbage(s, "an answer to nothing"));
	return (answer_io(s, io, buf[0], &g));
}

/* What a login shell prints in front of the protocol reads as a length. */
static int
refuse_length(struct sftp *s, const uint8_t *p, size_t have)
{
	char text[64];
	size_t i;

	for (i = 0; i < have && i < sizeof(text) - 1; i++) {
		if (p[i] < 0x20 || p[i] > 0x7e)
			break;
		text[i] = (char)p[i];
	}
	text[i] = '\0';
	if (!s->started && i >= 4) {
		s->garbage = true;
		return (sftp_lose(s, "the server prints \"%s\" before the SFTP "
		    "protocol: a start-up file of its shell?", text));
	}
	return (garbage(s, "an answer of impossible length"));
}

/* Hand on the whole packets of in[]; stop at the one somebody waits for. */
static int
take_packets(struct sftp *s, bool *moved)
{
	bool waited = s->waiting;
	const uint8_t *p;
	size_t have, len;
	int rc;

	while ((have = s->in_len - s->in_pos) >= 4) {
		p = s->in + s->in_pos;
		len = (size_t)p[0] << 24 | (size_t)p[1] << 16 |
		    (size_t)p[2] << 8 | (size_t)p[3];
		if (len < 5 || len > SFTP_REPLY_MAX)
			return (refuse_length(s, p, have));
		if (have - 4 < len)
			break;
		*moved = true;
		s->in_pos += 4 + len;
		if ((rc = take_packet(s, p + 4, len)) != SFTP_OK)
			return (rc);
		/* s->reply points into in[]: leave the rest for later. */
		if (waited && !s->waiting)
			break;
	}
	return (SFTP_OK);
}

int
sftp_receive(struct sftp *s, bool *moved)
{
	ssize_t n;
	int rc;

	do {
		if ((rc = take_packets(s, moved)) != SFTP_OK || *moved)
			return (rc);
		memmove(s->in, s->in + s->in_pos, s->in_len - s->in_pos);
		s->in_len -= s->in_pos;
		s->in_pos = 0;
		n = s->wire->read(s->wire, s->in + s->in_len,
		    sizeof(s->in) - s->in_len);
		if (n == -1)
			return (sftp_lose(s, "%s", s->wire->why));
		s->in_len += (size_t)n;
		if (n > 0)
			s->heard = sftp_now();
	} while (n > 0);
	return (SFTP_OK);
}
