/* SPDX-License-Identifier: ISC */
#ifndef HOME_H
#define HOME_H

/*
 * Who we are, and where our files lie.  All results are freed by the caller;
 * NULL: not known, or no memory.  Prints nothing.  Safe from many threads.
 */

/* The directory that "~" stands for: $HOME, or else home_listed(). */
char *home_dir(void);

/* The one of the list of users, which ssh(1) takes whatever $HOME says. */
char *home_listed(void);

/* The same of another user. */
char *home_of(const char *user);

/* "~/.ssh/NAME" */
char *home_file(const char *name);

/* The name of the user who runs us. */
char *home_login(void);

#endif
