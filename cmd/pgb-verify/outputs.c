/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "b2sum.h"
#include "fdio.h"
#include "msg.h"
#include "outputs.h"
#include "report/minisign.h"
#include "report/report.h"
#include "report/sums.h"

struct outputs {
	const struct options *o;
	struct publish *list, *sum, *signature;	/* NULL: not wanted, or done */
	struct minisign_key *key;
	struct digest *digest;		/* of the report; where it is signed */
};

/* Where path is not NULL. */
static enum status
open_file(const char *path, int flags, struct publish **file)
{
	enum status status = STATUS_OK;

	if (path != NULL)
		*file = publish_open(path, 0600, flags, &status);
	return (status);
}

static enum status
open_signature(struct outputs *out)
{
	const struct options *o = out->o;
	enum status status;
	char *name;

	if (o->sign == NULL)
		return (STATUS_OK);
	if ((out->key = minisign_load(o->sign, &o->from, &status)) == NULL)
		return (status);
	if ((out->digest = digest_new()) == NULL ||
	    asprintf(&name, "%s.minisig", o->report) == -1) {
		msg_errno(o->report);
		return (STATUS_LOCAL);
	}
	status = open_file(name, PUBLISH_SIGNATURE, &out->signature);
	free(name);
	return (status);
}

struct outputs *
outputs_open(const struct options *o, enum status *status)
{
	struct outputs *out;

	*status = STATUS_LOCAL;
	if ((out = calloc(1, sizeof(*out))) == NULL) {
		msg_errno("memory");
		return (NULL);
	}
	out->o = o;
	if ((*status = open_signature(out)) == STATUS_OK &&
	    (*status = open_file(o->list_to, PUBLISH_LIST, &out->list)) ==
	    STATUS_OK && (*status = open_file(o->sum, PUBLISH_SUM,
	    &out->sum)) == STATUS_OK)
		return (out);
	outputs_free(out);
	return (NULL);
}

void
outputs_free(struct outputs *out)
{

	if (out == NULL)
		return;
	publish_abort(out->list);
	publish_abort(out->sum);
	publish_abort(out->signature);
	minisign_free(out->key);
	digest_free(out->digest);
	free(out);
}

enum status
outputs_ready(const struct outputs *out, const struct publish *report,
    int dirs[OUTPUTS_DIRS], size_t *count)
{
	const struct publish *const files[OUTPUTS_DIRS] = { report, out->list,
	    out->sum, out->signature };
	size_t i, k;

	*count = 0;
	for (i = 0; i < OUTPUTS_DIRS; i++) {
		if (files[i] == NULL)
			continue;
		for (k = 0; k < i; k++)
			if (files[k] != NULL &&
			    publish_same(files[i], files[k])) {
				msg_error("--report, --list-to, --sum: two of "
				    "them name the same file");
				return (STATUS_USAGE);
			}
		dirs[(*count)++] = publish_dirfd(files[i]);
	}
	return (STATUS_OK);
}

/* --- the report ----------------------------------------------------------- */

/* With the trusted comment that minisign makes. */
static char *
sign(const struct outputs *out, const uint8_t hash[DIGEST_LEN])
{
	const char *slash = strrchr(out->o->report, '/');
	char *comment, *text;

	if (asprintf(&comment, "timestamp:%lld\tfile:%s\thashed",
	    (long long)time(NULL), slash != NULL ? slash + 1 :
	    out->o->report) == -1)
		return (NULL);
	text = minisign_sign_hash(out->key, hash, comment);
	free(comment);
	return (text);
}

static enum status
write_text(struct publish *file, const char *text)
{
	enum status status = publish_write(file, text, strlen(text));

	return (status != STATUS_OK ? status : publish_sync(file));
}

/* It takes its name, where it is wanted. */
static enum status
commit(struct publish **file)
{
	struct publish *done = *file;

	*file = NULL;
	return (done == NULL ? STATUS_OK : publish_commit(done));
}

enum status
outputs_report(struct outputs *out, const struct check *check, char *line,
    struct publish *report)
{
	uint8_t hash[DIGEST_LEN];
	enum status status;
	char *text = NULL;

	status = report_write(check, line, report, out->digest);
	if (status != STATUS_OK || out->key == NULL)
		return (status);
	if (digest_end(out->digest, hash) == -1 ||
	    (text = sign(out, hash)) == NULL) {
		msg_errno(out->o->report);
		return (STATUS_LOCAL);
	}
	status = write_text(out->signature, text);
	free(text);
	return (status);
}

/* --- sum and list --------------------------------------------------------- */

struct list_to {
	struct publish *file;	/* NULL: stderr */
	enum status status;
};

static int
list_line(void *arg, const char *line, size_t len)
{
	struct list_to *to = arg;

	if (to->file == NULL)
		return (fd_write(STDERR_FILENO, line, len));
	to->status = publish_write(to->file, line, len);
	return (to->status == STATUS_OK ? 0 : -1);
}

/* Whether there is something to list. */
static bool
has_list(const struct check *check)
{
	return (contents_header(check_contents(check)) != NULL ||
	    check_is_sql(check));
}

/* An old list is not left to be taken for that of a stream that has none. */
static enum status
write_list(struct outputs *out, const struct check *check, const char *what)
{
	struct list_to to = { out->list, STATUS_OK };

	if (out->list == NULL)
		return (STATUS_OK);
	if (!has_list(check)) {
		msg_error("%s: %s has no table of contents to list",
		    out->o->list_to, what);
		return (STATUS_DATA);
	}
	if (check_list(check, list_line, &to) == 0)
		return (publish_sync(out->list));
	if (to.status == STATUS_OK)
		msg_errno(out->o->list_to);
	return (STATUS_LOCAL);
}

static enum status
write_sum(struct outputs *out, const uint8_t sum[DIGEST_LEN])
{
	enum status status;
	char *name, *line = NULL;

	if (out->sum == NULL)
		return (STATUS_OK);
	if ((name = sums_name(out->o->sum)) != NULL)
		line = b2sum_line(sum, name);
	free(name);
	if (line == NULL) {
		msg_errno(out->o->sum);
		return (STATUS_LOCAL);
	}
	status = write_text(out->sum, line);
	free(line);
	return (status);
}

enum status
outputs_write(struct outputs *out, const struct check *check,
    const uint8_t sum[DIGEST_LEN], const char *what)
{
	enum status status = write_sum(out, sum);

	return (status != STATUS_OK ? status : write_list(out, check, what));
}

enum status
outputs_name(struct outputs *out)
{
	enum status status;

	if ((status = commit(&out->sum)) == STATUS_OK)
		status = commit(&out->list);
	return (status != STATUS_OK ? status : commit(&out->signature));
}

/* --- afterwards ----------------------------------------------------------- */

enum status
outputs_finish(struct outputs *out, const struct check *check,
    const char *what)
{
	struct list_to to = { NULL, STATUS_OK };

	if (!out->o->list)
		return (STATUS_OK);
	if (!has_list(check))
		msg_warning("stdin: %s has no table of contents to list", what);
	else if (check_list(check, list_line, &to) != 0) {
		if (errno != EPIPE && errno != EINTR)
			msg_errno("--list");
		return (STATUS_LOCAL);
	}
	return (STATUS_OK);
}
