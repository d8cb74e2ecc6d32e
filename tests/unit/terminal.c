/* SPDX-License-Identifier: ISC */
/* What is asked in the dark is not shown, and the light comes back on. */
#include "terminal.h"

#include "sig.h"
#include "terminal-try.h"

#define LONG_MAX_LEN	5000

/* glibc has had this since 2.32 only. */
static const char *
name_of(int error)
{

	switch (error) {
	case EFBIG:	return ("EFBIG");
	case EPIPE:	return ("EPIPE");
	case EINTR:	return ("EINTR");
	case ENXIO:	return ("ENXIO");
	default:	return (strerror(error));
	}
}

/* --- jobs ---------- */

static void
ask(const char *prompt, bool echo, size_t size)
{
	char buf[LONG_MAX_LEN + 1];
	size_t len = 0, i, left = 0;
	int rc;

	sig_install();
	memset(buf, 'u', sizeof(buf));
	rc = terminal_ask(prompt, echo, buf, size, &len);
	if (rc == 0) {
		dprintf(1, "%zu:%s\n", len, len > 100 ? "long" : buf);
		return;
	}
	for (i = 0; i < size; i++)
		left += buf[i] != 'u' && buf[i] != '\0';
	dprintf(1, "%s%s\n", name_of(errno), left > 0 ? ", left" : "");
}

static void
ask_dark(void)
{

	ask("Passphrase: ", false, 100);
}

static void
ask_shown(void)
{

	ask("Name: ", true, 100);
}

static void
ask_short(void)
{

	ask("Short: ", false, 8);
}

static void
ask_short_shown(void)
{

	ask("Short: ", true, 8);
	ask("Next: ", true, 8);
}

static void
ask_long(void)
{

	ask("Long: ", false, LONG_MAX_LEN);
}

static void
ask_strange(void)
{

	ask("a\033[2Jb: ", false, 100);
}

