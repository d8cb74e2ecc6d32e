/* SPDX-License-Identifier: ISC */
#ifndef INSPECT_IMPL_H
#define INSPECT_IMPL_H

#include "age/age-key.h"

/*
 * What inspect.c finds out, and inspect-text.c and inspect-json.c say.
 */

enum answer { UNKNOWN, NO, YES };

extern const char *const inspect_answers[];	/* as words */

/* Stanzas of one type. */
struct group {
	const char *type;	/* len bytes, borrowed from the header */
	size_t len;
	size_t count;
	const char *name;	/* what that type is, for people */
	enum answer postquantum;
	bool grease;		/* no recipient */
	unsigned log_n;		/* of a passphrase; 0: it is none */
};

struct view {
	bool armored;
	struct age_armor armor;
	struct age_walk walk;
	uint64_t bytes;		/* of stdin */

	const char *why;	/* what is wrong; NULL: well-formed */
	uint64_t at;		/* and where */
	bool stranger;		/* it is no age file at all */
	enum answer complete;
	const char *proof;	/* where that is YES, in pump.c's words */

	bool version_known;
	struct group *groups;	/* in the order of the file, also those of a
				 * header that breaks off */
	size_t group_count;
	size_t recipients;
	enum answer postquantum;

	/* Where it is well-formed. */
	uint64_t chunks, plaintext, overhead, armor_bytes;
};

/* What there is to say, as lines for people or as one of JSON; freed by the
 * caller.  NULL without memory. */
char *inspect_text(const struct view *);
char *inspect_json(const struct view *);

#endif
