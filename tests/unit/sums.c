/* SPDX-License-Identifier: ISC */
/* Lines of b2sum are written as it writes them, and read as it reads them. */
#include "pgb-verify/report/sums.c"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "tap.h"

#define HEX \
	"786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419" \
	"d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce"
#define ELSE \
	"ff6a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419" \
	"d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce"
#define SHA256 \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static char path[] = "/tmp/pgb-sums-XXXXXX";
static char said[8192];
static uint8_t empty[SUMS_HASH];	/* BLAKE2b-512 of no bytes: HEX */

static enum status
load(const void *text, size_t len, const char *name, uint8_t *hash)
{
	int fd = open(path, O_WRONLY | O_TRUNC), out[2];
	int saved = dup(STDERR_FILENO);
	enum status status;
	ssize_t n;

	if (fd == -1 || fd_write(fd, text, len) == -1 || pipe(out) == -1)
		abort();
	close(fd);
	dup2(out[1], STDERR_FILENO);
	status = sums_load(path, name, hash);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(out[1]);
	n = read(out[0], said, sizeof(said) - 1);
	close(out[0]);
	said[n > 0 ? n : 0] = '\0';
	return (status);
}

static void
good(const char *text, const char *name, const char *what)
{
	uint8_t hash[SUMS_HASH] = { 0 };

	ok(load(text, strlen(text), name, hash) == STATUS_OK &&
	    memcmp(hash, empty, SUMS_HASH) == 0 && said[0] == '\0', "%s", what);
}

static void
bad(enum status want, const char *text, const char *name, const char *why,
    const char *what)
{
	uint8_t hash[SUMS_HASH];
	enum status status = load(text, strlen(text), name, hash);
	const char *first = strstr(said, "error: ");

	if (!ok(status == want && first != NULL && strstr(said, why) != NULL &&
	    strstr(first + 1, "error: ") == NULL &&
	    strstr(said, "hint: ") != NULL, "%s", what))
		printf("# %d: %s", status, said);
}

static void
name_is(const char *file, const char *want)
{
	char *name = sums_name(file);

	same(name, want, file);
	free(name);
}

static void
line_is(const char *name, const char *want, const char *what)
{
	char *line = b2sum_line(empty, name);

	same(line, want, what);
	good(line, name, what);
	free(line);
}

static void
test_writing(void)
{

	name_is("/backups/app.dump.b2", "app.dump");
	name_is("app.dump.b2sum", "app.dump");
	name_is("app.blake2b", "app");
	name_is("./x/app.BLAKE2b", "app");
	name_is("B2SUMS", "-");
	name_is("/dev/fd/3", "-");
	name_is("x/.b2", "-");
	name_is("app.b2.txt", "-");
	name_is("dir.b2/sums", "-");

	line_is("app.dump", HEX "  app.dump\n", "a line");
	line_is("-", HEX "  -\n", "of stdin");
	line_is(" a  b ", HEX "   a  b \n", "blanks");
	line_is("a\\b\rc\nd", "\\" HEX "  a\\\\b\\rc\\nd\n", "escapes");
}

static void
test_reading(void)
{

	good(HEX "  x\n", NULL, "the only line");
	good(HEX "  x", NULL, "without its LF");
	good(HEX " *x\r\n", "x", "an asterisk, and CR LF");
	good("# made by hand\n\n" HEX "  x\n\n", NULL, "comments, empty lines");
	good("BLAKE2b (x) = " HEX "\n", "x", "--tag");
	good("\\BLAKE2b (a\\nb) = " HEX "\n", "a\nb", "--tag and escapes");
	good("BLAKE2b (a) = b) = " HEX "\n", "a) = b", "a name like a tag");
	good(ELSE "  y\n" HEX "  x\n" ELSE "  z\n", "x", "one of three");
	good(HEX "  x\n" HEX "  x\n", "x", "twice the same");
	good(SHA256 "  x\n" HEX "  x\n", "x", "beside another hash");
	good("786A02F742015903C6C6FD852552D272912F4740E15847618A86E217F71F5419"
	    "D25E1031AFEE585313896444934EB04B903A685B1448B755D56F701AFE9BE2CE"
	    "  x\n", "x", "capital letters");
}

static void
test_refused(void)
{
	uint8_t hash[SUMS_HASH];

	bad(STATUS_USAGE, "", NULL, "no line", "an empty file");
	bad(STATUS_USAGE, "\n#\n", NULL, "no line", "comments alone");
	bad(STATUS_USAGE, "{\"program\":\"pgb-verify\"}\n", NULL,
	    "no line of b2sum", "a report");
	bad(STATUS_USAGE, SHA256 "  x\n", NULL, "64 digits (sha256sum",
	    "sha256sum");
	bad(STATUS_USAGE, "SHA256 (x) = " SHA256 "\n", NULL, "64 digits",
	    "sha256sum --tag");
	bad(STATUS_USAGE, "SHA512 (x) = " HEX "\n", NULL, "no line of b2sum",
	    "another tag, as many digits");
	bad(STATUS_USAGE, "BLAKE2b-256 (x) = " SHA256 "\n", "x",
	    "b2sum -l 256", "a shorter hash");
	bad(STATUS_USAGE, HEX " x\n", NULL, "no line of b2sum", "one blank");
	bad(STATUS_USAGE, HEX "\n", NULL, "no line of b2sum", "no name");
	bad(STATUS_USAGE, HEX "  \n", NULL, "no line of b2sum",
	    "an empty name");
	bad(STATUS_USAGE, "x" HEX "  x\n", NULL, "no line of b2sum",
	    "what is no digit");
	bad(STATUS_USAGE, "0" HEX "  x\n", NULL, "no line of b2sum",
	    "a digit more");
	bad(STATUS_USAGE, "\\" HEX "  a\\x\n", NULL, "no line of b2sum",
	    "an escape that is none");
	bad(STATUS_USAGE, "\\" HEX "  a\\\n", NULL, "no line of b2sum",
	    "half an escape");
	bad(STATUS_USAGE, HEX "  x\n" ELSE "  y\n", NULL, "2 lines",
	    "two lines and no name");
	bad(STATUS_USAGE, HEX "  x\n" ELSE "  y\n", "z", "no line for z",
	    "another name");
	ok(strstr(said, "2, the first for x") != NULL, "and what there is");
	bad(STATUS_USAGE, HEX "  a\\b\n", "a\nb", "no line for",
	    "no escapes where none are announced");
	bad(STATUS_DATA, HEX "  x\n" ELSE "  x\n", "x", "two hashes for x",
	    "two hashes of a name");
	ok(load(HEX "  a\0b\n", sizeof(HEX "  a\0b\n") - 1, NULL, hash) ==
	    STATUS_USAGE, "a NUL");
	ok(sums_load("/nonexistent/x.b2", NULL, hash) == STATUS_USAGE,
	    "no such file");
}

static void
test_cut(void)
{
	static const char text[] = HEX "  x\n";
	uint8_t hash[SUMS_HASH];
	size_t len, good = 0;

	for (len = 0; len < sizeof(text) - 2; len++)
		good += load(text, len, NULL, hash) == STATUS_OK;
	ok(good == 0, "cut at every byte: refused");
}

int
main(void)
{
	int fd = mkstemp(path);

	if (fd == -1 || sodium_init() == -1)
		return (1);
	close(fd);
	crypto_generichash(empty, sizeof(empty), NULL, 0, NULL, 0);
	test_writing();
	test_reading();
	test_refused();
	test_cut();
	unlink(path);
	return (tap_done());
}
