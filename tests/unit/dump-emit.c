/* SPDX-License-Identifier: ISC */
/*
 * Whatever many workers make, in whatever order, of whatever size: it comes out
 * in the order of the archive, within the limit of memory, and nobody waits for
 * ever; and how far it is shows.
 */
#include <signal.h>

#include "sanitizer.h"
#include "tap.h"

#include "pgb-dump/data/emit.c"
#include "pgb-dump/data/emit-lane.c"
#include "pgb-dump/data/plan.c"

#define ENTRIES		24
#define CHUNK_MOST	(1024 * 1024)

/* What stands in front of each chunk's bytes. */
struct stamp {
	uint32_t id, from, number, len;
};

struct run {
	struct emit *e;
	struct plan plan;
	unsigned jobs, seed;
	size_t most;		/* bytes of one task */
	bool loosens, stop;	/* stop: atomic */
	size_t peak;		/* slabs, seen at any time */
	bool back;		/* what was done became less */
};

static unsigned
dice(unsigned *seed, unsigned sides)
{
	return ((unsigned)rand_r(seed) % sides);
}

static void
make_plan(struct run *r)
{
	struct plan_entry *e;
	size_t i;

	r->plan = (struct plan){ .count = ENTRIES, .room = ENTRIES };
	r->plan.entries = calloc(ENTRIES, sizeof(*e));
	for (i = 0; i < ENTRIES; i++) {
		e = &r->plan.entries[i];
		e->id = (int32_t)i + 1;
		e->label = strdup("a table");
		e->columns = strdup("(a)");
		e->pages = 1 + dice(&r->seed, 40);
		e->step = dice(&r->seed, 3) == 0 ? 0 :
		    1 + dice(&r->seed, 10);
		if (e->step >= e->pages)
			e->step = 0;
		/* Right, or far from it. */
		e->bytes = dice(&r->seed, (unsigned)r->most);
		e->task_bytes = dice(&r->seed, 2) == 0 ? r->most : 1000;
	}
}

/* One chunk of len bytes, as a squeeze writes it. */
static bool
chunk(struct squeeze_sink *sink, const struct stamp *stamp)
{
	size_t at = 0, room, n;
	uint8_t *to;

	if (!sink->begin(sink->arg))
		return (false);
	while (at < stamp->len) {
		if ((to = sink->room(sink->arg, &room)) == NULL)
			return (false);
		n = stamp->len - at < room ? stamp->len - at : room;
		memset(to, (int)(stamp->number & 0x7f), n);
		for (room = 0; room < n && at + room < sizeof(*stamp); room++)
			to[room] = ((const uint8_t *)stamp)[at + room];
		sink->used(sink->arg, n);
		at += n;
	}
	return (sink->end(sink->arg));
}

static void *
worker(void *arg)
{
	struct run *r = arg;
	struct squeeze_sink sink;
	struct stamp stamp;
	struct task *t;
	size_t left;
	unsigned seed = r->seed + (unsigned)(uintptr_t)pthread_self();

	while ((t = emit_take(r->e, &r->plan)) != NULL) {
		lane_sink(t, &sink);
		stamp = (struct stamp){ .id = (uint32_t)t->entry->id,
		    .from = t->from };
		left = dice(&seed, 4) == 0 ? 0 : dice(&seed, (unsigned)r->most);
		while (left > sizeof(stamp)) {
			stamp.len = (uint32_t)sizeof(stamp) +
			    dice(&seed, CHUNK_MOST - (unsigned)sizeof(stamp));
			if (stamp.len > left)
				stamp.len = (uint32_t)left;
			if (!chunk(&sink, &stamp))
				return (NULL);
			lane_came(t, stamp.len);
			stamp.number++;
			left -= stamp.len;
		}
		lane_done(t, 1, 0);
	}
	return (NULL);
}

/* Lets lanes past the limit now and then, and sees how far they are. */
static void *
meddler(void *arg)
{
	const struct timespec ms = { 0, 1000000 };
	struct run *r = arg;
	size_t limit = r->jobs * (EMIT_SHARE / EMIT_SLAB), n;
	struct emit_state state;
	uint64_t done = 0;
	bool loose = false;

	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		nanosleep(&ms, NULL);
		if (r->loosens)
			emit_loosen(r->e, loose = !loose);
		pthread_mutex_lock(&r->e->lock);
		n = limit - r->e->free_count + r->e->over;
		pthread_mutex_unlock(&r->e->lock);
		if (n > r->peak)
			r->peak = n;
		emit_state(r->e, &state);
		r->back |= state.done < done;
		done = state.done;
	}
	emit_loosen(r->e, false);
	return (NULL);
}

static enum status
idle(void *arg)
{
	(void)arg;
	return (STATUS_OK);
}

/* len bytes of what comes out; false at its end. */
static bool
get(struct run *r, void *to, size_t len)
{
	size_t at = 0, got;

	while (at < len) {
		if (emit_read(r->e, (uint8_t *)to + at, len - at, &got, idle,
		    NULL) != STATUS_OK || got == 0)
			return (false);
		at += got;
	}
	return (true);
}

static uint32_t
int_of(const uint8_t *p)
{
	return ((uint32_t)p[1] | (uint32_t)p[2] << 8 | (uint32_t)p[3] << 16 |
	    (uint32_t)p[4] << 24);
}

