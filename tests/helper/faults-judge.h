/* SPDX-License-Identifier: ISC */
#ifndef FAULTS_JUDGE_H
#define FAULTS_JUDGE_H

/*
 * What a run under a fault must be: for faults.c, which includes this once.
 *
 * Status 0: stdout and files are those of a run without a fault, byte for byte
 * or as the judging command says; no error line.
 * Any other: 1 to 5; one error line, which names an object; stdout is a
 * beginning of what it should have been, and is not marked; files are what they
 * were; no temporaries.  Where the fault came behind the last byte of stdout, or
 * behind a rename, what was finished by then may be there: that is late.  So may
 * what a line says is there all the same.
 */
#include <fnmatch.h>
#include <regex.h>

#include "faults-run.h"

#define WORDS	16	/* of an option that may be given again */

struct spec {
	const char *label;
	const char *judge;	/* a line of shell; NULL: bytes are compared */
	const char *loose[WORDS];	/* names whose content differs */
	regex_t foreign;	/* lines of others on stderr */
	bool has_foreign;
	unsigned errors;	/* error lines, at most */
	bool stay;		/* temporaries may stay on the server */
	bool speaks;		/* stdout tells of what was refused */
	bool goes_on;		/* with what has not failed */

	/* Before and after a run without a fault; [1]: the server's. */
	struct tree before[2], after[2];
	struct blob out;
	uint64_t syncs;		/* calls of fsync() */
};

struct verdict {
	bool late;		/* failed, but some of it is there and whole */
	bool left;		/* a temporary on the server */
	char why[512];		/* empty: as it should be */
	char said[512];		/* the error line */
};

#define BAD(v, ...) do {						\
	if ((v)->why[0] == '\0')					\
		snprintf((v)->why, sizeof((v)->why), __VA_ARGS__);	\
} while (0)

static bool
is_temporary(const char *name)
{

	return (fnmatch(".*.pgbtmp", name, 0) == 0);
}

static bool
is_loose(const struct spec *s, const char *name)
{
	size_t i;

	for (i = 0; i < WORDS && s->loose[i] != NULL; i++)
		if (fnmatch(s->loose[i], name, 0) == 0)
			return (true);
	return (false);
}

/* Of a content that differs: as long, but for a few digits, and ended. */
static bool
is_like(const struct blob *a, const struct blob *b)
{

	return (a->len + 256 > b->len && b->len + 256 > a->len &&
	    (a->len == 0) == (b->len == 0) &&
	    (a->len == 0 || a->data[a->len - 1] == b->data[b->len - 1]));
}

static bool
is_whole(const struct spec *s, const struct tree *want, const char *name,
    const struct blob *is)
{
	int i = tree_find(want, name);

	return (i != -1 && (is_loose(s, name) ?
	    is_like(is, &want->file[i].is) :
	    blob_same(is, &want->file[i].is)));
}

static void
judge_done(const struct spec *s, const struct tree *want,
    const struct tree *is, struct verdict *v)
{
	size_t i;

	for (i = 0; i < want->count; i++)
		if (tree_find(is, want->file[i].name) == -1)
			BAD(v, "status 0, but no %s", want->file[i].name);
	for (i = 0; i < is->count; i++)
		if (!is_whole(s, want, is->file[i].name, &is->file[i].is))
			BAD(v, "status 0, but %s differs or should not be",
			    is->file[i].name);
}

static void
judge_failed(const struct spec *s, int side, const struct tree *is,
    struct verdict *v)
{
	const struct tree *was = &s->before[side], *want = &s->after[side];
	const char *name;
	size_t i;
	int at;

	for (i = 0; i < was->count; i++) {
		name = was->file[i].name;
		if (tree_find(is, name) == -1) {
			v->late = true;
			if (tree_find(want, name) != -1)
				BAD(v, "%s is gone", name);
		}
	}
	for (i = 0; i < is->count; i++) {
		name = is->file[i].name;
		at = tree_find(was, name);
		if ((at != -1 && blob_same(&is->file[i].is,
		    &was->file[at].is)) || strcmp(name, "OUT") == 0)
			continue;
		if (is_temporary(name)) {
			v->left = side == 1;
			if (side == 0 || !s->stay)
				BAD(v, "%s was left%s", name,
				    side == 1 ? " on the server" : "");
		} else if (is_whole(s, want, name, &is->file[i].is))
			v->late = true;
		else
			BAD(v, "%s was published, and is not whole", name);
	}
}

/* The judging command: its stdin is the program's stdout. */
static bool
is_judged(const struct spec *s, const char *dir, const struct blob *out,
    bool done)
{
	char path[4096], line[16384];
	int fd;

	if (s->judge == NULL)
		return (true);
	snprintf(path, sizeof(path), "%s.out", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd == -1 || write(fd, out->data, out->len) != (ssize_t)out->len)
		err(2, "%s", path);
	close(fd);
	snprintf(line, sizeof(line), "cd '%s' && OUT='%s' DONE=%d && { "
	    "%s\n} <'%s' >'%s.log' 2>&1", dir, path, done, s->judge, path,
	    dir);
	return (system(line) == 0);
}

