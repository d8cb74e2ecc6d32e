/* SPDX-License-Identifier: ISC */
/* Promise: behind the fence what is on the list can be reached, and nothing
 * else. */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "privacy.h"
#include "publish.h"
#include "sandbox/fence.h"
#include "sandbox/landlock.h"
#include "sanitizer.h"
#include "tap.h"

static char top[] = "/tmp/pgb-fence-XXXXXX";
static long version;		/* of Landlock; 0: there is none */

static const char *
at(const char *name)
{
	static _Thread_local char path[4][128];
	static _Thread_local unsigned n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", top, name);
	return (path[n]);
}

static void
put(const char *name)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd == -1 || write(fd, "x", 1) != 1 || close(fd) == -1)
		abort();
}

/* --- deeds: 0, or an errno ----------------------------------------------- */

static int
done(int rc)
{

	return (rc == -1 ? errno : 0);
}

static int
do_open(const char *name, int flags)
{
	int fd = open(name[0] == '/' ? name : at(name), flags | O_CLOEXEC,
	    0600);

	if (fd == -1)
		return (errno);
	close(fd);
	return (0);
}

static int
do_run(void)
{
	char path[] = "/bin/true";
	char *argv[] = { path, NULL };

	/* 0 comes from the program itself. */
	return (done(execv(path, argv)));
}

static int
port_of(int fd)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	if (getsockname(fd, (struct sockaddr *)&in, &len) == -1)
		abort();
	return (ntohs(in.sin_port));
}

static int
do_connect(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_port = htons((uint16_t)port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return (done(connect(fd, (struct sockaddr *)&in, sizeof(in))));
}

static int
abstract(bool listens)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len;

	len = (socklen_t)(sizeof(un.sun_family) + 1 + (size_t)snprintf(
	    un.sun_path + 1, sizeof(un.sun_path) - 1, "%s", top));
	if (!listens)
		return (done(connect(fd, (struct sockaddr *)&un, len)));
	if (bind(fd, (struct sockaddr *)&un, len) == -1 ||
	    listen(fd, 5) == -1)
		abort();
	return (0);
}

/* --- one process for each ------------------------------------------------- */

static int port[2];	/* on the list; not */

static struct fence *
make(bool off, bool child)
{
	struct fence *f = fence_new(off, child);

	if (f == NULL)
		abort();
	fence_usual(f);
	fence_path(f, at("read"), FENCE_READ);
	fence_path(f, at("one"), FENCE_READ);
	fence_path(f, at("append"), FENCE_READ | FENCE_WRITE);
	fence_path(f, at("make"), FENCE_READ | FENCE_WRITE | FENCE_MAKE);
	fence_path(f, at("remove"), FENCE_READ | FENCE_MAKE);
	fence_path(f, at("none"), FENCE_READ);
	fence_path(f, NULL, FENCE_READ);
	fence_parent(f, at("parent/file"), FENCE_READ);
	fence_parent(f, at("lost/file"), FENCE_READ | FENCE_WRITE);
	fence_above(f, at("above/a/b/c"), FENCE_WRITE | FENCE_MAKE |
	    FENCE_DIRS);
	fence_path(f, at("link"), FENCE_READ);
	fence_port(f, (unsigned)port[0]);
	return (f);
}

static int
behind(struct fence *f, int (*deed)(void))
{
	pid_t pid = fork();
	int ws;

	if (pid == 0) {
		if (fence_enter(f) != STATUS_OK)
			_exit(99);
		_exit(deed());
	}
	if (pid == -1 || waitpid(pid, &ws, 0) != pid || !WIFEXITED(ws))
		return (-1);
	return (WEXITSTATUS(ws));
}

