/* SPDX-License-Identifier: ISC */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <sys/types.h>

#include "progress/stage.h"

/*
 * How stages and the line process find each other and speak: one socket a
 * stage, one byte a word, and memory that they share.  Nothing here waits for
 * the other side, but channel_ask().  Nothing prints.
 */

enum channel_word {
	WORD_HIDE = 'h',	/* answered when the line is wiped */
	WORD_SHOW = 's',
	WORD_END = 'e',		/* answered when all is shown */
	WORD_DONE = 'd'		/* the answer */
};

/*
 * channel_join(draws, run):
 * For a stage: connect to the line process of our process group and stderr;
 * where there is none, make one, which runs run(listener, draws) and ends then.
 * A socket, or -1 where there is no way.
 */
int channel_join(bool draws, void (*run)(int listener, bool draws));

/* Say who we are, with memory for what we show: NULL where that fails. */
struct stage_shown *channel_hello(int fd, const struct stage_hello *);

/* Say a word, and wait for the answer, a moment at most. */
void channel_ask(int fd, enum channel_word);
void channel_say(int fd, enum channel_word);

/* For the line process: the next stage, -1 for none; nobody outside our process
 * group is let in. */
int channel_accept(int listener, pid_t *pid);

/*
 * channel_read(fd, h, shown):
 * What has come: a word; 0 for nothing yet; 1 for the hello, which is put into
 * *h and *shown (the caller's, channel_forget()); -1 at the end.
 */
int channel_read(int fd, struct stage_hello *h, struct stage_shown **shown);
void channel_forget(struct stage_shown *);

#endif
