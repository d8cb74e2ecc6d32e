/* SPDX-License-Identifier: ISC */
/*
 * How pg_dump comes to the server that we have reached, as whom we are, and
 * speaking as we do.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conninfo.h"
#include "msg.h"
#include "pg-impl.h"

/* Where the server is: what we reached, not what was asked for. */
static int
add_server(const struct pg *pg, char **str)
{
	const char *host = PQhost(pg->conn), *addr = PQhostaddr(pg->conn);
	const char *port = PQport(pg->conn);

	if (conninfo_add(str, "dbname", PQdb(pg->conn)) == -1 ||
	    conninfo_add(str, "host", host) == -1 ||
	    conninfo_add(str, "port", port) == -1)
		return (-1);
	if (host[0] != '/' && host[0] != '@' && addr != NULL &&
	    addr[0] != '\0' && strcmp(host, addr) != 0)
		return (conninfo_add(str, "hostaddr", addr));
	return (0);
}

static int
add_keepalive(const struct pg *pg, char **str)
{
	char *own = pg_parameter(pg->conn, "keepalives_idle"), text[16];
	const struct {
		const char *keyword;
		int value;
	} all[] = {
		{ "keepalives_idle", KEEP_IDLE },
		{ "keepalives_interval", KEEP_INTERVAL },
		{ "keepalives_count", KEEP_COUNT },
	};
	size_t i;

	for (i = 0; own == NULL && i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(text, sizeof(text), "%d", all[i].value);
		if (conninfo_add(str, all[i].keyword, text) == -1)
			return (-1);
	}
	free(own);
	return (0);
}

/* As set_language(): the session of a child speaks as ours. */
static int
add_options(const struct pg *pg, char **conninfo)
{
	char *own = pg_parameter(pg->conn, "options"), *all = NULL;
	int got = 0;

	if (pg->language == SPEAKS_AS_ASKED) {
		got = asprintf(&all, "%s%s-c lc_messages=C",
		    own != NULL ? own : "", own != NULL ? " " : "");
		if (got != -1)
			got = conninfo_add(conninfo, "options", all);
	} else if (own != NULL)
		got = conninfo_add(conninfo, "options", own);
	free(own);
	free(all);
	return (got == -1 ? -1 : 0);
}

/* All other parameters.  On an error *bad is the one that cannot be had. */
static int
add_others(const struct pg *pg, char **conninfo, char **service,
    char bad[64])
{
	PQconninfoOption *all, *o;
	struct conninfo_param p;
	int got = 0;

	if ((all = PQconninfo(pg->conn)) == NULL)
		return (-1);
	for (o = all; o->keyword != NULL && got == 0; o++) {
		p = (struct conninfo_param){
			.keyword = o->keyword, .value = o->val,
			.compiled = o->compiled,
			.env_set = o->envvar != NULL &&
			    getenv(o->envvar) != NULL,
			.secret = strchr(o->dispchar, '*') != NULL,
		};
		switch (conninfo_fate(&p)) {
		case CONNINFO_DROP:
			break;
		case CONNINFO_SHOW:
			got = conninfo_add(conninfo, o->keyword, o->val);
			break;
		case CONNINFO_HIDE:
			got = conninfo_hide(service, o->keyword, o->val);
			break;
		}
		if (got == -1)
			snprintf(bad, 64, "%s", o->keyword);
	}
	PQconninfoFree(all);
	return (got);
}

enum status
pg_for_child(const struct pg *pg, char **conninfo, char **password,
    char **service)
{
	const char *pass = PQpass(pg->conn);
	char bad[64] = "libpq";

	*conninfo = *password = *service = NULL;
	if (pass != NULL && pass[0] != '\0' &&
	    (*password = strdup(pass)) == NULL)
		goto fail;
	if (add_server(pg, conninfo) == 0 && add_keepalive(pg, conninfo) == 0 &&
	    add_options(pg, conninfo) == 0 &&
	    add_others(pg, conninfo, service, bad) == 0)
		return (STATUS_OK);
fail:
	msg_errno(bad);
	return (errno == EINVAL ? STATUS_USAGE : STATUS_LOCAL);
}
