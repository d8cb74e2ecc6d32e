/* SPDX-License-Identifier: ISC */
/*
 * Two walls.  seccomp asks of each system call whether it is one of ours: a
 * list of what may pass, a list of what fails with an errno, and death for all
 * else.  It sees numbers and descriptors, but no names behind pointers.
 * Landlock sees files: what a call that may pass can reach with "../.." or an
 * absolute name.  Either is worth having without the other.
 *
 * The lists are of what the C libraries of Linux do for the calls that our code
 * makes, on any architecture and of any age: a name that libseccomp or this
 * architecture does not know is passed over.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not termios.h, which does not have TCGETS2 and forbids what has. */
#include <asm/termbits.h>

#include "msg.h"
#include "sandbox.h"

#define MEMORY	((size_t)8 * 1024 * 1024)	/* to be had, or no sandbox */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZER	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SANITIZER	1
#endif
#endif
#ifndef SANITIZER
#define SANITIZER	0
#endif

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* --- Landlock ------------------------------------------------------------ */

/* Younger than the headers of some systems; the numbers are all machines'. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif

#define LL_VERSION		1U	/* flag: tell the version */
#define LL_PATH_BENEATH		1	/* kind of a rule */
#define LL_REMOVE_FILE		(1ULL << 5)
#define LL_MAKE_REG		(1ULL << 8)
#define LL_NET_ALL		3ULL	/* bind, connect */
#define LL_SCOPE_SOCKET		1ULL	/* abstract Unix sockets */
#define LL_SCOPE_SIGNAL		2ULL

/* How many rights to files each version knows, from version 1 on. */
static const unsigned file_rights[] = { 13, 14, 15, 15, 16 };

#define LL_VERSION_NET		4
#define LL_VERSION_SCOPE	6

struct ll_ruleset {
	uint64_t files;
	uint64_t net;
	uint64_t scoped;
};

struct ll_beneath {
	uint64_t rights;
	int32_t fd;
} __attribute__((packed));

/* Whether errno says that there is no such thing here, or that what runs us
 * keeps it from us: it has filters of its own then. */
static bool
is_missing(int error)
{

	return (error == ENOSYS || error == EOPNOTSUPP || error == EINVAL ||
	    error == EPERM || error == EACCES);
}

/* All rights that this version knows are given up... */
static int
make_ruleset(const struct sandbox *s, long version)
{
	struct ll_ruleset set = { 0 };
	size_t known = COUNT(file_rights);

	if ((size_t)version < known)
		known = (size_t)version;
	set.files = (1ULL << file_rights[known - 1]) - 1;
	if (version >= LL_VERSION_NET)
		set.net = LL_NET_ALL;
	/* A child was started outside, and is there to be killed. */
	if (version >= LL_VERSION_SCOPE)
		set.scoped = LL_SCOPE_SOCKET |
		    (s->child ? 0 : LL_SCOPE_SIGNAL);
	return ((int)syscall(SYS_landlock_create_ruleset, &set, sizeof(set),
	    0));
}

/* ...but these, in these directories and below. */
static int
allow_dirs(const struct sandbox *s, int ruleset)
{
	struct ll_beneath b = { .rights = LL_REMOVE_FILE | LL_MAKE_REG };
	size_t i;

	for (i = 0; i < s->dir_count; i++) {
		if (s->dirs[i] == -1)
			continue;
		b.fd = s->dirs[i];
		if (syscall(SYS_landlock_add_rule, ruleset, LL_PATH_BENEATH,
		    &b, 0) == -1)
			return (-1);
	}
	return (0);
}

static enum status
lock_files(const struct sandbox *s)
{
	enum status status = STATUS_LOCAL;
	int ruleset = -1;
	long version;

	version = syscall(SYS_landlock_create_ruleset, NULL, 0, LL_VERSION);
	if (version < 1 && is_missing(errno)) {
		msg_verbose("sandbox: no Landlock here: %s", strerror(errno));
		return (STATUS_OK);
	}
	if (version < 1 || (ruleset = make_ruleset(s, version)) == -1 ||
	    allow_dirs(s, ruleset) == -1 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) == -1)
		msg_error("sandbox: Landlock: %s", strerror(errno));
	else
		status = STATUS_OK;
	if (ruleset != -1)
		close(ruleset);
	return (status);
}

