#!/bin/sh
# SPDX-License-Identifier: ISC
#
# All tests, or those named: sh tests/run.sh [TEST...].  The programs, the unit
# tests, the fuzz targets and the helpers are built already (make check does that).
# PGB_EXEC: a command that runs each of them.

cd "${0%/*}/.." || exit
: "${PGB_BUILD:=.build}"
export PGB_BUILD
if [ -n "${PGB_SAN:-}" ]; then
	. tests/sanitize.sh
	sanitize_begin
fi

if [ $# = 0 ]; then
	# Long ones first.
	set -- tests/e2e/orders.t tests/e2e/cuts.t
	for t in tests/e2e/*.t tests/fault/*.t; do
		[ -e "$t" ] || continue
		case " $* " in *" $t "*) ;; *) set -- "$@" "$t" ;; esac
	done
	for t in tests/unit/*.c; do
		t=${t##*/}
		set -- "$@" "$PGB_BUILD/unit/${t%.c}.t"
	done
	for t in tests/fuzz/*.c; do
		t=${t##*/}
		case $t in seeds.c|replay.c) continue ;; esac
		set -- "$@" "$PGB_BUILD/fuzz/${t%.c}.t"
	done
fi
for t; do
	[ -x "$t" ] || {
		echo "run: error: $t: missing, or not executable" >&2
		exit 2
	}
done

# An end from outside must reach the tests, which then stop their servers.
stop()
{
	trap '' "$1"
	for t in $(pgrep -P "$prove"); do
		kill -s "$1" "$t" 2>/dev/null
	done
	kill -s "$1" "$prove" 2>/dev/null
	wait "$prove"
	[ -z "${PGB_SAN:-}" ] || sanitize_end
	trap - "$1"
	kill -s "$1" $$
}
# Tests wait for servers now and then: one more than there are processors.
jobs=$(($(nproc) + 1))
[ "$jobs" -le 4 ] || jobs=4

# An asynchronous command of sh ignores SIGINT and SIGQUIT, one of nohup SIGHUP:
# perl gives them back.  A process group of their own: when a test bails out,
# prove ends, and the others are left to us.
perl -e 'setpgrp; $SIG{$_} = "DEFAULT" for qw(INT QUIT HUP PIPE); exec @ARGV' \
    prove -j "$jobs" -e "${PGB_EXEC:-}" "$@" </dev/null &
prove=$!
for signal in INT TERM HUP QUIT; do
	# shellcheck disable=SC2064
	trap "stop $signal" "$signal"
done
wait "$prove"
rc=$?
for left in $(seq 100); do
	kill -s TERM -- "-$prove" 2>/dev/null || break
	sleep 0.1
done
[ -z "${PGB_SAN:-}" ] || sanitize_end || rc=1
exit "$rc"
