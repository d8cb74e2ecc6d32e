/* SPDX-License-Identifier: ISC */
/*
 * Promise: a tar archive is proven when its members are those that its table of
 * contents promises, in that order, and broken with a sentence otherwise; and
 * its watcher is told what the same custom archive would tell.
 */
#include "carrier-try.h"
#include "tar-make.h"

static struct make_spec spec = { .minor = 14 };
static struct made_tar from, t;

/* Members of "from": 0 toc.dat, 1 and 2 rows, 3 and 4 large objects, 5 their
 * list, 6 restore.sql. */
static void
pick(const char *which)
{

	tar_wipe(&t);
	for (; *which != '\0'; which++)
		tar_copy(&t, &from, (size_t)(*which - '0'), NULL);
	tar_zeros(&t, 2 * TAR_BLOCK);
}

static void
is(enum carrier_verdict want, const char *why, const char *name)
{
	try_is(t.m.buf, t.m.len, want, why, name);
}

/* The same, but the nth member has this name. */
static void
renamed(const char *which, size_t n, const char *name, const char *why)
{
	size_t i;
	char text[128];

	tar_wipe(&t);
	for (i = 0; which[i] != '\0'; i++)
		tar_copy(&t, &from, (size_t)(which[i] - '0'), i == n ? name :
		    NULL);
	tar_zeros(&t, 2 * TAR_BLOCK);
	snprintf(text, sizeof(text), "%s as %s", from.name[which[n] - '0'],
	    name);
	is(CARRIER_BROKEN, why, text);
}

static void
members(void)
{

	pick("0123456");
	is(CARRIER_PROVEN, NULL, "all members");
	pick("023456");
	is(CARRIER_BROKEN, "member 3001.dat where 3000.dat, the data of entry "
	    "3000 (TABLE DATA public.t), is due: pg_restore stops here",
	    "rows missing");
	pick("013456");
	is(CARRIER_BROKEN, "member blob_16400.dat where 3001.dat, the data of "
	    "entry 3001 (TABLE DATA public.empty), is due: pg_restore passes "
	    "over it", "the last rows missing");
	pick("0213456");
	is(CARRIER_BROKEN, "pg_restore stops here", "rows change places");
	pick("01123456");
	is(CARRIER_BROKEN, "member 3000.dat where 3001.dat", "rows twice");
	pick("0345126");
	is(CARRIER_BROKEN, "member blob_16400.dat where 3000.dat",
	    "large objects in front of rows");
	pick("06");
	is(CARRIER_BROKEN, "member restore.sql where 3000.dat, the data of "
	    "entry 3000 (TABLE DATA public.t), is due: pg_restore stops here",
	    "no data at all");
	pick("012345");
	is(CARRIER_BROKEN, "ends without restore.sql", "no script");
	pick("01");
	is(CARRIER_BROKEN, "ends without 3001.dat, the data of entry 3001",
	    "the end too early");
	pick("0123");
	is(CARRIER_BROKEN, "ends without blobs.toc, the list of entry 2900 "
	    "(BLOBS BLOBS)", "the end among the large objects");
	pick("01234516");
	is(CARRIER_BROKEN, "member 3000.dat where restore.sql is due: "
	    "pg_restore passes over it", "a member too many");
	pick("01234566");
	is(CARRIER_BROKEN, "behind restore.sql", "a second script");
	pick("01234561");
	is(CARRIER_BROKEN, "behind restore.sql", "rows behind it");
	renamed("0123456", 1, "9.dat", "member 9.dat where 3000.dat, the data "
	    "of entry 3000 (TABLE DATA public.t), is due: pg_restore passes "
	    "over it");
	renamed("01123456", 1, "9.dat", "member 9.dat where 3000.dat");
	renamed("0123456", 1, "3000.dat.gz", "member 3000.dat.gz where");
	renamed("0123456", 1, "./3000.dat", "member ./3000.dat where");
	renamed("0123456", 6, "restore.sq", "where restore.sql is due");
}

