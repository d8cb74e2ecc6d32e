/* SPDX-License-Identifier: ISC */
#include "fdio.h"
#include "msg.h"
#include "opt.h"
#include "options.h"
#include "privacy.h"
#include "pump.h"
#include "sig.h"
#include "verify.h"

int
main(int argc, char **argv)
{
	struct options o;
	int status;

	msg_program("pgb-verify");
	if (fd_sanitize() == -1)
		return (STATUS_LOCAL);
	privacy_keep();
	sig_install();
	status = options_parse(&o, argc, argv);
	if (status == STATUS_OK)
		status = (int)pump_check_ends(o.sink, NULL);
	if (status == STATUS_OK)
		status = (int)verify_run(&o);
	options_free(&o);
	sig_reraise();
	return (status == OPT_DONE ? STATUS_OK : status);
}
