/* SPDX-License-Identifier: ISC */
/* Promise: a plugin wraps and unwraps as the protocol says; whatever one does
 * wrong ends with one line that names it, and it does not outlive the call. */
#include <signal.h>
#include <sys/stat.h>

#include "sig.h"

#include "plugin-try.h"

static int
name_of(const char *hrp, char name[PLUGIN_NAME_MAX])
{
	static const uint8_t data[32] = "data";
	char s[256];

	bech32_encode(hrp, data, sizeof(data), s);
	return (plugin_name(s, strlen(s), name));
}

static void
test_names(void)
{
	static const uint8_t long_data[BECH32_DATA_MAX];
	char name[PLUGIN_NAME_MAX], s[BECH32_LEN(8, BECH32_DATA_MAX) + 1];
	char hrp[128];

	ok(name_of("age1yubikey", name) == 0 && strcmp(name, "yubikey") == 0,
	    "a recipient's name");
	ok(name_of("AGE-PLUGIN-YUBIKEY-", name) == 0 &&
	    strcmp(name, "yubikey") == 0, "an identity's name, in lower case");
	ok(name_of("age1a1b.c+d_e-f", name) == 0 &&
	    strcmp(name, "a1b.c+d_e-f") == 0, "all that a name may have");
	ok(name_of("AGE-PLUGIN-X-Y-", name) == 0 && strcmp(name, "x-y") == 0,
	    "a hyphen in an identity's name");
	ok(name_of("age", name) == -1 && name_of("age1", name) == -1 &&
	    name_of("AGE-SECRET-KEY-", name) == -1 &&
	    name_of("AGE-SECRET-KEY-PQ-", name) == -1 &&
	    name_of("AGE-PLUGIN-", name) == -1 &&
	    name_of("AGE-PLUGIN--", name) == -1, "no name");
	ok(name_of("AGE-PLUGIN-X", name) == -1, "no hyphen at the end");
	ok(name_of("AGE1X", name) == -1 && name_of("age-plugin-x-", name) == -1,
	    "the other case");
	ok(name_of("age1a/b", name) == -1 && name_of("age1../x", name) == -1 &&
	    name_of("age1a%b", name) == -1, "no name for a file");
	snprintf(hrp, sizeof(hrp), "age1%063d", 0);
	ok(name_of(hrp, name) == 0 && strlen(name) == 63, "the longest name");
	snprintf(hrp, sizeof(hrp), "age1%064d", 0);
	ok(name_of(hrp, name) == -1, "a name that is too long");
	snprintf(hrp, sizeof(hrp), "AGE-PLUGIN-%063d-", 0);
	ok(name_of(hrp, name) == 0 && strlen(name) == 63, "and of an identity");
	bech32_encode("age1pq", long_data, 1216, s);
	ok(strlen(s) == 1959 && plugin_name(s, strlen(s), name) == 0 &&
	    strcmp(name, "pq") == 0, "a post-quantum recipient");
	s[1000] = s[1000] == 'q' ? 'p' : 'q';
	ok(plugin_name(s, strlen(s), name) == -1, "a damaged one");
	bech32_encode("AGE-PLUGIN-X-", NULL, 0, s);
	ok(plugin_name(s, strlen(s), name) == 0, "an identity without data");
}

static void
test_path(void)
{
	char path[256], other[64];

	snprintf(other, sizeof(other), "%s/other", dir);
	mkdir(other, 0700);
	ok(plugin_there("fake"), "the plugin is there");
	ok(!plugin_there("fak") && !plugin_there("fake/") &&
	    !plugin_there("") && !plugin_there("../age-plugin-fake"),
	    "others are not");
	if (chdir(dir) == -1)
		ok(false, "chdir");
	setenv("PATH", "", 1);
	ok(!plugin_there("fake"), "an empty PATH");
	setenv("PATH", ":.:other::", 1);
	ok(!plugin_there("fake"), "none in the current directory");
	unsetenv("PATH");
	ok(!plugin_there("fake"), "no PATH");
	snprintf(path, sizeof(path), ".::%s", dir);
	setenv("PATH", path, 1);
	ok(plugin_there("fake"), "the last of PATH, behind relative ones");
	snprintf(path, sizeof(path), "%s/age-plugin-fake", other);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s:%s", other, dir);
	setenv("PATH", path, 1);
	ok(plugin_there("fake") && wrap(NULL, NULL, 1, 0) == STATUS_OK,
	    "a directory of that name is passed over");
	setenv("PATH", other, 1);
	wrap(NULL, NULL, 1, 0);
	refused("nowhere", STATUS_USAGE, "not found in PATH");
	snprintf(path, sizeof(path), "%s/age-plugin-fake", other);
	rmdir(path);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	ok(!plugin_there("fake"), "nor one that is not executable");
	chmod(path, 0700);
	if (truncate(path, 10) == -1)
		ok(false, "truncate");
	wrap(NULL, NULL, 1, 0);
	refused("zeros", STATUS_LOCAL, "Exec format error");
	unlink(path);
	rmdir(other);
	setenv("PATH", dir, 1);
	if (chdir("/") == -1)
		ok(false, "chdir");
}

