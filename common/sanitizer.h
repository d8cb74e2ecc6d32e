/* SPDX-License-Identifier: ISC */
#ifndef SANITIZER_H
#define SANITIZER_H

/* Whether this is built with one, which looks into the process, and opens what
 * it likes at the end. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZER	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SANITIZER	1
#endif
#endif
#ifndef SANITIZER
#define SANITIZER	0
#endif

#endif
