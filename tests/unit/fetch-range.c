/* SPDX-License-Identifier: ISC */
/* A range is what HTTP says it is, and nothing else is taken for one. */
#include <stdint.h>

#include "fetch/range.h"
#include "tap.h"

static void
good(const char *text, uint64_t size, uint64_t from, uint64_t end)
{
	uint64_t a = 77, b = 77;
	struct range r;

	ok(range_parse(text, &r) == 0 && range_place(&r, size, &a, &b) == 0 &&
	    a == from && b == end, "%s of %llu bytes: %llu, %llu", text,
	    (unsigned long long)size, (unsigned long long)a,
	    (unsigned long long)b);
}

static void
behind(const char *text, uint64_t size)
{
	uint64_t a, b;
	struct range r;

	ok(range_parse(text, &r) == 0 && range_place(&r, size, &a, &b) == -1,
	    "%s of %llu bytes: behind the end", text,
	    (unsigned long long)size);
}

static void
bad(const char *text)
{
	struct range r;

	ok(range_parse(text, &r) == -1, "'%s' is none", text);
}

int
main(void)
{
	static const char *const none[] = { "", "-", "--1", "1", "1-2-3", "2-1",
		"a-b", "1-b", "+1-2", " 1-2", "1 -2", "1- 2", "1-2 ", "1-+2",
		"-0", "-00", "-1-", "0x1-0x2", "1K-2K", "1,2", "1-2,4-5",
		"bytes=1-2", "-1.5", "18446744073709551615-",
		"18446744073709551616-", "0-18446744073709551615",
		"0-99999999999999999999", "-99999999999999999999", "0-1\t" };
	size_t i;

	good("0-0", 10, 0, 1);
	good("0-9", 10, 0, 10);
	good("0-", 10, 0, 10);
	good("9-", 10, 9, 10);
	good("9-9", 10, 9, 10);
	good("3-5", 10, 3, 6);
	good("003-0005", 10, 3, 6);
	good("5-10", 10, 5, 10);
	good("5-18446744073709551614", 10, 5, 10);
	good("-1", 10, 9, 10);
	good("-10", 10, 0, 10);
	good("-11", 10, 0, 10);
	good("-18446744073709551614", 10, 0, 10);
	good("4294967295-4294967296", UINT64_C(1) << 40, 4294967295,
	    4294967297);
	good("0-", UINT64_MAX, 0, UINT64_MAX);
	behind("10-", 10);
	behind("10-10", 10);
	behind("18446744073709551614-", 10);
	behind("0-", 0);
	behind("-1", 0);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		bad(none[i]);
	return (tap_done());
}
