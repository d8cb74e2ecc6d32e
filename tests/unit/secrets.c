/* SPDX-License-Identifier: ISC */
/* Promise: a secret is asked for once and then remembered, unless it was wrong;
 * a file's counts more, and is read once; none that others may read is used. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <pthread.h>
#include <sodium.h>

#include "secret/ask.h"
#include "secret/secrets.h"
#include "tap.h"

static char dir[] = "/tmp/pgb-secrets-XXXXXX";
static struct ship_opts opts;
static struct secrets *s;
static struct fault fault;

static char *
at(const char *name)
{
	static char path[4][200];
	static int i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return (path[i]);
}

static char *
put(const char *name, mode_t mode, const char *text)
{
	FILE *f = fopen(at(name), "w");

	fputs(text, f);
	fclose(f);
	chmod(at(name), mode);
	return (at(name));
}

/* How often the program was asked; its last question. */
static int
asked(char *last, size_t size)
{
	char line[2000];
	FILE *f = fopen(at("log"), "r");
	int n = 0;

	if (last != NULL)
		*last = '\0';
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		n++;
		line[strcspn(line, "\n")] = '\0';
		if (last != NULL)
			snprintf(last, size, "%s", line);
	}
	if (f != NULL)
		fclose(f);
	return (n);
}

static bool
gives(enum secret_kind kind, const char *prompt, unsigned refused,
    const char *want)
{
	char *got = secrets_get(s, kind, prompt, false, refused, &fault);
	bool same = want == NULL ? got == NULL :
	    got != NULL && strcmp(got, want) == 0;

	if (!same)
		printf("# got %s, want %s\n", got != NULL ? got : "nothing",
		    want != NULL ? want : "nothing");
	secrets_put(got);
	return (same);
}

static void
fresh(void)
{

	secrets_free(s);
	s = secrets_new(&opts);
	unlink(at("log"));
}

static void
test_files(void)
{
	char long_line[1200];

	opts.password_file = put("pw", 0600, "geheim\nmore\n");
	fresh();
	ok(secrets_has(s, SECRET_PASSWORD, "p: "), "a file is there");
	ok(gives(SECRET_PASSWORD, "p: ", 0, "geheim"), "its first line");
	unlink(at("pw"));
	ok(gives(SECRET_PASSWORD, "p: ", 0, "geheim"), "read once");
	ok(gives(SECRET_PASSWORD, "q: ", 0, "geheim"), "for any question");
	ok(gives(SECRET_PASSWORD, "p: ", 1, NULL) &&
	    fault.status == STATUS_OK, "and not given again, when wrong");
	fresh();
	ok(gives(SECRET_PASSWORD, "p: ", 0, NULL) &&
	    fault.status == STATUS_USAGE, "none there: %s", fault.text);
	put("pw", 0640, "x\n");
	ok(gives(SECRET_PASSWORD, "p: ", 0, NULL) &&
	    fault.status == STATUS_USAGE &&
	    strstr(fault.text, "others may read this password (mode 640)") !=
	    NULL && strncmp(fault.hint, "chmod 600", 9) == 0,
	    "one that others may read: %s", fault.text);
	put("pw", 0600, "\nx\n");
	ok(gives(SECRET_PASSWORD, "p: ", 0, NULL) &&
	    fault.status == STATUS_USAGE, "an empty line: %s", fault.text);
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	put("pw", 0600, long_line);
	ok(gives(SECRET_PASSWORD, "p: ", 0, NULL) &&
	    fault.status == STATUS_USAGE, "too long a line: %s", fault.text);
	opts.password_file = NULL;

	opts.passphrase_file = put("pp", 0600, "open sesame\r\n");
	fresh();
	ok(gives(SECRET_PASSPHRASE, "passphrase of k: ", 0, "open sesame"),
	    "a passphrase");
	ok(gives(SECRET_PASSPHRASE, "passphrase of k: ", 1, NULL) &&
	    fault.status == STATUS_USAGE &&
	    strstr(fault.text, "passphrase of k: the one in ") != NULL &&
	    strstr(fault.text, "is wrong") != NULL, "a wrong one: %s",
	    fault.text);
	ok(gives(SECRET_PASSPHRASE, "passphrase of l: ", 0, "open sesame"),
	    "may be right for another key");
	put("pp", 0600, "one\ntwo\n");
	fresh();
	ok(gives(SECRET_PASSPHRASE, "p: ", 0, NULL) &&
	    fault.status == STATUS_USAGE, "more than a line: %s", fault.text);
	ok(!secrets_has(s, SECRET_OTHER, "p: ") &&
	    !secrets_has(s, SECRET_PASSWORD, "p: "),
	    "it is for nothing else");
	opts.passphrase_file = NULL;
}

