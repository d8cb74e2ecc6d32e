/* SPDX-License-Identifier: ISC */
/*
 * second-toc ARCHIVE: write the archive to stdout as "pg_dump -Fc db > file"
 * of PostgreSQL 16 to 18 leaves it: the TOC once more behind the last block,
 * with the blocks' offsets filled in.  "second-toc ARCHIVE bad" has the last
 * offset wrong by one.
 */
#include "arc.h"

int
main(int argc, char **argv)
{
	struct arc *a;
	unsigned char *toc;
	size_t len, last = 0;

	if (argc < 2)
		return (2);
	a = arc_read(argv[1]);
	len = a->data - a->toc;
	toc = malloc(len);
	if (toc == NULL)
		return (1);
	memcpy(toc, a->buf + a->toc, len);
	for (size_t i = 0; i < a->entries; i++) {
		unsigned char *p = toc + (a->entry[i].offset - a->toc);

		if (!a->entry[i].has_data)
			continue;
		*p = 2;
		for (int b = 0; b < 8; b++)
			p[1 + b] = (unsigned char)(a->entry[i].block >> 8 * b);
		last = (size_t)(p + 1 - toc);
	}
	if (argc > 2)
		toc[last]++;
	fwrite(a->buf, 1, a->at, stdout);
	fwrite(toc, 1, len, stdout);
	free(toc);
	free(a);
	return (fflush(stdout) != 0);
}
