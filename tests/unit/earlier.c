/* SPDX-License-Identifier: ISC */
/*
 * A report is read back as it was written; what cannot be a report, or not one
 * of ours, is refused with a line that says which member is wrong.
 */
#include "pgb-verify/report/earlier.c"

#include <unistd.h>

#include "record.h"
#include "tap.h"

#define HASH16	"0123456789abcdef"
#define HASH64	HASH16 HASH16 HASH16 HASH16
#define HASH128	HASH64 HASH64

#define HEAD	"\"program\":\"pgb-verify\",\"version\":\"1\",\"format\":1"
#define FOOT	"\"notes\":0,\"input\":\"custom archive\",\"bytes_in\":1000," \
	"\"bytes_out\":1000,\"proof\":\"carrier\"," \
	"\"started\":\"2026-11-28T02:00:00Z\",\"seconds\":1.25"
#define REPORT(more)	"{" HEAD "," FOOT more "}\n"
#define TABLE(more)	REPORT(",\"tables\":[{" more "}]")

static char path[] = "/tmp/pgb-earlier-XXXXXX";
static char said[8192];

static void
store(const void *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd == -1 || fd_write(fd, text, len) == -1)
		abort();
	close(fd);
}

static struct earlier *
load_text(const void *text, size_t len, enum status *status)
{
	int out[2], saved = dup(STDERR_FILENO);
	struct earlier *e;
	ssize_t n;

	store(text, len);
	if (pipe(out) == -1)
		abort();
	dup2(out[1], STDERR_FILENO);
	e = earlier_load(path, NULL, NULL, status);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(out[1]);
	n = read(out[0], said, sizeof(said) - 1);
	close(out[0]);
	said[n > 0 ? n : 0] = '\0';
	return (e);
}

static void
bad_bytes(const void *text, size_t len, const char *why, const char *what)
{
	enum status status;
	struct earlier *e = load_text(text, len, &status);
	const char *first = strstr(said, "error: ");

	if (!ok(e == NULL && status == STATUS_USAGE && first != NULL &&
	    strstr(first + 1, "error: ") == NULL && strstr(said, why) != NULL,
	    "%s", what))
		printf("# %d: %s", status, said);
	earlier_free(e);
}

static void
bad(const char *text, const char *why, const char *what)
{

	bad_bytes(text, strlen(text), why, what);
}

static struct earlier *
good(const char *text, const char *what)
{
	enum status status;
	struct earlier *e = load_text(text, strlen(text), &status);

	if (!ok(e != NULL && status == STATUS_OK && said[0] == '\0', "%s",
	    what)) {
		printf("# %d: %s", status, said);
		exit(1);
	}
	return (e);
}

/* --- what is taken ---------- */

/* Plain SQL may have a table in parts. */
static void
test_parts(void)
{
	static const char text[] = TABLE("\"schema\":\"s\",\"name\":\"t\","
	    "\"rows\":1,\"bytes\":10,\"blake2b\":\"" HASH128 "\"},"
	    "{\"schema\":\"s\",\"name\":\"u\",\"rows\":5,\"bytes\":1},"
	    "{\"database\":\"\",\"schema\":\"s\",\"name\":\"t\",\"rows\":2,"
	    "\"bytes\":20,\"blake2b\":\"" HASH128 "\"");
	struct earlier *e = good(text, "a table in parts");
	const struct earlier_table *t = earlier_find(e, "", "s", "t");

	ok(e->table_count == 2 && t != NULL && t->counted && t->rows == 3 &&
	    t->bytes == 30 && !t->hashed, "is one, without a hash");
	ok(e->rows == 8 && e->bytes == 31 && !e->has_objects,
	    "and the totals are those of all");
	earlier_free(e);
}

