/* SPDX-License-Identifier: ISC */
/* The text of pg_dump --inserts is sound or not, however it comes in pieces. */
#include "pgb-verify/text/encoding.c"
#include "pgb-verify/text/inserts.c"
#include "tap.h"

#define I	"INSERT INTO public.t "
#define ONE	I "VALUES (1, 'a');\n"

static void
judge(struct inserts *s, const char *encoding, bool plain, const char *text,
    size_t len, size_t step)
{
	size_t n;

	inserts_begin(s, encoding == NULL ? NULL : encoding_find(encoding),
	    plain);
	for (; len > 0; text += n, len -= n) {
		n = step < len ? step : len;
		inserts_feed(s, (const uint8_t *)text, n);
	}
	inserts_end(s);
}

static bool
same_all(struct inserts *s, const char *encoding, bool plain, const char *text,
    size_t len)
{
	struct inserts again;
	size_t step;

	judge(s, encoding, plain, text, len, len + 1);
	for (step = 1; step < 20; step++) {
		judge(&again, encoding, plain, text, len, step);
		if (again.statements != s->statements ||
		    again.count != s->count || again.bytes != s->bytes ||
		    again.faults != s->faults ||
		    again.first.row != s->first.row ||
		    again.first.column != s->first.column ||
		    again.first.at != s->first.at ||
		    again.first.restore != s->first.restore ||
		    strcmp(again.first.what, s->first.what) != 0)
			return (false);
	}
	return (s->bytes == len);
}

/* What pg_dump writes. */
static const struct {
	const char *name;
	bool plain;
	const char *text;
	uint64_t statements, rows;
} sound[] = {
	{ "nothing", true, "\n\n", 0, 0 },
	{ "a row", true, ONE "\n\n", 1, 1 },
	{ "columns", true, "INSERT INTO public.\"A \"\"; b\" (id, \"x y\") "
	    "VALUES (1, NULL);\n\n\n", 1, 1 },
	{ "identity", true, I "(id, a) OVERRIDING SYSTEM VALUE VALUES "
	    "(1, true);\n" I "(id, a) OVERRIDING SYSTEM VALUE VALUES "
	    "(-2, DEFAULT);\n\n\n", 2, 2 },
	{ "no columns", true, I "DEFAULT VALUES;\n" I "DEFAULT VALUES;\n\n\n",
	    2, 2 },
	{ "conflicts", true, I "VALUES (1) ON CONFLICT DO NOTHING;\n"
	    I "DEFAULT VALUES ON CONFLICT DO NOTHING;\n\n\n", 2, 2 },
	{ "many rows", true, I "VALUES\n\t(1, 'a'),\n\t(2, 'b');\n" I
	    "(a, b) OVERRIDING SYSTEM VALUE VALUES\n\t(3, 'c') ON CONFLICT DO "
	    "NOTHING;\n\n\n", 2, 3 },
	{ "strings", true, I "VALUES ('it''s;\n\\', '''', '', '\r\n\t(1);', "
	    "'\nINSERT INTO t');\n\n\n", 1, 1 },
	{ "bits and numbers", true, I "VALUES (B'', B'0101', 1.5e-07, "
	    "-0.0000000000000000000001E+100, 'NaN', false);\n\n\n", 1, 1 },
	{ "doubled backslashes", false, I "VALUES ('\\\\', 'a\\\\''b', "
	    "E'\\\\');\n\n\n", 1, 1 },
	{ "characters", true, I "VALUES ('\303\244\342\202\254');\n"
	    "INSERT INTO \"\303\244\".\"\303\266\" VALUES (1);\n\n\n", 2, 2 },
};

