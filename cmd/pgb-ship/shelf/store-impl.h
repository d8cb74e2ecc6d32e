/* SPDX-License-Identifier: ISC */
#ifndef STORE_IMPL_H
#define STORE_IMPL_H

#include "shelf/store.h"

/* Shared by store.c and the two kinds: store-local.c, store-sftp.c. */

struct store {
	const char *name;

	/* As in store.h; list() leaves the order to store.c, and need not free
	 * what it has found so far. */
	enum status (*list)(struct store *, struct store_list *);
	enum store_removed (*remove)(struct store *, const char *,
	    struct fault *);
	enum status (*clock)(struct store *, int64_t *);
	void (*close)(struct store *);
};

struct store *store_local_open(const char *dir, const char *name,
    enum status *status);
struct store *store_sftp_open(const struct dest *d, const char *dir,
    const char *name, const struct ship_opts *opts, enum status *status);

/* More is no directory of backups, but somebody who wants our memory. */
#define STORE_FILES_MAX	1000000

/* Append a file with what f tells of it; "." and "..", and names that are none,
 * are left out.  0, or -1 without memory (ENOMEM) or beyond STORE_FILES_MAX
 * (EFBIG). */
int store_list_add(struct store_list *, const char *name,
    const struct store_file *f);

#endif
