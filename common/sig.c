/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "sig.h"

/* Ignored: the call fails with EPIPE or EFBIG, and the way out is taken. */
static const int ignored[] = { SIGPIPE, SIGXFSZ };

/* How often a blocked call is interrupted again after the first signal. */
#define NAG_SECONDS	1

/* Of the handler and of any thread. */
static atomic_int caught;

#define STOPPED	(-1)

/* SIGALRM: a limit that was set on us from outside (timeout by alarm(2)). */
static const int asked[] = { SIGINT, SIGTERM, SIGHUP, SIGALRM };

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* The first one counts. */
static void
catch(int sig)
{
	int none = 0;

	(void)atomic_compare_exchange_strong(&caught, &none, sig);
}

static void
on_signal(int sig)
{

	catch(sig);
	alarm(NAG_SECONDS);
}

void
sig_install(void)
{
	struct sigaction sa, old;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	sigemptyset(&sa.sa_mask);
	sa.sa_flags = 0;
	sa.sa_handler = on_signal;
	for (i = 0; i < COUNT(asked); i++) {
		sigaddset(&set, asked[i]);
		/* nohup and background jobs have some of them ignored. */
		if (asked[i] != SIGALRM &&
		    sigaction(asked[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_IGN)
			continue;
		sigaction(asked[i], &sa, NULL);
	}
	sa.sa_handler = SIG_IGN;
	for (i = 0; i < COUNT(ignored); i++)
		sigaction(ignored[i], &sa, NULL);
	/* Whoever started us may have ignored it; then nothing is reaped. */
	sa.sa_handler = SIG_DFL;
	sigaction(SIGCHLD, &sa, NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int
sig_caught(void)
{

	return (caught);
}

void
sig_stop(void)
{

	catch(STOPPED);
	/* Threads have it blocked: it reaches the main one. */
	(void)kill(getpid(), SIGALRM);
}

void
sig_reraise(void)
{
	sigset_t set;
	int sig = caught;

	if (sig == 0)
		return;
	alarm(0);
	if (sig == STOPPED)
		return;
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
}

void
sig_child(void)
{
	sigset_t set;
	size_t i;

	for (i = 0; i < COUNT(asked); i++)
		if (signal(asked[i], SIG_DFL) == SIG_IGN)
			signal(asked[i], SIG_IGN);
	for (i = 0; i < COUNT(ignored); i++)
		signal(ignored[i], SIG_DFL);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}
