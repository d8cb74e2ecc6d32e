/* SPDX-License-Identifier: ISC */
/*
 * One stream to many destinations.
 *
 * Destinations are opened, and everything that can be refused is refused,
 * before a byte of stdin is read.  Only where a name holds {db} or {server}
 * must the stream's first bytes be known: they are kept (held) until the
 * carrier has read the archive's header, and until then nothing is created,
 * sent or passed on.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "carrier.h"
#include "fdio.h"
#include "msg.h"
#include "pump.h"
#include "record.h"
#include "shipment.h"
#include "sig.h"
#include "target.h"

/* By then any wrapper has shown the header of what is inside. */
#define HOLD_MAX	(8 * 1024 * 1024)
#define IDLE_MS		(15 * 1000)
#define SUM_LEN		crypto_generichash_blake2b_BYTES_MAX

struct stop {
	struct dest dest;
	char path[DEST_PATH_MAX];
	char *name;
	struct target *target;	/* NULL: not open, failed or published */
	bool published;
};

struct shipment {
	const struct ship_opts *opts;
	struct carrier *carrier;
	struct stop stops[SHIPMENT_MAX];
	size_t count;
	enum status first;	/* the first failure */
	bool opened;
	struct timespec began;

	uint8_t *held;
	size_t held_len, held_room;

	crypto_generichash_blake2b_state sum;
	char sum_hex[2 * SUM_LEN + 1];
	uint64_t bytes;
	const char *proof;
	struct record *record;
};

/* --- opening --- */

static void
note_failure(struct shipment *s, enum status status)
{

	if (s->first == STATUS_OK)
		s->first = status;
}

static size_t
alive(const struct shipment *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->count; i++)
		n += s->stops[i].target != NULL;
	return (n);
}

static void
close_all(struct shipment *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		if (s->stops[i].target != NULL)
			s->stops[i].target->close(s->stops[i].target);
		s->stops[i].target = NULL;
	}
}

/* Give each destination its name; none may be there twice. */
static enum status
name_all(struct shipment *s)
{
	const struct archive_header *h = carrier_archive(s->carrier);
	struct dest_words w = { .now = s->began.tv_sec, .db = s->opts->db,
	    .server = s->opts->server };
	enum status status;
	struct stop *p;
	size_t i, j;

	if (w.db == NULL && h != NULL)
		w.db = h->dbname;
	if (w.server == NULL && h != NULL)
		w.server = h->server;
	for (i = 0; i < s->count; i++) {
		p = &s->stops[i];
		status = dest_expand(&p->dest, &w, p->path);
		if (status != STATUS_OK)
			return (status);
		if ((p->name = dest_name(&p->dest, p->path)) == NULL) {
			msg_errno(p->path);
			return (STATUS_LOCAL);
		}
		for (j = 0; j < i; j++)
			if (strcmp(s->stops[j].name, p->name) == 0) {
				msg_error("%s: named twice", p->name);
				return (STATUS_USAGE);
			}
		if (!p->dest.remote && s->opts->report != NULL &&
		    local_same(p->path, s->opts->report)) {
			msg_error("%s: destination and report are one file",
			    s->opts->report);
			return (STATUS_USAGE);
		}
	}
	return (STATUS_OK);
}

/* What the user can put right at once is not shipped around. */
static enum status
open_all(struct shipment *s)
{
	enum status status;
	struct stop *p;
	size_t i;

	s->opened = true;
	if ((status = name_all(s)) != STATUS_OK)
		return (status);
	for (i = 0; i < s->count; i++) {
		p = &s->stops[i];
		p->target = p->dest.remote ?
		    upload_open(&p->dest, p->path, p->name, s->opts, &status) :
		    local_open(p->path, s->opts, &status);
		if (sig_caught() != 0)
			return (STATUS_LOCAL);
		if (p->target != NULL)
			continue;
		if (status == STATUS_USAGE)
			return (status);
		note_failure(s, status);
	}
	if (alive(s) == 0)
		return (s->first);
	if (alive(s) < s->count)
		msg_note("going on with the other %s", alive(s) == 1 ?
		    "destination" : "destinations");
	return (STATUS_OK);
}

/* --- moving --- */

