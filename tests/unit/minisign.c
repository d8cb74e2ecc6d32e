/* SPDX-License-Identifier: ISC */
/*
 * minisign's signatures hold here and ours hold as minisign's do; what has been
 * changed, cut or signed with another key does not, and is told in one line.
 */
#include "pgb-verify/report/minisign-key.c"
#include "pgb-verify/report/minisign.c"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sanitizer.h"
#include "tap.h"
#include "minisign-vectors.h"

#define PASSWORD	"correct horse\n"
#define REPORT_LEN	(sizeof(vector_report) - 1)

static char dir[] = "/tmp/pgb-minisign-XXXXXX";
static char key_path[64], sig_path[64], pub_path[64], pass_path[64];
static char said[8192];

/* --- files, and what is said ---------- */

static void
store(const char *path, const void *p, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || fd_write(fd, p, len) == -1 || fchmod(fd, mode) == -1)
		abort();
	close(fd);
}

static int saved_err, told[2];

static void
listen_to(void)
{

	if (pipe(told) == -1 || (saved_err = dup(STDERR_FILENO)) == -1)
		abort();
	dup2(told[1], STDERR_FILENO);
}

static void
listened(void)
{
	ssize_t n;

	dup2(saved_err, STDERR_FILENO);
	close(saved_err);
	close(told[1]);
	n = read(told[0], said, sizeof(said) - 1);
	close(told[0]);
	said[n > 0 ? n : 0] = '\0';
}

/* Error lines in what was said. */
static int
errors(void)
{
	const char *p = said;
	int n = 0;

	for (; (p = strstr(p, ": error: ")) != NULL; p++)
		n++;
	return (n);
}

static struct minisign_key *
load(const char *path, enum status *status)
{
	struct passphrase_source from = { pass_path, -1 };
	struct minisign_key *k;

	listen_to();
	k = minisign_load(path, &from, status);
	listened();
	return (k);
}

static enum status
verify(const char *pubkey, const void *sig, size_t len, const void *buf,
    size_t buf_len, char **comment)
{
	enum status status;

	store(sig_path, sig, len, 0644);
	listen_to();
	status = minisign_verify(pubkey, sig_path, buf, buf_len, comment);
	listened();
	return (status);
}

/* The second line, which is what -P takes. */
static const char *
key_line(const char *file)
{
	static char line[128];
	const char *lf = strchr(file, '\n');

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(lf + 1, "\n"),
	    lf + 1);
	return (line);
}

static char *
with_cr(const char *text)
{
	char *out = malloc(2 * strlen(text) + 1), *to = out;

	if (out == NULL)
		abort();
	for (; *text != '\0'; *to++ = *text++)
		if (*text == '\n')
			*to++ = '\r';
	*to = '\0';
	return (out);
}

/* --- what minisign has signed ---------- */

static void
good_signature(const char *pubkey, const char *sig, const char *buf,
    size_t len, const char *want, const char *name)
{
	char *comment = NULL;
	enum status status;

	status = verify(pubkey, sig, strlen(sig), buf, len, &comment);
	if (ok(status == STATUS_OK && said[0] == '\0' && comment != NULL,
	    "%s", name) && want != NULL)
		same(comment, want, name);
	free(comment);
}

static void
bad_signature(enum status want, const char *pubkey, const char *sig,
    size_t sig_len, const char *buf, const char *why, const char *name)
{
	char *comment = NULL;
	enum status status;

	status = verify(pubkey, sig, sig_len, buf, strlen(buf), &comment);
	if (!ok(status == want && errors() == 1 && comment == NULL &&
	    strstr(said, why) != NULL, "%s", name))
		printf("# %d: %s", status, said);
	free(comment);
}

