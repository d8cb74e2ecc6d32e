/* SPDX-License-Identifier: ISC */
/* Promise: filter rules mean for every pg_dump what they mean for pg_dump 17,
 * and a rule that does not is refused by its line. */
#include <fcntl.h>
#include <unistd.h>

#include "pgb-dump/filter.c"
#include "tap.h"

/* The options for a text of rules, joined by "|"; "!STATUS" where refused. */
static const char *
rules(const char *text, int version)
{
	static char out[1024];
	struct filter f = { .name = strdup("rules") };
	struct opt_list list = { NULL, 0 };
	enum status status;
	size_t i, len = 0;

	status = filter_parse(&f, text, strlen(text));
	if (status == STATUS_OK)
		status = filter_options(&f, version, &list);
	out[0] = '\0';
	for (i = 0; i < list.count; i++) {
		snprintf(out + len, sizeof(out) - len, "%s%s",
		    i > 0 ? "|" : "", list.v[i]);
		len = strlen(out);
		free(list.v[i]);
	}
	if (status != STATUS_OK)
		snprintf(out, sizeof(out), "!%d", (int)status);
	opt_list_free(&list);
	filter_free(&f);
	return (out);
}

#define GIVES(text, want)	same(rules(text, 170000), want, #text)

static void
test_types(void)
{

	GIVES("include table t\n", "--table=t");
	GIVES("exclude table t\n", "--exclude-table=t");
	GIVES("include table_and_children t\n", "--table-and-children=t");
	GIVES("exclude table_and_children t\n",
	    "--exclude-table-and-children=t");
	GIVES("exclude table_data t\n", "--exclude-table-data=t");
	GIVES("exclude table_data_and_children t\n",
	    "--exclude-table-data-and-children=t");
	GIVES("include schema s\n", "--schema=s");
	GIVES("exclude schema s\n", "--exclude-schema=s");
	GIVES("include foreign_data f\n", "--include-foreign-data=f");
	GIVES("include extension e\n", "--extension=e");
	GIVES("exclude extension e\n", "--exclude-extension=e");
	GIVES("include table a\nexclude table_data b\n",
	    "--table=a|--exclude-table-data=b");
}

static void
test_lines(void)
{

	GIVES("", "");
	GIVES("\n  \n# comment\n\t# another\n", "");
	GIVES("include table t", "--table=t");
	GIVES("include table t\r\n", "--table=t");
	GIVES("  INCLUDE\tTable   t   # why\n", "--table=t");
	GIVES("include table t#x\n", "--table=t");
	GIVES("include table s . t*\n", "--table=s.t*");
	GIVES("include table a b\n", "--table=a b");
	GIVES("include table f (int , text)\n", "--table=f(int, text)");
	GIVES("include table \"A b\".\"c\"\"d\"\n",
	    "--table=\"A b\".\"c\"\"d\"");
	GIVES("include table \"a#b\"\n", "--table=\"a#b\"");
	GIVES("include table \"a\nb\"\ninclude table c\n",
	    "--table=\"a\nb\"|--table=c");
	GIVES("include table \"a\\nb\\\\c\"\n", "--table=\"a\nb\\c\"");
	GIVES("include table ,,,,,,\n", "--table=, , , , , , ");
}

static void
test_refused(void)
{

	GIVES("k\n", "!2");
	GIVES("include\n", "!2");
	GIVES("include table\n", "!2");
	GIVES("include table   # no pattern\n", "!2");
	GIVES("include table-data t\n", "!2");
	GIVES("include table_data t\n", "!2");
	GIVES("exclude foreign_data f\n", "!2");
	GIVES("include function f\n", "!2");
	GIVES("exclude database d\n", "!2");
	GIVES("include table \"open\n", "!2");
	GIVES("include table \"", "!2");
	GIVES("include table t\nnonsense\n", "!2");
	same(rules("include table_and_children t\n", 150020), "!2",
	    "an option that the version does not have");
	same(rules("exclude extension e\n", 160000), "!2",
	    "excluded extensions are younger than included ones");
	same(rules("include extension e\n", 140000), "--extension=e",
	    "included ones");
	same(rules("include foreign_data e\n", 120022), "!2",
	    "foreign data before 13");
}

static void
test_bytes(void)
{
	struct filter f = { .name = strdup("rules") };

	ok(filter_parse(&f, "include table t\0\n", 17) == STATUS_USAGE,
	    "a zero byte is refused");
	ok(filter_parse(&f, "include table t\n\n\ninclude schema \"a\nb\"\n"
	    "include table u\n", 54) == STATUS_OK && f.count == 3 &&
	    f.rules[1].line == 4 && f.rules[2].line == 6,
	    "each rule knows its line");
	filter_free(&f);
}

int
main(void)
{
	int null = open("/dev/null", O_WRONLY);

	if (null != -1)
		dup2(null, STDERR_FILENO);
	test_types();
	test_lines();
	test_refused();
	test_bytes();
	return (tap_done());
}
