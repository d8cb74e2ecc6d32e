/* SPDX-License-Identifier: ISC */
/*
 * offsets ARCHIVE: what the TOC says of where the data stands, in one line:
 * "set" where every offset is filled in and right, and none stands at an entry
 * without data; "unset" where none is filled in; "mixed"; "wrong".  Then the
 * count of bytes behind the last block.
 */
#include "arc.h"

int
main(int argc, char **argv)
{
	struct arc *a;
	size_t set = 0, unset = 0, wrong = 0;

	if (argc != 2)
		return (2);
	a = arc_read(argv[1]);
	for (size_t i = 0; i < a->entries; i++) {
		const unsigned char *p = a->buf + a->entry[i].offset;
		uint64_t at = 0;

		for (int b = 7; b >= 0; b--)
			at = at << 8 | p[1 + b];
		if (!a->entry[i].has_data)
			wrong += *p != 3;
		else if (*p == 1)
			unset++;
		else if (*p == 2 && at != 0 && at == a->entry[i].block)
			set++;
		else
			wrong++;
	}
	printf("%s %zu\n", wrong > 0 ? "wrong" : set > 0 && unset > 0 ?
	    "mixed" : set > 0 ? "set" : "unset", a->len - a->at);
	free(a);
	return (0);
}
