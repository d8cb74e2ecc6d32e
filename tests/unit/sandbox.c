/* SPDX-License-Identifier: ISC */
/* Promise: in the sandbox our own work goes on, and nothing else does. */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include <sandbox/sandbox-calls.c>

#include "age/cipher.h"
#include "clock.h"
#include "fdio.h"
#include "lanes.h"
#include "mark.h"
#include "publish.h"
#include "ring.h"
#include "sandbox/breach.h"
#include "sandbox/landlock.h"
#include "sanitizer.h"
#include "sig.h"
#include "tap.h"

/* What a test does in the sandbox: an exit status. */
typedef int (*deed)(void);

#define NOT_KILLED	70
#define LANDLOCK_NR	444	/* of landlock_create_ruleset() */

static char dir[] = "/tmp/pgb-sandbox-XXXXXX";
static char other[64];		/* a directory beside the list's */
static int dirfd_in = -1, dirfd_out = -1;

/* --- in there ------------------------------------------------------------ */

/*
 * What becomes of a deed: its exit status; the signal that killed it, negative.
 * A process for each, because there is no way back.
 */
static int
in_sandbox(const struct sandbox *s, deed d)
{
	pid_t pid;
	int ws;

	if ((pid = fork()) == -1)
		abort();
	if (pid == 0) {
		if (sandbox_enter(s) != STATUS_OK)
			_exit(99);
		_exit(d());
	}
	while (waitpid(pid, &ws, 0) == -1)
		if (errno != EINTR)
			abort();
	return (WIFSIGNALED(ws) ? -WTERMSIG(ws) : WEXITSTATUS(ws));
}

static void
goes_on(const struct sandbox *s, deed d, const char *name)
{
	int rc = in_sandbox(s, d);

	ok(rc == 0, "goes on: %s (%d)", name, rc);
}

/* Whether there is a wall to be tested at all. */
static bool has_seccomp, has_landlock;

static void
is_killed(const struct sandbox *s, deed d, const char *name)
{
	int rc;

	if (!has_seccomp) {
		ok(true, "is killed: %s # SKIP no seccomp here", name);
		return;
	}
	rc = in_sandbox(s, d);
	ok(rc == -SIGSYS, "is killed: %s (%d)", name, rc);
}

static void
look_around(void)
{
	struct landlock l;

	has_seccomp = !SANITIZER && seccomp_api_get() >= API_KILL_PROCESS &&
	    prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != -1;
	has_landlock = !SANITIZER && landlock_begin(&l, false) == 0;
	landlock_end(&l);
	if (!has_seccomp)
		printf("# no seccomp\n");
	if (!has_landlock)
		printf("# no Landlock\n");
}

/* --- our own work -------------------------------------------------------- */

static int
memory(void)
{
	size_t i, size;
	char *p[200], *big;

	for (i = 0; i < 200; i++) {
		size = (size_t)1 << (i % 22);
		if ((p[i] = malloc(size)) == NULL)
			return (1);
		memset(p[i], 1, size);
	}
	if ((big = malloc(100 << 20)) == NULL)
		return (2);
	big[50 << 20] = 1;
	if ((big = realloc(big, 200 << 20)) == NULL || big[50 << 20] != 1)
		return (3);
	free(big);
	for (i = 0; i < 200; i++)
		free(p[i]);
	if (sodium_init() == -1 || (big = sodium_malloc(100)) == NULL)
		return (4);
	sodium_free(big);
	return (0);
}

static void *
in_thread(void *arg)
{
	void *p[100];
	size_t i;

	/* An arena of its own. */
	for (i = 0; i < 100; i++)
		if ((p[i] = malloc(10000)) == NULL)
			return (NULL);
	for (i = 0; i < 100; i++)
		free(p[i]);
	return (arg);
}

