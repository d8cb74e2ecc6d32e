/* SPDX-License-Identifier: ISC */
/*
 * convert ARCHIVE MINOR none|gzip|lz4|zstd [WORD...]: write a custom archive
 * of pg_dump to stdout as one of the given version, 1.12 to 1.16, not below its
 * own if that is above 1.14, with that compression.
 *
 *	offsets	where the data stands is filled in, as into a file
 *	second	behind the data the TOC comes again, as pg_dump 16 to 18 leave
 *		a redirected file
 *	sums	frames of lz4 and zstd have checksums, which pg_dump never sets
 *	hurt:WHAT	one of the damages that "convert hurts" lists (hurt.h)
 *
 * Below 1.14, and above, the header names a server and a pg_dump that wrote
 * such archives.  Source: PostgreSQL, pg_backup_archiver.c and compress_*.c.
 */
#include "arc.h"
#include "hurt.h"
#include "zip.h"

struct str {
	const void *s;
	long len;		/* -1: NULL */
};

enum text { TABLEOID, OID, TAG, DESC, DEFN, DROP, COPY, SCHEMA, SPACE, AM,
    OWNER, OIDS, TEXTS };

struct entry {
	long id;
	bool has_data;
	struct str text[TEXTS];
	long section;
	long relkind;
	long *deps;
	size_t dep_count;
	size_t from;		/* where its block stood */
	size_t at;		/* and stands */
	const struct entry *group;	/* BLOBS: only the objects of this
					 * BLOB METADATA; NULL: all */
};

struct job {
	struct arc *in;
	int minor;
	int compression;	/* 0 none, 1 gzip, 2 lz4, 3 zstd */
	bool offsets, second, sums;
	int hurt;		/* which damage is to be done; -1: none */
	int zipped;		/* compression of the input */
	struct entry *entries;
	size_t count;
	struct out out;
};

static struct str
str(const char *s)
{
	return ((struct str){ s, (long)strlen(s) });
}

static bool
equal(struct str s, const char *want)
{
	return (s.len == (long)strlen(want) &&
	    memcmp(s.s, want, strlen(want)) == 0);
}

/* --- writing ------------------------------------------------------------- */

static void
put_byte(struct out *o, unsigned byte)
{
	unsigned char b = (unsigned char)byte;

	put(o, &b, 1);
}

static void
put_int(struct out *o, long n)
{
	unsigned long magnitude = (unsigned long)(n < 0 ? -n : n);

	put_byte(o, n < 0);
	for (int i = 0; i < 4; i++)
		put_byte(o, magnitude >> 8 * i & 0xff);
}

static void
put_str(struct out *o, struct str s)
{

	put_int(o, s.len);
	if (s.len > 0)
		put(o, s.s, (size_t)s.len);
}

/* --- the table of contents, read ----------------------------------------- */

static struct str
get_str(struct arc *a)
{
	struct str s = { NULL, arc_int(a) };

	if (s.len < 0)
		return (s);
	arc_need(a, (size_t)s.len);
	s.s = a->buf + a->at;
	a->at += (size_t)s.len;
	return (s);
}

static void
get_entry(struct arc *a, struct entry *e)
{
	struct str dep;

	e->id = arc_int(a);
	e->has_data = arc_int(a) != 0;
	for (int i = TABLEOID; i <= DESC; i++)
		e->text[i] = get_str(a);
	e->section = arc_int(a);
	for (int i = DEFN; i <= SPACE; i++)
		e->text[i] = get_str(a);
	e->text[AM] = (struct str){ NULL, -1 };
	if (a->minor >= 14)
		e->text[AM] = get_str(a);
	if (a->minor >= 16)
		e->relkind = arc_int(a);
	e->text[OWNER] = get_str(a);
	e->text[OIDS] = get_str(a);
	while ((dep = get_str(a)).len >= 0) {
		e->deps = need(realloc(e->deps, (e->dep_count + 1) *
		    sizeof(long)));
		/* Digits, and behind them a byte that is none. */
		e->deps[e->dep_count++] = atol(dep.s);
	}
	a->at += 9;
}

static void
get_entries(struct job *j)
{
	struct arc *a = j->in;

	/* Room for what large objects become. */
	j->entries = need(calloc(3 * a->entries + 1, sizeof(*j->entries)));
	a->at = a->toc + 5;
	for (size_t i = 0; i < a->entries; i++) {
		get_entry(a, &j->entries[i]);
		j->entries[i].from = a->entry[i].block;
	}
	j->count = a->entries;
}

/* --- what other versions have -------------------------------------------- */