/* What is there in spite of a fault that came before any rename of ours (the
 * server did it, or none was needed) must be told of. */
static bool
says_so(const struct ran *r)
{

	return (r->err.len > 0 &&
	    (strstr(r->err.data, " all the same") != NULL ||
	    strstr(r->err.data, " is there, whole; ") != NULL ||
	    strstr(r->err.data, "it is whole, under this ") != NULL ||
	    strstr(r->err.data, " is of this run, ") != NULL));
}

static void
judge_out(const struct spec *s, const struct ran *r, const struct fault *f,
    const char *dir, bool done, struct verdict *v)
{
	bool same = s->judge == NULL && blob_same(&r->out, &s->out);

	if (done) {
		if (s->judge == NULL && !same)
			BAD(v, "status 0, but stdout differs");
		if (!is_judged(s, dir, &r->out, true))
			BAD(v, "status 0, but it is not whole");
		return;
	}
	if (v->late && f->renames_then == 0 && !s->goes_on && !says_so(r))
		BAD(v, "published in spite of the fault");
	if (s->speaks)
		return;
	if (s->judge == NULL && !same && (r->out.len > s->out.len ||
	    (r->out.len > 0 &&
	    memcmp(r->out.data, s->out.data, r->out.len) != 0)))
		BAD(v, "stdout is no beginning of what it should be");
	if ((v->late || r->out.len > 0) && s->judge != NULL)
		same = is_judged(s, dir, &r->out, false);
	if (r->marked && !same)
		BAD(v, "stdout is marked, and not whole");
	if (v->late && s->judge != NULL && !same)
		BAD(v, "published, and not whole");
	if (same && r->out.len > 0) {
		v->late = true;
		if (f->out_then < r->out.len)
			BAD(v, "the end was let go in spite of the fault");
	}
}

/* "OBJECT: WHAT" or "OBJECT is WHAT".  Where memory ends, that is the object. */
static bool
names_object(const char *text)
{
	static regex_t forms;
	static bool known;

	if (!known && regcomp(&forms, "^(.+: .|[^ ]+ is .|no memory|"
	    "libsodium )", REG_EXTENDED | REG_NOSUB) != 0)
		errx(2, "no regular expression");
	known = true;
	return (regexec(&forms, text, 0, NULL, 0) == 0);
}

/* One error line that names an object; nothing that is nobody's.  Where all
 * that follows fails, too, a second thread may have its own. */
static void
judge_err(const struct spec *s, const struct ran *r, const struct fault *f,
    bool done, struct verdict *v)
{
	unsigned most = s->errors + (f->last == UINT64_MAX ? 1 : 0);
	char *copy, *line, *next, *text;
	unsigned errors = 0;

	if (r->err.len == 0) {
		if (!done)
			BAD(v, "no message");
		return;
	}
	if ((copy = strdup(r->err.data)) == NULL)
		err(2, "memory");
	for (line = copy; (next = strchr(line, '\n')) != NULL;
	    line = next + 1) {
		*next = '\0';
		text = strchr(line, ' ');
		if (text != NULL && strncmp(text, " error: ", 8) == 0) {
			errors++;
			snprintf(v->said, sizeof(v->said), "%s", line);
			if (!names_object(text + 8))
				BAD(v, "the message names no object");
		}
		if (strncmp(line, "pgb-", 4) != 0 && !(s->has_foreign &&
		    regexec(&s->foreign, line, 0, NULL, 0) == 0))
			BAD(v, "a line that is not ours: %.200s", line);
	}
	free(copy);
	if (done && errors > 0)
		BAD(v, "status 0, and an error");
	if (!done && (errors < 1 || errors > most))
		BAD(v, "%u error lines", errors);
}

static void
judge(const struct spec *s, const struct ran *r, const struct fault *f,
    const char *dir, const char *remote, struct verdict *v)
{
	bool done = r->wstatus == 0;
	struct tree is;
	int side;

	memset(v, 0, sizeof(*v));
	if (r->hung)
		BAD(v, "it hangs");
	if (r->orphans)
		BAD(v, "a child was left running");
	if (WIFSIGNALED(r->wstatus))
		BAD(v, "killed by signal %d", WTERMSIG(r->wstatus));
	else if (WEXITSTATUS(r->wstatus) > 5)
		BAD(v, "status %d", WEXITSTATUS(r->wstatus));
	for (side = 0; side < (remote != NULL ? 2 : 1); side++) {
		tree_read(&is, side == 0 ? dir : remote);
		if (done)
			judge_done(s, &s->after[side], &is, v);
		else
			judge_failed(s, side, &is, v);
		tree_free(&is);
	}
	judge_out(s, r, f, dir, done, v);
	judge_err(s, r, f, done, v);
	if (done && f->counts[FAULT_FSYNC] < s->syncs)
		BAD(v, "status 0, but not all was synced");
}

#endif
