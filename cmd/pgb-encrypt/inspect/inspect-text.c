/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/inspect-impl.h"
#include "msg.h"

#define TYPE_SHOWN	40	/* bytes of a stanza's type */

static void
put_group(FILE *f, const struct group *g)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	char raw[TYPE_SHOWN + 1], type[4 * TYPE_SHOWN + 8];
	size_t n = g->len < TYPE_SHOWN ? g->len : TYPE_SHOWN;

	memcpy(raw, g->type, n);
	raw[n] = '\0';
	(void)msg_mask(type, sizeof(type), raw);
	if (n < g->len)
		strcat(type, "...");
	fprintf(f, "  %-15s %5zu  %s", type, g->count, g->name);
	if (g->log_n > AGE_WORK_MAX)
		fprintf(f, ", work factor over %d", AGE_WORK_MAX);
	else if (g->log_n > 0)
		fprintf(f, ", work factor %u: %u %s of memory", g->log_n,
		    1U << g->log_n % 10, units[g->log_n / 10]);
	fprintf(f, "\n");
}

static void
put_sizes(FILE *f, const struct view *v)
{

	fprintf(f, "header        %zu bytes\n", v->walk.header.len);
	if (v->why != NULL)
		return;
	fprintf(f, "payload       %" PRIu64 " bytes in %" PRIu64 " chunk%s\n",
	    v->walk.rest, v->chunks, v->chunks == 1 ? "" : "s");
	fprintf(f, "plaintext     %" PRIu64 " bytes\n", v->plaintext);
	fprintf(f, "overhead      %" PRIu64 " bytes\n", v->overhead);
	if (v->armored)
		fprintf(f, "armor         %" PRIu64 " bytes\n",
		    v->armor_bytes);
}

static const char *
complete(const struct view *v)
{

	if (v->complete == YES)
		return (v->armored ? "yes: its END line is there" :
		    "yes: the program in front says so");
	if (v->complete == NO)
		return ("no");
	return (v->why != NULL ? "unknown" :
	    "unknown: binary age shows no end, only a key can tell");
}

char *
inspect_text(const struct view *v)
{
	char *text = NULL;
	size_t i, len;
	bool failed;
	FILE *f;

	if ((f = open_memstream(&text, &len)) == NULL)
		return (NULL);
	fprintf(f, "format        %s, %s\n", v->version_known ?
	    "age-encryption.org/v1" : "age, version unknown",
	    v->armored ? "armored" : "binary");
	if (v->group_count > 0)
		fprintf(f, "recipients    %zu\n", v->recipients);
	for (i = 0; i < v->group_count; i++)
		put_group(f, &v->groups[i]);
	if (v->walk.open) {
		fprintf(f, "post-quantum  %s\n",
		    inspect_answers[v->postquantum]);
		put_sizes(f, v);
	}
	if (v->why == NULL)
		fprintf(f, "well-formed   yes\n");
	else
		fprintf(f, "well-formed   no: byte %" PRIu64 ": %s\n", v->at,
		    v->why);
	fprintf(f, "complete      %s\n", complete(v));
	failed = ferror(f) != 0;
	if (fclose(f) != 0 || failed) {
		free(text);
		return (NULL);
	}
	return (text);
}
