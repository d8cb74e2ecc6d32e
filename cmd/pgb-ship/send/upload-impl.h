/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_IMPL_H
#define UPLOAD_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "bucket.h"
#include "send/ledger.h"
#include "send/target.h"
#include "ssh/remote.h"

/*
 * Shared by the upload*.c.  upload.c has the essay; upload-open.c checks and
 * creates; upload-line.c is one connection's thread; upload-flow.c moves its
 * blocks; upload-check.c reads back; upload-end.c finishes.
 */

/* Bytes not acknowledged: of one connection. */
#define FLOW_LEAST	((size_t)1024 * 1024)
#define FLOW_MOST	((size_t)4 * 1024 * 1024)

/* Blocks that wait to be sent, a connection: where more are asked for, and
 * where no more are. */
#define QUEUE_LOW	8
#define QUEUE_HIGH	16

#define LINES_MAX	CONNECTIONS_MAX
#define LINES_AUTO	4	/* where it is left to us */

#define CHECKPOINT_BYTES	((uint64_t)256 * 1024 * 1024)
#define CHECKPOINT_MS		(20 * 1000)

/* Of a file while it grows. */
#define UPLOAD_MODE	0600

/* A file system with less than this left is full. */
#define FULL_BYTES	(256 * 1024)

struct upload;
struct slot;
struct flight;

enum phase {
	PHASE_OPENING,
	PHASE_SENDING,
	PHASE_FINISHING,	/* all blocks were given */
	PHASE_DONE,		/* published */
	PHASE_FAILED,
};

/* How far the end has come: each step is done once, or repeated whole. */
enum step {
	STEP_STORE,		/* size, mode, fsync, read back, close */
	STEP_BESIDE,		/* the small files, stored beside */
	STEP_NAMES,		/* these get their names; then the backup */
	STEP_SYNC,		/* the directory */
	STEP_END,
};

/* A name that is to be given, and how far that has come. */
struct naming {
	char *path;		/* the final one */
	char *temp;
	bool asked;		/* a rename was sent, its answer is not known */
	bool done;
	bool had_old;		/* who had the name before that */
	uint64_t old_size;
	uint32_t old_mtime;
};

/* One connection.  Its thread alone uses it, but for what has "lock" by it. */
struct line {
	struct upload *u;
	pthread_t thread;
	unsigned number;	/* 0 ... */
	int wake;		/* eventfd: there is something new */
	bool dozes;		/* lock: waits for wake */
	bool rung;		/* lock: which was written */
	bool running;		/* lock: the thread was started */
	unsigned born;		/* lock: of its session; 0: it has none */

	struct sftp *sftp;	/* NULL: not connected */
	struct sftp_handle handle;
	bool is_open;

	struct slot *slots;	/* READs and WRITEs under way */
	size_t slot_count;
	struct flight *flights;	/* blocks of which these are parts */
	size_t flight_count;
	struct flight *filling;	/* the block that is being cut up */
	size_t flying;		/* bytes not acknowledged */

	struct sftp_io sync;	/* of a checkpoint, */
	bool syncing;		/* ... under way */
	uint64_t sync_to;	/* up to this byte */

	size_t window;		/* the most of flying */
	int64_t rate_since;	/* ms */
	uint64_t rate_bytes;
	double rate;		/* bytes a ms, of late */

	int64_t quiet_since;	/* ms: when the server last heard of us */
	int64_t touched;	/* ms: when we last touched the file */
	int64_t synced;		/* ms: last checkpoint */
	int64_t began;		/* ms: this session */
	bool sure;		/* it is the elder, and nothing is in doubt */
	unsigned attempts;	/* in a row, without any use */
	bool ever;		/* there was a session */
};

struct upload {
	struct target target;	/* first: a struct target * is this */
	const struct target_common *common;
	const struct ship_opts *opts;
	struct cargo *cargo;	/* its lock is ours */
	const char *name, *path;
	struct route *route;
	char why_left[200];	/* the lock's: why it was not removed */
	struct halt halt;
	char dir[DEST_PATH_MAX];
	char temp[SFTP_PATH_MAX + 256];
	mode_t mode;
	bool is_temp;		/* the temporary file may exist; the lock's */
	int64_t server_clock;	/* seconds, at ... */
	int64_t clock_at;	/* ... ms of ours; 0: not known */

	/* The lock's. */
	enum phase phase;
	enum status failed;
	struct block **queue;	/* to be sent, by offset; room for all */
	size_t queue_len;
	bool hungry;
	struct ledger *ledger;
	uint64_t given;		/* bytes */
	struct block *last;	/* the last one given, held */
	unsigned births;	/* sessions so far */
	unsigned connected;	/* sessions that live now */
	unsigned reconnects;
	unsigned lines_most;	/* sessions that lived at once */
	unsigned lines_started;
	unsigned lines_wanted;
	int64_t progress;	/* ms: when the server last took something */
	int64_t lost_since;	/* ms: no session and no progress; 0: not so */
	struct bucket bucket;	/* --limit */
	uint64_t acked_bytes;	/* by all lines, for the rate */
	unsigned number;	/* for the progress */
	int64_t warned;		/* ms: when a loss was last told */
	bool told;		/* and not yet that it is over */