static int
threads(void)
{
	pthread_attr_t attr;
	pthread_t t[20];
	char arg[20];
	void *got;
	size_t i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 20);
	for (i = 0; i < 20; i++)
		if (pthread_create(&t[i], i % 2 == 0 ? &attr : NULL,
		    in_thread, &arg[i]) != 0)
			return (1);
	for (i = 0; i < 20; i++)
		if (pthread_join(t[i], &got) != 0 || got != &arg[i])
			return (2);
	return (sysconf(_SC_NPROCESSORS_ONLN) >= 1 ? 0 : 3);
}

static void
add_one(void *arg, unsigned worker, void *job)
{

	(void)arg;
	(void)worker;
	++*(int *)job;
}

static int
work_in_lanes(void)
{
	int n[4] = { 0 };
	void *v[4] = { &n[0], &n[1], &n[2], &n[3] };
	struct lanes *l = lanes_new(4, v, 4, add_one, NULL);
	size_t i;

	if (l == NULL)
		return (1);
	for (i = 0; i < 10000; i++) {
		if (lanes_next(l) == NULL) {
			lanes_take(l, true);
			lanes_drop(l);
			i--;
		} else
			lanes_put(l);
	}
	while (lanes_take(l, true) != NULL)
		lanes_drop(l);
	lanes_free(l);
	return (n[0] + n[1] + n[2] + n[3] == 10000 ? 0 : 2);
}

static int
pipes(int fd[2])
{
	struct pollfd p = { .fd = fd[0], .events = POLLIN };
	struct timeval soon = { .tv_usec = 1000 };
	uint8_t buf[100];
	int unread = 0;
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd[0], &set);
	if (select(fd[0] + 1, &set, NULL, NULL, &soon) != 0 ||
	    poll(&p, 1, 1) != 0)
		return (1);
	if (fd_write(fd[1], "0123456789", 10) == -1 || poll(&p, 1, -1) != 1 ||
	    ioctl(fd[0], FIONREAD, &unread) == -1 || unread != 10 ||
	    fd_read(fd[0], buf, sizeof(buf)) != 10)
		return (2);
	mark_set(fd[1], 10);
	if (!mark_seen(fd[0], 10))
		return (3);
	fd_widen(fd[0]);
	if (fcntl(fd[0], F_SETFL, fcntl(fd[0], F_GETFL) | O_NONBLOCK) == -1 ||
	    read(fd[0], buf, 1) != -1 || errno != EAGAIN)
		return (4);
	return (isatty(fd[0]) || fd_close(&fd[0]) == -1 ? 5 : 0);
}

static int pipe_fds[2], spool = -1;

static int
work_with_pipes(void)
{

	return (pipes(pipe_fds));
}

/* As what is held back lies in one. */
static int
work_with_file(void)
{
	struct statvfs fs;
	struct stat st;
	char buf[3];

	if (pwrite(spool, "abc", 3, 1000000) != 3 || fsync(spool) == -1 ||
	    lseek(spool, 0, SEEK_END) != 1000003 ||
	    pread(spool, buf, 3, 1000000) != 3 || memcmp(buf, "abc", 3) != 0)
		return (1);
	if (fstatvfs(spool, &fs) == -1 || fstat(spool, &st) == -1 ||
	    st.st_size != 1000003)
		return (2);
	(void)posix_fadvise(spool, 0, 0, POSIX_FADV_SEQUENTIAL);
	(void)posix_fallocate(spool, 0, 4096);
	return (ftruncate(spool, 0) == -1 ? 3 : 0);
}

static volatile sig_atomic_t alarms;

static void
on_alarm(int sig)
{

	(void)sig;
	alarms = alarms + 1;
}

