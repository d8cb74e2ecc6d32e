/* SPDX-License-Identifier: ISC */
/* A passphrase is one line of a file that is ours alone, or what is typed. */
#include <sodium.h>
#include <sys/stat.h>

#include "fdio.h"
#include "msg.h"
#include "passphrase.h"
#include "sig.h"
#include "terminal-try.h"

#define SECRET	"correct horse"

static char dir[] = "/tmp/pgb-passphrase-XXXXXX";
static char path[64];
static char said_lines[8192];

static void
store(const void *p, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || fd_write(fd, p, len) == -1 || fchmod(fd, mode) == -1)
		abort();
	close(fd);
}

/* What was said is left in said_lines. */
static struct passphrase *
get(const char *file, int fd, enum status *status)
{
	struct passphrase_source from = { file, fd };
	struct passphrase *p;
	int out[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	if (pipe(out) == -1)
		abort();
	dup2(out[1], STDERR_FILENO);
	p = passphrase_get(&from, "passphrase", false, status);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(out[1]);
	n = read(out[0], said_lines, sizeof(said_lines) - 1);
	close(out[0]);
	said_lines[n > 0 ? n : 0] = '\0';
	return (p);
}

static void
good(const void *text, size_t len, const char *want, size_t want_len,
    const char *name)
{
	struct passphrase *p;
	enum status status;

	store(text, len, 0600);
	p = get(path, -1, &status);
	ok(p != NULL && status == STATUS_OK && p->len == want_len &&
	    memcmp(p->text, want, want_len + 1) == 0 && said_lines[0] == '\0',
	    "%s", name);
	sodium_free(p);
}

/* Refused with a line that says why, and does not say the passphrase. */
static void
judge_bad(struct passphrase *p, enum status status, const char *why,
    const char *name)
{

	if (!ok(p == NULL && status == STATUS_USAGE &&
	    strstr(said_lines, why) != NULL &&
	    strstr(said_lines, "orse") == NULL, "%s", name))
		printf("# %d: %s", status, said_lines);
	sodium_free(p);
}

static void
bad(const void *text, size_t len, const char *why, const char *name)
{
	struct passphrase *p;
	enum status status;

	store(text, len, 0600);
	p = get(path, -1, &status);
	judge_bad(p, status, why, name);
}

static void
files(void)
{
	static char big[PASSPHRASE_MAX + 8];
	struct passphrase *p;
	enum status status;
	char want[256];

	good(SECRET, 13, SECRET, 13, "no line end");
	good(SECRET "\n", 14, SECRET, 13, "LF");
	good(SECRET "\r\n", 15, SECRET, 13, "CRLF");
	good(SECRET "\r", 14, SECRET "\r", 14, "CR alone is a part of it");
	good(" a\t\xff ", 5, " a\t\xff ", 5, "any bytes, blanks too");
	memset(big, 'x', PASSPHRASE_MAX);
	good(big, PASSPHRASE_MAX, big, PASSPHRASE_MAX, "the longest");
	memcpy(big + PASSPHRASE_MAX, "\r\n", 2);
	store(big, PASSPHRASE_MAX + 2, 0600);
	p = get(path, -1, &status);
	ok(p != NULL && p->len == PASSPHRASE_MAX, "with CRLF");
	sodium_free(p);
	memset(big, 'x', sizeof(big));
	bad(big, PASSPHRASE_MAX + 1, "longer than 4096 bytes", "too long");
	bad(big, PASSPHRASE_MAX + 3, "longer than", "by three");
	bad(big, sizeof(big), "longer than", "by more than is read");

	bad("", 0, "no passphrase in it", "an empty file");
	bad("\n", 1, "no passphrase in it", "an empty line");
	bad("\r\n", 2, "no passphrase in it", "an empty line, CRLF");
	bad(SECRET "\nhorse\n", 20, "more than one line", "two lines");
	bad(SECRET "\n\n", 15, "more than one line", "an empty second line");
	bad("\n" SECRET, 14, "more than one line", "an empty first line");
	bad("ho\0rse\n", 7, "a NUL byte", "a NUL");

	store(SECRET, 13, 0640);
	p = get(path, -1, &status);
	judge_bad(p, status, "others may read it (mode 0640)", "mode 0640");
	snprintf(want, sizeof(want), "hint: chmod 600 %s\n", path);
	ok(strstr(said_lines, want) != NULL, "and what to do");
	store(SECRET, 13, 0602);
	p = get(path, -1, &status);
	judge_bad(p, status, "others may change it (mode 0602)", "mode 0602");
	p = get(dir, -1, &status);
	judge_bad(p, status, "Is a directory", "a directory");
	p = get("-", -1, &status);
	judge_bad(p, status, "not read from stdin", "stdin");
	unlink(path);
	p = get(path, -1, &status);
	judge_bad(p, status, "No such file", "no file");
}

static void
descriptors(void)
{
	struct passphrase *p;
	enum status status;
	char name[32];
	int fd[2];

	if (pipe(fd) == -1 || fd_write(fd[1], SECRET "\n", 14) == -1)
		abort();
	close(fd[1]);
	p = get(NULL, fd[0], &status);
	ok(p != NULL && strcmp(p->text, SECRET) == 0, "from a descriptor");
	sodium_free(p);
	ok(fcntl(fd[0], F_GETFD) == -1, "which is closed");
	p = get(NULL, 999, &status);
	judge_bad(p, status, "error: descriptor 999: Bad file descriptor",
	    "a descriptor that is closed");

	if (pipe(fd) == -1 || fd_write(fd[1], SECRET "\n", 14) == -1)
		abort();
	close(fd[1]);
	snprintf(name, sizeof(name), "/dev/fd/%d", fd[0]);
	p = get(name, -1, &status);
	ok(p != NULL && strcmp(p->text, SECRET) == 0, "from a pipe by name");
	sodium_free(p);
	close(fd[0]);

	store(SECRET, 13, 0644);
	if ((fd[0] = open(path, O_RDONLY)) == -1)
		abort();
	p = get(NULL, fd[0], &status);
	judge_bad(p, status, "others may read it (mode 0644)",
	    "a descriptor of a file that others may read");
	ok(fcntl(fd[0], F_GETFD) == -1, "which is closed, too");
	unlink(path);
}

/* --- at the terminal ---------- */

static void
ask(bool twice)
{
	struct passphrase_source from = { NULL, -1 };
	struct passphrase *p;
	enum status status;

	msg_program("pgb-test");
	sig_install();
	p = passphrase_get(&from, "Passphrase", twice, &status);
	dprintf(1, "%d:%s\n", status, p != NULL ? p->text : "");
	sodium_free(p);
}

static void
once(void)
{

	ask(false);
}

static void
twice(void)
{

	ask(true);
}

static void
homeless(void)
{

	leave_home();
	ask(false);
}

static void
answer(const char *prompt, const char *text)
{

	ok(watch_for(prompt) && dark(), "%s", prompt);
	type(text);
}

static void
typed(void)
{

	sit_down(once, 'f');
	answer("Passphrase: ", "secret\n");
	same(told(), "0:secret", "typed");
	ok(stand_up(), "echo is on again");
	sit_down(once, 'f');
	answer("Passphrase: ", "\n");
	same(told(), "pgb-test: error: Passphrase: it is empty", "empty");
	same(told(), "2:", "is refused");
	ok(stand_up(), "echo is on again");
	sit_down(once, 'f');
	answer("Passphrase: ", "\003");
	same(told(), "3:", "a signal: no message");
	ok(stand_up(), "echo is on again");
	sit_down(once, 'f');
	answer("Passphrase: ", "\004");
	same(told(), "pgb-test: error: Passphrase: not given at the terminal",
	    "end of file");
	ok(strstr(told(), "--passphrase-file") != NULL, "a hint");
	same(told(), "2:", "is refused");
	ok(stand_up(), "echo is on again");
	sit_down(homeless, 'f');
	same(told(), "pgb-test: error: Passphrase: no terminal to ask for it",
	    "no terminal");
	ok(strstr(told(), "--passphrase-file") != NULL, "a hint");
	same(told(), "2:", "is an error");
	stand_up();
}

static void
typed_twice(void)
{
	int i;

	sit_down(twice, 'f');
	answer("Passphrase: ", "secret\n");
	answer("Passphrase, again: ", "secret\n");
	same(told(), "0:secret", "twice the same");
	stand_up();
	sit_down(twice, 'f');
	answer("Passphrase: ", "secret\n");
	answer("Passphrase, again: ", "secreT\n");
	answer("Passphrase: ", "secret\n");
	answer("Passphrase, again: ", "secret.\n");
	answer("Passphrase: ", "new\n");
	answer("Passphrase, again: ", "new\n");
	same(told(), "0:new", "the third time");
	stand_up();
	ok(strstr(person.shown, "secre") == NULL, "none was shown");
	sit_down(twice, 'f');
	for (i = 0; i < 3; i++) {
		answer("Passphrase: ", "a\n");
		answer("Passphrase, again: ", "b\n");
	}
	same(told(), "pgb-test: error: Passphrase: the two differ",
	    "never the same");
	same(told(), "2:", "is refused");
	ok(stand_up(), "echo is on again");
}

static void
who_may_read(void)
{
	static const struct {
		mode_t mode;
		uid_t owner, self;
		bool private;
		const char *name;
	} v[] = {
		{ S_IFREG | 0600, 7, 7, true, "ours alone" },
		{ S_IFREG | 0640, 7, 7, false, "ours, and our group's" },
		{ S_IFREG | 0640, 0, 0, false, "root's, and root asks" },
		{ S_IFREG | 0440, 0, 7, true, "handed to our group by root" },
		{ S_IFREG | 0640, 0, 7, true, "the same, root may write" },
		{ S_IFREG | 0660, 0, 7, false, "our group may write" },
		{ S_IFREG | 0444, 0, 7, false, "root's, for all to read" },
		{ S_IFREG | 0440, 8, 7, false, "handed over by another" },
		{ S_IFIFO | 0666, 7, 7, true, "a pipe" },
	};
	struct stat st = { 0 };
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		st.st_mode = v[i].mode;
		st.st_uid = v[i].owner;
		ok(fd_is_private(&st, v[i].self) == v[i].private,
		    "private or not: %s", v[i].name);
	}
}

int
main(void)
{

	msg_program("pgb-test");
	if (sodium_init() == -1 || mkdtemp(dir) == NULL)
		return (1);
	snprintf(path, sizeof(path), "%s/pass", dir);
	files();
	who_may_read();
	descriptors();
	rmdir(dir);
	typed();
	typed_twice();
	return (tap_done());
}