static void
test_whole(void)
{
	static const char text[] = REPORT(",\"through\":\"gpg\","
	    "\"archive\":\"custom\",\"archive_version\":\"1.15\","
	    "\"compression\":\"gzip\",\"database\":\"appdb\","
	    "\"server_version\":\"16.1\",\"dump_version\":\"16.1\","
	    "\"made\":\"2026-11-28 02:00:00\",\"encoding\":\"UTF8\","
	    "\"entries\":9,\"schema_blake2b\":\"" HASH128 "\",\"blocks\":3,"
	    "\"tables_with_data\":2,\"large_objects\":4,"
	    "\"large_object_bytes\":44,\"rows\":15,\"payload_bytes\":70,"
	    "\"data_bytes\":444,\"unchecked\":[\"a\",\"b\"],"
	    "\"blake2b\":\"" HASH128 "\",\"novel\":[{}],\"tables\":["
	    "{\"schema\":\"public\",\"name\":\"t\",\"rows\":12,\"bytes\":340,"
	    "\"stored\":120,\"blake2b\":\"" HASH128 "\"},"
	    "{\"schema\":\"a\",\"name\":\"u\",\"bytes\":4,\"x\":null},"
	    "{\"database\":\"z\",\"schema\":\"a\",\"name\":\"u\",\"rows\":3,"
	    "\"bytes\":6}]");
	struct earlier *e = good(text, "all members");
	const struct earlier_table *t;

	ok(e->text_len == strlen(text) && strcmp(e->text, text) == 0,
	    "the file itself, for its signature");
	ok(strcmp(e->path, path) == 0 && strcmp(e->database, "appdb") == 0 &&
	    strcmp(e->made, "2026-11-28 02:00:00") == 0, "names");
	ok(e->has_stream && e->stream_bytes == 1000 &&
	    e->stream_hash[0] == 0x01 && e->stream_hash[63] == 0xef &&
	    e->has_schema && e->schema_hash[63] == 0xef, "hashes");
	ok(e->rows == 15 && e->bytes == 350 && e->large_objects == 4 &&
	    e->large_object_bytes == 44, "totals");
	ok(e->table_count == 3, "tables");
	t = earlier_find(e, "", "public", "t");
	ok(t != NULL && t->counted && t->rows == 12 && t->bytes == 340 &&
	    t->hashed && t->hash[63] == 0xef, "a table");
	t = earlier_find(e, "", "a", "u");
	ok(t != NULL && !t->counted && t->bytes == 4 && !t->hashed,
	    "one that was not counted");
	t = earlier_find(e, "z", "a", "u");
	ok(t != NULL && t->rows == 3, "one of another database");
	ok(e->has_objects, "large objects were counted");
	ok(earlier_find(e, "", "a", "t") == NULL &&
	    earlier_find(e, "z", "public", "t") == NULL, "and none");
	earlier_free(e);
	earlier_free(NULL);
}

static void
test_least(void)
{
	struct earlier *e = good(REPORT(""), "no member that may be missing");

	ok(!e->has_stream && !e->has_schema && e->database[0] == '\0' &&
	    strcmp(e->made, "2026-11-28T02:00:00Z") == 0 &&
	    e->table_count == 0 && e->rows == 0 &&
	    earlier_find(e, "", "public", "t") == NULL, "is told so");
	earlier_free(e);
	e = good(REPORT(",\"rows\":7,\"data_bytes\":8,\"tables\":[]"),
	    "no tables");
	ok(e->rows == 7 && e->bytes == 8, "totals as they stand");
	earlier_free(e);
	e = good(REPORT(",\"row_bytes\":6,\"data_bytes\":8"),
	    "bytes of rows among bytes of data");
	ok(e->bytes == 6, "are those of the tables");
	earlier_free(e);
	e = good("  " REPORT("") "\n\n", "blanks around it");
	earlier_free(e);
}

