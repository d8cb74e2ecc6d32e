/* SPDX-License-Identifier: ISC */
#ifndef FAULTS_RUN_H
#define FAULTS_RUN_H

/*
 * One run of a program under the shim, watched: for faults.c, which includes
 * this once.
 */
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "fault/fault.h"
#include "faults-tree.h"

#define LAST_WORDS_MS	5000	/* for what a program has left running */
#define MARK_NSEC	0x2a706762L	/* common/mark.c */

struct ran {
	int wstatus;
	bool hung, orphans;
	bool marked;		/* the pipe of stdout, with its length */
	struct blob out, err;
	long ms;
};

struct how_run {
	char *const *argv;
	const char *dir;	/* where it runs */
	const char *shim;
	const char *in;		/* file for stdin, NULL: empty */
	bool in_pipe, in_mark;	/* by a pipe; which is marked */
	bool out_file;		/* stdout is a file OUT in dir */
	int watch_ms;
};

static long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (t.tv_sec * 1000L + t.tv_nsec / 1000000L);
}

static struct fault *
plan_new(int *fd)
{
	struct fault *f;

	if ((*fd = memfd_create("fault", 0)) == -1 ||
	    ftruncate(*fd, sizeof(struct fault)) == -1)
		err(2, "memfd_create");
	f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (f == MAP_FAILED)
		err(2, "mmap");
	return (f);
}

/* A small input is in the pipe before the program starts. */
static int
open_input(const struct how_run *h)
{
	struct blob b = { NULL, 0 };
	struct timespec t[2];
	int fds[2];

	if (h->in == NULL)
		return (open("/dev/null", O_RDONLY));
	if (!h->in_pipe)
		return (open(h->in, O_RDONLY));
	blob_read(&b, AT_FDCWD, h->in);
	if (pipe(fds) == -1 || fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) == -1 ||
	    fcntl(fds[1], F_SETFL, O_NONBLOCK) == -1)
		err(2, "pipe");
	if (write(fds[1], b.data, b.len) != (ssize_t)b.len)
		errx(2, "%s: too much for a pipe", h->in);
	t[0] = (struct timespec){ 0, UTIME_OMIT };
	t[1] = (struct timespec){ (time_t)b.len, MARK_NSEC };
	if (h->in_mark && futimens(fds[1], t) == -1)
		err(2, "futimens");
	close(fds[1]);
	blob_free(&b);
	return (fds[0]);
}

static void
become(const struct how_run *h, struct fault *f, int plan_fd, const int fds[3])
{
	const struct rlimit none = { 0, 0 };
	char number[16];
	int i;

	f->pid = getpid();
	for (i = 0; i < 3; i++)
		if (dup2(fds[i], i) == -1)
			_exit(126);
	snprintf(number, sizeof(number), "%d", plan_fd);
	if (chdir(h->dir) == -1 || setpgid(0, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &none) == -1 ||
	    setenv(FAULT_FD, number, 1) == -1 ||
	    setenv("LD_PRELOAD", h->shim, 1) == -1)
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(h->argv[0], h->argv);
	_exit(127);
}

/* Whether anything was there to be read; the end closes it. */
static void
drain(int *fd, struct blob *b)
{
	char buf[65536];
	ssize_t n;

	if ((n = read(*fd, buf, sizeof(buf))) > 0)
		blob_add(b, buf, (size_t)n);
	else if (n == 0 || errno != EINTR) {
		close(*fd);
		*fd = -1;
	}
}

static bool
is_marked(int fd, size_t len)
{
	struct stat st;

	return (fd != -1 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) &&
	    st.st_mtim.tv_nsec == MARK_NSEC &&
	    st.st_mtim.tv_sec == (time_t)len);
}

/* Until it has ended and nobody holds its outputs, or until its time is up. */
static void
watch(const struct how_run *h, struct ran *r, pid_t pid, int fds[2])
{
	long until = now_ms() + h->watch_ms;
	bool ended = false, marked;
	struct pollfd p[2];

	while (!ended || fds[0] != -1 || fds[1] != -1) {
		p[0] = (struct pollfd){ .fd = fds[0], .events = POLLIN };
		p[1] = (struct pollfd){ .fd = fds[1], .events = POLLIN };
		(void)poll(p, 2, fds[1] == -1 ? 1 : 20);
		if (p[0].revents != 0) {
			marked = is_marked(fds[0], r->out.len);
			drain(&fds[0], &r->out);
			if (fds[0] == -1)
				r->marked = marked;
		}
		if (p[1].revents != 0)
			drain(&fds[1], &r->err);
		if (!ended && waitpid(pid, &r->wstatus, WNOHANG) == pid) {
			ended = true;
			until = now_ms() + LAST_WORDS_MS;
		}
		if (now_ms() > until)
			break;
	}
	r->hung = !ended;
	r->orphans = ended && (fds[0] != -1 || fds[1] != -1);
}

/* What it has left running was given to us. */
static bool
reap_rest(pid_t group)
{
	long until = now_ms() + LAST_WORDS_MS;
	pid_t got;

	for (;;) {
		got = waitpid(-1, NULL, WNOHANG);
		if (got == -1 && errno == ECHILD)
			return (true);
		if (now_ms() > until)
			break;
		if (got <= 0)
			usleep(2000);
	}
	kill(-group, SIGKILL);
	return (false);
}

static void
run_one(const struct how_run *h, struct fault *f, int plan_fd, struct ran *r)
{
	int out[2], bad[2], ours[2], fds[3];
	long began = now_ms();
	char path[4096];
	pid_t pid;

	memset(r, 0, sizeof(*r));
	fds[0] = open_input(h);
	snprintf(path, sizeof(path), "%s/OUT", h->dir);
	if (pipe2(out, O_CLOEXEC) == -1 || pipe2(bad, O_CLOEXEC) == -1)
		err(2, "pipe2");
	fds[1] = h->out_file ? open(path, O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC, 0600) : out[1];
	fds[2] = bad[1];
	if (fds[0] == -1 || fds[1] == -1)
		err(2, "%s", h->in);
	if ((pid = fork()) == 0)
		become(h, f, plan_fd, fds);
	if (pid == -1)
		err(2, "fork");
	close(fds[0]);
	if (h->out_file)
		close(fds[1]);
	close(out[1]);
	close(bad[1]);
	ours[0] = out[0];
	ours[1] = bad[0];
	watch(h, r, pid, ours);
	if (r->hung || r->orphans)
		kill(-pid, SIGKILL);
	if (r->hung)
		waitpid(pid, &r->wstatus, 0);
	if (!reap_rest(pid))
		r->orphans = true;
	for (int i = 0; i < 2; i++)
		if (ours[i] != -1)
			close(ours[i]);
	r->ms = now_ms() - began;
}

static void
ran_free(struct ran *r)
{

	blob_free(&r->out);
	blob_free(&r->err);
}

#endif
