/* SPDX-License-Identifier: ISC */
/* Promise: a host's key is accepted where known_hosts says so in any of its
 * forms, and nowhere else; a line of nonsense costs only itself. */
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "pgb-ship/trust/hostkey.c"
#include "pgb-ship/trust/sha1.c"
#include "tap.h"

/* Keys of a given type whose bytes are all the same. */
struct key {
	uint8_t blob[64];
	size_t len;
	char line[128];		/* "ssh-ed25519 AAAA..." */
};

static struct key
make_key(const char *type, uint8_t fill)
{
	size_t n = strlen(type);
	struct key k = { 0 };
	char b64[100];

	k.blob[3] = (uint8_t)n;
	memcpy(k.blob + 4, type, n);
	k.len = 4 + n;
	k.blob[k.len + 3] = 16;
	memset(k.blob + k.len + 4, fill, 16);
	k.len += 20;
	sodium_bin2base64(b64, sizeof(b64), k.blob, k.len,
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(k.line, sizeof(k.line), "%s %s", type, b64);
	return (k);
}

static struct key one, two, ecdsa;
static char path[] = "/tmp/pgb-hostkey-XXXXXX";

/* %1 %2 %E in lines stand for the three keys. */
static void
write_lines(const char *lines, size_t len)
{
	FILE *f = fopen(path, "w");
	size_t i;

	for (i = 0; i < len; i++) {
		if (lines[i] != '%' || i + 1 == len) {
			fputc(lines[i], f);
			continue;
		}
		i++;
		fputs(lines[i] == '1' ? one.line : lines[i] == '2' ? two.line :
		    ecdsa.line, f);
	}
	fclose(f);
}

static enum hostkey_verdict
verdict_len(const char *lines, size_t len, const char *host, unsigned port,
    unsigned *line)
{
	struct hostkeys *hk = hostkeys_new(host, port);
	enum hostkey_verdict v;
	struct hostkey_where at;

	write_lines(lines, len);
	if (hostkeys_load(hk, path) == -1)
		abort();
	v = hostkeys_check(hk, one.blob, one.len, &at);
	*line = at.line;
	hostkeys_free(hk);
	return (v);
}

static void
check(const char *lines, const char *host, unsigned port,
    enum hostkey_verdict want, unsigned want_line, const char *name)
{
	enum hostkey_verdict v;
	unsigned line;

	v = verdict_len(lines, strlen(lines), host, port, &line);
	ok(v == want && line == want_line, "%s (%d, line %u)", name, (int)v,
	    line);
}

#define YES(lines, host, port, line)					\
	check(lines, host, port, HOSTKEY_KNOWN, line, lines)
#define NO(lines, host, port)						\
	check(lines, host, port, HOSTKEY_UNKNOWN, 0, lines)

static void
test_names(void)
{

	YES("vault %1", "vault", 22, 1);
	YES("vault %1 a comment here", "vault", 22, 1);
	YES("  vault\t%1", "vault", 22, 1);
	check("\n\nvault %1\r\n", "vault", 22, HOSTKEY_KNOWN, 3,
	    "empty lines, and one with CR LF");
	YES("Vault %1", "vAULT", 22, 1);
	YES("a,vault,b %1", "vault", 22, 1);
	YES("a,b,vault %1", "vault", 22, 1);
	YES("*.example.org %1", "vault.example.org", 22, 1);
	YES("v?ult %1", "vault", 22, 1);
	YES("*v*u*t* %1", "vault", 22, 1);
	YES("::1 %1", "::1", 22, 1);
	NO("vaul %1", "vault", 22);
	NO("vaultt %1", "vault", 22);
	NO("*.example.org %1", "example.org", 22);
	NO("v?ult %1", "vult", 22);
	NO("[v]ault %1", "vault", 22);
	NO("*.org,!vault.org %1", "vault.org", 22);
	NO("!vault.org,*.org %1", "vault.org", 22);
	YES("!vault.org,*.org %1", "vault2.org", 22, 1);
	NO("!vault %1", "other", 22);
	NO("# vault %1", "vault", 22);
	NO("", "vault", 22);
}

static void
test_ports(void)
{

	YES("[vault]:2222 %1", "vault", 2222, 1);
	YES("vault %1", "vault", 2222, 1);
	NO("[vault]:2222 %1", "vault", 22);
	NO("[vault]:2223 %1", "vault", 2222);
	YES("[*]:2222 %1", "vault", 2222, 1);
	YES("[::1]:2222 %1", "::1", 2222, 1);
	check("vault %2\n[vault]:2222 %1\n", "vault", 2222, HOSTKEY_KNOWN, 2,
	    "the line with the port counts");
	check("vault %1\n[vault]:2222 %2\n", "vault", 2222, HOSTKEY_CHANGED,
	    2, "against the one without");
	check("vault %1\n[vault]:2222 %E\n", "vault", 2222,
	    HOSTKEY_OTHER_TYPE, 2, "even one of another type");
	check("vault %2\n", "vault", 2222, HOSTKEY_UNKNOWN, 0,
	    "the plain host's other key says nothing of this port");
}

static void
test_hashed(void)
{
	uint8_t salt[20], hash[SHA1_LEN];
	char a[64], b[64], line[300];

	memcpy(salt, "01234567890123456789", sizeof(salt));
	hmac_sha1(salt, 20, "vault", 5, hash);
	sodium_bin2base64(a, sizeof(a), salt, 20,
	    sodium_base64_VARIANT_ORIGINAL);
	sodium_bin2base64(b, sizeof(b), hash, 20,
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(line, sizeof(line), "|1|%s|%s %%1\n", a, b);
	check(line, "VAULT", 22, HOSTKEY_KNOWN, 1, "a hashed name");
	check(line, "vaulu", 22, HOSTKEY_UNKNOWN, 0, "not another");
	hmac_sha1(salt, 20, "[vault]:24", 10, hash);
	sodium_bin2base64(b, sizeof(b), hash, 20,
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(line, sizeof(line), "|1|%s|%s %%1\n", a, b);
	check(line, "vault", 24, HOSTKEY_KNOWN, 1, "a hashed name with port");
	check(line, "vault", 22, HOSTKEY_UNKNOWN, 0, "not without");
	check("|1|x|y %1\n|1| %1\n|1|AAAA|BBBB %1\n|2|a|b %1\nvault %1",
	    "vault", 22, HOSTKEY_KNOWN, 5, "broken hashes match nothing");
	/* Made by ssh-keygen -H of OpenSSH 9.2. */
	check("|1|9OWH46NniLUNey808dCYsrLbCx0=|"
	    "Iv5YZ1FsyxGpsXeP728lSLwKomY= %1", "vault.example.org", 22,
	    HOSTKEY_KNOWN, 1, "a hash of OpenSSH's");
}

static void
test_markers(void)
{

	check("vault %1\n@revoked * %1\n", "vault", 22, HOSTKEY_REVOKED, 2,
	    "@revoked behind a match");
	check("@revoked vault %1\nvault %1\n", "vault", 22, HOSTKEY_REVOKED,
	    1, "and in front of one");
	check("vault %1\n@revoked other %1\n", "vault", 22, HOSTKEY_KNOWN, 1,
	    "of another host");
	check("vault %1\n@revoked * %2\n", "vault", 22, HOSTKEY_KNOWN, 1,
	    "another key");
	check("[vault]:24 %1\n@revoked vault %1\n", "vault", 24,
	    HOSTKEY_REVOKED, 2, "of the host without its port");
	check("@cert-authority vault %1\n", "vault", 22, HOSTKEY_AUTHORITY, 1,
	    "@cert-authority is no host key");
	check("@cert-authority vault %2\nvault %1\n", "vault", 22,
	    HOSTKEY_KNOWN, 2, "and does not hide one");
	check("@marker vault %1\n", "vault", 22, HOSTKEY_UNKNOWN, 0,
	    "a marker not known");
	check("@revokedvault %1\n", "vault", 22, HOSTKEY_UNKNOWN, 0,
	    "a marker without its space");
}

static void
test_other_keys(void)
{

	check("vault %2\n", "vault", 22, HOSTKEY_CHANGED, 1, "another key");
	check("vault %2\nvault %1\n", "vault", 22, HOSTKEY_KNOWN, 2,
	    "one of two keys");
	check("vault %E\n", "vault", 22, HOSTKEY_OTHER_TYPE, 1,
	    "a key of another type only");
	check("vault %E\nvault %2\n", "vault", 22, HOSTKEY_CHANGED, 2,
	    "of both");
}

static void
test_nonsense(void)
{
	static const char nul[] = "vault\0 %2\nvault %1\n";
	char *line = malloc(300000);
	enum hostkey_verdict v;
	unsigned at;

	check("vault\n\nvault ssh-ed25519\nvault ssh-ed25519 !!!!\n"
	    "vault 1024 35 123456789\nvault ssh-rsa AAAA\n@revoked\n@\n,\n"
	    "\xff\xfe %2 \xff\nvault %1\n", "vault", 22, HOSTKEY_KNOWN, 11,
	    "ten lines of nonsense");
	v = verdict_len(nul, sizeof(nul) - 1, "vault", 22, &at);
	ok(v == HOSTKEY_KNOWN && at == 2, "a NUL costs its line");
	memset(line, 'x', 299999);
	line[299999] = '\0';
	memcpy(line, "vault ssh-ed25519 ", 18);
	memcpy(line + 250000, "\nvault %1\n", 10);
	check(line, "vault", 22, HOSTKEY_KNOWN, 2, "a line of 250 kB");
	memcpy(line, "vault,vault,vault,", 18);
	check(line, "vault", 22, HOSTKEY_KNOWN, 2, "a name of 250 kB");
	free(line);
	/* A type that is not the key's own. */
	write_lines("", 0);
	check("vault ssh-rsa "
	    "AAAAC3NzaC1lZDI1NTE5AAAAEAEBAQEBAQEBAQEBAQEBAQE=",
	    "vault", 22, HOSTKEY_UNKNOWN, 0, "a line that lies about its type");
}

static void
test_prefer(void)
{
	struct hostkeys *hk = hostkeys_new("vault", 22);
	struct hostkey_where at;
	char out[256];

	hostkeys_prefer(hk, out, sizeof(out));
	same(out, "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
	    "ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256,ssh-rsa",
	    "nothing known: all, best first");
	write_lines("vault %E\n@cert-authority vault %1\n", 35);
	(void)hostkeys_load(hk, path);
	hostkeys_prefer(hk, out, sizeof(out));
	ok(strncmp(out, "ecdsa-sha2-nistp256,ssh-ed25519,", 32) == 0,
	    "the known type first: %s", out);
	ok(hostkeys_load(hk, "/nonexistent") == -1 && errno == ENOENT,
	    "a file that is not there");
	ok(hostkeys_check(hk, one.blob, 3, &at) == HOSTKEY_BAD &&
	    hostkeys_check(hk, (const uint8_t *)"\377\377\377\377", 4, &at) ==
	    HOSTKEY_BAD, "what is no key is none");
	hostkeys_free(hk);
}

static void
test_print(void)
{
	/* ssh-keygen -l -f for this public key. */
	static const char b64[] = 
	    "AAAAC3NzaC1lZDI1NTE5AAAAIK0HsK9pFMUWmiMl"
	    "jiFLAZEE7zpiSvAboy+RTEaTVG/d";
	char out[HOSTKEY_PRINT_MAX], type[64];
	uint8_t key[100];
	size_t len;

	if (unbase64(b64, key, sizeof(key), &len) == -1)
		abort();
	hostkey_print(key, len, out);
	same(out, "SHA256:qIteOZ/AHSUwfbtBK+AVgI6KmOQX5pV8Ke5yXWEU0Rc",
	    "fingerprint");
	hostkey_type(key, len, type, sizeof(type));
	same(type, "ssh-ed25519", "type");
}

/* RFC 2202, section 3. */
static void
test_hmac(void)
{
	uint8_t key[64], data[50], out[SHA1_LEN];
	char hex[2 * SHA1_LEN + 1];

	memset(key, 0x0b, 20);
	hmac_sha1(key, 20, "Hi There", 8, out);
	same(sodium_bin2hex(hex, sizeof(hex), out, SHA1_LEN),
	    "b617318655057264e28bc0b6fb378c8ef146be00", "RFC 2202, 1");
	hmac_sha1((const uint8_t *)"Jefe", 4, "what do ya want for nothing?",
	    28, out);
	same(sodium_bin2hex(hex, sizeof(hex), out, SHA1_LEN),
	    "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "RFC 2202, 2");
	memset(key, 0xaa, 20);
	memset(data, 0xdd, 50);
	hmac_sha1(key, 20, data, 50, out);
	same(sodium_bin2hex(hex, sizeof(hex), out, SHA1_LEN),
	    "125d7342b9ac11cd91a39af48aa17b4f63f175d3", "RFC 2202, 3");
}

int
main(void)
{
	int fd;

	if (sodium_init() == -1 || (fd = mkstemp(path)) == -1)
		return (1);
	close(fd);
	one = make_key("ssh-ed25519", 1);
	two = make_key("ssh-ed25519", 2);
	ecdsa = make_key("ecdsa-sha2-nistp256", 3);
	test_names();
	test_ports();
	test_hashed();
	test_markers();
	test_other_keys();
	test_nonsense();
	test_prefer();
	test_print();
	test_hmac();
	unlink(path);
	return (tap_done());
}
