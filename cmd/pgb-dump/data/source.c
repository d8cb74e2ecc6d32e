/* SPDX-License-Identifier: ISC */
/*
 * From one program's archive to one made by many.
 *
 * pg_dump decides what is dumped: it runs under our snapshot, and we read what
 * it writes up to the end of its table of contents.  Then it stands still, for
 * nobody reads on (or has ended, if all its data fit into the pipe).  It still
 * has its locks.  Now the leader takes the same locks, without waiting:
 *
 * - It gets them: pg_dump can go, and the data are read by our workers.
 * - Somebody has begun to wait for a table, to change it: nothing has gone out
 *   yet, so all is begun again with a new snapshot.
 * - The server's lock table is full: pg_dump stays as it is, for its locks,
 *   and the workers read; has it ended, for all fits into the pipe, its own
 *   data are passed on.
 *
 * A table that was truncated or rewritten between the snapshot and the lock
 * would look empty, or otherwise than it was: begun again, too.
 *
 * Where the data of some entry cannot be had by a COPY of ours (INSERT
 * statements, an archive of a version that nobody knows yet) pg_dump's own
 * stream is passed on unchanged: always right, only slower.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "carrier/carrier.h"
#include "fdio.h"
#include "msg.h"
#include "sig.h"
#include "source.h"
#include "walls.h"

#define ATTEMPTS	6
#define PIPE_LARGE	(1024 * 1024)

enum attempt {
	GOT_IT,
	AGAIN,		/* with a new snapshot */
	FAILED,		/* *status, after one error line */
};

/* A custom archive shows that it is one, of whatever version. */
static void
note_head(struct source *s, const uint8_t *buf, size_t len)
{
	size_t have = (size_t)spool_bytes(s->spool);

	if (have < sizeof(s->head))
		memcpy(s->head + have, buf, len < sizeof(s->head) - have ?
		    len : sizeof(s->head) - have);
}

/* Header and table of contents, or all where there is no data. */
static enum status
read_toc(struct source *s)
{
	struct job *j = s->job;
	static const char why[] = "pg_dump";
	uint8_t buf[65536];
	enum status status;
	size_t got;

	while (!j->toc.ended) {
		status = stock_read(&j->stock, j->out, buf, sizeof(buf), &got);
		if (status != STATUS_OK)
			return (status);
		if (got == 0) {
			s->ended = true;
			return (STATUS_OK);
		}
		if (carrier_feed(j->carrier, buf, got) == -1) {
			msg_error("%s: %s: %s", pg_database(j->pg), why,
			    carrier_why(j->carrier));
			return (STATUS_DATA);
		}
		note_head(s, buf, got);
		if (spool_add(s->spool, buf, got) == -1) {
			msg_errno("table of contents");
			return (STATUS_LOCAL);
		}
		/* Foreign to us, and so to be passed on. */
		if (carrier_archive(j->carrier) == NULL &&
		    spool_bytes(s->spool) > sizeof(buf))
			return (STATUS_OK);
	}
	return (STATUS_OK);
}

/* Why the data cannot be read by us, or NULL. */
static const char *
odd(const struct source *s)
{
	const struct job *j = s->job;
	const struct plan *p = &j->toc.plan;
	size_t i;

	if (carrier_archive(j->carrier) == NULL || !j->toc.ended ||
	    j->toc.encoding == NULL)
		return ("not an archive with data");
	if (j->toc.odd != NULL)
		return (j->toc.odd);
	if (j->toc.compression != j->o->zspec.method)
		return ("an archive that is compressed in another way");
	for (i = 0; i < p->count; i++)
		if (!p->entries[i].blobs && p->entries[i].found &&
		    p->entries[i].relkind != 'r' &&
		    p->entries[i].relkind != 'f')
			return ("data of an unknown kind of relation");
	return (NULL);
}

static enum attempt
pass_through(struct source *s, const char *why)
{

	msg_verbose("%s: passing on what pg_dump writes: %s",
	    pg_database(s->job->pg), why);
	s->ours = false;
	s->spool_left = spool_bytes(s->spool);
	if (!s->ended)
		(void)fcntl(s->job->stock.child.out, F_SETPIPE_SZ, PIPE_LARGE);
	return (GOT_IT);
}

static const struct plan_entry *
find_bad(const struct plan *p, bool (*bad)(const struct plan_entry *))
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (!p->entries[i].blobs && bad(&p->entries[i]))
			return (&p->entries[i]);
	return (NULL);
}

static bool
is_rewritten(const struct plan_entry *e)
{

	return (e->rewritten);
}

