/* SPDX-License-Identifier: ISC */
#include "fdio.h"
#include "job.h"
#include "msg.h"
#include "options.h"
#include "privacy.h"
#include "progress/progress.h"
#include "sig.h"

static enum status
run(const struct options *o)
{

	switch (o->job) {
	case JOB_DUMP:
		return (dump_run(o));
	case JOB_GLOBALS:
		return (globals_run(o));
	case JOB_LIST:
		return (list_run(o));
	case JOB_ESTIMATE:
		return (estimate_run(o));
	}
	return (STATUS_USAGE);
}

int
main(int argc, char **argv)
{
	struct options o;
	int status;

	msg_program("pgb-dump");
	if (fd_sanitize() == -1)
		return (STATUS_LOCAL);
	privacy_keep();
	sig_install();
	status = options_parse(&o, argc, argv);
	if (status == STATUS_OK)
		status = (int)run(&o);
	progress_end();
	options_free(&o);
	sig_reraise();
	return (status == OPT_DONE ? STATUS_OK : status);
}
