/* SPDX-License-Identifier: ISC */
/*
 * seccomp: the calls that are ours, those that fail with an errno, and death
 * for all else.
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
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Not termios.h, which does not have TCGETS2 and forbids what has. */
#include <asm/termbits.h>

#include "msg.h"
#include "sandbox/sandbox-impl.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

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

enum status
sandbox_lock_calls(const struct sandbox *s)
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
	if (rc == -EFAULT || sandbox_is_missing(-rc)) {
		msg_verbose("sandbox: no seccomp here");
		return (STATUS_OK);
	}
	msg_error("sandbox: seccomp: %s", strerror(-rc));
	return (STATUS_LOCAL);
}
