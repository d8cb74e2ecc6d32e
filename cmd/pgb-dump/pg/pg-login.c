/* SPDX-License-Identifier: ISC */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ask.h"
#include "blame.h"
#include "clock.h"
#include "msg.h"
#include "pg-impl.h"
#include "sig.h"

#define PASSWORD_MAX	4096
#define TIMEOUT_MAX	86400	/* seconds */
#define PARAMS_MAX	64	/* connection parameters of libpq */

/* What one attempt to connect is made with. */
struct attempt {
	const struct pg_login *login;
	const char *password;	/* asked for, or NULL */
	const char *fallback;	/* database where none is named, or NULL */
	bool timed_out;		/* a host did not answer in time */
	const struct pg_teller *teller;	/* or NULL */
};

static void
ignore_notice(void *arg, const PGresult *res)
{

	(void)arg;
	(void)res;
}

/* connect_timeout in milliseconds, as libpq reads it; -1: none. */
static int
connect_timeout(PGconn *conn)
{
	char *value = pg_parameter(conn, "connect_timeout");
	long seconds = value != NULL ? strtol(value, NULL, 10) : 0;

	free(value);
	if (seconds <= 0)
		return (-1);
	if (seconds > TIMEOUT_MAX)
		seconds = TIMEOUT_MAX;
	return ((int)(seconds < 2 ? 2 : seconds) * 1000);
}

/*
 * Drive the connection to its end.  libpq's blocking call cannot be stopped by
 * a signal, and its polling call knows no timeout: when one is over, the
 * socket is shut down under libpq.  A server that was not reached is then
 * passed over for the next one; one that had answered ends the attempt.
 */
static void
drive(struct attempt *a, PGconn *conn)
{
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;
	int timeout = connect_timeout(conn), ready;
	char host[512] = "", seen[512];
	int64_t began = clock_ms();

	while (want != PGRES_POLLING_OK && want != PGRES_POLLING_FAILED) {
		snprintf(seen, sizeof(seen), "%s %s %s", PQhost(conn),
		    PQhostaddr(conn), PQport(conn));
		if (strcmp(seen, host) != 0) {
			memcpy(host, seen, sizeof(host));
			began = clock_ms();
			a->timed_out = false;
		}
		ready = pg_wait(conn, want == PGRES_POLLING_READING ?
		    POLLIN : POLLOUT);
		if (ready == -1)
			return;
		if (ready == 0 && timeout != -1 &&
		    clock_ms() - began >= timeout) {
			a->timed_out = true;
			shutdown(PQsocket(conn), SHUT_RDWR);
			began = clock_ms();
		} else if (ready == 0)
			continue;
		want = PQconnectPoll(conn);
	}
}

/* What PQconnectStartParams() gave, with its attempt made; NULL stays NULL. */
static PGconn *
driven(struct attempt *a, PGconn *conn)
{

	if (conn == NULL)
		return (NULL);
	PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	if (PQstatus(conn) != CONNECTION_BAD)
		drive(a, conn);
	return (conn);
}

static PGconn *
try(struct attempt *a)
{
	const struct pg_login *l = a->login;
	const char *key[8], *value[8];
	int n = 0;

#define ADD(k, v) do {							\
	if ((v) != NULL) {						\
		key[n] = (k);						\
		value[n++] = (v);					\
	}								\
} while (0)
	/* The order counts: what stands in a conninfo string wins over -h, -p
	 * and -U as in psql, and what was asked for wins over all. */
	ADD("host", l->host);
	ADD("port", l->port);
	ADD("user", l->user);
	ADD("dbname", l->database);
	ADD("dbname", a->fallback);
	ADD("password", a->password);
	ADD("fallback_application_name", "pgb-dump");
	key[n] = value[n] = NULL;
#undef ADD
	return (driven(a, PQconnectStartParams(key, value, 1)));
}