static int
clocks(void)
{
	struct timespec t = { .tv_nsec = 1000000 };
	struct itimerval soon = { .it_value = { .tv_usec = 1000 } };
	struct rusage used;
	struct rlimit limit;
	struct tm tm;
	char text[40];
	time_t now = time(NULL);

	if (clock_ms() <= 0 || nanosleep(&t, NULL) == -1 || usleep(1) == -1 ||
	    gmtime_r(&now, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %Z", &tm) == 0)
		return (1);
	/* Reads the time zone, where it may. */
	if (localtime(&now) == NULL || localtime(&now) == NULL)
		return (2);
	if (getrusage(RUSAGE_SELF, &used) == -1 ||
	    getrlimit(RLIMIT_AS, &limit) == -1)
		return (3);
	signal(SIGALRM, on_alarm);
	if (setitimer(ITIMER_REAL, &soon, NULL) == -1)
		return (4);
	while (alarms == 0)
		usleep(1000);
	return (alarm(100) == 0 && alarm(0) > 0 ? 0 : 5);
}

static int
signals(void)
{

	sig_install();
	sig_stop();
	if (sig_caught() == 0)
		return (1);
	signal(SIGUSR1, on_alarm);
	raise(SIGUSR1);
	pthread_kill(pthread_self(), SIGUSR1);
	return (alarms == 2 ? 0 : 2);
}

static int
by_abort(void)
{

	abort();
}

static int
ascending(const void *a, const void *b)
{
	const unsigned *x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

static int
library(void)
{
	enum { MANY = 3000000 };
	unsigned *v = calloc(MANY, sizeof(*v)), seed = 1;
	uint8_t rnd[16];
	json_t *j, *k;
	char *text;
	size_t i;

	if (v == NULL)
		return (1);
	/* It asks how much memory there is. */
	for (i = 0; i < MANY; i++)
		v[i] = seed = seed * 1664525 + 1013904223;
	qsort(v, MANY, sizeof(*v), ascending);
	for (i = 1; i < MANY; i++)
		if (v[i] < v[i - 1])
			return (2);
	free(v);
	msg_error("%s: %s", "in the sandbox", strerror(ENOENT));
	errno = ESTALE;
	msg_error("%m %.3f", 1.5);
	randombytes_buf(rnd, sizeof(rnd));
	j = json_pack("{s:s,s:f,s:[i,i]}", "a", "\xc3\xa4", "b", 0.5, "c", 1,
	    2);
	if (j == NULL || (text = json_dumps(j, JSON_COMPACT)) == NULL ||
	    (k = json_loads(text, 0, NULL)) == NULL || !json_equal(j, k))
		return (3);
	free(text);
	json_decref(j);
	json_decref(k);
	return (0);
}

/* libcrypto wants its configuration, when it is used for the first time. */
static int
cipher(void)
{
	static const uint8_t key[CIPHER_KEY_LEN], in[100] = { 1 };
	uint8_t out[100 + CIPHER_TAG_LEN], back[100];
	struct cipher *c = cipher_new(key, CIPHER_SEAL | CIPHER_OPEN);

	if (c == NULL || cipher_seal(c, 0, true, in, sizeof(in), out) != 0)
		return (1);
	if (cipher_open(c, 0, true, out, sizeof(out), back) != 0 ||
	    memcmp(in, back, sizeof(in)) != 0)
		return (2);
	cipher_free(c);
	return (0);
}

static int
rings(void)
{
	volatile uint8_t *r = ring_new(1 << 20);

	if (r == NULL)
		return (1);
	r[0] = 7;
	return (r[1 << 20] == 7 ? 0 : 2);
}

/* stdio that was opened before, and its lazy buffers. */
static int
stdio(void)
{

	if (fprintf(stdout, "# %s\n", "stdout works") < 0 ||
	    fflush(stdout) != 0)
		return (1);
	exit(0);
}

/* --- files --------------------------------------------------------------- */

static const char report_line[] = "{\"program\":\"pgb-test\"}\n";
static struct publish *files[2];	/* of dir and of other */
static char report_path[64], fresh_path[80];
static size_t left;		/* in the second directory, at its end */

static int
commits(void)
{
	enum status a, b;

	if (publish_write(files[0], report_line, sizeof(report_line) - 1) !=
	    STATUS_OK || publish_write(files[1], "x", 1) != STATUS_OK)
		return (1);
	a = publish_commit(files[0]);
	b = publish_commit(files[1]);
	return (a == STATUS_OK && b == STATUS_OK ? 0 : 2);
}

static size_t
entries(const char *path)
{
	struct dirent *e;
	size_t n = 0;
	DIR *d = opendir(path);

	while (d != NULL && (e = readdir(d)) != NULL)
		n += strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0;
	closedir(d);
	return (n);
}

static int
aborts(void)
{

	publish_abort(files[0]);
	publish_abort(files[1]);
	return (0);
}

/* What comes under its name meanwhile cannot be looked into. */
static int
commits_late(void)
{

	if (publish_write(files[0], report_line, sizeof(report_line) - 1) !=
	    STATUS_OK)
		return (1);
	return (publish_commit(files[0]) == STATUS_OK ? 0 : 2);
}

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd == -1 || fd_write(fd, text, strlen(text)) == -1 ||
	    fd_close(&fd) == -1)
		abort();
}

static bool
holds(const char *path, const char *text)
{
	size_t len;
	char *got = fd_slurp(path, 1000, &len);
	bool good = got != NULL && strcmp(got, text) == 0;

	free(got);
	return (good);
}

/* Two files, made outside, of which the first may replace a report. */
static int
publishing(deed d, const char *early, const char *late)
{
	enum status status;
	struct sandbox s = { .dir_count = 3 };
	int dirs[3], rc;

	left = 99;
	unlink(report_path);
	unlink(fresh_path);
	if (early != NULL)
		put(report_path, early);
	files[0] = publish_open(report_path, 0600, PUBLISH_REPORT, &status);
	files[1] = publish_open(fresh_path, 0600, 0, &status);
	if (files[0] == NULL || files[1] == NULL)
		abort();
	if (late != NULL)
		put(report_path, late);
	dirs[0] = publish_dirfd(NULL);
	dirs[1] = publish_dirfd(files[0]);
	dirs[2] = publish_dirfd(files[1]);
	s.dirs = dirs;
	rc = in_sandbox(&s, d);
	left = entries(other);
	publish_abort(files[0]);
	publish_abort(files[1]);
	return (rc);
}

static void
test_publish(void)
{
	static const char old[] = "{\"program\":\"pgb-old\"}\n";

	ok(publishing(commits, NULL, NULL) == 0 &&
	    holds(report_path, report_line) && holds(fresh_path, "x"),
	    "two files appear, in two directories");
	ok(publishing(commits, old, NULL) == 0 &&
	    holds(report_path, report_line), "a report is replaced");
	ok(publishing(commits, "", NULL) == 0 &&
	    holds(report_path, report_line), "an empty file is replaced");
	ok(publishing(commits_late, NULL, "PGDMP") == 2 &&
	    holds(report_path, "PGDMP"), "a backup that came meanwhile is not");
	ok(publishing(commits_late, old, "PGDMP") == 2 &&
	    holds(report_path, "PGDMP"), "a backup in a report's place is not");
	ok(publishing(aborts, NULL, NULL) == 0 && left == 0,
	    "files that come to nothing leave nothing");
}

static int
sees_names(void)
{
	struct stat st;

	if (fstatat(dirfd_in, "file", &st, 0) == -1 || st.st_size != 3 ||
	    fstatat(dirfd_in, "none", &st, 0) != -1 || errno != ENOENT)
		return (1);
	return (fsync(dirfd_in) == -1 && errno != EINVAL ? 2 : 0);
}

/* By another name than in the list. */
static int
out_of_it(void)
{
	char temp[100];

	snprintf(temp, sizeof(temp), "../%s/stolen", strrchr(other, '/') + 1);
	if (renameat(dirfd_in, "file", dirfd_in, temp) == 0)
		return (1);
	snprintf(temp, sizeof(temp), "%s/stolen", other);
	if (renameat(dirfd_in, "file", dirfd_in, temp) == 0 ||
	    linkat(dirfd_in, "file", dirfd_in, temp, 0) == 0)
		return (2);
	snprintf(temp, sizeof(temp), "%s/mine", other);
	return (unlinkat(dirfd_in, temp, 0) == 0 ? 3 : 0);
}

static int
rename_between(void)
{

	(void)renameat(dirfd_in, "file", dirfd_out, "file");
	return (NOT_KILLED);
}

static int
rename_there(void)
{

	(void)renameat(dirfd_out, "mine", dirfd_out, "yours");
	return (NOT_KILLED);
}

static int
rename_by_path(void)
{

	(void)rename("/tmp/none", "/tmp/nothing");
	return (NOT_KILLED);
}

static int
unlink_there(void)
{

	(void)unlinkat(dirfd_out, "mine", 0);
	return (NOT_KILLED);
}

/* Asked for by libraries, and refused: never opened, and no death. */
static int
opens_nothing(void)
{
	struct stat st;
	char text[100];

	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) != -1 ||
	    errno != EACCES ||
	    openat(dirfd_in, "file", O_RDONLY | O_CLOEXEC) != -1 ||
	    openat(dirfd_in, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) !=
	    -1 ||
	    fopen("/etc/localtime", "r") != NULL)
		return (1);
	if (access("/etc/passwd", R_OK) != -1 || errno != EACCES ||
	    stat("/etc/passwd", &st) != -1 || errno != EACCES ||
	    lstat("/etc/passwd", &st) != -1 ||
	    readlink("/proc/self/exe", text, sizeof(text)) != -1 ||
	    getcwd(text, sizeof(text)) != NULL)
		return (2);
	return (0);
}