static void
test_program(void)
{
	char last[2000];

	ok(!ask_possible(), "nobody there");
	fresh();
	ok(!secrets_has(s, SECRET_PASSWORD, "p: ") &&
	    gives(SECRET_PASSWORD, "p: ", 0, NULL) &&
	    fault.status == STATUS_OK, "no answer");
	put("askpass", 0700, "#!/bin/sh\nprintf '%s\\n' \"$1\" >>$DIR/log\n"
	    "cat\n"	/* stdin is not ours */
	    "n=$(wc -l <$DIR/log)\n"
	    "[ ! -e $DIR/wait ] || exec sleep 600\n"
	    "[ ! -e $DIR/cancel ] || exit 1\n"
	    "echo answer $n\n");
	setenv("SSH_ASKPASS", at("askpass"), 1);
	ok(!ask_possible(), "a program, and no screen");
	setenv("DISPLAY", ":0", 1);
	ok(ask_possible(), "a program, and a screen");
	setenv("SSH_ASKPASS_REQUIRE", "never", 1);
	ok(!ask_possible(), "but never");
	unsetenv("DISPLAY");
	setenv("SSH_ASKPASS_REQUIRE", "force", 1);
	ok(ask_possible(), "or always");

	fresh();
	ok(gives(SECRET_PASSWORD, "a: ", 0, "answer 1"), "asked");
	ok(asked(last, sizeof(last)) == 1 && strcmp(last, "a: ") == 0,
	    "the question");
	ok(gives(SECRET_PASSWORD, "a: ", 0, "answer 1") &&
	    asked(NULL, 0) == 1, "remembered");
	ok(gives(SECRET_PASSWORD, "b: ", 0, "answer 2"), "another question");
	ok(gives(SECRET_PASSWORD, "a: ", 1, "answer 3") &&
	    gives(SECRET_PASSWORD, "a: ", 2, "answer 4") &&
	    gives(SECRET_PASSWORD, "a: ", 3, NULL) && asked(NULL, 0) == 4,
	    "wrong ones are asked for again, three times in all");
	ok(gives(SECRET_PASSWORD, "b: ", 0, "answer 2"),
	    "the other is as it was");
	put("cancel", 0600, "");
	ok(gives(SECRET_OTHER, "c: ", 0, NULL) && fault.status == STATUS_OK,
	    "no answer to that");
	unlink(at("cancel"));
	ok(gives(SECRET_OTHER, "\033[2Jc\n: ", 0, "answer 6") &&
	    asked(last, sizeof(last)) == 6 &&
	    strcmp(last, "\\x1b[2Jc\\x0a: ") == 0,
	    "what does not print is shown as such");
	setenv("SSH_ASKPASS", "/nonexistent", 1);
	ok(gives(SECRET_OTHER, "d: ", 0, NULL) && fault.status == STATUS_OK,
	    "no such program");
	ok(secrets_has(s, SECRET_PASSWORD, "b"),
	    "what is remembered is there, by how it begins");
	ok(gives(SECRET_PASSWORD, "b: ", 0, "answer 2"), "still");
	setenv("SSH_ASKPASS", at("askpass"), 1);
}

static void *
another(void *arg)
{

	struct fault own;

	return (secrets_get(s, SECRET_PASSWORD, "p: ", false, 0,
	    arg != NULL ? arg : &own));
}

/* One connection has a wrong answer that another has replaced meanwhile. */
static void
test_threads(void)
{
	pthread_t t[8];
	void *got;
	int i, good = 0;

	fresh();
	for (i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, another, NULL);
	for (i = 0; i < 8; i++) {
		pthread_join(t[i], &got);
		good += got != NULL && strcmp(got, "answer 1") == 0;
		secrets_put(got);
	}
	ok(good == 8 && asked(NULL, 0) == 1, "eight ask, one question");

	fresh();
	pthread_create(&t[0], NULL, another, NULL);
	pthread_join(t[0], &got);
	secrets_put(got);
	ok(gives(SECRET_PASSWORD, "p: ", 0, "answer 1") &&
	    gives(SECRET_PASSWORD, "p: ", 1, "answer 2"), "a new answer");
	pthread_create(&t[0], NULL, another, NULL);
	pthread_join(t[0], &got);
	ok(got != NULL && strcmp(got, "answer 2") == 0, "is given to all");
	secrets_put(got);
}

