/* SPDX-License-Identifier: ISC */
/*
 * A pg_dump that can be stopped at a byte: PGB_PGDUMP=gate makes pgb-dump run
 * it.  Runs $GATE_REAL with the same arguments, passes $GATE_AT bytes of its
 * output on, makes the file $GATE_DIR/reached, waits for $GATE_DIR/go, and
 * passes the rest on.  Where the output has no more bytes than that, it waits
 * before it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static const char *
env(const char *name)
{
	const char *v = getenv(name);

	if (v == NULL) {
		errno = EINVAL;
		die(name);
	}
	return (v);
}

static void
wait_at_gate(void)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/reached", env("GATE_DIR"));
	if ((fd = open(path, O_WRONLY | O_CREAT, 0666)) == -1)
		die(path);
	close(fd);
	snprintf(path, sizeof(path), "%s/go", env("GATE_DIR"));
	while (access(path, F_OK) != 0)
		usleep(5000);
}

static void
copy(int in, unsigned long long at)
{
	static char buf[65536];
	unsigned long long passed = 0;
	int waited = 0;

	for (;;) {
		size_t want = sizeof(buf);
		ssize_t n;

		if (!waited && passed == at) {
			wait_at_gate();
			waited = 1;
		}
		if (!waited && at - passed < want)
			want = (size_t)(at - passed);
		if ((n = read(in, buf, want)) == -1)
			die("read");
		if (n == 0)
			break;
		for (ssize_t done = 0, w; done < n; done += w)
			if ((w = write(1, buf + done, (size_t)(n - done))) == -1)
				die("write");
		passed += (unsigned long long)n;
	}
	if (!waited)
		wait_at_gate();
}

int
main(int argc, char **argv)
{
	int p[2], status;
	pid_t pid = -1;

	(void)argc;
	for (char **a = argv + 1; *a != NULL; a++)
		if (strcmp(*a, "--version") == 0 || strcmp(*a, "-V") == 0)
			execv(env("GATE_REAL"), argv);
	if (pipe(p) == -1 || (pid = fork()) == -1)
		die("gate");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(p[1], 1);
		close(p[0]);
		close(p[1]);
		execv(env("GATE_REAL"), argv);
		die(env("GATE_REAL"));
	}
	close(p[1]);
	copy(p[0], strtoull(env("GATE_AT"), NULL, 10));
	if (waitpid(pid, &status, 0) == -1)
		die("wait");
	return (WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
