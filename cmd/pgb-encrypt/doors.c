/* SPDX-License-Identifier: ISC */
#include "doors.h"
#include "sandbox/sandbox.h"

enum status
doors_shut(struct doors *d)
{
	const struct sandbox s = { .off = d->open, .dirs = &d->dir,
	    .dir_count = 1 };

	if (d->shut)
		return (STATUS_OK);
	d->shut = true;
	return (sandbox_enter(&s));
}

enum status
doors_ready(struct doors *d, const struct publish *report)
{

	d->dir = publish_dirfd(report);
	return (d->late ? STATUS_OK : doors_shut(d));
}
