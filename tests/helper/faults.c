/* SPDX-License-Identifier: ISC */
/*
 * faults [OPTION...] -- COMMAND [ARGUMENT...]
 *
 * Runs a command again and again, and makes each call fail once that can fail:
 * the first read, the second, ... until a run comes to its end without; then
 * the next kind.  Each run is judged (faults-judge.h).  The last line on stdout
 * tells how many there were; what went wrong stands before.  Status 1: a run
 * was not as it should be.
 *
 *	-n NAME		for messages
 *	-s SHIM		fault/shim.so
 *	-d DIR		scratch: each worker has a directory wN there, in which
 *			the command runs; @W in arguments becomes wN
 *	-t DIR		what lies there before each run
 *	-r DIR		the server's; -T DIR: what lies there
 *	-i FILE		stdin by a pipe; -m: marked; -I FILE: the file itself
 *	-o		stdout is a file
 *	-k KIND=HOW...	what fails, and how: a list; may be given again
 *	-e HOW		which calls of malloc and mmap: "all"; "stacks": one of each stack;
 *			"sites": one of each that differs in the program's own
 *			functions, and some more
 *	-E		of other kinds, too
 *	-j COMMAND	says whether stdout (its stdin, and $OUT) and the files are
 *			whole; DONE=1: with status 0
 *	-l GLOB		files of that name differ from run to run
 *	-f ERE		lines of others on stderr
 *	-x COUNT	error lines, at most (1)
 *	-a		stdout may tell of what was refused
 *	-y		with several things to do, it goes on with the others
 *	-q		temporaries may stay on the server
 *	-z FUNCTION	what it calls in turn does not fail
 *	-w SECONDS	until a run hangs (20)
 *	-P COUNT	runs at a time (2)
 *	-c FILE		a line a kind is added: name, kind, calls, runs, survived,
 *			failed late, temporaries on the server, wrong
 *	-v		tell each run
 */
#include <stddef.h>

#include "faults-judge.h"

static const char *const kind_names[] = FAULT_NAMES;

static const struct {
	const char *name;
	int error;
} errors[] = {
	{ "EIO", EIO }, { "ENOSPC", ENOSPC }, { "ENOMEM", ENOMEM },
	{ "EINTR", EINTR }, { "EMFILE", EMFILE }, { "EAGAIN", EAGAIN },
	{ "EXDEV", EXDEV }, { "EPERM", EPERM }, { "EACCES", EACCES },
	{ "ECONNREFUSED", ECONNREFUSED }, { "ETIMEDOUT", ETIMEDOUT },
	{ "ECONNRESET", ECONNRESET }, { "ENOBUFS", ENOBUFS },
	{ "AGAIN", -3 }, { "MEMORY", -10 },	/* EAI_ of getaddrinfo() */
};

#define KINDS_MAX	64
#define SHOWN		6	/* failures of a kind that are told whole */
#define ABOVE		2	/* calls in a row that did not come */

struct want {
	const char *word;
	int kind, how, error;
	bool on;		/* that one and all behind it */
};

/* Of all workers, while one kind is tried. */
struct shared {
	atomic_uint next, stop;
	atomic_uint runs, missed, spared, survived, late, left, wrong;
};

struct opts {
	struct spec spec;
	struct how_run run;
	struct want wants[KINDS_MAX];
	size_t want_count;
	const char *scratch, *remote, *template[2], *select, *table;
	const char *spare[WORDS];
	int workers;
	bool few, verbose;
};

/* Which calls: number i + 1, or those of a list. */
struct choice {
	uint64_t *n;
	size_t count;
};

/* What we keep until our end is no leak of the program's. */
int __lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{

	return (1);
}

/* --- options --- */