static void
test_there_and_back(void)
{
	static const char b64[] = "MDEyMzQ1Njc4OWFiY2RlZg";
	struct age_header h;
	uint8_t got[AGE_FILE_KEY_LEN];
	char start[1024];
	size_t i;
	int fds = open_fds();

	ok(wrap(NULL, NULL, 2, 1) == STATUS_OK && told[0] == '\0',
	    "two recipients and an identity, in silence");
	snprintf(start, sizeof(start), " argv --age-plugin=recipient-v1 cwd / "
	    "fds %d pipe default\n-> add-recipient %s\n\n-> add-recipient %s\n"
	    "\n-> add-identity %s\n\n-> wrap-file-key\n%s\n-> extension-labels"
	    "\n\n-> done\n\n-> ok\n\n-> ok\n\n-> ok\n\n", given_fds(),
	    recipient[0], recipient[1], identity[0], b64);
	ok(strstr(log_text(), start) != NULL, "what it was told, from / and "
	    "with nothing of ours open");
	make_header(&h, text.buf, text.len);
	ok(h.count == 3 && age_stanza_is(&h, 0, "fake"), "three stanzas");
	for (i = 0; i < 2; i++) {
		memset(got, 0, sizeof(got));
		ok(unwrap(NULL, NULL, &h, i, got) == 1 && status == STATUS_OK &&
		    memcmp(got, file_key, sizeof(got)) == 0,
		    "identity %zu opens it", i);
	}
	ok(unwrap(NULL, NULL, &h, 2, got) == 0 && status == STATUS_OK &&
	    told[0] == '\0', "identity 2 does not");
	snprintf(start, sizeof(start), "-> add-identity %s\n\n-> recipient-"
	    "stanza 0 fake %.8s\n", identity[2],
	    strrchr(recipient[0], '1') + 1);
	ok(strstr(log_text(), start) != NULL, "it was told the stanzas");
	age_header_wipe(&h);
	forget();
	ok(open_fds() == fds, "no descriptor is left");
	ok(childless(), "no child is left");
}

static void
test_much(void)
{
	struct age_header h;
	struct age_text big = { 0 };
	const char *args[] = { "big", "1" };
	static uint8_t body[1500000];
	uint8_t got[AGE_FILE_KEY_LEN];

	ok(wrap("flood", NULL, 1, 0) == STATUS_OK &&
	    lines_with("error") == 0 && lines_with("pgb: age-plugin-fake: a "
	    "line of stderr that nobody wants\n") > 1000,
	    "much on stderr before it reads");
	ok(wrap("early", NULL, 1, 0) == STATUS_OK && text.len > 0,
	    "much on stdout before it reads");
	/* Both ways at once, each more than a pipe takes. */
	age_text_put(&big, text.buf, text.len);
	age_text_stanza(&big, args, 2, body, sizeof(body));
	make_header(&h, big.buf, big.len);
	ok(unwrap("early", NULL, &h, 0, got) == 1 &&
	    memcmp(got, file_key, sizeof(got)) == 0,
	    "a header of 2 MB, and much on stdout before it is read");
	ok(unwrap("flood", NULL, &h, 0, got) == 1, "and much on stderr");
	forget();
	ok(unwrap("die", NULL, &h, 0, got) == -1, "nobody reads it");
	refused("nobody reads a header of 2 MB", STATUS_LOCAL, "status 3");
	age_header_wipe(&h);
	age_text_wipe(&big);
}

