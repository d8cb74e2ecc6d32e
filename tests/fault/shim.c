/* SPDX-License-Identifier: ISC */
/*
 * Makes calls fail under a program that knows nothing of it: LD_PRELOAD this,
 * with a struct fault (fault.h) behind the descriptor that FAULT_FD names.
 *
 * Counted is what the program and its libraries call, not what libc calls in
 * itself, and not what children do: they start without this library.  Once the
 * program's main() runs, nothing here makes a system call but the one that was
 * asked for.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fault.h"

static struct fault *plan;	/* NULL: nothing fails */
static uintptr_t text, text_end;	/* the program's own code */

/* While we look at a stack, what that allocates is ours. */
static _Thread_local bool inside __attribute__((tls_model("initial-exec")));

/* --- where a call comes from --- */

static bool
is_ours(const void *at)
{

	return ((uintptr_t)at >= text && (uintptr_t)at < text_end);
}

static void
mix(uint64_t *sum, const void *at)
{

	*sum = (*sum ^ (uintptr_t)at) * 0x9e3779b97f4a7c15U;
	*sum ^= *sum >> 29;
}

static void
note(struct fault *f, uint64_t n)
{
	void *at[FAULT_DEPTH];
	int depth, i;

	if (n > FAULT_ROOM)
		return;
	depth = backtrace(at, FAULT_DEPTH);
	f->ours[n - 1] = f->all[n - 1] = 0;
	for (i = 2; i < depth; i++) {
		mix(&f->all[n - 1], at[i]);
		if (is_ours(at[i]))
			mix(&f->ours[n - 1], at[i]);
	}
}

static bool
is_spared(const struct fault *f, void *const *at, int depth)
{
	Dl_info info;
	int i, k;

	for (i = 2; i < depth; i++) {
		if (dladdr(at[i], &info) == 0 || info.dli_sname == NULL)
			continue;
		for (k = 0; k < FAULT_SPARE; k++)
			if (strcmp(info.dli_sname, f->spare[k]) == 0)
				return (true);
	}
	return (false);
}

/*
 * Whether the stack has a function that was excepted.  To look up names takes a
 * millisecond, and libcrypto may try a thousand times: what was found for a
 * stack is kept, as its sum with the answer in the lowest bit.
 */
static bool
spares(struct fault *f)
{
	static atomic_uint_fast64_t seen[1024];
	atomic_uint_fast64_t *slot;
	void *at[FAULT_DEPTH];
	uint64_t sum = 0, was;
	int depth, i;

	if (f->spare[0][0] == '\0')
		return (false);
	depth = backtrace(at, FAULT_DEPTH);
	for (i = 2; i < depth; i++)
		mix(&sum, at[i]);
	sum |= 1;
	slot = &seen[(sum >> 8) % (sizeof(seen) / sizeof(seen[0]))];
	was = atomic_load(slot);
	if ((was | 1) != sum) {
		was = is_spared(f, at, depth) ? sum : sum & ~1UL;
		atomic_store(slot, was);
	}
	if ((was & 1) != 0)
		f->spared++;
	return ((was & 1) != 0);
}

/* OBJECT+OFFSET NAME; the driver asks addr2line for the program's own. */
static void
tell(struct fault *f, const char *call)
{
	void *at[FAULT_DEPTH];
	const char *name;
	int depth, i;
	Dl_info info;

	snprintf(f->call, sizeof(f->call), "%s", call);
	f->out_then = f->out;
	f->renames_then = f->counts[FAULT_RENAME] -
	    (f->kind == FAULT_RENAME ? 1 : 0);
	depth = backtrace(at, FAULT_DEPTH);
	for (i = 2; i < depth; i++) {
		if (dladdr(at[i], &info) == 0 || info.dli_fname == NULL)
			continue;
		name = strrchr(info.dli_fname, '/');
		name = name != NULL ? name + 1 : info.dli_fname;
		snprintf(f->stack[i - 2], FAULT_FRAME, "%s+%#lx %s", name,
		    (unsigned long)((uintptr_t)at[i] -
		    (uintptr_t)info.dli_fbase),
		    info.dli_sname != NULL ? info.dli_sname : "");
	}
}

