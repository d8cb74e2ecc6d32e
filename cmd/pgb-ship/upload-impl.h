/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_IMPL_H
#define UPLOAD_IMPL_H

#include "remote.h"
#include "target.h"

/* Bytes not yet acknowledged. */
#define UPLOAD_WINDOW	(1024 * 1024)

/* Shared by upload.c, which writes and publishes, and upload-open.c. */
struct upload {
	struct target target;	/* first: a struct target * is this */
	struct sftp *sftp;
	const char *name, *path;
	const struct ship_opts *opts;
	char dir[SFTP_PATH_MAX];
	char temp[SFTP_PATH_MAX + 256];
	struct sftp_handle handle;
	bool is_temp;		/* the temporary file may exist */
	bool is_open;

	struct sftp_io *blocks;	/* block_count of them, a ring */
	uint8_t *memory;
	size_t block_count, block_size;
	size_t at;		/* the block being filled, fill bytes of it */
	size_t fill;
	uint64_t sent;		/* bytes in WRITEs so far */
	int64_t touched;	/* when the server last changed the file */
};

/* The methods of struct target; close also cleans up a half-made upload. */
enum status upload_write(struct target *, const uint8_t *, size_t);
enum status upload_idle(struct target *);
enum status upload_publish(struct target *);
void upload_close(struct target *);

/* The error line for a name that is taken: STATUS_USAGE. */
enum status upload_exists(const struct upload *);

#endif
