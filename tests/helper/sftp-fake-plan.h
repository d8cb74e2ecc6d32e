/* SPDX-License-Identifier: ISC */
#ifndef SFTP_FAKE_PLAN_H
#define SFTP_FAKE_PLAN_H

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * What the server that sftp-fake.c plays is to do wrong, and when.  A line of a
 * plan is a rule
 *
 *	at N FAULT [ARG...]	reply number N (1: VERSION) of all connections
 *	from N FAULT ...	that one, and all after it
 *	each N FAULT ...	reply number N of each connection
 *
 * where N may be TYPE.N, "rename.1", then it counts the replies to requests of
 * that type; or a setting
 *
 *	without EXTENSION	posix-rename, fsync, statvfs, limits
 *	limits PACKET READ WRITE	who sends a larger one, is cut off
 *	version N		of the protocol
 *	motd TEXT		is said before it begins
 *	short-read N		no READ is given more
 *	names N			no READDIR is
 *	full N			the disk has room for N bytes of a file
 *	free N			what statvfs says of it, whatever is so
 *	log FILE		gets a line for every request
 *
 * Faults: die (after the reply), die-before and die-after (doing it, without a
 * reply); lose N (cuts the file that is written, by N bytes, and dies), zero
 * OFFSET N (puts zeros into it, and dies), vanish (removes it, and dies);
 * status N (in place of doing it), status-after N; short (a reply that ends
 * early), cut (so does the connection), huge, empty, wrong-id, wrong-type,
 * garbage, flip (one bit of its end); silent (no reply), stall (to anything),
 * slow MS, reorder N (N replies, the last one first), lie N (a size, N more).
 *
 * What was counted is in the file PLAN.state, numbers of 8 bytes: replies,
 * connections, bytes on the full disk; then the replies to each type.
 */

enum fault {
	NOTHING, DIE, DIE_BEFORE, DIE_AFTER, LOSE, ZERO, VANISH, STATUS,
	STATUS_AFTER, SHORT, CUT, HUGE_LEN, EMPTY, WRONG_ID, WRONG_TYPE,
	GARBAGE, FLIP, SILENT, STALL, SLOW, REORDER, LIE,
};

static const char *const fault_names[] = {
	"nothing", "die", "die-before", "die-after", "lose", "zero", "vanish",
	"status", "status-after", "short", "cut", "huge", "empty", "wrong-id",
	"wrong-type", "garbage", "flip", "silent", "stall", "slow", "reorder",
	"lie",
};

static const char *const type_names[256] = {
	[1] = "init", [3] = "open", [4] = "close", [5] = "read", [6] = "write",
	[7] = "lstat", [8] = "fstat", [9] = "setstat", [10] = "fsetstat",
	[11] = "opendir", [12] = "readdir", [13] = "remove", [14] = "mkdir",
	[15] = "rmdir", [16] = "realpath", [17] = "stat", [18] = "rename",
	/* The numbers of extended requests are our own. */
	[210] = "limits", [211] = "posix-rename", [212] = "fsync",
	[213] = "statvfs", [214] = "unknown",
};

enum ext { EXT_RENAME = 1, EXT_FSYNC = 2, EXT_STATVFS = 4, EXT_LIMITS = 8 };

struct rule {
	enum { AT, FROM, EACH } when;
	unsigned type;		/* 0: any */
	uint64_t n;
	enum fault fault;
	int64_t arg, more;
};

/* In a file that all connections share. */
struct state {
	_Atomic uint64_t replies, connections, used;
	_Atomic uint64_t by_type[256];
};

static struct plan {
	struct rule rules[32];
	size_t count;
	struct state *state;
	uint64_t here, here_by_type[256];	/* of this connection */
	uint64_t connection;
	int exts;
	uint64_t max_packet, max_read, max_write;
	uint64_t short_read, names, full, free;
	unsigned version;
	char motd[200];
	int log;
} plan = {
	.exts = EXT_RENAME | EXT_FSYNC | EXT_STATVFS | EXT_LIMITS,
	.max_packet = 262144, .max_read = 261120, .max_write = 261120,
	.short_read = UINT64_MAX, .names = 100, .full = UINT64_MAX,
	.free = UINT64_MAX, .version = 3, .log = -1,
};

static void
plan_bad(const char *line)
{
	fprintf(stderr, "sftp-fake: plan: %s\n", line);
	exit(2);
}

