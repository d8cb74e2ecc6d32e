/* SPDX-License-Identifier: ISC */
/*
 * age-plugin-fake --age-plugin=recipient-v1|identity-v1: an age plugin for the
 * tests; plugin-fake.h tells what it does, and does wrong.
 */
#include <stdbool.h>

#include "age/base64.c"
#include "plugin-fake.h"

int
main(int argc, char **argv)
{

	return (argc == 2 ? fake_plugin(argv) : 2);
}
