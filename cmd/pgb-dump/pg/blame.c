/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "blame.h"

#define HINT_PASSWORD							\
	"give the password in PGPASSFILE, in PGPASSWORD or with -W"
#define HINT_DATABASE							\
	"pgb-dump --list prints the databases"
#define HINT_DOWN							\
	"is the server running, and does it listen there?"
#define HINT_FULL							\
	"the server has no connection free: try again later, or raise "	\
	"max_connections"
#define HINT_LIMIT							\
	"try again later, or raise its CONNECTION LIMIT: ALTER ROLE, "	\
	"ALTER DATABASE"
#define HINT_CROWD							\
	"no connection is free: try again later, or raise "		\
	"max_connections, or the CONNECTION LIMIT of role or database"
#define HINT_STARTING							\
	"the server starts, stops or recovers: try again later"
#define HINT_GONE							\
	"the server ended the session: try again, and see its log"
#define HINT_STANDBY							\
	"the standby had to replay changes: raise "			\
	"max_standby_streaming_delay, or dump the primary"
#define HINT_RIGHTS							\
	"the role needs SELECT on all that is dumped: GRANT "		\
	"pg_read_all_data TO it covers all but large objects"
#define HINT_ROWS							\
	"the role may not see all rows: use one with BYPASSRLS, or "	\
	"take what it sees with --enable-row-security"
#define HINT_ROLE							\
	"-U NAME or PGUSER says as whom to connect; psql -c '\\du' "	\
	"lists the roles"
#define HINT_LOGIN							\
	"ALTER ROLE ... LOGIN permits it; or connect as another, with "	\
	"--role"
#define HINT_STRANGER							\
	"there must be such a role, and it must be permitted to log "	\
	"in: psql -c '\\du' lists the roles"
#define HINT_CLOSED							\
	"ALTER DATABASE ... ALLOW_CONNECTIONS true lets it be dumped"
#define HINT_PEER							\
	"over the socket the role must be the system's user: run as "	\
	"that one, or connect with -h localhost"
#define HINT_HBA							\
	"the server's pg_hba.conf must let this role in, to this "	\
	"database and from here"
#define HINT_TABLES							\
	"psql -c '\\dt *.*' lists the tables; capital letters need "	\
	"quotes: -t '\"Name\"'"
#define HINT_SOCKET							\
	"the directory of the socket is closed to this user: try "	\
	"another one, or -h localhost"
#define HINT_SSL							\
	"see sslmode and sslrootcert in libpq's documentation"

#define AND		'*'	/* in a pattern: any text between two pieces */

struct rule {
	const char *key;	/* SQLSTATE's beginning, or a pattern */
	struct blame blame;
};

/* The first that matches decides. */
static const struct rule states[] = {
	{ "57P03", { STATUS_RETRY, HINT_STARTING } },
	{ "57P01", { STATUS_RETRY, HINT_GONE } },
	{ "57P02", { STATUS_RETRY, HINT_GONE } },
	{ "57P05", { STATUS_RETRY, HINT_GONE } },
	{ "57014", { STATUS_RETRY, NULL } },
	{ "53300", { STATUS_RETRY, HINT_CROWD } },
	{ "53100", { STATUS_REMOTE, "the server's disk is full" } },
	{ "53", { STATUS_RETRY, NULL } },
	{ "08", { STATUS_RETRY, NULL } },
	/* Sessions that only read meet no other failure of that kind. */
	{ "40001", { STATUS_RETRY, HINT_STANDBY } },
	{ "40", { STATUS_RETRY, NULL } },
	{ "55P03", { STATUS_RETRY, NULL } },
	{ "28P01", { STATUS_REMOTE, HINT_PASSWORD } },
	{ "3D000", { STATUS_REMOTE, HINT_DATABASE } },
	{ "42501", { STATUS_REMOTE, HINT_RIGHTS } },
	{ "XX001", { STATUS_DATA, NULL } },
	{ "XX002", { STATUS_DATA, NULL } },
};

/*
 * Particular before general: "root certificate file ... does not exist" is the
 * user's configuration, any other "does not exist" is the server's word.
 */
