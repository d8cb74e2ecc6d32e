/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>

#include "msg.h"
#include "ssh/fault.h"

enum status
fault_set(struct fault *f, enum status status, const char *fmt, ...)
{
	va_list ap;

	f->status = status;
	f->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return (status);
}

void
fault_hint(struct fault *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->hint, sizeof(f->hint), fmt, ap);
	va_end(ap);
}

enum status
fault_halted(struct fault *f)
{

	f->text[0] = f->hint[0] = '\0';
	return (f->status = STATUS_LOCAL);
}

enum status
fault_print(const struct fault *f, const char *name)
{

	if (f->text[0] != '\0')
		msg_error("%s: %s", name, f->text);
	if (f->hint[0] != '\0')
		msg_hint("%s", f->hint);
	return (f->status);
}
