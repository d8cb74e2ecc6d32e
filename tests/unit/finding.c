/* SPDX-License-Identifier: ISC */
/* Promise: each finding is one line that says where, what and what a restore
 * would do; the first error ends the run unless all are wanted. */
#include <fcntl.h>
#include <sys/mman.h>

#include "msg.h"
#include "pgb-verify/finding.h"
#include "tap.h"

static int told;
static char text[8192];

/* What was printed since the last call. */
static const char *
printed(void)
{
	ssize_t n = pread(told, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	if (ftruncate(told, 0) != 0 || lseek(told, 0, SEEK_SET) != 0)
		abort();
	return (text);
}

static void
test_places(struct findings *f)
{
	struct place p = { .has_at = true, .at = 812, .entry = 17,
	    .name = "TABLE DATA public.t", .row = 3 };

	finding(f, FIND_NOTE, &p, "pg_restore stops here", "%d columns", 2);
	same(printed(), "unit: note: stdin: byte 812: entry 17 (TABLE DATA "
	    "public.t): row 3: 2 columns: pg_restore stops here\n",
	    "all that is known of a place");
	finding(f, FIND_NOTE, NULL, NULL, "odd");
	same(printed(), "unit: note: stdin: odd\n", "and nothing");
	p = (struct place){ .name = "header" };
	finding(f, FIND_NOTE, &p, NULL, "odd");
	same(printed(), "unit: note: stdin: header: odd\n", "a name alone");
	p = (struct place){ .entry = 5, .name = "", .loid = 4000000000 };
	finding(f, FIND_NOTE, &p, NULL, "odd");
	same(printed(), "unit: note: stdin: entry 5: large object 4000000000: "
	    "odd\n", "a large object");
}

static void
test_stop(void)
{
	struct finding_opts opts = { .most = 10 };
	struct findings *f = findings_new(&opts);

	test_places(f);
	ok(!findings_stop(f), "notes do not end the run");
	finding(f, FIND_ERROR, NULL, NULL, "bad");
	same(printed(), "unit: error: stdin: bad\n", "an error");
	ok(findings_stop(f), "ends it");
	finding(f, FIND_ERROR, NULL, NULL, "worse");
	finding(f, FIND_NOTE, NULL, NULL, "more");
	findings_rest(f);
	same(printed(), "", "and is the last line");
	ok(findings_errors(f) == 2 && findings_notes(f) == 5,
	    "all are counted");
	findings_free(f);
}

static void
test_all(void)
{
	struct finding_opts opts = { .most = 2, .all = true, .strict = true };
	struct findings *f = findings_new(&opts);
	int i;

	for (i = 1; i <= 3; i++)
		finding(f, FIND_ERROR, NULL, NULL, "bad %d", i);
	finding(f, FIND_NOTE, NULL, NULL, "odd");
	findings_rest(f);
	same(printed(), "unit: error: stdin: bad 1\nunit: error: stdin: "
	    "bad 2\nunit: note: and 2 more\n", "a limit of lines");
	ok(findings_errors(f) == 4 && findings_notes(f) == 0 &&
	    !findings_stop(f), "--strict: notes are errors");
	findings_free(f);
	opts = (struct finding_opts){ .most = 1 };
	f = findings_new(&opts);
	finding(f, FIND_NOTE, NULL, NULL, "odd 1");
	finding(f, FIND_NOTE, NULL, NULL, "odd 2");
	finding(f, FIND_ERROR, NULL, NULL, "bad");
	findings_rest(f);
	same(printed(), "unit: note: stdin: odd 1\nunit: error: stdin: bad\n"
	    "unit: note: and 1 more\n", "the error that ends it is printed");
	findings_free(f);
}

int
main(void)
{

	msg_program("unit");
	told = memfd_create("told", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (told == -1 || dup2(told, 2) != 2)
		return (1);
	test_stop();
	test_all();
	return (tap_done());
}
