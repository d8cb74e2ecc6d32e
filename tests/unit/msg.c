/* SPDX-License-Identifier: ISC */
/* Promise: one line, one write, and nothing in it that moves a terminal. */
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "tap.h"

static atomic_uint drawn = 1;

static char got[8192];

/* What text becomes as an error line. */
static const char *
line(const char *text)
{
	int p[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	if (pipe(p) == -1)
		return ("");
	dup2(p[1], STDERR_FILENO);
	msg_error("%s", text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(p[1]);
	n = read(p[0], got, sizeof(got) - 1);
	close(p[0]);
	got[n > 0 ? n : 0] = '\0';
	return (got);
}

int
main(void)
{
	static char big[6000];

	msg_program("pgb-test");
	same(line("plain"), "pgb-test: error: plain\n", "plain");
	same(line("a\nb\x1b[2J"), "pgb-test: error: a\\x0ab\\x1b[2J\n",
	    "line end and escape");
	same(line("Gr\xc3\xb6\xc3\x9f" "e"), "pgb-test: error: Gr\xc3\xb6\xc3\x9f"
	    "e\n", "UTF-8 that prints");
	same(line("\xc2\x9b"), "pgb-test: error: \\xc2\\x9b\n", "C1 control");
	same(line("\xe2\x80\xae"), "pgb-test: error: \\xe2\\x80\\xae\n",
	    "direction override");
	same(line("\xff\xc3"), "pgb-test: error: \\xff\\xc3\n", "not UTF-8");
	same((msg_mask(got, sizeof(got), "a\rb\xc3\xb6"), got),
	    "a\\x0db\xc3\xb6", "masked for somebody else");
	ok(msg_mask(got, 4, "abcdef") <= 3 && msg_mask(got, 1, "a") == 0 &&
	    got[0] == '\0', "... and cut");
	memset(big, 'x', sizeof(big) - 1);
	ok(strlen(line(big)) <= 4096 && got[strlen(got) - 1] == '\n',
	    "a long line is cut and stays a line");
	msg_set_redraw(&drawn);
	same(line("x"), "\r\033[Kpgb-test: error: x\n",
	    "a line that is being redrawn is wiped");
	ok(strlen(line(big)) <= 4096 && got[strlen(got) - 1] == '\n',
	    "... by a long line, too");
	drawn = 0;
	same(line("x"), "pgb-test: error: x\n", "... and not for ever");
	return (tap_done());
}
