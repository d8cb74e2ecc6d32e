/* SPDX-License-Identifier: ISC */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Milliseconds from some moment on, whatever is done to the time of day. */
int64_t clock_ms(void);

#endif
