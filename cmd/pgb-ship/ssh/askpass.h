/* SPDX-License-Identifier: ISC */
#ifndef ASKPASS_H
#define ASKPASS_H

/*
 * What ssh(1) runs to ask the user something is this program once more, which
 * hands the question to the one that started ssh (answers.h), over a socket
 * that only this user may use, and prints the answer.  No secret is in an
 * argument or in the environment.
 */

/* Whether this process is that, by its environment. */
int askpass_wanted(void);

/*
 * askpass_main(argc, argv):
 * Ask, print the answer: main's status, 0 or 1.  A notice (touch your key) is
 * shown until ssh or the one that started it ends this process.  To be called
 * before anything else: no option of the program means anything here.
 */
int askpass_main(int argc, char **argv);

#endif
