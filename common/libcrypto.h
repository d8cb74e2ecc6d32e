/* SPDX-License-Identifier: ISC */
#ifndef LIBCRYPTO_H
#define LIBCRYPTO_H

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "memory.h"

/*
 * How libcrypto is begun, wherever it is used.  Its configuration file is not
 * read: it could bring in any code, and what is asked for is fixed.  From
 * version 3 on each user has a context of the library of its own: the one that
 * is shared is set up behind the scenes, and crashes where memory ends just
 * then.  The record of a thread's errors is set up first: where it comes about
 * because memory has ended, in the middle of setting up something else, the
 * library waits for itself.  In 3.5 its very first step does so, and nothing
 * can be set up before that: it is not taken without memory for it.
 */
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#define OWN_CONTEXT
#endif

#define LIBCRYPTO_MEMORY	((size_t)64 * 1024)	/* must be there */

/* 0, or -1 where there is no memory.  Prints nothing. */
static inline int
libcrypto_begin(void)
{

	if (memory_there(LIBCRYPTO_MEMORY) == -1)
		return (-1);
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	ERR_clear_error();
	return (0);
}

#endif
