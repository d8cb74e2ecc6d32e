/* SPDX-License-Identifier: ISC */
#ifndef FAULTS_TREE_H
#define FAULTS_TREE_H

/*
 * What lies in a directory, in memory: for faults.c, which includes this once.
 * Small files, no directories below.  An error ends the program.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREE_FILES	64

struct blob {
	char *data;
	size_t len;
};

struct tree {
	size_t count;
	struct {
		char name[256];
		struct blob is;
		mode_t mode;
	} file[TREE_FILES];
};

static void
blob_add(struct blob *b, const void *data, size_t len)
{

	if ((b->data = realloc(b->data, b->len + len + 1)) == NULL)
		err(2, "memory");
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

static void
blob_free(struct blob *b)
{

	free(b->data);
	*b = (struct blob){ NULL, 0 };
}

static bool
blob_same(const struct blob *a, const struct blob *b)
{

	return (a->len == b->len && (a->len == 0 ||
	    memcmp(a->data, b->data, a->len) == 0));
}

static void
blob_read(struct blob *b, int d, const char *name)
{
	char buf[65536];
	ssize_t n;
	int fd;

	if ((fd = openat(d, name, O_RDONLY)) == -1)
		err(2, "%s", name);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		blob_add(b, buf, (size_t)n);
	if (n == -1)
		err(2, "%s", name);
	close(fd);
}

static void
tree_free(struct tree *t)
{

	while (t->count > 0)
		blob_free(&t->file[--t->count].is);
}

static int
tree_find(const struct tree *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (strcmp(t->file[i].name, name) == 0)
			return ((int)i);
	return (-1);
}

/* "." and ".." are no entries. */
static bool
is_entry(const struct dirent *e)
{

	return (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0);
}

/* Directories are entries without content. */
static void
tree_read(struct tree *t, const char *dir)
{
	struct dirent *e;
	struct stat st;
	DIR *d;

	memset(t, 0, sizeof(*t));
	if ((d = opendir(dir)) == NULL)
		err(2, "%s", dir);
	while ((e = readdir(d)) != NULL) {
		if (!is_entry(e))
			continue;
		if (t->count == TREE_FILES)
			errx(2, "%s: too many files", dir);
		/* A child that is slow to end may take it away. */
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
		    -1)
			continue;
		snprintf(t->file[t->count].name,
		    sizeof(t->file[t->count].name), "%s", e->d_name);
		t->file[t->count].mode = st.st_mode;
		if (S_ISREG(st.st_mode))
			blob_read(&t->file[t->count].is, dirfd(d), e->d_name);
		t->count++;
	}
	closedir(d);
}

/* dir becomes what t is, with these owners. */
static void
tree_write(const struct tree *t, const char *dir, const struct stat *like)
{
	struct dirent *e;
	size_t i;
	DIR *d;
	int fd;

	if ((d = opendir(dir)) == NULL)
		err(2, "%s", dir);
	while ((e = readdir(d)) != NULL)
		if (is_entry(e) && unlinkat(dirfd(d), e->d_name, 0) == -1 &&
		    unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR) == -1 &&
		    errno != ENOENT)
			err(2, "%s/%s", dir, e->d_name);
	for (i = 0; i < t->count; i++) {
		fd = openat(dirfd(d), t->file[i].name,
		    O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd == -1 || write(fd, t->file[i].is.data,
		    t->file[i].is.len) != (ssize_t)t->file[i].is.len ||
		    fchmod(fd, t->file[i].mode & 07777) == -1 ||
		    (geteuid() == 0 &&
		    fchown(fd, like->st_uid, like->st_gid) == -1))
			err(2, "%s/%s", dir, t->file[i].name);
		close(fd);
	}
	closedir(d);
}

#endif
