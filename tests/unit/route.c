/* SPDX-License-Identifier: ISC */
/* Promise: a destination is reached as ssh(1) would reach it: the URL and our
 * options first, then the user's configuration; what libssh2 cannot do is left
 * to ssh; and nothing in the configuration makes host keys matter less. */
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <sodium.h>

#include "route/home.h"
#include "route/route-impl.h"
#include "ssh/wire-libssh2.h"
#include "tap.h"

static char home[] = "/tmp/pgb-route-XXXXXX";
static struct ship_opts opts;
static struct fault fault;

#define USUAL								\
	"identityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ecdsa\n"	\
	"identityfile ~/.ssh/id_ecdsa_sk\nidentityfile ~/.ssh/id_ed25519\n" \
	"identityfile ~/.ssh/id_ed25519_sk\n"

static char *
at(const char *name)
{
	static char path[8][200];
	static int i;

	i = (i + 1) % 8;
	snprintf(path[i], sizeof(path[i]), "%s/%s", home, name);
	return (path[i]);
}

static void
put(const char *name, mode_t mode, const char *text)
{
	FILE *f = fopen(at(name), "w");

	fputs(text, f);
	fclose(f);
	chmod(at(name), mode);
}

/* The public form of a key of this type, with which we are content. */
static void
put_key(const char *name, const char *type)
{
	uint8_t blob[100] = { 0 };
	size_t n = strlen(type);
	char b64[200], line[300];

	blob[3] = (uint8_t)n;
	memcpy(blob + 4, type, n);
	sodium_bin2base64(b64, sizeof(b64), blob, 4 + n + 20,
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(line, sizeof(line), "%s %s me\n", type, b64);
	put(name, 0600, line);
}

static struct route *
make_for(struct dest d, const char *said)
{
	struct route *r;
	struct config c;

	d.host = d.host != NULL ? d.host : (char *)(uintptr_t)"vault";
	d.port = d.port != 0 ? d.port : DEST_PORT;
	memset(&fault, 0, sizeof(fault));
	if (config_parse(&c, strdup(said)) == -1)
		abort();
	r = route_make(&d, "sftp://vault/x", &opts, NULL, &c, &fault);
	config_wipe(&c);
	return (r);
}

static struct route *
make(const char *said)
{

	return (make_for((struct dest){ 0 }, said));
}

/* Why it is ssh's, or "-". */
static void
needs(const char *said, const char *want, const char *name)
{
	struct route *r = make(said);

	if (r == NULL) {
		ok(false, "%s (%s)", name, fault.text);
		return;
	}
	/* It comes before all but the ways to a server. */
	if (!wire_libssh2_has_curves() && strncmp(want, "Proxy", 5) != 0)
		want = "a libssh2 without elliptic curves";
	same(r->why_ssh != NULL ? r->why_ssh : "-", want, name);
	ok(r->transport == (r->why_ssh != NULL ? TRANSPORT_SSH :
	    TRANSPORT_LIBSSH2), "and the transport is the one that can");
	route_free(r);
}

static void
test_names(void)
{
	struct dest d = { 0 };
	struct route *r;
	char *login = home_login();

	r = make("user bob\nhostname 192.0.2.1\nport 2200\n"
	    "addressfamily inet6\nhostkeyalias the-vault\n" USUAL);
	ok(strcmp(r->alias, "vault") == 0 && strcmp(r->host, "192.0.2.1") == 0,
	    "HostName is connected to, the alias is kept");
	ok(strcmp(r->user, "bob") == 0 && r->port == 2200 &&
	    !r->user_told && !r->port_told, "User, Port");
	ok(r->family == AF_INET6 &&
	    strcmp(r->host_key_alias, "the-vault") == 0,
	    "AddressFamily, HostKeyAlias");
	route_free(r);

	d.user = (char *)(uintptr_t)"alice";
	d.port = 22;
	d.port_told = true;
	r = make_for(d, "user bob\nport 2200\nsomething new entirely\n\n");
	ok(strcmp(r->user, "alice") == 0 && r->port == 22 && r->user_told &&
	    r->port_told, "the URL counts more");
	route_free(r);

	r = make("");
	ok(strcmp(r->host, "vault") == 0 && r->port == 22 &&
	    strcmp(r->user, login) == 0 && r->family == AF_UNSPEC &&
	    r->host_key_alias == NULL && r->known_hosts.count == 0 &&
	    r->identities.count == 0 && !r->identities_only && !r->gcm &&
	    r->agent == NULL && !r->no_agent,
	    "where nothing is said, the defaults");
	ok(!wire_libssh2_has_curves() ||
	    strncmp(route_transport(r), "libssh2 1.", 10) == 0,
	    "by libssh2: %s", route_transport(r));
	route_free(r);
	r = make("port 99999999999\nhostname none\n");
	ok(r->port == 22 && strcmp(r->host, "vault") == 0, "nonsense is none");
	route_free(r);
	free(login);
}

static void
test_identities(void)
{
	struct route *r;
	char *list[2];

	put_key(".ssh/id_ed25519", "ssh-ed25519");
	r = make(USUAL "identitiesonly no\n");
	ok(r->identities.count == 0 && r->keys.count == 1 &&
	    strcmp(r->keys.v[0].path, at(".ssh/id_ed25519")) == 0,
	    "ssh's own list: the usual files that there are, below $HOME");
	route_free(r);

	put_key("k one", "ssh-ed25519");
	r = make("hostname real\nuser bob\nport 24\nidentitiesonly yes\n"
	    "identityfile ~/k one\nidentityfile %d/%h-%n-%p-%r-%%\n"
	    "identityfile ${HOME}/$x\nidentityfile ~root/y\n"
	    "identityfile none\n");
	ok(r->identities.count == 4 && r->identities_only, "IdentityFile");
	same(r->identities.v[0], at("k one"), "~ is $HOME");
	same(r->identities.v[1], at("real-vault-24-bob-%"), "%d %h %n %p %r");
	same(r->identities.v[2], at("$x"), "${HOME}");
	ok(r->identities.v[3][0] == '/' &&
	    strncmp(r->identities.v[3], home, strlen(home)) != 0,
	    "~root is not ours");
	ok(r->keys.count == 1 && strcmp(r->keys.v[0].type, "ssh-ed25519") == 0,
	    "those that there are");
	route_free(r);
	r = make("identityfile none\n");
	ok(r->identities.count == 0 && r->keys.count == 0 && r->no_identities,
	    "IdentityFile none");
	route_free(r);
	r = make("identityfile ~/.ssh/id_ecdsa\n");
	ok(r->identities.count == 1, "one of the usual ones alone");
	route_free(r);

	/* The private half is in the agent. */
	put_key("soft.pub", "ecdsa-sha2-nistp256");
	r = make("identityfile ~/soft\n");
	ok(r->keys.count == 1 && r->keys.v[0].public_only &&
	    strcmp(r->keys.v[0].path, at("soft.pub")) == 0,
	    "its public half tells which key of the agent is meant");
	route_free(r);

	list[0] = at("k one");
	opts.identities = (struct opt_list){ list, 1 };
	r = make("identityfile ~/other\nidentitiesonly no\n");
	ok(r->identities.count == 1 && r->identities_only &&
	    strcmp(r->identities.v[0], list[0]) == 0,
	    "-i replaces the configuration's");
	route_free(r);
	list[0] = at("nothing");
	ok(make("") == NULL && fault.status == STATUS_USAGE &&
	    strstr(fault.text, "nothing: No such file") != NULL,
	    "-i of a file that is not there: %s", fault.text);
	put("open", 0644, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	list[0] = at("open");
	ok(make("") == NULL && fault.status == STATUS_USAGE &&
	    strstr(fault.text, "open: others may read") != NULL &&
	    strncmp(fault.hint, "chmod 600 ", 10) == 0,
	    "and of one that others may read: %s", fault.text);
	opts.identities.count = 0;
	r = make("identityfile ~/open\n");
	ok(r != NULL && r->keys.count == 0,
	    "in the configuration it is passed over");
	route_free(r);
}

static void
test_agent(void)
{
	struct route *r;

	setenv("THE_AGENT", "/run/agent", 1);
	r = make("identityagent ~/a-%u\n");
	ok(r->agent != NULL && strncmp(r->agent, at("a-"),
	    strlen(at("a-"))) == 0, "IdentityAgent");
	route_free(r);
	r = make("identityagent $THE_AGENT\n");
	same(r->agent, "/run/agent", "IdentityAgent $VARIABLE");
	route_free(r);
	r = make("identityagent $NO_SUCH_AGENT\n");
	ok(r->agent == NULL && r->no_agent, "that is not set");
	route_free(r);
	r = make("identityagent none\n");
	ok(r->agent == NULL && r->no_agent, "IdentityAgent none");
	route_free(r);
	r = make("identityagent SSH_AUTH_SOCK\n");
	ok(r->agent == NULL && !r->no_agent, "IdentityAgent SSH_AUTH_SOCK");
	route_free(r);
}

#define GLOBAL \
	"globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2\n"

static void
test_known_hosts(void)
{
	char said[1000], *real = home_listed(), *list[1];
	struct route *r;

	snprintf(said, sizeof(said), "userknownhostsfile %s/.ssh/known_hosts "
	    "%s/.ssh/known_hosts2\n" GLOBAL, real, real);
	r = make(said);
	ok(r->known_hosts.count == 0, "ssh's own, in the home that it takes");
	route_free(r);
	r = make("userknownhostsfile ~/.ssh/known_hosts ~/.ssh/known_hosts2\n"
	    GLOBAL);
	ok(r->known_hosts.count == 0, "the same, as older ones tell it");
	route_free(r);

	put("kh one", 0600, "");
	put("kh", 0600, "");
	snprintf(said, sizeof(said), "userknownhostsfile %s/kh one %s/kh "
	    "%s/not there ~/kh-%%k\nglobalknownhostsfile none\n"
	    "hostkeyalias al\n", home, home, home);
	r = make(said);
	ok(r->known_hosts.count == 5 && r->known_hosts_own == 5,
	    "UserKnownHostsFile (%zu)", r->known_hosts.count);
	same(r->known_hosts.v[0], at("kh one"), "one with a blank that exists");
	same(r->known_hosts.v[1], at("kh"), "another");
	same(r->known_hosts.v[2], at("not"), "one that does not is cut");
	same(r->known_hosts.v[4], at("kh-al"), "%k");
	route_free(r);

	r = make("userknownhostsfile /a\n" GLOBAL);
	ok(r->known_hosts.count == 3 && r->known_hosts_own == 1 &&
	    strcmp(r->known_hosts.v[2], "/etc/ssh/ssh_known_hosts2") == 0,
	    "with the system's behind it");
	route_free(r);
	r = make("globalknownhostsfile /dev/null\n");
	ok(r->known_hosts.count == 3 && r->known_hosts_own == 2 &&
	    strcmp(r->known_hosts.v[0], at(".ssh/known_hosts")) == 0 &&
	    strcmp(r->known_hosts.v[2], "/dev/null") == 0,
	    "GlobalKnownHostsFile alone");
	route_free(r);
	r = make("userknownhostsfile none\nglobalknownhostsfile none\n");
	ok(r->known_hosts.count == 1 && r->known_hosts_own == 0 &&
	    strcmp(r->known_hosts.v[0], "/dev/null") == 0,
	    "none at all is not the usual ones");
	route_free(r);

	list[0] = at("kh");
	opts.known_hosts = (struct opt_list){ list, 1 };
	r = make("userknownhostsfile /a\nknownhostscommand /bin/x\n");
	ok(r->known_hosts.count == 1 && r->known_hosts_own == 1 &&
	    strcmp(r->known_hosts.v[0], list[0]) == 0 &&
	    (r->why_ssh == NULL || strcmp(r->why_ssh, "KnownHostsCommand") !=
	    0),
	    "--known-hosts replaces the configuration's");
	route_free(r);
	opts.known_hosts.count = 0;
	free(real);
}

static void
test_needs(void)
{
	char line[300];

	needs("proxyjump none\nproxycommand none\npkcs11provider none\n"
	    "knownhostscommand none\nstricthostkeychecking no\n" USUAL, "-",
	    "none of all that");
	needs("proxyjump a,b\n", "ProxyJump", "ProxyJump");
	needs("proxycommand nc %h %p\n", "ProxyCommand", "ProxyCommand");
	needs("certificatefile ~/c\n", "CertificateFile", "CertificateFile");
	needs("pkcs11provider /lib/x.so\n", "PKCS11Provider",
	    "PKCS11Provider");
	needs("knownhostscommand /bin/x %h\n", "KnownHostsCommand",
	    "KnownHostsCommand");
	needs("bindaddress 192.0.2.9\n", "BindAddress", "BindAddress");
	needs("identityfile ~/%C\n", "IdentityFile", "a name with a hash");
	needs("identityfile ~/${NO_SUCH_VARIABLE}/k\n", "IdentityFile",
	    "a name with a variable that is not set");
	needs("userknownhostsfile ~/%C\n", "UserKnownHostsFile",
	    "known_hosts, the same");
	needs("identityagent /run/%j\n", "IdentityAgent", "an agent, the same");
	needs("hostkeyalgorithms ssh-ed25519-cert-v01@openssh.com,"
	    "sk-ssh-ed25519@openssh.com\n", "HostKeyAlgorithms",
	    "HostKeyAlgorithms that libssh2 has not");
	needs("hostkeyalgorithms x,ecdsa-sha2-nistp256,y\n", "-",
	    "one that it has");

	put_key("hard", "sk-ssh-ed25519@openssh.com");
	needs("identityfile ~/hard\n", "a key in hardware", "a FIDO key");
	put_key("certified", "ssh-ed25519");
	put("certified-cert.pub", 0644, "");
	needs("identityfile ~/certified\n", "a key with a certificate",
	    "a key with a certificate beside it");
	put_key("rsa", "ssh-rsa");
	put_key("ed", "ssh-ed25519");
	needs("identityfile ~/rsa\nidentityfile ~/none\n",
	    wire_libssh2_has_rsa() ? "-" : "an RSA key", "RSA keys alone");
	needs("identityfile ~/rsa\nidentityfile ~/ed\n", "-",
	    "another one as well");

	unlink(at(".ssh/id_ed25519"));
	put_key(".ssh/id_ed25519_sk", "sk-ssh-ed25519@openssh.com");
	needs(USUAL, "a key in hardware", "a usual FIDO key alone");
	put_key(".ssh/id_ecdsa", "ecdsa-sha2-nistp256");
	needs(USUAL, "-", "and with another");
	unlink(at(".ssh/id_ecdsa"));
	unlink(at(".ssh/id_ed25519_sk"));

	put_key("h", "ssh-rsa");
	snprintf(line, sizeof(line), "sed 's/^/vault /; s/ me//' <%s >%s",
	    at("h"), at(".ssh/known_hosts"));
	if (system(line) != 0)
		abort();
	needs(USUAL, wire_libssh2_has_rsa() ? "-" : "an RSA host key",
	    "known_hosts with an RSA key alone");
	snprintf(line, sizeof(line), "sed -i 's/^/@cert-authority /' %s",
	    at(".ssh/known_hosts"));
	if (system(line) != 0)
		abort();
	needs(USUAL, "a host certificate", "with an authority alone");
	put_key("h", "ssh-ed25519");
	snprintf(line, sizeof(line), "sed 's/^/vault /; s/ me//' <%s >>%s",
	    at("h"), at(".ssh/known_hosts"));
	if (system(line) != 0)
		abort();
	needs(USUAL, "-", "and with another");
	unlink(at(".ssh/known_hosts"));
}

static void
test_transport(void)
{
	struct config none = { 0 };
	struct dest d = { .host = (char *)(uintptr_t)"vault", .port = 22 };
	struct route *r;

	opts.transport = TRANSPORT_SSH;
	r = make(USUAL);
	ok(r->transport == TRANSPORT_SSH && r->why_ssh == NULL &&
	    strcmp(route_transport(r), "ssh") == 0, "--transport ssh");
	route_free(r);
	opts.transport = TRANSPORT_LIBSSH2;
	r = make("certificatefile ~/c\n");
	ok(r != NULL && r->transport == TRANSPORT_LIBSSH2,
	    "--transport libssh2, though there is a certificate");
	route_free(r);
	ok(make("proxyjump j\n") == NULL && fault.status == STATUS_USAGE &&
	    strstr(fault.text, "ProxyJump") != NULL &&
	    strstr(fault.hint, "--transport") != NULL,
	    "but not where there is no other way: %s", fault.text);
	opts.transport = TRANSPORT_AUTO;
	put_key(".ssh/id_ed25519_sk", "sk-ssh-ed25519@openssh.com");
	r = route_make(&d, "x", &opts, NULL, &none, &fault);
	ok(r != NULL && r->transport == TRANSPORT_LIBSSH2,
	    "where no ssh is installed, libssh2 has to do");
	route_free(r);
	unlink(at(".ssh/id_ed25519_sk"));
}

static void
test_ciphers(void)
{
	struct route *r;

	r = make("ciphers chacha20-poly1305@openssh.com,aes128-ctr,"
	    "aes128-gcm@openssh.com\n");
#if defined(__x86_64__)
	ok(r->gcm == (__builtin_cpu_supports("aes") != 0),
	    "the default ciphers: AES-GCM, if the machine has AES");
#endif
	route_free(r);
	r = make("ciphers aes256-ctr\n");
	ok(!r->gcm, "ciphers that the user has chosen stay");
	route_free(r);
	r = make("ciphers chacha20-poly1305@openssh.com,aes256-ctr\n");
	ok(!r->gcm, "without AES-GCM, too");
	route_free(r);
}

/* --- asking ssh --- */

static struct route *
ask(struct dest d)
{

	memset(&fault, 0, sizeof(fault));
	d.host = d.host != NULL ? d.host : (char *)(uintptr_t)"vault";
	d.port = d.port != 0 ? d.port : DEST_PORT;
	return (route_new(&d, "sftp://vault/x", &opts, NULL, NULL, &fault));
}

static void
test_ssh(void)
{
	struct dest d = { 0 };
	struct route *r;
	char *path;

	opts.ssh = at("ssh");
	put("ssh", 0700, "#!/bin/sh\ncat >/dev/null\n"
	    "printf '%s\\n' \"$@\" >$HOME/args\n"
	    "echo hostname real; echo user bob; echo warning >&2\n");
	r = ask(d);
	ok(r != NULL && strcmp(r->host, "real") == 0, "ssh -G is asked (%s)",
	    fault.text);
	route_free(r);
	if (system("tr '\\n' ' ' <$HOME/args >$HOME/line") != 0)
		abort();
	path = at("line");
	{
		char line[200] = "";
		FILE *f = fopen(path, "r");

		if (fgets(line, sizeof(line), f) == NULL)
			line[0] = '\0';
		fclose(f);
		same(line, "-T -G -- vault ", "for the host alone");
	}
	d.user = (char *)(uintptr_t)"al";
	d.port = 24;
	d.port_told = true;
	opts.ssh_config = "/dev/null";
	r = ask(d);
	route_free(r);
	ok(system("test \"$(tr '\\n' ' ' <$HOME/args)\" = "
	    "'-F /dev/null -p 24 -l al -T -G -- vault '") == 0,
	    "or with what the URL and the options say");
	opts.ssh_config = NULL;
	d = (struct dest){ 0 };

	put("ssh", 0700, "#!/bin/sh\nexit 0\n");
	r = ask(d);
	ok(r != NULL && strcmp(r->host, "vault") == 0,
	    "one that says nothing: defaults");
	route_free(r);
	put("ssh", 0700, "#!/bin/sh\necho 'c line 1: bad' >&2\n"
	    "echo 'c: terminating' >&2\nexit 255\n");
	ok(ask(d) == NULL && fault.status == STATUS_USAGE &&
	    strstr(fault.text, "-G: c line 1: bad; c: terminating") != NULL,
	    "a configuration that it refuses: %s", fault.text);
	put("ssh", 0700, "#!/bin/sh\nyes\n");
	ok(ask(d) == NULL && fault.status == STATUS_LOCAL,
	    "one that does not stop: %s", fault.text);
	put("ssh", 0700, "#!/bin/sh\necho hostname a\nexec sleep 60\n");
	opts.timeout_ms = 300;
	ok(ask(d) == NULL && fault.status == STATUS_LOCAL &&
	    strstr(fault.text, "no answer") != NULL, "that hangs: %s",
	    fault.text);
	opts.timeout_ms = 20000;
	put("ssh", 0700, "#!/bin/sh\nsleep 2 >/dev/null &\n"
	    "echo hostname b\n");
	r = ask(d);
	ok(r != NULL && strcmp(r->host, "b") == 0,
	    "that leaves something behind");
	route_free(r);
	unlink(at("ssh"));
	ok(ask(d) == NULL && fault.status == STATUS_USAGE,
	    "that is not there: %s", fault.text);
	opts.ssh = NULL;
	path = strdup(getenv("PATH"));
	setenv("PATH", home, 1);
	r = ask(d);
	ok(r != NULL && r->transport == TRANSPORT_LIBSSH2,
	    "no ssh is installed: the rest has to do");
	route_free(r);
	setenv("PATH", path, 1);
	free(path);
	d.host = (char *)(uintptr_t)"-oProxyCommand=touch x";
	ok(ask(d) == NULL && fault.status == STATUS_USAGE,
	    "a host that would be an option: %s", fault.text);
}

int
main(void)
{
	char line[100];

	if (sodium_init() == -1 || mkdtemp(home) == NULL)
		return (1);
	setenv("HOME", home, 1);
	mkdir(at(".ssh"), 0700);
	opts.timeout_ms = 20000;
	test_names();
	test_identities();
	test_agent();
	test_known_hosts();
	test_needs();
	test_transport();
	test_ciphers();
	test_ssh();
	snprintf(line, sizeof(line), "rm -rf %s", home);
	return (system(line) != 0 || tap_done());
}