static void
test_theirs(void)
{
	char *cr = with_cr(vector_signature), *pub_cr = with_cr(vector_public);

	good_signature(pub_path, vector_signature, vector_report, REPORT_LEN,
	    "a trusted\tcomment", "minisign's, key in a file");
	good_signature(key_line(vector_public), vector_signature,
	    vector_report, REPORT_LEN, "a trusted\tcomment", "key as text");
	good_signature(pub_path, vector_empty, "", 0, NULL, "of no bytes");
	good_signature(pub_path, cr, vector_report, REPORT_LEN,
	    "a trusted\tcomment", "lines that end in CR LF");
	store(pub_path, pub_cr, strlen(pub_cr), 0644);
	good_signature(pub_path, cr, vector_report, REPORT_LEN, NULL,
	    "and of the key");
	store(pub_path, key_line(vector_public), 56, 0644);
	good_signature(pub_path, vector_signature, vector_report, REPORT_LEN,
	    NULL, "a key file of the key alone");
	store(pub_path, vector_public, strlen(vector_public), 0644);
	ok(verify(pub_path, vector_signature, strlen(vector_signature),
	    vector_report, REPORT_LEN, NULL) == STATUS_OK,
	    "a comment that is not wanted");
	free(cr);
	free(pub_cr);
}

/* text with one part of it replaced, which must be there. */
static const char *
instead(const char *text, const char *part, const char *other)
{
	static char out[4096];
	const char *at = strstr(text, part);

	if (at == NULL)
		abort();
	snprintf(out, sizeof(out), "%.*s%s%s", (int)(at - text), text, other,
	    at + strlen(part));
	return (out);
}

static void
bad(const char *sig, const char *why, const char *name)
{

	bad_signature(STATUS_DATA, pub_path, sig, strlen(sig), vector_report,
	    why, name);
}

static void
test_refused(void)
{
	static char large[20000];
	const char *other = key_line(vector_other_public);
	char nul[1024];

	bad(vector_legacy, "legacy", "a legacy signature");
	ok(strstr(said, "hint: sign again without -l") != NULL, "and a hint");
	bad(vector_other, "signed with key 89D0C72CF3F437D1, not with "
	    "290A18C387A34F9C", "another key's: both are told");
	bad_signature(STATUS_DATA, other, vector_signature,
	    strlen(vector_signature), vector_report, "not with 89D0",
	    "to be another key's");
	bad_signature(STATUS_DATA, pub_path, vector_signature,
	    strlen(vector_signature), "{\"program\":\"pgb-verify\"} \n",
	    "has been changed, or is another file", "a report with a blank");
	bad_signature(STATUS_DATA, pub_path, vector_signature,
	    strlen(vector_signature), "", "has been changed", "no report");
	bad(instead(vector_signature, "a trusted", "A trusted"), "its trusted "
	    "comment has been changed", "another trusted comment");
	bad(instead(vector_signature, "comment\np", "comment \np"), "comment "
	    "has been changed", "a blank behind it");
	bad(vector_empty, "is another file", "another file's signature");
	bad("", "no signature in it", "an empty file");
	bad("\n\r\n", "no signature in it", "line ends alone");
	bad(instead(vector_signature, "untrusted comment:", "comment:"),
	    "not a signature", "no untrusted comment");
	bad(instead(vector_signature, "\ntrusted comment:", "\ncomment:"),
	    "line 3", "no trusted comment");
	bad(instead(vector_signature, "RUScT", "RUSc"), "line 2",
	    "a character less in line 2");
	bad(instead(vector_signature, "RUScT", "RU-cT"), "line 2",
	    "what is not base64");
	bad(instead(vector_signature, "RUSc", "QUSc"), "not known",
	    "another algorithm");
	bad(instead(vector_signature, "\ntrusted", "\n\ntrusted"), "stands "
	    "behind", "an empty line between");
	snprintf(nul, sizeof(nul), "%sx\n", vector_signature);
	bad(nul, "stands behind", "a line behind it");
	memcpy(nul, vector_signature, sizeof(vector_signature));
	nul[25] = '\0';
	bad_signature(STATUS_DATA, pub_path, nul, strlen(vector_signature),
	    vector_report, "not a signature", "a NUL");
	memset(large, 'x', sizeof(large));
	bad_signature(STATUS_DATA, pub_path, large, sizeof(large),
	    vector_report, "larger", "a large file");
	bad(vector_report, "not a signature", "a report in its place");
}

