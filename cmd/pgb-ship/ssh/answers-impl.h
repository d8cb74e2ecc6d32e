/* SPDX-License-Identifier: ISC */
#ifndef ANSWERS_IMPL_H
#define ANSWERS_IMPL_H

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * The socket between askpass.c, which ssh has started, and answers.c, which
 * has started ssh.  Its name is abstract: no file is left behind.  One packet
 * each way: a question; an answer, 'A' and the text, or nothing but an 'N'.
 */

#define ASK_VARIABLE	"PGB_SHIP_ASKPASS"	/* the socket's name */

#define ASK_NAME_MAX	64
#define ASK_PROMPT_MAX	1024
#define ASK_ANSWER_MAX	1024

enum ask_kind {
	ASK_QUESTION,
	ASK_CONFIRM,		/* yes or no */
	ASK_NOTICE,		/* nothing to be answered */
};

struct ask_packet {
	pid_t asker;		/* the ssh that asks: the helper's parent */
	enum ask_kind kind;
	char prompt[ASK_PROMPT_MAX];	/* ends with a NUL */
};

#define ASK_ANSWER	'A'
#define ASK_NO_ANSWER	'N'

/* The address of a name: its length, or 0 where it is too long. */
static inline socklen_t
ask_address(struct sockaddr_un *sun, const char *name)
{
	size_t len = 0;

	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	/* The first byte of an abstract one is a NUL. */
	while (name[len] != '\0' && len + 2 < sizeof(sun->sun_path)) {
		sun->sun_path[1 + len] = name[len];
		len++;
	}
	if (len == 0 || name[len] != '\0')
		return (0);
	return ((socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len));
}

/* Whether the other end is a process of this user. */
static inline bool
ask_is_ours(int fd, uid_t uid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    peer.uid == uid);
}

#endif
