/* SPDX-License-Identifier: ISC */
#ifndef OPT_H
#define OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

/*
 * One table per program says all its options: parsing, --help, and the test
 * that holds the man page against the program read it.  --help, --version and
 * -v/--verbose are added to every table.
 */

struct opt_list {
	char **v;		/* count strings, borrowed from argv or owned
				 * where OPT_PASS made them */
	size_t count;
};

enum opt_kind {
	OPT_FLAG,		/* to: bool *, set to true */
	OPT_STRING,		/* to: const char **; given twice is an error */
	OPT_EACH,		/* to: struct opt_list *; may be repeated */
	OPT_SIZE,		/* to: uint64_t *; bytes, suffix K (1024) ... */
	OPT_PASS,		/* to: struct opt_list *; handed on verbatim as
				 * one word: "--name", "--name=VALUE" */
	OPT_CLASH,		/* refused; help says why and what instead */
	OPT_TITLE,		/* a heading in --help: only help is set */
	OPT_END
};

struct opt {
	enum opt_kind kind;
	char sname;		/* 0: long form only */
	const char *lname;	/* NULL: short form only */
	const char *arg;	/* name of the argument, NULL: takes none */
	void *to;
	const char *help;	/* NULL: not shown by --help */
};

struct opt_spec {
	const char *synopsis;	/* what stands behind the program's name; one
				 * form a line */
	const char *what;	/* one line: what it does */
	const struct opt *opts;	/* ends with OPT_END */
	const char *example;	/* one worked pipeline */
	size_t max_operands;
	const char *operand_hint; /* for a word too many, or NULL */
	const char *short_hint;	/* for an unknown short option, or NULL */
	const char *with;	/* a library that --version names, or NULL */
};

/* A row of a table that stands in the file: to is an offset in what
 * opt_parse_rows() is given. */
struct opt_row {
	enum opt_kind kind;
	char sname;
	const char *lname;
	const char *arg;
	size_t to;
	const char *help;
};

/* A heading among them. */
#define OPT_HEADING(text)	{ OPT_TITLE, 0, NULL, NULL, 0, text }

/* opt_parse() found --help or --version and has printed it. */
#define OPT_DONE	(-1)

/*
 * opt_parse(spec, argc, argv, operands):
 * Parse.  Options and operands may be mixed; "--" ends the options.  An
 * OPT_PASS short option comes out as "-xVALUE" in one word.
 *
 * operands	freed with opt_list_free(); the strings are argv's
 *
 * Returns STATUS_OK; OPT_DONE when --help or --version was printed and all is
 * done; else a status after one error line.
 */
int opt_parse(const struct opt_spec *spec, int argc, char **argv,
    struct opt_list *operands);

/* The same with count rows in place of spec->opts; base is what they fill. */
int opt_parse_rows(const struct opt_spec *spec, const struct opt_row *rows,
    size_t count, void *base, int argc, char **argv,
    struct opt_list *operands);

/* Append a string (borrowed): 0, or -1 without memory. */
int opt_list_add(struct opt_list *, char *);
void opt_list_free(struct opt_list *);

/* The same where the strings are the list's own. */
void opt_list_free_all(struct opt_list *);

/*
 * opt_number(name, text, least, most, out):
 * A number of the command line; *out is left alone where text is NULL.  0, or
 * -1 after one error line.
 */
int opt_number(const char *name, const char *text, unsigned least,
    unsigned most, unsigned *out);

/* Processors that this process may use, most at most. */
unsigned opt_processors(unsigned most);

/* "12", "64K", "3M", "1G", "2T" in bytes: 0, or -1. */
int opt_size(const char *text, uint64_t *out);

#endif