static void
objects(void)
{
	const struct make_object one = { 16400, "x" };
	struct make_spec s = spec;

	pick("012456");
	is(CARRIER_BROKEN, "member blobs.toc of entry 2900 (BLOBS BLOBS): lists"
	    " 2 large objects, and 1 are there", "an object missing");
	pick("01256");
	is(CARRIER_BROKEN, "no large object stands in front", "all missing");
	pick("01234456");
	is(CARRIER_BROKEN, "lists 2 large objects, and 3 are there",
	    "an object twice");
	pick("0123356");
	is(CARRIER_BROKEN, "lists other large objects",
	    "one twice in another's place");
	pick("0124356");
	is(CARRIER_BROKEN, "lists other large objects", "they change places");
	pick("012346");
	is(CARRIER_BROKEN, "restore.sql where blobs.toc, the list of entry "
	    "2900 (BLOBS BLOBS), is due: pg_restore would leave out",
	    "the list missing");
	pick("01234556");
	is(CARRIER_BROKEN, "blobs.toc where restore.sql is due",
	    "a list twice");
	pick("0123546");
	is(CARRIER_BROKEN, "lists 2 large objects, and 1 are there",
	    "the list too early");
	pick("0123145");
	is(CARRIER_BROKEN, "member 3000.dat where blobs.toc, the list",
	    "rows among them");
	renamed("0123456", 3, "blob_5.dat", "lists other large objects");
	renamed("0123456", 3, "blob_016400.dat", "blob_016400.dat where");
	renamed("0123456", 3, "blob_+16400.dat", "blob_+16400.dat where");
	renamed("0123456", 3, "blob_ 1.dat", "blob_ 1.dat where");
	renamed("0123456", 3, "blob_0.dat", "blob_0.dat where");
	renamed("0123456", 3, "blob_4294967296.dat", "4294967296.dat where");
	renamed("0123456", 3, "blob_99999999999999999999.dat", "99.dat where");
	renamed("0123456", 3, "blob_1.da", "blob_1.da where");
	renamed("0123456", 5, "blobs_2900.toc", "blobs_2900.toc where "
	    "blobs.toc, the list of entry 2900");

	/* From here on each entry has a list. */
	s.minor = 16;
	s.groups = 3;
	tar_wipe(&t);
	make_tar(&t, &s);
	is(CARRIER_PROVEN, NULL, "three groups of objects");
	memcpy(t.m.buf + t.at[8], "blobs_2900.toc", 14);
	tar_checksum(t.m.buf + t.at[8]);
	is(CARRIER_BROKEN, "blobs_2900.toc where blobs_2901.toc, the list of "
	    "entry 2901 (BLOBS BLOBS), is due", "another group's list");
	s.objects = &one;
	s.object_count = 1;
	s.groups = 1;
	tar_wipe(&t);
	make_tar(&t, &s);
	is(CARRIER_PROVEN, NULL, "one object, a list of its entry");
	same(t.name[4], "blobs_2900.toc", "which has its ID");
}

/* A list of this text in place of "16400 blob_16400.dat\n4000000000 ...". */
static void
list(const char *text, enum carrier_verdict want, const char *why)
{

	tar_wipe(&t);
	tar_copy(&t, &from, 0, NULL);
	tar_copy(&t, &from, 1, NULL);
	tar_copy(&t, &from, 2, NULL);
	tar_copy(&t, &from, 3, NULL);
	tar_copy(&t, &from, 4, NULL);
	tar_add(&t, "blobs.toc", text, strlen(text), false);
	tar_copy(&t, &from, 6, NULL);
	tar_zeros(&t, 2 * TAR_BLOCK);
	is(want, why, "a list");
}

static void
lists(void)
{
#define FIRST	"16400 blob_16400.dat\n"
#define LAST	"4000000000 blob_4000000000.dat\n"
	static const char no_line[] = "a line that names no large object";
	char where[64];

	list(FIRST LAST, CARRIER_PROVEN, NULL);
	list(LAST FIRST, CARRIER_BROKEN, "lists other large objects");
	list(FIRST FIRST, CARRIER_BROKEN, "lists other large objects");
	list(FIRST "5 blob_5.dat\n", CARRIER_BROKEN, "lists other");
	list(FIRST, CARRIER_BROKEN, "lists 1 large objects, and 2 are there");
	list("", CARRIER_BROKEN, "lists 0 large objects, and 2 are there");
	list(FIRST LAST FIRST, CARRIER_BROKEN, "lists 3 large objects");
	list(FIRST "4000000000 blob_4000000000.dat", CARRIER_BROKEN, no_line);
	list(FIRST "\n" LAST, CARRIER_BROKEN, no_line);
	list(FIRST LAST "\n", CARRIER_BROKEN, no_line);
	list(FIRST "4000000000 blob_16400.dat\n", CARRIER_BROKEN, no_line);
	list(FIRST "4000000000  blob_4000000000.dat\n", CARRIER_BROKEN,
	    no_line);
	list(FIRST "04000000000 blob_4000000000.dat\n", CARRIER_BROKEN,
	    no_line);
	list(FIRST "4000000000 blob_4000000000.dat.and.so.on\n",
	    CARRIER_BROKEN, no_line);
	snprintf(where, sizeof(where), "byte %zu: member blobs.toc of entry "
	    "2900", from.at[5] + TAR_BLOCK + strlen(FIRST));
	list(FIRST "x" LAST, CARRIER_BROKEN, where);
}

