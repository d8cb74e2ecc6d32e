/* SPDX-License-Identifier: ISC */
/* Promise: an option means what the table says, or is refused by its name. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "opt-near.h"
#include "opt.h"
#include "tap.h"

struct got {
	bool flag;
	const char *string;
	struct opt_list each;
	struct opt_list pass;
	uint64_t size;
	struct opt_list operands;
};

static int
parse(struct got *g, char **argv)
{
	const struct opt opts[] = {
		{ OPT_TITLE, 0, NULL, NULL, NULL, "Title:" },
		{ OPT_FLAG, 'f', "flag", NULL, &g->flag, "a flag" },
		{ OPT_STRING, 's', "string", "TEXT", &g->string, "a text" },
		{ OPT_EACH, 'e', "each", "TEXT", &g->each, "any number" },
		{ OPT_PASS, 'n', "schema", "PATTERN", &g->pass, "handed on" },
		{ OPT_PASS, 'a', "data-only", NULL, &g->pass, "handed on" },
		{ OPT_SIZE, 0, "size", "N", &g->size, "bytes" },
		{ OPT_CLASH, 'j', "jobs", "N", NULL, "not here" },
		{ .kind = OPT_END },
	};
	const struct opt_spec spec = {
		.synopsis = "[options] [OPERAND]",
		.what = "tests options",
		.opts = opts,
		.example = "unit",
		.max_operands = 1,
	};
	int argc = 0;

	memset(g, 0, sizeof(*g));
	while (argv[argc] != NULL)
		argc++;
	return (opt_parse(&spec, argc, argv, &g->operands));
}

#define ARGV(...)	((char *[]){ (char []){ "unit" }, __VA_ARGS__, NULL })
#define S(text)		((char []){ text })

static void
test_kinds(void)
{
	struct got g;

	ok(parse(&g, ARGV(S("-f"), S("--string=a b"), S("x"))) == STATUS_OK &&
	    g.flag && strcmp(g.string, "a b") == 0 && g.operands.count == 1 &&
	    strcmp(g.operands.v[0], "x") == 0, "flag, string, operand");
	opt_list_free(&g.operands);
	ok(parse(&g, ARGV(S("x"), S("-fs"), S("t"), S("-eu"), S("--each"),
	    S("w"))) == STATUS_OK && g.flag && g.each.count == 2 &&
	    strcmp(g.string, "t") == 0, "operands first, options clustered");
	opt_list_free(&g.operands);
	opt_list_free(&g.each);
	ok(parse(&g, ARGV(S("-n"), S("p*"), S("--schema"), S("q"), S("-a"),
	    S("--data-only"))) == STATUS_OK && g.pass.count == 4 &&
	    strcmp(g.pass.v[0], "-np*") == 0 &&
	    strcmp(g.pass.v[1], "--schema=q") == 0 &&
	    strcmp(g.pass.v[2], "-a") == 0 &&
	    strcmp(g.pass.v[3], "--data-only") == 0, "handed on verbatim");
	while (g.pass.count > 0)
		free(g.pass.v[--g.pass.count]);
	opt_list_free(&g.pass);
	ok(parse(&g, ARGV(S("-n"), S(""), S("--schema="))) == STATUS_OK &&
	    g.pass.count == 2 && strcmp(g.pass.v[0], "--schema=") == 0 &&
	    strcmp(g.pass.v[1], "--schema=") == 0,
	    "an empty value stays one word");
	while (g.pass.count > 0)
		free(g.pass.v[--g.pass.count]);
	opt_list_free(&g.pass);
	ok(parse(&g, ARGV(S("--"), S("-x"))) == STATUS_OK &&
	    strcmp(g.operands.v[0], "-x") == 0, "-- ends the options");
	opt_list_free(&g.operands);
}

static void
test_refused(void)
{
	struct got g;

	ok(parse(&g, ARGV(S("-q"))) == STATUS_USAGE, "unknown short");
	ok(parse(&g, ARGV(S("--nope"))) == STATUS_USAGE, "unknown long");
	ok(parse(&g, ARGV(S("-s"))) == STATUS_USAGE, "argument missing");
	ok(parse(&g, ARGV(S("--string"))) == STATUS_USAGE, "long, missing");
	ok(parse(&g, ARGV(S("--flag=1"))) == STATUS_USAGE, "one too many");
	ok(parse(&g, ARGV(S("-j2"))) == STATUS_USAGE, "a clash");
	ok(parse(&g, ARGV(S("-sa"), S("-sb"))) == STATUS_USAGE, "given twice");
	ok(parse(&g, ARGV(S("--size=1X"))) == STATUS_USAGE, "not a size");
	ok(parse(&g, ARGV(S("a"), S("b"))) == STATUS_USAGE, "operands");
	opt_list_free(&g.operands);
}

static void
near_is(const char *name, const char *want)
{
	const struct opt opts[] = {
		{ OPT_TITLE, 0, "table", NULL, NULL, "keep-all" },
		{ OPT_FLAG, 0, "keep-last", NULL, NULL, "a" },
		{ OPT_FLAG, 0, "keep-daily", NULL, NULL, "a" },
		{ OPT_FLAG, 0, "prune", NULL, NULL, "a" },
		{ OPT_FLAG, 0, "hidden", NULL, NULL, NULL },
		{ OPT_CLASH, 0, "refused", NULL, NULL, "not here" },
		{ OPT_FLAG, 'x', NULL, NULL, NULL, "short alone" },
		{ .kind = OPT_END },
	};
	char out[30];

	opt_near(opts, name, strlen(name), out, sizeof(out));
	same(out, want, name);
}

static void
test_near(void)
{

	near_is("purne", "--prune");
	near_is("prunes", "--prune");
	near_is("pune", "--prune");
	near_is("keeplast", "--keep-last");
	near_is("keep-lest", "--keep-last");
	near_is("keep", "--keep-last, --keep-daily");
	near_is("fetch", "");
	near_is("prxyz", "");
	near_is("hiden", "");
	near_is("refuse", "");
	near_is("tables", "");
	near_is("p", "");
	near_is("", "");
	near_is("keep-keep-keep-keep-keep-keep-keep-keep-keep-keep", "");
}

static void
test_size(void)
{
	uint64_t n;

	ok(opt_size("0", &n) == 0 && n == 0, "0");
	ok(opt_size("12K", &n) == 0 && n == 12288, "12K");
	ok(opt_size("2T", &n) == 0 && n == (uint64_t)2 << 40, "2T");
	ok(opt_size("", &n) == -1 && opt_size("-1", &n) == -1 &&
	    opt_size(" 1", &n) == -1 && opt_size("1KB", &n) == -1 &&
	    opt_size("99999999999999999999", &n) == -1 &&
	    opt_size("18446744073709551615K", &n) == -1, "not sizes");
}

int
main(void)
{

	msg_program("unit");
	test_kinds();
	test_refused();
	test_near();
	test_size();
	return (tap_done());
}
