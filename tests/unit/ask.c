/* SPDX-License-Identifier: ISC */
/* Promise: a secret is asked for in the dark, by the job in front alone; one in
 * the background is neither stopped nor meddles with the shell's terminal; and
 * a question can be withdrawn. */
#include "terminal-try.h"

#include "secret/ask.h"

static struct halt halt;

static void
put_question(void)
{
	char answer[100];

	if (ask("password: ", false, answer, sizeof(answer), &halt) == 0)
		dprintf(1, "%s\n", answer);
	else
		dprintf(1, "no answer%s\n", answer[0] == '\0' ? "" : "?");
}

static void
job_ask(void)
{

	dprintf(1, "%s\n", ask_possible() ? "possible" : "impossible");
	put_question();
}

/* What a shell does that takes the terminal. */
static void
on_away(int sig)
{
	int saved = errno, fd = open("/dev/tty", O_RDWR | O_NOCTTY);
	struct termios mode;

	(void)sig;
	if (tcgetattr(fd, &mode) == 0) {
		mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		(void)tcsetattr(fd, TCSANOW, &mode);
	}
	(void)tcsetpgrp(fd, getppid());
	close(fd);
	errno = saved;
}

static void
on_halt(int sig)
{

	(void)sig;
	atomic_store(&halt.asked, true);
}

static void
job_disturbed(void)
{

	signal(SIGUSR1, on_away);
	signal(SIGUSR2, on_halt);
	put_question();
}

static void
test_front(void)
{

	sit_down(job_ask, 'f');
	ok(strcmp(told(), "possible") == 0 && watch_for("password: ") &&
	    dark(), "asked in the dark");
	type("geheim\n");
	ok(strcmp(told(), "geheim") == 0, "the answer");
	ok(stand_up(), "the terminal is as before");

	sit_down(job_ask, 'f');
	(void)told();
	(void)watch_for("password: ");
	type("geh\032");
	ok(strcmp(told(), "stopped") == 0, "stopped by a key");
	tell_shell('e');
	ok(watch_for("password: ") && dark(),
	    "in front again: asked again, in the dark again");
	type("geheim\n");
	ok(strcmp(told(), "geheim") == 0, "the answer");
	ok(stand_up(), "the terminal is as before");
}

static void
test_background(void)
{

	sit_down(job_ask, 'b');
	ok(strcmp(told(), "impossible") == 0, "nobody to ask");
	ok(strcmp(told(), "no answer") == 0, "no answer, and not stopped");
	(void)watch_for(NULL);
	ok(lit() == 0 && strstr(person.shown, "password") == NULL,
	    "the terminal is the shell's");
	(void)stand_up();

	sit_down(job_disturbed, 'f');
	(void)watch_for("password: ");
	kill(person.job, SIGUSR1);
	ok(strcmp(told(), "no answer") == 0,
	    "put into the background: no answer, and not stopped");
	ok(lit() == 0, "the terminal is the shell's");
	(void)stand_up();
}

static void
test_halt(void)
{

	sit_down(job_disturbed, 'f');
	(void)watch_for("password: ");
	kill(person.job, SIGUSR2);
	ok(strcmp(told(), "no answer") == 0, "a question is withdrawn");
	ok(stand_up(), "the terminal is as before");
}

int
main(void)
{

	unsetenv("SSH_ASKPASS");
	leave_home();
	test_front();
	test_background();
	test_halt();
	return (tap_done());
}