	/* The oldest session's: whether more lines help. */
	int64_t grow_since;	/* ms */
	uint64_t grow_bytes;	/* acked_bytes then */
	unsigned grow_seconds;	/* that the line's length was the limit */
	double grow_rate;	/* before the last one was added */
	bool grown_up;		/* no more lines */

	/* Of the oldest session's thread, once all was given. */
	const struct manifest *manifest;
	atomic_int step;	/* enum step */
	struct naming own;
	struct naming *beside;	/* manifest->beside_count of them */
	uint64_t back_at, back_crc;	/* read back so far */
	size_t beside_stored;
	int steps_done;		/* lock: the most that ever were */
	unsigned stored_born;	/* the session that began to store it */
	unsigned names_born;	/* the session that was told these */

	struct line lines[LINES_MAX];
};

/* --- upload.c --- */

/* The first failure: takes the lock, tells the other threads. */
void upload_fail(struct upload *, enum status);

/* Print the fault as this upload's error, and fail with it. */
void upload_fault(struct upload *, const struct fault *);

/* Whether this line's session is the oldest one that lives.  The lock's. */
bool upload_is_elder(const struct upload *, const struct line *);

/* Start another line, where one more is wanted; the lock's.  0, or -1 with
 * errno (where it is not the first: one less). */
int upload_start_line(struct upload *);

/* Wake the lines that doze; the lock's. */
void upload_wake(struct upload *);

/* The queue, the lock's: the next block, or NULL; back with one that was taken,
 * with its reference. */
struct block *upload_next(struct upload *);
void upload_put_back(struct upload *, struct block *);

/* --- upload-open.c --- */

/* Keep a server's refusal as the fault "WHAT: REASON" (what may be NULL); what
 * is passing, SFTP_LOST, or no error is not one.  Returns error. */
int upload_refused(struct line *, const char *what, int error,
    struct fault *);

/* The same of an fsync's outcome; one that the server forbids, it does not
 * have: SFTP_OK, after a warning, where that is allowed. */
int upload_synced(struct line *, int error, struct fault *);

/*
 * The first session has begun: check what can be checked, create the temporary
 * file.  An enum sftp_error; other than SFTP_OK with the fault set, but for
 * SFTP_LOST and SFTP_SIGNAL.
 */
int upload_create(struct line *, struct fault *);

/* Another session: open the temporary file that is there. */
int upload_reopen(struct line *, struct fault *);

/* A new temporary name beside path, allocated; NULL with the fault. */
char *upload_temp(const struct upload *, const char *path, struct fault *);

/* --space: whether enough is free now.  The same. */
int upload_space(struct line *, bool expect, struct fault *);

/* --- upload-line.c --- */

void *line_main(void *line);

/* --- upload-flow.c --- */

int flow_init(struct line *);		/* for a new session: 0, or -1 */
void flow_free(struct line *);

/* Send what may be sent, and say why it is no more. */
enum flow {
	FLOW_ON,
	FLOW_FULL,		/* until something is acknowledged */
	FLOW_EMPTY,		/* until a block is given */
	FLOW_LIMITED,		/* --limit: soon */
};
enum flow flow_send(struct line *);

/*
 * Take what was acknowledged.  SFTP_OK, or the error of a WRITE that the
 * server refused.
 */
int flow_take(struct line *);

/* The session is gone: what was on its way is to be sent again. */
void flow_return(struct line *);

/* --- upload-check.c --- */

/*
 * Read back what is in doubt.  An enum sftp_error; other than SFTP_OK with the
 * fault set, but for SFTP_LOST and SFTP_SIGNAL.
 */
int check_doubts(struct line *, struct fault *);

/* Read all of the stored file back.  The same. */
int check_all(struct line *, struct fault *);

/* Whether the file at path has our size and our last block: SFTP_OK with *ours
 * set, or an error. */
int check_ours(struct line *, const char *path, uint64_t size,
    const uint8_t *end, size_t endlen, bool *ours);

/* --- upload-end.c --- */

/* All is acknowledged and nothing is in doubt: do the steps that are left.  The
 * same. */
int finish_upload(struct line *, struct fault *);

/* Nothing will come of it: take away what is there, once, as far as this line's
 * session can. */
void clean_up(struct line *);

/* All lines have ended: tell what may be left behind. */
void warn_left(struct upload *);

/* The error for a name that is taken. */
enum status upload_exists(struct fault *);

#endif
