/* SPDX-License-Identifier: ISC */
#ifndef STATUS_H
#define STATUS_H

/*
 * Exit statuses of the suite.  A function that returns one has printed its
 * error line already, unless its header says otherwise; functions that do not
 * print return 0 or -1.
 */
enum status {
	STATUS_OK = 0,		/* done, and safe */
	STATUS_DATA = 1,	/* the data: cut, damaged, not as promised */
	STATUS_USAGE = 2,	/* command line, configuration, key file */
	STATUS_LOCAL = 3,	/* this machine: disk, memory, rights */
	STATUS_RETRY = 4,	/* the other end, passing: a retry may help */
	STATUS_REMOTE = 5,	/* the other end, final: a person must look */
};

#endif