static void
test_files(void)
{
	const int list[] = { -1, dirfd_in, dirfd_in };
	const struct sandbox s = { .dirs = list, .dir_count = 3 };

	goes_on(&s, sees_names, "a look at names in a directory of the list");
	is_killed(&s, rename_between, "rename to a directory beside");
	is_killed(&s, rename_there, "rename in a directory beside");
	is_killed(&s, rename_by_path, "rename by paths");
	is_killed(&s, unlink_there, "unlink in a directory beside");
	if (has_landlock)
		goes_on(&s, out_of_it, "no way out by ../ or /");
	if (has_seccomp)
		goes_on(&s, opens_nothing, "refused opens");
}

/* --- what is forbidden --------------------------------------------------- */

static int
run_program(void)
{
	char path[] = "/bin/true";
	char *argv[] = { path, NULL }, *env[] = { NULL };

	(void)execve(path, argv, env);
	return (NOT_KILLED);
}

static int
make_socket(void)
{

	(void)socket(AF_UNIX, SOCK_STREAM, 0);
	return (NOT_KILLED);
}

static int
make_process(void)
{

	if (fork() == 0)
		_exit(0);
	return (NOT_KILLED);
}

static int
by_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	return (NOT_KILLED);
}

static int
by_clone3(void)
{
	struct { uint64_t v[8]; } args = { { 0, 0, 0, 0, SIGCHLD, 0, 0, 0 } };
	long pid;

	errno = 0;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		_exit(0);
	return (pid == -1 && errno == ENOSYS ? 0 : 1);
}

