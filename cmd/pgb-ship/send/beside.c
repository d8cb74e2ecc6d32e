/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "fdio.h"
#include "msg.h"
#include "send/beside.h"
#include "sig.h"

#define STEP_MS		100
#define OLD_SECONDS	(12 * 3600)

/* What stands behind the first dot, which is not the name's first byte; NULL:
 * nothing. */
static const char *
suffix_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path, *dot;

	if (name[0] == '\0')
		return (NULL);
	dot = strchr(name + 1, '.');
	return (dot != NULL && dot[1] != '\0' ? dot : NULL);
}

static enum status
refuse(const char *path, const char *why)
{

	msg_error("--with %s: %s", path, why);
	return (STATUS_USAGE);
}

enum status
beside_check(const struct ship_opts *o)
{
	const char *suffix;
	size_t i, j;

	if (o->with.count > BESIDE_MAX - 1) {
		msg_error("--with: more than %d files", BESIDE_MAX - 1);
		return (STATUS_USAGE);
	}
	for (i = 0; i < o->with.count; i++) {
		if ((suffix = suffix_of(o->with.v[i])) == NULL) {
			refuse(o->with.v[i], "no suffix that it could have "
			    "beside the backup");
			msg_hint("name it like report.json");
			return (STATUS_USAGE);
		}
		if (o->sum && strcmp(suffix, BESIDE_SUM) == 0)
			return (refuse(o->with.v[i], "--sum makes a file of "
			    "that suffix"));
		for (j = 0; j < i; j++)
			if (strcmp(suffix, suffix_of(o->with.v[j])) == 0)
				return (refuse(o->with.v[i],
				    "another one has that suffix"));
	}
	return (STATUS_OK);
}

const char *
beside_suffix(const struct ship_opts *o, size_t i)
{

	if (i < o->with.count)
		return (suffix_of(o->with.v[i]));
	return (o->sum && i == o->with.count ? BESIDE_SUM : NULL);
}

const char *
beside_too_long(const struct ship_opts *o, const char *path, size_t most)
{
	const char *base = strrchr(path, '/'), *suffix = "";
	size_t len = strlen(base != NULL ? base + 1 : path), i;

	for (i = 0; suffix != NULL; suffix = beside_suffix(o, i++))
		if (len + strlen(suffix) > most)
			return (suffix);
	return (NULL);
}

/* Wait until the file is there: what makes it may end after the stream does. */
static enum status
await_file(const char *path, int64_t end)
{
	const struct timespec step = { 0, STEP_MS * 1000000L };
	struct stat st;
	bool told = false;

	while (stat(path, &st) == -1) {
		if (sig_caught() != 0)
			return (STATUS_LOCAL);
		if (errno != ENOENT) {
			msg_errno(path);
			return (STATUS_LOCAL);
		}
		if (clock_ms() >= end) {
			msg_error("%s: is not there, %d seconds after the end "
			    "of the stream", path, BESIDE_WAIT_MS / 1000);
			msg_hint("nothing was published: --with waits for a "
			    "file that the run makes");
			return (STATUS_LOCAL);
		}
		if (!told)
			msg_verbose("%s: waited for", path);
		told = true;
		nanosleep(&step, NULL);
	}
	if (S_ISREG(st.st_mode))
		return (STATUS_OK);
	msg_error("%s: is no regular file", path);
	return (STATUS_USAGE);
}

/* Nobody can see whether it is of this run, but yesterday's is not. */
static void
warn_old(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && time(NULL) - st.st_mtime > OLD_SECONDS)
		msg_warning("%s: was written %lld hours ago: is it of this "
		    "run?", path, (long long)(time(NULL) - st.st_mtime) / 3600);
}

static enum status
load(const char *path, struct beside *b)
{
	char *data;

	if ((data = fd_slurp(path, BESIDE_BYTES, &b->len)) == NULL) {
		if (errno == EFBIG)
			msg_error("%s: more than %zu MiB", path,
			    BESIDE_BYTES >> 20);
		else if (errno != EINTR)
			msg_errno(path);
		return (STATUS_LOCAL);
	}
	b->data = (uint8_t *)data;
	if (b->len > 0) {
		warn_old(path);
		return (STATUS_OK);
	}
	msg_error("%s: is empty", path);
	return (STATUS_DATA);
}

enum status
beside_load(const struct ship_opts *o, struct beside *v)
{
	int64_t end = clock_ms() + BESIDE_WAIT_MS;
	enum status status;
	size_t i;

	for (i = 0; i < o->with.count; i++) {
		v[i].suffix = suffix_of(o->with.v[i]);
		if ((status = await_file(o->with.v[i], end)) != STATUS_OK ||
		    (status = load(o->with.v[i], &v[i])) != STATUS_OK)
			return (status);
	}
	return (STATUS_OK);
}

void
beside_free(const struct ship_opts *o, struct beside *v)
{
	size_t i;

	for (i = 0; i < o->with.count; i++)
		free((void *)(uintptr_t)v[i].data);
}
