/* SPDX-License-Identifier: ISC */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pg-impl.h"
#include "sandbox/fence.h"

#define PORT_KERBEROS	88

/* Parameters of libpq that name files or directories. */
static const char *const files[] = {
	"sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir", "passfile",
};

/* Variables that do: its own, and of the libraries below it. */
static const char *const variables[] = {
	"PGSERVICEFILE", "PGSYSCONFDIR", "OPENSSL_CONF", "SSL_CERT_FILE",
	"SSL_CERT_DIR", "KRB5_CONFIG", "KRB5_CLIENT_KTNAME",
};

static void
allow_home(struct fence *f, const char *home)
{
	/* Each by itself, too: it may be a link to elsewhere. */
	static const char *const names[] = {
		".postgresql", ".pgpass", ".pg_service.conf",
		".postgresql/postgresql.crt", ".postgresql/postgresql.key",
		".postgresql/root.crt", ".postgresql/root.crl",
	};
	char *path;
	size_t i;

	for (i = 0; home != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (asprintf(&path, "%s/%s", home, names[i]) != -1) {
			fence_path(f, path, FENCE_READ);
			free(path);
		}
}

/* The tickets of Kerberos, to which one may be added. */
static void
allow_tickets(struct fence *f)
{
	const char *cache = getenv("KRB5CCNAME");
	char path[64];

	if (cache != NULL && (strncmp(cache, "FILE:", 5) == 0 ||
	    strncmp(cache, "DIR:", 4) == 0))
		cache = strchr(cache, ':') + 1;
	fence_path(f, cache, FENCE_READ | FENCE_WRITE);
	snprintf(path, sizeof(path), "/tmp/krb5cc_%u", (unsigned)geteuid());
	fence_path(f, path, FENCE_READ | FENCE_WRITE);
	fence_port(f, PORT_KERBEROS);
}

void
pg_allow(const struct pg *pg, struct fence *f)
{
	const struct passwd *me = getpwuid(geteuid());
	char *path;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		path = pg_parameter(pg->conn, files[i]);
		if (path != NULL && path[0] != '\0')
			fence_path(f, path, FENCE_READ);
		free(path);
	}
	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		fence_path(f, getenv(variables[i]), FENCE_READ);
	allow_home(f, getenv("HOME"));
	allow_home(f, me != NULL ? me->pw_dir : NULL);
	allow_tickets(f);
	if (PQhost(pg->conn)[0] != '/')
		fence_port(f, (unsigned)strtoul(PQport(pg->conn), NULL, 10));
}

const char *
pg_beyond_fence(const struct pg *pg)
{

	if (PQhost(pg->conn)[0] == '@')
		return ("the server's socket has no path");
	/* krb5.conf may name tickets, keys and ports that are not known here,
	 * and each worker logs in by itself. */
	if (PQgssEncInUse(pg->conn))
		return ("Kerberos is used");
	return (NULL);
}
