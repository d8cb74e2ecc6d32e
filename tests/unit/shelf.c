/* SPDX-License-Identifier: ISC */
/* Promise: whenever the connection breaks, and whatever the server lists, the
 * files that go are those that no rule keeps, and no others; nothing is decided
 * on a part of a list. */
#include <unistd.h>
#include <fcntl.h>
#include <sys/wait.h>

#include <time.h>

#include "msg.h"
#include "pgb-ship/shelf/store.c"
#include "pgb-ship/shelf/store-sftp.c"
#include "shelf/shelf.h"
#include "tap.h"

/* --- a server, as far as a shelf sees it --- */

struct file {
	const char *name;
	uint64_t size;
	uint32_t mode, mtime;
	bool bare;		/* listed without what it is */
	bool gone;
};

struct sftp {
	bool lost;
	size_t next;		/* file to be listed */
};

static struct fake {
	struct file v[40];
	size_t count;
	size_t batch;		/* names in one answer */
	unsigned calls;		/* so far */
	unsigned break_at;	/* the call that is the connection's last */
	bool after;		/* it breaks after it has worked */
	bool always;		/* from there on no connection lives long */
	unsigned opened;
	const char *deny;	/* may not be removed */
	int list_error;		/* READDIR's, after the first answer */
	bool refuse;		/* connections but the first */
	const char *vanishes;	/* a file that somebody else removes then */
} fake;

/* Whether the connection breaks before (or after) this call. */
static bool
breaks(struct sftp *s, bool after)
{

	size_t i;

	if (!after)
		fake.calls++;
	if (fake.after == after && fake.calls == fake.break_at) {
		s->lost = true;
		for (i = 0; fake.vanishes != NULL && i < fake.count; i++)
			if (strcmp(fake.v[i].name, fake.vanishes) == 0)
				fake.v[i].gone = true;
	}
	if (!after && fake.always && fake.calls > fake.break_at)
		s->lost = true;
	return (s->lost);
}

static struct file *
find_file(const char *path)
{
	size_t i;

	for (i = 0; i < fake.count; i++)
		if (!fake.v[i].gone && strncmp(path, "/pg/", 4) == 0 &&
		    strcmp(path + 4, fake.v[i].name) == 0)
			return (&fake.v[i]);
	return (NULL);
}

static void
attributes(const struct file *f, bool bare, struct sftp_attrs *a)
{

	memset(a, 0, sizeof(*a));
	if (bare)
		return;
	a->has_size = a->has_mode = a->has_times = true;
	a->size = f->size;
	a->mode = f->mode;
	a->mtime = f->mtime;
}

int
sftp_opendir(struct sftp *s, const char *path, struct sftp_handle *h)
{

	if (breaks(s, false))
		return (SFTP_LOST);
	h->len = 0;
	s->next = 0;
	return (strcmp(path, "/pg") == 0 ? SFTP_OK : SFTP_NO_FILE);
}

int
sftp_readdir(struct sftp *s, const struct sftp_handle *h,
    void (*each)(void *, const char *, const struct sftp_attrs *), void *arg)
{
	struct sftp_attrs a;
	size_t n;

	(void)h;
	if (breaks(s, false))
		return (SFTP_LOST);
	if (s->next == fake.count)
		return (SFTP_EOF);
	if (s->next > 0 && fake.list_error != 0)
		return (fake.list_error);
	for (n = 0; n < fake.batch && s->next < fake.count; n++, s->next++) {
		if (fake.v[s->next].gone)
			continue;
		attributes(&fake.v[s->next], fake.v[s->next].bare, &a);
		each(arg, fake.v[s->next].name, &a);
	}
	return (breaks(s, true) ? SFTP_LOST : SFTP_OK);
}

int
sftp_close(struct sftp *s, const struct sftp_handle *h)
{

	(void)h;
	return (breaks(s, false) ? SFTP_LOST : SFTP_OK);
}

int
sftp_lstat(struct sftp *s, const char *path, struct sftp_attrs *a)
{
	const struct file *f = find_file(path);

	if (breaks(s, false))
		return (SFTP_LOST);
	if (f == NULL)
		return (SFTP_NO_FILE);
	attributes(f, false, a);
	return (SFTP_OK);
}

/* The directory: changed on the last day there is. */
int
sftp_stat(struct sftp *s, const char *path, struct sftp_attrs *a)
{

	(void)path;
	if (breaks(s, false))
		return (SFTP_LOST);
	memset(a, 0, sizeof(*a));
	a->has_times = true;
	a->mtime = (uint32_t)time(NULL);
	return (SFTP_OK);
}

