/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <string.h>

#include "key-foreign.h"

#define HINT_X509							\
	"that is for TLS; pgb-encrypt --keygen FILE makes a key that encrypts"

static const struct key_foreign kinds[] = {
	{ "PuTTY-User-Key-File-", "a private key of PuTTY",
	    "puttygen FILE -O private-openssh -o NEW makes one of OpenSSH of "
	    "it, -O public-openssh its public half" },
	{ "---- BEGIN SSH2 ", "a public key in the form of SSH2",
	    "ssh-keygen -i -f FILE prints it in the form of OpenSSH" },
	{ "untrusted comment:", "a key of minisign, which signs and does not "
	    "encrypt", "pgb-encrypt --keygen FILE makes a key that encrypts" },
	{ "-----BEGIN PGP ", "something of PGP",
	    "pgb-verify --through 'gpg -e -r NAME' encrypts with gpg, gpg -d "
	    "decrypts that" },
	{ "-----BEGIN CERTIFICATE", "a certificate", HINT_X509 },
	{ "-----BEGIN PUBLIC KEY", "a public key of OpenSSL", HINT_X509 },
	{ "PGDMP", "a backup",
	    "a backup is read from stdin, by <FILE or in a pipeline" },
};

const struct key_foreign *
key_foreign(const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(text, kinds[i].begins, strlen(kinds[i].begins)) ==
		    0)
			return (&kinds[i]);
	return (NULL);
}
