/* SPDX-License-Identifier: ISC */
/* Promise: from what ssh says, in the words of any version from 8.4 to 10,
 * comes why there is no connection, and whether there can be one later; however
 * its bytes arrive, and whatever else is among them. */
#include <signal.h>
#include <sys/mman.h>

#include "fdio.h"
#include "msg.h"
#include "ssh/said.h"
#include "tap.h"

#define EXIT(n)		((n) << 8)
#define KEY		"debug1: Server host key: ssh-ed25519 " \
			"SHA256:Hl6O5fU\r\n"
#define CONNECT		"debug1: Connecting to 127.0.0.1 [127.0.0.1] port " \
			"2222.\r\ndebug1: Connection established.\r\n"
#define PROXY		"debug1: Executing proxy command: exec ssh -W " \
			"'[127.0.0.1]:2222' jump\r\n"
#define LOGIN		"debug1: Authentications that can continue: " \
			"publickey,password\r\n" \
			"debug1: Next authentication method: publickey\r\n"
#define IN		"Authenticated to 127.0.0.1 ([127.0.0.1]:2222) using " \
			"\"publickey\".\r\n" \
			"debug1: Entering interactive session.\r\n"
#define LET_IN		CONNECT KEY LOGIN IN

static struct ship_opts opts;
static char host[] = "vault.example", user[] = "backup";
static struct route route = { .name = "NAME", .opts = &opts,
    .alias = "vault", .user = user, .host = host, .port = 2222 };

