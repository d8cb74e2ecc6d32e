/* SPDX-License-Identifier: ISC */
#include "fetch/source.h"
#include "msg.h"

enum status
source_changed(const struct source *src)
{

	msg_error("%s: changed while it was read", src->name);
	return (STATUS_DATA);
}

enum status
source_irregular(const struct source *src)
{

	msg_error("%s: is no regular file", src->name);
	return (STATUS_USAGE);
}