static const struct rule words[] = {
	/* This command line. */
	{ "unrecognized option", { STATUS_USAGE, NULL } },
	{ "invalid option", { STATUS_USAGE, NULL } },
	{ "requires an argument", { STATUS_USAGE, NULL } },
	{ "allow an argument", { STATUS_USAGE, NULL } },
	{ "cannot be used together", { STATUS_USAGE, NULL } },
	{ "requires option", { STATUS_USAGE, NULL } },
	{ "can only be used with", { STATUS_USAGE, NULL } },
	{ "invalid argument for option", { STATUS_USAGE, NULL } },
	{ "invalid value", { STATUS_USAGE, NULL } },
	{ "must be in range", { STATUS_USAGE, NULL } },
	{ "must be an integer", { STATUS_USAGE, NULL } },
	{ "unrecognized section name", { STATUS_USAGE, NULL } },
	{ "invalid compression", { STATUS_USAGE, NULL } },
	{ "compression algorithm", { STATUS_USAGE, NULL } },
	{ "compression specification", { STATUS_USAGE, NULL } },
	{ "invalid client encoding", { STATUS_USAGE, NULL } },
	{ "improper qualified name", { STATUS_USAGE, NULL } },
	{ "improper relation name", { STATUS_USAGE, NULL } },
	{ "cross-database references", { STATUS_USAGE, NULL } },
	{ "server version mismatch", { STATUS_USAGE, NULL } },
	{ "root certificate file*does not exist",
	    { STATUS_USAGE, HINT_SSL } },
	{ "certificate file", { STATUS_USAGE, HINT_SSL } },
	{ "private key file", { STATUS_USAGE, HINT_SSL } },

	/*
	 * The other end, passing.  The snapshot is one that we export, whatever
	 * the user named: it has gone with our session.
	 */
	{ "invalid snapshot identifier", { STATUS_RETRY, NULL } },
	{ "snapshot \"*\" does not exist", { STATUS_RETRY, NULL } },
	{ "could not import the requested snapshot", { STATUS_RETRY, NULL } },
	{ "the database system is", { STATUS_RETRY, HINT_STARTING } },
	{ "too many clients already", { STATUS_RETRY, HINT_FULL } },
	{ "remaining connection slots", { STATUS_RETRY, HINT_FULL } },
	{ "too many connections for", { STATUS_RETRY, HINT_LIMIT } },
	{ "conflict with recovery", { STATUS_RETRY, HINT_STANDBY } },
	{ "terminating connection", { STATUS_RETRY, HINT_GONE } },
	{ "server closed the connection", { STATUS_RETRY, HINT_GONE } },
	{ "no connection to the server", { STATUS_RETRY, HINT_GONE } },
	{ "connection to server was lost", { STATUS_RETRY, HINT_GONE } },
	{ "could not receive data from", { STATUS_RETRY, HINT_GONE } },
	{ "could not send data to", { STATUS_RETRY, HINT_GONE } },
	{ "connection has been closed", { STATUS_RETRY, HINT_GONE } },
	{ "SSL SYSCALL error", { STATUS_RETRY, HINT_GONE } },
	{ "Connection refused", { STATUS_RETRY, HINT_DOWN } },
	{ "Connection timed out", { STATUS_RETRY, HINT_DOWN } },
	{ "timeout expired", { STATUS_RETRY, HINT_DOWN } },
	{ "No route to host", { STATUS_RETRY, HINT_DOWN } },
	{ "Host is unreachable", { STATUS_RETRY, HINT_DOWN } },
	{ "Network is unreachable", { STATUS_RETRY, HINT_DOWN } },
	{ "Connection reset by peer", { STATUS_RETRY, HINT_DOWN } },
	{ "on socket*No such file or directory",
	    { STATUS_RETRY, HINT_DOWN } },
	{ "could not connect to server: No such file or directory",
	    { STATUS_RETRY, HINT_DOWN } },	/* libpq 13 */
	{ "Temporary failure in name resolution", { STATUS_RETRY, NULL } },
	{ "canceling statement due to", { STATUS_RETRY, NULL } },
	{ "deadlock detected", { STATUS_RETRY, NULL } },
	{ "could not obtain lock", { STATUS_RETRY, NULL } },
	{ "could not serialize access", { STATUS_RETRY, NULL } },
	{ "session is read-only", { STATUS_RETRY, NULL } },
	{ "session is not read-only", { STATUS_RETRY, NULL } },
	{ "server is in hot standby mode", { STATUS_RETRY, NULL } },
	{ "server is not in hot standby mode", { STATUS_RETRY, NULL } },

	/* The other end, final. */
	{ "password authentication failed",
	    { STATUS_REMOTE, HINT_PASSWORD } },
	{ "no password supplied", { STATUS_REMOTE, HINT_PASSWORD } },
	{ "database \"*\" does not exist", { STATUS_REMOTE, HINT_DATABASE } },
	{ "permission denied", { STATUS_REMOTE, HINT_RIGHTS } },
	{ "row-level security", { STATUS_REMOTE, HINT_ROWS } },
	{ "must be superuser", { STATUS_REMOTE, HINT_RIGHTS } },
	{ "must be owner", { STATUS_REMOTE, HINT_RIGHTS } },
	{ "role \"*\" does not exist", { STATUS_REMOTE, HINT_ROLE } },
	{ "not permitted to log in", { STATUS_REMOTE, HINT_LOGIN } },
	{ "not currently accepting connections",
	    { STATUS_REMOTE, HINT_CLOSED } },
	{ "no pg_hba.conf entry", { STATUS_REMOTE, HINT_HBA } },
	{ "pg_hba.conf rejects", { STATUS_REMOTE, HINT_HBA } },
	{ "Peer authentication failed", { STATUS_REMOTE, HINT_PEER } },
	{ "Ident authentication failed", { STATUS_REMOTE, HINT_PEER } },
	{ "authentication", { STATUS_REMOTE, NULL } },
	{ "does not exist", { STATUS_REMOTE, NULL } },
	{ "no matching tables", { STATUS_REMOTE, HINT_TABLES } },
	{ "no matching", { STATUS_REMOTE, NULL } },
	{ "could not translate host name", { STATUS_REMOTE,
	    "-h or PGHOST names the server: is it spelt right? getent hosts "
	    "NAME asks the same" } },
	{ "SSL", { STATUS_REMOTE, HINT_SSL } },
	{ "certificate", { STATUS_REMOTE, HINT_SSL } },

	/* This machine. */
	{ "on socket*Permission denied", { STATUS_LOCAL, HINT_SOCKET } },
	{ "out of memory", { STATUS_LOCAL, NULL } },
	{ "could not write", { STATUS_LOCAL, NULL } },
};

