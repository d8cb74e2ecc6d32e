/* SPDX-License-Identifier: ISC */
#ifndef MINISIGN_IMPL_H
#define MINISIGN_IMPL_H

#include <sodium.h>
#include <stdbool.h>

#include "report/minisign.h"

/*
 * What minisign.c and minisign-key.c share.  A file's lines are base64 of
 * packed structures, all of them bytes.
 */
#define MINISIGN_ID	8

struct minisign_public {
	uint8_t alg[2];			/* Ed */
	uint8_t id[MINISIGN_ID];
	uint8_t pk[crypto_sign_PUBLICKEYBYTES];
};

struct minisign_key {			/* sodium_malloc() */
	uint8_t id[MINISIGN_ID];
	uint8_t sk[crypto_sign_SECRETKEYBYTES];
};

struct minisign_line {
	const char *text;
	size_t len;
};

/* A file's lines; those beyond max are counted as one.  LF or CR LF; empty ones
 * at the end do not count. */
size_t minisign_split(const char *text, size_t len, struct minisign_line *v,
    size_t max);

/* Whether a line is base64, padded, of just len bytes. */
bool minisign_unbase64(const struct minisign_line *, void *out, size_t len);

uint64_t minisign_number(const uint8_t p[8]);

/* Prints errno: STATUS_LOCAL where it is this machine's, or STATUS_USAGE. */
enum status minisign_cannot(const char *path);

/* name is a file, or the key itself: STATUS_OK, or another after one error
 * line. */
enum status minisign_public_load(const char *name, struct minisign_public *);

#endif