static int read_dir(void) { return (do_open("read/sub/file", O_RDONLY)); }
static int read_one(void) { return (do_open("one", O_RDONLY)); }
static int read_parent(void) { return (do_open("parent/other", O_RDONLY)); }
static int read_link(void) { return (do_open("far/file", O_RDONLY)); }
static int read_beside(void) { return (do_open("beside", O_RDONLY)); }
static int read_up(void) { return (do_open("read/../beside", O_RDONLY)); }
static int read_top(void) { return (do_open(top, O_RDONLY | O_DIRECTORY)); }
static int read_passwd(void) { return (do_open("/etc/passwd", O_RDONLY)); }
static int read_none(void) { return (do_open("none", O_RDONLY)); }
static int write_read(void) { return (do_open("read/file", O_WRONLY)); }
static int write_one(void) { return (do_open("one", O_RDWR)); }
static int cut_one(void) { return (done(truncate(at("one"), 0))); }
static int make_read(void) { return (do_open("read/n", O_RDWR | O_CREAT)); }
static int make_lost(void) { return (do_open("new", O_RDWR | O_CREAT)); }
static int append(void) { return (do_open("append", O_RDWR | O_APPEND)); }
static int replace(void) { return (done(unlink(at("append")))); }
static int remove_it(void) { return (done(unlink(at("remove/file")))); }
static int write_rm(void) { return (do_open("remove/keep", O_WRONLY)); }
static int dir_make(void) { return (done(mkdir(at("make/dir"), 0700))); }
static int to_listed(void) { return (do_connect(port[0])); }
static int to_other(void) { return (do_connect(port[1])); }
static int to_abstract(void) { return (abstract(false)); }
static int kill_parent(void) { return (done(kill(getppid(), 0))); }

static int
move_out(void)
{

	return (done(rename(at("make/there"), at("gone"))));
}

static int
make_above(void)
{

	if (mkdir(at("above/a"), 0700) == -1 ||
	    mkdir(at("above/a/b"), 0700) == -1)
		return (errno);
	return (do_open("above/a/b/c", O_WRONLY | O_CREAT));
}

static int
names_resolve(void)
{
	struct addrinfo *list;

	if (getpwuid(0) == NULL || getservbyname("ssh", "tcp") == NULL)
		return (1);
	if (getaddrinfo("localhost", "22", NULL, &list) != 0)
		return (2);
	freeaddrinfo(list);
	return (0);
}

/* As local destinations and reports are made. */
static int
publish(void)
{
	enum status status;
	struct publish *p = publish_open(at("make/new"), 0600,
	    PUBLISH_OVERWRITE, &status);

	if (p == NULL || publish_write(p, "x", 1) != STATUS_OK)
		return (1);
	return (publish_commit(p) == STATUS_OK ? 0 : 2);
}

static void *
from_thread(void *arg)
{

	*(int *)arg = read_beside();
	return (NULL);
}

/* A thread that is started then is bound as well. */
static int
by_thread(void)
{
	pthread_t t;
	int rc = 0;

	if (pthread_create(&t, NULL, from_thread, &rc) != 0)
		return (1);
	pthread_join(t, NULL);
	return (rc);
}

static void
test_list(void)
{
	static const struct {
		int (*deed)(void);
		const char *name;
		int want;
		long since;	/* the version that governs it */
	} t[] = {
		{ read_dir, "a file below a directory", 0, 0 },
		{ read_one, "a file", 0, 0 },
		{ read_parent, "a file beside one that will be there", 0, 0 },
		{ read_link, "a file behind a link", 0, 0 },
		{ read_passwd, "what the C library reads", 0, 0 },
		{ names_resolve, "names resolve", 0, 0 },
		{ append, "a file is added to", 0, 0 },
		{ publish, "a file is made", 0, 0 },
		{ remove_it, "a file is removed", 0, 0 },
		{ make_above, "directories are made", 0, 0 },
		{ to_listed, "the port of the list", 0, 0 },
		{ read_none, "what is not there is not there", ENOENT, 0 },
		{ read_beside, "a file beside", EACCES, 1 },
		{ read_up, "a file beside, by ..", EACCES, 1 },
		{ read_top, "a directory above", EACCES, 1 },
		{ write_read, "to write where reading is allowed", EACCES, 1 },
		{ write_one, "the same of a file", EACCES, 1 },
		{ cut_one, "to shorten it", EACCES, 3 },
		{ make_read, "to make a file there", EACCES, 1 },
		{ make_lost, "to make one above a directory that is not there",
		    EACCES, 1 },
		{ replace, "to remove a file that is added to", EACCES, 1 },
		{ write_rm, "to write a file that may be removed", EACCES, 1 },
		{ dir_make, "to make a directory among files", EACCES, 1 },
		{ move_out, "to move a file out", EACCES, 1 },
		{ by_thread, "a thread's file beside", EACCES, 1 },
		{ do_run, "to run a program", EACCES, 1 },
		{ to_other, "another port", EACCES, 4 },
		{ to_abstract, "somebody's abstract socket", EPERM, 6 },
		{ kill_parent, "a signal to another process", EPERM, 6 },
	};
	struct fence *f = make(false, false), *off = make(true, false);
	size_t i;
	int rc;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (version < t[i].since) {
			ok(true, "%s # SKIP Landlock %ld", t[i].name, version);
			continue;
		}
		rc = behind(f, t[i].deed);
		ok(rc == t[i].want, "%s: %s", t[i].name, strerror(rc));
		if (t[i].want == 0 || t[i].want == ENOENT)
			continue;
		rc = behind(off, t[i].deed);
		ok(rc == 0, "%s: could be done: %s", t[i].name, strerror(rc));
		put("append");
		put("make/there");
		put("one");
		unlink(at("read/n"));
		unlink(at("new"));
		unlink(at("gone"));
		rmdir(at("make/dir"));
	}
	fence_free(f);
	f = make(false, true);
	ok(behind(f, kill_parent) == 0, "with a child there are signals");
	fence_free(f);
	fence_free(off);
	fence_free(NULL);
}

