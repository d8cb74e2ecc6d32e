/* SPDX-License-Identifier: ISC */
#ifndef RECIPIENTS_IMPL_H
#define RECIPIENTS_IMPL_H

#include "age/plugin.h"
#include "recipients.h"

/*
 * What recipients.c (who they are) and recipients-wrap.c (the header for them)
 * share.
 */

enum kind { X25519, SSH, XWING, PLUGIN, PLUGIN_IDENTITY };

struct recipient {
	enum kind kind;
	uint8_t *key;		/* public, or the words for a plugin, with a
				 * NUL; sodium_malloc() */
	size_t len;
	char name[PLUGIN_NAME_MAX];	/* of the plugin */
};

struct recipients {
	size_t count;
	struct recipient v[AGE_STANZA_MAX];
	const struct passphrase *passphrase;
	bool lenient;		/* leave out what SSH keys we cannot use */
	size_t left_out;
	size_t taken;		/* by add(), also what was there already */
};

#endif