static void
test_seal(void)
{

	fresh();
	(void)gives(SECRET_PASSWORD, "a: ", 0, "answer 1");
	secrets_seal(s);
	ok(gives(SECRET_PASSWORD, "a: ", 0, "answer 1") &&
	    secrets_has(s, SECRET_PASSWORD, "a"),
	    "sealed: what is remembered is given");
	ok(!secrets_has(s, SECRET_PASSWORD, "b") &&
	    !secrets_has(s, SECRET_OTHER, "b"),
	    "there is nobody to ask");
	ok(gives(SECRET_PASSWORD, "b: ", 0, NULL) &&
	    fault.status == STATUS_OK && fault.text[0] == '\0',
	    "nobody is asked");
	ok(gives(SECRET_PASSWORD, "a: ", 1, NULL) &&
	    fault.status == STATUS_OK && fault.text[0] == '\0' &&
	    !secrets_has(s, SECRET_PASSWORD, "a") && asked(NULL, 0) == 1,
	    "nor when the answer was wrong");
	opts.password_file = put("pw", 0600, "geheim\n");
	fresh();
	secrets_seal(s);
	ok(secrets_has(s, SECRET_PASSWORD, "p: ") &&
	    gives(SECRET_PASSWORD, "p: ", 0, "geheim"), "a file is read");
	opts.password_file = NULL;
}

/* While the program asks and does not end. */
static void
test_withdrawn(void)
{
	pthread_t t;
	void *got;

	fresh();
	put("wait", 0600, "");
	pthread_create(&t, NULL, another, &fault);
	while (asked(NULL, 0) == 0)
		usleep(10000);
	secrets_seal(s);
	pthread_join(t, &got);
	ok(got == NULL && fault.status == STATUS_OK,
	    "a question that is being put is withdrawn");
	unlink(at("wait"));
}

static void *
late(void *arg)
{
	pthread_barrier_t *b = arg;
	struct fault f;
	char *got;

	secrets_put(secrets_get(s, SECRET_PASSWORD, "p: ", false, 0, &f));
	pthread_barrier_wait(b);
	pthread_barrier_wait(b);
	got = secrets_get(s, SECRET_PASSWORD, "p: ", false, 1, &f);
	return (got);
}

static void
test_late(void)
{
	pthread_barrier_t b;
	pthread_t t;
	void *got;

	fresh();
	pthread_barrier_init(&b, NULL, 2);
	pthread_create(&t, NULL, late, &b);
	pthread_barrier_wait(&b);
	ok(gives(SECRET_PASSWORD, "p: ", 0, "answer 1") &&
	    gives(SECRET_PASSWORD, "p: ", 1, "answer 2"),
	    "two had the wrong one, one has got another");
	pthread_barrier_wait(&b);
	pthread_join(t, &got);
	ok(got != NULL && strcmp(got, "answer 2") == 0 &&
	    asked(NULL, 0) == 2, "which is given to the other, unasked");
	secrets_put(got);
	pthread_barrier_destroy(&b);
}

int
main(void)
{
	char line[100];
	int wstatus;
	pid_t child;

	if (sodium_init() == -1 || mkdtemp(dir) == NULL)
		return (1);
	/* No terminal, whoever runs this. */
	if (setsid() == -1) {
		if ((child = fork()) != 0) {
			rmdir(dir);
			return (child == -1 || waitpid(child, &wstatus, 0) ==
			    -1 || wstatus != 0);
		}
		setsid();
		mkdir(dir, 0700);
	}
	setenv("DIR", dir, 1);
	unsetenv("SSH_ASKPASS");
	unsetenv("SSH_ASKPASS_REQUIRE");
	unsetenv("DISPLAY");
	unsetenv("WAYLAND_DISPLAY");
	test_files();
	test_program();
	test_threads();
	test_late();
	test_seal();
	test_withdrawn();
	secrets_free(s);
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	return (system(line) != 0 || tap_done());
}
