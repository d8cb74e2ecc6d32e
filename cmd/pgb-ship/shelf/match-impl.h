/* SPDX-License-Identifier: ISC */
#ifndef MATCH_IMPL_H
#define MATCH_IMPL_H

#include <stddef.h>

/* What match-pattern.c makes and match.c goes through. */

enum field { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, YDAY, FIELDS };

enum wild { WILD_DB, WILD_HOST, WILD_SERVER, WILDS };

struct token {
	enum { LITERAL, TIME, FIELD, WILD } kind;
	char byte;		/* LITERAL; FIELD: its letter */
	enum field field;
	enum wild wild;
};

struct match {
	struct token *v;	/* NULL: any name with a {time} */
	size_t count;
};

#endif