static long
relkind(const struct entry *e)
{
	static const struct { const char *desc; int kind; } kinds[] = {
		{ "TABLE", 'r' }, { "VIEW", 'v' }, { "FOREIGN TABLE", 'f' },
		{ "MATERIALIZED VIEW", 'm' },
	};
	const struct str *defn = &e->text[DEFN];

	if (equal(e->text[DESC], "TABLE") && defn->len > 0 && memmem(defn->s,
	    (size_t)defn->len, "\nPARTITION BY ", 14) != NULL)
		return ('p');
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (equal(e->text[DESC], kinds[i].desc))
			return (kinds[i].kind);
	return (0);
}

/* Whether there is an ACL of this large object. */
static bool
has_acl(const struct entry *all, size_t count, long id)
{

	for (size_t i = 0; i < count; i++)
		if (equal(all[i].text[DESC], "ACL") &&
		    all[i].dep_count > 0 && all[i].deps[0] == id)
			return (true);
	return (false);
}

static bool
same_owner(const struct entry *a, const struct entry *b)
{
	return (a->text[OWNER].len == b->text[OWNER].len &&
	    memcmp(a->text[OWNER].s, b->text[OWNER].s,
	    (size_t)a->text[OWNER].len) == 0);
}

/* Those who named a BLOB name its group. */
static void
rename_dep(struct entry *all, size_t count, long from, long to)
{

	for (size_t i = 0; i < count; i++)
		for (size_t d = 0; d < all[i].dep_count; d++)
			if (all[i].deps[d] == from)
				all[i].deps[d] = to;
}

/* One more OID in a group, whose name is the first, and the last. */
static void
group_add(struct entry *g, const struct entry *blob)
{
	char *text, *tag, *last;
	size_t had = g->text[DEFN].len > 0 ? (size_t)g->text[DEFN].len : 0;
	size_t more = (size_t)blob->text[OID].len;

	text = need(calloc(1, had + more + 2));
	if (had > 0)
		memcpy(text, g->text[DEFN].s, had);
	memcpy(text + had, blob->text[OID].s, more);
	text[had + more] = '\n';
	g->text[DEFN] = str(text);
	if (had == 0)
		return;
	last = need(strndup(blob->text[OID].s, more));
	if (asprintf(&tag, "%.*s..%s", (int)strcspn(text, "\n"), text,
	    last) == -1)
		die("no memory");
	free(last);
	g->text[TAG] = str(tag);
}

/* The groups of large objects of one owner; one with rights is its own. */
static size_t
make_groups(struct entry *all, size_t count, struct entry *groups)
{
	struct entry *e;
	size_t n = 0, g;
	bool alone[ARC_MAX], own;

	for (size_t i = 0; i < count; i++) {
		e = &all[i];
		if (!equal(e->text[DESC], "BLOB"))
			continue;
		own = has_acl(all, count, e->id);
		for (g = 0; g < n; g++)
			if (!own && !alone[g] && same_owner(&groups[g], e))
				break;
		if (g == n) {
			alone[n] = own;
			groups[n] = *e;
			groups[n].text[DESC] = str("BLOB METADATA");
			groups[n].text[DEFN] = (struct str){ NULL, -1 };
			groups[n].text[DROP] = str("-- dummy");
			groups[n++].section = 3;
		}
		group_add(&groups[g], e);
		rename_dep(all, count, e->id, groups[g].id);
	}
	return (n);
}

/* BLOBS of a group: the entry of all of them, under its name. */
static struct entry
blobs_of(const struct entry *all, const struct entry *group, long id)
{
	struct entry e = *all;

	e.id = id;
	e.text[TAG] = group->text[TAG];
	e.text[OWNER] = group->text[OWNER];
	e.deps = need(malloc(sizeof(long)));
	e.deps[0] = group->id;
	e.dep_count = 1;
	e.group = group;
	return (e);
}

/* In place of BLOB and BLOBS, where BLOBS stands: BLOB METADATA, what is said
 * of them, BLOBS. */
static void
group_objects(struct job *j)
{
	struct entry *old = j->entries, *e, *groups, *to;
	size_t n, at = 0, i, g;
	long id = 0;

	groups = need(calloc(j->count, sizeof(*groups)));
	n = make_groups(old, j->count, groups);
	to = need(calloc(3 * j->count + 1, sizeof(*to)));
	for (i = 0; i < j->count; i++)
		if (old[i].id > id)
			id = old[i].id;
	for (i = 0; i < j->count; i++) {
		e = &old[i];
		if (equal(e->text[DESC], "BLOB") ||
		    (e->text[TAG].len > 13 && memcmp(e->text[TAG].s,
		    "LARGE OBJECT ", 13) == 0))
			continue;
		if (!equal(e->text[DESC], "BLOBS")) {
			to[at++] = *e;
			continue;
		}
		for (g = 0; g < n; g++) {
			to[at++] = groups[g];
			for (size_t k = 0; k < j->count; k++)
				if (!equal(old[k].text[DESC], "BLOB") &&
				    old[k].dep_count > 0 &&
				    old[k].deps[0] == groups[g].id)
					to[at++] = old[k];
		}
		for (g = 0; g < n; g++)
			to[at++] = blobs_of(e, &groups[g], ++id);
	}
	free(old);
	j->entries = to;
	j->count = at;
}

