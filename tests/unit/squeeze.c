/* SPDX-License-Identifier: ISC */
/* Promise: whatever is put in comes out of the decoders again, in chunks that
 * are never too long and that hold whole pieces. */
#include <sys/resource.h>

#include "pgb-dump/squeeze/squeeze.c"
#include "pgb-dump/squeeze/squeeze-isal.c"
#include "pgb-dump/squeeze/squeeze-lz4.c"
#include "pgb-dump/squeeze/squeeze-zlib.c"
#include "pgb-dump/squeeze/squeeze-zstd.c"
#include "squeeze-try.h"
#include "sanitizer.h"
#include "tap.h"

/* --- texts ---------------------------------------------------------------- */

#define TEXT		(5 * 1024 * 1024 / 2)
#define KINDS		5

static const char *const kinds[KINDS] = {
	"rows", "noise", "zeros", "shreds", "a mixture",
};

/* Shreds: matches as short and as far as they get, which cost most. */
static void
make(uint8_t *to, size_t len, unsigned kind)
{
	size_t i, n;

	for (i = 0; i < len; i++)
		to[i] = kind == 2 ? 0 : (uint8_t)dice(256);
	for (i = 0; kind == 0 && i + 200 < len; i += n)
		n = (size_t)snprintf((char *)to + i, 200, "%zu\t%08x-%04zx\t"
		    "2026-01-%02zu %02zu:%02zu:%02zu+00\t{\"id\": %zu, \"ok\": "
		    "%s}\t%zu.%02zu\n", i, seed, dice(65536), 1 + dice(28),
		    dice(24), dice(60), dice(60), dice(1000000),
		    dice(2) ? "true" : "false", dice(100000), dice(100));
	for (i = 0; kind == 4 && i < len; i++)
		if (dice(50000) == 0)
			memset(to + i, 'x', dice(len - i < 60000 ? len - i :
			    60000));
	for (i = 32768; kind == 3 && i + 4 < len; i += 4)
		memcpy(to + i, to + i - 32768 + dice(8192), 4);
}

/* --- tests ---------------------------------------------------------------- */

static const struct {
	enum archive_compression method;
	int level;
	bool window;
	bool all;		/* all tests: code of its own */
} ways[] = {
	{ ARCHIVE_NONE, ZSPEC_DEFAULT, false, true },
	{ ARCHIVE_GZIP, ZSPEC_DEFAULT, false, true },
	{ ARCHIVE_GZIP, 1, false, false },
	{ ARCHIVE_GZIP, 2, false, false },
	{ ARCHIVE_GZIP, 3, false, true },
	{ ARCHIVE_GZIP, 4, false, false },
	{ ARCHIVE_GZIP, 5, false, false },
	{ ARCHIVE_GZIP, 6, false, true },
	{ ARCHIVE_GZIP, 7, false, false },
	{ ARCHIVE_GZIP, 8, false, false },
	{ ARCHIVE_GZIP, 9, false, false },
	{ ARCHIVE_LZ4, ZSPEC_DEFAULT, false, true },
	{ ARCHIVE_LZ4, 1, false, false },
	{ ARCHIVE_LZ4, 3, false, false },
	{ ARCHIVE_LZ4, 12, false, false },
	{ ARCHIVE_ZSTD, ZSPEC_DEFAULT, false, true },
	{ ARCHIVE_ZSTD, 0, false, false },
	{ ARCHIVE_ZSTD, -7, false, false },
	{ ARCHIVE_ZSTD, 1, false, false },
	{ ARCHIVE_ZSTD, 12, false, false },
	{ ARCHIVE_ZSTD, ZSPEC_DEFAULT, true, false },
	{ ARCHIVE_ZSTD, 1, true, true },
};
#define WAYS	(sizeof(ways) / sizeof(ways[0]))

static const char *
name_way(size_t w)
{
	static const char *const names[] = { "none", "gzip", "lz4", "zstd" };
	static char name[64];
	int n = snprintf(name, sizeof(name), "%s", names[ways[w].method]);

	if (ways[w].level != ZSPEC_DEFAULT)
		snprintf(name + n, sizeof(name) - (size_t)n, ":%d%s",
		    ways[w].level, ways[w].window ? ",long" : "");
	else if (ways[w].window)
		snprintf(name + n, sizeof(name) - (size_t)n, ":long");
	return (name);
}

static struct squeeze *
new_way(size_t w)
{
	struct zspec z = ZSPEC_INIT;

	z.method = ways[w].method;
	z.level = ways[w].level;
	z.long_window = ways[w].window;
	return (squeeze_new(&z));
}

/* Without a copy: at most *n bytes, and *n how many. */
static int
put_in_place(struct squeeze *s, const uint8_t *text, size_t *n)
{
	size_t room = 0;
	uint8_t *at = squeeze_room(s, &room);

	if (at == NULL || room == 0)
		return (-1);
	if (*n > room)
		*n = room;
	memcpy(at, text, *n);
	return (squeeze_used(s, *n));
}