int
sftp_remove(struct sftp *s, const char *path)
{
	struct file *f = find_file(path);

	if (breaks(s, false))
		return (SFTP_LOST);
	if (f == NULL)
		return (SFTP_NO_FILE);
	if (fake.deny != NULL && strcmp(f->name, fake.deny) == 0)
		return (SFTP_DENIED);
	f->gone = true;
	return (breaks(s, true) ? SFTP_LOST : SFTP_OK);
}

bool
sftp_is_lost(const struct sftp *s)
{

	return (s->lost);
}

void
sftp_free(struct sftp *s)
{

	free(s);
}

struct sftp *
remote_open(const struct route *r, const struct halt *halt,
    struct fault *fault)
{

	(void)r;
	(void)halt;
	if (fake.opened++ > 0 && fake.refuse) {
		fault_set(fault, STATUS_REMOTE, "host key: changed");
		return (NULL);
	}
	return (calloc(1, sizeof(struct sftp)));
}

struct sftp *
remote_first(const struct route *r, const struct halt *halt,
    struct fault *fault)
{

	return (remote_open(r, halt, fault));
}

int
remote_pause(int ms, const struct halt *halt)
{

	(void)ms;
	(void)halt;
	return (0);
}

int
remote_backoff_ms(unsigned n)
{

	return ((int)n);
}

enum status
remote_fault(const struct sftp *s, const char *what, int error,
    struct fault *fault)
{

	(void)s;
	return (fault_set(fault, error == SFTP_LOST ? STATUS_RETRY :
	    STATUS_REMOTE, "%s: error %d", what != NULL ? what : "-", error));
}

struct route *
route_new(const struct dest *d, const char *name,
    const struct ship_opts *opts, struct secrets *secrets,
    const struct halt *halt, struct fault *fault)
{
	struct route *r = calloc(1, sizeof(*r));

	(void)d;
	(void)halt;
	(void)fault;
	r->name = name;
	r->opts = opts;
	r->secrets = secrets;
	return (r);
}

void
route_free(struct route *r)
{

	free(r);
}

struct secrets *
secrets_new(const struct ship_opts *opts)
{

	(void)opts;
	return (calloc(1, 1));
}

void
secrets_free(struct secrets *s)
{

	free(s);
}

/* --- what lies there --- */

#define TEMP(n)	".a-20261101T020000Z.d." n ".pgbtmp"

static struct file *
lay(const char *name, uint64_t size)
{
	struct file *f = &fake.v[fake.count++];

	*f = (struct file){ .name = name, .size = size, .mode = 0100600,
	    .mtime = 1000 };
	return (f);
}

/* Five backups of ours and what goes beside some, and much else. */
static void
lay_out(void)
{

	memset(&fake, 0, sizeof(fake));
	fake.batch = 3;
	lay("a-20261105T020000Z.d", 5);
	lay("..", 1)->mode = 040755;
	lay("a-20261101T020000Z.d", 1);
	lay("a-20261101T020000Z.d.b2", 1);
	lay("a-20261101T020000Z.d.json", 1);
	lay("a-20261102T020000Z.d", 2);
	lay("a-20261103T020000Z.d", 3);
	lay("a-20261103T020000Z.d.b2", 3);
	lay("a-20261104T020000Z.d", 4)->bare = true;
	/* Told twice. */
	lay("a-20261105T020000Z.d", 5);
	/* Newer, but none of them is whole. */
	lay("a-20261106T020000Z.d", 0);
	lay("a-20261107T020000Z.d", 7)->mode = 0120777;
	lay("a-20261108T020000Z.d", 8)->mode = 040755;
	lay(TEMP("0123456789abcdef"), 3)->mtime = (uint32_t)time(NULL) - 90000;
	lay(TEMP("fedcba9876543210"), 3)->mtime = (uint32_t)time(NULL) - 80000;
	/* Beside a backup that is gone. */
	lay("a-20261030T020000Z.d.b2", 1);
	lay("a-20261109T020000Z.d.b2", 1);
	/* Not ours. */
	lay("a-20261101T020000Z.d.age", 1);
	lay("a-20261101T020000Z.d.age.b2", 1);
	lay("b-20261101T020000Z.d", 1);
	lay("xa-20261101T020000Z.d", 1);
	lay("../a-20261101T020000Z.d", 1);
	lay("x/a-20261101T020000Z.d", 1);
	lay("a-20261101T020000Z.d\n", 1);
	lay("notes.txt", 1);
}