static const struct {
	const char *name;
	const char *text;
	bool started;
	int wstatus;
	const char *why, *hint;
	bool final;
} cases[] = {
	/* --- host keys --- */
	{ "an unknown host key", CONNECT KEY
	    "debug1: checking without port identifier\r\n"
	    "No ED25519 host key is known for [127.0.0.1]:2222 and you have "
	    "requested strict checking.\r\nHost key verification failed.\r\n",
	    false, EXIT(255), "host key ssh-ed25519 SHA256:Hl6O5fU: unknown",
	    "ssh-keyscan -p 2222 -t ed25519 vault.example >> ", true },
	{ "a changed one (9.2)", CONNECT KEY
	    "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n"
	    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n"
	    "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n"
	    "IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r\n"
	    "The fingerprint for the ED25519 key sent by the remote host is\n"
	    "SHA256:Hl6O5fU.\r\n"
	    "Please contact your system administrator.\r\n"
	    "Add correct host key in /a b/kh to get rid of this message.\r\n"
	    "Offending ED25519 key in /a b/kh:17\r\n"
	    "  remove with:\r\n"
	    "  ssh-keygen -f \"/a b/kh\" -R \"[127.0.0.1]:2222\"\r\n"
	    "Host key for [127.0.0.1]:2222 has changed and you have requested "
	    "strict checking.\r\nHost key verification failed.\r\n",
	    false, EXIT(255), "host key ssh-ed25519 SHA256:Hl6O5fU: changed: "
	    "/a b/kh line 17 has another",
	    "ssh-keygen -R '[127.0.0.1]:2222' -f /a b/kh", true },
	{ "a changed one (8.4)", CONNECT KEY
	    "Offending ECDSA key in /kh:2\r\n"
	    "ECDSA host key for vault has changed and you have requested "
	    "strict checking.\r\nHost key verification failed.\r\n",
	    false, EXIT(255), "host key ssh-ed25519 SHA256:Hl6O5fU: changed: "
	    "/kh line 2 has another", "ssh-keygen -R vault -f /kh", true },
	{ "a revoked one", CONNECT KEY
	    "@       WARNING: REVOKED HOST KEY DETECTED!               @\r\n"
	    "The ED25519 host key for [127.0.0.1]:2222 is marked as "
	    "revoked.\r\n"
	    "This could mean that a stolen key is being used to\r\n"
	    "impersonate this host.\r\n"
	    "ED25519 host key for [127.0.0.1]:2222 was revoked and you have "
	    "requested strict checking.\r\nHost key verification failed.\r\n",
	    false, EXIT(255), "host key ssh-ed25519 SHA256:Hl6O5fU: revoked",
	    "must not be trusted", true },
	{ "one revoked by a file", CONNECT KEY
	    "Host key ED25519 SHA256:Hl6O5fU revoked by file /r.krl\r\n"
	    "Host key verification failed.\r\n", false, EXIT(255),
	    "host key ssh-ed25519 SHA256:Hl6O5fU: revoked by /r.krl",
	    "must not be trusted", true },
	{ "one that ssh does not like", CONNECT KEY
	    "Certificate invalid: expired\r\n"
	    "Host key verification failed.\r\n", false, EXIT(255),
	    "host key ssh-ed25519 SHA256:Hl6O5fU: ssh does not accept it",
	    "ssh vault shows more", true },
	{ "one with a certificate, which nobody knows", CONNECT
	    "debug1: Server host certificate: "
	    "ssh-ed25519-cert-v01@openssh.com SHA256:Hl6O5fU, serial 0 ID "
	    "\"x\" CA ssh-ed25519 SHA256:y valid forever\r\n"
	    "debug1: No matching CA found. Retry with plain key\r\n"
	    "No ED25519 host key is known for [127.0.0.1]:2222 and you have "
	    "requested strict checking.\r\nHost key verification failed.\r\n",
	    false, EXIT(255), "host key ssh-ed25519 SHA256:Hl6O5fU: unknown",
	    "ssh-keyscan -p 2222 -t ed25519 vault.example >> ", true },
	{ "of a jump host, unknown", PROXY
	    "No ECDSA host key is known for [jump]:22 and you have requested "
	    "strict checking.\r\nHost key verification failed.\r\n"
	    "kex_exchange_identification: Connection closed by remote host\r\n"
	    "Connection closed by UNKNOWN port 65535\r\n", false, EXIT(255),
	    "host key ECDSA of the jump host [jump]:22: unknown",
	    "ssh vault shows its fingerprint", true },
	{ "behind a jump host, unknown", PROXY KEY
	    "No ED25519 host key is known for vault and you have requested "
	    "strict checking.\r\nHost key verification failed.\r\n", false,
	    EXIT(255), "host key ssh-ed25519 SHA256:Hl6O5fU: unknown",
	    "ssh -oUserKnownHostsFile=", true },

	/* --- keys of ours --- */
	{ "no key is good", CONNECT KEY LOGIN
	    "debug1: Offering public key: /a b/id ED25519 SHA256:x explicit\r\n"
	    "debug1: Authentications that can continue: publickey\r\n"
	    "debug1: Offering public key: two words RSA SHA256:y agent\r\n"
	    "debug1: Authentications that can continue: publickey\r\n"
	    "debug1: Offering public key: /dev/null ED25519 SHA256:x explicit "
	    "agent\r\n"
	    "debug1: Trying private key: /nonexistent/id_rsa\r\n"
	    "debug1: Trying private key: /dev/zero\r\n"
	    "Load key \"/dev/zero\": error in libcrypto\r\n"
	    "debug1: No more authentication methods to try.\r\n"
	    "backup@127.0.0.1: Permission denied (publickey).\r\n", false,
	    EXIT(255), "user backup was not let in: the server takes "
	    "publickey, tried: agent (1 key), /a b/id, /dev/null, /dev/zero "
	    "(unreadable: error in libcrypto)", "", true },
	{ "there is no key", CONNECT KEY LOGIN
	    "debug1: No more authentication methods to try.\r\n"
	    "backup@127.0.0.1: Permission denied (publickey,password).\r\n",
	    false, EXIT(255), "user backup was not let in: the server takes "
	    "publickey,password, tried: nothing", "give a key with -i", true },
	{ "a good key of which half is missing", CONNECT KEY LOGIN
	    "debug1: Offering public key: /id ED25519 SHA256:x explicit\r\n"
	    "debug1: Server accepts key: /id ED25519 SHA256:x explicit\r\n"
	    "debug1: No more authentication methods to try.\r\n"
	    "backup@127.0.0.1: Permission denied (publickey).\r\n", false,
	    EXIT(255), "user backup was not let in: the server takes "
	    "publickey, tried: /id (good, but not usable)", "", true },
	{ "a good key that cannot sign", CONNECT KEY LOGIN
	    "debug1: Offering public key: /id ED25519-SK SHA256:x agent\r\n"
	    "debug1: Server accepts key: /id ED25519-SK SHA256:x agent\r\n"
	    "sign_and_send_pubkey: signing failed for ED25519-SK \"/id\" from "
	    "agent: agent refused operation\r\n"
	    "backup@127.0.0.1: Permission denied (publickey).\r\n", false,
	    EXIT(255), "user backup was not let in: the server takes "
	    "publickey, tried: agent (1 key), one of its keys (agent refused "
	    "operation)", "", true },
	{ "too many keys", CONNECT KEY LOGIN
	    "debug1: Offering public key: a ED25519 SHA256:x agent\r\n"
	    "debug1: Offering public key: b ED25519 SHA256:x agent\r\n"
	    "Received disconnect from 127.0.0.1 port 2222:2: Too many "
	    "authentication failures\r\n"
	    "Disconnected from 127.0.0.1 port 2222\r\n", false, EXIT(255),
	    "user backup was not let in: the server takes publickey,password, "
	    "tried: agent (2 keys), then the server hung up",
	    "name the key with -i", true },
	{ "a jump host does not let us in", PROXY
	    "me@jump: Permission denied (publickey).\r\n"
	    "kex_exchange_identification: Connection closed by remote host\r\n",
	    false, EXIT(255), "me@jump was not let in by the jump host, which "
	    "takes publickey", "ssh vault shows more", true },

	/* --- what is offered --- */
	{ "no method in common", CONNECT
	    "Unable to negotiate with 127.0.0.1 port 2222: no matching host "
	    "key type found. Their offer: ssh-rsa\r\n", false, EXIT(255),
	    "SSH handshake: no method in common with the server (Unable to "
	    "negotiate with 127.0.0.1 port 2222: no matching host key type "
	    "found. Their offer: ssh-rsa)", "", true },
	{ "no subsystem", LET_IN "debug1: Sending subsystem: sftp\r\n"
	    "subsystem request failed on channel 0\r\n", false, EXIT(255),
	    "the server offers no SFTP", "Subsystem sftp internal-sftp", true },
	{ "a subsystem whose program is missing", LET_IN
	    "bash: line 1: /usr/lib/sftp-server: No such file\n"
	    "debug1: Exit status 127\r\n", false, EXIT(127),
	    "the server offers no SFTP", "Subsystem sftp internal-sftp", true },
	{ "forwarding not allowed", PROXY
	    "channel 0: open failed: administratively prohibited: open "
	    "failed\r\nstdio forwarding failed\r\n"
	    "Connection closed by UNKNOWN port 65535\r\n", false, EXIT(255),
	    "the jump host does not allow it: channel 0: open failed: "
	    "administratively prohibited: open failed", "", true },

	/* --- what it was told --- */
	{ "a word that it does not know",
	    "command-line: line 0: Bad configuration option: foo\r\n", false,
	    EXIT(255), "ssh: command-line: line 0: Bad configuration option: "
	    "foo", "", true },
	{ "one in a file", "debug1: cfg line 7: Applying options for *\r\n"
	    "cfg: line 15: Bad configuration option: foo\r\n"
	    "cfg: terminating, 1 bad configuration options\r\n", false,
	    EXIT(255), "ssh: cfg: line 15: Bad configuration option: foo", "",
	    true },
	{ "another mistake", "debug1: Reading configuration data cfg\r\n"
	    "cfg line 3: keyword port extra arguments at end of line\r\n",
	    false, EXIT(255),
	    "ssh: cfg line 3: keyword port extra arguments at end of line", "",
	    true },
	{ "no file", "Can't open user config file /x: No such file or "
	    "directory\r\n", false, EXIT(255),
	    "ssh: Can't open user config file /x: No such file or directory",
	    "", true },
	{ "a wrapper that finds no ssh", "ssh: not found\n", false, EXIT(127),
	    "ssh: ssh: not found", "", true },

	/* --- the way there --- */
	{ "no such host", "debug1: Reading configuration data x\r\n"
	    "ssh: Could not resolve hostname vault: Name or service not "
	    "known\r\n", false, EXIT(255),
	    "host vault: Name or service not known", "", false },
	{ "nobody there", CONNECT "debug1: connect to address 127.0.0.1 port "
	    "1: Connection refused\r\n"
	    "ssh: connect to host vault port 1: Connection refused\r\n", false,
	    EXIT(255), "connect to vault port 1: Connection refused", "",
	    false },
	{ "nobody behind the jump host", PROXY
	    "channel 0: open failed: connect failed: Connection refused\r\n"
	    "stdio forwarding failed\r\n"
	    "kex_exchange_identification: Connection closed by remote host\r\n"
	    "Connection closed by UNKNOWN port 65535\r\n", false, EXIT(255),
	    "SSH handshake: the jump host says \"connect failed: Connection "
	    "refused\"", "", false },
	{ "not now", CONNECT "debug1: kex_exchange_identification: banner "
	    "line 0: Not allowed at this time\r\n"
	    "kex_exchange_identification: Connection closed by remote host\r\n"
	    "Connection closed by 127.0.0.1 port 2222\r\n", false, EXIT(255),
	    "SSH handshake: the server says \"Not allowed at this time\"", "",
	    false },
	{ "a reset", CONNECT
	    "kex_exchange_identification: read: Connection reset by peer\r\n"
	    "Connection reset by 127.0.0.1 port 2222\r\n", false, EXIT(255),
	    "SSH handshake: read: Connection reset by peer", "", false },
	{ "silence", CONNECT "Connection timed out during banner exchange\r\n"
	    "Connection to 127.0.0.1 port 2222 timed out\r\n", false,
	    EXIT(255),
	    "SSH handshake: Connection timed out during banner exchange", "",
	    false },
	{ "an end in the middle of the login", CONNECT KEY LOGIN
	    "Connection closed by 127.0.0.1 port 2222\r\n", false, EXIT(255),
	    "authentication: Connection closed by 127.0.0.1 port 2222", "",
	    false },
	{ "no session is allowed", LET_IN
	    "channel 0: open failed: connect failed: open failed\r\n", false,
	    EXIT(255), "start SFTP: the server says \"connect failed: open "
	    "failed\"", "", false },
	{ "the session ends at once", LET_IN "debug1: Exit status 1\r\n",
	    false, EXIT(1), "start SFTP: the server has ended the session", "",
	    false },
	{ "killed on the way", CONNECT, false, SIGKILL,
	    "SSH handshake: ssh was ended by signal 9 (Killed)", "", false },

	/* --- later --- */
	{ "silence later", LET_IN
	    "Timeout, server 127.0.0.1 not responding.\r\n"
	    "client_loop: send disconnect: Broken pipe\r\n", true, EXIT(255),
	    "connection lost: Timeout, server 127.0.0.1 not responding.", "",
	    false },
	{ "an end later", LET_IN
	    "Connection to 127.0.0.1 closed by remote host.\r\n"
	    "Transferred: sent 3480, received 3416 bytes, in 0.1 seconds\r\n",
	    true, EXIT(255),
	    "connection lost: Connection to 127.0.0.1 closed by remote host.",
	    "", false },
	{ "a pipe that breaks", LET_IN
	    "client_loop: send disconnect: Broken pipe\r\n", true, EXIT(255),
	    "connection lost: Broken pipe", "", false },
	{ "killed later", LET_IN, true, SIGKILL,
	    "connection lost: ssh was ended by signal 9 (Killed)", "", false },
	{ "an end without words", LET_IN, true, EXIT(255),
	    "connection lost: the server has ended the session", "", false },
	{ "a server's words later", LET_IN
	    "me@x: Permission denied (publickey).\n", true, EXIT(255),
	    "connection lost: me@x: Permission denied (publickey).", "",
	    false },

	/* --- banners --- */
	{ "a greeting in a bad moment", CONNECT KEY
	    "Permission denied to all but those who have it.\n" LOGIN
	    "Connection closed by 127.0.0.1 port 2222\r\n", false, EXIT(255),
	    "authentication: Connection closed by 127.0.0.1 port 2222", "",
	    false },
};

