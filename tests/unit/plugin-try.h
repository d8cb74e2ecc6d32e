/* SPDX-License-Identifier: ISC */
#ifndef PLUGIN_TRY_H
#define PLUGIN_TRY_H

#include <dirent.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "age/bech32.h"
#include "age/plugin.h"
#include "fdio.h"
#include "terminal.h"
#include "tap.h"

#include "helper/plugin-fake.h"

/*
 * Calls of the plugin client with a plugin that is this program itself, a
 * terminal that answers what is wanted, and what was told.
 */

static const uint8_t file_key[AGE_FILE_KEY_LEN] = { '0', '1', '2', '3', '4',
    '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f' };

static char dir[] = "/tmp/pgb-plugin-XXXXXX", logfile[64];
static char recipient[3][128], identity[3][128];

/* What the last call came to. */
static enum status status;
static char told[65536];
static struct age_text text;
static struct plugin_labels labels;

/* --- a terminal of ours ---------- */

static const char *const *answers;	/* NULL: no terminal */
static char asked[4096];

int
terminal_ask(const char *prompt, bool echo, char *buf, size_t size,
    size_t *len)
{
	size_t n = strlen(asked);

	snprintf(asked + n, sizeof(asked) - n, "%s<%s>\n",
	    prompt, echo ? "seen" : "hidden");
	if (answers == NULL || *answers == NULL) {
		errno = answers == NULL ? ENXIO : EPIPE;
		return (-1);
	}
	*len = (size_t)snprintf(buf, size, "%s", *answers++);
	return (0);
}

/* --- running it ---------- */

/* stderr goes to a file in memory meanwhile. */
static int saved_err, told_fd;

static void
hush(void)
{

	saved_err = fcntl(2, F_DUPFD_CLOEXEC, 10);
	told_fd = memfd_create("told", MFD_CLOEXEC);
	dup2(told_fd, 2);
}

static void
unhush(void)
{
	ssize_t n = pread(told_fd, told, sizeof(told) - 1, 0);

	told[n < 0 ? 0 : n] = '\0';
	dup2(saved_err, 2);
	close(saved_err);
	close(told_fd);
}

static void
set(const char *name, const char *value)
{

	if (value == NULL)
		unsetenv(name);
	else
		setenv(name, value, 1);
}

static void
forget(void)
{

	age_text_wipe(&text);
	plugin_labels_wipe(&labels);
}

/* As many descriptors as this may be open in a call; 0: as ever. */
static rlim_t fd_limit;

static void
limit(bool on)
{
	static struct rlimit was;
	struct rlimit now;

	if (fd_limit == 0)
		return;
	if (on) {
		getrlimit(RLIMIT_NOFILE, &was);
		now = was;
		now.rlim_cur = fd_limit;
		setrlimit(RLIMIT_NOFILE, &now);
	} else
		setrlimit(RLIMIT_NOFILE, &was);
}

/* Have it wrap to the first of the recipients and of the identities. */
static enum status
wrap(const char *word, const char *say, size_t rcount, size_t icount)
{
	const char *r[] = { recipient[0], recipient[1], recipient[2] };
	const char *i[] = { identity[0], identity[1], identity[2] };

	forget();
	unlink(logfile);
	set("AGE_FAKE", word);
	set("AGE_FAKE_SAY", say);
	asked[0] = '\0';
	hush();
	limit(true);
	status = plugin_wrap("fake", r, rcount, i, icount, file_key, &text,
	    &labels);
	limit(false);
	unhush();
	return (status);
}

/* A header of these stanzas. */
static void
make_header(struct age_header *h, const void *stanzas, size_t len)
{
	static const char mac[] = "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAA\n";
	size_t used;

	memset(h, 0, sizeof(*h));
	age_header_feed(h, (const uint8_t *)AGE_VERSION, strlen(AGE_VERSION),
	    &used);
	age_header_feed(h, stanzas, len, &used);
	if (age_header_feed(h, (const uint8_t *)mac, strlen(mac), &used) != 1)
		ok(false, "header: %s", h->why);
}

static int
unwrap(const char *word, const char *say, const struct age_header *h,
    size_t first, uint8_t got[AGE_FILE_KEY_LEN])
{
	const char *id = identity[first];
	int rc;

	unlink(logfile);
	set("AGE_FAKE", word);
	set("AGE_FAKE_SAY", say);
	asked[0] = '\0';
	hush();
	rc = plugin_unwrap("fake", &id, 1, h, got, &status);
	unhush();
	return (rc);
}

static unsigned
lines_with(const char *word)
{
	const char *p = told;
	unsigned n = 0;

	while ((p = strstr(p, word)) != NULL) {
		n++;
		p += strlen(word);
	}
	return (n);
}

static int
open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return (n);
}

/* Those that we were started with: the standard ones, and perhaps more that
 * were meant for a plugin. */
static int
given_fds(void)
{
	int fd, flags, n = 0;

	for (fd = 0; fd < 1024; fd++)
		n += (flags = fcntl(fd, F_GETFD)) != -1 &&
		    (flags & FD_CLOEXEC) == 0;
	return (n);
}

/* Nothing of the plugin is left: no child, not even a dead one. */
static bool
childless(void)
{

	return (waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

static const char *
log_text(void)
{
	static char *buf;
	size_t len;

	free(buf);
	buf = fd_slurp(logfile, 1 << 22, &len);
	return (buf == NULL ? "" : buf);
}

/* One error line, with this text, and this status. */
static void
refused(const char *name, enum status want, const char *line)
{
	bool good = status == want && lines_with("error: ") == 1 &&
	    strstr(told, line) != NULL && strstr(told, "error: age-plugin-fake"
	    ": ") != NULL && text.len == 0 && labels.count == 0 && childless();

	ok(good, "%s: %.*s", name, (int)strcspn(line, "\n"), line);
	if (!good)
		dprintf(tap_err, "# status %d, %zu bytes, told: %s\n", status,
		    text.len, told);
}

/* --- the plugin ---------- */

static void
make_keys(void)
{
	uint8_t data[16];
	size_t i;

	for (i = 0; i < 3; i++) {
		memset(data, (int)(0x11 * (i + 1)), sizeof(data));
		bech32_encode("age1fake", data, sizeof(data), recipient[i]);
		bech32_encode("AGE-PLUGIN-FAKE-", data, sizeof(data),
		    identity[i]);
	}
}

/* Called age-plugin-fake, this program is one. */
static void
make_plugin(void)
{
	char self[PATH_MAX], path[128];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n == -1 || mkdtemp(dir) == NULL)
		exit(1);
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/age-plugin-fake", dir);
	if (symlink(self, path) == -1)
		exit(1);
	snprintf(logfile, sizeof(logfile), "%s/log", dir);
	setenv("AGE_FAKE_LOG", logfile, 1);
	setenv("PATH", dir, 1);
	unsetenv("HARNESS_ACTIVE");	/* a plugin's stderr is ours to see */
}

static void
remove_plugin(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/age-plugin-fake", dir);
	unlink(path);
	unlink(logfile);
	rmdir(dir);
}

#endif
