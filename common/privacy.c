/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/resource.h>

#include "privacy.h"
#include "sanitizer.h"

/* A program that cores are piped into does not care about the limit; what we
 * start is dumpable again, but keeps the limit. */
void
privacy_keep(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	if (!SANITIZER)
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