/* What a function of the server means by a code, in any language. */
static const struct {
	const char *function, *code, *hint;
} functions[] = {
	{ "check_enable_rls", "42501", HINT_ROWS },
	{ "InitializeSessionUserId", "28000", HINT_STRANGER },
	{ "InitializeSessionUserId", "53300", HINT_LIMIT },
	{ "CheckMyDatabase", "53300", HINT_LIMIT },
	{ "CheckMyDatabase", "55000", HINT_CLOSED },
	{ "ClientAuthentication", "28000", HINT_HBA },
};

struct blame
blame_sqlstate(const char *code)
{
	const struct blame unknown = { STATUS_REMOTE, NULL };
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strncmp(code, states[i].key, strlen(states[i].key)) == 0)
			return (states[i].blame);
	return (unknown);
}

/* Whether the pieces of the pattern stand in text, in this order. */
static bool
matches(const char *text, const char *pattern)
{
	const char *star;
	char piece[64];
	size_t len;

	for (;;) {
		star = strchrnul(pattern, AND);
		len = (size_t)(star - pattern);
		if (len >= sizeof(piece))
			return (false);
		memcpy(piece, pattern, len);
		piece[len] = '\0';
		if ((text = strstr(text, piece)) == NULL)
			return (false);
		if (*star == '\0')
			return (true);
		text += len;
		pattern = star + 1;
	}
}

struct blame
blame_text(const char *text)
{
	const struct blame unknown = { STATUS_OK, NULL };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (matches(text, words[i].key))
			return (words[i].blame);
	return (unknown);
}

