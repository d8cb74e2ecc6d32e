/* SPDX-License-Identifier: ISC */
/*
 * Which stages are one pipeline, and in which order.
 *
 * Whose stdin is the pipe that another one's stdout is stands behind that one:
 * so there are chains.  A program of somebody else's between two of ours breaks
 * a chain, and so the ends must be matched: a chain that writes to a pipe, of
 * which we do not see who reads it, goes on with one that reads from a pipe of
 * which we do not see who writes it.  Where there are several of them, the one
 * that was started first goes with the one that was started first, for a shell
 * starts the stages of a pipeline from left to right, and one line after the
 * other.  What is left over then, behind a foreign program, is another end of
 * its stream (tee).
 */
#include "progress/stage.h"

struct chain {
	struct stage *stages[STAGES_MAX];
	size_t count;
};

/* The one behind all[i]; count where there is none. */
static size_t
behind(struct stage *const *all, size_t count, const bool *used, size_t i)
{
	size_t k;

	for (k = 0; k < count && all[i]->out_pipe != 0; k++)
		if (!used[k] && all[k]->in_pipe == all[i]->out_pipe)
			return (k);
	return (count);
}

static bool
has_front(struct stage *const *all, size_t count, size_t i)
{
	size_t k;

	for (k = 0; k < count && all[i]->in_pipe != 0; k++)
		if (k != i && all[k]->out_pipe == all[i]->in_pipe)
			return (true);
	return (false);
}

static void
make_chain(struct stage *const *all, size_t count, bool *used, size_t i,
    struct chain *c)
{

	c->count = 0;
	for (; i < count; i = behind(all, count, used, i)) {
		used[i] = true;
		c->stages[c->count++] = all[i];
	}
}

/* By age of their first. */
static void
sort(struct chain *v, size_t count)
{
	struct chain c;
	size_t i, k;

	for (i = 1; i < count; i++) {
		c = v[i];
		for (k = i; k > 0 && v[k - 1].stages[0]->pid >
		    c.stages[0]->pid; k--)
			v[k] = v[k - 1];
		v[k] = c;
	}
}

static size_t
make_chains(struct stage *const *all, size_t count,
    struct chain v[STAGES_MAX])
{
	bool used[STAGES_MAX] = { false };
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		if (!used[i] && !has_front(all, count, i))
			make_chain(all, count, used, i, &v[n++]);
	/* A circle has no beginning. */
	for (i = 0; i < count; i++)
		if (!used[i])
			make_chain(all, count, used, i, &v[n++]);
	sort(v, n);
	return (n);
}

static void
append(struct pipeline *p, const struct chain *c, enum stage_link link)
{
	size_t i;

	for (i = 0; i < c->count; i++) {
		p->stages[p->count] = c->stages[i];
		p->links[p->count++] = i == 0 ? link : LINK_DIRECT;
	}
}

/* Where a chain that reads from a stranger goes on: NULL for nowhere. */
static struct pipeline *
find_front(struct pipeline *v, size_t count, enum stage_link *link)
{
	struct pipeline *beside = NULL;
	size_t i, k;

	for (i = 0; i < count; i++) {
		*link = LINK_FOREIGN;
		if (v[i].stages[v[i].count - 1]->out_pipe != 0)
			return (&v[i]);
		for (k = 1; k < v[i].count; k++)
			if (v[i].links[k] == LINK_FOREIGN)
				beside = &v[i];
	}
	*link = LINK_BESIDE;
	return (beside);
}

size_t
stage_order(struct stage *const *all, size_t count,
    struct pipeline out[STAGES_MAX])
{
	struct chain chains[STAGES_MAX];
	struct pipeline *p;
	enum stage_link link;
	size_t i, n, made = 0;

	n = make_chains(all, count, chains);
	for (i = 0; i < n; i++)
		if (chains[i].stages[0]->in_pipe == 0) {
			out[made].count = 0;
			append(&out[made++], &chains[i], LINK_DIRECT);
		}
	for (i = 0; i < n; i++) {
		if (chains[i].stages[0]->in_pipe == 0)
			continue;
		if ((p = find_front(out, made, &link)) == NULL) {
			p = &out[made++];
			p->count = 0;
			link = LINK_DIRECT;
		}
		append(p, &chains[i], link);
	}
	return (made);
}