/* Tables of one server to be cut: those of all. */
static void
cut(struct source *s, uint32_t page_size)
{
	const struct options *o = s->job->o;
	struct plan *p = &s->job->toc.plan;
	size_t i;

	for (i = 0; i < p->count; i++)
		if (o->no_split || pg_version(s->job->pg) < 140000 ||
		    p->entries[i].condition != NULL ||
		    (p->entries[i].policies && s->job->settings.row_security))
			p->entries[i].heap = false;
	plan_split(p, o->jobs, page_size,
	    o->zspec.method == ARCHIVE_NONE ? 150 :
	    o->zspec.method == ARCHIVE_LZ4 ? 80 : 50, o->split_pages);
}

/* Warnings that pg_dump has written so far. */
static void
drain(struct stock *st)
{
	struct pollfd f = { .events = POLLIN };

	for (f.fd = st->child.err; f.fd != -1 && poll(&f, 1, 0) > 0;
	    f.fd = st->child.err)
		if (!stock_relay(st))
			break;
}

/* Whether pg_dump has closed its output. */
static bool
has_ended(const struct job *j)
{
	struct pollfd f = { .fd = j->stock.child.out, .events = 0 };

	return (poll(&f, 1, 0) > 0 && (f.revents & POLLHUP) != 0);
}

/*
 * The user's snapshot is older than the new files of some tables.  VACUUM FULL
 * and CLUSTER keep what it sees; all else leaves an empty table in its eyes.
 */
static enum status
check_rewritten(struct source *s)
{
	struct plan *p = &s->job->toc.plan;
	enum status status = STATUS_OK;
	bool empty;
	size_t i;

	for (i = 0; i < p->count && status == STATUS_OK; i++) {
		if (p->entries[i].blobs || !p->entries[i].rewritten)
			continue;
		status = pg_is_empty(s->job->pg, &p->entries[i], &empty);
		if (status != STATUS_OK || !empty)
			continue;
		msg_error("%s: rewritten since the snapshot, which sees no "
		    "rows in it any more", p->entries[i].label);
		msg_hint("leave out --snapshot, or take a new one");
		status = STATUS_DATA;
	}
	return (status);
}

/* Tables that do not hold any more what the snapshot should see in them. */
static enum attempt
look_for_changes(struct source *s, enum status *status)
{
	struct job *j = s->job;
	const struct plan_entry *e;

	if ((*status = pg_changes(j->pg, &j->toc.plan)) != STATUS_OK)
		return (FAILED);
	if ((e = find_bad(&j->toc.plan, is_rewritten)) == NULL)
		return (GOT_IT);
	if (j->o->snapshot != NULL) {
		*status = check_rewritten(s);
		return (*status == STATUS_OK ? GOT_IT : FAILED);
	}
	msg_verbose("%s: rewritten since the snapshot", e->label);
	free(s->changed);
	s->changed = strdup(e->label);
	return (AGAIN);
}

/* The tables are known: lock them.  The workers connect meanwhile. */
static enum attempt
take_over(struct source *s, enum status *status)
{
	struct job *j = s->job;
	struct plan *p = &j->toc.plan;
	enum attempt got;
	enum pg_lock lock;
	uint32_t page_size;
	const char *why;
	int ended = 0;

	if ((*status = pg_encoding(j->pg, j->toc.encoding)) != STATUS_OK ||
	    (*status = pg_describe(j->pg, p)) != STATUS_OK)
		return (FAILED);
	if ((why = odd(s)) != NULL) {
		got = look_for_changes(s, status);
		return (got == GOT_IT ? pass_through(s, why) : got);
	}
	if ((lock = pg_lock(j->pg, p, status)) == PG_LOCK_FAILED)
		return (FAILED);
	if (lock == PG_LOCK_BUSY) {
		msg_verbose("%s: somebody waits to change a table, or has "
		    "dropped one", pg_database(j->pg));
		free(s->changed);
		s->changed = NULL;
		return (AGAIN);
	}
	s->keeps = lock == PG_LOCK_FULL;
	if (s->keeps && (ended = stock_settle(&j->stock)) == -1) {
		*status = STATUS_LOCAL;
		return (FAILED);
	}
	if ((got = look_for_changes(s, status)) != GOT_IT)
		return (got);
	if (ended != 0) {
		msg_note("%s: the server's lock table is full: passing on "
		    "what pg_dump has written", pg_database(j->pg));
		return (pass_through(s, "it has ended, and its locks could "
		    "not be had"));
	}
	*status = pg_measure(j->pg, p, !s->keeps, &page_size);
	if (*status != STATUS_OK)
		return (FAILED);
	cut(s, page_size);
	s->spool_left = j->toc.length;
	s->ours = true;
	return (GOT_IT);
}

