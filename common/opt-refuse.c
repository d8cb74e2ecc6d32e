/* SPDX-License-Identifier: ISC */
/* What is said of a command line that cannot be: with what may be meant. */
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "msg.h"
#include "opt-impl.h"
#include "opt-near.h"

/* What was meant by a long name that is unknown. */
static void
hint_long(const struct opt_spec *spec, const char *name, size_t len)
{
	char near[256];

	opt_near(spec->opts, name, len, near, sizeof(near));
	if (near[0] != '\0')
		msg_hint("perhaps %s; see %s --help", near, msg_program_name());
	else
		msg_hint("see %s --help", msg_program_name());
}

/*
 * By a short one: perhaps a long one with one dash, of which getopt has not
 * always seen the end.
 */
static void
hint_short(const struct opt_spec *spec, char **argv)
{
	const struct opt *o;
	const char *word;
	size_t len;
	int i;

	for (i = optind - 1; i <= optind && (word = argv[i]) != NULL; i++) {
		len = strcspn(word, "=");
		if (word[0] != '-' || word[1] == '-' || len < 3)
			continue;
		for (o = spec->opts; o->kind != OPT_END; o++)
			if (o->lname != NULL && strlen(o->lname) == len - 1 &&
			    strncmp(o->lname, word + 1, len - 1) == 0) {
				msg_hint("--%s has two dashes", o->lname);
				return;
			}
	}
	if (spec->short_hint != NULL)
		msg_hint("%s; see %s --help", spec->short_hint,
		    msg_program_name());
	else
		msg_hint("see %s --help", msg_program_name());
}

/* Behind a long option something is missing, or too much. */
static void
hint_argument(const struct opt_spec *spec, int got, const char *word)
{
	const char *program = msg_program_name();

	if (got == ':' && optopt >= LONG_BASE && optopt < LONG_BASE + ROW_HELP)
		msg_hint("%s=%s; see %s --help", word,
		    spec->opts[optopt - LONG_BASE].arg, program);
	else if (strncmp(word, "--pass", 6) == 0)
		msg_hint("others can read what stands on a command line; see "
		    "%s --help", program);
	else
		msg_hint("see %s --help", program);
}

/* getopt does not say which word it refused: a short option is in optopt, a
 * long one is the word before optind. */
enum status
opt_refuse(const struct opt_spec *spec, int got, char **argv)
{
	const char *word = argv[optind - 1];
	int len;

	/* Half a letter that is not ASCII is below 0. */
	if (optopt < 0 || (optopt >= 0x80 && optopt < LONG_BASE)) {
		if (word[0] != '-' && argv[optind] != NULL)
			word = argv[optind];
		msg_error("%s: unknown option", word);
		msg_hint("see %s --help", msg_program_name());
		return (STATUS_USAGE);
	}
	if (optopt > 0 && optopt < LONG_BASE) {
		msg_error(got == ':' ? "-%c: needs an argument" :
		    "-%c: unknown option", optopt);
		hint_short(spec, argv);
		return (STATUS_USAGE);
	}
	len = (int)(strchrnul(word, '=') - word);
	if (got != ':' && optopt == 0) {
		msg_error("%.*s: unknown option", len, word);
		hint_long(spec, word + 2, (size_t)len - 2);
		return (STATUS_USAGE);
	}
	if (got == ':')
		msg_error("%s: needs an argument", word);
	else
		msg_error("%.*s: takes no argument", len, word);
	hint_argument(spec, got, word);
	return (STATUS_USAGE);
}

enum status
opt_swallowed(const struct opt_spec *spec, char **argv)
{
	const char *word = optarg;
	const struct opt *o;
	size_t len;

	if (word == NULL || word != argv[optind - 1] ||
	    strncmp(word, "--", 2) != 0)
		return (STATUS_OK);
	len = strcspn(word += 2, "=");
	for (o = spec->opts; o->kind != OPT_END; o++)
		if (o->lname != NULL && strlen(o->lname) == len &&
		    strncmp(o->lname, word, len) == 0) {
			msg_error("%s: needs an argument, and --%s is an "
			    "option", argv[optind - 2], o->lname);
			if (strncmp(argv[optind - 2], "--", 2) == 0)
				msg_hint("%s=%s, if that is its argument; see "
				    "%s --help", argv[optind - 2], optarg,
				    msg_program_name());
			else
				msg_hint("see %s --help", msg_program_name());
			return (STATUS_USAGE);
		}
	return (STATUS_OK);
}
