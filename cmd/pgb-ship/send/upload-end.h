/* SPDX-License-Identifier: ISC */
#ifndef UPLOAD_END_H
#define UPLOAD_END_H

#include "send/upload-impl.h"

/*
 * The steps of the end, between upload-end.c, which does them in order,
 * upload-store.c and upload-name.c.  Each returns an enum sftp_error, with the
 * fault set but for SFTP_OK, SFTP_LOST and SFTP_SIGNAL.
 */

/* The backup: size, mode, fsync, read back, close. */
int end_store(struct line *, struct fault *);

/* What goes beside it, under temporary names. */
int end_store_beside(struct line *, struct fault *);

/* All names. */
int end_give_names(struct line *, struct fault *);

/* The i-th name: of what goes beside it, and then its own. */
struct naming *end_naming(struct upload *, size_t i);

/* The warning about a file that could not be taken away. */
void end_left_behind(const struct line *, const char *path, int error);

#endif