/* What --keep-last 2 --keep-daily 3 is to take, in order. */
static const char *const goes[] = {
	"a-20261101T020000Z.d", "a-20261101T020000Z.d.b2",
	"a-20261101T020000Z.d.json", "a-20261102T020000Z.d",
	"a-20261030T020000Z.d.b2", TEMP("0123456789abcdef"),
};
#define GOES	(sizeof(goes) / sizeof(goes[0]))

static bool
is_gone(const char *name)
{
	size_t i;

	for (i = 0; i < fake.count; i++)
		if (strcmp(fake.v[i].name, name) == 0 && fake.v[i].gone)
			return (true);
	return (false);
}

static size_t
gone_count(void)
{
	size_t i, n = 0;

	for (i = 0; i < fake.count; i++)
		n += fake.v[i].gone ? 1 : 0;
	return (n);
}

static const struct keep keep = { .last = 2, .daily = 3 };
static char out_name[] = "/tmp/pgb-shelf.XXXXXX";

/* In a child, which may close its stdout: the status, or 100 and more where not
 * exactly the first so many of goes[] are gone. */
static int
prune(bool dry_run, bool json, size_t first, int retry_ms)
{
	const struct ship_opts opts = { .retry_ms = retry_ms };
	int status, fd;
	size_t i;
	pid_t pid;

	fflush(stdout);
	if ((pid = fork()) == 0) {
		fd = open(out_name, O_WRONLY | O_TRUNC | O_CLOEXEC);
		if (fd == -1 || dup2(fd, STDOUT_FILENO) == -1)
			_exit(99);
		status = (int)shelf_prune("sftp://h/pg/a-{time}.d", &keep,
		    dry_run, json, &opts);
		for (i = 0; i < first; i++)
			if (!is_gone(goes[i]))
				_exit(100 + (int)i);
		if (gone_count() != first)
			_exit(150 + (int)gone_count());
		_exit(status);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid ||
	    !WIFEXITED(status))
		return (-1);
	return (WEXITSTATUS(status));
}

/* What it has printed, its lines' first two words alone. */
static const char *
printed(void)
{
	static char text[8192];
	char line[1024], verb[32], name[256];
	FILE *f = fopen(out_name, "r");
	size_t len = 0;

	text[0] = '\0';
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "would remove", 12) == 0)
			memcpy(line, "would-remove", 12);
		if (sscanf(line, "%31s %255s", verb, name) == 2)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "%s %s\n", verb, name);
	}
	if (f != NULL)
		fclose(f);
	return (text);
}

static const char told[] =
    "removed a-20261101T020000Z.d\n"
    "removed a-20261101T020000Z.d.b2\n"
    "removed a-20261101T020000Z.d.json\n"
    "removed a-20261102T020000Z.d\n"
    "keep a-20261103T020000Z.d\n"
    "keep a-20261104T020000Z.d\n"
    "keep a-20261105T020000Z.d\n"
    "leave a-20261106T020000Z.d\n"
    "leave a-20261107T020000Z.d\n"
    "leave a-20261108T020000Z.d\n"
    "removed a-20261030T020000Z.d.b2\n"
    "leave a-20261109T020000Z.d.b2\n"
    "removed " TEMP("0123456789abcdef") "\n"
    "leave " TEMP("fedcba9876543210") "\n";

static void
test_prune(void)
{
	char want[sizeof(told) + 100], *p;

	lay_out();
	ok(prune(false, false, GOES, 1000) == 0, "what no rule keeps is gone");
	same(printed(), told, "a line a file, the oldest first");
	lay_out();
	ok(prune(true, false, 0, 1000) == 0, "--dry-run removes nothing");
	want[0] = '\0';
	strcpy(want, told);
	while ((p = strstr(want, "removed ")) != NULL) {
		memmove(p + 13, p + 8, strlen(p + 8) + 1);
		memcpy(p, "would-remove ", 13);
	}
	same(printed(), want, "and says the same");
	lay_out();
	ok(prune(false, true, GOES, 1000) == 0, "--json removes the same");
}

/* The connection breaks at every call there is, before or after it has worked;
 * another one goes on. */
static void
test_breaks(void)
{
	const unsigned calls = 60;	/* 40 are made */
	unsigned n, bad = 0;
	bool after;

	for (after = false;; after = true) {
		for (n = 1; n <= calls; n++) {
			lay_out();
			fake.break_at = n;
			fake.after = after;
			if (prune(false, false, GOES, 10000) != 0 ||
			    strcmp(printed(), told) != 0)
				bad++;
		}
		if (after)
			break;
	}
	ok(bad == 0, "a connection that breaks at any call (%u bad)", bad);
}

