/* SPDX-License-Identifier: ISC */
#ifndef SAID_H
#define SAID_H

#include <stdbool.h>
#include <stddef.h>

#include "route/route.h"

/*
 * What a child ssh(1) writes to its stderr: its own messages at LogLevel
 * DEBUG1, those of a jump host's ssh, and what the server prints.  "debug1:"
 * lines are shown under -v alone.  Lines that tell why there will be no
 * connection are held back, for they come out once more, in our words; if
 * there is one all the same, they are shown then.  All others are shown at
 * once.
 *
 * The phrases are those of OpenSSH 8.4 to 10.
 */

enum said_kind {
	SAID_NOTHING,
	/* May pass: the reason is ssh's line. */
	SAID_LOST,
	SAID_RESOLVE,
	SAID_CONNECT,
	/* Will not. */
	SAID_DENIED,
	SAID_TOO_MANY,
	SAID_NO_METHOD,
	SAID_NO_SFTP,
	SAID_PROHIBITED,
	SAID_CONFIG,
	SAID_HOST_KEY,		/* not accepted; ssh says no more */
	SAID_HOST_UNKNOWN,
	SAID_HOST_CHANGED,
	SAID_HOST_REVOKED,
};

struct said {
	const struct route *route;

	/* A line that is being read. */
	char line[1024];
	size_t len;
	unsigned shown;		/* lines */
	char held[4096];	/* lines, each with a NUL behind */
	size_t held_len;

	/* How far it has come. */
	bool fresh;		/* something was said */
	bool connecting;	/* its configuration was good */
	bool proxied;		/* through another program */
	bool greeting;		/* it has asked to be let in: what is said
				 * before the first answer is the banner, */
	char banner[2048];	/* lines, each with a NUL behind */
	size_t banner_len;
	bool entered;		/* the server has let us in */
	bool started;		/* the session is there: said_start() */

	/* What is known by now. */
	char key_type[64], key_print[128];	/* the server's */
	char file[512];		/* the line of known_hosts that is against it */
	unsigned line_no;
	char method[64];	/* of authentication, that is being tried */
	char methods[200];	/* that the server takes */
	char tried[400];
	unsigned agent_keys;	/* tried too */
	bool taken;		/* the key tried last would have been good, */
	bool of_agent;		/* and is the agent's */
	char trouble[160];	/* why it could not be used */
	char advice[300];

	/* The line that tells most. */
	enum said_kind kind;
	int weight;
	char reason[512];
};

/* r is borrowed. */
void said_init(struct said *, const struct route *r);

/* The next bytes; its end (a last line without LF counts too). */
void said_feed(struct said *, const char *buf, size_t len);
void said_end(struct said *);

/* Whether there was a line since this was asked last. */
bool said_fresh(struct said *);

/* The server has answered: what was held back is shown; not the banner, which
 * would greet every night. */
void said_start(struct said *);

/* Nothing goes on: the banner is shown, which may ask for something. */
void said_wait(struct said *);

/* Whether what is asked now are the server's own words. */
bool said_dialogue(const struct said *);

/* Add to what was tried to be let in. */
void said_tried(struct said *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Why the key that was offered last is not going to be used. */
void said_trouble(struct said *, const char *why);

/* A hint where we are not let in. */
void said_advice(struct said *, const char *text);

/*
 * said_verdict(s, wstatus, v):
 * Why it has ended: waitpid()'s status tells how.
 */
struct verdict {
	char why[700], hint[700];	/* as in struct wire */
	bool final;
};
void said_verdict(struct said *, int wstatus, struct verdict *);

/* The same where we have ended it ourselves, having nothing left to show. */
void said_denied(struct said *, struct verdict *);

#endif