static void
test_cut(void)
{
	size_t len, whole = strlen(vector_signature), good = 0;

	for (len = 0; len < whole - 1; len++)
		good += verify(pub_path, vector_signature, len, vector_report,
		    REPORT_LEN, NULL) != STATUS_DATA || errors() != 1;
	ok(good == 0, "cut at every byte: refused");
	ok(verify(pub_path, vector_signature, whole - 1, vector_report,
	    REPORT_LEN, NULL) == STATUS_OK, "the last LF may lack");
}

/* But in the untrusted comment, which is not signed. */
static void
test_flipped(void)
{
	char sig[1024];
	size_t i, bit, good = 0, len = strlen(vector_signature);
	size_t from = strcspn(vector_signature, "\n") + 1;

	for (i = from; i < len - 1; i++)
		for (bit = 0; bit < 8; bit++) {
			memcpy(sig, vector_signature, len);
			sig[i] = (char)(sig[i] ^ 1 << bit);
			good += verify(pub_path, sig, len, vector_report,
			    REPORT_LEN, NULL) != STATUS_DATA || errors() != 1;
		}
	ok(good == 0, "each bit flipped: refused");
}

static void
bad_public(const char *pubkey, const char *why, const char *name)
{

	bad_signature(STATUS_USAGE, pubkey, vector_signature,
	    strlen(vector_signature), vector_report, why, name);
}

static void
bad_public_file(const char *text, const char *why, const char *name)
{

	store(pub_path, text, strlen(text), 0644);
	bad_public(pub_path, why, name);
}

static void
test_public(void)
{
	char text[256];

	bad_public("/nonexistent/key.pub", "No such file", "no such key file");
	snprintf(text, sizeof(text), "%.55s", key_line(vector_public));
	bad_public(text, "hint: a public key has 56 characters, this has 55",
	    "a key as text that is too short");
	snprintf(text, sizeof(text), "%.212s", strchr(vector_key, '\n') + 1);
	bad_public(text, "secret key", "a secret key on the command line");
	ok(strstr(said, "AAAA") == NULL, "and it is not shown");
	bad_public_file("", "no key", "an empty key file");
	bad_public_file(vector_key, "a secret key where a public one",
	    "a secret key file");
	bad_public_file("untrusted comment: x\n", "not a public key",
	    "a comment alone");
	bad_public_file(instead(vector_public, "RWSc", "RUSc"),
	    "not a public key", "a key of another kind");
	snprintf(text, sizeof(text), "%s\nx", vector_public);
	bad_public_file(text, "not a public key", "three lines");
	bad_public_file(vector_signature, "not a public key",
	    "a signature in its place");
	store(pub_path, vector_public, strlen(vector_public), 0644);
	unlink(sig_path);
	listen_to();
	ok(minisign_verify(pub_path, sig_path, "", 0, NULL) == STATUS_USAGE,
	    "no signature file");
	listened();
	ok(errors() == 1 && strstr(said, "No such file") != NULL, "is told");
}

/* --- secret keys ---------- */

/* It is the vectors' key. */
static void
good_key(const char *text, const char *name)
{
	struct minisign_key *k;
	enum status status;
	char *sig;

	store(key_path, text, strlen(text), 0600);
	k = load(key_path, &status);
	if (!ok(k != NULL && status == STATUS_OK && said[0] == '\0', "%s",
	    name)) {
		printf("# %d: %s", status, said);
		return;
	}
	sig = minisign_sign(k, vector_report, REPORT_LEN, "ours");
	good_signature(pub_path, sig, vector_report, REPORT_LEN, "ours", name);
	bad_signature(STATUS_DATA, pub_path, sig, strlen(sig), "another",
	    "changed", name);
	free(sig);
	minisign_free(k);
}