static void
read_want(struct want *w, const char *word)
{
	const char *eq = strchr(word, '=');
	size_t i, len;

	w->word = word;
	w->kind = -1;
	if (eq == NULL)
		errx(2, "%s: KIND=HOW", word);
	for (i = 0; i < FAULT_KINDS; i++)
		if (strlen(kind_names[i]) == (size_t)(eq - word) &&
		    strncmp(kind_names[i], word, (size_t)(eq - word)) == 0)
			w->kind = (int)i;
	len = strlen(eq + 1);
	w->on = eq[len] == '+';
	len -= w->on ? 1 : 0;
	w->how = FAULT_FAIL;
	if (strcmp(eq + 1, "short") == 0)
		w->how = FAULT_SHORT;
	else if (strcmp(eq + 1, "end") == 0)
		w->how = FAULT_END;
	else {
		for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
			if (strlen(errors[i].name) == len &&
			    strncmp(errors[i].name, eq + 1, len) == 0)
				w->error = errors[i].error;
		if (w->error == 0)
			w->kind = -1;
	}
	if (w->kind == -1)
		errx(2, "%s: no such kind or error", word);
}

static void
read_wants(struct opts *o, const char *list)
{
	char *words, *word;

	if ((words = strdup(list)) == NULL)
		err(2, "memory");
	while ((word = strsep(&words, " \t\n")) != NULL) {
		if (word[0] == '\0')
			continue;
		if (o->want_count == KINDS_MAX)
			errx(2, "%s: too many kinds", word);
		read_want(&o->wants[o->want_count++], word);
	}
}

static void
add_word(const char **words, const char *word)
{
	size_t i;

	for (i = 0; words[i] != NULL; i++)
		if (i == WORDS - 2)
			errx(2, "%s: too many", word);
	words[i] = word;
}

static void
set_option(struct opts *o, int c, const char *arg)
{

	switch (c) {
	case 'n': o->spec.label = arg; break;
	case 's': o->run.shim = arg; break;
	case 'd': o->scratch = arg; break;
	case 't': o->template[0] = arg; break;
	case 'r': o->remote = arg; break;
	case 'T': o->template[1] = arg; break;
	case 'i': o->run.in = arg; o->run.in_pipe = true; break;
	case 'm': o->run.in_mark = true; break;
	case 'I': o->run.in = arg; o->run.in_pipe = false; break;
	case 'o': o->run.out_file = true; break;
	case 'k':
		read_wants(o, arg);
		break;
	case 'e': o->select = arg; break;
	case 'j': o->spec.judge = arg; break;
	case 'l': add_word(o->spec.loose, arg); break;
	case 'f':
		if (regcomp(&o->spec.foreign, arg, REG_EXTENDED | REG_NOSUB))
			errx(2, "%s: no regular expression", arg);
		o->spec.has_foreign = true;
		break;
	case 'x': o->spec.errors = (unsigned)atoi(arg); break;
	case 'E': o->few = true; break;
	case 'z': add_word(o->spare, arg); break;
	case 'a': o->spec.speaks = true; break;
	case 'y': o->spec.goes_on = true; break;
	case 'q': o->spec.stay = true; break;
	case 'w': o->run.watch_ms = atoi(arg) * 1000; break;
	case 'P': o->workers = atoi(arg); break;
	case 'c': o->table = arg; break;
	case 'v': o->verbose = true; break;
	default: exit(2);
	}
}

/* --- one run --- */

/* The command for a worker: @W is its name. */
static char **
make_argv(char *const *argv, const char *worker)
{
	size_t count = 0, i, size;
	char **v, *at;

	while (argv[count] != NULL)
		count++;
	if ((v = calloc(count + 1, sizeof(*v))) == NULL)
		err(2, "memory");
	for (i = 0; i < count; i++) {
		size = strlen(argv[i]) + 64;
		if ((v[i] = malloc(size)) == NULL)
			err(2, "memory");
		if ((at = strstr(argv[i], "@W")) == NULL)
			snprintf(v[i], size, "%s", argv[i]);
		else
			snprintf(v[i], size, "%.*s%s%s", (int)(at - argv[i]),
			    argv[i], worker, at + 2);
	}
	return (v);
}