/* As the program writes it. */
static void
test_record(void)
{
	static const char latin1[] = "gr\366\337e";
	struct record *r = record_new("pgb-verify"), *t;
	const struct earlier_table *found;
	struct earlier *e;
	char *line, *own;

	record_int(r, "notes", 0);
	record_str(r, "input", "custom archive");
	record_int(r, "bytes_in", UINT64_MAX / 2);
	record_int(r, "bytes_out", 0);
	record_str(r, "proof", "carrier");
	record_time(r, "started", 0);
	record_real(r, "seconds", 0.5);
	t = record_append(r, "tables");
	record_str(t, "schema", "public");
	record_str(t, "name", latin1);
	record_int(t, "bytes", 1);
	line = record_line(r);
	e = good(line, "a record");
	ok(e->stream_bytes == UINT64_MAX / 2, "2^63 - 1");
	found = earlier_find(e, "", "public", earlier_name(latin1, &own));
	ok(found != NULL && own != NULL && strcmp(own, "gr\\xf6\\xdfe") == 0,
	    "a name that is not UTF-8");
	free(own);
	ok(strcmp(earlier_name("gr\303\266\303\237e", &own),
	    "gr\303\266\303\237e") == 0 && own == NULL, "one that is");
	earlier_free(e);
	free(line);
	record_free(r);
}

/* --- what is not ---------- */

static void
test_kind(void)
{
	struct earlier *e;
	enum status status;

	bad("", "cut short", "an empty file");
	bad("[]", "not a report of pgb-verify", "an array");
	bad("7", "not a report", "a number");
	bad("0123abcd  x\n", "not a report", "a line of b2sum");
	bad("{}", "of no program", "an empty object");
	bad("{\"program\":7}", "of no program", "a number as program");
	bad("{\"program\":\"pgb-dump\",\"format\":1}", "a report of pgb-dump",
	    "another program's");
	bad("{\"program\":\"pgb-verify\",\"format\":2}", "format 2 is newer",
	    "a newer format");
	bad("{\"program\":\"pgb-verify\",\"format\":0}", "format: not 1",
	    "format 0");
	bad("{\"program\":\"pgb-verify\",\"format\":\"1\"}", "version: missing",
	    "no version");
	bad("{" HEAD "," FOOT, "cut short", "no closing brace");
	bad(REPORT("") "{}", "not a report", "something behind it");
	bad(REPORT(",\"rows\":1,\"rows\":2"), "not a report", "twice a member");
	bad(REPORT(",\"database\":\"a\\u0000b\""), "not a report",
	    "a NUL in a name");
	bad(REPORT(",\"database\":\"\377\""), "not a report",
	    "what is not UTF-8");
	bad(REPORT(",\"rows\":9223372036854775808"), "not a report", "2^63");
	e = earlier_load("/nonexistent/r", NULL, NULL, &status);
	ok(e == NULL && status == STATUS_USAGE, "no such file");
	e = earlier_load("/tmp", NULL, NULL, &status);
	ok(e == NULL && status == STATUS_USAGE, "a directory");
}

static void
test_values(void)
{

	bad("{" HEAD ",\"notes\":0,\"input\":\"x\"}", "bytes_in: missing",
	    "no bytes_in");
	bad(REPORT(",\"database\":7"), ": database: not a string",
	    "a number as name");
	bad(REPORT(",\"database\":null"), "database: not a string", "null");
	bad(REPORT(",\"rows\":\"7\""), "rows: not a whole number",
	    "a string as number");
	bad(REPORT(",\"rows\":7.0"), "rows: not a whole number", "a fraction");
	bad(REPORT(",\"rows\":-1"), "rows: negative", "a negative number");
	bad(REPORT(",\"second_contents\":1"), "second_contents: not true",
	    "a number as truth");
	bad(REPORT(",\"large_objects\":true"), "large_objects: not a whole",
	    "a truth");
	bad(REPORT(",\"blake2b\":\"" HASH64 "\""), "blake2b: not 128",
	    "a hash of 32 bytes");
	bad(REPORT(",\"blake2b\":\"" HASH128 "0\""), "blake2b: not 128",
	    "a digit more");
	bad(REPORT(",\"schema_blake2b\":\"x" HASH64 HASH16 HASH16 HASH16
	    "0123456789abcde\""), "schema_blake2b: not 128", "no digit");
	bad(REPORT(",\"unchecked\":[\"a\",7]"), "unchecked: not an array of "
	    "strings", "a number among strings");
	bad(REPORT(",\"tables\":{}"), "tables: not an array", "tables");
	bad("{" HEAD ",\"notes\":0,\"input\":\"x\",\"bytes_in\":0,"
	    "\"bytes_out\":0,\"proof\":\"x\",\"started\":\"x\",\"seconds\":-1}",
	    "seconds: negative", "negative seconds");
}

