/* SPDX-License-Identifier: ISC */
/*
 * Promise: no identity file makes its reader crash; one that is refused is so
 * with one error line, which does not show the key; and what is encrypted to
 * the recipients of one that is taken, its identities open.  The input is a
 * file with marks: mold.h.
 *
 * clang -D_GNU_SOURCE -Icommon -Icmd -Itests -g -O1 \
 *     -fsanitize=fuzzer,address,undefined tests/fuzz/identity.c \
 *     common/[a-z]*.c common/age/[a-z]*.c \
 *     -lisal -lz -lzstd -llz4 -ljansson -lsodium -lcrypto -lseccomp
 */
#include "age/unlock.h"
#include "pgb-encrypt/recipients.c"
#include "pgb-encrypt/recipients-wrap.c"

#include "fuzz/mold.h"
#include "fuzz/quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define WORK_MAX	4

static bool
has_plugin(const struct identities *ids)
{
	size_t i;

	for (i = 0; i < identities_count(ids); i++)
		if (identities_at(ids, i)->kind == IDENTITY_PLUGIN)
			return (true);
	return (false);
}

/* A header for their recipients is one for them. */
static void
round_trip(struct identities *ids)
{
	struct recipients *to = recipients_new();
	uint8_t key[AGE_FILE_KEY_LEN];
	struct age_header h = { 0 };
	struct age_text t = { 0 };
	struct age_wrong wrong;
	size_t used;

	mold_must(to != NULL && recipients_of(to, ids) == STATUS_OK &&
	    recipients_header(to, mold_keys.file_key, &t) == STATUS_OK &&
	    age_header_feed(&h, t.buf, t.len, &used) == 1 && used == t.len &&
	    age_unlock(ids, &h, key, &wrong) == AGE_FINE &&
	    memcmp(key, mold_keys.file_key, sizeof(key)) == 0);
	age_header_wipe(&h);
	age_text_wipe(&t);
	recipients_free(to);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char pass[64];
	struct passphrase_source from = { .file = pass, .fd = -1 };
	struct identities *ids;
	enum status status;
	char path[64];
	uint8_t *text;
	size_t len;
	int fd;

	text = mold(data, size, &len);
	if (pass[0] == '\0')
		(void)quiet_file(MOLD_PASS, strlen(MOLD_PASS), pass);
	fd = quiet_file(text, len, path);
	quiet_begin();
	mold_must((ids = identities_new(&from)) != NULL);
	identities_set_work(ids, WORK_MAX);
	status = identities_load(ids, path, 0);
	quiet_end();
	close(fd);
	free(text);
	mold_must(status == STATUS_OK || status == STATUS_USAGE);
	mold_must(quiet_errors() == (status != STATUS_OK));
	mold_must(strstr(quiet.text, mold_keys.identity.text + 16) == NULL);
	if (status == STATUS_OK) {
		mold_must(identities_count(ids) > 0);
		if (!has_plugin(ids))
			round_trip(ids);
	}
	identities_free(ids);
	return (0);
}