/* --- seccomp ------------------------------------------------------------- */

/* Which calls are made is seldom known: by our code, C library, threads. */
static const char *const passes[] = {
	/* Bytes. */
	"read", "readv", "pread64", "preadv", "preadv2",
	"write", "writev", "pwrite64", "pwritev", "pwritev2",
	"lseek", "_llseek", "close", "close_range", "dup", "dup2", "dup3",
	"poll", "ppoll", "ppoll_time64",
	"select", "_newselect", "pselect6", "pselect6_time64",
	/* Files that are open. */
	"fstat", "fstat64", "fstatfs", "fstatfs64", "fsync", "fdatasync",
	"sync_file_range", "sync_file_range2", "ftruncate", "ftruncate64",
	"fallocate", "fadvise64", "fadvise64_64", "arm_fadvise64_64",
	/* Memory. */
	"brk", "munmap", "mremap", "madvise", "mincore", "mlock", "mlock2",
	"munlock", "memfd_create", "membarrier", "mseal",
	/* Threads, but not their birth. */
	"futex", "futex_time64", "futex_waitv", "futex_wait", "futex_wake",
	"futex_requeue", "set_robust_list", "get_robust_list", "rseq",
	"sched_yield", "sched_getaffinity", "getcpu", "gettid", "exit",
	"exit_group", "restart_syscall",
	/* Signals to us. */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending",
	"rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64",
	"sigaction", "sigprocmask", "sigreturn", "sigaltstack", "pause",
	"alarm", "setitimer", "getitimer",
	/* Time. */
	"time", "gettimeofday", "clock_gettime", "clock_gettime64",
	"clock_getres", "clock_getres_time64", "clock_nanosleep",
	"clock_nanosleep_time64", "nanosleep",
	/* What the machine is, and who we are. */
	"getrandom", "sysinfo", "uname", "getrusage", "times", "getrlimit",
	"ugetrlimit", "getpid", "getppid", "getuid", "geteuid", "getgid",
	"getegid", "getuid32", "geteuid32", "getgid32", "getegid32",
};

static const char *const for_child[] = {
	"wait4", "waitpid", "waitid", "kill",
};

/* Tried by libraries, which can do without. */
static const struct {
	const char *name;
	int error;
} refused[] = {
	{ "open", EACCES },
	{ "openat", EACCES },
	{ "openat2", EACCES },
	{ "stat", EACCES },
	{ "stat64", EACCES },
	{ "lstat", EACCES },
	{ "lstat64", EACCES },
	{ "statfs", EACCES },
	{ "statfs64", EACCES },
	{ "access", EACCES },
	{ "faccessat", EACCES },
	{ "faccessat2", EACCES },
	{ "readlink", EACCES },
	{ "readlinkat", EACCES },
	{ "getcwd", EACCES },
	/* Its flags lie in memory, where no filter can read them; those of
	 * clone, which is tried next, do not. */
	{ "clone3", ENOSYS },
	{ "riscv_hwprobe", ENOSYS },
};

/* An int is 32 bits of its register; what the others are is not said. */
#define INT	0xffffffffULL
#define ALL	UINT64_MAX

/* The argument of clone that holds its flags. */
#ifdef __s390__
#define CLONE_ARG	1
#else
#define CLONE_ARG	0
#endif
#define CLONE_BAD	(CLONE_NEWNS | CLONE_NEWCGROUP |		\
	CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |	\
	CLONE_NEWNET | CLONE_PTRACE)

#ifndef PR_SET_VMA
#define PR_SET_VMA	0x53564d41	/* names for maps, by C libraries */
#endif

/* It depends on an argument: (argument & mask) == value. */
struct if_arg {
	const char *name;
	int error;		/* 0: passes; else the call fails so */
	unsigned arg;
	uint64_t mask;
	uint64_t value;
};

