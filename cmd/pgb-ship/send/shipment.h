/* SPDX-License-Identifier: ISC */
#ifndef SHIPMENT_H
#define SHIPMENT_H

#include "opt.h"
#include "ship.h"
#include "status.h"

/*
 * shipment_run(texts, opts):
 * Read stdin, write it to all destinations, publish it there once it is proven
 * whole, and pass it on to stdout, or with opts->sink print its record there.
 *
 * A destination that fails does not cost the others: they are published, the
 * first failure is the status, and the stream is not passed on to its end.
 *
 * STATUS_OK, or a status after at least one error line (none for EPIPE and a
 * caught signal).
 */
enum status shipment_run(const struct opt_list *texts,
    const struct ship_opts *opts);

#define SHIPMENT_MAX	16	/* destinations: CARGO_ENDS */

#endif