static void
test_labels(void)
{
	struct plugin_labels other = { 0 };

	ok(wrap("labels", NULL, 1, 0) == STATUS_OK && labels.count == 2 &&
	    strcmp(labels.v[0], "a") == 0 && strcmp(labels.v[1], "b") == 0,
	    "labels: sorted, each once");
	ok(plugin_labels_same(&labels, &labels) &&
	    !plugin_labels_same(&labels, &other) &&
	    !plugin_labels_same(&other, &labels), "they are compared");
	other = labels;
	other.count = 1;
	ok(!plugin_labels_same(&labels, &other) &&
	    !plugin_labels_same(&other, &labels), "fewer are not the same");
	ok(wrap(NULL, NULL, 1, 0) == STATUS_OK && labels.count == 0 &&
	    plugin_labels_same(&labels, &labels), "none");
	wrap(NULL, "-> labels a\n\n-> labels a\n\n", 1, 0);
	refused("labels twice", STATUS_LOCAL, "labels again");
	wrap(NULL, "-> labels\n\n-> labels\n\n", 1, 0);
	refused("no labels twice", STATUS_LOCAL, "labels again");
	wrap(NULL, "-> labels a\n\n-> done\n\n", 1, 0);
	refused("labels alone", STATUS_LOCAL, "no stanza");
}

static void
test_questions(void)
{
	static const char *const said[] = { "n", "", "Ann", "sesame", NULL };
	static const char *const odd[] = { "x", "", "Yes", "no", "no", "no",
	    NULL };

	answers = said;
	ok(wrap("ask", NULL, 1, 0) == STATUS_OK, "messages and questions");
	same(told, "pgb: note: age-plugin-fake: touch\n"
	    "pgb: note: age-plugin-fake: the \\x1b[31mtoken\n", "messages");
	same(asked, "age-plugin-fake: Go on [y: Yes, n: No] <seen>\n"
	    "age-plugin-fake: Insert it [Enter: Yes] <seen>\n"
	    "age-plugin-fake: Name: <seen>\n"
	    "age-plugin-fake: PIN: <hidden>\n", "questions");
	ok(strstr(log_text(), "-> done\n\n-> unsupported\n\n-> ok\n\n"
	    "-> ok no\n\n-> ok yes\n\n-> ok\nQW5u\n-> ok\nc2VzYW1l\n-> ok\n\n")
	    != NULL, "answers");

	answers = odd;
	wrap("ask", NULL, 1, 0);
	ok(strstr(log_text(), "-> unsupported\n\n-> ok\n\n-> ok yes\n\n"
	    "-> fail\n\n-> fail\n\n-> fail\n\n-> ok\n\n") != NULL,
	    "asked again, but not for ever; an end of file is a failure");

	answers = NULL;
	ok(wrap("ask", NULL, 1, 0) == STATUS_OK &&
	    lines_with("no terminal") == 4, "no terminal, which is told");
	ok(strstr(log_text(), "-> unsupported\n\n-> ok\n\n-> fail\n\n-> fail\n"
	    "\n-> fail\n\n-> fail\n\n-> ok\n\n") != NULL, "all fail then");

	wrap(NULL, "-> confirm\n\n", 1, 0);
	refused("confirm", STATUS_LOCAL, "malformed confirm");
	wrap(NULL, "-> confirm WWVz Tm8 Tm8\n\n", 1, 0);
	refused("confirm", STATUS_LOCAL, "malformed confirm");
	wrap(NULL, "-> confirm WWVz=\n\n", 1, 0);
	refused("confirm", STATUS_LOCAL, "malformed confirm");
}

