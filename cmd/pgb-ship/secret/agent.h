/* SPDX-License-Identifier: ISC */
#ifndef AGENT_H
#define AGENT_H

#include "ssh/halt.h"

/*
 * Whether an ssh-agent is alive.  libssh2 waits for one without end, so it is
 * asked by us first.  Source: draft-miller-ssh-agent, sections 3 and 4.4.
 */
enum agent_state {
	AGENT_ANSWERS,
	AGENT_NONE,		/* nobody there */
	AGENT_SILENT,		/* or in no form of an agent's */
};

/*
 * agent_probe(path, timeout_ms, halt):
 * Ask the agent behind the socket for its list of keys, and wait for the whole
 * answer at most so long.  Where halt is asked: AGENT_SILENT.  Prints nothing.
 */
enum agent_state agent_probe(const char *path, int timeout_ms,
    const struct halt *halt);

#endif