static enum attempt
attempt(struct source *s, enum status *status)
{
	struct job *j = s->job;
	enum attempt got;
	const char *why;

	*status = STATUS_LOCAL;
	if ((s->spool = spool_new()) == NULL) {
		msg_errno("table of contents");
		return (FAILED);
	}
	if ((*status = read_toc(s)) != STATUS_OK)
		return (FAILED);
	drain(&j->stock);
	if ((why = odd(s)) != NULL) {
		if (carrier_archive(j->carrier) != NULL && j->toc.ended) {
			*status = pg_describe(j->pg, &j->toc.plan);
			if (*status != STATUS_OK)
				return (FAILED);
			if ((got = look_for_changes(s, status)) != GOT_IT)
				return (got);
		}
		return (pass_through(s, why));
	}
	s->crew_opts.snapshot = j->snapshot;
	if ((s->crew = crew_new(&s->crew_opts)) == NULL) {
		*status = STATUS_LOCAL;
		return (FAILED);
	}
	got = take_over(s, status);
	if (got != GOT_IT || !s->ours) {
		crew_free(s->crew);
		s->crew = NULL;
	}
	return (got);
}

static void
pause_ms(unsigned ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000L };

	(void)nanosleep(&t, NULL);
}

/* A new snapshot, and a new pg_dump under it. */
static enum status
begin_again(struct source *s, unsigned n)
{

	stock_stop(&s->job->stock);
	spool_free(s->spool);
	s->spool = NULL;
	s->ended = false;
	pause_ms(100U << n);
	if (sig_caught() != 0)
		return (STATUS_LOCAL);
	return (job_again(s->job));
}

/* total: bytes of relations, 0: not known. */
static enum status
start_guard(struct source *s, uint64_t total)
{
	const struct job *j = s->job;

	if (s->holders == NULL) {
		msg_errno("threads");
		return (STATUS_LOCAL);
	}
	s->guard_opts = (struct guard_opts){ .leader = j->pg,
	    .emit = s->emit, .holders = s->holders, .total = total,
	    .snapshot_ms = j->snapshot_ms,
	    .max_blocking = j->o->max_blocking,
	    .abort = j->o->abort_blocking };
	s->guard = guard_start(&s->guard_opts);
	return (s->guard != NULL ? STATUS_OK : STATUS_LOCAL);
}

/* pg_dump's own stream has nobody who writes into lanes, but a guard too. */
static enum status
start_passing(struct source *s)
{

	s->newer = carrier_archive(s->job->carrier) == NULL &&
	    memcmp(s->head, "PGDMP", 5) == 0;
	if (s->newer) {
		msg_warning("%s: this pg_dump writes archives of version "
		    "%d.%d, which is not known here: passed on unchecked",
		    pg_database(s->job->pg), s->head[5], s->head[6]);
		msg_hint("filters behind take it with --raw");
	}
	if ((s->emit = emit_new(1, false)) == NULL) {
		msg_errno("threads");
		return (STATUS_LOCAL);
	}
	s->holders = strdup("{0}");
	return (start_guard(s, 0));
}

static enum status
start_crew(struct source *s)
{
	struct job *j = s->job;
	enum status status;

	s->emit = emit_new(j->o->jobs, j->o->zspec.method == ARCHIVE_GZIP);
	if (s->emit == NULL) {
		msg_errno("threads");
		return (STATUS_LOCAL);
	}
	if (s->keeps)
		msg_note("%s: the server's lock table is full: pg_dump stays "
		    "for its locks", pg_database(j->pg));
	else
		stock_stop(&j->stock);
	status = crew_begin(s->crew, &j->toc.plan, s->emit, j->toc.encoding,
	    !s->keeps);
	if (status != STATUS_OK)
		return (status);
	s->holders = crew_pids(s->crew, s->keeps);
	return (start_guard(s, j->toc.plan.bytes));
}

/* No pg_dump is started any more.  Workers are behind the fence already; who
 * is started from now on is from the beginning. */
static enum status
begin(struct source *s)
{
	enum status status;

	if ((status = fence_enter(s->fence)) != STATUS_OK)
		return (status);
	status = s->ours ? start_crew(s) : start_passing(s);
	return (status != STATUS_OK ? status : job_carrier(s->job, s->ours));
}

static enum status
told_changed(const struct source *s)
{

	msg_error("%s: rewritten or renamed while the dump began, %d times",
	    s->changed != NULL ? s->changed : pg_database(s->job->pg),
	    ATTEMPTS);
	return (STATUS_RETRY);
}