static void
test_tables(void)
{

	bad(REPORT(",\"tables\":[7]"), "tables[0]: not an object", "a number");
	bad(TABLE("\"name\":\"t\",\"bytes\":1"), "tables[0].schema: missing",
	    "no schema");
	bad(TABLE("\"schema\":\"s\",\"name\":\"t\""),
	    "tables[0].bytes: missing", "no bytes");
	bad(TABLE("\"schema\":\"s\",\"name\":\"t\",\"bytes\":-1"),
	    "tables[0].bytes: negative", "negative bytes");
	bad(TABLE("\"schema\":\"s\",\"name\":\"t\",\"bytes\":1,\"rows\":null"),
	    "tables[0].rows: not a whole number", "rows of null");
	bad(TABLE("\"schema\":\"s\",\"name\":\"t\",\"bytes\":1,"
	    "\"stored\":\"\""),
	    "tables[0].stored: not a whole", "stored");
	bad(TABLE("\"schema\":\"s\",\"name\":\"t\",\"bytes\":1,\"blake2b\":"
	    "\"\""), "tables[0].blake2b: not 128", "an empty hash");
	bad(TABLE("\"schema\":\"s\",\"name\":\"1\",\"bytes\":"
	    "9223372036854775807},{\"schema\":\"s\",\"name\":\"2\",\"bytes\":"
	    "9223372036854775807},{\"schema\":\"s\",\"name\":\"3\","
	    "\"bytes\":2"),
	    "more than there can be", "2^64 bytes");
}

static void
test_cut(void)
{
	static const char text[] = TABLE("\"schema\":\"s\",\"name\":\"t\","
	    "\"bytes\":1");
	size_t len, taken = 0;
	enum status status;
	struct earlier *e;

	for (len = 0; len < sizeof(text) - 2; len++) {
		e = load_text(text, len, &status);
		taken += e != NULL || status != STATUS_USAGE;
		earlier_free(e);
	}
	ok(taken == 0, "cut at every byte: refused");
}

static void
test_large(void)
{
	size_t len = FILE_MAX + 1;
	char *text = malloc(len);

	if (text == NULL)
		abort();
	memset(text, ' ', len);
	bad_bytes(text, len, "larger than", "more than 64 MiB");
	memset(text, '[', VALUES_MAX + 1);
	bad_bytes(text, VALUES_MAX + 1, "values", "too many values");
	memset(text, '[', 100000);
	bad_bytes(text, 100000, "not a report", "too deep");
	free(text);
}

static void
looks(const char *text, bool want, const char *what)
{

	store(text, strlen(text));
	ok(earlier_is_report(path) == want, "%s", what);
}

int
main(void)
{
	int fd = mkstemp(path);

	if (fd == -1 || sodium_init() == -1)
		return (1);
	close(fd);
	test_whole();
	test_parts();
	test_least();
	test_record();
	test_kind();
	test_values();
	test_tables();
	test_cut();
	test_large();
	looks("{\"program\"", true, "looks like a report");
	looks("\n {", true, "behind blanks");
	looks("", false, "an empty file does not");
	looks(HASH128 "  x\n", false, "nor lines of b2sum");
	ok(!earlier_is_report("/tmp") && !earlier_is_report("/nonexistent"),
	    "nor what is no file");
	unlink(path);
	return (tap_done());
}
