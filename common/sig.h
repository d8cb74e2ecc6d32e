/* SPDX-License-Identifier: ISC */
#ifndef SIG_H
#define SIG_H

/*
 * SIGINT, SIGTERM, SIGHUP and a SIGALRM from outside ask the program to clean
 * up.  The handler sets a flag and arms a repeating alarm(2), so that a call
 * that blocks just after the flag was looked at is interrupted too.  SIGPIPE
 * and SIGXFSZ are ignored: the write fails with EPIPE or EFBIG.  Handlers are
 * installed without SA_RESTART.
 */

void sig_install(void);

/* The signal that asked us to stop, -1 after sig_stop(), or 0. */
int sig_caught(void);

/*
 * sig_stop():
 * A thread has failed and has said so: the main thread is to clean up, whatever
 * call it is blocked in, as if a signal had come.
 */
void sig_stop(void);

/*
 * If a signal was caught: restore its default and raise it again (does not
 * return then).  Otherwise return, after sig_stop() too.
 */
void sig_reraise(void);

/* In a child between fork and exec: defaults and an empty mask again. */
void sig_child(void);

#endif
