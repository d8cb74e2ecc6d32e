/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "sig.h"

/* How often a blocked call is interrupted again after the first signal. */
#define NAG_SECONDS	1

static volatile sig_atomic_t caught;

static const int asked[] = { SIGINT, SIGTERM, SIGHUP };

static void
on_signal(int sig)
{

	if (sig != SIGALRM && caught == 0)
		caught = sig;
	if (caught != 0)
		alarm(NAG_SECONDS);
}

void
sig_install(void)
{
	struct sigaction sa, old;
	size_t i;

	sigemptyset(&sa.sa_mask);
	sa.sa_flags = 0;
	sa.sa_handler = on_signal;
	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		/* nohup and background jobs have some of them ignored. */
		if (sigaction(asked[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_IGN)
			continue;
		sigaction(asked[i], &sa, NULL);
	}
	sigaction(SIGALRM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

int
sig_caught(void)
{

	return (caught);
}

void
sig_reraise(void)
{
	sigset_t set;
	int sig = caught;

	if (sig == 0)
		return;
	alarm(0);
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

	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		if (signal(asked[i], SIG_DFL) == SIG_IGN)
			signal(asked[i], SIG_IGN);
	signal(SIGALRM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}