/* Whether libpq refused the parameters before it tried any server. */
static bool
is_misuse(const char *text)
{

	return (strncmp(text, "connection to server", 20) != 0 &&
	    strncmp(text, "could not ", 10) != 0 &&
	    strncmp(text, "fe_sendauth", 11) != 0 &&
	    strstr(text, "FATAL") == NULL && !blame_coded(text));
}

static enum status
cannot_connect(const struct attempt *a, const PGconn *conn)
{
	const char *text = PQerrorMessage(conn);
	struct blame b;
	char line[2048];

	if (sig_caught() != 0)
		return (STATUS_LOCAL);
	b = blame_connect(text, line, sizeof(line));
	if (a->timed_out) {
		b = blame_text("timeout expired");
		snprintf(line, sizeof(line), "connection to server at \"%s\", "
		    "port %s failed: timeout expired", PQhost(conn),
		    PQport(conn));
	} else if (text[0] == '\0') {
		/* libpq 17, where it gets no socket for the last address. */
		b = (struct blame){ STATUS_RETRY, NULL };
		snprintf(line, sizeof(line), "connection to server at \"%s\", "
		    "port %s failed: no reason given", PQhost(conn),
		    PQport(conn));
	} else if (strncmp(text, "server closed the ", 18) == 0) {
		/* libpq 13, where it could not send its first words. */
		snprintf(line, sizeof(line), "connection to server at \"%s\", "
		    "port %s failed: server closed the connection "
		    "unexpectedly", PQhost(conn), PQport(conn));
	} else if (strncmp(text, "out of memory", 13) == 0) {
		b = (struct blame){ STATUS_LOCAL, NULL };
		snprintf(line, sizeof(line), "libpq: out of memory");
	} else if (is_misuse(text))
		b = (struct blame){ STATUS_USAGE, NULL };
	if (a->teller != NULL && a->teller->tell != NULL &&
	    !a->teller->tell(a->teller->arg, b.status, true))
		return (b.status);
	msg_error("%s", line);
	if (b.hint != NULL)
		msg_hint("%s", b.hint);
	return (b.status);
}

static bool
has_database(const PQconninfoOption *o)
{

	for (; o != NULL && o->keyword != NULL; o++)
		if (strcmp(o->keyword, "dbname") == 0)
			return (o->val != NULL && o->val[0] != '\0');
	return (false);
}

/* Whether the user, a service or the environment names a database. */
static bool
names_database(const struct pg_login *l)
{
	PQconninfoOption *all;
	bool found;

	if (l->database != NULL && strchr(l->database, '=') == NULL &&
	    strncmp(l->database, "postgres://", 11) != 0 &&
	    strncmp(l->database, "postgresql://", 13) != 0)
		return (true);
	all = PQconndefaults();
	found = has_database(all);
	PQconninfoFree(all);
	if (!found && l->database != NULL) {
		all = PQconninfoParse(l->database, NULL);
		found = has_database(all);
		PQconninfoFree(all);
	}
	return (found);
}

static bool
is_unknown_database(const PGconn *conn)
{

	return (strstr(PQerrorMessage(conn), ":  3D000: ") != NULL);
}

static void
set_keepalive(PGconn *conn)
{
	const int idle = KEEP_IDLE, interval = KEEP_INTERVAL,
	    count = KEEP_COUNT;
	char *on = pg_parameter(conn, "keepalives");
	char *own = pg_parameter(conn, "keepalives_idle");
	int fd = PQsocket(conn);

	/* On a Unix socket these fail, and are not needed. */
	if (own == NULL && (on == NULL || strcmp(on, "0") != 0)) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle,
		    sizeof(idle));
		(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval,
		    sizeof(interval));
		(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count,
		    sizeof(count));
	}
	free(on);
	free(own);
}

