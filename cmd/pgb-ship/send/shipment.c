/* SPDX-License-Identifier: ISC */
/*
 * One stream to many destinations.
 *
 * The stream is read into blocks (cargo.h), and each block is given to every
 * destination that lives.  Those on servers have threads of their own, so a
 * slow one slows the others only when all memory is full of blocks that it has
 * not stored, and one that is away is waited for as long.
 *
 * Destinations are opened, and everything that can be refused is refused,
 * before a byte of stdin is read.  Only where a name holds {db} or {server}
 * must the stream's first bytes be known: they are kept (held) until the
 * carrier has read the archive's header, and until then nothing is created,
 * sent or passed on.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "msg.h"
#include "send/shipment-impl.h"
#include "sig.h"

#define CARGO_BYTES	((size_t)64 * 1024 * 1024)
#define LOOK_MS		1000			/* how the destinations are */

/* --- who lives --- */

size_t
shipment_alive(const struct shipment *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->count; i++)
		n += s->stops[i].target != NULL;
	return (n);
}

void
shipment_let_end(struct stop *p)
{
	struct target *t = p->target;

	p->target = NULL;
	if (t == NULL)
		return;
	t->describe(t, &p->how);
	t->close(t);
}

void
shipment_failed(struct shipment *s, struct stop *p, enum status status)
{

	p->failed = status;
	if (s->first == STATUS_OK)
		s->first = status;
}

void
shipment_go_without(const struct shipment *s)
{

	if (shipment_alive(s) > 0)
		msg_note("going on with the other %s", shipment_alive(s) == 1 ?
		    "destination" : "destinations");
}

static void
close_all(struct shipment *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		shipment_let_end(&s->stops[i]);
}

/* --- moving --- */

/* Leave out who has failed; STATUS_OK while anybody lives. */
static enum status
look_after(struct shipment *s)
{
	enum status status;
	struct stop *p;
	size_t i;

	for (i = 0; i < s->count; i++) {
		p = &s->stops[i];
		if (p->target == NULL ||
		    (status = p->target->state(p->target)) == STATUS_OK)
			continue;
		if (sig_caught() != 0)
			return (STATUS_LOCAL);
		shipment_failed(s, p, status);
		shipment_let_end(p);
		shipment_go_without(s);
	}
	return (!s->opened || shipment_alive(s) > 0 ? STATUS_OK : s->first);
}

/* Under the lock: whether a block would be of use to anybody. */
static bool
anybody_wants(const struct shipment *s)
{
	struct target *t;
	size_t i;

	for (i = 0; i < s->count; i++)
		if ((t = s->stops[i].target) != NULL &&
		    (t->wants == NULL || t->wants(t)))
			return (true);
	return (!s->opened);
}

/*
 * Have a block to be filled: wait until somebody wants it, and there is memory.
 */
static enum status
have_block(struct shipment *s)
{
	enum status status;
	bool none;

	while (s->at == NULL) {
		if (sig_caught() != 0)
			return (STATUS_LOCAL);
		if ((status = look_after(s)) != STATUS_OK)
			return (status);
		pthread_mutex_lock(&s->cargo.lock);
		if (anybody_wants(s))
			s->at = cargo_take(&s->cargo);
		none = s->at == NULL && s->cargo.made == 0 &&
		    anybody_wants(s);
		if (s->at == NULL && !none)
			cargo_wait(&s->cargo);
		pthread_mutex_unlock(&s->cargo.lock);
		if (none) {
			msg_error("no memory");
			return (STATUS_LOCAL);
		}
	}
	return (STATUS_OK);
}

static void
drop(struct shipment *s, struct block *b)
{

	pthread_mutex_lock(&s->cargo.lock);
	cargo_drop(&s->cargo, b);
	pthread_mutex_unlock(&s->cargo.lock);
}

/* Give a full block to all that live, and let go of it. */
static enum status
give(struct shipment *s, struct block *b)
{
	enum status status;
	struct stop *p;
	size_t i;

	b->offset = s->offset;
	b->crc_before = s->crc;
	b->crc = s->crc = cargo_crc(s->crc, b->data, b->len);
	s->offset += b->len;
	for (i = 0; i < s->count; i++) {
		p = &s->stops[i];
		if (p->target == NULL)
			continue;
		status = p->target->put(p->target, b);
		if (status == STATUS_OK || sig_caught() != 0)
			continue;
		shipment_failed(s, p, status);
		shipment_let_end(p);
		shipment_go_without(s);
	}
	drop(s, b);
	if (sig_caught() != 0)
		return (STATUS_LOCAL);
	return (shipment_alive(s) > 0 ? STATUS_OK : s->first);
}

static enum status
pass_on(struct shipment *s, struct pump *p, const uint8_t *buf, size_t len)
{

	return (s->opts->sink ? STATUS_OK : pump_emit(p, buf, len));
}

