#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make check-fault: every call that can fail fails once, in every program and
# mode of it; hours.  A table of it stands at the end.

cd "${0%/*}/.." || exit
: "${PGB_BUILD:=.build}"
export PGB_BUILD FAULTS=all
FAULTS_LOG=$(mktemp) || exit
export FAULTS_LOG
trap 'rm -f "$FAULTS_LOG"' EXIT
trap 'exit 1' INT TERM HUP

prove -e '' tests/fault/*.t
rc=$?
echo 'program and mode, what failed how: calls, runs, survived, failed late,'
echo 'temporaries left on the server, wrong'
awk -F '\t' '{ printf "%-44s %-20s %7d %7d %7d %5d %5d %5d\n", $1, $2, $3,
    $4, $5, $6, $7, $8; runs += $4; wrong += $8 }
    END { printf "%d runs, %d wrong\n", runs, wrong }' "$FAULTS_LOG"
exit "$rc"
