/* SPDX-License-Identifier: ISC */
/* Promise: only --accept-new adds a key to known_hosts, only for a host that no
 * line is for, in a form that ssh reads, and without harm to what is there; all
 * else that is not known is refused, and the user is told what to do. */
#include <sys/stat.h>

#include <sodium.h>

#include "trust/trust.h"
#include "tap.h"

static char home[] = "/tmp/pgb-trust-XXXXXX";
static struct ship_opts opts;
static struct route route;
static struct fault fault;
static uint8_t key[64], other[64], ecdsa[64];
static size_t keylen, ecdsalen;

static char *
at(const char *name)
{
	static char path[4][200];
	static int i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", home, name);
	return (path[i]);
}

static size_t
make_key(uint8_t *blob, const char *type, uint8_t fill)
{
	size_t n = strlen(type);

	blob[3] = (uint8_t)n;
	memcpy(blob + 4, type, n);
	blob[4 + n + 3] = 16;
	memset(blob + 4 + n + 4, fill, 16);
	return (4 + n + 20);
}

static char *
line_of(const char *host, const uint8_t *blob, size_t len)
{
	static char line[2][300];
	static int i;
	char b64[200];

	i = !i;
	sodium_bin2base64(b64, sizeof(b64), blob, len,
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(line[i], sizeof(line[i]), "%s %.*s %s\n", host, (int)blob[3],
	    (const char *)blob + 4, b64);
	return (line[i]);
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	fputs(text, f);
	fclose(f);
}

static char *
get(const char *name)
{
	static char text[4096];
	FILE *f = fopen(at(name), "r");
	size_t n = 0;

	if (f != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return (text);
}

static enum status
check(const uint8_t *blob, size_t len)
{
	struct trust *t;
	enum status status;

	memset(&fault, 0, sizeof(fault));
	if ((t = trust_new(&route, true, &fault)) == NULL)
		return (fault.status);
	status = trust_check(t, blob, len, &fault);
	trust_free(t);
	return (status);
}

static void
test_strict(void)
{

	ok(check(key, keylen) == STATUS_REMOTE &&
	    strstr(fault.text, "ssh-ed25519 SHA256:") != NULL &&
	    strstr(fault.text, ": unknown") != NULL, "an unknown key: %s",
	    fault.text);
	ok(strstr(fault.hint, "ssh-keyscan -p 22 -t ed25519 vault >> ") !=
	    NULL && strstr(fault.hint, ".ssh/known_hosts") != NULL,
	    "what to do: %s", fault.hint);
	ok(access(at(".ssh"), F_OK) == -1, "nothing is written");
	route.host_key_alias = (char *)(uintptr_t)"the-vault";
	(void)check(key, keylen);
	ok(strstr(fault.hint, "| sed 's/^[^ ]*/the-vault/' >> ") != NULL,
	    "with a HostKeyAlias: %s", fault.hint);
	route.host_key_alias = NULL;
}

static void
test_learn(void)
{
	struct stat st;

	opts.accept_new = true;
	ok(check(key, keylen) == STATUS_OK, "--accept-new: %s", fault.text);
	same(get(".ssh/known_hosts"), line_of("vault", key, keylen),
	    "the line");
	ok(stat(at(".ssh/known_hosts"), &st) == 0 &&
	    (st.st_mode & 07777) == 0600 && stat(at(".ssh"), &st) == 0 &&
	    (st.st_mode & 07777) == 0700, "0600, in a directory with 0700");
	opts.accept_new = false;
	ok(check(key, keylen) == STATUS_OK, "from then on it is known");
	opts.accept_new = true;
	ok(check(other, keylen) == STATUS_REMOTE &&
	    strstr(fault.text, "changed") != NULL &&
	    strstr(fault.hint, "ssh-keygen -R vault -f ") != NULL,
	    "another key is not learnt: %s", fault.text);
	ok(check(ecdsa, ecdsalen) == STATUS_REMOTE &&
	    strstr(fault.text, "another type") != NULL,
	    "nor one of another type: %s", fault.text);
	same(get(".ssh/known_hosts"), line_of("vault", key, keylen),
	    "the file is as it was");

	put(".ssh/known_hosts", line_of("@cert-authority vault", other,
	    keylen));
	ok(check(key, keylen) == STATUS_REMOTE &&
	    strstr(fault.text, "@cert-authority") != NULL &&
	    strstr(fault.hint, "--transport ssh") != NULL,
	    "nor where there is an authority: %s", fault.text);
	put(".ssh/known_hosts", line_of("@revoked *", key, keylen));
	ok(check(key, keylen) == STATUS_REMOTE &&
	    strstr(fault.text, "revoked") != NULL,
	    "nor what is revoked: %s", fault.text);
	opts.accept_new = false;
}

static void
test_names(void)
{
	char want[700];

	opts.accept_new = true;
	put(".ssh/known_hosts", "# no end");
	route.port = 2222;
	ok(check(key, keylen) == STATUS_OK, "another port: %s", fault.text);
	snprintf(want, sizeof(want), "# no end\n%s",
	    line_of("[vault]:2222", key, keylen));
	same(get(".ssh/known_hosts"), want, "its name; a last line is ended");
	ok(check(key, keylen) == STATUS_OK &&
	    strcmp(get(".ssh/known_hosts"), want) == 0, "learnt once");

	put(".ssh/known_hosts", "");
	route.host_key_alias = (char *)(uintptr_t)"Alias";
	ok(check(key, keylen) == STATUS_OK, "HostKeyAlias: %s", fault.text);
	same(get(".ssh/known_hosts"), line_of("alias", key, keylen),
	    "has no port");
	route.host_key_alias = (char *)(uintptr_t)"*";
	ok(check(other, keylen) == STATUS_USAGE, "a pattern is no name: %s",
	    fault.text);
	same(get(".ssh/known_hosts"), line_of("alias", key, keylen),
	    "nothing is written");
	route.host_key_alias = NULL;
	route.port = 22;
	opts.accept_new = false;
}

static void
test_files(void)
{
	char *list[3];

	put("kh", "");
	list[0] = (char *)(uintptr_t)"/dev/null";
	list[1] = at("kh");
	route.known_hosts = opts.known_hosts = (struct opt_list){ list, 2 };
	route.known_hosts_own = 2;
	opts.accept_new = true;
	ok(check(key, keylen) == STATUS_OK, "files of --known-hosts: %s",
	    fault.text);
	same(get("kh"), line_of("vault", key, keylen),
	    "the first one that can be written");
	route.known_hosts.count = opts.known_hosts.count = 1;
	route.known_hosts_own = 1;
	ok(check(key, keylen) == STATUS_LOCAL &&
	    strstr(fault.text, "/dev/null: not a regular file") != NULL,
	    "none: then it is not taken: %s", fault.text);
	list[0] = at("new");
	ok(check(key, keylen) == STATUS_OK, "one that is made: %s",
	    fault.text);
	same(get("new"), line_of("vault", key, keylen), "with the line");
	opts.accept_new = false;
	list[0] = at("none");
	ok(check(key, keylen) == STATUS_USAGE &&
	    strstr(fault.text, "none: No such file") != NULL,
	    "without --accept-new it has to be there: %s", fault.text);
	/* Of the configuration: the system's is not written to. */
	opts.known_hosts.count = 0;
	route.known_hosts_own = 0;
	ok(check(key, keylen) == STATUS_REMOTE &&
	    strstr(fault.hint, "UserKnownHostsFile") != NULL,
	    "in the configuration it need not: %s", fault.hint);
	opts.accept_new = true;
	ok(check(key, keylen) == STATUS_USAGE, "the system's is not ours: %s",
	    fault.text);
	opts.accept_new = false;
	route.known_hosts.count = 0;
}

int
main(void)
{
	char line[100];

	if (sodium_init() == -1 || mkdtemp(home) == NULL)
		return (1);
	setenv("HOME", home, 1);
	umask(022);
	keylen = make_key(key, "ssh-ed25519", 1);
	make_key(other, "ssh-ed25519", 2);
	ecdsalen = make_key(ecdsa, "ecdsa-sha2-nistp256", 3);
	route = (struct route){ .name = "sftp://vault/x", .opts = &opts,
	    .host = (char *)(uintptr_t)"vault", .port = 22 };
	test_strict();
	test_learn();
	test_names();
	test_files();
	snprintf(line, sizeof(line), "rm -rf %s", home);
	return (system(line) != 0 || tap_done());
}