/* Put in pieces of any length, as rows come and as large values come. */
static int
put(struct squeeze *s, const uint8_t *text, size_t len)
{
	size_t n;

	while (len > 0) {
		switch (dice(200)) {
		case 0:
			n = dice(len + 1);
			break;
		case 1:
			n = SQUEEZE_BLOCK;
			break;
		default:
			n = dice(300);
			break;
		}
		if (n > len)
			n = len;
		if ((dice(2) == 0 ? put_in_place(s, text, &n) :
		    squeeze_put(s, text, n)) != 0)
			return (-1);
		text += n;
		len -= n;
	}
	return (0);
}

/* One job does it all. */
static void
test_whole(size_t w, struct squeeze *s, const uint8_t *text, size_t len,
    const char *kind)
{
	struct squeeze_sink sink;
	struct kept k, again;
	bool good;
	int rc;

	kept_init(&k, len + len / 8 + 65536);
	kept_init(&again, k.size);
	sink = sink_of(&k);
	squeeze_begin(s, &sink, true);
	rc = put(s, text, len);
	good = rc == 0 && squeeze_text(s) == len &&
	    squeeze_check(s) == adler32(1, text, (uInt)len) &&
	    squeeze_end(s, SQUEEZE_WHOLE) == 0 && squeeze_text(s) == len &&
	    squeeze_check(s) == adler32(1, text, (uInt)len);
	ok(good && decodes(&k, ways[w].method, text, len),
	    "%s: %zu bytes of %s, %zu chunks", name_way(w), len, kind,
	    k.count);

	again.most = SLAB;
	sink = sink_of(&again);
	squeeze_begin(s, &sink, true);
	ok(squeeze_put(s, text, len) == 0 &&
	    squeeze_end(s, SQUEEZE_WHOLE) == 0 && again.len == k.len &&
	    again.count == k.count &&
	    memcmp(again.data, k.data, k.len) == 0 &&
	    memcmp(again.ends, k.ends, k.count * sizeof(k.ends[0])) == 0,
	    "and the same whatever the calls");
	kept_free(&k);
	kept_free(&again);
}

/* Several jobs, some without text, done in turns by two. */
static void
test_jobs(size_t w, const uint8_t *text, size_t len, size_t jobs)
{
	struct squeeze *s[2] = { new_way(w), new_way(w) }, *q;
	bool good = true, idle = true;
	struct squeeze_sink sink;
	struct kept k;
	uint32_t check = 1;
	size_t i, n, before, at = 0;

	kept_init(&k, len + len / 8 + 65536);
	sink = sink_of(&k);
	for (i = 0; i < jobs; i++) {
		n = i == jobs - 1 ? len - at : dice(3) == 0 ? 0 :
		    dice((len - at) / 2 + 1);
		q = s[dice(2)];
		before = k.count;
		squeeze_begin(q, &sink, i == 0);
		good = put(q, text + at, n) == 0 && squeeze_end(q,
		    i == jobs - 1 ? SQUEEZE_LAST : SQUEEZE_MORE) == 0 && good;
		good = good && squeeze_text(q) == n && !k.open;
		check = (uint32_t)adler32_combine(check, squeeze_check(q),
		    (z_off_t)n);
		if (i > 0 && n == 0 && i < jobs - 1)
			idle = idle && k.count == before;
		at += n;
	}
	for (i = 0; ways[w].method == ARCHIVE_GZIP && i < 4; i++)
		k.data[k.len++] = (uint8_t)(check >> (24 - 8 * i));
	if (ways[w].method == ARCHIVE_GZIP)
		k.ends[k.count - 1] = k.len;
	ok(good && decodes(&k, ways[w].method, text, len),
	    "%s: %zu bytes by %zu jobs, %zu chunks", name_way(w), len, jobs,
	    k.count);
	ok(idle, "and nothing for those without text");
	squeeze_free(s[0]);
	squeeze_free(s[1]);
	kept_free(&k);
}

/* The sink says stop at every call there is; and then all goes well. */
static void
test_stop(size_t w, const uint8_t *text, size_t len)
{
	struct squeeze *s = new_way(w);
	struct squeeze_sink sink;
	bool good = true;
	struct kept k;
	size_t n, room;
	int rc;

	for (n = 1; ; n++) {
		kept_init(&k, len + len / 8 + 65536);
		k.most = 50000;
		k.stop_at = n;
		sink = sink_of(&k);
		squeeze_begin(s, &sink, true);
		rc = squeeze_put(s, text, len);
		if (rc == 0)
			rc = squeeze_end(s, SQUEEZE_WHOLE);
		good = good && squeeze_error(s) == NULL && !k.wrong &&
		    squeeze_put(s, text, 1) == -1 &&
		    squeeze_room(s, &room) == NULL &&
		    squeeze_used(s, 0) == -1 &&
		    squeeze_end(s, SQUEEZE_LAST) == -1;
		if (rc == 0)
			break;
		good = good && k.stopped;
		kept_free(&k);
	}
	ok(good && n > 3 && !k.stopped, "%s: stopped at each of %zu calls",
	    name_way(w), n - 1);
	ok(decodes(&k, ways[w].method, text, len), "and then not");
	kept_free(&k);
	squeeze_free(s);
}