/* Whether this call is the one; how: what could become of it. */
static bool
strikes_as(enum fault_kind kind, enum fault_how how, const char *call)
{
	struct fault *f = plan;
	bool hit;
	uint64_t n;

	if (f == NULL || inside)
		return (false);
	/* A read for one byte cannot come short. */
	if (f->kind == (int)kind && f->how == FAULT_SHORT &&
	    how != FAULT_SHORT)
		return (false);
	n = atomic_fetch_add(&f->counts[kind], 1) + 1;
	if (f->kind != (int)kind)
		return (false);
	inside = true;
	if (f->survey)
		note(f, n);
	hit = f->how != FAULT_NEVER && n >= f->first && n <= f->last &&
	    !spares(f);
	if (hit && atomic_fetch_add(&f->hits, 1) == 0)
		tell(f, call);
	inside = false;
	if (hit)
		errno = f->error;
	return (hit);
}

static bool
strikes(enum fault_kind kind, const char *call)
{

	return (strikes_as(kind, FAULT_FAIL, call));
}

/* --- beginning --- */

static int
find_text(struct dl_phdr_info *info, size_t size, void *arg)
{
	ElfW(Half) i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
			text = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			text_end = text + info->dlpi_phdr[i].p_memsz;
		}
	*(uintptr_t *)arg = info->dlpi_addr;
	return (1);	/* the first one is the program */
}

static void
forget(void)
{

	plan = NULL;
}

__attribute__((constructor))
static void
begin(void)
{
	const char *word = getenv(FAULT_FD);
	struct fault *f;
	uintptr_t base;
	void *at[4];
	int fd;

	if (word == NULL)
		return;
	fd = atoi(word);
	unsetenv(FAULT_FD);
	unsetenv("LD_PRELOAD");
	f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (f == MAP_FAILED || f->pid != getpid())
		return;
	/* It loads a library the first time. */
	(void)backtrace(at, 4);
	dl_iterate_phdr(find_text, &base);
	f->base = base;
	pthread_atfork(NULL, NULL, forget);
	f->here = 1;
	plan = f;
}

/* --- memory --- */

/*
 * Whoever looks up malloc may allocate.  What he gets comes from here, and is
 * never freed.
 */
static char early[8192] __attribute__((aligned(16)));
static size_t early_len;
/* gcc takes dlsym for one that does not call us. */
static volatile bool looking;

static void *
early_malloc(size_t len)
{
	void *p = early + early_len;

	len = (len + 15) & ~(size_t)15;
	if (len > sizeof(early) - early_len)
		abort();
	early_len += len;
	return (p);
}

static bool
is_early(const void *p)
{

	return ((const char *)p >= early &&
	    (const char *)p < early + sizeof(early));
}

static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void (*free)(void *);
} heap;

/* The address of a function is handed over as data. */
static void
look(void *slot, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(slot, &found, sizeof(found));
}

/* Whether malloc and its family are known. */
static bool
have_heap(void)
{

	if (heap.free != NULL)
		return (true);
	if (looking)
		return (false);
	looking = true;
	look(&heap.malloc, "malloc");
	look(&heap.calloc, "calloc");
	look(&heap.realloc, "realloc");
	look(&heap.aligned_alloc, "aligned_alloc");
	look(&heap.posix_memalign, "posix_memalign");
	look(&heap.free, "free");
	looking = false;
	return (true);
}

void *
malloc(size_t len)
{

	if (!have_heap())
		return (early_malloc(len));
	return (strikes(FAULT_MALLOC, "malloc") ? NULL : heap.malloc(len));
}

void *
calloc(size_t count, size_t len)
{

	if (!have_heap())
		return (early_malloc(count * len));
	return (strikes(FAULT_MALLOC, "calloc") ? NULL :
	    heap.calloc(count, len));
}