struct worker {
	const struct opts *o;
	struct how_run run;
	char name[16], dir[4096], remote[4096];
	struct fault *plan;
	int plan_fd;
};

static void
make_dir(const char *dir, const char *in)
{
	struct stat st;

	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		err(2, "%s", dir);
	if (stat(in, &st) == -1 || (geteuid() == 0 &&
	    chown(dir, st.st_uid, st.st_gid) == -1))
		err(2, "%s", dir);
}

static void
worker_init(struct worker *w, const struct opts *o, int number)
{

	w->o = o;
	w->run = o->run;
	snprintf(w->name, sizeof(w->name), "w%d", number);
	snprintf(w->dir, sizeof(w->dir), "%s/%s", o->scratch, w->name);
	make_dir(w->dir, o->scratch);
	w->run.dir = w->dir;
	w->run.argv = make_argv(o->run.argv, w->name);
	if (o->remote != NULL) {
		snprintf(w->remote, sizeof(w->remote), "%s/%s", o->remote,
		    w->name);
		make_dir(w->remote, o->remote);
	}
	w->plan = plan_new(&w->plan_fd);
}

/* A run with the plan that stands in w->plan. */
static void
worker_run(struct worker *w, struct ran *r)
{
	const struct opts *o = w->o;
	struct stat st;

	if (stat(o->scratch, &st) == -1)
		err(2, "%s", o->scratch);
	tree_write(&o->spec.before[0], w->dir, &st);
	if (o->remote != NULL) {
		if (stat(o->remote, &st) == -1)
			err(2, "%s", o->remote);
		tree_write(&o->spec.before[1], w->remote, &st);
	}
	run_one(&w->run, w->plan, w->plan_fd, r);
	if (w->plan->here == 0)
		errx(2, "%s: not loaded", o->run.shim);
	/* In a file it is as in a pipe, for who judges. */
	if (w->run.out_file) {
		char path[4200];

		snprintf(path, sizeof(path), "%s/OUT", w->dir);
		blob_read(&r->out, AT_FDCWD, path);
	}
}

static void
plan_clear(struct fault *f)
{

	memset(f, 0, offsetof(struct fault, ours));
}

/* --- telling --- */

/* Frames of the program itself by the name of their line. */
static void
print_stack(const struct opts *o, const struct fault *f)
{
	const char *program = strrchr(o->run.argv[0], '/');
	char line[4096], text[256];
	size_t i, len;
	FILE *pipe;

	program = program != NULL ? program + 1 : o->run.argv[0];
	len = strlen(program);
	for (i = 0; i < FAULT_DEPTH && f->stack[i][0] != '\0'; i++) {
		if (strncmp(f->stack[i], program, len) != 0 ||
		    f->stack[i][len] != '+') {
			printf("    %s\n", f->stack[i]);
			continue;
		}
		snprintf(line, sizeof(line), "addr2line -sfpie \"$(command -v "
		    "%s)\" $(printf %%x $((%.18s - 1))) 2>/dev/null", o->run.argv[0],
		    f->stack[i] + len + 1);
		if ((pipe = popen(line, "r")) != NULL &&
		    fgets(text, sizeof(text), pipe) != NULL)
			printf("    %s %s", program, text);
		if (pipe != NULL)
			pclose(pipe);
	}
}

static void
print_run(const struct worker *w, const struct want *k, uint64_t n,
    const struct ran *r, const struct verdict *v)
{
	const struct fault *f = w->plan;
	const char *what = v->why[0] != '\0' ? v->why : v->late ? "late" :
	    r->wstatus == 0 ? "survived" : "refused";

	fflush(stdout);
	printf("%s: %s, call %llu (%s): %s; status %d after %ld ms\n",
	    w->o->spec.label, k->word, (unsigned long long)n,
	    f->hits > 0 ? f->call : "did not come", what,
	    WIFSIGNALED(r->wstatus) ? 128 + WTERMSIG(r->wstatus) :
	    WEXITSTATUS(r->wstatus), r->ms);
	if (r->err.len > 0)
		printf("    stderr: %.1500s", r->err.data);
	if (v->why[0] != '\0' || v->late)
		print_stack(w->o, f);
	fflush(stdout);
}

