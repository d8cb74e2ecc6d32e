/* SPDX-License-Identifier: ISC */
#ifndef RECIPIENTS_H
#define RECIPIENTS_H

#include "age/age-key.h"
#include "age/identity.h"
#include "status.h"

/*
 * Whom to encrypt to.  Call sodium_init() first.  Nothing here shows the text
 * of a key: it may be a secret that stands in the wrong place.
 */
struct recipients;

struct recipients *recipients_new(void);
void recipients_free(struct recipients *);

/*
 * recipients_add(r, where, text):
 * Add a recipient: of age, a plugin's, or an ssh-ed25519 public key; one that
 * is there already is not added again.  where says where the text comes from,
 * for messages.  STATUS_OK, or STATUS_USAGE or STATUS_LOCAL after one error
 * line.
 */
enum status recipients_add(struct recipients *, const char *where,
    const char *text);

/* Add those of a recipients file, in the same manner; SSH keys of other types
 * are left out with a warning, but one must remain. */
enum status recipients_load(struct recipients *, const char *path);

/* Add the recipients of identities, of which there is one at least. */
enum status recipients_of(struct recipients *, const struct identities *);

/* A passphrase, which must be the only one; borrowed. */
void recipients_set_passphrase(struct recipients *, const struct passphrase *);

size_t recipients_count(const struct recipients *);

/* Whether recipients_header() will run a plugin. */
bool recipients_plugin(const struct recipients *);

/*
 * recipients_header(r, file_key, out):
 * Append to out, which is empty, the whole header of a file for all of them.
 * STATUS_OK, or after one error line: STATUS_USAGE (a recipient that is not
 * usable, recipients that must not be mixed, a plugin's error), STATUS_LOCAL.
 */
enum status recipients_header(const struct recipients *,
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out);

#endif