static const struct if_arg ifs[] = {
	{ "mmap", 0, 2, PROT_EXEC, 0 },
	{ "mmap2", 0, 2, PROT_EXEC, 0 },
	{ "mprotect", 0, 2, PROT_EXEC, 0 },
	{ "clone", 0, CLONE_ARG, CLONE_THREAD | CLONE_BAD, CLONE_THREAD },
	/* No typing into our terminal: not TIOCSTI. */
	{ "ioctl", 0, 1, INT, FIONREAD },
	{ "ioctl", 0, 1, INT, TIOCGWINSZ },
	{ "ioctl", 0, 1, INT, TCGETS },
#ifdef TCGETS2
	{ "ioctl", 0, 1, INT, TCGETS2 },
#endif
	/* A file that is open: no name, or an empty one. */
	{ "utimensat", 0, 1, ALL, 0 },
	{ "utimensat_time64", 0, 1, ALL, 0 },
	{ "newfstatat", 0, 3, AT_EMPTY_PATH, AT_EMPTY_PATH },
	{ "fstatat64", 0, 3, AT_EMPTY_PATH, AT_EMPTY_PATH },
	{ "statx", 0, 2, AT_EMPTY_PATH, AT_EMPTY_PATH },
	{ "newfstatat", EACCES, 0, INT, (uint32_t)AT_FDCWD },
	{ "fstatat64", EACCES, 0, INT, (uint32_t)AT_FDCWD },
	{ "statx", EACCES, 0, INT, (uint32_t)AT_FDCWD },
	/* Limits are looked at, not set. */
	{ "prlimit64", 0, 2, ALL, 0 },
	{ "prctl", 0, 0, INT, PR_SET_NAME },
	{ "prctl", 0, 0, INT, PR_SET_VMA },
};

/* No signals for others: not F_SETOWN. */
static const int fcntls[] = {
	F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL,
	F_GETPIPE_SZ, F_SETPIPE_SZ,
};

/* In a directory of the list; with two, both descriptors are the same. */
static const struct {
	const char *name;
	bool two;
} in_dir[] = {
	{ "renameat", true },
	{ "renameat2", true },
	{ "linkat", true },
	{ "unlinkat", false },
	{ "newfstatat", false },
	{ "fstatat64", false },
	{ "statx", false },
};

/* Add a rule under count conditions: 0, or a negative errno. */
static int
add(scmp_filter_ctx ctx, const char *name, int error, unsigned count,
    const struct scmp_arg_cmp *cmp)
{
	uint32_t action = error == 0 ? SCMP_ACT_ALLOW :
	    SCMP_ACT_ERRNO((uint16_t)error);
	int nr = seccomp_syscall_resolve_name(name);

	if (nr < 0)
		return (0);
	return (seccomp_rule_add_array(ctx, action, nr, count, cmp));
}

static int
add_if(scmp_filter_ctx ctx, const struct if_arg *r)
{
	const struct scmp_arg_cmp cmp =
	    SCMP_CMP(r->arg, SCMP_CMP_MASKED_EQ, r->mask, r->value);

	return (add(ctx, r->name, r->error, 1, &cmp));
}

static int
add_names(scmp_filter_ctx ctx, const char *const *names, size_t count)
{
	int rc = 0;
	size_t i;

	for (i = 0; i < count && rc == 0; i++)
		rc = add(ctx, names[i], 0, 0, NULL);
	return (rc);
}

static int
add_fcntl(scmp_filter_ctx ctx, const char *name)
{
	struct if_arg r = { .name = name, .arg = 1, .mask = INT };
	int rc = 0;
	size_t i;

	for (i = 0; i < COUNT(fcntls) && rc == 0; i++) {
		r.value = (uint32_t)fcntls[i];
		rc = add_if(ctx, &r);
	}
	return (rc);
}

static int
add_dir(scmp_filter_ctx ctx, int fd)
{
	const struct scmp_arg_cmp cmp[2] = {
		SCMP_CMP(0, SCMP_CMP_MASKED_EQ, INT, (uint32_t)fd),
		SCMP_CMP(2, SCMP_CMP_MASKED_EQ, INT, (uint32_t)fd),
	};
	int rc = 0;
	size_t i;

	for (i = 0; i < COUNT(in_dir) && rc == 0; i++)
		rc = add(ctx, in_dir[i].name, 0, in_dir[i].two ? 2 : 1, cmp);
	return (rc);
}