/* One byte of toc.dat, at an offset that is known. */
static void
patch(size_t at, int byte, const char *why, const char *name)
{

	pick("0123456");
	t.m.buf[at] = (uint8_t)byte;
	is(CARRIER_BROKEN, why, name);
}

static void
table(void)
{
	const size_t rows = 6, defn = 4;	/* entries */
	size_t id = from.m.entry_at[rows], file = from.m.offset_at[rows];
	struct made_tar other;

	patch(TAR_BLOCK + 10, 1, "header of toc.dat: format 1, not 3",
	    "a custom archive's");
	patch(TAR_BLOCK + 15, 1, "byte 523: header of toc.dat: ", "compressed");
	patch(TAR_BLOCK + 12, 6, "compressed, which pg_restore does not take "
	    "in a tar", "compressed, of old");
	patch(id + 6, 0, "entry 3000 (TABLE DATA public.t): data flag and file "
	    "name contradict", "a data flag taken");
	patch(from.m.entry_at[defn] + 6, 1, "entry 200 (TABLE public.t): data "
	    "flag and file name contradict", "a data flag given");
	patch(file + 5, '4', "its file name is not 3000.dat", "another name");
	patch(file + 1, 9, "file name: a NUL byte", "a longer name");
	patch(file, 1, "file name: ", "a negative length");
	patch(id + 1, 0xb9, "entry 3001 (TABLE DATA public.t): its file name "
	    "is not 3001.dat", "another ID");

	/* toc.dat alone is cut, or something follows in it. */
	memset(&other, 0, sizeof(other));
	tar_add(&other, "toc.dat", from.m.buf + TAR_BLOCK,
	    from.toc_end - TAR_BLOCK - 1, false);
	tar_add(&other, "toc.dat", from.m.buf + TAR_BLOCK,
	    from.toc_end - TAR_BLOCK + 1, false);
	tar_wipe(&t);
	tar_copy(&t, &other, 0, NULL);
	is(CARRIER_BROKEN, "member toc.dat is cut short in the table of "
	    "contents: 8 of 9 entries seen, ends in entry 2900", "a byte less");
	tar_wipe(&t);
	tar_copy(&t, &other, 1, NULL);
	is(CARRIER_BROKEN, "more bytes after the table of contents",
	    "a byte more");
	tar_wipe(&other);

	pick("0123456");
	t.m.buf[TAR_BLOCK + 6] = 17;
	is(CARRIER_FOREIGN, "archive version 1.17-0 is newer",
	    "of a version that is not known");
	t.m.buf[TAR_BLOCK + 6] = 11;
	is(CARRIER_FOREIGN, "older than 1.12", "of an old one");
}

/* What is told, as text; chunks are put together. */
struct told {
	char *text;
	size_t size;
	FILE *f;
	uint64_t chunk_at;
	bool places;		/* with offsets, and what only a tar has */
	const char *what;	/* to object with, where the entry is */
	int32_t id;
};

static const char *
told_header(void *arg, const struct archive_header *h)
{
	struct told *d = arg;

	if (d->places)
		fprintf(d->f, "format %d\n", (int)h->format);
	fprintf(d->f, "header 1.%d %d %d %s|%s|%s\n", h->minor,
	    (int)h->compression, h->year, h->dbname, h->server, h->dumper);
	return (NULL);
}

static const char *
told_entry(void *arg, const struct archive_entry *e)
{
	struct told *d = arg;
	size_t i;

	fprintf(d->f, "entry %d %u %u %s|%s|%s|%s|%s|%s|%s|%s|%s %d %d%d%d%d",
	    (int)e->id, e->table_oid, e->oid, e->desc, e->schema, e->tag,
	    e->owner, e->defn, e->drop, e->copy, e->tablespace, e->tableam,
	    e->section, e->has_data, e->is_blobs, e->with_oids, e->relkind);
	for (i = 0; i < e->dep_count; i++)
		fprintf(d->f, " %d", (int)e->deps[i]);
	if (d->places)
		fprintf(d->f, " %s %llu %llu", e->member,
		    (unsigned long long)e->at,
		    (unsigned long long)e->offset_at);
	fprintf(d->f, "\n");
	return (NULL);
}

static const char *
told_toc_end(void *arg, size_t count)
{

	fprintf(((struct told *)arg)->f, "toc %zu\n", count);
	return (NULL);
}

static const char *
told_block(void *arg, int32_t id, uint64_t at)
{
	struct told *d = arg;

	fprintf(d->f, "block %d", (int)id);
	if (d->places)
		fprintf(d->f, " at %llu", (unsigned long long)at);
	fprintf(d->f, "\n");
	return (NULL);
}