static int
kill_others(void)
{

	(void)kill(getppid(), 0);
	return (NOT_KILLED);
}

static int
kill_thread_of_others(void)
{

	(void)syscall(SYS_tgkill, getppid(), getppid(), 0);
	return (NOT_KILLED);
}

/* The signal that an arriving byte raises, sent to somebody else. */
static int
signal_by_owner(void)
{

	(void)fcntl(pipe_fds[0], F_SETOWN, getppid());
	return (NOT_KILLED);
}

static int
type_into_terminal(void)
{

	(void)ioctl(0, TIOCSTI, "x");
	return (NOT_KILLED);
}

static int
trace(void)
{

	(void)syscall(SYS_ptrace, 16, getppid(), 0, 0);
	return (NOT_KILLED);
}

static int
read_others(void)
{

	(void)syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
	return (NOT_KILLED);
}

static int
code(void)
{
	const int all = PROT_READ | PROT_WRITE | PROT_EXEC;

	(void)mmap(NULL, 4096, all, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return (NOT_KILLED);
}

static int
code_later(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	void *p = mmap(NULL, 4096, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)mprotect(p, 4096, PROT_READ | PROT_EXEC);
	return (NOT_KILLED);
}

static int
set_limit(void)
{
	struct rlimit r = { 10, 10 };

	(void)syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &r, NULL);
	return (NOT_KILLED);
}

