/* SPDX-License-Identifier: ISC */
/* Promise: pg_dump reaches the server that we reached, and no secret stands on
 * its command line. */
#include <libpq-fe.h>

#include "pgb-dump/pg/conninfo.c"
#include "tap.h"

static enum conninfo_fate
fate(const char *keyword, const char *value, const char *compiled,
    bool env_set, bool secret)
{
	const struct conninfo_param p = { keyword, value, compiled, env_set,
	    secret };

	return (conninfo_fate(&p));
}

static void
test_fate(void)
{

	ok(fate("sslmode", "require", "prefer", false, false) ==
	    CONNINFO_SHOW, "what was chosen is handed on");
	ok(fate("sslmode", "prefer", "prefer", false, false) ==
	    CONNINFO_DROP, "a default is not");
	ok(fate("sslmode", "prefer", "prefer", true, false) ==
	    CONNINFO_SHOW, "but where the environment would say otherwise");
	ok(fate("sslmode", NULL, "prefer", true, false) == CONNINFO_DROP &&
	    fate("sslcert", "", NULL, false, false) == CONNINFO_DROP,
	    "nothing is nothing");
	ok(fate("host", "a,b", NULL, false, false) == CONNINFO_DROP &&
	    fate("hostaddr", "1.1.1.1", NULL, false, false) ==
	    CONNINFO_DROP && fate("port", "1,2", NULL, false, false) ==
	    CONNINFO_DROP, "the server is named by what was reached");
	ok(fate("target_session_attrs", "standby", "any", false, false) ==
	    CONNINFO_DROP, "the server is not chosen again");
	ok(fate("password", "x", NULL, false, true) == CONNINFO_DROP,
	    "the password has its own way");
	ok(fate("sslpassword", "x", NULL, false, true) == CONNINFO_HIDE &&
	    fate("scram_client_key", "x", NULL, false, false) ==
	    CONNINFO_HIDE, "other secrets are hidden");
	ok(fate("service", "x", NULL, false, false) == CONNINFO_DROP,
	    "a service has been read");
}

/* Whatever we write, libpq must read back. */
static void
test_round(void)
{
	static const char *const values[] = {
		"plain", "", " a b ", "it's", "back\\slash\\", "\\'", "a=b",
		"line\nend", "'", "\\", "\303\244",
	};
	PQconninfoOption *all, *o;
	char *str, *err = NULL;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		str = NULL;
		if (conninfo_add(&str, "user", "u") == -1 ||
		    conninfo_add(&str, "dbname", values[i]) == -1 ||
		    conninfo_add(&str, "host", "h") == -1) {
			ok(false, "memory");
			return;
		}
		all = PQconninfoParse(str, &err);
		ok(all != NULL, "libpq reads: %s", i < 7 ? str : "(bytes)");
		for (o = all; o != NULL && o->keyword != NULL; o++)
			if (strcmp(o->keyword, "dbname") == 0)
				same(o->val, values[i], "as it was written");
		PQconninfoFree(all);
		free(str);
	}
}

static void
test_hide(void)
{
	char *str = NULL;

	ok(conninfo_hide(&str, "sslpassword", "a b") == 0 &&
	    conninfo_hide(&str, "oauth_client_secret", "c") == 0,
	    "two secrets");
	same(str, "[pgb]\nsslpassword=a b\noauth_client_secret=c\n",
	    "a service file");
	ok(conninfo_hide(&str, "sslpassword", "a\nb") == -1 &&
	    errno == EINVAL, "a line end cannot be hidden there");
	free(str);
}

int
main(void)
{

	test_fate();
	test_round();
	test_hide();
	return (tap_done());
}