/* The blocks, and whether all in them is in order. */
static bool
read_all(struct run *r)
{
	static uint8_t buf[CHUNK_MOST];
	const struct timespec late = { 0, 50000000 }, pause = { 0, 2000000 };
	struct stamp s, was;
	uint8_t head[6];
	uint32_t id, len;
	unsigned seed = r->seed;

	/* Lanes fill. */
	nanosleep(&late, NULL);
	for (id = 1; get(r, head, sizeof(head)); id++) {
		if (head[0] != BLOCK_DATA || int_of(head + 1) != id)
			return (false);
		was = (struct stamp){ .id = id };
		while (get(r, head, INT_LEN) && (len = int_of(head)) > 0) {
			if (len > sizeof(buf) || !get(r, buf, len))
				return (false);
			memcpy(&s, buf, sizeof(s));
			if (s.id != id || s.len != len || s.from < was.from ||
			    (s.from == was.from && s.number != 0 &&
			    s.number != was.number + 1) ||
			    (s.from > was.from && s.number != 0) ||
			    buf[len - 1] != (len > sizeof(s) ?
			    (s.number & 0x7f) : buf[len - 1]))
				return (false);
			was = s;
			if (dice(&seed, 50) == 0)
				nanosleep(&pause, NULL);
		}
	}
	return (id == ENTRIES + 1);
}

static void
test_run(unsigned jobs, size_t most, bool loosens, unsigned seed)
{
	struct run r = { .jobs = jobs, .seed = seed, .most = most,
	    .loosens = loosens };
	size_t limit = jobs * (EMIT_SHARE / EMIT_SLAB);
	pthread_t threads[8], other;
	bool good;
	unsigned i;

	make_plan(&r);
	r.e = emit_new(jobs, false);
	for (i = 0; i < jobs; i++)
		pthread_create(&threads[i], NULL, worker, &r);
	pthread_create(&other, NULL, meddler, &r);
	good = read_all(&r);
	ok(good, "%u workers, tasks of up to %zu bytes%s: all in order", jobs,
	    most, loosens ? ", past the limit at times" : "");
	if (!good)
		emit_stop(r.e);
	for (i = 0; i < jobs; i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&r.stop, true, __ATOMIC_RELEASE);
	pthread_join(other, NULL);
	ok(r.e->reserved == 0 && r.e->over == 0 && r.e->free_count == limit,
	    "and all memory is back");
	ok(loosens || r.peak <= limit, "never more than the limit: %zu of %zu",
	    r.peak, limit);
	ok(!r.back, "what is done never becomes less");
	emit_free(r.e);
	plan_free(&r.plan);
}

/* Who waits for memory ends when another one fails. */
static void
test_fail(void)
{
	struct run r = { .jobs = 4, .seed = 7, .most = 8 * 1024 * 1024 };
	const struct timespec pause = { 0, 200000000 };
	pthread_t threads[4];
	uint8_t byte;
	size_t got;
	unsigned i;

	make_plan(&r);
	r.e = emit_new(r.jobs, false);
	for (i = 0; i < r.jobs; i++)
		pthread_create(&threads[i], NULL, worker, &r);
	nanosleep(&pause, NULL);
	emit_stop(r.e);
	for (i = 0; i < r.jobs; i++)
		pthread_join(threads[i], NULL);
	ok(emit_read(r.e, &byte, 1, &got, idle, NULL) == STATUS_LOCAL &&
	    emit_status(r.e) == STATUS_LOCAL, "a failure ends all");
	emit_free(r.e);
	plan_free(&r.plan);
}

/* A table that is read at once shows how far it is, too. */
static void
test_share(void)
{
	struct run r = { .jobs = 1, .seed = 1, .most = 1000 };
	struct stamp stamp = { .len = 100 };
	struct squeeze_sink sink;
	struct emit_state state[3];
	struct task *t;

	make_plan(&r);
	r.plan.entries[0].step = 0;
	r.plan.entries[0].bytes = 250;
	r.e = emit_new(r.jobs, false);
	t = emit_take(r.e, &r.plan);
	lane_sink(t, &sink);
	emit_state(r.e, &state[0]);
	lane_came(t, 200);
	chunk(&sink, &stamp);
	emit_state(r.e, &state[1]);
	lane_came(t, 200);
	chunk(&sink, &stamp);
	emit_state(r.e, &state[2]);
	ok(state[0].done == 0 && state[1].done == 200, "so much of a table");
	ok(state[2].done == 250, "not more than there is");
	emit_stop(r.e);
	emit_free(r.e);
	plan_free(&r.plan);
}

int
main(void)
{
	unsigned seed;

	/* Who waits for ever is a failure. */
	alarm(SANITIZER || tap_step() > 1 ? 1800 : 300);
	for (seed = 1; seed <= 3; seed += (unsigned)tap_step()) {
		test_run(1, 3 * 1024 * 1024, false, seed);
		test_run(2, 3 * 1024 * 1024, false, seed);
		test_run(2, 9 * 1024 * 1024, false, seed);
		test_run(2, 9 * 1024 * 1024, true, seed);
		test_run(2, 60 * 1024 * 1024, true, seed);
		test_run(8, 2 * 1024 * 1024, true, seed);
		test_run(8, 100, false, seed);
	}
	test_fail();
	test_share();
	return (tap_done());
}
