/* SPDX-License-Identifier: ISC */
/*
 * How large an archive will be, before it is made.
 *
 * pg_dump decides what is dumped, so it is asked: run with the user's options,
 * it is stopped when its table of contents has gone by, and the server adds up
 * what those tables take on disk.  On disk a row has a header and the large
 * values are compressed, in the archive it is text; half of it is what gzip
 * leaves of ordinary tables or a little more.  It is a guess, on the safe side.
 */
#include <inttypes.h>
#include <stdio.h>

#include "carrier/carrier.h"
#include "fdio.h"
#include "job.h"
#include "msg.h"
#include "walls.h"

#define READ_SIZE	65536
#define COMPRESSED_PART	2	/* a compressed archive is one in that many */

/* Read until the first block begins or the archive ends. */
static enum status
read_toc(struct job *j)
{
	uint8_t buf[READ_SIZE];
	enum status status;
	uint64_t total = 0;
	size_t got;

	for (;;) {
		status = stock_read(&j->stock, -1, buf, sizeof(buf), &got);
		if (status != STATUS_OK)
			return (status);
		if (got == 0)
			break;
		total += got;
		if (carrier_feed(j->carrier, buf, got) == -1)
			goto broken;
		if (j->toc.ended)
			return (STATUS_OK);
	}
	/* Without any data, or because pg_dump failed. */
	if ((status = stock_end(&j->stock)) != STATUS_OK)
		return (status);
	j->toc.length = total;
	if (carrier_end(j->carrier) == CARRIER_PROVEN)
		return (STATUS_OK);
broken:
	msg_error("pg_dump: %s", carrier_why(j->carrier));
	return (STATUS_DATA);
}

static enum status
estimate(struct job *j)
{
	enum status status;
	uint64_t bytes = 0;
	char line[32];

	if ((status = read_toc(j)) != STATUS_OK)
		return (status);
	stock_stop(&j->stock);
	status = pg_sizes(j->pg, &j->toc.plan, j->toc.blobs > 0, &bytes);
	if (status != STATUS_OK)
		return (status);
	if (j->toc.compression != ARCHIVE_NONE)
		bytes = bytes / COMPRESSED_PART;
	snprintf(line, sizeof(line), "%" PRIu64 "\n", bytes + j->toc.length);
	return (fd_print(line));
}

enum status
estimate_run(const struct options *o)
{
	enum status status;
	struct job j;

	if ((status = job_begin(&j, o)) == STATUS_OK &&
	    (status = walls_shut(o, j.pg)) == STATUS_OK)
		status = estimate(&j);
	job_end(&j);
	return (status);
}