/* Each of several threads enters by itself; who does not is not bound. */
static void *
enter_alone(void *arg)
{
	int rc;

	if (fence_enter(arg) != STATUS_OK)
		return (arg);
	rc = read_beside();
	return (rc == EACCES || version == 0 ? NULL : arg);
}

static int
threads(void)
{
	struct fence *f = make(false, false);
	pthread_t t[3];
	void *bad[3];
	size_t i;

	for (i = 0; i < 3; i++)
		if (pthread_create(&t[i], NULL, enter_alone, f) != 0)
			return (1);
	for (i = 0; i < 3; i++)
		pthread_join(t[i], &bad[i]);
	if (bad[0] != NULL || bad[1] != NULL || bad[2] != NULL)
		return (2);
	return (read_beside() == 0 ? 0 : 3);
}

static void
test_privacy(void)
{
	pid_t pid = fork();
	int ws = -1;

	if (pid == 0) {
		if (prctl(PR_GET_DUMPABLE) != 1)
			_exit(1);
		privacy_keep();
		_exit(SANITIZER || prctl(PR_GET_DUMPABLE) == 0 ? 0 : 2);
	}
	waitpid(pid, &ws, 0);
	ok(ws == 0, "privacy_keep(): no core, no looks");
}

static void
make_scratch(void)
{
	static const char *const dirs[] = { "read", "read/sub", "make",
	    "remove", "parent", "above", "far" };
	static const char *const names[] = { "read/file", "read/sub/file",
	    "one", "append", "make/there", "remove/file", "remove/keep",
	    "parent/other", "far/file", "beside" };
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd;
	size_t i;

	if (mkdtemp(top) == NULL)
		abort();
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		mkdir(at(dirs[i]), 0700);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put(names[i]);
	if (symlink("far", at("link")) == -1)
		abort();
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (i = 0; i < 2; i++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (bind(fd, (struct sockaddr *)&in, sizeof(in)) == -1 ||
		    listen(fd, 50) == -1)
			abort();
		port[i] = port_of(fd);
	}
	abstract(true);
}

static void
remove_scratch(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", top);
	if (system(command) != 0)
		printf("# %s is left\n", top);
}

int
main(void)
{
	struct landlock l;
	pid_t pid;
	int ws = -1;

	msg_program("unit");
	make_scratch();
	if (!SANITIZER && landlock_begin(&l, false) == 0) {
		version = l.version;
		landlock_end(&l);
	}
	printf("# Landlock %ld\n", version);
	test_list();
	if ((pid = fork()) == 0)
		_exit(threads());
	waitpid(pid, &ws, 0);
	ok(ws == 0, "each thread for itself: %d", ws >> 8);
	test_privacy();
	remove_scratch();
	return (tap_done());
}
