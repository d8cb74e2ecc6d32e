/* SPDX-License-Identifier: ISC */
/* Promise: a file that goes beside a backup and does not come is waited for and
 * named; one that comes late is taken, an empty one is not. */
#include <pthread.h>

#include "pgb-ship/send/beside.h"
#undef BESIDE_WAIT_MS
#define BESIDE_WAIT_MS	1000
#include "pgb-ship/send/beside.c"
#include "tap.h"

static char dir[] = "/tmp/pgb-beside-XXXXXX", path[64];

static void *
write_late(void *text)
{
	const struct timespec wait = { 0, 300000000L };
	FILE *f;

	nanosleep(&wait, NULL);
	if ((f = fopen(path, "w")) != NULL) {
		fputs(text, f);
		fclose(f);
	}
	return (NULL);
}

/* What beside_load() says of the file, and what it prints in said. */
static enum status
load_it(struct beside *v, char *said, size_t size)
{
	char *list[] = { path };
	struct ship_opts o;
	enum status status;
	int ends[2], saved;
	ssize_t n;

	memset(&o, 0, sizeof(o));
	memset(v, 0, sizeof(*v) * BESIDE_MAX);
	o.with.v = list;
	o.with.count = 1;
	saved = dup(STDERR_FILENO);
	if (pipe(ends) == -1 || dup2(ends[1], STDERR_FILENO) == -1)
		abort();
	status = beside_load(&o, v);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	n = read(ends[0], said, size - 1);
	said[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	return (status);
}

int
main(void)
{
	struct beside v[BESIDE_MAX];
	char said[1024];
	pthread_t late;
	int64_t began = clock_ms();

	msg_program("unit");
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/a.json", dir);

	ok(load_it(v, said, sizeof(said)) == STATUS_LOCAL, "it never comes");
	ok(strstr(said, ": is not there, 1 seconds after the end of the "
	    "stream\n") != NULL, "that is said");
	ok(clock_ms() - began >= BESIDE_WAIT_MS, "it was waited for");

	pthread_create(&late, NULL, write_late, (char []){ "{}\n" });
	ok(load_it(v, said, sizeof(said)) == STATUS_OK && v[0].len == 3 &&
	    memcmp(v[0].data, "{}\n", 3) == 0, "it comes late");
	same(v[0].suffix, ".json", "its suffix");
	free((void *)(uintptr_t)v[0].data);
	pthread_join(late, NULL);

	ok(truncate(path, 0) == 0 &&
	    load_it(v, said, sizeof(said)) == STATUS_DATA, "an empty one");
	free((void *)(uintptr_t)v[0].data);
	unlink(path);
	rmdir(dir);
	return (tap_done());
}
