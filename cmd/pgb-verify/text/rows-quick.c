/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "text/rows-quick.h"

#ifdef __SSE2__
#include <immintrin.h>

/*
 * 64 bytes are looked at as masks with a bit for each byte: where are tabs,
 * line feeds, backslashes.  What stands behind something is its mask, shifted
 * up.  The masks are made by SSE2, which each x86-64 has, or by AVX2; all
 * functions but those that make them are the same for both, and are told by a
 * constant which it is.
 *
 * A character that the end of a block cuts is left to the next block, which
 * begins with it.
 */

#define BLOCK	64
#define NONE	SIZE_MAX
#define BIT(n)	((uint64_t)1 << (n))
#define AVX2	__attribute__((target("avx2,popcnt")))
#define INLINE	static inline __attribute__((always_inline))

struct block {
	const uint8_t *p;	/* BLOCK bytes */
	size_t len;		/* of them */
	uint64_t tab, lf;
	bool odd;		/* there is something else that matters */
};

static inline uint64_t
bits(__m128i a, __m128i b, __m128i c, __m128i d)
{
	return ((uint64_t)(uint32_t)_mm_movemask_epi8(a) |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(b) << 16 |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(c) << 32 |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(d) << 48);
}

static inline __m128i
load(const uint8_t *p, size_t i)
{
	return (_mm_loadu_si128((const void *)(p + 16 * i)));
}

/* Bytes that are value in the bits of mask. */
static inline uint64_t
alike_sse2(const uint8_t *p, uint8_t mask, uint8_t value)
{
	const __m128i m = _mm_set1_epi8((char)mask);
	const __m128i v = _mm_set1_epi8((char)value);

#define ALIKE(i)	_mm_cmpeq_epi8(_mm_and_si128(load(p, i), m), v)
	return (bits(ALIKE(0), ALIKE(1), ALIKE(2), ALIKE(3)));
#undef ALIKE
}

/* Tabs, line feeds, and whether there is a backslash, another control
 * character or a byte from 0x80 on. */
static inline void
look_sse2(struct block *b)
{
	const __m128i tab = _mm_set1_epi8('\t'), lf = _mm_set1_epi8('\n');
	const __m128i slash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);
	__m128i v, t[4], l[4], odd = _mm_setzero_si128();
	size_t i;

	for (i = 0; i < 4; i++) {
		v = load(b->p, i);
		t[i] = _mm_cmpeq_epi8(v, tab);
		l[i] = _mm_cmpeq_epi8(v, lf);
		odd = _mm_or_si128(odd, _mm_or_si128(
		    _mm_or_si128(v, _mm_cmpeq_epi8(v, slash)),
		    _mm_andnot_si128(_mm_or_si128(t[i], l[i]),
		    _mm_cmpeq_epi8(_mm_min_epu8(v, control), v))));
	}
	b->tab = bits(t[0], t[1], t[2], t[3]);
	b->lf = bits(l[0], l[1], l[2], l[3]);
	b->odd = _mm_movemask_epi8(odd) != 0;
}