/* --- all runs of a kind --- */

static void
try_call(struct worker *w, struct shared *s, const struct want *k, unsigned i,
    uint64_t n, bool chosen)
{
	struct fault *f = w->plan;
	struct verdict v;
	struct ran r;
	size_t j;

	plan_clear(f);
	f->kind = k->kind;
	f->how = k->how;
	f->error = k->error;
	f->first = n;
	f->last = k->on ? UINT64_MAX : n;
	for (j = 0; j < FAULT_SPARE && w->o->spare[j] != NULL; j++)
		snprintf(f->spare[j], sizeof(f->spare[j]), "%s",
		    w->o->spare[j]);
	worker_run(w, &r);
	judge(&w->o->spec, &r, f, w->dir,
	    w->o->remote != NULL ? w->remote : NULL, &v);
	s->runs++;
	if (f->hits == 0 && f->spared > 0)
		s->spared++;
	else if (f->hits == 0) {
		s->missed++;
		/* Threads may come to it another time. */
		if (!chosen && s->stop > i + ABOVE)
			s->stop = i + ABOVE;
	} else if (r.wstatus == 0)
		s->survived++;
	/* What interrupts or comes in parts is no failure. */
	if (r.wstatus != 0 && (k->how == FAULT_SHORT || k->error == EINTR ||
	    f->hits == 0))
		BAD(&v, "should have been survived");
	s->late += v.late;
	s->left += v.left;
	if (v.why[0] != '\0' && s->wrong++ < SHOWN)
		print_run(w, k, n, &r, &v);
	else if (w->o->verbose)
		print_run(w, k, n, &r, &v);
	ran_free(&r);
}

static void
work(const struct opts *o, struct shared *s, const struct want *k,
    const struct choice *c, int number)
{
	struct worker w;
	unsigned i;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	worker_init(&w, o, number);
	while ((i = s->next++) < s->stop)
		try_call(&w, s, k, i, c->n != NULL ? c->n[i] : i + 1,
		    c->n != NULL);
}

static bool
try_kind(const struct opts *o, const struct want *k, const struct choice *c,
    uint64_t calls, struct shared *sum)
{
	struct shared *s;
	bool failed = false;
	int i, wstatus;
	FILE *table;

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED |
	    MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		err(2, "mmap");
	s->stop = c->n != NULL ? (unsigned)c->count : 1000000;
	fflush(stdout);
	for (i = 0; i < o->workers; i++)
		if (fork() == 0) {
			work(o, s, k, c, i);
			fflush(stdout);
			_exit(0);
		}
	while (wait(&wstatus) != -1)
		failed = failed || wstatus != 0;
	sum->runs += s->runs - s->missed - s->spared;
	sum->survived += s->survived;
	sum->late += s->late;
	sum->left += s->left;
	sum->wrong += s->wrong;
	if (o->table != NULL && (table = fopen(o->table, "a")) != NULL) {
		fprintf(table, "%s\t%s\t%llu\t%u\t%u\t%u\t%u\t%u\n",
		    o->spec.label, k->word, (unsigned long long)calls,
		    s->runs - s->missed - s->spared, s->survived, s->late, s->left,
		    s->wrong);
		fclose(table);
	}
	failed = failed || s->wrong > 0;
	munmap(s, sizeof(*s));
	return (!failed);
}

/* --- which calls --- */

static bool
is_new(const uint64_t *keys, uint64_t i)
{
	uint64_t k;

	for (k = i; k > 0; k--)
		if (keys[k - 1] == keys[i])
			return (false);
	return (true);
}

/* Those of a survey that come from somewhere else than all before. */
static void
choose(const struct opts *o, const struct fault *f, uint64_t calls,
    struct choice *c)
{
	bool more = f->kind == FAULT_MALLOC;
	bool sites = strcmp(o->select, "sites") == 0;
	const uint64_t *keys = sites ? f->ours : f->all;
	uint64_t i, step = 1;

