/* SPDX-License-Identifier: ISC */
#ifndef SECRETS_H
#define SECRETS_H

#include <stdbool.h>

#include "ship.h"
#include "ssh/fault.h"
#include "ssh/halt.h"

/*
 * Passwords and passphrases: from a file or the terminal, and remembered in
 * guarded memory, for there will be other connections and nobody is there at
 * night.  Safe from many threads: a question is asked by one at a time.
 */
struct secrets;

/* opts is borrowed.  NULL without memory. */
struct secrets *secrets_new(const struct ship_opts *opts);
void secrets_free(struct secrets *);	/* NULL is allowed */

/*
 * secrets_seal(s):
 * From now on nobody is asked, and a question that is being put is withdrawn:
 * there are files and the answers that are remembered.  Does not wait.
 */
void secrets_seal(struct secrets *);

enum secret_kind { SECRET_PASSWORD, SECRET_PASSPHRASE, SECRET_OTHER };

/* Whether there is a file for this kind, an answer remembered for a prompt that
 * begins so, or somebody to ask (unless sealed): at a terminal, or by
 * SSH_ASKPASS. */
bool secrets_has(struct secrets *, enum secret_kind, const char *prompt);

/*
 * secrets_get(s, kind, prompt, echo, refused, fault):
 * The answer to a prompt.  What was good before is given again; then the file
 * of the kind (SECRET_OTHER has none), or where there is none the terminal (or
 * SSH_ASKPASS, as ssh(1) does), three times at most, unless sealed.
 *
 * prompt	what the terminal shows, and what the answer is remembered by
 * refused	answers that were given for this prompt on this connection and
 *		were wrong; 0 at first.  With more than 0 nothing is given
 *		again: a remembered answer is forgotten, a file is used once.
 *
 * Freed with secrets_put().  NULL: with fault set where there is something to
 * tell (a file that others may read), or status STATUS_OK where there is just
 * no answer.
 */
char *secrets_get(struct secrets *, enum secret_kind, const char *prompt,
    bool echo, unsigned refused, struct fault *);
void secrets_put(char *);

#endif
