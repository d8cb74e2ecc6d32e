/* SPDX-License-Identifier: ISC */
/*
 * A backup as a stream.  It was proven when it was published; what remains to
 * be shown is that what is read now is all of it, and the same: as many bytes
 * as the file has, a file that nobody touched meanwhile, and the checksum that
 * lies beside it.  A part of one is shown to be that part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "digest.h"
#include "fetch/fetch.h"
#include "fetch/range.h"
#include "fetch/sidecar.h"
#include "fetch/source.h"
#include "msg.h"
#include "progress/progress.h"
#include "pump.h"
#include "record.h"
#include "shelf/shelf.h"

#define ENDING	".b2"

struct fetch {
	const struct ship_opts *opts;
	struct source *source;
	struct range range;
	bool part;		/* the range alone */

	char *sidecar;		/* its name, for people; NULL: not asked for */
	bool has_sum;		/* want is what it says */
	uint8_t want[DIGEST_LEN];
	struct digest *digest;	/* NULL: nobody asks for it */
	struct record *record;
};

static enum status
no_memory(const char *name)
{

	msg_error("%s: no memory", name);
	return (STATUS_LOCAL);
}

/* --- the checksum beside it --- */

/* Text of len bytes: the line for us, if there is one. */
static enum status
choose_line(struct fetch *f, char *text, size_t len)
{
	const char *base = dest_base(f->source->path);

	switch (sidecar_find(text, len, base, f->want)) {
	case SIDECAR_FOUND:
		f->has_sum = true;
		break;
	case SIDECAR_NONE:
		msg_warning("%s: no line of b2sum for %s: ignored", f->sidecar,
		    base);
		break;
	case SIDECAR_TWO:
		msg_error("%s: two checksums for %s", f->sidecar, base);
		msg_hint("which of them is right, only who wrote it can say; "
		    "--no-sum does not look at it");
		return (STATUS_DATA);
	}
	return (STATUS_OK);
}

static enum status
read_sidecar(struct fetch *f)
{
	struct source *src = f->source;
	char *path = NULL, *text = NULL;
	struct fault lack;
	enum status status;
	size_t len = 0;

	if (asprintf(&f->sidecar, "%s" ENDING, src->name) == -1) {
		f->sidecar = NULL;
		return (no_memory(src->name));
	}
	if (asprintf(&path, "%s" ENDING, src->path) == -1 ||
	    (text = malloc(SIDECAR_MAX + 1)) == NULL) {
		status = no_memory(src->name);
		goto out;
	}
	status = src->slurp(src, path, text, SIDECAR_MAX, &len, &lack);
	if (status != STATUS_OK)
		goto out;
	if (lack.status == STATUS_OK)
		status = choose_line(f, text, len);
	else if (lack.text[0] == '\0')
		msg_verbose("%s: not there, nothing to compare with",
		    f->sidecar);
	else
		msg_warning("%s: %s: ignored", f->sidecar, lack.text);
out:
	free(path);
	free(text);
	return (status);
}

static enum status
compare(const struct fetch *f, const uint8_t got[DIGEST_LEN])
{
	char want_hex[DIGEST_HEX], got_hex[DIGEST_HEX];

	if (memcmp(got, f->want, DIGEST_LEN) == 0) {
		msg_verbose("%s: as %s says", f->source->name, f->sidecar);
		return (STATUS_OK);
	}
	digest_hex(f->want, want_hex);
	digest_hex(got, got_hex);
	msg_error("%s: is not what was stored: BLAKE2b %.16s..., the sidecar "
	    "says %.16s...", f->source->name, got_hex, want_hex);
	msg_hint("the file or its " ENDING " was damaged, or replaced just "
	    "now; --no-sum fetches it as it is, for a look at what is left of "
	    "it");
	return (STATUS_DATA);
}

/* --- the stage --- */

static enum status
stage_read(void *arg, void *buf, size_t len, size_t *got)
{
	struct fetch *f = arg;

	return (f->source->read(f->source, buf, len, got));
}

static enum status
stage_data(void *arg, struct pump *p, const uint8_t *buf, size_t len)
{
	struct fetch *f = arg;

	if (f->digest != NULL)
		digest_add(f->digest, buf, len);
	return (pump_emit(p, buf, len));
}