static void
ask_stubborn(void)
{

	signal(SIGTSTP, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	ask("Passphrase: ", false, 100);
}

static void
say(void)
{

	dprintf(1, "%d\n", terminal_say("touch\033[2J it"));
}

static void
homeless(void)
{

	leave_home();
	dprintf(1, "%d", terminal_say("x"));
	dprintf(1, " %s ", name_of(errno));
	ask("x", false, 100);
}

/* --- tests ---------- */

static void
answered(void)
{

	sit_down(ask_dark, 'f');
	ok(watch_for("Passphrase: ") && dark(), "the prompt, in the dark");
	type("secret\n");
	same(told(), "6:secret", "the answer");
	same(told(), "", "nothing on stdout or stderr");
	ok(stand_up(), "echo is on again");
	same(person.shown, "Passphrase: \r\n", "nothing else was shown");

	sit_down(ask_shown, 'f');
	ok(watch_for("Name: ") && !dark(), "a question with echo");
	type("pgb\n");
	same(told(), "3:pgb", "its answer");
	ok(stand_up(), "echo is on");
	same(person.shown, "Name: pgb\r\n", "the answer was shown");

	sit_down(ask_dark, 'f');
	watch_for("Passphrase: ");
	type("\n");
	same(told(), "0:", "an empty answer");
	ok(stand_up(), "echo is on again");

	sit_down(ask_strange, 'f');
	ok(watch_for("a\\x1b[2Jb: "), "a prompt moves nothing");
	type("x\n");
	told();
	ok(stand_up(), "echo is on again");
}

static void
too_long(void)
{
	char *text;

	sit_down(ask_short, 'f');
	watch_for("Short: ");
	type("1234567\n");
	same(told(), "7:1234567", "what just fits");
	ok(stand_up(), "echo is on again");
	sit_down(ask_short, 'f');
	watch_for("Short: ");
	type("12345678\n");
	same(told(), "EFBIG", "one more is too long, and nothing is left");
	ok(stand_up(), "echo is on again");

	sit_down(ask_short_shown, 'f');
	watch_for("Short: ");
	type("12345678901234\n");
	same(told(), "EFBIG", "with echo");
	watch_for("Next: ");
	type("x\n");
	same(told(), "1:x", "its end is no answer to the next question");
	stand_up();

	/* Linux passes on 4095 bytes of a line, and says nothing. */
	if ((text = calloc(1, LONG_MAX_LEN)) == NULL)
		abort();
	memset(text, 'x', 4094);
	text[4094] = '\n';
	sit_down(ask_long, 'f');
	watch_for("Long: ");
	type(text);
	same(told(), "4094:long", "a long line");
	ok(stand_up(), "echo is on again");
	text[4094] = 'x';
	text[4095] = '\n';
	sit_down(ask_long, 'f');
	watch_for("Long: ");
	type(text);
	same(told(), "EFBIG", "one that may have lost its end");
	ok(stand_up(), "echo is on again");
	memset(text, 'x', 4500);
	text[4500] = '\n';
	sit_down(ask_long, 'f');
	watch_for("Long: ");
	type(text);
	same(told(), "EFBIG", "one that has");
	ok(stand_up(), "echo is on again");
	free(text);
}

static void
ended(void)
{

	sit_down(ask_dark, 'f');
	watch_for("Passphrase: ");
	type("\004");
	same(told(), "EPIPE", "end of file");
	ok(stand_up(), "echo is on again");
	sit_down(ask_dark, 'f');
	watch_for("Passphrase: ");
	type("sec\004\004");
	same(told(), "EPIPE", "end of file in the line, and nothing is left");
	ok(stand_up(), "echo is on again");

	sit_down(ask_dark, 'f');
	watch_for("Passphrase: ");
	type("sec\003");
	same(told(), "EINTR", "^C");
	ok(stand_up(), "echo is on again");
	same(person.shown, "Passphrase: \r\n", "on a line of its own");
	sit_down(ask_dark, 'f');
	watch_for("Passphrase: ");
	kill(person.job, SIGTERM);
	same(told(), "EINTR", "SIGTERM");
	ok(stand_up(), "echo is on again");
	sit_down(ask_dark, 'f');
	watch_for("Passphrase: ");
	type("\034");
	same(told(), "killed 3", "^\\ ends it, as it would");
	ok(stand_up(), "echo is on again");
}

static void
stopped(void)
{

	sit_down(ask_dark, 'f');
	watch_for("Passphrase: ");
	type("sec\032");
	same(told(), "stopped", "^Z stops it, as it would");
	ok(!dark(), "echo is on meanwhile");
	tell_shell('c');
	ok(watch_for("Passphrase: ") && dark(), "asked again, in the dark");
	type("secret\n");
	same(told(), "6:secret", "the answer");
	ok(stand_up(), "echo is on again");

	sit_down(ask_dark, 'f');
	watch_for("Passphrase: ");
	kill(person.job, SIGSTOP);
	same(told(), "stopped", "SIGSTOP");
	tell_shell('e');
	ok(watch_for("Passphrase: ") && dark(), "asked again, in the dark");
	type("secret\n");
	same(told(), "6:secret", "the answer");
	ok(stand_up(), "echo is on again");

	sit_down(ask_dark, 'b');
	same(told(), "stopped", "in the background it stops");
	ok(lit() == 0, "and leaves the shell its mode");
	tell_shell('e');
	ok(watch_for("Passphrase: ") && dark(), "in the foreground it asks");
	type("secret\n");
	same(told(), "6:secret", "the answer");
	ok(stand_up(), "echo is on again");

	sit_down(ask_stubborn, 'f');
	watch_for("Passphrase: ");
	kill(person.job, SIGTSTP);
	kill(person.job, SIGQUIT);
	type("secret\n");
	same(told(), "6:secret", "signals that are ignored stay so");
	ok(stand_up(), "echo is on again");
}

static void
said(void)
{

	sit_down(say, 'f');
	same(told(), "0", "a line is said");
	stand_up();
	same(person.shown, "touch\\x1b[2J it\r\n", "and moves nothing");
	sit_down(homeless, 'f');
	same(told(), "-1 ENXIO ENXIO", "where there is no terminal");
	stand_up();
	same(person.shown, "", "nothing is shown");
}

int
main(void)
{

	answered();
	too_long();
	ended();
	stopped();
	said();
	return (tap_done());
}