static void
bad_key(enum status want, const char *text, mode_t mode, const char *why,
    const char *name)
{
	struct minisign_key *k;
	enum status status;

	store(key_path, text, strlen(text), mode);
	k = load(key_path, &status);
	if (!ok(k == NULL && status == want && errors() == 1 &&
	    strstr(said, why) != NULL && strstr(said, "RW") == NULL,
	    "%s", name))
		printf("# %d: %s", status, said);
	minisign_free(k);
}

/* The vectors' plain key with a byte of it changed. */
static const char *
damaged(size_t at, uint8_t by)
{
	static char text[512];
	uint8_t raw[sizeof(struct secret_key)];
	struct minisign_line l;
	char line[256];

	l.text = strchr(vector_key, '\n') + 1;
	l.len = strcspn(l.text, "\n");
	if (!minisign_unbase64(&l, raw, sizeof(raw)))
		abort();
	raw[at] ^= by;
	sodium_bin2base64(line, sizeof(line), raw, sizeof(raw),
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(text, sizeof(text), "untrusted comment: x\n%s\n", line);
	return (text);
}

static void
test_keys(void)
{
	char *cr = with_cr(vector_key);
	struct minisign_key *k;
	enum status status;

	good_key(vector_key, "a key without a password");
	good_key(cr, "in lines that end in CR LF");
	good_key(vector_light, "a key under a password");
	free(cr);
	minisign_free(NULL);

	bad_key(STATUS_USAGE, vector_key, 0640, "others may read or change it",
	    "mode 0640");
	bad_key(STATUS_USAGE, vector_key, 0602, "others may read or change it",
	    "mode 0602");
	bad_key(STATUS_USAGE, "", 0600, "no key", "an empty file");
	bad_key(STATUS_USAGE, vector_public, 0600, "a public key where a "
	    "secret one", "a public key");
	bad_key(STATUS_USAGE, vector_report, 0600, "not a secret key",
	    "a report in its place");
	bad_key(STATUS_USAGE, "a\nb\nc\n", 0600, "not a secret key",
	    "three lines");
	bad_key(STATUS_USAGE, damaged(0, 1), 0600, "not a secret key",
	    "another algorithm");
	bad_key(STATUS_USAGE, damaged(2, 1), 0600, "not known", "another KDF");
	bad_key(STATUS_USAGE, damaged(4, 1), 0600, "not known",
	    "another checksum");
	bad_key(STATUS_USAGE, damaged(54 + 8, 1), 0600, "damaged",
	    "a bit of the seed");
	bad_key(STATUS_USAGE, damaged(54 + 8 + 32, 1), 0600, "damaged",
	    "a bit of the public half, which would give the key away");

	store(pass_path, "wrong\n", 6, 0600);
	bad_key(STATUS_USAGE, vector_light, 0600, "another password",
	    "a wrong password");
	store(pass_path, "\n", 1, 0600);
	bad_key(STATUS_USAGE, vector_light, 0600, "no passphrase",
	    "an empty password");
	store(pass_path, PASSWORD, strlen(PASSWORD), 0600);

	unlink(key_path);
	k = load(key_path, &status);
	ok(k == NULL && status == STATUS_USAGE && errors() == 1, "no key file");
	k = load(strchr(vector_locked, '\n') + 1, &status);
	ok(k == NULL && status == STATUS_USAGE && errors() == 1 &&
	    strstr(said, "RW") == NULL, "the key itself as its name");
}

/* A password's cost: what minisign never asks for, and what we cannot give. */
static void
test_cost(void)
{
	uint8_t raw[sizeof(struct secret_key)] = "EdScB2";
	char text[512], line[256];
	struct rlimit limit = { 512 << 20, 512 << 20 };
	pid_t pid;
	int status;

	memset(raw + 46, 0xff, 8);
	sodium_bin2base64(line, sizeof(line), raw, sizeof(raw),
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(text, sizeof(text), "untrusted comment: x\n%s\n", line);
	bad_key(STATUS_USAGE, text, 0600, "more work", "2^64 bytes of memory");

	/* Its own memory is more than any limit. */
	if (SANITIZER)
		return;
	fflush(stdout);
	if ((pid = fork()) == 0) {
		if (setrlimit(RLIMIT_AS, &limit) == -1)
			_exit(9);
		bad_key(STATUS_LOCAL, vector_locked, 0600, "takes 1024 MiB of "
		    "memory", "less memory than a password takes");
		ok(strstr(said, "hint: minisign -C -W") != NULL, "and a hint");
		fflush(stdout);
		_exit(tap_failed);
	}
	if (waitpid(pid, &status, 0) != pid)
		abort();
	tap_count += 2;
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "both, where memory is limited");
}

/* --- trusted comments ---------- */

static void
comment_is(struct minisign_key *k, const char *comment, const char *want,
    const char *name)
{
	char *sig = minisign_sign(k, "x", 1, comment);

	good_signature(pub_path, sig, "x", 1, want, name);
	free(sig);
}

static void
test_comments(void)
{
	static char large[3 * MINISIGN_COMMENT], cut[MINISIGN_COMMENT + 1];
	struct minisign_key *k;
	enum status status;
	char *sig, *lf;
	int lines = 0;

	store(key_path, vector_key, strlen(vector_key), 0600);
	k = load(key_path, &status);
	comment_is(k, "", "", "no comment");
	comment_is(k, "\ta\t\tb\t", "\ta\t\tb\t", "tabs");
	comment_is(k, "Gr\303\266\303\237e", "Gr\303\266\303\237e", "UTF-8");
	comment_is(k, "a\nb\rc\033[d\377", "a\\x0ab\\x0dc\\x1b[d\\xff",
	    "what does not print");
	memset(large, 'x', sizeof(large) - 1);
	memset(cut, 'x', MINISIGN_COMMENT - 3);
	comment_is(k, large, cut, "a long one is cut");
	memset(large, '\t', 10);
	large[2000] = '\t';
	memset(cut, '\t', 10);
	comment_is(k, large, cut, "and nothing follows the cut");

	sig = minisign_sign(k, "x", 1, "c");
	for (lf = sig; (lf = strchr(lf, '\n')) != NULL; lf++)
		lines++;
	ok(lines == 4 && sig[strlen(sig) - 1] == '\n' &&
	    strncmp(sig, UNTRUSTED, strlen(UNTRUSTED)) == 0 &&
	    strstr(sig, "key 290A18C387A34F9C\n") != NULL,
	    "four lines, the key's ID in the first");
	free(sig);
	minisign_free(k);
}

/* Ed25519 has no chance in it: we sign as minisign does. */
static void
test_equal(void)
{
	struct minisign_key *k;
	enum status status;
	char *sig;

	store(key_path, vector_key, strlen(vector_key), 0600);
	k = load(key_path, &status);
	sig = minisign_sign(k, vector_report, REPORT_LEN, "a trusted\tcomment");
	same(strchr(sig, '\n'), strchr(vector_signature, '\n'),
	    "the same bytes as minisign's");
	free(sig);
	minisign_free(k);
}

int
main(void)
{

	if (sodium_init() == -1 || mkdtemp(dir) == NULL)
		return (1);
	snprintf(key_path, sizeof(key_path), "%s/key", dir);
	snprintf(sig_path, sizeof(sig_path), "%s/sig", dir);
	snprintf(pub_path, sizeof(pub_path), "%s/pub", dir);
	snprintf(pass_path, sizeof(pass_path), "%s/pass", dir);
	store(pub_path, vector_public, strlen(vector_public), 0644);
	store(pass_path, PASSWORD, strlen(PASSWORD), 0600);

	test_theirs();
	test_refused();
	test_cut();
	test_flipped();
	test_public();
	test_keys();
	test_cost();
	test_comments();
	test_equal();

	unlink(key_path);
	unlink(sig_path);
	unlink(pub_path);
	unlink(pass_path);
	rmdir(dir);
	return (tap_done());
}
