/* SPDX-License-Identifier: ISC */
/*
 * spent FILE COMMAND...: appends "SECONDS CPU RSS" to FILE: until the command
 * ended; user and system time in seconds of it and of all that it started, also
 * of what it did not wait for; and the largest of these in KiB.  Exits as the
 * command does.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Who outlives the command so long is not of its work. */
#define PATIENCE	5

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

static double
cpu(const struct rusage *u)
{

	return ((double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
	    (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6);
}

static void
enough(int sig)
{

	(void)sig;
}

int
main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = enough };
	double start = seconds(), end = start;
	struct rusage usage;
	int status, rc = 1;
	pid_t pid, gone;
	FILE *f;

	if (argc < 3 || prctl(PR_SET_CHILD_SUBREAPER, 1) == -1)
		return (2);
	if ((pid = fork()) == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	sigaction(SIGALRM, &sa, NULL);
	while ((gone = waitpid(-1, &status, 0)) > 0) {
		if (gone != pid)
			continue;
		end = seconds();
		rc = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
		alarm(PATIENCE);
	}
	getrusage(RUSAGE_CHILDREN, &usage);
	if ((f = fopen(argv[1], "a")) == NULL ||
	    fprintf(f, "%.3f %.3f %ld\n", end - start, cpu(&usage),
	    usage.ru_maxrss) < 0 || fclose(f) != 0) {
		perror(argv[1]);
		return (1);
	}
	return (rc);
}