static void
test_gives_up(void)
{
	unsigned n;
	int status;

	for (n = 1; n <= 9; n++) {
		lay_out();
		fake.break_at = n;
		fake.always = true;
		status = prune(false, false, 0, 50);
		ok(status == STATUS_RETRY, "no list is ever whole (%u): %d", n,
		    status);
	}
	lay_out();
	fake.break_at = 3;
	fake.refuse = true;
	ok(prune(false, false, 0, 10000) == STATUS_REMOTE,
	    "another server where ours was");
	lay_out();
	fake.list_error = SFTP_FAILURE;
	ok(prune(false, false, 0, 10000) == STATUS_REMOTE,
	    "a list that ends in an error");
	lay_out();
	fake.list_error = SFTP_DENIED;
	fake.batch = 1;
	ok(prune(false, false, 0, 10000) == STATUS_REMOTE, "after one file");
}

/* The list of before the loss is not the list any more. */
static void
test_anew(void)
{

	lay_out();
	fake.break_at = 6;
	fake.vanishes = "a-20261105T020000Z.d";
	/* Besides the first three an orphan and a temporary have gone, and
	 * what has vanished, which was told twice. */
	ok(prune(false, false, 3, 10000) == 150 + 3 + 2 + 2 &&
	    strstr(printed(), "keep a-20261102T020000Z.d\n") != NULL &&
	    strstr(printed(), "20261105") == NULL,
	    "what has gone meanwhile is not counted");
}

static void
test_refused(void)
{
	int status, fd;
	pid_t pid;

	lay_out();
	fake.deny = goes[0];
	fflush(stdout);
	if ((pid = fork()) == 0) {
		const struct ship_opts opts = { .retry_ms = 1000 };

		fd = open(out_name, O_WRONLY | O_TRUNC | O_CLOEXEC);
		dup2(fd, STDOUT_FILENO);
		status = (int)shelf_prune("sftp://h/pg/a-{time}.d", &keep,
		    false, false, &opts);
		_exit(status == STATUS_REMOTE && !is_gone(goes[0]) &&
		    !is_gone(goes[1]) && is_gone(goes[3]) &&
		    gone_count() == GOES - 3 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "one that is refused keeps what is beside it, the others go");
	ok(strncmp(printed(), "refused a-20261101T020000Z.d\n"
	    "removed a-20261102T020000Z.d\n", 58) == 0, "and it is said");
}

/* What goes of what was laid out, a line each. */
static const char *
pruned(const char *url, unsigned last)
{
	const struct ship_opts opts = { .retry_ms = 1000 };
	const struct keep k = { .last = last };
	static char text[8192];
	char line[1024], name[256];
	size_t len = 0;
	int status, fd;
	pid_t pid;
	FILE *f;

	fflush(stdout);
	if ((pid = fork()) == 0) {
		fd = open(out_name, O_WRONLY | O_TRUNC | O_CLOEXEC);
		dup2(fd, STDOUT_FILENO);
		_exit((int)shelf_prune(url, &k, false, false, &opts));
	}
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return ("it failed");
	text[0] = '\0';
	f = fopen(out_name, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "removed %255s", name) == 1)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "%s\n", name);
	if (f != NULL)
		fclose(f);
	return (text);
}

/* Two clusters of one database name, which {server} tells apart. */
static void
test_servers(void)
{
	static const char *const names[] = {
		"app-15.17-20241120T020000Z", "app-15.18-20241121T020000Z",
		"app-15.18-20241122T020000Z", "app-16.2-20241123T020000Z",
		"app-16.2-20241124T020000Z", "app-16.3-20241125T020000Z",
	};
	size_t i;

	memset(&fake, 0, sizeof(fake));
	fake.batch = 10;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		lay(names[i], 1);
	same(pruned("sftp://h/pg/{db}-{server}-{time}", 3), "",
	    "a major version takes no place of another");
	same(pruned("sftp://h/pg/{db}-{server}-{time}", 2),
	    "app-15.17-20241120T020000Z\napp-16.2-20241123T020000Z\n",
	    "minor versions do");
}

