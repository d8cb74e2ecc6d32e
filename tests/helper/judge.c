/* SPDX-License-Identifier: ISC */
/*
 * What the checks of pgb-verify see of damage to a small custom archive, in
 * one process: the carrier and check.c as verify.c wires them, with findings
 * that are counted, not printed.
 *
 *	judge cuts ARCHIVE		cut in front of every byte
 *	judge flips ARCHIVE		every bit of every byte turned round
 *	judge threads ARCHIVE N STEP	every STEPth of these with N threads: are
 *					verdict and first error those of one?
 *	judge cut ARCHIVE BYTE		write it so damaged to stdout
 *	judge flip ARCHIVE BYTE BIT
 *	judge damage ARCHIVE NAME	likewise; without a NAME, list them
 *	judge sample ARCHIVE COUNT	COUNT arguments for "judge", a line each
 *	judge why ARCHIVE BYTE BIT	the first error
 *
 * cuts and flips print, tab-separated, how many were tried, how many the
 * walker, the checks of the table of contents and those of the data saw, how
 * many not, and of these how many were noted: by region, and flips of the
 * table by field; then a line for each that was not seen.
 */
#include <stdarg.h>

#include "carrier/carrier.h"
#include "check.h"
#include "judge-damage.h"
#include "judge-map.h"

/* --- findings ------------------------------------------------------------ */

struct findings {
	size_t data;		/* where the data begins */
	uint64_t errors, notes;
	bool of_data;		/* the first error is one of the data */
	char first[400];
};

struct findings *
findings_new(const struct finding_opts *opts)
{

	(void)opts;
	return (calloc(1, sizeof(struct findings)));
}

void
findings_free(struct findings *f)
{

	free(f);
}

void
finding(struct findings *f, enum finding_kind kind, const struct place *p,
    const char *restore, const char *fmt, ...)
{
	va_list ap;

	(void)restore;
	if (kind == FIND_NOTE) {
		f->notes++;
		return;
	}
	if (f->errors++ > 0)
		return;
	f->of_data = p != NULL && ((p->has_at && p->at >= f->data) ||
	    p->row > 0 || p->loid > 0);
	va_start(ap, fmt);
	vsnprintf(f->first, sizeof(f->first), fmt, ap);
	va_end(ap);
}

bool
findings_stop(const struct findings *f)
{
	return (f->errors > 0);
}

uint64_t
findings_errors(const struct findings *f)
{
	return (f->errors);
}

uint64_t
findings_notes(const struct findings *f)
{
	return (f->notes);
}

void
findings_rest(const struct findings *f)
{

	(void)f;
}

/* --- a verdict ----------------------------------------------------------- */

enum seer { UNSEEN, WALKER, TOC, DATA, SEERS };

struct verdict {
	enum seer seer;
	bool noted;
	char why[400];
};

/* As the pump calls them: see verify.c. */
static void
judge(struct verdict *v, const unsigned char *buf, size_t len, size_t data,
    unsigned threads)
{
	const struct finding_opts fo = { .most = 1 };
	const struct check_opts co = { .threads = threads,
	    .max_memory = 1 << 30 };
	struct carrier_opts c = { .watch = &check_watch,
	    .sql_watch = &check_sql_watch };
	struct findings *f = findings_new(&fo);
	struct check *check;
	struct carrier *carrier;
	bool broken;

	if (f == NULL || (check = check_new(&co, f)) == NULL)
		die("no memory");
	f->data = data;
	c.watch_arg = c.sql_arg = check;
	if ((carrier = carrier_new(&c)) == NULL)
		die("no memory");
	broken = (len > 0 && carrier_feed(carrier, buf, len) != 0) ||
	    carrier_end(carrier) != CARRIER_PROVEN;
	if (check_drain(check) == STATUS_LOCAL)
		die("a check gave up");
	v->seer = UNSEEN;
	v->noted = f->notes > 0;
	v->why[0] = '\0';
	if (f->errors > 0) {
		v->seer = f->of_data ? DATA : TOC;
		memcpy(v->why, f->first, sizeof(v->why));
	} else if (broken) {
		v->seer = WALKER;
		snprintf(v->why, sizeof(v->why), "%s", carrier_why(carrier));
	}
	carrier_free(carrier);
	check_free(check);
	findings_free(f);
}

/* --- counts -------------------------------------------------------------- */

struct tally {
	enum region region;
	const char *field;	/* NULL: of the whole region */
	size_t seen[SEERS], noted;
};

struct book {
	struct tally tally[200];
	size_t count;
};

static void
enter(struct book *b, enum region region, const char *field,
    const struct verdict *v)
{
	struct tally *t = b->tally;

	for (; t < b->tally + b->count; t++)
		if (t->region == region && (field == NULL ? t->field == NULL :
		    t->field != NULL && strcmp(t->field, field) == 0))
			break;
	if (t == b->tally + b->count) {
		if (++b->count == sizeof(b->tally) / sizeof(b->tally[0]))
			die("too many fields");
		t->region = region;
		t->field = field;
	}
	t->seen[v->seer]++;
	t->noted += v->seer == UNSEEN && v->noted;
}