/* --- what is shown meanwhile ---------- */

static int shown_fd;
static char shown[64 * 1024];

static void
hush(void)
{

	shown_fd = memfd_create("shown", MFD_CLOEXEC);
	if (tap_err == 2)
		tap_err = fcntl(2, F_DUPFD_CLOEXEC, 10);
	if (dup2(shown_fd, 2) == -1)
		abort();
}

static const char *
take_shown(void)
{
	ssize_t n = pread(shown_fd, shown, sizeof(shown) - 1, 0);

	shown[n > 0 ? n : 0] = '\0';
	if (ftruncate(shown_fd, 0) == -1 || lseek(shown_fd, 0, SEEK_SET) == -1)
		abort();
	return (shown);
}

static void
feed(struct said *s, const char *text, size_t step)
{
	size_t len = strlen(text), n;

	for (; len > 0; text += n, len -= n) {
		n = len < step ? len : step;
		said_feed(s, text, n);
	}
}

static void
run(struct said *s, size_t i, size_t step, struct verdict *v)
{

	said_init(s, &route);
	feed(s, cases[i].text, step);
	if (cases[i].started)
		said_start(s);
	said_verdict(s, cases[i].wstatus, v);
}

static void
test_cases(void)
{
	struct verdict v, again;
	struct said s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(&s, i, 1 << 16, &v);
		same(v.why, cases[i].why, cases[i].name);
		ok(cases[i].hint[0] == '\0' ? v.hint[0] == '\0' :
		    strstr(v.hint, cases[i].hint) != NULL, "%s: its hint: %s",
		    cases[i].name, v.hint);
		ok(v.final == cases[i].final, "%s: %s", cases[i].name,
		    v.final ? "final" : "may pass");
		run(&s, i, 1, &again);
		ok(strcmp(v.why, again.why) == 0 && strcmp(v.hint,
		    again.hint) == 0 && v.final == again.final,
		    "%s: byte by byte", cases[i].name);
	}
	take_shown();
}

