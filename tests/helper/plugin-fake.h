/* SPDX-License-Identifier: ISC */
#ifndef PLUGIN_FAKE_H
#define PLUGIN_FAKE_H

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "age/base64.h"

/*
 * An age plugin that keeps no secret: a file key is XORed with the characters
 * of the recipient's or identity's data, of which there are 16 at least.  So
 * age1fake1DATA and AGE-PLUGIN-FAKE-1DATA belong together, whatever the
 * checksums.  What it does wrong is chosen by
 *
 *	AGE_FAKE	a word: see fake_plugin() and fake_talk()
 *	AGE_FAKE_SAY	what it says, verbatim, once it has been told all
 *	AGE_FAKE_EXIT	its status
 *	AGE_FAKE_LOG	a file: how it was started, and every line it reads
 */

#define FAKE_MAX	64	/* recipients or stanzas */
#define FAKE_TAG	8
#define FAKE_LINE	4096

struct fake {
	char pad[FAKE_MAX][17];		/* of each recipient or identity */
	unsigned pads;
	char tag[FAKE_MAX][FAKE_TAG + 1];	/* of each stanza */
	unsigned char body[FAKE_MAX][16];
	unsigned stanzas;
	unsigned char file_key[16];
	FILE *log;
};

static bool
fake_is(const char *word)
{
	const char *env = getenv("AGE_FAKE");

	return (env != NULL && strcmp(env, word) == 0);
}

static void
fake_hang(void)
{

	for (;;)
		pause();
}

/* A line without its LF; the end of file ends the program. */
static char *
fake_line(struct fake *f)
{
	static char line[FAKE_LINE];

	if (fgets(line, sizeof(line), stdin) == NULL)
		exit(9);
	line[strcspn(line, "\n")] = '\0';
	if (f->log != NULL) {
		fprintf(f->log, "%s\n", line);
		fflush(f->log);
	}
	return (line);
}

/* A body; 16 bytes of it are kept. */
static void
fake_body(struct fake *f, unsigned char key[16])
{
	char *line;
	size_t n, len;

	do {
		line = fake_line(f);
		len = strlen(line);
		base64_decode((unsigned char *)line, len, false, key, 16, &n);
	} while (len == 64);
}

static void
fake_pad(struct fake *f, const char *text)
{
	const char *p = strrchr(text, '1');
	size_t i;

	if (p == NULL || f->pads == FAKE_MAX)
		exit(8);
	for (i = 0; i < 16 && p[i + 1] != '\0'; i++)
		f->pad[f->pads][i] = (char)(p[i + 1] | 0x20);
	f->pads++;
}

static void
fake_xor(unsigned char key[16], const char *pad)
{
	size_t i;

	for (i = 0; i < 16; i++)
		key[i] = (unsigned char)(key[i] ^ (unsigned char)pad[i]);
}

static void
fake_say(const char *front, const unsigned char *body, size_t len)
{
	char line[65];
	size_t n;

	printf("%s\n", front);
	do {
		n = len < 48 ? len : 48;
		base64_encode(body, n, line);
		printf("%.*s\n", (int)BASE64_LEN(n), line);
		body += n;
		len -= n;
	} while (n == 48);
	fflush(stdout);
}

/* Say a command, and read the answer to it. */
static void
fake_ask(struct fake *f, const char *front, const void *body, size_t len)
{

	fake_say(front, body, len);
	fake_line(f);
	fake_body(f, f->body[0]);
}

/* Everything up to "done". */
static void
fake_listen(struct fake *f)
{
	unsigned char none[16];
	char *line;

	for (;;) {
		line = fake_line(f);
		if (strncmp(line, "-> add-", 7) == 0)
			fake_pad(f, line);
		if (strncmp(line, "-> recipient-stanza 0 fake ", 27) == 0 &&
		    f->stanzas < FAKE_MAX) {
			snprintf(f->tag[f->stanzas], FAKE_TAG + 1, "%s",
			    line + 27);
			fake_body(f, f->body[f->stanzas++]);
		} else if (strcmp(line, "-> wrap-file-key") == 0)
			fake_body(f, f->file_key);
		else {
			bool done = strcmp(line, "-> done") == 0;

			fake_body(f, none);
			if (done)
				return;
		}
	}
}

static void
fake_wrap(struct fake *f)
{
	unsigned char key[16];
	char front[64];
	unsigned i;

	for (i = 0; i < f->pads; i++) {
		memcpy(key, f->file_key, 16);
		fake_xor(key, f->pad[i]);
		snprintf(front, sizeof(front), "-> recipient-stanza 0 fake "
		    "%.*s", FAKE_TAG, f->pad[i]);
		fake_ask(f, front, key, 16);
	}
}