static unsigned
type_of(const char *name, size_t len)
{
	unsigned i;

	for (i = 0; i < 256; i++)
		if (type_names[i] != NULL && strlen(type_names[i]) == len &&
		    memcmp(type_names[i], name, len) == 0)
			return (i);
	return (0);
}

static void
plan_rule(const char *when, const char *n, const char *rest)
{
	struct rule *r = &plan.rules[plan.count++];
	const char *dot = strchr(n, '.');
	char word[32] = "";
	size_t i;

	if (plan.count == sizeof(plan.rules) / sizeof(plan.rules[0]))
		plan_bad("too many rules");
	r->when = when[0] == 'a' ? AT : when[0] == 'f' ? FROM : EACH;
	if (dot != NULL &&
	    (r->type = type_of(n, (size_t)(dot - n))) == 0)
		plan_bad(n);
	r->n = strtoull(dot != NULL ? dot + 1 : n, NULL, 10);
	if (sscanf(rest, "%31s %jd %jd", word, &r->arg, &r->more) < 1)
		plan_bad(rest);
	for (i = 0; i < sizeof(fault_names) / sizeof(fault_names[0]); i++)
		if (strcmp(fault_names[i], word) == 0)
			r->fault = (enum fault)i;
	if (r->fault == NOTHING && strcmp(word, "nothing") != 0)
		plan_bad(word);
}

static void
plan_without(const char *name)
{
	static const char *const names[] = { "posix-rename", "fsync",
	    "statvfs", "limits" };
	int i;

	for (i = 0; i < 4; i++)
		if (strcmp(names[i], name) == 0) {
			plan.exts &= ~(1 << i);
			return;
		}
	plan_bad(name);
}

static void
plan_line(char *line)
{
	char word[32] = "", arg[200] = "";
	int at = 0;

	if (sscanf(line, "%31s %199s %n", word, arg, &at) < 1 ||
	    word[0] == '#')
		return;
	if (strcmp(word, "at") == 0 || strcmp(word, "from") == 0 ||
	    strcmp(word, "each") == 0)
		plan_rule(word, arg, line + at);
	else if (strcmp(word, "without") == 0)
		plan_without(arg);
	else if (strcmp(word, "limits") == 0) {
		plan.max_packet = strtoull(arg, NULL, 10);
		if (sscanf(line + at, "%ju %ju", &plan.max_read,
		    &plan.max_write) != 2)
			plan_bad(line);
	} else if (strcmp(word, "version") == 0)
		plan.version = (unsigned)atoi(arg);
	else if (strcmp(word, "motd") == 0)
		snprintf(plan.motd, sizeof(plan.motd), "%s",
		    strstr(line, arg));
	else if (strcmp(word, "short-read") == 0)
		plan.short_read = strtoull(arg, NULL, 10);
	else if (strcmp(word, "names") == 0)
		plan.names = strtoull(arg, NULL, 10);
	else if (strcmp(word, "full") == 0)
		plan.full = strtoull(arg, NULL, 10);
	else if (strcmp(word, "free") == 0)
		plan.free = strtoull(arg, NULL, 10);
	else if (strcmp(word, "log") == 0)
		plan.log = open(arg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
		    0666);
	else
		plan_bad(line);
}

static void
plan_read(const char *path)
{
	char line[512];
	FILE *f = fopen(path, "r");
	int fd;

	if (f == NULL)
		plan_bad(path);
	while (fgets(line, sizeof(line), f) != NULL)
		plan_line(line);
	fclose(f);
	snprintf(line, sizeof(line), "%s.state", path);
	fd = open(line, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd == -1 || ftruncate(fd, sizeof(struct state)) == -1)
		plan_bad(line);
	plan.state = mmap(NULL, sizeof(struct state), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (plan.state == MAP_FAILED)
		plan_bad(line);
	close(fd);
	plan.connection = ++plan.state->connections;
}

/* Count the reply that is next, to a request of this type; what is to go wrong
 * with it, or NULL. */
static const struct rule *
plan_next(unsigned type)
{
	uint64_t all = ++plan.state->replies;
	uint64_t of_type = ++plan.state->by_type[type];
	const struct rule *r;
	uint64_t n;

	plan.here++;
	plan.here_by_type[type]++;
	for (r = plan.rules; r < plan.rules + plan.count; r++) {
		if (r->type != 0 && r->type != type)
			continue;
		if (r->when == EACH)
			n = r->type != 0 ? plan.here_by_type[type] : plan.here;
		else
			n = r->type != 0 ? of_type : all;
		if (r->when == FROM ? n >= r->n : n == r->n)
			return (r);
	}
	return (NULL);
}

#endif
