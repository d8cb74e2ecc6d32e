#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make check-valgrind: unit tests under memcheck, each with its time; what is
# read before it was written, past an end, or lost, fails.  sh tests/valgrind.sh
# TEST...

command -v valgrind >/dev/null || {
	echo 'check-valgrind: error: valgrind is missing' >&2
	echo 'check-valgrind: hint: apt-get install valgrind' >&2
	exit 3
}
cd "${0%/*}/.." || exit
# Under valgrind a job that is to stop (^Z, SIGTTIN) does not.
n=$#
while [ "$((n -= 1))" -ge 0 ]; do
	case $1 in
	*/ask.t|*/terminal.t) echo "check-valgrind: not $1: no job control" ;;
	*) set -- "$@" "$1" ;;
	esac
	shift
done
# Of what goes over every byte of a stream, each 29th: all of them take hours.
export TAP_STEP="${TAP_STEP:-29}"
[ $# -gt 0 ] || exit 0
exec prove --timer -j "$(nproc)" -e 'valgrind -q --leak-check=full --error-exitcode=99
    --suppressions=tests/valgrind.supp' "$@"
