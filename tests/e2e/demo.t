#!/bin/sh
# SPDX-License-Identifier: ISC
# The demo proves that the restored database equals its source, and leaves
# nothing behind, also when it is interrupted or a program fails.
. "${0%/*}/../lib.sh"

export PGB_BUILD="$BIN"
demo() { perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' sh "$TOP/tests/demo.sh"; }

# The demo's scratch directory is made in ours.
left() { find "$SCRATCH" -mindepth 1 -maxdepth 1 -name 'pgb.*'; }

DEMO_MB=1 run demo
status_is 0 'the demo'
like "$OUT" 'restored database equals the source' 'it says so'
is "$(left)" '' 'it leaves nothing behind'

# Interrupted in the middle, as by Ctrl-C: everybody gets the signal.
for after in 1 3; do
	DEMO_MB=8 perl -e '$SIG{INT} = "DEFAULT"; setpgrp; exec @ARGV' \
	    sh "$TOP/tests/demo.sh" >"$SCRATCH/out" 2>&1 &
	pid=$!
	at_exit "$pid"
	sleep $after
	kill -s INT -- "-$pid"
	ok "Ctrl-C after $after s: it ends" await 20 gone "$pid"
	wait "$pid" 2>/dev/null
	is $? 130 'by that signal'
	is "$(left)" '' 'nothing is left behind'
	is "$(grep -lsz "^PGB_SCRATCH=$SCRATCH/pgb" /proc/[0-9]*/environ)" '' \
	    'no process either'
done

# A program that fails: the demo does too.
mkdir "$SCRATCH/broken"
for p in pgb-dump pgb-verify pgb-encrypt; do
	ln -s "$BIN/$p" "$SCRATCH/broken/$p"
done
printf '#!/bin/sh\ncat >/dev/null\n' >"$SCRATCH/broken/pgb-ship"
chmod +x "$SCRATCH/broken/pgb-ship"
PGB_BUILD=$SCRATCH/broken DEMO_MB=0 run demo
status_is 1 'a pgb-ship that only says yes is found out'
is "$(left)" '' 'and nothing is left behind'

done_testing
