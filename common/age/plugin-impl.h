/* SPDX-License-Identifier: ISC */
#ifndef PLUGIN_IMPL_H
#define PLUGIN_IMPL_H

#include "age/plugin.h"
#include "child.h"

/* What the parts of the plugin client know of each other. */

#define PLUGIN_PREFIX	"age-plugin-"

#define PLUGIN_GRACE_MS	2000	/* to end by itself; after SIGTERM again */

/* A plugin that runs. */
struct plugin {
	const char *name;	/* borrowed */
	struct child child;	/* our ends do not block */

	enum status status;	/* the first failure, which has been told */
	bool waited;		/* the user knows what we wait for */

	/* plugin-talk.c: what is to be said, and was; what was heard, the
	 * command that was returned last at its front. */
	struct age_text say, heard;
	size_t said, used;
	struct age_stanza stanza;	/* the one that is being read */
	size_t line_at, seen;
	bool body;

	/* A line of its stderr. */
	char line[512];
	size_t line_len;
};

/* --- the process (plugin-child.c) ---------- */

/* Whether a name is one that plugin_name() may return. */
bool plugin_name_valid(const char *name);

/* The program of a plugin: 0 or -1. */
int plugin_find(const char *name, char path[], size_t size);

/*
 * plugin_start(p, name, machine):
 * Run it for a state machine, "recipient-v1" or "identity-v1".  Returns 0, or
 * -1 after plugin_fail().  Call plugin_stop() in either case.
 */
int plugin_start(struct plugin *, const char *name, const char *machine);

/* Relay its stderr meanwhile: whether it ended within PLUGIN_GRACE_MS. */
bool plugin_ended(struct plugin *);

/* Make it end if it has not; free and wipe all but the status. */
void plugin_stop(struct plugin *);

/* --- the talk (plugin-talk.c) ---------- */

/* A command or an answer, sent by the next plugin_next(); arg may be NULL. */
void plugin_say(struct plugin *, const char *command, const char *arg,
    const uint8_t *body, size_t len);

/*
 * plugin_next(p, cmd):
 * Its next command, as a header of one stanza with nothing around: for
 * age_stanza_is(), _arg(), _body().  Good until the next call.  Returns 0, or
 * -1 after plugin_fail().
 */
int plugin_next(struct plugin *, struct age_header *cmd);

/*
 * plugin_finish(p):
 * After its "done": let it end.  Returns 0, or -1 after plugin_fail(), an
 * earlier one too.
 */
int plugin_finish(struct plugin *);

/* The lines of its stderr that are there. */
void plugin_relay(struct plugin *);

/* Print an error line, unless one was printed or a signal was caught, and keep
 * its status.  Returns -1. */
int plugin_fail(struct plugin *, enum status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The body of a command as text; the caller frees.  NULL after
 * plugin_fail(). */
char *plugin_text(struct plugin *, const struct age_header *cmd);

/* --- its questions (plugin-ask.c) ---------- */

/* 1 where the command was a message or a question, and is answered; 0 where it
 * was another; -1 after plugin_fail(). */
int plugin_ask(struct plugin *, const struct age_header *cmd);

#endif