static void
adapt(struct job *j)
{
	size_t to = 0;

	if (j->minor < 13) {
		for (size_t i = 0; i < j->count; i++)
			if (!equal(j->entries[i].text[DESC], "SEARCHPATH"))
				j->entries[to++] = j->entries[i];
		j->count = to;
	}
	if (j->minor < 16 || j->in->minor >= 16)
		return;
	for (size_t i = 0; i < j->count; i++)
		j->entries[i].relkind = relkind(&j->entries[i]);
	group_objects(j);
}

/* --- the table of contents, written -------------------------------------- */

static void
put_entry(struct job *j, const struct entry *e, bool offsets)
{
	struct out *o = &j->out;
	char number[24];

	put_int(o, e->id);
	put_int(o, e->has_data);
	for (int i = TABLEOID; i <= DESC; i++)
		put_str(o, e->text[i]);
	put_int(o, e->section);
	for (int i = DEFN; i <= SPACE; i++)
		put_str(o, e->text[i]);
	if (j->minor >= 14)
		put_str(o, e->text[AM]);
	if (j->minor >= 16)
		put_int(o, e->relkind);
	put_str(o, e->text[OWNER]);
	put_str(o, e->text[OIDS]);
	for (size_t i = 0; i < e->dep_count; i++) {
		snprintf(number, sizeof(number), "%ld", e->deps[i]);
		put_str(o, str(number));
	}
	put_int(o, -1);
	put_byte(o, !e->has_data ? 3 : offsets ? 2 : 1);
	for (int i = 0; i < 8; i++)
		put_byte(o, !e->has_data || !offsets ? 0 :
		    (unsigned)(e->at >> 8 * i & 0xff));
}

static void
put_toc(struct job *j, bool offsets)
{

	put_int(&j->out, (long)j->count);
	for (size_t i = 0; i < j->count; i++)
		put_entry(j, &j->entries[i], offsets);
}

static void
put_header(struct job *j)
{
	static const char *const versions[] = { "9.6.24", "11.22", "15.18",
	    "16.9", "17.5" };
	const char *version = versions[j->minor - 12];
	struct arc *a = j->in;
	struct out *o = &j->out;
	struct str s;

	put(o, "PGDMP\1", 6);
	put_byte(o, (unsigned)j->minor);
	put(o, "\0\4\10\1", 4);
	if (j->minor >= 15)
		put_byte(o, (unsigned)j->compression);
	else
		put_int(o, j->compression == 1 ? -1 : 0);
	a->at = 11;
	j->zipped = a->minor >= 15 ? (int)arc_byte(a) : arc_int(a) != 0;
	for (int i = 0; i < 7; i++)
		put_int(o, arc_int(a));
	put_str(o, get_str(a));
	for (int i = 0; i < 2; i++) {
		s = get_str(a);
		put_str(o, j->minor == a->minor ? s : str(version));
	}
}

/* --- data ---------------------------------------------------------------- */

/* All chunks of a stream, decompressed. */
static struct out
get_stream(struct job *j)
{
	struct arc *a = j->in;
	struct out raw = { NULL, 0, 0 }, text;
	long len;

	while ((len = arc_int(a)) != 0) {
		arc_need(a, (size_t)len);
		put(&raw, a->buf + a->at, (size_t)len);
		a->at += (size_t)len;
	}
	switch (j->zipped) {
	case 0: return (raw);
	case 1: text = unzip_gzip(&raw); break;
	case 2: text = unzip_lz4(&raw); break;
	default: text = unzip_zstd(&raw);
	}
	free(raw.buf);
	return (text);
}

/* How long a chunk pg_dump makes: of what is not compressed, a row. */
static size_t
chunk(const struct job *j, const unsigned char *buf, size_t len, bool rows)
{
	size_t most = j->compression == 1 ? 4096 : j->compression != 0 ?
	    32768 : 16384;
	const unsigned char *end = NULL;

	if (rows && j->compression == 0 && len > 5)
		end = memchr(buf, '\n', len);
	if (end != NULL)
		return ((size_t)(end + 1 - buf));
	return (len < most ? len : most);
}

