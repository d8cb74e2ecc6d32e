/* SPDX-License-Identifier: ISC */
/*
 * Promise: a custom archive of any version is proven when it is whole, and
 * broken when it is cut anywhere or anything follows, whatever the pieces.
 */
#include "archive/archive-hash.h"
#include "archive-try.h"

static const char *
spec_name(const struct make_spec *s)
{
	static const char *const compression[] = { "none", "gzip", "lz4",
	    "zstd" };
	static char name[128];

	snprintf(name, sizeof(name), "1.%d %s%s%s%s%s%s", s->minor,
	    compression[s->compression], s->offsets ? ", offsets" : "",
	    s->second ? ", second TOC" : "",
	    s->schema_only ? ", schema only" : "",
	    s->statistics ? ", statistics" : "", s->bare ? ", bare" : "");
	return (name);
}

static void
test_whole(const struct make_spec *spec, const struct made *m)
{
	static const size_t steps[] = { 0, 1, 2, 3, 5, 7, 64, 1000 };
	bool good = true;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (judge(m->buf, m->len, steps[i], NULL, NULL) !=
		    CARRIER_PROVEN) {
			printf("# pieces of %zu: %s\n", steps[i], why);
			good = false;
		}
	ok(good, "%s: proven, in pieces of any size", spec_name(spec));
}

static void
test_cuts(const struct make_spec *spec, const struct made *m)
{
	size_t len, step;
	bool good = true;

	for (len = 0; len < m->len; len += tap_step())
		for (step = 0; step <= 13; step += 13) {
			enum carrier_verdict v = judge(m->buf, len, step, NULL,
			    NULL);

			if (v != (len == m->end_at ? CARRIER_PROVEN :
			    CARRIER_BROKEN) || (v == CARRIER_BROKEN &&
			    strstr(why, "cut short") == NULL)) {
				printf("# %zu bytes: %s\n", len, why);
				good = false;
			}
		}
	ok(good, "%s: %zu bytes, broken when cut anywhere", spec_name(spec),
	    m->len);
}

static void
test_more(const struct make_spec *spec, struct made *m)
{
	size_t len = m->len;
	bool good = true;
	int byte;

	for (byte = 0; byte < 256; byte += (int)tap_step()) {
		make_byte(m, byte);
		if (judge(m->buf, m->len, 0, NULL, NULL) != CARRIER_BROKEN)
			good = false;
		m->len = len;
	}
	make_bytes(m, m->buf, len, false);
	if (judge(m->buf, m->len, 0, NULL, NULL) != CARRIER_BROKEN)
		good = false;
	m->len = len;
	ok(good, "%s: broken when anything follows", spec_name(spec));
}

/* Each bit of framing turned over, in pieces that fall inside the fields. */
static void
test_flips(const struct make_spec *spec, struct made *m)
{
	size_t at, toc = 0, toc_seen = 0, block = 0, block_seen = 0;
	size_t second = 0, second_seen = 0;
	bool seen;
	int bit;

	for (at = 0; at < m->len; at += tap_step())
		for (bit = 0; bit < 8 && !m->payload[at]; bit++) {
			m->buf[at] ^= (uint8_t)(1 << bit);
			seen = judge(m->buf, m->len, at % 3 * 11, NULL,
			    NULL) != CARRIER_PROVEN;
			m->buf[at] ^= (uint8_t)(1 << bit);
			if (at >= m->end_at) {
				second++;
				second_seen += seen;
			} else if (at >= m->data_at) {
				block++;
				block_seen += seen;
			} else {
				toc++;
				toc_seen += seen;
			}
		}
	printf("# flips noticed: header and TOC %zu of %zu, blocks %zu of %zu, "
	    "second TOC %zu of %zu\n", toc_seen, toc, block_seen, block,
	    second_seen, second);
	ok(second_seen == second && block_seen == block && toc_seen > toc / 8,
	    "%s: flipped bits of the blocks' framing and the second table of "
	    "contents are seen", spec_name(spec));
}

static void
test_all(void)
{
	struct make_spec spec = { 0 };
	struct made m;
	int way;

	for (spec.minor = 12; spec.minor <= 16; spec.minor++)
		for (spec.compression = 0; spec.compression <= 3;
		    spec.compression++)
			for (way = 0; way < 8; way++) {
				if (spec.minor < 15 && spec.compression > 1)
					continue;
				spec.offsets = way == 1;
				spec.second = way == 2 || way == 4 || way >= 6;
				spec.schema_only = way == 3 || way == 4;
				spec.statistics = way > 4;
				spec.bare = way == 7;
				if (spec.statistics && spec.minor < 16)
					continue;
				make_archive(&m, &spec);
				test_whole(&spec, &m);
				test_cuts(&spec, &m);
				test_more(&spec, &m);
				if (spec.minor % 2 == 0 &&
				    spec.compression == (spec.minor == 14))
					test_flips(&spec, &m);
				made_wipe(&m);
			}
}

static void
test_hash(void)
{
	uint8_t key[HASH_KEY], in[15];
	struct hash h;
	size_t i, cut;
	bool good = true;

	for (i = 0; i < 16; i++)
		key[i] = (uint8_t)i;
	for (i = 0; i < 15; i++)
		in[i] = (uint8_t)i;
	for (cut = 0; cut <= 15; cut++) {
		hash_begin(&h, key);
		hash_add(&h, in, cut);
		hash_add(&h, in + cut, 15 - cut);
		if (hash_end(&h) != 0xa129ca6149be45e5ULL)
			good = false;
	}
	ok(good, "SipHash-2-4: the published example, in two pieces");
}

int
main(void)
{

	test_hash();
	test_all();
	return (tap_done());
}
