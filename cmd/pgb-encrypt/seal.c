/* SPDX-License-Identifier: ISC */
/*
 * Sealing: the header at the first byte, then chunk by chunk.
 *
 * The final chunk is sealed under a flag of its own, and it is the proof that
 * a file is whole.  So the last bytes, up to a full chunk, are held until more
 * come; what is held in the end is sealed in finish() alone, which the pump
 * calls only when the input is proven complete.  A file that stops before has
 * no final chunk, and no age opens it to its end.
 *
 * Each chunk is a job of its own: number, flag, input, place of the output.
 * Jobs are gathered, done, and emitted in order; that they are done one after
 * the other here is not something they know.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "age-key.h"
#include "base64.h"
#include "carrier.h"
#include "msg.h"
#include "pump.h"
#include "seal.h"

#define JOBS_MAX	8

struct job {
	const uint8_t *in;
	size_t len;
	uint64_t index;
	bool last;
};

struct secrets {
	uint8_t file_key[AGE_FILE_KEY_LEN];
	uint8_t payload_key[AGE_KEY_LEN];
	uint8_t ephemeral[AGE_X25519_LEN];
};

struct seal {
	const struct recipients *to;
	struct secrets *secrets;	/* sodium_malloc() */
	bool begun;			/* header and nonce are out */
	uint64_t index;			/* of the next chunk */
	size_t held_len;
	size_t job_count;
	struct job jobs[JOBS_MAX];
	uint8_t held[AGE_CHUNK_LEN];
	uint8_t out[JOBS_MAX][AGE_SEALED_LEN];
};

static void
seal_free(struct seal *s)
{

	if (s == NULL)
		return;
	sodium_free(s->secrets);
	sodium_memzero(s->held, sizeof(s->held));
	free(s);
}

static struct seal *
seal_new(const struct recipients *to)
{
	struct seal *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	s->to = to;
	if ((s->secrets = sodium_malloc(sizeof(*s->secrets))) == NULL) {
		seal_free(s);
		return (NULL);
	}
	return (s);
}

/* Header and nonce into out, which has room; *len bytes. */
static enum status
make_header(struct seal *s, uint8_t *out, size_t *len)
{
	struct secrets *k = s->secrets;
	uint8_t mac[32];
	size_t i, n = 0;

	randombytes_buf(k->file_key, sizeof(k->file_key));
	memcpy(out, AGE_VERSION, strlen(AGE_VERSION));
	n += strlen(AGE_VERSION);
	for (i = 0; i < s->to->count; i++) {
		randombytes_buf(k->ephemeral, sizeof(k->ephemeral));
		if (age_x25519_wrap(s->to->point[i], k->ephemeral, k->file_key,
		    (char *)out + n) == -1) {
			msg_error("recipient %zu is not usable", i + 1);
			return (STATUS_USAGE);
		}
		n += AGE_STANZA_LEN;
	}
	memcpy(out + n, "---", 3);
	n += 3;
	age_header_mac(k->file_key, out, n, mac);
	out[n++] = ' ';
	base64_encode(mac, sizeof(mac), (char *)out + n);
	n += BASE64_LEN(sizeof(mac));
	out[n++] = '\n';
	randombytes_buf(out + n, AGE_NONCE_LEN);
	age_payload_key(k->file_key, out + n, k->payload_key);
	sodium_memzero(k->file_key, sizeof(k->file_key));
	sodium_memzero(k->ephemeral, sizeof(k->ephemeral));
	*len = n + AGE_NONCE_LEN;
	return (STATUS_OK);
}

static enum status
begin(struct seal *s, struct pump *p)
{
	enum status status;
	uint8_t *out;
	size_t len;

	if (s->begun)
		return (STATUS_OK);
	out = malloc(strlen(AGE_VERSION) + s->to->count * AGE_STANZA_LEN +
	    strlen("--- ") + BASE64_LEN(32) + 1 + AGE_NONCE_LEN);
	if (out == NULL) {
		msg_errno("header");
		return (STATUS_LOCAL);
	}
	if ((status = make_header(s, out, &len)) == STATUS_OK)
		status = pump_emit(p, out, len);
	free(out);
	s->begun = true;
	return (status);
}

/* Seal what is gathered, and emit it in order. */
static enum status
work(struct seal *s, struct pump *p)
{
	enum status status;
	struct job *j;
	size_t i;

	for (i = 0; i < s->job_count; i++) {
		j = &s->jobs[i];
		age_chunk_seal(s->secrets->payload_key, j->index, j->last,
		    j->in, j->len, s->out[i]);
	}
	for (i = 0; i < s->job_count; i++) {
		j = &s->jobs[i];
		status = pump_emit(p, s->out[i], j->len + AGE_TAG_LEN);
		if (status != STATUS_OK)
			return (status);
	}
	s->job_count = 0;
	return (STATUS_OK);
}

/* in stays untouched until the jobs are worked off. */
static enum status
gather(struct seal *s, struct pump *p, const uint8_t *in, size_t len,
    bool last)
{

	s->jobs[s->job_count++] = (struct job){ in, len, s->index++, last };
	return (s->job_count == JOBS_MAX ? work(s, p) : STATUS_OK);
}

static enum status
seal_data(void *arg, struct pump *p, const uint8_t *buf, size_t len)
{
	struct seal *s = arg;
	enum status status;
	size_t n;

	if ((status = begin(s, p)) != STATUS_OK)
		return (status);
	n = AGE_CHUNK_LEN - s->held_len;
	if (s->held_len > 0 && len > n) {
		memcpy(s->held + s->held_len, buf, n);
		buf += n;
		len -= n;
		s->held_len = 0;
		status = gather(s, p, s->held, AGE_CHUNK_LEN, false);
		if (status != STATUS_OK)
			return (status);
	}
	while (s->held_len + len > AGE_CHUNK_LEN) {
		status = gather(s, p, buf, AGE_CHUNK_LEN, false);
		if (status != STATUS_OK)
			return (status);
		buf += AGE_CHUNK_LEN;
		len -= AGE_CHUNK_LEN;
	}
	if ((status = work(s, p)) != STATUS_OK)
		return (status);
	memcpy(s->held + s->held_len, buf, len);
	s->held_len += len;
	return (STATUS_OK);
}

static enum status
seal_finish(void *arg, struct pump *p)
{
	struct seal *s = arg;
	enum status status;

	if ((status = begin(s, p)) != STATUS_OK)
		return (status);
	status = gather(s, p, s->held, s->held_len, true);
	return (status == STATUS_OK ? work(s, p) : status);
}

enum status
seal_run(const struct recipients *to, bool raw, const char *report)
{
	struct pump_opts o = {
		.in = STDIN_FILENO, .in_name = "stdin",
		.out = STDOUT_FILENO, .out_name = "stdout",
		.raw = raw, .aux = -1, .report = report,
		.stage = { .data = seal_data, .finish = seal_finish },
	};
	enum status status = STATUS_LOCAL;
	struct seal *s;

	s = seal_new(to);
	o.carrier = carrier_new(NULL);
	o.record = record_new("pgb-encrypt");
	if (s == NULL || o.carrier == NULL || o.record == NULL) {
		msg_errno("encryption");
		goto out;
	}
	record_str(o.record, "mode", "encrypt");
	record_int(o.record, "recipients", to->count);
	o.stage.arg = s;
	status = pump_run(&o);
out:
	record_free(o.record);
	carrier_free(o.carrier);
	seal_free(s);
	return (status);
}