static void
test_rooms(size_t w, const uint8_t *text, size_t len)
{
	static const size_t rooms[] = { 1, 2, 5, 6, 63, 64, 65 };
	struct squeeze *s = new_way(w);
	struct squeeze_sink sink;
	bool good = true;
	struct kept k;
	size_t i;

	for (i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		kept_init(&k, len + len / 8 + 65536);
		k.most = rooms[i];
		sink = sink_of(&k);
		squeeze_begin(s, &sink, true);
		good = squeeze_put(s, text, len) == 0 &&
		    squeeze_end(s, SQUEEZE_WHOLE) == 0 &&
		    decodes(&k, ways[w].method, text, len) && good;
		kept_free(&k);
	}
	ok(good, "%s: rooms of 1 byte and more", name_way(w));
	squeeze_free(s);
}

static size_t
peak(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return ((size_t)u.ru_maxrss);
}

/* A row of 100 MB: no memory for it, and no piece of too much text. */
static void
test_huge(size_t w)
{
	size_t len = 100 * 1024 * 1024, before, after, i, at;
	struct squeeze *s = new_way(w);
	uint8_t *text = calloc(1, len);
	struct squeeze_sink sink;
	struct kept k;
	bool foreign;
	int rc;

	for (i = 0; i < len; i += 64)
		text[i] = (uint8_t)(i >> 12);
	kept_init(&k, len + len / 8);
	k.most = SLAB;
	sink = sink_of(&k);
	squeeze_begin(s, &sink, true);
	rc = squeeze_put(s, text, SQUEEZE_BLOCK);
	before = peak();
	rc = rc == 0 ? squeeze_put(s, text + SQUEEZE_BLOCK,
	    len - SQUEEZE_BLOCK) : -1;
	after = peak();
	ok(rc == 0 && squeeze_end(s, SQUEEZE_WHOLE) == 0 &&
	    squeeze_text(s) == len, "%s: 100 MB at once", name_way(w));
	/* Under valgrind, too, where steps are longer. */
	foreign = SANITIZER || tap_step() > 1;
	ok(foreign || after - before < 4096 + k.len / 1024,
	    "in no memory of its own%s", foreign ?
	    " # SKIP under a sanitizer, which has most of it" : "");
	for (i = at = 0; i < k.count; at = k.ends[i++])
		if (k.ends[i] - at > SQUEEZE_CHUNK)
			k.wrong = true;
	ok(k.count > 1 && decodes(&k, ways[w].method, text, len),
	    "and whole, in %zu chunks", k.count);
	kept_free(&k);
	free(text);
	squeeze_free(s);
}

/* ISA-L counts as zlib does, from any value, however much comes. */
static void
test_check(const uint8_t *text, size_t len)
{
	uint32_t ours = 1, theirs = 1;
	uint8_t *ones = malloc(len);
	bool good = true;
	size_t at, n;

	memset(ones, 0xff, len);
	for (at = 0; at < len; at += n) {
		n = dice(dice(4) == 0 ? 70000 : 40);
		if (n > len - at)
			n = len - at;
		ours = isal_adler32(ours, text + at, n);
		theirs = (uint32_t)adler32(theirs, text + at, (uInt)n);
		good = good && ours == theirs && isal_adler32(ours, ones,
		    len - at) == adler32(theirs, ones, (uInt)(len - at));
		n += n == 0;
	}
	ok(good, "Adler-32 as zlib has it");
	free(ones);
}

int
main(void)
{
	static uint8_t texts[KINDS][TEXT];
	struct squeeze *s;
	unsigned kind;
	size_t w;

	for (kind = 0; kind < KINDS; kind++)
		make(texts[kind], TEXT, kind);
	test_check(texts[0], 300000);
	for (w = 0; w < WAYS; w++) {
		s = new_way(w);
		test_whole(w, s, texts[0], 0, "nothing");
		test_whole(w, s, texts[0], 1, kinds[0]);
		test_whole(w, s, texts[0], SQUEEZE_BLOCK, kinds[0]);
		for (kind = 0; kind < KINDS; kind += ways[w].all ? 1 : 4)
			test_whole(w, s, texts[kind], TEXT, kinds[kind]);
		squeeze_free(s);
		if (!ways[w].all)
			continue;
		test_jobs(w, texts[0], TEXT, 1);
		test_jobs(w, texts[0], TEXT, 12);
		test_jobs(w, texts[0], 0, 3);
		test_stop(w, texts[1], 600000);
		test_rooms(w, texts[0], 300000);
	}
	test_huge(0);
	test_huge(1);
	test_huge(15);
	squeeze_free(NULL);
	return (tap_done());
}
