/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <string.h>

#include "toc/lists.h"

#define WIDTH_MAX	64

/*
 * Heaps: qsort() may copy the whole array.  What is mostly in order already,
 * as large objects are, is seen at once.
 */
static bool
in_order(const uint8_t *v, size_t count, size_t width,
    int (*compare)(const void *, const void *))
{
	size_t i;

	for (i = 1; i < count; i++)
		if (compare(v + (i - 1) * width, v + i * width) > 0)
			return (false);
	return (true);
}

static void
sift(uint8_t *v, size_t i, size_t count, size_t width,
    int (*compare)(const void *, const void *))
{
	uint8_t moved[WIDTH_MAX];
	size_t child;

	memcpy(moved, v + i * width, width);
	while ((child = 2 * i + 1) < count) {
		if (child + 1 < count && compare(v + child * width,
		    v + (child + 1) * width) < 0)
			child++;
		if (compare(moved, v + child * width) >= 0)
			break;
		memcpy(v + i * width, v + child * width, width);
		i = child;
	}
	memcpy(v + i * width, moved, width);
}

void
sort_ids(void *array, size_t count, size_t width,
    int (*compare)(const void *, const void *))
{
	uint8_t last[WIDTH_MAX], *v = array;
	size_t i;

	if (count < 2 || in_order(v, count, width, compare))
		return;
	for (i = count / 2; i-- > 0; )
		sift(v, i, count, width, compare);
	for (i = count - 1; i > 0; i--) {
		memcpy(last, v + i * width, width);
		memcpy(v + i * width, v, width);
		memcpy(v, last, width);
		sift(v, 0, i, width, compare);
	}
}

static int
compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return ((x > y) - (x < y));
}

void
sort_u32(uint32_t *v, size_t count)
{

	sort_ids(v, count, sizeof(*v), compare_u32);
}

#define FEW	16

static void
insert(uint64_t *v, size_t count)
{
	size_t i, k;
	uint64_t x;

	for (i = 1; i < count; i++) {
		x = v[i];
		for (k = i; k > 0 && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

/* How many go in front, at least 1 and not all: none of them is greater than
 * any of the others. */
static size_t
split(uint64_t *v, size_t count)
{
	uint64_t pivot = v[(count - 1) / 2], x;
	size_t i = 0, k = count - 1;

	for (;; i++, k--) {
		while (v[i] < pivot)
			i++;
		while (v[k] > pivot)
			k--;
		if (i >= k)
			return (k + 1);
		x = v[i];
		v[i] = v[k];
		v[k] = x;
	}
}

void
sort_u64(uint64_t *v, size_t count)
{
	size_t front;

	while (count > FEW) {
		front = split(v, count);
		if (front < count - front) {
			sort_u64(v, front);
			v += front;
			count -= front;
		} else {
			sort_u64(v + front, count - front);
			count = front;
		}
	}
	insert(v, count);
}

const char *
list_loid(const char *p, uint32_t *loid)
{
	uint64_t n = 0;

	if (*p < '1' || *p > '9')
		return (NULL);
	for (; *p >= '0' && *p <= '9' && n <= UINT32_MAX; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	if (*p != '\n' || n > UINT32_MAX)
		return (NULL);
	*loid = (uint32_t)n;
	return (p + 1);
}
