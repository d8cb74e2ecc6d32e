/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "b2sum.h"
#include "fdio.h"
#include "msg.h"
#include "send/shipment-impl.h"
#include "sig.h"

static void
describe_stop(const struct shipment *s, const struct stop *p, struct record *r)
{

	if (s->count > 1)
		record_bool(r, "published", p->published);
	if (p->failed != STATUS_OK)
		record_int(r, "status", (uint64_t)p->failed);
	if (p->how.transport[0] != '\0')
		record_str(r, "transport", p->how.transport);
	if (p->how.connections == 0)
		return;
	record_int(r, "connections", p->how.connections);
	record_int(r, "reconnects", p->how.reconnects);
}

size_t
shipment_published(const struct shipment *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->count; i++)
		n += s->stops[i].published;
	return (n);
}

/* The first one that was published. */
static const struct stop *
first_published(const struct shipment *s)
{
	size_t i;

	for (i = 0; i + 1 < s->count && !s->stops[i].published; i++)
		;
	return (&s->stops[i]);
}

/* What was shipped, in a record. */
static void
describe(const struct shipment *s, struct record *r)
{
	const struct archive_header *h = carrier_archive(s->carrier);
	const struct stop *p = first_published(s);
	struct record *part;
	size_t i;

	record_str(r, "name", p->name);
	if (s->count == 1)
		describe_stop(s, p, r);
	for (i = 0; i < s->count && s->count > 1; i++)
		if ((part = record_append(r, "destinations")) != NULL) {
			record_str(part, "name", s->stops[i].name);
			describe_stop(s, &s->stops[i], part);
		}
	for (i = 0; i < p->manifest.beside_count; i++)
		record_add(r, "beside", p->manifest.beside[i].suffix);
	record_int(r, "bytes", s->bytes);
	if (s->digest != NULL)
		record_str(r, "blake2b", s->sum_hex);
	if (h != NULL) {
		record_str(r, "database", h->dbname);
		record_str(r, "server_version", h->server);
	}
}

/* Of "15.18 (Debian 15.18-0+deb12u1)" the first word counts. */
static void
compare(const char *option, const char *said, const char *header, bool words)
{
	size_t n;

	if (said == NULL || header == NULL || strcmp(said, header) == 0)
		return;
	n = strcspn(header, " ");
	if (words && strcspn(said, " ") == n && memcmp(said, header, n) == 0)
		return;
	msg_warning("%s %s: the archive says %s", option, said, header);
}

/* The command line counts more, but perhaps this is the wrong database. */
static void
compare_header(const struct shipment *s)
{
	const struct archive_header *h = carrier_archive(s->carrier);

	if (h == NULL)
		return;
	compare("--db", s->opts->db, h->dbname, false);
	compare("--server", s->opts->server, h->server, true);
}

/* What all destinations are to store: the same, but for the name in a sum. */
static enum status
make_manifests(struct shipment *s)
{
	struct manifest *m;
	struct stop *p;
	size_t i, n;

	for (i = 0; i < s->count; i++) {
		p = &s->stops[i];
		m = &p->manifest;
		*m = (struct manifest){ .bytes = s->bytes, .crc = s->crc,
		    .beside = p->beside };
		for (n = 0; n < s->opts->with.count; n++)
			p->beside[m->beside_count++] = s->with[n];
		if (!s->opts->sum)
			continue;
		p->sum_line = b2sum_line(s->sum, dest_base(p->path));
		if (p->sum_line == NULL) {
			msg_errno(p->name);
			return (STATUS_LOCAL);
		}
		p->beside[m->beside_count++] = (struct beside){ BESIDE_SUM,
		    (const uint8_t *)p->sum_line, strlen(p->sum_line) };
	}
	return (STATUS_OK);
}

