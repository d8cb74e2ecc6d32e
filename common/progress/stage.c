/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "progress/progress.h"
#include "progress/stage.h"

/* Work comes in portions, megabytes at a time: what is shown is the mean of
 * about so many seconds. */
#define RATE_S		8.0
#define LEFT_S		30.0

uint64_t
stage_bytes(const struct stage *s)
{

	if ((s->flags & (STAGE_SOURCE | STAGE_SINK)) != 0 &&
	    (s->flags & STAGE_STORES) == 0)
		return (s->out > s->in ? s->out : s->in);
	return (s->out);
}

/* Where nothing says how much there is, the bytes are counted. */
void
stage_count(struct stage *s, int64_t ms)
{
	uint64_t now = s->total > 0 ? s->done : stage_bytes(s);
	double seconds = (double)(ms - s->seen) / 1000, rate;

	if (ms <= s->seen)
		return;
	rate = now > s->counted ? (double)(now - s->counted) / seconds : 0;
	mean_add(&s->rate, rate, seconds, RATE_S);
	mean_add(&s->slow, rate, seconds, LEFT_S);
	s->counted = now;
	s->seen = ms;
}

#define GET(field)	atomic_load_explicit(&(field), memory_order_relaxed)

/* The stage is another process, which may write whatever it likes. */
static void
read_name(struct stage *s, struct stage_shown *from)
{
	uint64_t words[STAGE_WORDS];
	uint32_t turn;
	size_t i;

	turn = atomic_load(&from->turn);
	for (i = 0; i < STAGE_WORDS; i++)
		words[i] = GET(from->name[turn & 1][i]);
	/* It was overwritten meanwhile: the old one will do until next time. */
	if (atomic_load(&from->turn) != turn)
		return;
	memcpy(s->object, words, sizeof(s->object));
	s->object[sizeof(s->object) - 1] = '\0';
}

void
stage_read(struct stage *s, struct stage_shown *from)
{

	s->in = GET(from->in);
	s->out = (s->flags & STAGE_STORES) != 0 ? GET(from->stored) :
	    GET(from->out);
	s->done = GET(from->done);
	s->total = GET(from->total);
	s->state = GET(from->state);
	read_name(s, from);
}

void
stage_name(struct stage_shown *to, const char *object)
{
	uint32_t turn = GET(to->turn) + 1;
	uint64_t words[STAGE_WORDS] = { 0 };
	size_t i, len = strnlen(object, STAGE_OBJECT - 1);

	memcpy(words, object, len);
	for (i = 0; i < STAGE_WORDS; i++)
		atomic_store_explicit(&to->name[turn & 1][i], words[i],
		    memory_order_relaxed);
	atomic_store(&to->turn, turn);
}
