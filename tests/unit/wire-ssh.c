/* SPDX-License-Identifier: ISC */
/* Promise: the wire over a child carries bytes both ways, answers what ssh asks
 * with the right secret and hands none to anybody else, tells why it ended, and
 * leaves no process behind.  ssh is a script here. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "clock.h"
#include "fdio.h"
#include "msg.h"
#include "ssh/askpass.h"
#include "ssh/wire-ssh.h"
#include "tap.h"
#include "unit/gone.h"

#define PATIENCE_MS	20000

static char dir[] = "/tmp/pgb-wire.XXXXXX", program[64];
static struct ship_opts opts;
static struct route route;
static struct halt halt;
static struct fault fault;
static struct wire *wire;
static char host[] = "vault.example", user[] = "backup", alias[] = "vault";

/* --- a file in the scratch directory ---------- */

static char *
path_of(const char *name)
{
	static char path[8][128];
	static int turn;
	char *p = path[turn++ % 8];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return (p);
}

static char *
put_file(const char *name, const char *text, mode_t mode)
{
	char *path = path_of(name);
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd == -1 || fd_write(fd, text, strlen(text)) == -1 ||
	    fchmod(fd, mode) == -1 || close(fd) == -1)
		abort();
	return (path);
}

static const char *
get_file(const char *name)
{
	static char *text;
	size_t len;

	free(text);
	text = fd_slurp(path_of(name), 1 << 20, &len);
	return (text != NULL ? text : "(none)");
}

/* --- what is told ---------- */

static int told_fd;
static char told[1 << 16];

static const char *
take_told(void)
{
	ssize_t n = pread(told_fd, told, sizeof(told) - 1, 0);

	told[n > 0 ? n : 0] = '\0';
	if (ftruncate(told_fd, 0) == -1 || lseek(told_fd, 0, SEEK_SET) == -1)
		abort();
	return (told);
}

/* --- the wire ---------- */

/* Open one over a script that goes on with these lines. */
static bool
start(const char *lines)
{
	char text[4096];

	snprintf(text, sizeof(text), "#!/bin/sh\ncd %s\n%s\n", dir, lines);
	put_file("ssh", text, 0755);
	opts.ssh = program;
	fault = (struct fault){ .status = STATUS_OK };
	wire = wire_ssh_open(&route, &halt, &fault);
	return (wire != NULL);
}

static void
stop(void)
{

	wire->close(wire);
	wire = NULL;
	ok(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD,
	    "no child is left");
}

/* Some bytes, a NUL behind them; NULL where the wire has broken. */
static const char *
hear(void)
{
	static char buf[4096];
	int64_t end = clock_ms() + PATIENCE_MS;
	struct pollfd p[WIRE_FDS];
	ssize_t n = 0;

	while (n == 0 && clock_ms() < end) {
		(void)poll(p, (nfds_t)wire->want(wire, p), 1000);
		n = wire->read(wire, buf, sizeof(buf) - 1);
	}
	if (n <= 0)
		return (n == 0 ? "(nothing)" : NULL);
	buf[n] = '\0';
	return (buf);
}

/* A line, whatever pieces it comes in. */
static const char *
line(void)
{
	static char whole[8192];
	const char *piece;

	whole[0] = '\0';
	while (strchr(whole, '\n') == NULL) {
		if ((piece = hear()) == NULL)
			return (whole[0] == '\0' ? "(broken)" : whole);
		strncat(whole, piece, sizeof(whole) - strlen(whole) - 1);
	}
	return (whole);
}

static void
say(const char *text)
{
	struct iovec v[2] = {
		{ (void *)(uintptr_t)text, 1 },
		{ (void *)(uintptr_t)(text + 1), strlen(text) - 1 },
	};

	if (wire->write(wire, v, 2) != (ssize_t)strlen(text))
		ok(false, "'%s' was not taken", text);
}

/* It has broken: the reason. */
static const char *
reason(void)
{
	const char *piece;

	while ((piece = hear()) != NULL)
		if (strcmp(piece, "(nothing)") == 0)
			return (piece);
	return (wire->why);
}

/* --- tests ---------- */

