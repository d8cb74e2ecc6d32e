/* SPDX-License-Identifier: ISC */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

/*
 * What a run reports: one JSON object, one line.  Values that are not UTF-8
 * are stored with \xNN in place of the bytes that are not.  A failure to
 * allocate is remembered and shows in record_line().
 */
struct record;

/* {"program": PROGRAM, "version": ..., "format": 1}; NULL without memory. */
struct record *record_new(const char *program);

/* {}: a part that is written by itself. */
struct record *record_bare(void);
void record_free(struct record *);

void record_str(struct record *, const char *key, const char *value);
void record_int(struct record *, const char *key, uint64_t value);
void record_real(struct record *, const char *key, double value);
void record_bool(struct record *, const char *key, bool value);

/* Append a string to the array KEY. */
void record_add(struct record *, const char *key, const char *value);

/* Append a new object to the array KEY; owned by the record. */
struct record *record_append(struct record *, const char *key);

/* Time as 2026-11-22T02:00:00Z. */
void record_time(struct record *, const char *key, int64_t unix_seconds);

/* The line with its LF, freed by the caller; NULL without memory. */
char *record_line(const struct record *);

#endif
