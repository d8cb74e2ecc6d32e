/* SPDX-License-Identifier: ISC */
#include <netdb.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>

#include "msg.h"
#include "ssh/remote.h"
#include "ssh/wire-libssh2.h"
#include "ssh/wire-ssh.h"

#define FIRST_ATTEMPTS	3

#define BACKOFF_FIRST_MS	100
#define BACKOFF_MAX_MS		60000

/* --- opening --- */

/* A wire that breaks before the protocol has begun says all that there is. */
static void
not_started(const struct sftp *s, int error, struct fault *fault)
{
	const struct wire *wire = sftp_wire(s);

	if (error != SFTP_LOST || sftp_is_garbage(s) || wire->why[0] == '\0') {
		remote_fault(s, "start SFTP", error, fault);
		return;
	}
	fault_set(fault, wire->final ? STATUS_REMOTE : STATUS_RETRY, "%s",
	    wire->why);
	if (wire->hint[0] != '\0')
		fault_hint(fault, "%s", wire->hint);
}

struct sftp *
remote_open(const struct route *r, const struct halt *halt,
    struct fault *fault)
{
	const struct sftp_opts opts = {
		.silence_ms = r->opts->timeout_ms,
		.stall_ms = r->opts->stall_ms,
		.halt = halt,
	};
	struct wire *wire;
	struct sftp *s;
	int rc;

	wire = r->transport == TRANSPORT_SSH ? wire_ssh_open(r, halt, fault) :
	    wire_libssh2_open(r, halt, fault);
	if (wire == NULL)
		return (NULL);
	if ((s = sftp_new(wire, &opts)) == NULL) {
		wire->close(wire);
		fault_set(fault, STATUS_LOCAL, "no memory");
		return (NULL);
	}
	if ((rc = sftp_start(s)) == SFTP_OK)
		return (s);
	not_started(s, rc, fault);
	sftp_free(s);
	return (NULL);
}

/* A typing error, more likely than not; both transports say it in these words
 * of the C library. */
static bool
is_no_host(const struct fault *fault)
{

	return (strstr(fault->text, gai_strerror(EAI_NONAME)) != NULL ||
	    strstr(fault->text, gai_strerror(EAI_NODATA)) != NULL);
}

struct sftp *
remote_first(const struct route *r, const struct halt *halt,
    struct fault *fault)
{
	struct sftp *s;
	int i;

	for (i = 1;; i++) {
		if ((s = remote_open(r, halt, fault)) != NULL)
			return (s);
		if (fault->status != STATUS_RETRY || i == FIRST_ATTEMPTS ||
		    is_no_host(fault))
			return (NULL);
		msg_note("%s: %s; trying again", r->name, fault->text);
		if (remote_pause(i * 1000, halt) == -1) {
			fault_halted(fault);
			return (NULL);
		}
	}
}

/* --- waiting --- */

int
remote_pause(int ms, const struct halt *halt)
{
	int step;

	for (; ms > 0; ms -= step) {
		if (halt_asked(halt))
			return (-1);
		step = ms < HALT_STEP_MS ? ms : HALT_STEP_MS;
		(void)poll(NULL, 0, step);
	}
	return (halt_asked(halt) ? -1 : 0);
}

/* All the clients that a server has lost at once do not come back at once. */
int
remote_backoff_ms(unsigned n)
{
	uint32_t ms;

	if (n == 0)
		return ((int)randombytes_uniform(BACKOFF_FIRST_MS + 1));
	ms = n < 7 ? 1000u << (n - 1) : BACKOFF_MAX_MS;
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	return ((int)(ms - ms / 5 + randombytes_uniform(2 * ms / 5 + 1)));
}

/* --- errors --- */

enum status
remote_fault(const struct sftp *s, const char *what, int error,
    struct fault *fault)
{
	const struct wire *wire = sftp_wire(s);
	bool passing = error == SFTP_LOST && !sftp_is_garbage(s) &&
	    !wire->final;

	if (error == SFTP_SIGNAL)
		return (fault_halted(fault));
	fault_set(fault, passing ? STATUS_RETRY : STATUS_REMOTE, "%s%s%s",
	    what != NULL ? what : "", what != NULL ? ": " : "",
	    sftp_strerror(s, error));
	if (error == SFTP_LOST && wire->hint[0] != '\0')
		fault_hint(fault, "%s", wire->hint);
	return (fault->status);
}

enum status
remote_fail(const struct sftp *s, const char *name, const char *what,
    int error)
{
	struct fault fault;

	remote_fault(s, what, error, &fault);
	return (fault_print(&fault, name));
}