/* The clock of who makes the backups fell back; the server's did not. */
static void
test_clock(void)
{
	static const char url[] = "sftp://h/pg/a-{time}.d";
	const uint32_t day = 86400, now = (uint32_t)time(NULL) - 9 * day;

	memset(&fake, 0, sizeof(fake));
	fake.batch = 10;
	lay("a-20241126T020000Z.d", 1)->mtime = now - 2 * day;
	lay("a-20241127T020000Z.d", 1)->mtime = now - day;
	lay("a-20241128T020000Z.d", 1)->mtime = now;
	lay("a-20200101T020000Z.d.b2", 1)->mtime = now + day;
	lay("a-20200102T020000Z.d.b2", 1)->mtime = now - day;
	same(pruned(url, 2), "a-20241126T020000Z.d\n"
	    "a-20200102T020000Z.d.b2\n",
	    "what goes beside a backup that is on its way stays");
	lay("a-20200101T020000Z.d", 1)->mtime = now + day;
	same(pruned(url, 2), "a-20241126T020000Z.d\n",
	    "a backup of after the newest one stays, and what is beside it");
	ok(strstr(printed(), "keep a-20200101T020000Z.d\n") != NULL,
	    "and that is said");
	lay("a-20241130T020000Z.d", 1)->mtime = now + 2 * day;
	same(pruned(url, 2), "a-20200101T020000Z.d\n"
	    "a-20200101T020000Z.d.b2\na-20241126T020000Z.d\n"
	    "a-20241127T020000Z.d\na-20200102T020000Z.d.b2\n",
	    "until there is one with a right name");
}

static void
test_latest(void)
{
	const struct ship_opts opts = { .retry_ms = 1000 };
	enum status status;
	char *url;

	lay_out();
	url = shelf_latest("sftp://u@h:22/pg/a-{latest}.d", &opts, &status);
	same(url != NULL ? url : "-",
	    "sftp://u@h:22/pg/a-20261105T020000Z.d", "{latest} is whole");
	free(url);
	lay_out();
	lay("a b%-20261105T020000Z", 1);
	url = shelf_latest("sftp://h/pg/a%20b%25-{latest}", &opts, &status);
	same(url != NULL ? url : "-",
	    "sftp://h/pg/a%20b%25-20261105T020000Z", "odd bytes come as %XX");
	free(url);
	lay_out();
	lay("a-29990101T000000Z.d", 1);
	url = shelf_latest("sftp://h/pg/a-{latest}.d", &opts, &status);
	same(url != NULL ? url : "-", "sftp://h/pg/a-20261105T020000Z.d",
	    "and not of the future");
	free(url);
	lay_out();
	lay("c-29990101T000000Z.d", 1);
	url = shelf_latest("sftp://h/pg/c-{latest}.d", &opts, &status);
	same(url != NULL ? url : "-", "sftp://h/pg/c-29990101T000000Z.d",
	    "unless there is nothing else");
	free(url);
	url = shelf_latest("sftp://h/pg/x-{latest}.d", &opts, &status);
	ok(url == NULL && status == STATUS_DATA, "none of this pattern");
	url = shelf_latest("sftp://h/none/a-{latest}.d", &opts, &status);
	ok(url == NULL && status == STATUS_REMOTE, "no such directory");
	url = shelf_latest("sftp://h/{latest}/a", &opts, &status);
	ok(url == NULL && status == STATUS_USAGE, "a directory of that name");
}

/* A pattern that ends in {db}: its sums are no backups of a database "x.b2". */
static void
test_tails(void)
{
	const struct ship_opts opts = { .retry_ms = 1000 };
	enum status status;
	char *url;

	memset(&fake, 0, sizeof(fake));
	fake.batch = 10;
	lay("20261105T020000Z-x", 1);
	lay("20261105T020000Z-x.b2", 1);
	lay("20261105T020000Z-x.json", 1);
	lay("20261105T020000Z-x.json.minisig", 1);
	url = shelf_latest("sftp://h/pg/{latest}-{db}", &opts, &status);
	same(url != NULL ? url : "-", "sftp://h/pg/20261105T020000Z-x",
	    "what is beside is no backup");
	free(url);
	lay("20261106T020000Z-y.json", 1);
	url = shelf_latest("sftp://h/pg/{latest}-{db}", &opts, &status);
	same(url != NULL ? url : "-", "sftp://h/pg/20261106T020000Z-y.json",
	    "but what is beside nothing is");
	free(url);
}

int
main(void)
{
	int fd, null = open("/dev/null", O_WRONLY);

	if (null != -1)
		dup2(null, STDERR_FILENO);
	msg_program("test");
	if ((fd = mkstemp(out_name)) == -1)
		return (1);
	close(fd);
	test_prune();
	test_breaks();
	test_gives_up();
	test_anew();
	test_refused();
	test_servers();
	test_clock();
	test_latest();
	test_tails();
	unlink(out_name);
	return (tap_done());
}
