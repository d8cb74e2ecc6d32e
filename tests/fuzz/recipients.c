/* SPDX-License-Identifier: ISC */
/*
 * Promise: no recipients file makes its reader crash; one that is refused is so
 * with one error line, which does not show a key; of one that is taken a header
 * comes that is well-formed, with a stanza for each.  The input is a file with
 * marks: mold.h.
 *
 * clang -D_GNU_SOURCE -Icommon -Icmd -Itests -g -O1 \
 *     -fsanitize=fuzzer,address,undefined tests/fuzz/recipients.c \
 *     common/[a-z]*.c common/age/[a-z]*.c \
 *     -lisal -lz -lzstd -llz4 -ljansson -lsodium -lcrypto -lseccomp
 */
#include "pgb-encrypt/recipients.c"
#include "pgb-encrypt/recipients-wrap.c"

#include "fuzz/mold.h"
#include "fuzz/quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
make_header(const struct recipients *to)
{
	struct age_header h = { 0 };
	struct age_text t = { 0 };
	uint8_t mac[32];
	size_t used;

	mold_must(recipients_count(to) > 0 &&
	    recipients_header(to, mold_keys.file_key, &t) == STATUS_OK &&
	    age_header_feed(&h, t.buf, t.len, &used) == 1 && used == t.len &&
	    h.count == recipients_count(to));
	age_header_mac(mold_keys.file_key, h.raw, h.mac_at, mac);
	mold_must(memcmp(mac, h.mac, sizeof(mac)) == 0);
	age_header_wipe(&h);
	age_text_wipe(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recipients *to = recipients_new();
	enum status status;
	char path[64];
	uint8_t *text;
	size_t len;
	int fd;

	text = mold(data, size, &len);
	fd = quiet_file(text, len, path);
	quiet_begin();
	mold_must(to != NULL);
	status = recipients_load(to, path);
	quiet_end();
	close(fd);
	free(text);
	mold_must(status == STATUS_OK || status == STATUS_USAGE);
	mold_must(quiet_errors() == (status != STATUS_OK));
	mold_must(strstr(quiet.text, mold_keys.identity.text + 16) == NULL);
	if (status == STATUS_OK)
		make_header(to);
	recipients_free(to);
	return (0);
}