static void
test_errors(void)
{
	struct age_header h;
	uint8_t got[AGE_FILE_KEY_LEN];

	wrap(NULL, "-> error recipient 1\nbm8gdG9rZW4\n-> done\n\n", 2, 0);
	refused("recipient", STATUS_USAGE, "fake: recipient 2: no token\n");
	wrap(NULL, "-> error identity 0\nbm8gdG9rZW4\n-> done\n\n", 0, 1);
	refused("identity", STATUS_USAGE, "fake: identity 1: no token\n");
	wrap(NULL, "-> error internal\nbm8KdG9rZW4K\n-> done\n\n", 1, 0);
	refused("internal", STATUS_USAGE, "fake: no token\n");
	wrap(NULL, "-> error internal\n\n-> done\n\n", 1, 0);
	refused("mute", STATUS_USAGE, "does not explain\n");
	wrap(NULL, "-> error\n\n", 1, 0);
	refused("mute, breaks off", STATUS_USAGE, "does not explain\n");
	wrap(NULL, "-> error internal\nbm8\n-> error internal\nYWdhaW4\n"
	    "nonsense\n", 1, 0);
	refused("the first counts", STATUS_USAGE, "fake: no\n");
	wrap(NULL, "-> recipient-stanza 0 x\n\n-> error internal\nbm8\n"
	    "-> done\n\n", 1, 0);
	refused("a stanza beside it", STATUS_USAGE, "fake: no\n");
	wrap(NULL, "-> error recipient 99999999999999999999\nbm8\n-> done\n\n",
	    1, 0);
	refused("a number", STATUS_USAGE, "fake: no\n");

	wrap(NULL, NULL, 1, 0);
	make_header(&h, text.buf, text.len);
	forget();
	ok(unwrap(NULL, "-> error stanza 0 0\nbm8\n-> done\n\n", &h, 0, got) ==
	    -1, "a bad stanza");
	refused("stanza", STATUS_DATA, "fake: stanza 1: no\n");
	ok(unwrap(NULL, "-> file-key 0\nMDEyMzQ1Njc4OWFiY2RlZg\n"
	    "-> error identity 0\nbm8\n-> done\n\n", &h, 0, got) == -1,
	    "an error behind a file key");
	refused("identity", STATUS_USAGE, "fake: identity 1: no\n");
	age_header_wipe(&h);
}

static void
test_unwrap_refused(void)
{
	static const struct {
		const char *name, *say, *line;
	} v[] = {
		{ "24 bytes", "-> file-key 0\n"
		    "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\n-> done\n\n",
		    "not of 16 bytes" },
		{ "15 bytes", "-> file-key 0\nMDEyMzQ1Njc4OWFiY2Rl\n",
		    "not of 16 bytes" },
		{ "no body", "-> file-key 0\n\n", "not of 16 bytes" },
		{ "index 1", "-> file-key 1\nMDEyMzQ1Njc4OWFiY2RlZg\n",
		    "another file" },
		{ "index 00", "-> file-key 00\nMDEyMzQ1Njc4OWFiY2RlZg\n",
		    "another file" },
		{ "no index", "-> file-key\nMDEyMzQ1Njc4OWFiY2RlZg\n",
		    "another file" },
		{ "more arguments", "-> file-key 0 0\n"
		    "MDEyMzQ1Njc4OWFiY2RlZg\n", "another file" },
		{ "twice", "-> file-key 0\nMDEyMzQ1Njc4OWFiY2RlZg\n"
		    "-> file-key 0\nMDEyMzQ1Njc4OWFiY2RlZg\n-> done\n\n",
		    "a file key again" },
		{ "no done", "-> file-key 0\nMDEyMzQ1Njc4OWFiY2RlZg\n",
		    "ended before it was done" },
	};
	struct age_header h;
	uint8_t got[AGE_FILE_KEY_LEN];
	size_t i;

	wrap(NULL, NULL, 1, 0);
	make_header(&h, text.buf, text.len);
	forget();
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		memset(got, 0xee, sizeof(got));
		ok(unwrap(NULL, v[i].say, &h, 0, got) == -1 && got[0] == 0xee &&
		    got[15] == 0xee, "no file key: %s", v[i].name);
		refused(v[i].name, STATUS_LOCAL, v[i].line);
	}
	set("AGE_FAKE_EXIT", "4");
	ok(unwrap(NULL, NULL, &h, 0, got) == -1, "a bad end");
	refused("unwrap", STATUS_LOCAL, "ended badly: status 4");
	set("AGE_FAKE_EXIT", NULL);
	ok(unwrap(NULL, "-> recipient-stanza 0 x\n\n-> labels\n\n-> done\n\n",
	    &h, 0, got) == 0, "commands of the other machine are unknown");
	age_header_wipe(&h);
}

