/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "msg.h"
#include "route/capture.h"
#include "route/config.h"

#define ANSWER_MAX	((size_t)256 * 1024)
#define ERRORS_MAX	4096

/* --- what it says --- */

static const struct {
	const char *word;
	size_t at;
} words[] = {
#define WORD(w)	{ #w, offsetof(struct config, w) }
	WORD(hostname), WORD(user), WORD(port), WORD(addressfamily),
	WORD(bindaddress), WORD(bindinterface), WORD(proxyjump),
	WORD(proxycommand), WORD(identityagent), WORD(identitiesonly),
	WORD(pkcs11provider), WORD(hostkeyalias), WORD(hostkeyalgorithms),
	WORD(ciphers), WORD(stricthostkeychecking), WORD(knownhostscommand),
	WORD(forkafterauthentication),
	WORD(userknownhostsfile), WORD(globalknownhostsfile),
#undef WORD
};

#define WORDS	(sizeof(words) / sizeof(words[0]))

static int
take_line(struct config *c, char *line)
{
	char *value = line + strcspn(line, " ");
	const char **at;
	size_t i;

	if (*value != '\0')
		*value++ = '\0';
	value += strspn(value, " ");
	if (strcasecmp(line, "identityfile") == 0)
		return (opt_list_add(&c->identityfile, value));
	if (strcasecmp(line, "certificatefile") == 0)
		return (opt_list_add(&c->certificatefile, value));
	for (i = 0; i < WORDS; i++) {
		if (strcasecmp(line, words[i].word) != 0)
			continue;
		at = (const char **)(void *)((char *)c + words[i].at);
		if (*at == NULL)
			*at = value;
		break;
	}
	return (0);
}

int
config_parse(struct config *c, char *text)
{
	char *line, *next;

	*c = (struct config){ .text = text, .asked = true };
	for (line = text; line != NULL && *line != '\0'; line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (take_line(c, line) == -1)
			return (-1);
	}
	return (0);
}

void
config_wipe(struct config *c)
{

	opt_list_free(&c->identityfile);
	opt_list_free(&c->certificatefile);
	free(c->text);
	*c = (struct config){ 0 };
}

bool
config_set(const char *value)
{

	return (value != NULL && value[0] != '\0' &&
	    strcasecmp(value, "none") != 0);
}

/* --- asking --- */

/* What went wrong stands in the first of ssh's lines, and the last one sums it
 * up: both, where there are two. */
static enum status
complain(struct fault *fault, const char *ssh, char *err)
{
	char *first, *last, *end = err + strlen(err);

	while (end > err && strchr("\r\n ", end[-1]) != NULL)
		*--end = '\0';
	if ((last = strrchr(err, '\n')) == NULL)
		return (fault_set(fault, STATUS_USAGE, "%s -G: %s", ssh,
		    *err != '\0' ? err : "no answer"));
	*last++ = '\0';
	first = strrchr(err, '\n');
	first = first != NULL ? first + 1 : err;
	first[strcspn(first, "\r")] = '\0';
	return (fault_set(fault, STATUS_USAGE, "%s -G: %s; %s", ssh, first,
	    last));
}

static enum status
not_run(const struct ship_opts *opts, const char *ssh, const char *name,
    struct fault *fault)
{

	switch (errno) {
	case EINTR:
		return (fault_halted(fault));
	case ETIMEDOUT:
		return (fault_set(fault, STATUS_LOCAL, "%s -G: no answer",
		    ssh));
	case EFBIG:
		return (fault_set(fault, STATUS_LOCAL, "%s -G: it does not "
		    "stop", ssh));
	case ENOENT:
		if (opts->ssh != NULL || opts->ssh_config != NULL)
			break;
		msg_verbose("%s: no ssh is installed: its configuration is "
		    "not asked", name);
		return (STATUS_OK);
	}
	return (fault_set(fault, opts->ssh != NULL ? STATUS_USAGE :
	    STATUS_LOCAL, "%s -G: %s", ssh, strerror(errno)));
}

static void
make_line(const char *argv[], const struct dest *d,
    const struct ship_opts *opts, const char *port)
{
	size_t n = 0;

	argv[n++] = opts->ssh != NULL ? opts->ssh : "ssh";
	if (opts->ssh_config != NULL) {
		argv[n++] = "-F";
		argv[n++] = opts->ssh_config;
	}
	if (d->port_told) {
		argv[n++] = "-p";
		argv[n++] = port;
	}
	if (d->user != NULL) {
		argv[n++] = "-l";
		argv[n++] = d->user;
	}
	argv[n++] = "-T";
	argv[n++] = "-G";
	argv[n++] = "--";
	argv[n++] = d->host;
	argv[n] = NULL;
}

enum status
config_ask(struct config *c, const struct dest *d,
    const struct ship_opts *opts, const struct halt *halt,
    struct fault *fault)
{
	struct capture ssh = { .outmax = ANSWER_MAX, .errmax = ERRORS_MAX };
	char port[16], err[ERRORS_MAX];
	const char *argv[12];

	*c = (struct config){ 0 };
	snprintf(port, sizeof(port), "%u", d->port);
	make_line(argv, d, opts, port);
	ssh.err = err;
	if ((ssh.out = malloc(ANSWER_MAX)) == NULL)
		return (fault_set(fault, STATUS_LOCAL, "no memory"));
	if (capture(&ssh, (char *const *)(void *)argv, opts->timeout_ms,
	    halt) == -1) {
		free(ssh.out);
		return (not_run(opts, argv[0], d->host, fault));
	}
	if (ssh.wstatus != 0) {
		free(ssh.out);
		return (complain(fault, argv[0], err));
	}
	if (config_parse(c, ssh.out) == 0)
		return (STATUS_OK);
	return (fault_set(fault, STATUS_LOCAL, "no memory"));
}