static void
test_talk(void)
{
	static uint8_t block[100000];
	struct iovec v = { block, sizeof(block) };
	size_t sent = 0, got = 0;
	uint8_t buf[4096];
	struct pollfd p[WIRE_FDS];
	ssize_t n;

	ok(start("exec cat"), "a session");
	ok(wire->read(wire, buf, sizeof(buf)) == 0, "nothing to read yet");
	say("hello\n");
	same(line(), "hello\n", "bytes go both ways");
	ok(wire->taken(wire) && !wire->taken(wire), "they were taken, once");
	/* Until both ways are full; then until both are empty. */
	do {
		while ((n = wire->write(wire, &v, 1)) > 0)
			sent += (size_t)n;
		(void)wire->want(wire, p);
		p[0].events = POLLOUT;
	} while (n == 0 && poll(p, 1, 500) == 1);
	ok(n == 0 && sent > 0, "until it takes no more");
	(void)wire->taken(wire);
	ok(!wire->taken(wire), "then nothing is");
	while (got < sent && n >= 0) {
		while ((n = wire->read(wire, buf, sizeof(buf))) > 0)
			got += (size_t)n;
		(void)poll(p, (nfds_t)wire->want(wire, p), 100);
	}
	ok(got == sent, "all of it comes back");
	ok(wire->taken(wire), "so all was taken");
	stop();

	opts.limit = 1000000;
	ok(start("sleep 1; exec cat"), "with a limit");
	for (sent = 0; (n = wire->write(wire, &v, 1)) > 0;)
		sent += (size_t)n;
	ok(n == 0 && sent <= 64 * 1024, "little is hidden in the socket");
	ok(!wire->taken(wire), "and not taken");
	opts.limit = 0;
	stop();
}

static void
test_arguments(void)
{
	char kh1[] = "a b/kh%", kh2[] = "~x", bad[] = "a\"b";
	char id[] = "/id", cfg[] = "/cfg file";
	const char *args;
	
	route.user_told = route.port_told = route.gcm = route.ssh_807 = true;
	opts.ssh_config = cfg;
	opts.timeout_ms = 20000;
	/* Some are named from here. */
	ok(chdir(dir) == 0 && mkdir("a b", 0700) == 0, "a directory");
	put_file(kh1, "", 0600);
	put_file(kh2, "", 0600);
	put_file(bad, "", 0600);
	opt_list_add(&opts.known_hosts, kh1);
	opt_list_add(&opts.known_hosts, kh2);
	opt_list_add(&opts.identities, id);
	ok(start("printf '%s\\n' \"$@\" >args; env >env; echo; exec cat"),
	    "with all options");
	line();
	stop();
	args = get_file("args");
	ok(strstr(args, "\n-T\n-s\n--\nvault\nsftp\n") != NULL,
	    "the command, behind --");
	ok(strstr(args, "\n-F\n/cfg file\n-p2222\n-l\nbackup\n") != NULL,
	    "what the URL and -F say");
	ok(strstr(args, "\n-oUserKnownHostsFile \"a b/kh%%\" \"./~x\"\n"
	    "-oIdentityFile \"/id\"\n-oGlobalKnownHostsFile=/dev/null\n"
	    "-oKnownHostsCommand=none\n-oIdentitiesOnly=yes\n") != NULL,
	    "files, as ssh reads them");
	ok(strstr(args, "\n-oStrictHostKeyChecking=yes\n") != NULL &&
	    strstr(args, "\n-oConnectTimeout=19\n") != NULL &&
	    strstr(args, "\n-oStdinNull=no\n") != NULL &&
	    strstr(args, "\n-oCiphers=^aes128-gcm@openssh.com,") != NULL &&
	    strstr(args, "\n-oControlPath=none\n") != NULL &&
	    strstr(args, "BatchMode") == NULL, "what is forced");
	ok(strstr(get_file("env"), "\nSSH_ASKPASS_REQUIRE=force\n") != NULL,
	    "its questions come to us");

	opt_list_add(&opts.known_hosts, bad);
	ok(!start("true") && fault.status == STATUS_USAGE &&
	    strstr(fault.text, "a\"b: a name with ") == fault.text,
	    "a name that cannot be quoted");
	opt_list_free(&opts.known_hosts);
	opt_list_free(&opts.identities);
	opts.ssh_config = NULL;
	opts.accept_new = true;
	route.user_told = route.port_told = route.gcm = route.ssh_807 = false;
	ok(start("printf '%s\\n' \"$@\" >args; echo; exec cat"),
	    "with none");
	line();
	stop();
	args = get_file("args");
	ok(strstr(args, "\n-oStrictHostKeyChecking=accept-new\n") != NULL &&
	    strstr(args, "Ciphers") == NULL && strstr(args, "\n-p") == NULL &&
	    strstr(args, "\n-l\n") == NULL && strstr(args, "\n-F\n") == NULL &&
	    strstr(args, "KnownHostsFile") == NULL &&
	    strstr(args, "StdinNull") == NULL, "what is left to ssh");
	opts.accept_new = false;
}