/* One column too many, or a line too few. */
#define COLUMNS_64 \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void
test_nonsense(void)
{
	static const struct {
		const char *say, *line;
	} v[] = {
		{ "hello\n", "begins no stanza" },
		{ "\n", "begins no stanza" },
		{ "-> \n\n", "begins no stanza" },
		{ "->\n\n", "begins no stanza" },
		{ "->done\n\n", "begins no stanza" },
		{ " -> done\n\n", "begins no stanza" },
		{ "--- AAAA\n", "begins no stanza" },
		{ "->  done\n\n", "malformed argument" },
		{ "-> done \n\n", "malformed argument" },
		{ "-> done  x\n\n", "malformed argument" },
		{ "-> done\r\n\r\n", "malformed argument" },
		{ "-> d\303\266ne\n\n", "malformed argument" },
		{ "-> d\tne\n\n", "malformed argument" },
		{ "-> msg\nA\n", "malformed body" },
		{ "-> msg\nAB\n", "malformed body" },
		{ "-> msg\nAA==\n", "malformed body" },
		{ "-> msg\nAA A\n", "malformed body" },
		{ "-> msg\n-> done\n", "malformed body" },
		{ "-> msg\n" COLUMNS_64 "A\n", "malformed body" },
		{ "-> msg\n" COLUMNS_64 "\n-> done\n\n", "malformed body" },
		{ "", "ended before it was done" },
		{ "-> done", "ended before it was done" },
		{ "-> done\n", "ended before it was done" },
		{ "-> msg\n\n", "ended before it was done" },
		{ "-> done\n\n", "no stanza" },
		{ "-> grease x y\n" COLUMNS_64 "\n\n-> done\n\n", "no stanza" },
		{ "-> done\n\n-> recipient-stanza 0 x\n\n", "more behind" },
		{ "-> recipient-stanza 0 x\n\n-> done\n\n\n", "more behind" },
		{ "-> recipient-stanza\n\n", "without a type" },
		{ "-> recipient-stanza 0\n\n", "without a type" },
		{ "-> recipient-stanza 1 x\n\n", "another file" },
		{ "-> recipient-stanza x y\n\n", "another file" },
		{ "-> recipient-stanza 0 scrypt AAAA 18\n\n", "scrypt" },
		{ "-> recipient-stanza 0 X25519 AAAA\n\n",
		    "malformed X25519 stanza" },
		{ "-> recipient-stanza 0 ssh-ed25519\n\n",
		    "malformed ssh-ed25519 stanza" },
	};
	char args[2 * 200];
	size_t i, n;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		wrap(NULL, v[i].say, 1, 0);
		refused("said", STATUS_LOCAL, v[i].line);
	}
	n = (size_t)sprintf(args, "-> recipient-stanza 0 x");
	for (i = 0; i < AGE_ARG_MAX; i++)
		n += (size_t)sprintf(args + n, " a");
	strcpy(args + n, "\n\n-> done\n\n");
	ok(wrap("drip", args, 1, 0) == STATUS_OK && text.len == 6 +
	    2 * AGE_ARG_MAX, "in single bytes");
	ok(wrap(NULL, args, 1, 0) == STATUS_OK, "as many arguments as may be");
	strcpy(args + n, " a\n\n-> done\n\n");
	wrap(NULL, args, 1, 0);
	refused("129", STATUS_LOCAL, "too many arguments");

	ok(wrap("most", NULL, 0, 0) == STATUS_OK, "1024 stanzas");
	wrap("many", NULL, 1, 0);
	refused("1025", STATUS_LOCAL, "more than 1024 stanzas");
	wrap("long", NULL, 1, 0);
	refused("a stanza of 3 MB", STATUS_LOCAL, "too long");
	wrap("sum", NULL, 1, 0);
	refused("stanzas of 3 MB", STATUS_LOCAL, "more than 2097152 bytes");
	wrap("more", NULL, 1, 0);
	refused("more", STATUS_LOCAL, "more behind");
}

