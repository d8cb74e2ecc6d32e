/* SPDX-License-Identifier: ISC */
/*
 * Promise: nothing that a plugin says makes its client crash; what comes of it
 * does not depend on how the bytes arrived, a failure is told with one error
 * line, and the stanzas that are taken over are such as a header may have.
 *
 * The input's first byte chooses what is asked of the plugin, what the person
 * at the terminal does, and whether the rest comes out of its stderr too.  No
 * process is run.
 *
 * clang -D_GNU_SOURCE -Icommon -Itests -g -O1 \
 *     -fsanitize=fuzzer,address,undefined tests/fuzz/plugin-talk.c \
 *     common/age/age-header.c common/age/age-stanza.c common/age/age-write.c \
 *     common/age/base64.c common/age/bech32.c common/age/plugin-ask.c \
 *     common/age/plugin-child.c common/child.c common/clock.c common/fdio.c \
 *     common/msg.c common/sig.c
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "age/plugin-impl.h"
#include "fuzz/quiet.h"
#include "terminal.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* No descriptors: closing them fails, which is no matter. */
enum { IN = 1000001, OUT, ERR };

/* What the plugin says, on both ways. */
static struct {
	const uint8_t *data;
	size_t len, step;
	size_t out, err;	/* of it, bytes that were read */
	unsigned mode;
	unsigned questions;
} it;

static ssize_t
hears(int fd, void *buf, size_t len)
{
	size_t *at = fd == OUT ? &it.out : &it.err;

	if (len > it.step)
		len = it.step;
	if (len > it.len - *at)
		len = it.len - *at;
	memcpy(buf, it.data + *at, len);
	*at += len;
	return ((ssize_t)len);
}

static ssize_t
says(size_t len)
{

	return ((ssize_t)(len < it.step ? len : it.step));
}

static int
waits(struct pollfd *v)
{
	int i, n = 0;

	for (i = 0; i < 3; i++) {
		v[i].revents = v[i].fd == -1 ? 0 : v[i].events;
		n += v[i].revents != 0;
	}
	if (n == 0)
		abort();	/* for ever */
	return (n);
}

static int
starts(struct plugin *p, const char *name, const char *machine)
{

	(void)machine;
	memset(p, 0, sizeof(*p));
	p->name = name;
	p->child = (struct child){ .pid = -1, .in = IN, .out = OUT,
	    .err = (it.mode & 2) != 0 ? ERR : -1 };
	return (0);
}

static void
stops(struct plugin *p)
{

	plugin_relay(p);
	age_text_wipe(&p->say);
	age_text_wipe(&p->heard);
}

#define read(fd, buf, len)	hears((fd), (buf), (len))
#define write(fd, buf, len)	says((len))
#define poll(v, n, ms)		waits((v))
#include "age/plugin-talk.c"
#undef read
#undef write
#undef poll

#define nonsense		wrap_nonsense
#define plugin_start		starts
#define plugin_stop		stops
#include "age/plugin.c"
#undef nonsense
#undef plugin_start
#undef plugin_stop

int
terminal_ask(const char *prompt, bool echo, char *buf, size_t size,
    size_t *len)
{
	static const char *const words[] = { "", "y", "no", "secret" };

	(void)echo;
	/* What it is asked must not reach further than its line. */
	if (strpbrk(prompt, "\n\r\033") != NULL)
		abort();
	if ((it.mode & 4) != 0) {
		errno = ENXIO;
		return (-1);
	}
	*len = (size_t)snprintf(buf, size, "%s",
	    words[(it.mode / 8 + it.questions++) % 4]);
	return (0);
}

int
terminal_say(const char *text)
{

	(void)text;
	return (0);
}

/* What a talk came to. */
struct result {
	enum status status;
	int rc;
	uint8_t key[AGE_FILE_KEY_LEN];
	struct age_text stanzas;
	struct plugin_labels labels;
	size_t errors;
};

#define MAC	"--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"

static void
make_header(struct age_header *h, const void *stanzas, size_t len)
{
	size_t n;

	memset(h, 0, sizeof(*h));
	if (age_header_feed(h, (const uint8_t *)AGE_VERSION,
	    strlen(AGE_VERSION), &n) != 0 ||
	    age_header_feed(h, stanzas, len, &n) != 0 ||
	    age_header_feed(h, (const uint8_t *)MAC, strlen(MAC), &n) != 1)
		abort();
}

static void
run(struct result *r, size_t step)
{
	static const char *const words[] = { "age1mold1one", "age1mold1two" };
	static const char stanzas[] = "-> mold a\nAAAA\n-> other\n\n";
	uint8_t key[AGE_FILE_KEY_LEN] = "sixteen bytes .";
	struct age_header h;

	memset(r, 0, sizeof(*r));
	it.step = step;
	it.out = it.err = it.questions = 0;
	quiet_begin();
	if ((it.mode & 1) == 0)
		r->status = plugin_wrap("mold", words, 2, words, 1, key,
		    &r->stanzas, &r->labels);
	else {
		make_header(&h, stanzas, strlen(stanzas));
		r->rc = plugin_unwrap("mold", words, 2, &h, r->key,
		    &r->status);
		age_header_wipe(&h);
	}
	quiet_end();
	r->errors = quiet_errors();
}

static void
look(const struct result *r)
{
	struct age_header h;
	size_t i;

	if (r->errors != (r->status != STATUS_OK) ||
	    (r->rc == -1 && r->status == STATUS_OK))
		abort();
	if (r->status != STATUS_OK && (r->stanzas.len > 0 ||
	    r->labels.count > 0 || r->rc > 0))
		abort();
	for (i = 1; i < r->labels.count; i++)
		if (strcmp(r->labels.v[i - 1], r->labels.v[i]) >= 0)
			abort();
	if (r->stanzas.len > 0) {
		make_header(&h, r->stanzas.buf, r->stanzas.len);
		age_header_wipe(&h);
	}
}

static bool
same(const struct result *a, const struct result *b)
{

	return (a->status == b->status && a->rc == b->rc &&
	    memcmp(a->key, b->key, sizeof(a->key)) == 0 &&
	    a->stanzas.len == b->stanzas.len && (a->stanzas.len == 0 ||
	    memcmp(a->stanzas.buf, b->stanzas.buf, a->stanzas.len) == 0) &&
	    plugin_labels_same(&a->labels, &b->labels));
}

static void
wipe(struct result *r)
{

	age_text_wipe(&r->stanzas);
	plugin_labels_wipe(&r->labels);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t steps[] = { 1, 7 };
	struct result whole, parts;
	size_t i;

	if (len == 0)
		return (0);
	it.mode = data[0];
	it.data = data + 1;
	it.len = len - 1;
	run(&whole, len);
	look(&whole);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		run(&parts, steps[i]);
		look(&parts);
		if (!same(&whole, &parts))
			abort();
		wipe(&parts);
	}
	wipe(&whole);
	return (0);
}