/* raise(), abort() and sig_stop(); a child is somebody else. */
static int
add_signals(scmp_filter_ctx ctx, bool child)
{
	const struct if_arg to_us[] = {
		{ "tgkill", 0, 0, INT, (uint32_t)getpid() },
		{ "kill", 0, 0, INT, (uint32_t)getpid() },
	};
	int rc;

	rc = add_if(ctx, &to_us[0]);
	if (rc == 0 && child)
		rc = add_names(ctx, for_child, COUNT(for_child));
	else if (rc == 0)
		rc = add_if(ctx, &to_us[1]);
	return (rc);
}

static int
add_all(scmp_filter_ctx ctx, const struct sandbox *s)
{
	size_t i;
	int rc;

	rc = add_names(ctx, passes, COUNT(passes));
	for (i = 0; i < COUNT(refused) && rc == 0; i++)
		rc = add(ctx, refused[i].name, refused[i].error, 0, NULL);
	for (i = 0; i < COUNT(ifs) && rc == 0; i++)
		rc = add_if(ctx, &ifs[i]);
	if (rc == 0)
		rc = add_fcntl(ctx, "fcntl");
	if (rc == 0)
		rc = add_fcntl(ctx, "fcntl64");
	for (i = 0; i < s->dir_count && rc == 0; i++)
		if (s->dirs[i] != -1)
			rc = add_dir(ctx, s->dirs[i]);
	if (rc == 0)
		rc = add_signals(ctx, s->child);
	return (rc);
}

/* What an older libseccomp or kernel does not have is no reason to fail. */
static void
set_manners(scmp_filter_ctx ctx)
{

	(void)seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS);
	/* A tree, not a list: it is asked at every call. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1);
	/* Threads that are there already. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	/* We run nobody's code, and old kernels would make all of ours slower
	 * for a mitigation against that. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_SSB, 1);
}

#define API_KILL_PROCESS	3	/* seccomp_api_get() */

static enum status
lock_calls(const struct sandbox *s)
{
	scmp_filter_ctx ctx = NULL;
	int rc = -EINVAL;

	if (seccomp_api_get() >= API_KILL_PROCESS) {
		if ((ctx = seccomp_init(SCMP_ACT_KILL_PROCESS)) == NULL) {
			msg_error("sandbox: seccomp: no memory");
			return (STATUS_LOCAL);
		}
		set_manners(ctx);
		if ((rc = add_all(ctx, s)) != 0) {
			msg_error("sandbox: seccomp: %s", strerror(-rc));
			seccomp_release(ctx);
			return (STATUS_LOCAL);
		}
		rc = seccomp_load(ctx);
		seccomp_release(ctx);
	}
	if (rc == 0)
		return (STATUS_OK);
	/* libseccomp has EFAULT for what it does not expect: ENOSYS, EPERM. */
	if (rc == -EFAULT || is_missing(-rc)) {
		msg_verbose("sandbox: no seccomp here");
		return (STATUS_OK);
	}
	msg_error("sandbox: seccomp: %s", strerror(-rc));
	return (STATUS_LOCAL);
}

/* --- both ---------------------------------------------------------------- */

enum status
sandbox_enter(const struct sandbox *s)
{
	enum status status;
	void *memory;

	if (SANITIZER) {
		msg_verbose("sandbox: none under a sanitizer");
		return (STATUS_OK);
	}
	/* libseccomp does not bear it well to be without. */
	if ((memory = malloc(MEMORY)) == NULL) {
		msg_errno("sandbox");
		return (STATUS_LOCAL);
	}
	free(memory);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		msg_error("sandbox: no new privileges: %s", strerror(errno));
		return (STATUS_LOCAL);
	}
	status = lock_files(s);
	if (status == STATUS_OK)
		status = lock_calls(s);
	return (status);
}

/* By their numbers: no C library gives up before the kernel is asked. */
void
sandbox_breach(void)
{
	char yes[] = "/bin/true", no[] = "/bin/false";
	char *argv[2] = { yes, NULL };
	char *env[1] = { NULL };

	if (syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY) == -1 ||
	    syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) == -1)
		argv[0] = no;
	(void)syscall(SYS_execve, argv[0], argv, env);
}