static int
touch(void)
{

	(void)utimensat(AT_FDCWD, "/tmp/none", NULL, 0);
	return (NOT_KILLED);
}

static int
make_dir(void)
{

	(void)mkdir("/tmp/none", 0700);
	return (NOT_KILLED);
}

static int
io_uring(void)
{

	(void)syscall(425, 1, NULL);
	return (NOT_KILLED);
}

static int
wait_for_child(void)
{

	(void)waitpid(-1, NULL, WNOHANG);
	return (NOT_KILLED);
}

static int
breach(void)
{

	setenv("PGB_TEST_BREACH", "run /bin/true", 1);
	breach_if_asked();
	return (NOT_KILLED);
}

static void *
in_old_thread(void *arg)
{
	char c;

	if (read(*(int *)arg, &c, 1) == 1)
		(void)socket(AF_UNIX, SOCK_STREAM, 0);
	return (NULL);
}

/* A thread that was there before the sandbox. */
static void
test_old_thread(void)
{
	const struct sandbox s = { 0 };
	pthread_t t;
	pid_t pid;
	int fd[2], ws;

	if ((pid = fork()) == 0) {
		if (pipe2(fd, O_CLOEXEC) == -1 ||
		    pthread_create(&t, NULL, in_old_thread, &fd[0]) != 0 ||
		    sandbox_enter(&s) != STATUS_OK || write(fd[1], "", 1) != 1)
			_exit(1);
		pthread_join(t, NULL);
		_exit(0);
	}
	ok(waitpid(pid, &ws, 0) == pid && (!has_seccomp ||
	    (WIFSIGNALED(ws) && WTERMSIG(ws) == SIGSYS)),
	    "is killed: a thread that was there before");
}

static void
test_forbidden(void)
{
	static const struct {
		deed deed;
		const char *name;
	} t[] = {
		{ run_program, "execve" },
		{ make_socket, "socket" },
		{ make_process, "fork" },
		{ by_vfork, "vfork" },
		{ kill_others, "kill" },
		{ kill_thread_of_others, "tgkill" },
		{ signal_by_owner, "F_SETOWN" },
		{ type_into_terminal, "TIOCSTI" },
		{ trace, "ptrace" },
		{ read_others, "process_vm_readv" },
		{ code, "mmap of code" },
		{ code_later, "mprotect of code" },
		{ set_limit, "a limit" },
		{ touch, "a file's time" },
		{ make_dir, "mkdir" },
		{ io_uring, "io_uring" },
		{ wait_for_child, "waitpid without a child" },
		{ breach, "breach_if_asked()" },
	};
	const struct sandbox s = { 0 };
	size_t i;

	for (i = 0; i < COUNT(t); i++)
		is_killed(&s, t[i].deed, t[i].name);
	if (has_seccomp)
		goes_on(&s, by_clone3, "clone3 is not there");
}

/* --- a child ------------------------------------------------------------- */

static pid_t sleeper;

static int
ends_child(void)
{
	siginfo_t info = { 0 };
	int ws;

	if (waitid(P_PID, (id_t)sleeper, &info, WEXITED | WNOHANG | WNOWAIT) ==
	    -1 || kill(-sleeper, SIGTERM) == -1 ||
	    waitpid(sleeper, &ws, 0) != sleeper || !WIFSIGNALED(ws))
		return (1);
	return (0);
}

/* The child, started by who enters the sandbox then. */
static void
test_child(void)
{
	const struct sandbox s = { .child = true };
	int ws;
	pid_t pid;

	if ((pid = fork()) == 0) {
		if ((sleeper = fork()) == 0) {
			setpgid(0, 0);
			for (;;)
				pause();
		}
		setpgid(sleeper, sleeper);
		_exit(sandbox_enter(&s) == STATUS_OK ? ends_child() : 99);
	}
	ok(waitpid(pid, &ws, 0) == pid && ws == 0, "a child is ended");
	is_killed(&s, make_process, "fork, also with a child");
	is_killed(&s, run_program, "execve, also with a child");
}

