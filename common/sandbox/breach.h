/* SPDX-License-Identifier: ISC */
#ifndef BREACH_H
#define BREACH_H

/*
 * For tests: try what must not be possible.
 *
 * breach_if_asked():
 * Where PGB_TEST_BREACH is "DEED ARGUMENT", do that, now: behind the walls of
 * sandbox.h or fence.h, where they stand.  Then the process ends: with status
 * 100 where it was possible, 101 where it was refused, after a line that says
 * which; or SIGSYS has killed it.  Without the variable nothing happens.
 *
 *	read PATH, write PATH, remove PATH
 *	run PATH		a program, without arguments
 *	connect PORT		TCP, on 127.0.0.1
 *	abstract NAME		a Unix socket without a file
 *	kill PID		signal 0, which does no harm
 *	trace PID
 *
 * The calls are made by their numbers: no C library gives up before the kernel
 * is asked.
 */
void breach_if_asked(void);

#endif