/* Do one thing with every destination that lives; who fails is left out. */
static enum status
each(struct shipment *s, const uint8_t *buf, size_t len)
{
	enum status status;
	struct target *t;
	size_t i;

	for (i = 0; i < s->count; i++) {
		if ((t = s->stops[i].target) == NULL)
			continue;
		status = buf != NULL ? t->write(t, buf, len) : t->idle(t);
		if (sig_caught() != 0)
			return (STATUS_LOCAL);
		if (status == STATUS_OK)
			continue;
		note_failure(s, status);
		s->stops[i].target = NULL;
		t->close(t);
		if (alive(s) > 0)
			msg_note("going on with the other %s", alive(s) == 1 ?
			    "destination" : "destinations");
	}
	return (alive(s) > 0 ? STATUS_OK : s->first);
}

static enum status
forward(struct shipment *s, struct pump *p, const uint8_t *buf, size_t len)
{
	enum status status;

	if ((status = each(s, buf, len)) != STATUS_OK || s->opts->sink)
		return (status);
	return (pump_emit(p, buf, len));
}

static enum status
hold(struct shipment *s, const uint8_t *buf, size_t len)
{
	uint8_t *bigger;
	size_t room;

	if (len > s->held_room - s->held_len) {
		room = s->held_room + len + HOLD_MAX / 16;
		if ((bigger = realloc(s->held, room)) == NULL) {
			msg_errno("stdin");
			return (STATUS_LOCAL);
		}
		s->held = bigger;
		s->held_room = room;
	}
	memcpy(s->held + s->held_len, buf, len);
	s->held_len += len;
	return (STATUS_OK);
}

/* The names can be made now, or never: open, and send what was held. */
static enum status
let_go(struct shipment *s, struct pump *p)
{
	enum status status;
	size_t len = s->held_len;

	if ((status = open_all(s)) != STATUS_OK)
		return (status);
	s->held_len = 0;
	return (len > 0 ? forward(s, p, s->held, len) : STATUS_OK);
}

static enum status
on_data(void *arg, struct pump *p, const uint8_t *buf, size_t len)
{
	struct shipment *s = arg;
	enum status status;

	crypto_generichash_blake2b_update(&s->sum, buf, len);
	if (s->opened)
		return (forward(s, p, buf, len));
	if ((status = hold(s, buf, len)) != STATUS_OK)
		return (status);
	if (!carrier_known(s->carrier) && s->held_len < HOLD_MAX)
		return (STATUS_OK);
	return (let_go(s, p));
}

static enum status
on_idle(void *arg, struct pump *p)
{
	struct shipment *s = arg;

	(void)p;
	return (s->opened ? each(s, NULL, 0) : STATUS_OK);
}

/* --- the end --- */

/* What was shipped, in a record. */
static void
describe(const struct shipment *s, struct record *r)
{
	const struct archive_header *h = carrier_archive(s->carrier);
	struct record *part;
	size_t i;

	record_str(r, "name", s->stops[0].name);
	if (s->count > 1)
		for (i = 0; i < s->count; i++)
			if ((part = record_append(r, "destinations")) != NULL)
				record_str(part, "name", s->stops[i].name);
	record_int(r, "bytes", s->bytes);
	record_str(r, "blake2b", s->sum_hex);
	if (h != NULL) {
		record_str(r, "database", h->dbname);
		record_str(r, "server_version", h->server);
	}
}

/* Of "15.18 (Debian 15.18-0+deb12u1)" the first word counts. */
static void
compare(const char *option, const char *said, const char *header, bool words)
{
	size_t n;

	if (said == NULL || header == NULL || strcmp(said, header) == 0)
		return;
	n = strcspn(header, " ");
	if (words && strcspn(said, " ") == n && memcmp(said, header, n) == 0)
		return;
	msg_warning("%s %s: the archive says %s", option, said, header);
}

/* The command line counts more, but perhaps this is the wrong database. */
static void
compare_header(const struct shipment *s)
{
	const struct archive_header *h = carrier_archive(s->carrier);

	if (h == NULL)
		return;
	compare("--db", s->opts->db, h->dbname, false);
	compare("--server", s->opts->server, h->server, true);
}

static enum status
on_finish(void *arg, struct pump *p)
{
	struct shipment *s = arg;
	unsigned char sum[SUM_LEN];
	enum status status;
	struct target *t;
	size_t i;

	if (!s->opened && (status = let_go(s, p)) != STATUS_OK)
		return (status);
	compare_header(s);
	for (i = 0; i < s->count; i++) {
		if ((t = s->stops[i].target) == NULL)
			continue;
		if (sig_caught() != 0)
			return (STATUS_LOCAL);
		status = t->publish(t);
		s->stops[i].published = status == STATUS_OK;
		s->stops[i].target = NULL;
		t->close(t);
		if (status != STATUS_OK)
			note_failure(s, status);
		else
			msg_verbose("%s: published", s->stops[i].name);
	}
	if (s->first != STATUS_OK)
		return (s->first);
	crypto_generichash_blake2b_final(&s->sum, sum, sizeof(sum));
	sodium_bin2hex(s->sum_hex, sizeof(s->sum_hex), sum, sizeof(sum));
	s->bytes = pump_bytes_in(p);
	s->proof = pump_proof(p);
	describe(s, s->record);
	return (STATUS_OK);
}