enum status
source_open(struct source *s, struct job *j)
{
	const struct options *o = j->o;
	enum status status;
	unsigned n;

	*s = (struct source){ .job = j };
	if ((s->fence = walls_new(o, j->pg)) == NULL)
		return (STATUS_LOCAL);
	s->crew_opts = (struct crew_opts){ .leader = j->pg, .jobs = o->jobs,
	    .settings = &j->settings, .zspec = &o->zspec,
	    .fence = s->fence };
	for (n = 1;; n++) {
		switch (attempt(s, &status)) {
		case GOT_IT:
			return (begin(s));
		case FAILED:
			return (status);
		case AGAIN:
			break;
		}
		if (n == ATTEMPTS)
			break;
		if ((status = begin_again(s, n)) != STATUS_OK)
			return (status);
	}
	/* What pg_dump has written is as wrong. */
	if (s->changed != NULL)
		return (told_changed(s));
	/* pg_dump has the locks that we do not get. */
	if (look_for_changes(s, &status) != GOT_IT) {
		if (status == STATUS_OK)
			status = told_changed(s);
		return (status);
	}
	pass_through(s, "tables are being changed all the time");
	return (begin(s));
}

/* While no worker has anything for us. */
static enum status
on_idle(void *arg)
{
	struct source *s = arg;
	struct pollfd f = { .fd = s->job->out, .events = 0 };

	/* Nobody reads on: without a message, as for EPIPE. */
	if (poll(&f, 1, 0) > 0 && (f.revents & POLLERR) != 0)
		return (STATUS_LOCAL);
	if (!s->keeps)
		return (STATUS_OK);
	drain(&s->job->stock);
	if (has_ended(s->job)) {
		if (crew_tell(s->crew, STATUS_RETRY, true))
			msg_error("%s: pg_dump, which has the locks, has ended",
			    pg_database(s->job->pg));
		return (STATUS_RETRY);
	}
	return (STATUS_OK);
}

enum status
source_read(void *arg, void *buf, size_t len, size_t *got)
{
	struct source *s = arg;
	enum status status;
	ssize_t n;

	*got = 0;
	if (s->spool_left > 0) {
		if (len > s->spool_left)
			len = (size_t)s->spool_left;
		if ((n = spool_read(s->spool, buf, len)) <= 0) {
			msg_errno("table of contents");
			return (STATUS_LOCAL);
		}
		s->spool_left -= (uint64_t)n;
		*got = (size_t)n;
		return (STATUS_OK);
	}
	if (s->ours)
		return (emit_read(s->emit, buf, len, got, on_idle, s));
	if (s->ended)
		return (STATUS_OK);
	emit_follow(s->emit, 0);
	status = stock_read(&s->job->stock, s->job->out, buf, len, got);
	emit_follow(s->emit, *got);
	return (status);
}

/* pg_dump had the locks, and cannot see it when the server has ended its
 * session: it waits for us to read. */
static enum status
check_unchanged(struct source *s)
{
	struct plan *p = &s->job->toc.plan;
	const struct plan_entry *e;
	enum status status;

	if ((status = pg_changes(s->job->pg, p)) != STATUS_OK)
		return (status);
	if ((e = find_bad(p, is_rewritten)) == NULL)
		return (STATUS_OK);
	msg_error("%s: changed while it was read: pg_dump had lost the locks",
	    e->label);
	return (STATUS_RETRY);
}

enum status
source_end(struct source *s)
{
	enum status status;

	if (!s->ours) {
		guard_stop(s->guard);
		s->guard = NULL;
		return (stock_end(&s->job->stock));
	}
	if ((status = on_idle(s)) != STATUS_OK)
		return (status);
	status = crew_end(s->crew);
	guard_stop(s->guard);
	s->guard = NULL;
	if (s->keeps && status == STATUS_OK &&
	    (status = on_idle(s)) == STATUS_OK)
		status = check_unchanged(s);
	return (status);
}

enum status
source_status(struct source *s, enum status status)
{
	enum status own = s->emit != NULL ? emit_status(s->emit) : STATUS_OK;

	return (status != STATUS_OK && own != STATUS_OK ? own : status);
}

void
source_close(struct source *s)
{

	if (s->emit != NULL)
		emit_stop(s->emit);
	guard_stop(s->guard);
	crew_free(s->crew);
	emit_free(s->emit);
	spool_free(s->spool);
	fence_free(s->fence);
	free(s->changed);
	free(s->holders);
}