/* Connect, asking for what is missing. */
static enum status
log_in(struct attempt *a, char password[PASSWORD_MAX], PGconn **out)
{
	const struct pg_login *l = a->login;
	enum status status;
	PGconn *conn;

	if (l->ask) {
		status = ask_password(l->user, password, PASSWORD_MAX);
		if (status != STATUS_OK)
			return (status);
		a->password = password;
	}
	for (;;) {
		if ((conn = try(a)) == NULL) {
			msg_errno("libpq");
			return (STATUS_LOCAL);
		}
		if (PQstatus(conn) == CONNECTION_OK) {
			*out = conn;
			return (STATUS_OK);
		}
		if (sig_caught() != 0)
			status = STATUS_LOCAL;
		else if (PQconnectionNeedsPassword(conn) && !l->never_ask &&
		    a->password == NULL && ask_possible()) {
			status = ask_password(PQuser(conn), password,
			    PASSWORD_MAX);
			a->password = password;
		} else if (a->fallback != NULL && is_unknown_database(conn) &&
		    strcmp(a->fallback, "postgres") == 0) {
			a->fallback = "template1";
			status = STATUS_OK;
		} else
			status = cannot_connect(a, conn);
		PQfinish(conn);
		if (status != STATUS_OK)
			return (status);
	}
}

enum status
pg_log_in(const struct pg_login *login, PGconn **conn)
{
	struct attempt a = { .login = login };
	char password[PASSWORD_MAX];
	enum status status;

	if (login->any_database && !names_database(login))
		a.fallback = "postgres";
	status = log_in(&a, password, conn);
	explicit_bzero(password, sizeof(password));
	if (status == STATUS_OK) {
		PQsetErrorVerbosity(*conn, PQERRORS_DEFAULT);
		set_keepalive(*conn);
	}
	return (status);
}

/* The parameters of a session, with the server that it reached. */
static PGconn *
try_again(struct attempt *a, PGconn *like)
{
	PQconninfoOption *all = PQconninfo(like), *o;
	const char *key[PARAMS_MAX + 6], *value[PARAMS_MAX + 6];
	PGconn *conn;
	int n = 0;

	if (all == NULL)
		return (NULL);
	for (o = all; o->keyword != NULL && n < PARAMS_MAX; o++) {
		if (o->val == NULL || o->val[0] == '\0' ||
		    strcmp(o->keyword, "service") == 0 ||
		    strcmp(o->keyword, "hostaddr") == 0 ||
		    strcmp(o->keyword, "target_session_attrs") == 0 ||
		    strcmp(o->keyword, "load_balance_hosts") == 0)
			continue;
		key[n] = o->keyword;
		value[n++] = o->val;
	}
	/* Of two with the same name the later one counts. */
	key[n] = "host";
	value[n++] = PQhost(like);
	key[n] = "port";
	value[n++] = PQport(like);
	if (PQhost(like)[0] != '/' && PQhostaddr(like)[0] != '\0') {
		key[n] = "hostaddr";
		value[n++] = PQhostaddr(like);
	}
	if (PQpass(like) != NULL && PQpass(like)[0] != '\0') {
		key[n] = "password";
		value[n++] = PQpass(like);
	}
	key[n] = "target_session_attrs";
	value[n++] = "any";
	key[n] = value[n] = NULL;
	conn = PQconnectStartParams(key, value, 0);
	PQconninfoFree(all);
	return (driven(a, conn));
}

enum status
pg_log_in_like(PGconn *like, const struct pg_teller *teller, PGconn **out,
    bool *full)
{
	const struct pg_login login = { .never_ask = true };
	struct attempt a = { .login = &login, .teller = teller };
	enum status status;
	PGconn *conn = try_again(&a, like);

	if (conn == NULL)
		return (pg_no_memory(teller));
	if (PQstatus(conn) == CONNECTION_OK) {
		PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
		set_keepalive(conn);
		*out = conn;
		return (STATUS_OK);
	}
	/* No session left, or no room for its locks: the caller's to tell. */
	*full = strstr(PQerrorMessage(conn), ":  53300: ") != NULL ||
	    strstr(PQerrorMessage(conn), ":  53200: ") != NULL;
	status = *full ? STATUS_OK : cannot_connect(&a, conn);
	PQfinish(conn);
	return (status);
}
