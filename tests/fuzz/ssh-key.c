/* SPDX-License-Identifier: ISC */
/*
 * Promise: no text makes the readers of SSH keys crash; what they take for a
 * key is one, and of what is none they show nothing that does not print.  The
 * input is a text with marks: mold.h.
 *
 * clang -D_GNU_SOURCE -Icommon -Itests -g -O1 \
 *     -fsanitize=fuzzer,address,undefined tests/fuzz/ssh-key.c \
 *     common/[a-z]*.c common/age/[a-z]*.c \
 *     -lisal -lz -lzstd -llz4 -ljansson -lsodium -lcrypto -lseccomp
 */
#include "fuzz/mold.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
look_at_type(enum ssh_key got, const char *type)
{
	const char *p;

	if ((got == SSH_KEY_OTHER) != (type[0] != '\0'))
		abort();
	for (p = type; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			abort();
	if (p - type >= SSH_TYPE_LEN)
		abort();
}

static void
public(const char *text, size_t len)
{
	uint8_t pk[SSH_ED25519_LEN], again[SSH_ED25519_LEN];
	char type[SSH_TYPE_LEN], line[512];
	struct mold_part blob = { .len = 0 }, form = { .len = 0 };
	enum ssh_key got = ssh_public(text, len, pk, type);

	look_at_type(got, type);
	if (got == SSH_KEY_LOCKED)
		abort();
	if (got != SSH_KEY_OK)
		return;
	mold_add_string(&blob, "ssh-ed25519", 11);
	mold_add_string(&blob, pk, sizeof(pk));
	mold_add_base64(&form, blob.text, blob.len);
	snprintf(line, sizeof(line), "ssh-ed25519 %.*s", (int)form.len,
	    form.text);
	if (ssh_public(line, strlen(line), again, type) != SSH_KEY_OK ||
	    memcmp(pk, again, sizeof(pk)) != 0 ||
	    memmem(text, len, form.text, form.len) == NULL)
		abort();
}

static void
private(const char *text, size_t len)
{
	uint8_t seed[SSH_ED25519_LEN], pk[SSH_ED25519_LEN];
	uint8_t scalar[AGE_X25519_LEN], point[AGE_X25519_LEN];
	char type[SSH_TYPE_LEN];
	enum ssh_key got = ssh_private(text, len, seed, pk, type);

	look_at_type(got, type);
	if (got == SSH_KEY_OK && age_ssh_scalar(seed, pk, scalar, point) == -1)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len;
	uint8_t *text = mold(data, size, &len);

	public((const char *)text, len);
	private((const char *)text, len);
	free(text);
	return (0);
}
