/* SPDX-License-Identifier: ISC */
#ifndef PUMP_H
#define PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "carrier/carrier.h"
#include "publish.h"
#include "record.h"
#include "status.h"

/*
 * The one place where bytes move from input to output, and where a broken
 * stream stays broken.  The essay is in pump.c.
 */
struct pump;

/*
 * A program's own work on the stream.  Each function returns STATUS_OK or a
 * status after one error line; none is called again after that.
 */
struct pump_stage {
	/* The next bytes of the input; what goes on is given to pump_emit().
	 * NULL: bytes go on unchanged. */
	enum status (*data)(void *arg, struct pump *, const uint8_t *buf,
	    size_t len);

	/* End of file was seen and the input is proven: finish the work
	 * (seal, publish, reap).  Only when this has returned STATUS_OK is
	 * the tail of the output written.  May emit.  NULL: nothing to do. */
	enum status (*finish)(void *arg, struct pump *);

	/* End of file was seen, before the proof is looked for: the place to
	 * say why the source ended (a child that failed).  NULL: nothing. */
	enum status (*eof)(void *arg, struct pump *);

	/* All files are open, no byte was read: the place to give up rights.
	 * report: what pump_opts.report becomes, or NULL.  NULL: nothing. */
	enum status (*ready)(void *arg, const struct publish *report);

	/* The carrier has found the stream broken: the place to say what is
	 * wrong in front of that.  A status other than STATUS_OK ends the run;
	 * *said: the carrier's reason is not printed behind it.  NULL:
	 * nothing. */
	enum status (*broken)(void *arg, bool *said);

	/* The carrier knows no end that it could prove: does the stage know
	 * better (a checksum)?  *proof: a word for the report, or left alone.
	 * NULL: no. */
	enum status (*proves)(void *arg, const char **proof);

	/* Before the tail is let go: write the report's line, with what else
	 * belongs there.  NULL: the line alone. */
	enum status (*write_report)(void *arg, struct publish *, char *line);

	/* Behind it, before the report gets its name and the output is closed:
	 * other files get theirs.  NULL: there are none. */
	enum status (*name_others)(void *arg);

	/* Where the next bytes of the input are to be read, *len of them:
	 * data() gets them there.  NULL, also as answer: anywhere. */
	uint8_t *(*room)(void *arg, struct pump *, size_t *len);

	/* It is over, well or not: end the threads that use what pump_reserve()
	 * gave.  Called once, last.  NULL: nothing. */
	void (*stop)(void *arg);

	/* In place of reading opts.in: up to len bytes into buf, *got 0 at
	 * the end.  NULL: opts.in is read. */
	enum status (*read)(void *arg, void *buf, size_t len, size_t *got);

	/* No input for idle_ms; NULL: wait for ever. */
	enum status (*idle)(void *arg, struct pump *);
	int idle_ms;

	void *arg;
};

struct pump_opts {
	int in;			/* read to its end; not closed */
	const char *in_name;	/* for messages: "stdin" */
	int out;		/* written, and closed at success; -1: what is
				 * emitted is counted and dropped */
	const char *out_name;
	bool wide;		/* make pipes hold more: fd_widen() */
	size_t ahead;		/* bytes that pump_reserve() may give at once */
	bool raw;		/* admit what is foreign or shows no end */
	struct carrier *carrier;	/* lent; NULL: finish() proves the
					 * input by itself (decryption) */
	struct pump_stage stage;

	int aux;		/* read besides the input (a child's messages),
				 * -1: none */
	bool (*aux_read)(void *arg);	/* called with stage.arg when aux is
					 * readable or at its end; must read
					 * it; false: do not ask again */

	const char *report;	/* file for the record's line, NULL: none */
	struct record *record;	/* lent; NULL: no report.  The pump adds
				 * input, bytes, proof and times */
	bool *report_failed;	/* set where the report is what failed, after
				 * finish(); NULL: nobody asks */
};

/*
 * pump_run(opts):
 * Move the stream.  In this order: report's temporary made; input to its end
 * through the carrier and the stage, output held back by its tail; proof
 * looked for; stage.finish(); report written; tail written; fsync where the
 * output is a regular file; mark set; other files and the report renamed;
 * output closed.  So a report for which there is no room keeps back the tail,
 * and whoever sees the end of the output finds the files of this run.
 *
 * Returns STATUS_OK: every byte was accepted and the stream is whole.  Any
 * other status: the output lacks its tail, or is whole but could not be synced,
 * reported or closed.  One error line was printed, but for EPIPE and a caught
 * signal (sig.h).
 */
enum status pump_run(const struct pump_opts *opts);

/*
 * pump_emit(p, buf, len):
 * From a stage: the next bytes of the output.  Returns STATUS_OK or
 * STATUS_LOCAL (printed, but for EPIPE).
 */
enum status pump_emit(struct pump *, const void *buf, size_t len);

/*
 * pump_room(p, len):
 * For a stage's room(), where its data() emits the bytes unchanged: *len bytes
 * in the output's own memory, from which pump_emit() need not copy them.
 */
uint8_t *pump_room(struct pump *, size_t *len);

/* Memory of the output's for bytes that are emitted later: tail_reserve().  It
 * is there until stage.stop() has returned. */
uint8_t *pump_reserve(struct pump *, size_t len);

/* From finish(): the last len bytes that were emitted, at most TAIL_HOLD: 0, or
 * -1 where there were fewer. */
int pump_last(const struct pump *, uint8_t *buf, size_t len);

/*
 * pump_patch(p, at, buf, len):
 * From finish(): change len bytes that were emitted before, at byte offset at
 * of the output; what tail_patch() asks of the output holds here too.  Returns
 * STATUS_OK, or STATUS_LOCAL after one error line (none for a caught signal).
 */
enum status pump_patch(struct pump *, uint64_t at, const void *buf,
    size_t len);

/* From finish(): bytes read, and how the input was proven: "carrier",
 * "mark", "raw", "own" (without a carrier), or the stage's word. */
uint64_t pump_bytes_in(const struct pump *);
const char *pump_proof(const struct pump *);

/*
 * pump_check_ends(sink, hint):
 * Early in main: STATUS_USAGE after an error where stdin is a terminal, or
 * stdout is one and sink is false.
 *
 * hint	what stdin should be; NULL: a dump
 */
enum status pump_check_ends(bool sink, const char *hint);

#endif
