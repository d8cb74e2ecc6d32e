/* SPDX-License-Identifier: ISC */
/*
 * A fuzz target without a fuzzer: NAME.t [FILE|DIRECTORY...]
 *
 * Runs it on each file, and on what changes make of it: cut at every byte, and
 * each bit flipped in every byte; of larger files one bit, and of large ones
 * not at every byte.  Without arguments: the seeds beside it, in seeds/NAME,
 * and past crashes, tests/fuzz/crashes/NAME, each a line of hexadecimal digits;
 * "#" begins a comment.
 *
 * A crash is told with the input that made it.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>

#include "tap.h"

#define CRASHES		"tests/fuzz/crashes"
#define FILE_MAX	(16 * 1024 * 1024)

/* Changes of a file; and the time of a large one counts. */
#define CHANGES		4000
#define CHANGED_BYTES	(4 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What runs now, for the last words. */
static char name[PATH_MAX + 64];
static const uint8_t *now;
static size_t now_len;

/* From a handler: nothing but write(2). */
static void
last_words(int sig)
{
	static const char digits[] = "0123456789abcdef";
	char out[2];
	size_t i;

	if (write(tap_err, "# crash: ", 9) == 9 &&
	    write(tap_err, name, strlen(name)) > 0)
		(void)!write(tap_err, "\n# ", 3);
	for (i = 0; i < now_len && i < 65536; i++) {
		out[0] = digits[now[i] >> 4];
		out[1] = digits[now[i] & 15];
		(void)!write(tap_err, out, 2);
	}
	(void)!write(tap_err, "\n", 1);
	signal(sig, SIG_DFL);
	raise(sig);
}

/* In memory of just its length, so that valgrind sees a byte too far. */
static void
run(const char *file, const char *change, size_t at, const uint8_t *data,
    size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	snprintf(name, sizeof(name), "%s%s%zu", file, change, at);
	now = copy;
	now_len = len;
	LLVMFuzzerTestOneInput(copy, len);
	now_len = 0;
	free(copy);
}

static size_t
replay(const char *file, uint8_t *data, size_t len)
{
	size_t changes = CHANGES, step, at, bit, bits, n = 1;

	run(file, ", whole: ", len, data, len);
	if (len == 0)
		return (n);
	if (changes > CHANGED_BYTES / len)
		changes = CHANGED_BYTES / len + 1;
	step = (len + changes - 1) / changes;
	bits = len * 9 <= changes ? 8 : 1;
	for (at = 0; at < len; at += step, n += 1 + bits) {
		run(file, ", cut at ", at, data, at);
		for (bit = at / step; bit < at / step + bits; bit++) {
			data[at] ^= (uint8_t)(1 << bit % 8);
			run(file, ", a bit changed in byte ", at, data, len);
			data[at] ^= (uint8_t)(1 << bit % 8);
		}
	}
	return (n);
}

static uint8_t *
slurp(const char *path, size_t *len)
{
	uint8_t *buf = malloc(FILE_MAX);
	FILE *f;

	if (buf == NULL || (f = fopen(path, "r")) == NULL) {
		free(buf);
		return (NULL);
	}
	*len = fread(buf, 1, FILE_MAX, f);
	fclose(f);
	return (buf);
}

static size_t
replay_file(const char *path)
{
	size_t len, n;
	uint8_t *buf;

	if ((buf = slurp(path, &len)) == NULL) {
		ok(false, "%s: %s", path, strerror(errno));
		return (0);
	}
	n = replay(path, buf, len);
	free(buf);
	return (n);
}

static int
seen(const struct dirent *e)
{

	return (e->d_name[0] != '.');
}

/* A file, or those of a directory; a line for either. */
static void
replay_path(const char *path)
{
	struct dirent **v;
	char file[PATH_MAX];
	size_t n = 0;
	int i, count = scandir(path, &v, seen, alphasort);

	if (count == -1) {
		n = replay_file(path);
		ok(n > 0, "%s: %zu inputs", path, n);
		return;
	}
	for (i = 0; i < count; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, v[i]->d_name);
		n += replay_file(file);
		free(v[i]);
	}
	free(v);
	ok(n > 0, "%s: %d files, %zu inputs", path, count, n);
}

/* --- past crashes ---------- */

static int
digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	return (p == NULL ? -1 : (int)(p - digits));
}

/* In place; the length, or 0 for a line that is none. */
static size_t
unhex(uint8_t *line, size_t len)
{
	size_t i;
	int high, low;

	if (len % 2 != 0)
		return (0);
	for (i = 0; i < len; i += 2) {
		high = digit((char)line[i]);
		low = digit((char)line[i + 1]);
		if (high == -1 || low == -1)
			return (0);
		line[i / 2] = (uint8_t)(high << 4 | low);
	}
	return (len / 2);
}

static void
replay_crashes(const char *target)
{
	char path[PATH_MAX];
	uint8_t *buf, *line, *end, *lf;
	size_t len, n, number = 0;

	snprintf(path, sizeof(path), CRASHES "/%s", target);
	if ((buf = slurp(path, &len)) == NULL)
		return;
	for (line = buf, end = buf + len; line < end; line = lf + 1) {
		number++;
		if ((lf = memchr(line, '\n', (size_t)(end - line))) == NULL)
			lf = end;
		if (lf == line || *line == '#')
			continue;
		n = unhex(line, (size_t)(lf - line));
		if (ok(n > 0, "%s: line %zu", path, number))
			(void)replay(path, line, n);
	}
	free(buf);
}

/* "DIR/NAME.t": DIR/seeds/NAME, and the crashes of NAME. */
static void
replay_own(const char *self)
{
	const char *slash = strrchr(self, '/');
	const char *base = slash == NULL ? self : slash + 1;
	char path[PATH_MAX], target[NAME_MAX];

	snprintf(target, sizeof(target), "%.*s", (int)strcspn(base, "."), base);
	snprintf(path, sizeof(path), "%.*sseeds/%s", (int)(base - self), self,
	    target);
	replay_crashes(target);
	replay_path(path);
}

int
main(int argc, char *argv[])
{
	static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE,
	    SIGILL };
	size_t i;
	int k;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], last_words);
	if (argc < 2)
		replay_own(argv[0]);
	for (k = 1; k < argc; k++)
		replay_path(argv[k]);
	return (tap_done());
}
