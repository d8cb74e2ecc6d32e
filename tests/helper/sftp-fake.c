/* SPDX-License-Identifier: ISC */
/*
 * sftp-fake PLAN: an SFTP server on stdin and stdout, over the real files of
 * this machine, that does what it does wrong by plan: see sftp-fake-plan.h.
 * Works as a Subsystem of sshd, and in place of ssh(1): then the plan is the
 * file that $SFTP_FAKE names, and "-G" shows a configuration.
 *
 * Where nothing is planned it answers as OpenSSH's server does.
 */
#include <poll.h>
#include <pwd.h>
#include <signal.h>

#include "sftp-fake-files.h"

#define HELD		64
#define DRY_MS		30	/* no request for so long: none is coming */
#define STALL_SECONDS	60

static struct buf held[HELD];
static size_t held_count, hold;

/* --- replies, and what goes wrong with them --- */

static void
send_all(const uint8_t *p, size_t len)
{
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = write(STDOUT_FILENO, p, len)) <= 0)
			end();
}

static void
send_held(void)
{
	while (held_count > 0) {
		held_count--;
		send_all(held[held_count].v, held[held_count].len);
		free(held[held_count].v);
	}
	hold = 0;
}

static void
set_length(size_t len)
{
	uint8_t b[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16),
	    (uint8_t)(len >> 8), (uint8_t)len };

	memcpy(out, b, 4);
}

static void
reply(void)
{
	if (hold == 0) {
		send_all(out, out_len);
		return;
	}
	if ((held[held_count].v = malloc(out_len)) == NULL)
		end();
	memcpy(held[held_count].v, out, out_len);
	held[held_count++].len = out_len;
	if (held_count >= hold || held_count == HELD)
		send_held();
}

/* What the disk loses while nobody is connected. */
static void
lose(const struct rule *r)
{
	static const uint8_t zeros[4096];
	struct stat st;
	int64_t done, n;
	int fd = open(written, O_WRONLY | O_CLOEXEC);

	if (fd != -1 && fstat(fd, &st) == 0) {
		if (r->fault == LOSE)
			(void)!ftruncate(fd, st.st_size > r->arg ?
			    st.st_size - r->arg : 0);
		else if (r->fault == VANISH)
			unlink(written);
		else
			for (done = 0; done < r->more; done += n) {
				n = r->more - done < 4096 ? r->more - done :
				    4096;
				(void)!pwrite(fd, zeros, (size_t)n,
				    r->arg + done);
			}
	}
	end();
}

/* The whole reply stands in out. */
static void
spoil(enum fault fault)
{
	size_t i;

	switch (fault) {
	case SHORT:
		out_len -= (out_len - 4) / 2;
		set_length(out_len - 4);
		break;
	case CUT:
		send_all(out, out_len / 2);
		end();
		break;
	case HUGE_LEN:
		set_length(0x7ffffff0);
		break;
	case EMPTY:
		set_length(0);
		out_len = 4;
		break;
	case WRONG_ID:
		out[7] ^= 0x55;
		break;
	case WRONG_TYPE:
		out[4] = out[4] == 102 ? 105 : 102;
		break;
	case GARBAGE:
		for (i = 0; i < out_len; i++)
			out[i] = (uint8_t)(i * 151 + 77);
		break;
	case FLIP:
		out[out_len - 1] ^= 4;
		break;
	default:
		break;
	}
}

/* Whether the request is to be done. */
static bool
before(const struct rule *r)
{
	switch (r->fault) {
	case DIE_BEFORE:
		end();
		break;
	case STALL:
		/* Until nobody is there who would wait. */
		(void)poll(&(struct pollfd){ .fd = STDIN_FILENO }, 1,
		    STALL_SECONDS * 1000);
		end();
		break;
	case SLOW:
		usleep((useconds_t)r->arg * 1000);
		break;
	case STATUS:
		status((uint32_t)r->arg);
		return (false);
	case LIE:
		lie = r->arg;
		break;
	case REORDER:
		if (hold == 0)
			hold = (size_t)r->arg;
		break;
	default:
		break;
	}
	return (true);
}

static void
serve(unsigned type)
{
	static const struct rule none;
	const struct rule *r = plan_next(type);

	if (r == NULL)
		r = &none;
	lie = 0;
	if (before(r))
		perform(type);
	if (r->fault == DIE_AFTER)
		end();
	if (r->fault == LOSE || r->fault == ZERO || r->fault == VANISH)
		lose(r);
	if (r->fault == STATUS_AFTER)
		status((uint32_t)r->arg);
	set_length(out_len - 4);
	spoil(r->fault);
	if (r->fault != SILENT)
		reply();
	if (r->fault == DIE)
		end();
}

/* A line of the log: connection, type, path, and where a rename goes. */
static void
note(unsigned type)
{
	static const char paths[] = { 3, 7, 9, 11, 13, 14, 15, 16, 17, 18 };
	bool two = type == 18 || type == 211;
	struct buf whole = rest, a = { 0 }, b = { 0 };
	char line[2 * PATH_MAX + 64];
	int n;

	if (plan.log == -1)
		return;
	if (two || type == 213 || memchr(paths, (int)type, sizeof(paths)))
		a = get_blob();
	if (two)
		b = get_blob();
	rest = whole;
	n = snprintf(line, sizeof(line), "%ju %s %.*s%s%.*s\n",
	    (uintmax_t)plan.connection, type_names[type], (int)a.len,
	    a.len > 0 ? (const char *)a.v : "", two ? " " : "", (int)b.len,
	    b.len > 0 ? (const char *)b.v : "");
	if (n > 0)
		(void)!write(plan.log, line, (size_t)n);
}

static void
packets(void)
{
	size_t at = 0, len;
	unsigned type;

	while (in_len - at >= 4) {
		rest = (struct buf){ in + at, 4 };
		len = get32();
		if (len < 1 || len > PACKET_MAX || len > plan.max_packet)
			end();
		if (in_len - at - 4 < len)
			break;
		rest = (struct buf){ in + at + 5, len - 1 };
		type = in[at + 4];
		if (type != 1)
			request_id = get32();
		if (type == 200)
			type = extended();
		if (type_names[type] == NULL)
			type = 214;
		note(type);
		serve(type);
		at += 4 + len;
	}
	memmove(in, in + at, in_len - at);
	in_len -= at;
}

/* In place of ssh: what "-G" and "-V" say. */
static bool
is_ssh(int argc, char **argv)
{
	const struct passwd *pw = getpwuid(getuid());
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "-G") == 0) {
			printf("user %s\nhostname %s\nport 22\n",
			    pw != NULL ? pw->pw_name : "nobody",
			    argv[argc - 1]);
			return (true);
		}
		if (strcmp(argv[i], "-V") == 0) {
			fprintf(stderr, "OpenSSH_9.2p1, a fake\n");
			return (true);
		}
	}
	return (false);
}

int
main(int argc, char **argv)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	const char *path = getenv("SFTP_FAKE");
	ssize_t n;

	if (is_ssh(argc, argv))
		return (0);
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	plan_read(path != NULL ? path : argc > 1 ? argv[1] : "");
	if (plan.motd[0] != '\0')
		send_all((const uint8_t *)plan.motd, strlen(plan.motd));
	for (;;) {
		if (held_count > 0 && poll(&p, 1, DRY_MS) == 0)
			send_held();
		n = read(STDIN_FILENO, in + in_len, sizeof(in) - in_len);
		if (n <= 0)
			return (0);
		in_len += (size_t)n;
		packets();
	}
}