static void
fake_unwrap(struct fake *f)
{
	unsigned char key[16];
	unsigned i, k;

	for (i = 0; i < f->stanzas; i++) {
		for (k = 0; k < f->pads; k++) {
			if (strncmp(f->tag[i], f->pad[k], FAKE_TAG) != 0)
				continue;
			memcpy(key, f->body[i], 16);
			fake_xor(key, f->pad[k]);
			fake_ask(f, "-> file-key 0", key, 16);
			return;
		}
	}
}

/* Much: stanzas, or bytes of one. */
static void
fake_much(unsigned stanzas, size_t len)
{
	static unsigned char body[3 * 1024 * 1024];
	unsigned i;

	for (i = 0; i < stanzas; i++)
		fake_say("-> recipient-stanza 0 much", body, len);
}

/* What it does once it has been told all. */
static void
fake_talk(struct fake *f, bool wrap)
{
	static const char hello[] = "touch\nthe \033[31mtoken\n";
	const char *say = getenv("AGE_FAKE_SAY");

	if (fake_is("late"))
		fake_hang();
	if (fake_is("hangup")) {
		fclose(stdout);
		fclose(stdin);
		fake_hang();
	}
	if (fake_is("ask")) {
		fake_ask(f, "-> a-word-unknown 1 2", "", 0);
		fake_ask(f, "-> msg", hello, strlen(hello));
		fake_ask(f, "-> confirm WWVz Tm8", "Go on", 5);
		fake_ask(f, "-> confirm WWVz", "Insert it", 9);
		fake_ask(f, "-> request-public", "Name:", 5);
		fake_ask(f, "-> request-secret", "PIN", 3);
	}
	if (fake_is("many"))
		fake_much(1025, 32);
	if (fake_is("half"))
		fake_much(600, 32);
	if (fake_is("most"))
		fake_much(1024, 32);
	if (fake_is("long"))
		fake_much(1, 3 * 1024 * 1024);
	if (fake_is("sum"))
		fake_much(3, 800 * 1024);
	if (fake_is("labels"))
		fake_ask(f, "-> labels b a b", "", 0);
	if (say != NULL) {
		/* A byte a write. */
		for (; *say != '\0'; say++) {
			putchar(*say);
			if (fake_is("drip"))
				fflush(stdout);
		}
	} else {
		if (wrap)
			fake_wrap(f);
		else
			fake_unwrap(f);
		printf("-> done\n\n");
	}
	if (fake_is("more"))
		printf("-> msg\n\n");
	fflush(stdout);
	if (fake_is("linger"))
		fake_hang();
}

/* How it was started. */
static void
fake_tell(struct fake *f, char **argv)
{
	const char *path = getenv("AGE_FAKE_LOG");
	char cwd[PATH_MAX];
	struct dirent *d;
	DIR *dir;
	int fds = 0;

	/* All of the descriptors but those of opendir(). */
	if ((dir = opendir("/proc/self/fd")) == NULL)
		exit(7);
	while ((d = readdir(dir)) != NULL)
		fds += d->d_name[0] != '.';
	closedir(dir);
	if (path == NULL || (f->log = fopen(path, "a")) == NULL)
		return;
	fprintf(f->log, "pid %d argv %s cwd %s fds %d pipe %s\n", (int)getpid(),
	    argv[1], getcwd(cwd, sizeof(cwd)), fds - 1,
	    signal(SIGPIPE, SIG_DFL) == SIG_DFL ? "default" : "ignored");
	fflush(f->log);
}

/* The program: its status. */
static int
fake_plugin(char **argv)
{
	const char *status = getenv("AGE_FAKE_EXIT");
	bool wrap = strcmp(argv[1], "--age-plugin=recipient-v1") == 0;
	struct fake f;
	int i;

	memset(&f, 0, sizeof(f));
	if (!wrap && strcmp(argv[1], "--age-plugin=identity-v1") != 0)
		return (6);
	fake_tell(&f, argv);
	if (fake_is("die")) {
		fprintf(stderr, "no \033[31mreader\nat all");
		return (3);
	}
	if (fake_is("kill"))
		raise(SIGKILL);
	if (fake_is("stubborn"))
		signal(SIGTERM, SIG_IGN);
	if (fake_is("hang") || fake_is("stubborn"))
		fake_hang();
	/* More than a pipe takes, before it reads a byte. */
	for (i = 0; fake_is("flood") && i < 20000; i++)
		fprintf(stderr, "a line of stderr that nobody wants\n");
	for (i = 0; fake_is("early") && i < 10000; i++)
		fake_say("-> early", (const unsigned char *)"", 0);
	fake_listen(&f);
	for (i = 0; fake_is("early") && i < 10000; i++) {
		fake_line(&f);
		fake_line(&f);
	}
	fake_talk(&f, wrap);
	return (status != NULL ? atoi(status) : 0);
}

#endif