static enum status
stage_finish(void *arg, struct pump *p)
{
	struct fetch *f = arg;
	uint8_t sum[DIGEST_LEN];
	char hex[DIGEST_HEX];
	enum status status;

	if ((status = f->source->check(f->source)) != STATUS_OK)
		return (status);
	record_int(f->record, "bytes", pump_bytes_in(p));
	if (f->digest != NULL) {
		if (digest_end(f->digest, sum) == -1)
			return (no_memory(f->source->name));
		if (f->has_sum && (status = compare(f, sum)) != STATUS_OK)
			return (status);
		digest_hex(sum, hex);
		record_str(f->record, "blake2b", hex);
	}
	record_bool(f->record, "verified", f->has_sum);
	if (f->has_sum)
		record_str(f->record, "sum", f->sidecar);
	record_int(f->record, "reconnects", f->source->reconnects);
	return (STATUS_OK);
}

/* --- all of it --- */

static enum status
place(struct fetch *f)
{
	struct source *src = f->source;
	char text[64];

	if (src->size == 0) {
		msg_error("%s is empty", src->name);
		return (STATUS_DATA);
	}
	if (!f->part)
		return (STATUS_OK);
	if (range_place(&f->range, src->size, &src->pos, &src->end) == -1) {
		msg_error("%s: --range begins at byte %llu, and the file has "
		    "%llu bytes", src->name, (unsigned long long)f->range.from,
		    (unsigned long long)src->size);
		return (STATUS_DATA);
	}
	snprintf(text, sizeof(text), "%llu-%llu", (unsigned long long)src->pos,
	    (unsigned long long)src->end - 1);
	record_str(f->record, "range", text);
	return (STATUS_OK);
}

/* Look at what lies there; say what the record can say already. */
static enum status
prepare(struct fetch *f)
{
	struct source *src = f->source;
	bool sums = !f->part && !f->opts->no_sum;
	enum status status;

	if ((f->record = record_new("pgb-ship")) == NULL)
		return (no_memory(src->name));
	record_str(f->record, "fetched", src->name);
	record_str(f->record, "transport", src->transport);
	if (sums && (status = read_sidecar(f)) != STATUS_OK)
		return (status);
	if ((status = src->open(src)) != STATUS_OK ||
	    (status = place(f)) != STATUS_OK)
		return (status);
	progress_expect(src->end - src->pos);
	if (sums && (f->has_sum || f->opts->report != NULL) &&
	    (f->digest = digest_new()) == NULL)
		return (no_memory(src->name));
	return (STATUS_OK);
}

static enum status
run(struct fetch *f)
{
	struct pump_opts o = { .in = -1, .in_name = f->source->name,
	    .out = STDOUT_FILENO, .out_name = "stdout", .aux = -1,
	    .wide = f->opts->limit == 0, .report = f->opts->report };
	enum status status;

	f->source->out = o.out;
	if ((status = prepare(f)) == STATUS_OK) {
		o.record = f->record;
		o.stage = (struct pump_stage){ .arg = f, .read = stage_read,
		    .data = stage_data, .finish = stage_finish };
		status = pump_run(&o);
	}
	digest_free(f->digest);
	record_free(f->record);
	free(f->sidecar);
	return (status);
}

/* One file, without {latest}. */
static enum status
fetch_one(struct fetch *f, const char *text)
{
	char path[DEST_PATH_MAX], *name = NULL;
	enum status status;
	struct dest d;

	if ((status = dest_parse(&d, text)) != STATUS_OK ||
	    (status = dest_expand(&d, NULL, path)) != STATUS_OK)
		goto out;
	if ((name = dest_name(&d, path)) == NULL) {
		status = no_memory(text);
		goto out;
	}
	status = STATUS_LOCAL;
	f->source = d.remote ? source_sftp(&d, path, name, f->opts, &status) :
	    source_local(path, name, f->opts);
	if (f->source != NULL) {
		status = run(f);
		f->source->close(f->source);
	}
out:
	free(name);
	dest_wipe(&d);
	return (status);
}

enum status
fetch_run(const char *text, const char *range, const struct ship_opts *opts)
{
	struct fetch f = { .opts = opts, .part = range != NULL };
	enum status status;
	char *newest;

	if (range != NULL && range_parse(range, &f.range) == -1) {
		msg_error("--range %s: not a range of bytes", range);
		msg_hint("--range 0-1023 is the first KiB, 1024- what is "
		    "behind it, -1024 the last KiB");
		return (STATUS_USAGE);
	}
	if (strstr(text, "{latest}") == NULL) {
		status = fetch_one(&f, text);
		if (status != STATUS_OK && strstr(text, "{time}") != NULL)
			msg_hint("{latest} in its place fetches the newest");
		return (status);
	}
	if ((newest = shelf_latest(text, opts, &status)) == NULL)
		return (status);
	/* For a person; cron would mail it every day. */
	if (isatty(STDERR_FILENO))
		msg_note("the latest: %s", newest);
	else
		msg_verbose("the latest: %s", newest);
	status = fetch_one(&f, newest);
	free(newest);
	return (status);
}