static enum status
close_sum(struct shipment *s)
{

	if (s->digest == NULL)
		return (STATUS_OK);
	if (digest_end(s->digest, s->sum) == -1) {
		msg_error("no memory for the sum");
		return (STATUS_LOCAL);
	}
	digest_hex(s->sum, s->sum_hex);
	return (STATUS_OK);
}

/* All was read and is proven: whoever lives stores it, all at once, and each
 * publishes it. */
static enum status
publish_all(struct shipment *s)
{
	enum status status;
	struct stop *p;
	size_t i;

	for (i = 0; i < s->count; i++)
		if ((p = &s->stops[i])->target != NULL)
			p->target->finish(p->target, &p->manifest);
	for (i = 0; i < s->count; i++) {
		p = &s->stops[i];
		if (p->target == NULL)
			continue;
		status = p->target->published(p->target);
		if (status != STATUS_OK && sig_caught() != 0)
			return (STATUS_LOCAL);
		p->published = status == STATUS_OK;
		if (status != STATUS_OK)
			shipment_failed(s, p, status);
		else
			msg_verbose("%s: published", p->name);
	}
	for (i = 0; i < s->count; i++)
		shipment_let_end(&s->stops[i]);
	return (s->first);
}

enum status
shipment_end(struct shipment *s, struct pump *p)
{
	enum status status;

	compare_header(s);
	s->bytes = pump_bytes_in(p);
	s->proof = pump_proof(p);
	if ((status = close_sum(s)) != STATUS_OK ||
	    (status = beside_load(s->opts, s->with)) != STATUS_OK ||
	    (status = make_manifests(s)) != STATUS_OK ||
	    (status = publish_all(s)) != STATUS_OK)
		return (status);
	describe(s, s->record);
	return (STATUS_OK);
}

/* A line about what was published, freed by the caller; NULL without memory. */
static char *
make_line(struct shipment *s)
{
	struct record *r = record_new("pgb-ship");
	struct timespec now;
	char *line = NULL;

	clock_gettime(CLOCK_REALTIME, &now);
	if (r != NULL) {
		describe(s, r);
		record_str(r, "proof", s->proof);
		record_time(r, "time", s->began.tv_sec);
		record_real(r, "seconds",
		    (double)(now.tv_sec - s->began.tv_sec) +
		    (double)(now.tv_nsec - s->began.tv_nsec) / 1e9);
		line = record_line(r);
	}
	record_free(r);
	return (line);
}

/* The record in place of the stream.  What is published stays so. */
enum status
shipment_print(struct shipment *s)
{
	enum status status = STATUS_LOCAL;
	char *line = make_line(s);

	if (line == NULL)
		msg_error("stdout: no memory for the record");
	else
		status = fd_print(line);
	if (status != STATUS_OK)
		msg_warning("%s: published all the same; only its record "
		    "could not be printed", first_published(s)->name);
	free(line);
	return (status);
}

/* It failed behind all of them: what did, since nothing else tells that they
 * have it.  NULL: it did not. */
static const char *
failed_behind(const struct shipment *s)
{

	if (s->no_report)
		return ("the report");
	if (s->opts->sink || s->first != STATUS_OK ||
	    shipment_published(s) < s->count)
		return (NULL);
	return ("what is passed on");
}

/* Some have it and some do not: the pump has thrown its report away, but who
 * has it must be known all the same. */
void
shipment_tell_part(struct shipment *s)
{
	const char *what = failed_behind(s);
	struct publish *file;
	enum status status;
	char *line;

	if (s->opts->sink)
		(void)shipment_print(s);
	if (what != NULL)
		msg_warning("%s: published all the same; only %s failed",
		    first_published(s)->name, what);
	if (s->opts->report == NULL || s->no_report ||
	    (line = make_line(s)) == NULL)
		return;
	file = publish_open(s->opts->report, 0600, PUBLISH_REPORT, &status);
	if (file != NULL && publish_write(file, line, strlen(line)) ==
	    STATUS_OK)
		(void)publish_commit(file);
	else
		publish_abort(file);
	free(line);
}