static void
test_shown(void)
{
	struct verdict v;
	struct said s;

	said_init(&s, &route);
	feed(&s, CONNECT KEY "Welcome\033[2J to vault\n\n" LOGIN, 7);
	same(take_shown(), "said: NAME: ssh: Welcome\\x1b[2J to vault\n",
	    "a greeting is shown at once, and nothing else");
	feed(&s, "debug1: SSH2_MSG_SERVICE_ACCEPT received\r\n"
	    "Authorized use only\n" LOGIN, 7);
	same(take_shown(), "", "a banner is not");
	said_wait(&s);
	same(take_shown(), "said: NAME: ssh: Authorized use only\n",
	    "until nothing goes on");
	feed(&s, "Confirm user presence for key\r\n", 7);
	same(take_shown(), "said: NAME: ssh: Confirm user presence for key\n",
	    "what comes later is");
	feed(&s, "Offending ED25519 key in /kh:17\r\n" IN, 7);
	same(take_shown(), "", "what is wrong with a key is held back");
	ok(said_fresh(&s) && !said_fresh(&s), "something was said, once");
	said_start(&s);
	same(take_shown(),
	    "said: NAME: ssh: Offending ED25519 key in /kh:17\n",
	    "it is shown when there is a session all the same");
	feed(&s, "sftp-server: hello\nConnection to x closed.\r\n", 7);
	same(take_shown(), "said: NAME: ssh: sftp-server: hello\n",
	    "the end is not shown: it comes out as the reason");
	said_verdict(&s, EXIT(255), &v);
	same(v.why, "connection lost: Connection to x closed.", "here");

	said_init(&s, &route);
	feed(&s, CONNECT KEY "debug1: SSH2_MSG_SERVICE_ACCEPT received\r\n"
	    "Maintenance until 06:00\n", 7);
	same(take_shown(), "", "a banner");
	said_verdict(&s, EXIT(255), &v);
	same(v.why, "authentication: ssh ended with status 255, behind the "
	    "words \"Maintenance until 06:00\"",
	    "is told where nothing comes of it");
	same(take_shown(), "", "that is all");
	said_init(&s, &route);
	feed(&s, CONNECT KEY "debug1: SSH2_MSG_SERVICE_ACCEPT received\r\n"
	    "Authorized use only\ndebug1: Entering interactive session.\r\n"
	    "sftp-server: no home\n", 7);
	same(take_shown(), "said: NAME: ssh: sftp-server: no home\n",
	    "who is let in unasked has been greeted");
	said_start(&s);
	same(take_shown(), "", "that is all");

	said_init(&s, &route);
	feed(&s, CONNECT KEY "Warning: Permanently added 'x' (ED25519) to the "
	    "list of known hosts.\r\n", 7);
	same(take_shown(), "said: note: NAME: host key ssh-ed25519 "
	    "SHA256:Hl6O5fU: new, added to known_hosts\n",
	    "a key that was learned");
	feed(&s, LOGIN "debug1: Next authentication method: "
	    "keyboard-interactive\r\n", 7);
	ok(said_dialogue(&s), "a dialogue");
	said_tried(&s, "the password of pw");
	said_denied(&s, &v);
	same(v.why, "user backup was not let in: the server takes "
	    "publickey,password, tried: the password of pw",
	    "ended by us");
}

