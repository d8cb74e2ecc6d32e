/* SPDX-License-Identifier: ISC */
#ifndef PLUGIN_H
#define PLUGIN_H

#include "age/age-key.h"
#include "status.h"

/*
 * age plugins: programs age-plugin-NAME in PATH that wrap and unwrap file keys
 * for recipients and identities of kinds of their own.  Their questions go to
 * the terminal, their messages and what they write to stderr come out as ours.
 * A plugin is given the time it wants: somebody may have to touch a token.
 *
 * Call sig_install() and fd_sanitize() first.  A caught signal ends the plugin
 * and the call, with STATUS_LOCAL and without an error line.
 * Source: C2SP age-plugin.md.
 */

#define PLUGIN_NAME_MAX	64

/*
 * plugin_name(text, len, name):
 * The name in a recipient "age1NAME1..." or an identity "AGE-PLUGIN-NAME-1...",
 * in lower case; the bech32 checksum is looked at.  0, or -1 where it is
 * neither, or damaged, or not a name.
 */
int plugin_name(const char *text, size_t len, char name[PLUGIN_NAME_MAX]);

/* Whether age-plugin-NAME is in PATH: in an absolute directory of it. */
bool plugin_there(const char *name);

/* A plugin's labels: all recipients of a file must have the same. */
struct plugin_labels {
	char **v;		/* sorted, each once; freed by
				 * plugin_labels_wipe() */
	size_t count;
};
void plugin_labels_wipe(struct plugin_labels *);
bool plugin_labels_same(const struct plugin_labels *,
    const struct plugin_labels *);

/*
 * plugin_wrap(name, recipients, rcount, identities, icount, file_key, out,
 *     labels):
 * Have age-plugin-NAME wrap the file key for all of them.
 *
 * name	as plugin_name() found it in each recipient and each identity
 * out	its stanzas are appended; untouched on failure.  Each is well-formed;
 *	the header as a whole may still have too many, or be too long
 * labels	stored; empty on failure
 *
 * STATUS_OK, or after one error line: STATUS_USAGE (no such plugin; an error
 * that the plugin tells), STATUS_LOCAL (it does not run, breaks off, or talks
 * nonsense; memory).
 */
enum status plugin_wrap(const char *name, const char *const *recipients,
    size_t rcount, const char *const *identities, size_t icount,
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out,
    struct plugin_labels *labels);

/*
 * plugin_unwrap(name, identities, count, header, file_key, status):
 * Have age-plugin-NAME look for a stanza that one of its identities opens.
 *
 * header	whole and well-formed
 *
 * 1 with the file key, which only the header's MAC proves; 0 where it opens
 * none; -1 after one error line with the status, as above, or STATUS_DATA for
 * a stanza that the plugin calls bad.
 */
int plugin_unwrap(const char *name, const char *const *identities,
    size_t count, const struct age_header *header,
    uint8_t file_key[AGE_FILE_KEY_LEN], enum status *status);

#endif