static void
print(const struct book *b)
{
	const struct tally *t = b->tally;

	printf("region\tfield\ttried\twalker\tTOC\tdata\tunseen\tnoted\n");
	for (; t < b->tally + b->count; t++)
		printf("%s\t%s\t%zu\t%zu\t%zu\t%zu\t%zu\t%zu\n",
		    regions[t->region], t->field != NULL ? t->field : "all",
		    t->seen[UNSEEN] + t->seen[WALKER] + t->seen[TOC] +
		    t->seen[DATA], t->seen[WALKER], t->seen[TOC],
		    t->seen[DATA], t->seen[UNSEEN], t->noted);
}

static void
unseen(const struct map *m, size_t at, int bit)
{
	const struct byte *b = &m->bytes[at];
	long n = b->entry;

	printf("unseen: byte %zu bit %d: %s", at, bit, b->field);
	if (n < 0)
		printf(" of %s", regions[b->region]);
	else
		printf(" of entry %ld (%.*s %.*s)", m->a->entry[n].id,
		    (int)m->desc[n].len, (const char *)m->desc[n].s,
		    m->tag[n].len > 0 ? (int)m->tag[n].len : 0,
		    (const char *)m->tag[n].s);
	if (b->region == SECOND && n >= 0)
		printf(", second TOC");
	printf("\n");
}

static void
all_cuts(struct map *m)
{
	static struct book book;
	struct verdict v;

	for (size_t i = 0; i < m->a->len; i++) {
		judge(&v, m->a->buf, i, m->a->data, 1);
		enter(&book, m->bytes[i].region, NULL, &v);
		if (v.seer == UNSEEN)
			printf("unseen: cut at byte %zu\n", i);
	}
	print(&book);
}

static void
all_flips(struct map *m)
{
	static struct book book;
	unsigned char *buf = copy(m);
	const struct byte *b;
	struct verdict v;

	for (size_t i = 0; i < m->a->len; i++)
		for (int bit = 0; bit < 8; bit++) {
			b = &m->bytes[i];
			buf[i] ^= (unsigned char)(1 << bit);
			judge(&v, buf, m->a->len, m->a->data, 1);
			buf[i] ^= (unsigned char)(1 << bit);
			enter(&book, b->region, NULL, &v);
			enter(&book, b->region, b->field, &v);
			if (v.seer == UNSEEN)
				unseen(m, i, bit);
		}
	print(&book);
	free(buf);
}

static void
threads(struct map *m, unsigned count, size_t step)
{
	unsigned char *buf = copy(m), mask;
	struct verdict one, more;
	size_t n, tried = 0, other = 0;

	for (n = 0; n < m->a->len * 8; n += step, tried++) {
		mask = (unsigned char)(1 << n % 8);
		buf[n / 8] ^= mask;
		judge(&one, buf, m->a->len, m->a->data, 1);
		judge(&more, buf, m->a->len, m->a->data, count);
		buf[n / 8] ^= mask;
		if (one.seer == more.seer && strcmp(one.why, more.why) == 0)
			continue;
		other++;
		printf("differs: byte %zu bit %zu: \"%s\", \"%s\"\n", n / 8,
		    n % 8, one.why, more.why);
	}
	printf("tried %zu, differ %zu\n", tried, other);
	free(buf);
}

/* Evenly over the archive, a third of them cuts. */
static void
sample(const struct map *m, const char *path, size_t count)
{
	uint32_t state = 12345;
	size_t at;

	for (size_t i = 0; i < count; i++) {
		state = state * 1664525 + 1013904223;
		at = i * m->a->len / count + (state >> 16) % 16;
		if (at >= m->a->len)
			at = m->a->len - 1;
		if (i % 3 == 0)
			printf("cut %s %zu\n", path, at);
		else
			printf("flip %s %zu %u\n", path, at, state >> 29);
	}
}

/* --- main ---------------------------------------------------------------- */

static size_t
number(char *const *argv, int n)
{
	return (argv[n] == NULL ? 0 : (size_t)strtoul(argv[n], NULL, 10));
}

int
main(int argc, char **argv)
{
	struct verdict v;
	struct edit e;
	struct map *m;
	size_t at;

	if (argc < 3)
		return (2);
	m = map_read(argv[2]);
	e = (struct edit){ m, copy(m), m->a->len };
	judge(&v, m->a->buf, m->a->len, m->a->data, 1);
	if (v.seer != UNSEEN)
		die(v.why);
	at = number(argv, 3);
	if (at >= m->a->len)
		return (2);
	if (strcmp(argv[1], "cuts") == 0)
		all_cuts(m);
	else if (strcmp(argv[1], "flips") == 0)
		all_flips(m);
	else if (strcmp(argv[1], "threads") == 0 && argc == 5)
		threads(m, (unsigned)at, number(argv, 4));
	else if (strcmp(argv[1], "sample") == 0)
		sample(m, argv[2], at);
	else if (strcmp(argv[1], "cut") == 0)
		fwrite(e.buf, 1, at, stdout);
	else if (strcmp(argv[1], "damage") == 0)
		damage(&e, argv[3]);
	else if (argc == 5) {
		e.buf[at] ^= (unsigned char)(1 << number(argv, 4) % 8);
		judge(&v, e.buf, e.len, m->a->data, 1);
		if (strcmp(argv[1], "why") == 0)
			printf("%s\n", v.why);
		else
			fwrite(e.buf, 1, e.len, stdout);
	} else
		return (2);
	return (fflush(stdout) != 0);
}