/* Damage is done once, to the first table that has rows. */
static void
hurt(struct job *j, struct out *o, bool stream)
{

	if (j->hurt < 0 || (j->hurt >= HURT_STREAM) != stream)
		return;
	o->size = o->len * 2;
	o->buf = need(realloc(o->buf, o->size));
	o->len = stream ? hurt_stream(j->hurt, (char *)o->buf, o->len) :
	    hurt_rows(j->hurt, (char *)o->buf, o->len);
	j->hurt = -1;
}

static void
put_stream(struct job *j, struct out *in, bool rows)
{
	struct out zipped = { NULL, 0, 0 };
	bool full = rows && in->len > 5;
	size_t at = 0, n;

	if (full)
		hurt(j, in, false);
	switch (j->compression) {
	case 1: zip_gzip(&zipped, in); break;
	case 2: zip_lz4(&zipped, in, j->sums); break;
	case 3: zip_zstd(&zipped, in, j->sums); break;
	default: zipped = *in; in->buf = NULL;
	}
	if (full)
		hurt(j, &zipped, true);
	for (; at < zipped.len; at += n) {
		n = chunk(j, zipped.buf + at, zipped.len - at, rows);
		put_int(&j->out, (long)n);
		put(&j->out, zipped.buf + at, n);
	}
	put_int(&j->out, 0);
	free(zipped.buf);
	free(in->buf);
}

/* Whether a large object belongs to a group: NULL has all. */
static bool
in_group(const struct entry *group, long oid)
{
	const char *p, *end;
	char line[24];
	size_t len;

	if (group == NULL)
		return (true);
	len = (size_t)snprintf(line, sizeof(line), "%u\n", (unsigned)oid);
	p = group->text[DEFN].s;
	end = p + group->text[DEFN].len;
	while (p < end) {
		if ((size_t)(end - p) >= len && memcmp(p, line, len) == 0)
			return (true);
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	}
	return (false);
}

static void
put_block(struct job *j, struct entry *e)
{
	struct arc *a = j->in;
	struct out text;
	unsigned type;
	long oid;

	a->at = e->from;
	type = arc_byte(a);
	(void)arc_int(a);
	e->at = j->out.len;
	put_byte(&j->out, type);
	put_int(&j->out, e->id);
	if (type == 1) {
		text = get_stream(j);
		put_stream(j, &text, true);
		return;
	}
	while ((oid = arc_int(a)) != 0) {
		text = get_stream(j);
		if (!in_group(e->group, oid)) {
			free(text.buf);
			continue;
		}
		put_int(&j->out, oid);
		put_stream(j, &text, false);
	}
	put_int(&j->out, 0);
}

static void
put_archive(struct job *j)
{
	size_t toc, end;

	put_header(j);
	toc = j->out.len;
	put_toc(j, false);
	for (size_t i = 0; i < j->count; i++)
		if (j->entries[i].has_data)
			put_block(j, &j->entries[i]);
	if (j->second)
		put_toc(j, true);
	if (j->offsets) {
		end = j->out.len;
		j->out.len = toc;
		put_toc(j, true);
		j->out.len = end;
	}
}

int
main(int argc, char **argv)
{
	static const char *const methods[] = { "none", "gzip", "lz4", "zstd" };
	struct job j = { .compression = -1, .hurt = -1 };

	for (int i = 0; argc == 2 && i < HURTS; i++)
		puts(hurts[i]);
	if (argc < 4)
		return (argc == 2 && fflush(stdout) == 0 ? 0 : 2);
	j.minor = atoi(argv[2]);
	for (int i = 0; i < 4; i++)
		if (strcmp(argv[3], methods[i]) == 0)
			j.compression = i;
	for (int i = 4; i < argc; i++) {
		j.offsets |= strcmp(argv[i], "offsets") == 0;
		j.second |= strcmp(argv[i], "second") == 0;
		j.sums |= strcmp(argv[i], "sums") == 0;
		for (int h = 0; h < HURTS; h++)
			if (strncmp(argv[i], "hurt:", 5) == 0 &&
			    strcmp(argv[i] + 5, hurts[h]) == 0)
				j.hurt = h;
	}
	j.in = arc_read(argv[1]);
	if (j.compression == -1 || j.minor > 16 || j.minor < 12 ||
	    (j.minor < j.in->minor && j.in->minor > 14) ||
	    (j.compression > 1 && j.minor < 15))
		return (2);
	get_entries(&j);
	adapt(&j);
	put_archive(&j);
	fwrite(j.out.buf, 1, j.out.len, stdout);
	return (fflush(stdout) != 0);
}