	if (calls > FAULT_ROOM)
		calls = FAULT_ROOM;
	if ((c->n = calloc(calls + 1, sizeof(*c->n))) == NULL)
		err(2, "memory");
	for (i = 0; i < calls; i++) {
		if (sites && more && i + 1 == step)
			step += step / 4 + 1;
		else if (!is_new(keys, i))
			continue;
		c->n[c->count++] = i + 1;
	}
}

/* --- all kinds --- */

/* A run without a fault says what there is to compare with. */
static void
survey(struct opts *o, struct worker *w, uint64_t calls[FAULT_KINDS])
{
	struct verdict v;
	struct ran r;
	int i;

	plan_clear(w->plan);
	w->plan->kind = -1;
	worker_run(w, &r);
	tree_read(&o->spec.after[0], w->dir);
	if (o->remote != NULL)
		tree_read(&o->spec.after[1], w->remote);
	o->spec.out = r.out;
	r.out = (struct blob){ NULL, 0 };
	blob_add(&r.out, o->spec.out.data != NULL ? o->spec.out.data : "",
	    o->spec.out.len);
	judge(&o->spec, &r, w->plan, w->dir, o->remote != NULL ? w->remote : NULL, &v);
	if (r.wstatus != 0 || v.why[0] != '\0') {
		printf("%s: without a fault: %s; status %#x\n%s",
		    o->spec.label, v.why, (unsigned)r.wstatus,
		    r.err.len > 0 ? r.err.data : "");
		exit(2);
	}
	for (i = 0; i < FAULT_KINDS; i++)
		calls[i] = w->plan->counts[i];
	o->spec.syncs = calls[FAULT_FSYNC];
	ran_free(&r);
}

static bool
try_one(const struct opts *o, struct worker *w, const struct want *k,
    uint64_t calls, struct shared *sum)
{
	struct choice c = { NULL, 0 };
	struct ran r;
	bool good;

	if ((k->kind == FAULT_MALLOC || k->kind == FAULT_MMAP || o->few) &&
	    strcmp(o->select, "all") != 0) {
		plan_clear(w->plan);
		w->plan->kind = k->kind;
		w->plan->survey = 1;
		worker_run(w, &r);
		ran_free(&r);
		calls = w->plan->counts[k->kind];
		choose(o, w->plan, calls, &c);
	}
	good = try_kind(o, k, &c, calls, sum);
	free(c.n);
	return (good);
}

int
main(int argc, char **argv)
{
	struct opts o = { .select = "all", .workers = 2,
	    .run.watch_ms = 20000, .spec.errors = 1 };
	uint64_t calls[FAULT_KINDS];
	struct shared sum = { 0 };
	struct worker w;
	bool good = true;
	long began = now_ms();
	size_t i;
	int c;

	while ((c = getopt(argc, argv,
	    "+n:s:d:t:r:T:i:mI:ok:e:j:l:f:x:aEqyw:z:P:c:v")) != -1)
		set_option(&o, c, optarg);
	o.run.argv = argv + optind;
	if (argc == optind || o.run.shim == NULL || o.scratch == NULL)
		errx(2, "-s, -d and a command are needed");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (i = 0; i < 2; i++)
		if (o.template[i] != NULL)
			tree_read(&o.spec.before[i], o.template[i]);
	worker_init(&w, &o, 0);
	survey(&o, &w, calls);
	for (i = 0; i < o.want_count; i++)
		if (calls[o.wants[i].kind] > 0 && !try_one(&o, &w,
		    &o.wants[i], calls[o.wants[i].kind], &sum))
			good = false;
	printf("%u runs, %u survived, %u failed late, %u temporaries, %u "
	    "wrong, %ld ms\n", sum.runs, sum.survived, sum.late, sum.left,
	    sum.wrong, now_ms() - began);
	return (good && sum.runs > 0 ? 0 : 1);
}