static const char *
told_data(void *arg, int32_t id, uint32_t loid, const uint8_t *buf, size_t len,
    uint64_t chunk_at)
{
	struct told *d = arg;

	if (d->places && chunk_at != d->chunk_at)
		fprintf(d->f, "%d %u at %llu: ", (int)id, loid,
		    (unsigned long long)chunk_at);
	d->chunk_at = chunk_at;
	fwrite(buf, 1, len, d->f);
	return (id == d->id ? d->what : NULL);
}

static const char *
told_data_end(void *arg, int32_t id, uint32_t loid)
{

	fprintf(((struct told *)arg)->f, "\nend %d %u\n", (int)id, loid);
	return (NULL);
}

static const char *
told_block_end(void *arg, int32_t id)
{

	fprintf(((struct told *)arg)->f, "block end %d\n", (int)id);
	return (NULL);
}

static const struct archive_watch told_all = { true, told_header, told_entry,
	told_toc_end, told_block, told_data, told_data_end, told_block_end,
	NULL };

static enum carrier_verdict
watched(const struct made *m, size_t step, struct told *d, bool *told)
{
	const struct carrier_opts opts = { .watch = &told_all, .watch_arg = d };
	struct carrier *c = carrier_new(&opts);
	enum carrier_verdict v;
	size_t i, n;

	d->f = open_memstream(&d->text, &d->size);
	for (i = 0; i < m->len; i += n) {
		n = m->len - i < step ? m->len - i : step;
		if (carrier_feed(c, m->buf + i, n) != 0)
			break;
	}
	v = carrier_end(c);
	snprintf(try_why, sizeof(try_why), "%s", carrier_why(c));
	if (told != NULL)
		*told = carrier_is_told(c) &&
		    carrier_status(c) == STATUS_DATA;
	carrier_free(c);
	fclose(d->f);
	return (v);
}

static void
told_like_custom(void)
{
	static const size_t steps[] = { 1 << 20, 1, 7, 511, 513 };
	struct make_spec s = { .oids = true, .groups = 2 };
	struct told a = { 0 }, b = { 0 };
	struct made custom;
	size_t i;

	for (s.minor = 12; s.minor <= 16; s.minor++)
		for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			tar_wipe(&t);
			make_tar(&t, &s);
			make_archive(&custom, &s);
			ok(watched(&t.m, steps[i], &a, NULL) == CARRIER_PROVEN
			    && watched(&custom, 1 << 20, &b, NULL) ==
			    CARRIER_PROVEN, "1.%d watched", s.minor);
			same(a.text, b.text, "as the same custom archive");
			free(a.text);
			free(b.text);
			made_wipe(&custom);
		}
}

static void
told_places(void)
{
	struct told d = { .places = true };
	char want[256];
	size_t rows = 6, blobs = 8;

	pick("0123456");
	(void)watched(&t.m, 100, &d, NULL);
	ok(strncmp(d.text, "format 3\n", 9) == 0, "the format is told");
	snprintf(want, sizeof(want), " 200 3000.dat %zu %zu\n",
	    from.m.entry_at[rows], from.m.offset_at[rows]);
	ok(strstr(d.text, want) != NULL, "a file name, and where:%s", want);
	snprintf(want, sizeof(want), "block 3000 at %zu\n3000 0 at %zu: 1\tone",
	    from.at[1], from.at[1] + TAR_BLOCK);
	ok(strstr(d.text, want) != NULL, "where rows are");
	snprintf(want, sizeof(want), "block 2900 at %zu\n2900 16400 at %zu: a "
	    "large object of some length, longer than a chunk is here\n"
	    "end 2900 16400\n\nend 2900 4000000000\nblock end 2900\n",
	    from.m.block_at[blobs], from.at[3] + TAR_BLOCK);
	ok(strstr(d.text, want) != NULL, "where large objects are");
	free(d.text);
}

static void
objection(void)
{
	struct told d = { .what = "I do not like it", .id = 3000 };
	bool told;

	pick("0123456");
	ok(watched(&t.m, 1 << 20, &d, &told) == CARRIER_BROKEN && !told &&
	    strstr(try_why, "member 3000.dat of entry 3000 (TABLE DATA "
	    "public.t): I do not like it") != NULL, "who may object: %s",
	    try_why);
	free(d.text);
	d.what = archive_told;
	d.id = 2900;
	ok(watched(&t.m, 1 << 20, &d, &told) == CARRIER_BROKEN && told,
	    "and has told already");
	free(d.text);
}

int
main(void)
{

	make_tar(&from, &spec);
	members();
	objects();
	lists();
	table();
	told_like_custom();
	told_places();
	objection();
	tar_wipe(&from);
	tar_wipe(&t);
	return (tap_done());
}