void *
realloc(void *p, size_t len)
{

	if (!have_heap() || is_early(p))
		abort();
	return (strikes(FAULT_MALLOC, "realloc") ? NULL :
	    heap.realloc(p, len));
}

void *
reallocarray(void *p, size_t count, size_t len)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, len, &bytes)) {
		errno = ENOMEM;
		return (NULL);
	}
	return (realloc(p, bytes));
}

void *
aligned_alloc(size_t align, size_t len)
{

	if (!have_heap())
		abort();
	return (strikes(FAULT_MALLOC, "aligned_alloc") ? NULL :
	    heap.aligned_alloc(align, len));
}

int
posix_memalign(void **p, size_t align, size_t len)
{

	if (!have_heap())
		abort();
	return (strikes(FAULT_MALLOC, "posix_memalign") ? ENOMEM :
	    heap.posix_memalign(p, align, len));
}

void
free(void *p)
{

	if (!is_early(p) && have_heap())
		heap.free(p);
}

/* --- all that is simple: it fails or is called --- */

#define CALL(kind, type, failed, name, params, args)			\
type									\
name params								\
{									\
	static type (*next) params;					\
									\
	if (next == NULL)						\
		look(&next, #name);					\
	if (strikes(kind, #name))					\
		return (failed);					\
	return (next args);						\
}

CALL(FAULT_FSYNC, int, -1, fsync, (int fd), (fd))
CALL(FAULT_FSYNC, int, -1, fdatasync, (int fd), (fd))

CALL(FAULT_RENAME, int, -1, rename, (const char *a, const char *b), (a, b))
CALL(FAULT_RENAME, int, -1, renameat, (int d, const char *a, int e,
    const char *b), (d, a, e, b))
CALL(FAULT_RENAME, int, -1, renameat2, (int d, const char *a, int e,
    const char *b, unsigned flags), (d, a, e, b, flags))
CALL(FAULT_RENAME, int, -1, link, (const char *a, const char *b), (a, b))
CALL(FAULT_RENAME, int, -1, linkat, (int d, const char *a, int e,
    const char *b, int flags), (d, a, e, b, flags))
CALL(FAULT_UNLINK, int, -1, unlink, (const char *name), (name))
CALL(FAULT_UNLINK, int, -1, unlinkat, (int d, const char *name, int flags),
    (d, name, flags))

CALL(FAULT_MMAP, void *, MAP_FAILED, mmap, (void *at, size_t len, int prot,
    int flags, int fd, off_t from), (at, len, prot, flags, fd, from))
CALL(FAULT_MMAP, void *, MAP_FAILED, mmap64, (void *at, size_t len, int prot,
    int flags, int fd, off64_t from), (at, len, prot, flags, fd, from))
CALL(FAULT_MMAP, int, -1, mprotect, (void *at, size_t len, int prot),
    (at, len, prot))

CALL(FAULT_POLL, int, -1, poll, (struct pollfd *f, nfds_t count, int ms),
    (f, count, ms))
CALL(FAULT_POLL, int, -1, ppoll, (struct pollfd *f, nfds_t count,
    const struct timespec *t, const sigset_t *set), (f, count, t, set))
int __poll_chk(struct pollfd *, nfds_t, int, size_t);
CALL(FAULT_POLL, int, -1, __poll_chk, (struct pollfd *f, nfds_t count, int ms,
    size_t size), (f, count, ms, size))

CALL(FAULT_CONNECT, int, -1, connect, (int fd, const struct sockaddr *to,
    socklen_t len), (fd, to, len))
CALL(FAULT_SOCKET, int, -1, socket, (int domain, int type, int protocol),
    (domain, type, protocol))
CALL(FAULT_SOCKET, int, -1, bind, (int fd, const struct sockaddr *to,
    socklen_t len), (fd, to, len))
CALL(FAULT_SOCKET, int, -1, listen, (int fd, int count), (fd, count))
CALL(FAULT_SOCKET, int, -1, accept4, (int fd, struct sockaddr *from,
    socklen_t *len, int flags), (fd, from, len, flags))
CALL(FAULT_SOCKET, int, -1, getsockopt, (int fd, int level, int name,
    void *value, socklen_t *len), (fd, level, name, value, len))
CALL(FAULT_SOCKET, int, -1, setsockopt, (int fd, int level, int name,
    const void *value, socklen_t len), (fd, level, name, value, len))
CALL(FAULT_SOCKET, int, -1, getsockname, (int fd, struct sockaddr *to,
    socklen_t *len), (fd, to, len))

CALL(FAULT_PIPE, int, -1, pipe, (int fds[2]), (fds))
CALL(FAULT_PIPE, int, -1, pipe2, (int fds[2], int flags), (fds, flags))
CALL(FAULT_PIPE, int, -1, eventfd, (unsigned value, int flags),
    (value, flags))
CALL(FAULT_PIPE, int, -1, memfd_create, (const char *name, unsigned flags),
    (name, flags))
CALL(FAULT_PIPE, int, -1, socketpair, (int domain, int type, int protocol,
    int fds[2]), (domain, type, protocol, fds))
CALL(FAULT_FORK, pid_t, -1, fork, (void), ())
CALL(FAULT_MARK, int, -1, futimens, (int fd, const struct timespec t[2]),
    (fd, t))

CALL(FAULT_OPEN, FILE *, NULL, fopen, (const char *name, const char *mode),
    (name, mode))
CALL(FAULT_OPEN, FILE *, NULL, fopen64, (const char *name, const char *mode),
    (name, mode))
CALL(FAULT_OPEN, FILE *, NULL, open_memstream, (char **buf, size_t *len),
    (buf, len))
CALL(FAULT_OPEN, DIR *, NULL, opendir, (const char *name), (name))
CALL(FAULT_OPEN, DIR *, NULL, fdopendir, (int fd), (fd))
CALL(FAULT_OPEN, int, -1, mkostemp, (char *name, int flags), (name, flags))
int __open_2(const char *, int), __openat_2(int, const char *, int);
CALL(FAULT_OPEN, int, -1, __open_2, (const char *name, int flags),
    (name, flags))
CALL(FAULT_OPEN, int, -1, __openat_2, (int d, const char *name, int flags),
    (d, name, flags))

CALL(FAULT_STAT, int, -1, stat, (const char *name, struct stat *st),
    (name, st))
CALL(FAULT_STAT, int, -1, lstat, (const char *name, struct stat *st),
    (name, st))
CALL(FAULT_STAT, int, -1, fstat, (int fd, struct stat *st), (fd, st))
CALL(FAULT_STAT, int, -1, fstatat, (int d, const char *name, struct stat *st,
    int flags), (d, name, st, flags))
#if !__GLIBC_PREREQ(2, 33)
/* What those four call before libc has them. */
CALL(FAULT_STAT, int, -1, __xstat, (int v, const char *name, struct stat *st),
    (v, name, st))
CALL(FAULT_STAT, int, -1, __lxstat, (int v, const char *name, struct stat *st),
    (v, name, st))
CALL(FAULT_STAT, int, -1, __fxstat, (int v, int fd, struct stat *st),
    (v, fd, st))
CALL(FAULT_STAT, int, -1, __fxstatat, (int v, int d, const char *name,
    struct stat *st, int flags), (v, d, name, st, flags))
#endif
CALL(FAULT_STAT, int, -1, fstatfs, (int fd, struct statfs *st), (fd, st))
CALL(FAULT_STAT, int, -1, statvfs, (const char *name, struct statvfs *st),
    (name, st))
CALL(FAULT_STAT, int, -1, fstatvfs, (int fd, struct statvfs *st), (fd, st))
CALL(FAULT_STAT, int, -1, access, (const char *name, int mode), (name, mode))
CALL(FAULT_STAT, ssize_t, -1, readlink, (const char *name, char *buf,
    size_t len), (name, buf, len))

CALL(FAULT_FILE, int, -1, ftruncate, (int fd, off_t len), (fd, len))
CALL(FAULT_FILE, off_t, -1, lseek, (int fd, off_t to, int whence),
    (fd, to, whence))
CALL(FAULT_FILE, int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
CALL(FAULT_FILE, int, -1, mkdir, (const char *name, mode_t mode),
    (name, mode))
CALL(FAULT_FILE, int, -1, dup2, (int from, int to), (from, to))

CALL(FAULT_LIST, struct dirent *, NULL, readdir, (DIR *d), (d))
CALL(FAULT_RESOLVE, int, plan->error, getaddrinfo, (const char *host,
    const char *service, const struct addrinfo *hints, struct addrinfo **to),
    (host, service, hints, to))
CALL(FAULT_THREAD, int, plan->error, pthread_create, (pthread_t *thread,
    const pthread_attr_t *attr, void *(*run)(void *), void *arg),
    (thread, attr, run, arg))

/* One that there is. */
void *PQgetResult(void *conn);

void *
PQgetResult(void *conn)
{
	static void *(*next)(void *);
	static void (*clear)(void *);
	void *res;

	if (next == NULL) {
		look(&next, "PQgetResult");
		look(&clear, "PQclear");
	}
	if ((res = next(conn)) == NULL || !strikes(FAULT_RESULT, "PQgetResult"))
		return (res);
	clear(res);
	return (NULL);
}

/* --- those with an argument that need not be there --- */

#define REST(last, type, var) do {					\
	va_list ap;							\
									\
	va_start(ap, last);						\
	var = va_arg(ap, type);						\
	va_end(ap);							\
} while (0)

int
open(const char *name, int flags, ...)
{
	static int (*next)(const char *, int, ...);
	unsigned mode;

	REST(flags, unsigned, mode);
	if (next == NULL)
		look(&next, "open");
	return (strikes(FAULT_OPEN, "open") ? -1 : next(name, flags, mode));
}

int
open64(const char *name, int flags, ...)
{
	unsigned mode;

	REST(flags, unsigned, mode);
	return (open(name, flags, mode));
}

int
openat(int d, const char *name, int flags, ...)
{
	static int (*next)(int, const char *, int, ...);
	unsigned mode;

	REST(flags, unsigned, mode);
	if (next == NULL)
		look(&next, "openat");
	return (strikes(FAULT_OPEN, "openat") ? -1 :
	    next(d, name, flags, mode));
}

int
fcntl(int fd, int cmd, ...)
{
	static int (*next)(int, int, ...);
	void *arg;

	REST(cmd, void *, arg);
	if (next == NULL)
		look(&next, "fcntl");
	return (strikes(FAULT_FILE, "fcntl") ? -1 : next(fd, cmd, arg));
}

void *
mremap(void *at, size_t len, size_t want, int flags, ...)
{
	static void *(*next)(void *, size_t, size_t, int, ...);
	void *to;

	REST(flags, void *, to);
	if (next == NULL)
		look(&next, "mremap");
	return (strikes(FAULT_MMAP, "mremap") ? MAP_FAILED :
	    next(at, len, want, flags, to));
}

/* --- what is closed stays closed --- */

int
close(int fd)
{
	static int (*next)(int);

	if (next == NULL)
		look(&next, "close");
	if (!strikes(FAULT_CLOSE, "close"))
		return (next(fd));
	if (next(fd) == 0)
		errno = plan->error;
	return (-1);
}

/* --- reads and writes, which may come short --- */

/* len, or what is left of it; -1: it fails; 0: the end. */
static ssize_t
allowed(enum fault_kind kind, size_t len, const char *call)
{

	if (!strikes_as(kind, len > 1 ? FAULT_SHORT : FAULT_FAIL, call))
		return ((ssize_t)len);
	switch (plan->how) {
	case FAULT_SHORT:
		return (1);
	case FAULT_END:
		return (0);
	default:
		return (-1);
	}
}

#define READ(name, params, args, len)					\
ssize_t									\
name params								\
{									\
	static ssize_t (*next) params;					\
	ssize_t n;							\
									\
	if (next == NULL)						\
		look(&next, #name);					\
	if (len == 0)							\
		return (next args);					\
	if ((n = allowed(FAULT_READ, len, #name)) <= 0)			\
		return (n);						\
	len = (size_t)n;						\
	return (next args);						\
}

READ(read, (int fd, void *buf, size_t len), (fd, buf, len), len)
READ(pread, (int fd, void *buf, size_t len, off_t at), (fd, buf, len, at), len)
READ(pread64, (int fd, void *buf, size_t len, off64_t at),
    (fd, buf, len, at), len)
ssize_t __read_chk(int, void *, size_t, size_t);
READ(__read_chk, (int fd, void *buf, size_t len, size_t size),
    (fd, buf, len, size), len)
ssize_t __pread_chk(int, void *, size_t, off_t, size_t);
READ(__pread_chk, (int fd, void *buf, size_t len, off_t at, size_t size),
    (fd, buf, len, at, size), len)

/* An eventfd, which has no type of a file: there is always room in it. */
static bool
is_event(int fd)
{
	struct statx st;
	int saved = errno;
	bool is = statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) == 0 &&
	    (st.stx_mode & S_IFMT) == 0;

	errno = saved;
	return (is);
}

#define WRITE(name, params, args)					\
ssize_t									\
name params								\
{									\
	static ssize_t (*next) params;					\
	ssize_t n;							\
									\
	if (next == NULL)						\
		look(&next, #name);					\
	if (fd == STDERR_FILENO || len == 0 || is_event(fd))		\
		return (next args);					\
	if ((n = allowed(FAULT_WRITE, len, #name)) == -1)		\
		return (-1);						\
	len = (size_t)n;						\
	n = next args;							\
	if (fd == STDOUT_FILENO && n > 0 && plan != NULL)		\
		atomic_fetch_add(&plan->out, (uint64_t)n);		\
	return (n);							\
}

WRITE(write, (int fd, const void *buf, size_t len), (fd, buf, len))
WRITE(pwrite, (int fd, const void *buf, size_t len, off_t at),
    (fd, buf, len, at))
WRITE(pwrite64, (int fd, const void *buf, size_t len, off64_t at),
    (fd, buf, len, at))
/*
 * A connection that has failed once is no longer there: libpq waits for the end
 * of one that does not take what is sent.
 */
static void
hang_up(int fd)
{
	int saved = errno;

	if (plan->how != FAULT_SHORT && saved != EINTR)
		(void)shutdown(fd, SHUT_RDWR);
	errno = saved;
}

#define TALK(kind, name, params, args)					\
ssize_t									\
name params								\
{									\
	static ssize_t (*next) params;					\
	ssize_t n;							\
									\
	if (next == NULL)						\
		look(&next, #name);					\
	if (len == 0)							\
		return (next args);					\
	if ((n = allowed(kind, len, #name)) <= 0) {			\
		hang_up(fd);						\
		return (n);						\
	}								\
	len = (size_t)n;						\
	return (next args);						\
}

TALK(FAULT_READ, recv, (int fd, void *buf, size_t len, int flags),
    (fd, buf, len, flags))
ssize_t __recv_chk(int, void *, size_t, size_t, int);
TALK(FAULT_READ, __recv_chk, (int fd, void *buf, size_t len,
    size_t size, int flags), (fd, buf, len, size, flags))
TALK(FAULT_WRITE, send, (int fd, const void *buf, size_t len,
    int flags), (fd, buf, len, flags))

ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	static ssize_t (*next)(int, const struct msghdr *, int);

	if (next == NULL)
		look(&next, "sendmsg");
	if (strikes(FAULT_WRITE, "sendmsg")) {
		hang_up(fd);
		return (-1);
	}
	return (next(fd, m, flags));
}

CALL(FAULT_WRITE, ssize_t, -1, writev, (int fd, const struct iovec *v,
    int count), (fd, v, count))
