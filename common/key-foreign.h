/* SPDX-License-Identifier: ISC */
#ifndef KEY_FOREIGN_H
#define KEY_FOREIGN_H

/*
 * Keys, and what is taken for one, by how they begin: so that who has given the
 * wrong kind is told which kind that is and what to do.
 */
struct key_foreign {
	const char *begins;
	const char *what;	/* "a private key of PuTTY" */
	const char *hint;	/* what to do, in the words of msg_hint() */
};

/*
 * key_foreign(text):
 * What a line, or a file's text, is that begins neither as an age key nor as an
 * SSH key of OpenSSH does.  NULL: nothing that is known here.  Prints nothing.
 */
const struct key_foreign *key_foreign(const char *text);

#endif