static void
test_ends(void)
{
	struct iovec v = { host, 1 };

	ok(start("echo 'debug1: Connecting to x' >&2\n"
	    "echo 'ssh: connect to host x port 22: Connection refused' >&2\n"
	    "exit 255"), "it does not get there");
	same(reason(), "connect to x port 22: Connection refused", "says why");
	ok(!wire->final, "which may pass");
	ok(wire->write(wire, &v, 1) == -1 && wire->read(wire, told, 1) == -1,
	    "and stays broken");
	stop();
	same(take_told(), "", "nothing is told besides");

	ok(start("echo x: Permission denied '(publickey).' >&2; exit 255"),
	    "it is not let in");
	reason();
	ok(wire->final, "which is final");
	stop();

	ok(start("echo hi; kill -9 $$"), "it is killed");
	same(line(), "hi\n", "later");
	same(reason(), "connection lost: ssh was ended by signal 9 (Killed)",
	    "says so");
	stop();

	ok(start("echo hi; exec <&- >&-; exec sleep 100"),
	    "it hangs up, but does not end");
	line();
	same(reason(), "connection lost: the server has ended the session",
	    "is not waited for");
	stop();

	ok(start("trap '' TERM HUP; sleep 100 & echo hi; while :; do wait; "
	    "done"), "it does not hear");
	line();
	stop();

	ok(start("i=0; while [ $i -lt 20000 ]; do echo debug1: line $i; "
	    "i=$((i + 1)); done >&2; echo end; exec cat"),
	    "it talks without end");
	same(line(), "end\n", "and does not block");
	stop();
	take_told();
}

static void
test_program(void)
{
	char none[] = "no-such-program", missing[] = "/nonexistent/ssh";

	opts.ssh = none;
	ok(wire_ssh_open(&route, &halt, &fault) == NULL &&
	    fault.status == STATUS_USAGE, "no such program");
	same(fault.text, "no-such-program: not found in PATH", "says so");
	ok(strstr(fault.hint, "--ssh") != NULL, "and what to do");
	opts.ssh = missing;
	ok(wire_ssh_open(&route, &halt, &fault) == NULL &&
	    fault.status == STATUS_USAGE, "no such path");
	same(fault.text, "/nonexistent/ssh: No such file or directory",
	    "says so");
	setenv("PATH", dir, 1);
	put_file("ssh", "#!/bin/sh\necho found\nexec /bin/cat\n", 0755);
	opts.ssh = NULL;
	wire = wire_ssh_open(&route, &halt, &fault);
	setenv("PATH", "/usr/bin:/bin", 1);
	ok(wire != NULL, "it is looked for in PATH");
	same(line(), "found\n", "and found");
	stop();
	halt.asked = true;
	ok(!start("exec cat") && fault.text[0] == '\0', "not when halted");
	halt.asked = false;
}

/* --- questions ---------- */

#define KEY	"\"$SSH_ASKPASS\" \"Enter passphrase for key '/k': \"; "
#define WORD	"\"$SSH_ASKPASS\" \"backup@vault's password: \"; "

static void
test_secrets(void)
{

	opts.passphrase_file = put_file("pp", "open sesame\n", 0600);
	opts.password_file = put_file("pw", "geheim\n", 0600);
	ok(start(KEY "cat /proc/$$/cmdline /proc/$$/environ >seen; exec cat"),
	    "asked for a passphrase");
	same(line(), "open sesame\n", "the one of the file is given");
	stop();
	ok(strstr(get_file("seen"), "sesame") == NULL &&
	    strstr(get_file("seen"), "geheim") == NULL,
	    "no secret is in arguments or environment");

	ok(start(WORD "exec cat"), "asked for a password");
	same(line(), "geheim\n", "the one of the file is given");
	stop();

	ok(start("echo 'debug1: Connecting to x' >&2\nexec 3>&1 >got\n" WORD
	    WORD "echo after >&3; exec cat"), "asked twice");
	ok(strstr(reason(), "user backup was not let in: ") == wire->why &&
	    strstr(wire->why, "tried: the password of /") != NULL &&
	    wire->final, "then it is the wrong one");
	same(get_file("got"), "geheim\n", "which was given once");
	stop();

	ok(start("sh -c '" "\"$SSH_ASKPASS\" \"me@jump x password: \" "
	    "|| echo none; true'; exec cat"),
	    "another ssh, of a jump host, asks for a password");
	same(line(), "none\n", "it does not get ours");
	stop();
	take_told();
}