/* The names can be made now, or never: open, and send what was held. */
static enum status
let_go(struct shipment *s, struct pump *p)
{
	enum status status;
	struct block *b;
	size_t i;

	if ((status = shipment_open(s)) != STATUS_OK)
		return (status);
	for (i = 0; i < s->held_count; i++) {
		b = s->held[i];
		s->held[i] = NULL;
		if ((status = pass_on(s, p, b->data, b->len)) != STATUS_OK) {
			drop(s, b);
			return (status);
		}
		if ((status = give(s, b)) != STATUS_OK)
			return (status);
	}
	s->held_count = 0;
	if (s->at != NULL && s->at->len > 0)
		return (pass_on(s, p, s->at->data, s->at->len));
	return (STATUS_OK);
}

/* The block is full, or the stream is over. */
enum status
shipment_end_block(struct shipment *s)
{
	struct block *b = s->at;

	s->at = NULL;
	if (s->opened)
		return (give(s, b));
	s->held[s->held_count++] = b;
	return (STATUS_OK);
}

/* Bytes that may not lie in the block already: see on_room(). */
static enum status
load_block(struct shipment *s, const uint8_t *buf, size_t len)
{
	enum status status;
	size_t n;

	while (len > 0) {
		if ((status = have_block(s)) != STATUS_OK)
			return (status);
		n = CARGO_BLOCK - s->at->len;
		if (n > len)
			n = len;
		if (buf != s->at->data + s->at->len)
			memcpy(s->at->data + s->at->len, buf, n);
		s->at->len += n;
		buf += n;
		len -= n;
		if (s->at->len == CARGO_BLOCK &&
		    (status = shipment_end_block(s)) != STATUS_OK)
			return (status);
	}
	return (STATUS_OK);
}

static uint8_t *
on_room(void *arg, struct pump *p, size_t *len)
{
	struct shipment *s = arg;

	(void)p;
	/* Said once; on_data() returns it. */
	if ((s->no_room = have_block(s)) != STATUS_OK)
		return (NULL);
	*len = CARGO_BLOCK - s->at->len;
	return (s->at->data + s->at->len);
}

static enum status
on_data(void *arg, struct pump *p, const uint8_t *buf, size_t len)
{
	struct shipment *s = arg;
	enum status status;

	if (s->no_room != STATUS_OK)
		return (s->no_room);
	if (s->digest != NULL)
		digest_add(s->digest, buf, len);
	if (s->opened && (status = pass_on(s, p, buf, len)) != STATUS_OK)
		return (status);
	if ((status = load_block(s, buf, len)) != STATUS_OK || s->opened)
		return (status);
	if (!carrier_known(s->carrier) && s->held_count < HELD_MAX - 2)
		return (STATUS_OK);
	return (let_go(s, p));
}

static enum status
on_idle(void *arg, struct pump *p)
{

	(void)p;
	return (look_after(arg));
}

static enum status
on_finish(void *arg, struct pump *p)
{
	struct shipment *s = arg;
	enum status status;

	if (!s->opened && (status = let_go(s, p)) != STATUS_OK)
		return (status);
	if (s->at != NULL && s->at->len > 0 &&
	    (status = shipment_end_block(s)) != STATUS_OK)
		return (status);
	return (shipment_end(s, p));
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

static int
make_parts(struct shipment *s)
{

	if (!s->opts->no_sum && ((s->digest = digest_new()) == NULL ||
	    digest_begin(s->digest) == -1))
		return (-1);
	if (cargo_init(&s->cargo, CARGO_BYTES) == -1)
		return (-1);
	s->has_cargo = true;
	s->carrier = carrier_new(NULL);
	s->record = record_new("pgb-ship");
	s->common = (struct target_common){ .opts = s->opts,
	    .cargo = &s->cargo };
	return (s->carrier == NULL || s->record == NULL ? -1 : 0);
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
	if ((status = beside_check(s->opts)) != STATUS_OK)
		return (status);
	if (make_parts(s) == -1) {
		msg_error("no memory");
		return (STATUS_LOCAL);
	}
	clock_gettime(CLOCK_REALTIME, &s->began);
	return (must_look(s) ? STATUS_OK : shipment_open(s));
}

static void
release(struct shipment *s)
{
	size_t i;

	close_all(s);
	for (i = 0; i < s->count; i++) {
		free(s->stops[i].name);
		free(s->stops[i].sum_line);
		dest_wipe(&s->stops[i].dest);
	}
	beside_free(s->opts, s->with);
	carrier_free(s->carrier);
	record_free(s->record);
	digest_free(s->digest);
	if (s->has_cargo) {
		for (i = 0; i < s->held_count; i++)
			if (s->held[i] != NULL)
				drop(s, s->held[i]);
		if (s->at != NULL)
			drop(s, s->at);
		cargo_wipe(&s->cargo);
	}
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
			.stage = { .room = on_room, .data = on_data,
			    .finish = on_finish, .idle = on_idle,
			    .idle_ms = LOOK_MS, .arg = s },
			.aux = -1,
			.report = opts->report,
			.record = s->record,
			.report_failed = &s->no_report,
		};

		status = pump_run(&o);
	}
	if (status == STATUS_OK && opts->sink)
		status = shipment_print(s);
	else if (status != STATUS_OK && shipment_published(s) > 0)
		shipment_tell_part(s);
	release(s);
	return (status);
}