/* And what it does not. */
static const struct {
	bool plain;
	const char *text;
	size_t len;
	uint64_t statements, rows, faults, row;
	size_t column, at;
	const char *what;
} broken[] = {
#define T(s)	(s), sizeof(s) - 1
	{ true, T(""), 0, 0, 1, 1, 0, 0,
	    "the two line feeds of the end are missing" },
	{ true, T(ONE "\n"), 1, 1, 1, 2, 0, 39,
	    "the two line feeds of the end are missing" },
	{ true, T(ONE "\n\n\n"), 2, 1, 1, 2, 0, 40,
	    "something stands behind the end" },
	{ true, T(ONE "\n" ONE "\n\n"), 3, 2, 1, 2, 0, 39,
	    "an empty line between statements" },
	{ true, T(ONE "INSERT"), 1, 1, 1, 2, 0, 44,
	    "the last statement is cut" },
	{ true, T(ONE I "VALUES (1, 'a"), 1, 1, 1, 2, 2, 72,
	    "the last statement is cut" },
	{ true, T(ONE "INSERU INTO t VALUES (1);\n" ONE "\n\n"), 3, 2, 1, 2, 0,
	    43, "no INSERT INTO begins here" },
	{ true, T(ONE "-- x\n" ONE "\n\n"), 3, 2, 1, 2, 0, 38,
	    "no INSERT INTO begins here" },
	{ true, T(ONE I "VALUES (1);\n" ONE "\n\n"), 3, 2, 1, 2, 0, 68,
	    "1 value, not 2" },
	{ true, T(I "VALUES (1, );\n" ONE "\n\n"), 2, 1, 1, 1, 2, 32,
	    "a value is missing" },
	{ true, T(I "VALUES (1 2);\n" ONE "\n\n"), 2, 1, 1, 1, 1, 31,
	    "two values without a comma" },
	{ true, T(I "VALUES (NUML);\n" ONE "\n\n"), 2, 1, 1, 1, 1, 29,
	    "an unknown word \"NUML\"" },
	{ true, T(I "VAMUES (1);\n" ONE "\n\n"), 2, 1, 1, 1, 0, 21,
	    "an unknown word \"VAMUES\"" },
	{ true, T(I "VALUES (1x2);\n" ONE "\n\n"), 2, 1, 1, 1, 1, 30,
	    "a number with \"x\" in it" },
	{ true, T(I "VALUES (1) x;\n" ONE "\n\n"), 2, 1, 1, 1, 0, 32,
	    "an unknown word \"x\"" },
	{ true, T(I "VALUES ('a'b');\n" ONE "\n\n"), 2, 1, 1, 1, 1, 32,
	    "an unknown word \"b\"" },
	{ true, T(I "VALUES ('a', 'b);\n" ONE "\n\n"), 1, 0, 1, 1, 2, 72,
	    "an unknown word \"a\"" },
	{ true, T(I "VALUES (1); SELECT 1;\n" ONE "\n\n"), 2, 1, 1, 1, 0, 32,
	    "byte 0x20 is out of place" },
	{ true, T(I "VALUES (1) /* x */;\n" ONE "\n\n"), 2, 1, 1, 1, 0, 32,
	    "byte 0x2f is out of place" },
	{ true, T(I "VALUES (1)\n;\n" ONE "\n\n"), 2, 1, 1, 1, 0, 31,
	    "byte 0x0a is out of place" },
	{ true, T(I "VALUES ('\0');\n" ONE "\n\n"), 2, 1, 1, 1, 1, 30,
	    "a zero byte" },
	{ true, T(I "VALUES ('\303\303');\n" ONE "\n\n"), 2, 1, 1, 1, 1, 30,
	    "bytes 0xc3 0xc3 are not UTF8" },
	{ true, T(I "VALUES (\"a\");\n" ONE "\n\n"), 2, 1, 1, 1, 1, 29,
	    "a quote out of place" },
	{ false, T(I "VALUES ('a\\b');\n" ONE "\n\n"), 2, 1, 1, 1, 1, 31,
	    "a backslash that is not doubled" },
	{ true, T(I "VALUES (x);\n\n"), 1, 0, 2, 1, 1, 29,
	    "an unknown word \"x\"" },
	{ true, T(I "VALUES (x);\n\n\n"), 1, 0, 1, 1, 1, 29,
	    "an unknown word \"x\"" },
	{ true, T(I "VALUES (1,\303);\n" ONE "\n\n"), 2, 1, 1, 1, 2, 31,
	    "byte 0xc3 is out of place" },
};

static void
tables(void)
{
	struct inserts s;
	size_t i;
	bool all;

	for (i = 0; i < sizeof(sound) / sizeof(sound[0]); i++) {
		all = same_all(&s, "UTF8", sound[i].plain, sound[i].text,
		    strlen(sound[i].text));
		if (!ok(all && s.faults == 0 && s.count == sound[i].rows &&
		    s.statements == sound[i].statements, "%s", sound[i].name))
			dprintf(tap_err, "# %s\n", s.first.what);
	}
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		all = same_all(&s, "UTF8", broken[i].plain, broken[i].text,
		    broken[i].len);
		if (!ok(all && s.faults == broken[i].faults &&
		    s.statements == broken[i].statements &&
		    s.count == broken[i].rows &&
		    s.first.row == broken[i].row &&
		    s.first.column == broken[i].column &&
		    s.first.at == broken[i].at && s.first.restore != NULL &&
		    strcmp(s.first.what, broken[i].what) == 0, "case %zu: %s",
		    i, broken[i].what))
			dprintf(tap_err, "# %d %lu %lu %lu: %lu %zu %lu %s\n",
			    all, s.statements, s.count, s.faults, s.first.row,
			    s.first.column, s.first.at, s.first.what);
	}
}

/* Where a trail byte is a backslash or looks like one. */
static void
embedded(void)
{
	static const char text[] = I "VALUES ('\203\\', '\203\\\\\\');\n\n\n";
	struct inserts s;

	ok(same_all(&s, "SJIS", false, text, sizeof(text) - 1) &&
	    s.faults == 0 && s.count == 1, "SJIS, backslashes are escapes");
	ok(same_all(&s, NULL, false, text, sizeof(text) - 1) && s.faults == 1,
	    "the same bytes, not known to be SJIS");
}

/* Cut at each byte, the end is not there. */
static void
cuts(void)
{
	static const char text[] = ONE I "(a, \"b\") OVERRIDING SYSTEM VALUE "
	    "VALUES\n\t(1, 'a''b'),\n\t(B'1', NULL);\n\n\n";
	size_t i, found = 0;
	struct inserts s;

	for (i = 0; i < sizeof(text) - 1; i++) {
		judge(&s, "UTF8", true, text, i, i + 1);
		found += s.faults == 1;
	}
	ok(found == sizeof(text) - 1, "cut anywhere: %zu of %zu", found,
	    sizeof(text) - 1);
}

int
main(void)
{

	tables();
	embedded();
	cuts();
	return (tap_done());
}