/* --- where there is none ------------------------------------------------- */

/* What runs us has a filter in which these calls fail. */
static int
without(int error)
{
	const struct sandbox s = { 0 };
	const uint32_t fails = SCMP_ACT_ERRNO((uint16_t)error);
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (ctx == NULL || seccomp_rule_add(ctx, fails, SCMP_SYS(seccomp), 0) ||
	    seccomp_rule_add(ctx, fails, SCMP_SYS(prctl), 1,
	    SCMP_CMP(0, SCMP_CMP_MASKED_EQ, INT, PR_SET_SECCOMP)) ||
	    seccomp_rule_add(ctx, fails, LANDLOCK_NR, 0) ||
	    seccomp_load(ctx))
		return (1);
	seccomp_release(ctx);
	msg_set_verbose(true);
	if (sandbox_enter(&s) != STATUS_OK)
		return (2);
	return (open("/etc/passwd", O_RDONLY | O_CLOEXEC) == -1 ? 3 : 0);
}

static void
test_without(void)
{
	static const int errors[] = { ENOSYS, EPERM, EINVAL };
	size_t i;
	pid_t pid;
	int ws;

	for (i = 0; has_seccomp && i < COUNT(errors); i++) {
		if ((pid = fork()) == 0)
			_exit(without(errors[i]));
		ok(waitpid(pid, &ws, 0) == pid && ws == 0,
		    "no sandbox here: %s", strerror(errors[i]));
	}
}

/* --- together ------------------------------------------------------------ */

static void
test_work(void)
{
	static const struct {
		deed deed;
		const char *name;
	} t[] = {
		{ memory, "memory" },
		{ threads, "threads" },
		{ work_in_lanes, "lanes" },
		{ work_with_pipes, "pipes" },
		{ work_with_file, "a file without a name" },
		{ clocks, "clocks" },
		{ signals, "signals to ourselves" },
		{ library, "the libraries" },
		{ cipher, "libcrypto" },
		{ rings, "a ring" },
		{ stdio, "stdio and exit" },
	};
	const struct sandbox s = { 0 }, with_child = { .child = true };
	size_t i;

	for (i = 0; i < COUNT(t); i++) {
		goes_on(&s, t[i].deed, t[i].name);
		goes_on(&with_child, t[i].deed, t[i].name);
	}
	ok(in_sandbox(&s, by_abort) == -SIGABRT, "abort() is abort()");
}

static bool
make_scratch(void)
{
	char path[100];

	if (mkdtemp(dir) == NULL)
		return (false);
	snprintf(other, sizeof(other), "%s-other", dir);
	snprintf(report_path, sizeof(report_path), "%s/report", dir);
	snprintf(fresh_path, sizeof(fresh_path), "%s/fresh", other);
	snprintf(path, sizeof(path), "%s/file", dir);
	put(path, "abc");
	if (mkdir(other, 0700) == -1)
		return (false);
	dirfd_in = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dirfd_out = open(other, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/spool-XXXXXX", dir);
	if ((spool = mkstemp(path)) == -1 || unlink(path) == -1)
		return (false);
	return (dirfd_in != -1 && dirfd_out != -1 && spool != -1 &&
	    pipe2(pipe_fds, O_CLOEXEC) == 0);
}

static void
remove_scratch(void)
{
	static const char *const names[] = { "file", "report" };
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		unlinkat(dirfd_in, names[i], 0);
	unlinkat(dirfd_out, "mine", 0);
	unlink(fresh_path);
	rmdir(dir);
	rmdir(other);
}

int
main(void)
{
	char path[100];

	msg_program("unit");
	if (!make_scratch())
		return (1);
	look_around();
	test_work();
	test_publish();
	snprintf(path, sizeof(path), "%s/mine", other);
	put(path, "x");
	test_files();
	test_forbidden();
	test_old_thread();
	test_child();
	test_without();
	remove_scratch();
	return (tap_done());
}