static void
test_dialogue(void)
{
	static const char in_dialogue[] = "echo 'debug1: Next authentication "
	    "method: keyboard-interactive' >&2; "
	    "\"$SSH_ASKPASS\" \"Enter passphrase for key '/k': \" || "
	    "echo none; exec cat";

	ok(start(in_dialogue), "a server asks for the passphrase of a key");
	same(line(), "none\n", "it is not told");
	stop();
	ok(start("echo 'debug1: Next authentication method: "
	    "keyboard-interactive' >&2; \"$SSH_ASKPASS\" \"(backup@vault) "
	    "Password: \"; exec cat"), "it asks for a password");
	same(line(), "geheim\n", "it is told");
	stop();
	opts.passphrase_file = opts.password_file = NULL;
	secrets_free(route.secrets);
	route.secrets = secrets_new(&opts);
	ok(start("echo 'debug1: Connecting to x' >&2; exec 3>&1 >got\n" KEY
	    "echo $?; " WORD "echo after >&3; exec cat"),
	    "and nobody can answer");
	ok(strstr(reason(), "user backup was not let in: ") == wire->why &&
	    wire->final, "a password: that was it");
	same(get_file("got"), "1\n", "a passphrase: ssh went on without");
	stop();
	ok(start("export SSH_ASKPASS_PROMPT=confirm; \"$SSH_ASKPASS\" 'Allow "
	    "it?'; echo $?; exec cat"), "asked for a yes");
	same(line(), "1\n", "it is a no");
	stop();
	take_told();
}

/* What is told next, before the session begins; "" for nothing in 20 s. */
static const char *
await_told(void)
{
	struct pollfd p[WIRE_FDS];
	const char *seen = "";
	char buf[16];
	int i;

	for (i = 0; i < 200 && seen[0] == '\0'; i++) {
		(void)poll(p, (nfds_t)wire->want(wire, p), 100);
		(void)wire->read(wire, buf, sizeof(buf));
		seen = take_told();
	}
	return (seen);
}

/* What may ask for something is shown, though nobody may read it. */
static void
test_banner(void)
{

	ok(start("echo 'debug1: SSH2_MSG_SERVICE_ACCEPT received' >&2\n"
	    "echo 'Visit https://x' >&2\n"
	    "while [ ! -e visited ]; do sleep 0.05; done\n"
	    "echo in; exec cat"), "a banner");
	same(await_told(), "test: NAME: ssh: Visit https://x\n", "is shown");
	put_file("visited", "", 0600);
	same(line(), "in\n", "and heeded");
	stop();
}

/* A notice is there until ssh takes it away. */
static void
test_notice(void)
{

	ok(start("export SSH_ASKPASS_PROMPT=none\n"
	    "\"$SSH_ASKPASS\" 'Confirm user presence' & p=$!\n"
	    "while [ ! -e go ]; do sleep 0.05; done\n"
	    "kill $p; wait $p 2>/dev/null; echo $?; exec cat"), "a notice");
	same(await_told(), "test: note: NAME: Confirm user presence\n", "is shown");
	ok(wire->taken(wire) && wire->taken(wire),
	    "as long as it is, there is life");
	put_file("go", "", 0600);
	same(line(), "143\n", "until ssh ends it");
	(void)wire->taken(wire);
	ok(!wire->taken(wire), "no longer");
	stop();

	ok(start("export SSH_ASKPASS_PROMPT=none\n"
	    "\"$SSH_ASKPASS\" 'Confirm' & echo $! >helper\n"
	    "exec sleep 100"), "another, and we end first");
	(void)await_told();
	stop();
	ok(gone((pid_t)atol(get_file("helper"))), "it does not stay");
}

static int
tests(void)
{

	if (sodium_init() == -1)
		return (1);
	snprintf(program, sizeof(program), "%s/ssh", dir);
	signal(SIGPIPE, SIG_IGN);
	unsetenv("SSH_AUTH_SOCK");
	unsetenv("SSH_ASKPASS");
	setenv("PATH", "/usr/bin:/bin", 1);
	msg_program("test");
	told_fd = memfd_create("told", MFD_CLOEXEC);
	if (tap_err == 2)
		tap_err = fcntl(2, F_DUPFD_CLOEXEC, 10);
	if (told_fd == -1 || dup2(told_fd, 2) == -1)
		return (1);
	opts.timeout_ms = 20000;
	route = (struct route){ .name = "NAME", .opts = &opts, .alias = alias,
	    .user = user, .host = host, .port = 2222,
	    .secrets = secrets_new(&opts) };
	test_talk();
	test_arguments();
	test_ends();
	test_program();
	test_secrets();
	test_dialogue();
	test_banner();
	test_notice();
	secrets_free(route.secrets);
	return (tap_done());
}

int
main(int argc, char **argv)
{
	char clear[64];
	int status;
	pid_t pid;

	if (askpass_wanted())
		return (askpass_main(argc, argv));
	if (mkdtemp(dir) == NULL || (pid = fork()) == -1)
		return (1);
	/* In a session that has no terminal. */
	if (pid == 0) {
		(void)setsid();
		exit(tests());
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return (1);
	snprintf(clear, sizeof(clear), "rm -rf %s", dir);
	return (system(clear) == 0 && status == 0 ? 0 : 1);
}