/* A server that never stops, and one that prints no line at all. */
static void
test_endless(void)
{
	struct verdict v;
	struct said s;
	size_t lines = 0;
	const char *p;
	int i;

	said_init(&s, &route);
	feed(&s, CONNECT, 7);
	for (i = 0; i < 1000; i++)
		feed(&s, "hello\n", 7);
	for (p = take_shown(); (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	ok(lines == 101, "not more than so many lines are shown");
	for (i = 0; i < 100000; i++)
		said_feed(&s, "\0x", 2);
	said_verdict(&s, EXIT(255), &v);
	ok(strlen(v.why) < sizeof(v.why), "a line without an end");
	take_shown();
}

/* Whatever it says, nothing is written where it should not be. */
static void
test_nonsense(void)
{
	static const char *const parts[] = { "debug1: ", "Offering public "
	    "key: ", " key in ", ":", "Offending ", " SHA256:", " agent", "\n",
	    "\r", " ", "Server host key: ", "Load key \"", ": ", "x", "%s",
	    "Permission denied (", ")", ": connect to host ", "No ",
	    " host key is known for ", " and you", "\xff", "@    ",
	    "banner line ", "kex_exchange_identification: ", "Authentications "
	    "that can continue: ", "Server accepts key: ", " explicit" };
	struct verdict v;
	struct said s;
	unsigned seed = 1;
	int i, k;

	for (i = 0; i < 20000; i++) {
		said_init(&s, &route);
		for (k = 0; k < 60; k++) {
			seed = seed * 1103515245u + 12345u;
			feed(&s, parts[(seed >> 16) % (sizeof(parts) /
			    sizeof(parts[0]))], 99);
		}
		if ((i & 1) != 0)
			said_start(&s);
		said_verdict(&s, (int)(seed >> 8) & 0xff00, &v);
		if (strlen(v.why) >= sizeof(v.why) || v.why[0] == '\0')
			break;
	}
	ok(i == 20000, "nonsense comes to something");
	take_shown();
}

int
main(void)
{

	setenv("HOME", "/home/me", 1);
	msg_program("said");
	hush();
	test_cases();
	test_shown();
	test_endless();
	test_nonsense();
	return (tap_done());
}