/* The record in place of the stream.  What is published stays so. */
static enum status
print_record(struct shipment *s)
{
	struct record *r = record_new("pgb-ship");
	enum status status = STATUS_LOCAL;
	struct timespec now;
	char *line = NULL;

	clock_gettime(CLOCK_REALTIME, &now);
	if (r != NULL) {
		describe(s, r);
		record_str(r, "proof", s->proof);
		record_time(r, "time", s->began.tv_sec);
		record_real(r, "seconds",
		    (double)(now.tv_sec - s->began.tv_sec) +
		    (double)(now.tv_nsec - s->began.tv_nsec) / 1e9);
		line = record_line(r);
	}
	if (line == NULL)
		msg_error("stdout: no memory for the record");
	else
		status = fd_print(line);
	if (status != STATUS_OK)
		msg_warning("%s: published all the same; only its record "
		    "could not be printed", s->stops[0].name);
	free(line);
	record_free(r);
	return (status);
}

/* --- all of it --- */

static bool
must_look(const struct shipment *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if ((s->opts->db == NULL &&
		    dest_wants_db(&s->stops[i].dest)) ||
		    (s->opts->server == NULL &&
		    dest_wants_server(&s->stops[i].dest)))
			return (true);
	return (false);
}

static enum status
prepare(struct shipment *s, const struct opt_list *texts)
{
	enum status status;
	int flags;

	/* A closed stdout would show only when all is published. */
	flags = fcntl(STDOUT_FILENO, F_GETFL);
	if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY) {
		msg_error("stdout is closed");
		return (STATUS_LOCAL);
	}
	for (; s->count < texts->count; s->count++) {
		status = dest_parse(&s->stops[s->count].dest,
		    texts->v[s->count]);
		if (status != STATUS_OK) {
			dest_wipe(&s->stops[s->count].dest);
			return (status);
		}
	}
	s->carrier = carrier_new(NULL);
	s->record = record_new("pgb-ship");
	if (s->carrier == NULL || s->record == NULL) {
		msg_error("no memory");
		return (STATUS_LOCAL);
	}
	clock_gettime(CLOCK_REALTIME, &s->began);
	crypto_generichash_blake2b_init(&s->sum, NULL, 0, SUM_LEN);
	return (must_look(s) ? STATUS_OK : open_all(s));
}

static void
release(struct shipment *s)
{
	size_t i;

	close_all(s);
	for (i = 0; i < s->count; i++) {
		free(s->stops[i].name);
		dest_wipe(&s->stops[i].dest);
	}
	carrier_free(s->carrier);
	record_free(s->record);
	if (s->held != NULL)
		sodium_memzero(s->held, s->held_room);
	free(s->held);
	free(s);
}

enum status
shipment_run(const struct opt_list *texts, const struct ship_opts *opts)
{
	struct shipment *s;
	enum status status;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		msg_error("no memory");
		return (STATUS_LOCAL);
	}
	s->opts = opts;
	if ((status = prepare(s, texts)) == STATUS_OK) {
		const struct pump_opts o = {
			.in = STDIN_FILENO,
			.in_name = "stdin",
			.out = opts->sink ? -1 : STDOUT_FILENO,
			.out_name = "stdout",
			.raw = opts->raw,
			.carrier = s->carrier,
			.stage = { .data = on_data, .finish = on_finish,
			    .idle = on_idle, .idle_ms = IDLE_MS, .arg = s },
			.aux = -1,
			.report = opts->report,
			.record = s->record,
		};

		status = pump_run(&o);
	}
	if (status == STATUS_OK && opts->sink)
		status = print_record(s);
	release(s);
	return (status);
}

enum status
target_short(const char *name, uint64_t avail, uint64_t expected,
    enum status status)
{

	msg_error("%s: %llu bytes are expected, and %llu are free", name,
	    (unsigned long long)expected, (unsigned long long)avail);
	return (status);
}