static void
test_ends(void)
{

	wrap("die", NULL, 1, 0);
	refused("die", STATUS_LOCAL, "ended before it was done: status 3\n");
	ok(strstr(told, "pgb: age-plugin-fake: no \\x1b[31mreader\npgb: "
	    "age-plugin-fake: at all\npgb: error: ") != NULL,
	    "its last words, in front");
	wrap("kill", NULL, 1, 0);
	refused("kill", STATUS_LOCAL, "ended before it was done: signal 9 (");
	set("AGE_FAKE_EXIT", "4");
	wrap(NULL, NULL, 1, 0);
	refused("exit", STATUS_LOCAL, "ended badly: status 4\n");
	wrap(NULL, "-> error internal\nbm8\n-> done\n\n", 1, 0);
	refused("an error, then exit", STATUS_USAGE, "fake: no\n");
	set("AGE_FAKE_EXIT", NULL);
	wrap("hangup", NULL, 1, 0);
	refused("hangup", STATUS_LOCAL, "hung up\n");
	ok(wrap("linger", NULL, 1, 0) == STATUS_OK && told[0] == '\0' &&
	    childless(), "one that stays is ended");
}

/* Each pipe fails, one after the other. */
static void
test_no_descriptors(void)
{
	int fds = open_fds(), failed = 0;

	for (fd_limit = 3; fd_limit < 1000; fd_limit++) {
		if (wrap(NULL, NULL, 1, 0) == STATUS_OK)
			break;
		failed += status == STATUS_LOCAL && text.len == 0 &&
		    lines_with("error: ") == 1 && childless() &&
		    strstr(told, "/age-plugin-fake: Too many open files\n") !=
		    NULL && open_fds() == fds;
	}
	ok(text.len > 0 && fd_limit > 10 && failed == (int)fd_limit - 3,
	    "too few descriptors are told, and none is left open");
	fd_limit = 0;
}

/* The plugin's pid, once its log has a word. */
static int
await(const char *word)
{
	int pid = 0, i;

	for (i = 0; i < 3000 && strstr(log_text(), word) == NULL; i++)
		usleep(10000);
	sscanf(log_text(), "pid %d", &pid);
	return (pid);
}

/* Whether a plugin that waits for ever ends with us at a signal. */
static void
test_signal(const char *word)
{
	int pid, wstatus;
	pid_t child;

	unlink(logfile);
	if ((child = fork()) == 0) {
		wrap(word, NULL, 1, 0);
		_exit(status == STATUS_LOCAL && told[0] == '\0' &&
		    sig_caught() == SIGTERM && childless() ? 0 : 1);
	}
	pid = await("default\n");
	kill(child, SIGTERM);
	waitpid(child, &wstatus, 0);
	ok(wstatus == 0, "%s: a signal ends the wait, in silence", word);
	ok(pid > 0 && kill(pid, 0) == -1 && errno == ESRCH,
	    "%s: and the plugin", word);
}

/* A plugin does not live on without us. */
static void
test_death(void)
{
	pid_t child;
	int pid, i;

	unlink(logfile);
	if ((child = fork()) == 0) {
		wrap("late", NULL, 1, 0);
		_exit(0);
	}
	pid = await("-> done");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	for (i = 0; i < 3000 && pid > 0 && kill(pid, 0) == 0; i++)
		usleep(10000);
	ok(pid > 0 && kill(pid, 0) == -1, "it ends when we are killed");
}

static void
test_patience(void)
{
	const char *r = recipient[0];
	pid_t child;
	ssize_t n;
	int fd[2];

	set("AGE_FAKE", "late");
	if (pipe2(fd, O_CLOEXEC) == -1)
		exit(1);
	if ((child = fork()) == 0) {
		dup2(fd[1], 2);
		plugin_wrap("fake", &r, 1, NULL, 0, file_key, &text, &labels);
		_exit(0);
	}
	close(fd[1]);
	n = fd_read(fd[0], told, sizeof(told) - 1);
	told[n < 0 ? 0 : n] = '\0';
	same(told, "pgb: note: waiting for age-plugin-fake\n",
	    "after a while it is told what we wait for");
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	close(fd[0]);
}

int
main(int argc, char **argv)
{

	if (argc == 2)
		return (fake_plugin(argv));
	sig_install();
	make_plugin();
	make_keys();
	test_names();
	test_path();
	test_there_and_back();
	test_much();
	test_labels();
	test_questions();
	test_errors();
	test_unwrap_refused();
	test_nonsense();
	test_ends();
	test_no_descriptors();
	test_signal("hang");
	test_signal("late");
	test_signal("stubborn");
	test_death();
	test_patience();
	remove_plugin();
	return (tap_done());
}