AVX2 static inline uint64_t
bits_avx2(__m256i a, __m256i b)
{
	return ((uint64_t)(uint32_t)_mm256_movemask_epi8(a) |
	    (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32);
}

AVX2 static inline __m256i
load_avx2(const uint8_t *p, size_t i)
{
	return (_mm256_loadu_si256((const void *)(p + 32 * i)));
}

AVX2 static inline uint64_t
alike_avx2(const uint8_t *p, uint8_t mask, uint8_t value)
{
	const __m256i m = _mm256_set1_epi8((char)mask);
	const __m256i v = _mm256_set1_epi8((char)value);

	return (bits_avx2(
	    _mm256_cmpeq_epi8(_mm256_and_si256(load_avx2(p, 0), m), v),
	    _mm256_cmpeq_epi8(_mm256_and_si256(load_avx2(p, 1), m), v)));
}

AVX2 static inline void
look_avx2(struct block *b)
{
	const __m256i tab = _mm256_set1_epi8('\t'), lf = _mm256_set1_epi8('\n');
	const __m256i slash = _mm256_set1_epi8('\\');
	const __m256i control = _mm256_set1_epi8(0x1f);
	__m256i v, t[2], l[2], odd = _mm256_setzero_si256();
	size_t i;

	for (i = 0; i < 2; i++) {
		v = load_avx2(b->p, i);
		t[i] = _mm256_cmpeq_epi8(v, tab);
		l[i] = _mm256_cmpeq_epi8(v, lf);
		odd = _mm256_or_si256(odd, _mm256_or_si256(
		    _mm256_or_si256(v, _mm256_cmpeq_epi8(v, slash)),
		    _mm256_andnot_si256(_mm256_or_si256(t[i], l[i]),
		    _mm256_cmpeq_epi8(_mm256_min_epu8(v, control), v))));
	}
	b->tab = bits_avx2(t[0], t[1]);
	b->lf = bits_avx2(l[0], l[1]);
	b->odd = _mm256_movemask_epi8(odd) != 0;
}

INLINE uint64_t
alike(const struct block *b, uint8_t mask, uint8_t value, bool avx2)
{
	return (avx2 ? alike_avx2(b->p, mask, value) :
	    alike_sse2(b->p, mask, value));
}

/* Without popcnt, adding up. */
INLINE size_t
ones(uint64_t x, bool popcnt)
{

	if (popcnt)
		return ((size_t)__builtin_popcountll(x));
	x -= x >> 1 & 0x5555555555555555U;
	x = (x & 0x3333333333333333U) + (x >> 2 & 0x3333333333333333U);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fU;
	return ((size_t)(x * 0x0101010101010101U >> 56));
}

/* The bits of the bytes of a block. */
INLINE uint64_t
in(const struct block *b)
{
	return (~(uint64_t)0 >> (BLOCK - b->len));
}

/*
 * Is it sound UTF-8?  A byte that leads 2, 3 or 4 needs one that goes on behind
 * it, and at the next place, and the next; no other byte may go on.  Of what
 * has the right form, the overlong, surrogates, and what is above U+10FFFF are
 * told by the second byte.
 */
INLINE bool
utf8_block(struct block *b, uint64_t high, bool avx2)
{
	uint64_t more = alike(b, 0xc0, 0x80, avx2);
	uint64_t two = alike(b, 0xe0, 0xc0, avx2);
	uint64_t three = alike(b, 0xf0, 0xe0, avx2);
	uint64_t four = high & ~(more | two | three), cut, low, all;

	if (four != 0)
		four &= alike(b, 0xf8, 0xf0, avx2);
	cut = ((two | three | four) & BIT(b->len - 1)) |
	    ((three | four) & BIT(b->len - 1) >> 1) |
	    (four & BIT(b->len - 1) >> 2);
	if (cut != 0 && (b->len = (size_t)__builtin_ctzll(cut)) == 0)
		return (false);
	all = in(b);
	two &= all;
	three &= all;
	four &= all;
	if (((two | three | four) << 1 | (three | four) << 2 | four << 3) !=
	    (more & all) || (high & all) != ((more & all) | two | three | four))
		return (false);
	if (two != 0 && (two & alike(b, 0xfe, 0xc0, avx2)) != 0)
		return (false);
	if ((three | four) == 0)
		return (true);
	low = alike(b, 0xe0, 0x80, avx2);	/* 80 to 9f */
	if (((three & alike(b, 0xff, 0xe0, avx2)) << 1 & low) != 0 ||
	    ((three & alike(b, 0xff, 0xed, avx2)) << 1 & ~low) != 0)
		return (false);
	if (four == 0)
		return (true);
	low = alike(b, 0xf0, 0x80, avx2);	/* 80 to 8f */
	return (((four & alike(b, 0xff, 0xf0, avx2)) << 1 & low) == 0 &&
	    ((four & alike(b, 0xff, 0xf4, avx2)) << 1 & ~low) == 0 &&
	    (four & alike(b, 0xfc, 0xf4, avx2) &
	    ~alike(b, 0xff, 0xf4, avx2)) == 0);
}

/*
 * Backslashes that are not behind one: of a row of them each second.  Adding
 * the first bit of a row of ones to it clears it, which sorts the rows by
 * whether they begin at an even place.
 */
INLINE uint64_t
slashes(uint64_t slash)
{
	const uint64_t even = 0x5555555555555555U;
	uint64_t first = slash & ~(slash << 1);
	uint64_t rows = slash & ~(slash + (first & even));

	return ((rows & even) | (slash & ~rows & ~even));
}

/* Escapes: known ones, and \N as a field. */
INLINE bool
escapes(const struct block *b, uint64_t slash, unsigned *state, bool avx2)
{
	const uint64_t delim = b->tab | b->lf, last = BIT(b->len - 1);
	const uint64_t start = delim << 1 | (*state == ROWS_START);
	const uint64_t behind = *state == ROWS_SLASH ||
	    *state == ROWS_SLASH_START;
	const uint64_t begun = slashes(slash & ~behind);
	const uint64_t esc = (begun << 1 | behind) & in(b);
	const uint64_t null = esc & alike(b, 0xff, 'N', avx2);
	uint64_t known = slash | null;

	if ((esc & ~known) != 0)
		known |= alike(b, 0xef, 'b', avx2) | alike(b, 0xfd, 't', avx2) |
		    alike(b, 0xf7, 'f', avx2);		/* br tv fn */
	if ((esc & ~known) != 0 ||
	    (null & ~((begun & start) << 1 | (*state == ROWS_SLASH_START))) !=
	    0 ||
	    ((null << 1 | (*state == ROWS_NULL_FIELD)) & ~delim & in(b)) != 0)
		return (false);
	if ((begun & last) != 0)
		*state = (start & last) != 0 ? ROWS_SLASH_START : ROWS_SLASH;
	else
		*state = (null & last) != 0 ? ROWS_NULL_FIELD : ROWS_INSIDE;
	return (true);
}

/* A block with more than ordinary bytes, or behind a backslash or \N: is it
 * sound?  It may become shorter.  *state becomes that behind its last byte, if
 * it is no delimiter. */
INLINE bool
odd(const struct rows *r, struct block *b, unsigned *state, bool avx2)
{
	uint64_t high = 0, control, slash;

	if (r->encoding != NULL)
		high = alike(b, 0x80, 0x80, avx2) & in(b);
	if (high != 0 && (!r->utf8 || !utf8_block(b, high, avx2)))
		return (false);
	b->tab &= in(b);
	b->lf &= in(b);
	control = alike(b, 0xe0, 0, avx2) & ~(b->tab | b->lf) & in(b);
	for (; control != 0; control &= control - 1)
		if (rows_forbidden(b->p[__builtin_ctzll(control)]))
			return (false);
	slash = alike(b, 0xff, '\\', avx2) & in(b);
	if (slash != 0 || *state > ROWS_INSIDE)
		return (escapes(b, slash, state, avx2));
	*state = ROWS_INSIDE;
	return (true);
}

/* The rows of a block, of which tabs were there before: are they of so many
 * tabs?  Those of the row that goes on, or NONE. */
INLINE size_t
row_tabs(const struct block *b, size_t tabs, size_t want, bool avx2)
{
	uint64_t tab = b->tab, lf = b->lf, below;

	for (; lf != 0; lf &= lf - 1) {
		below = (lf & -lf) - 1;
		if (tabs + ones(tab & below, avx2) != want)
			return (NONE);
		tab &= ~below;
		tabs = 0;
	}
	return (tabs + ones(tab, avx2));
}

INLINE size_t
run_blocks(struct rows *r, const uint8_t *buf, size_t len, bool avx2)
{
	const size_t want = r->columns - 1;
	size_t at, tabs = r->tabs, now, row = NONE;
	unsigned state = r->state, next;
	uint8_t pad[BLOCK];
	struct block b;

	for (at = 0; at < len; at += b.len, tabs = now, state = next) {
		b.p = buf + at;
		b.len = BLOCK;
		if (len - at < BLOCK) {
			memset(pad, 'x', sizeof(pad));
			b.len = len - at;
			b.p = memcpy(pad, buf + at, b.len);
		}
		avx2 ? look_avx2(&b) : look_sse2(&b);
		next = ROWS_INSIDE;
		if (b.odd || state > ROWS_INSIDE) {
			next = state;
			if (!odd(r, &b, &next, avx2))
				break;
		}
		if ((now = row_tabs(&b, tabs, want, avx2)) == NONE)
			break;
		if (((b.tab | b.lf) & BIT(b.len - 1)) != 0)
			next = ROWS_START;
		if (b.lf != 0) {
			r->count += ones(b.lf, avx2);
			row = at + BLOCK - (size_t)__builtin_clzll(b.lf);
		}
	}
	if (row != NONE)
		r->row_at = r->at + row;
	r->state = state;
	r->tabs = tabs;
	r->at += at;
	return (at);
}

static size_t
run_sse2(struct rows *r, const uint8_t *buf, size_t len)
{
	return (run_blocks(r, buf, len, false));
}

AVX2 static size_t
run_avx2(struct rows *r, const uint8_t *buf, size_t len)
{
	return (run_blocks(r, buf, len, true));
}

rows_run *
rows_quick(void)
{

	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt"))
		return (run_avx2);
	return (run_sse2);
}
#else
rows_run *
rows_quick(void)
{
	return (NULL);
}
#endif