struct blame
blame_server(const char *code, const char *text, const char *function)
{
	struct blame b = blame_sqlstate(code), t = blame_text(text);
	size_t i;

	if (t.hint != NULL && (b.hint == NULL || t.status == b.status)) {
		b.hint = t.hint;
		return (b);
	}
	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(function, functions[i].function) == 0 &&
		    strcmp(code, functions[i].code) == 0)
			b.hint = functions[i].hint;
	return (b);
}

/*
 * Where "SEVERITY:  XXXXX: " stands in a line of a verbose message: the two
 * blanks are libpq's, the severity may be in any language.  Returns the length
 * of all that, *at its beginning; 0 where there is none.
 */
static size_t
find_code(const char *line, const char **at, char code[6])
{
	const char *s, *begin;
	size_t i;

	for (s = line; (s = strstr(s, ":  ")) != NULL; s += 3) {
		for (i = 0; i < 5; i++)
			if (!isupper((unsigned char)s[3 + i]) &&
			    !isdigit((unsigned char)s[3 + i]))
				break;
		if (i < 5 || strncmp(s + 8, ": ", 2) != 0)
			continue;
		memcpy(code, s + 3, 5);
		code[5] = '\0';
		for (begin = s; begin > line; begin--)
			if (begin[-1] == ' ')
				break;
		*at = begin;
		return ((size_t)(s + 10 - begin));
	}
	return (0);
}

bool
blame_coded(const char *text)
{
	const char *at;
	char code[6];

	return (find_code(text, &at, code) > 0);
}

/* Whether a line speaks of one more host; others explain the one before. */
static bool
is_primary(const char *line)
{
	static const char *const begins[] = {
		"connection to server",
		"could not translate",
		"could not connect",
	};
	size_t i;

	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(line, begins[i], strlen(begins[i])) == 0)
			return (true);
	return (false);
}

/*
 * Which function of the server said the line in front of text: libpq tells it
 * below, in front of the next host's line.  "" where it does not.
 */
static void
find_function(const char *text, char *out, size_t outlen)
{
	static const char label[] = "LOCATION:  ";

	out[0] = '\0';
	for (; *text != '\0' && !is_primary(text);
	    text += strcspn(text, "\n"), text += *text == '\n')
		if (strncmp(text, label, sizeof(label) - 1) == 0) {
			text += sizeof(label) - 1;
			snprintf(out, outlen, "%.*s",
			    (int)strcspn(text, ",\n"), text);
			return;
		}
}

/*
 * One line of libpq's text, and what stands below it: its blame, and what of it
 * the user is shown.
 */
static struct blame
judge_line(const char *line, const char *below, char *clean, size_t cleanlen)
{
	char function[64];
	struct blame b;
	const char *at;
	char code[6];
	size_t len;

	if ((len = find_code(line, &at, code)) > 0) {
		snprintf(clean, cleanlen, "%.*s%s", (int)(at - line), line,
		    at + len);
		find_function(below, function, sizeof(function));
		return (blame_server(code, line, function));
	}
	/* The name of a function inside libpq tells the user nothing. */
	if ((at = strstr(line, "fe_sendauth: ")) == NULL)
		at = line + strlen(line);
	len = *at != '\0' ? strlen("fe_sendauth: ") : 0;
	snprintf(clean, cleanlen, "%.*s%s", (int)(at - line), line, at + len);
	if ((b = blame_text(line)).status == STATUS_OK)
		b.status = STATUS_REMOTE;
	return (b);
}

/*
 * The last sentence decides: libpq goes on to the next host only after what
 * may pass, so that an earlier refusal of another host says nothing about the
 * one where it stopped.
 */
struct blame
blame_connect(const char *text, char *out, size_t outlen)
{
	struct blame b = { STATUS_REMOTE, NULL };
	char line[1024], clean[1024];
	size_t len = 0, n;

	out[0] = '\0';
	while (*text != '\0') {
		n = strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		text += n + (text[n] == '\n');
		if (len > 0 && !is_primary(line))
			continue;
		b = judge_line(line, text, clean, sizeof(clean));
		/* With and without TLS the same server says the same. */
		if (strstr(out, clean) != NULL)
			continue;
		snprintf(out + len, outlen - len, "%s%s",
		    len > 0 ? "; " : "", clean);
		len = strlen(out);
	}
	return (b);
}
