#!/bin/sh
# SPDX-License-Identifier: ISC
# The programs of a pipeline draw one line together, with what each of them has
# moved; it is gone in the end, mixes with nothing, holds nothing, and whatever
# becomes of who draws it, the stages go on.
. "${0%/*}/../lib.sh"

need script pgrep
# Nobody else may enter: so pgb-ship has nothing to say of it.
mkdir -m 700 "$SCRATCH/own"
cd "$SCRATCH/own" || exit
mkfifo gate
[ -x "$BIN/helper/prand" ] || bail 'helper/prand is not built'
"$BIN/helper/prand" 20000000 1 >random
pgb-encrypt --keygen key >key.pub 2>err || bail "$(cat err)"
unset PGB_PROGRESS
export TERM=xterm SHELL=/bin/sh

# --- a terminal -----------------------------------------------------------------

# term TEXT: a line of shell at a terminal of 120 columns, in the background;
# what the terminal gets is in the file tty, its status in rc, the process group
# in group.
term()
{
	rm -f tty rc group
	printf '%s\n' 'stty cols 120 </dev/tty; ps -o pgid= -p $$ | tr -d " " >group.new' \
	    'mv group.new group' "$1" 'echo $? >rc' >line
	script -qefc 'sh ./line' /dev/null >tty 2>&1 </dev/null &
	TERM_PID=$!
	at_exit $TERM_PID
}
# term_end: it has ended, as all of its processes have; sets RC, SCREEN.
term_end()
{
	await 60 test -s rc || fail 'the line of shell ends'
	wait $TERM_PID
	RC=$(cat rc) RAN=$(sed -n 3p line) ERR=$(cat tty)
	await 10 no_group || fail "nothing is left of: $RAN"
	# What stands there, when all is done.
	SCREEN=$(sed 's/\r*$//; s/.*\r//; s/\x1b\[K//g' tty)
}
no_group() { ! pgrep -g "$(cat group)"; }
# drawn ERE: such a line was drawn.
drawn() { tr '\r' '\n' <tty | grep -Eq -e "$1"; }
# drawer: the process that draws.
drawer() { pgrep -g "$(cat group)" -x pgb-progress; }
# begun PROGRAM: it runs, and so has had its time to draw after a second more.
begun()
{
	await 20 begins "$1" || fail "$1 begins"
	sleep 1.2
}
begins()
{
	[ -s group ] && pgrep -x "$1" \
	    -s "$(ps -o sid= -p "$(cat group)" | tr -d ' ')"
}
open_gate() { timeout 20 sh -c 'echo >gate' || fail 'the gate'; }

# The first half of a stream, and the rest when the gate opens.
cat >half <<'END'
#!/bin/sh
head -c "${1:-20000000}" random; read -r _ <gate; tail -c +"${1:-20000000}" random
END
chmod +x half

# --- one line ---------------------------------------------------------------------

term './half | pgb-verify --raw | pgb-encrypt --raw -r $(cat key.pub) |
    pgb-ship --raw --sink "$PWD/one"'
ok 'three stages, two of them in the sandbox: each with its bytes' await 20 \
    drawn '^pgb: .*verify 20 MB > encrypt (19|20) MB > ship (19|20) MB'
is "$(drawer | wc -l)" 1 'one process draws'
is "$(ls -l "/proc/$(drawer)/fd" | grep -cE 'pipe:|/random|/one')" 0 \
    'it holds no pipe and no file'
open_gate
term_end
status_is 0 'the pipeline ends well'
like "$SCREEN" '^\{"' 'what is printed in the end stands by itself'
unlike "$SCREEN" 'pgb:' 'and the line is gone'
is "$(grep -c . tty)" 2 'it was never more than one: a note, the record'

term './half | pgb-verify --raw 2>/dev/null | cat | pgb-encrypt --raw \
    -r $(cat key.pub) | tee copy | pgb-ship --raw --sink "$PWD/two" >record'
ok 'foreign programs between are shown as such' await 20 \
    drawn '^pgb: .*encrypt (19|20) MB > \.\.\. > ship (19|20) MB'
ok 'who has no terminal takes no part' not drawn verify
open_gate
term_end
status_is 0 'it ends well'
is "$SCREEN" '' 'and leaves nothing'

term 'pgb-verify --raw <random 2>&1 | { read -r _ <gate; cat; } >out'
begun pgb-verify
open_gate
term_end
is "$SCREEN" '' 'nothing is drawn where stderr is a pipe'

term './half 1000000 | pgb-verify --raw | pgb-encrypt --raw -a -r $(cat key.pub)'
begun pgb-verify
open_gate
term_end
unlike "$SCREEN" 'pgb(-verify)?: .*MB' \
    'nothing is drawn where the stream goes to the terminal'

term 'pgb-verify --raw <random | { read -r _ <gate; cat; } >out'
ok 'a file at stdin: the share of it' await 20 drawn '^pgb-verify: [0-9]+%'
pid=$(pgrep -g "$(cat group)" -x pgb-progress)
kill -STOP "$pid"
open_gate
await 20 test -s rc
ok 'who draws does not keep a stream from ending' cmp random out
kill -0 "$pid" && pass 'though it is still there'
kill -CONT "$pid"
term_end
status_is 0 'all is well'
like "$SCREEN" '^pgb-verify: note: stdin: unknown: what' 'and a note is whole'

# --- a dump -----------------------------------------------------------------------

pg_start
createdb some
psql -Xqd some -c "CREATE TABLE big AS SELECT g AS id, md5(g::text) ||
    md5((-g)::text) AS sum FROM generate_series(1, 200000) g"

term 'pgb-dump -j1 -Z none some | pgb-verify | pgb-encrypt -r $(cat key.pub) |
    pgb-ship "$PWD/three" | { read -r _ <gate; cat; } >out'
ok 'all four: share, table, and the stages in order' await 20 drawn \
    '^pgb: [0-9]+% public\.big .*\| dump .* > verify .* > encrypt .* > ship '
open_gate
term_end
status_is 0 'it ends well'
is "$SCREEN" 'pgb-verify: note: stdin: uncompressed payload carries no checksum: 1 table' \
    'and leaves nothing but a note'
ok 'a whole archive' sh -c 'pgb-encrypt -d -i key <out | pg_restore -f /dev/null'

term 'pgb-dump -j1 -Z none some | { read -r _ <gate; cat; } >out &
    pgb-encrypt --raw -r $(cat key.pub) <random | { read -r _ <gate; cat; } >out2
    wait'
ok 'two pipelines of one script take turns' await 20 drawn '^pgb-[a-z]* 1/2: '
ok 'and so does the other' await 20 drawn '^pgb-[a-z]* 2/2: '
ok 'one is the dump' drawn '^pgb-dump ./2: [0-9]+% public\.big'
ok 'the other one encrypts' drawn '^pgb-encrypt ./2: [0-9]+%'
is "$(drawer | wc -l)" 1 'one process draws'
open_gate
term_end
is "$SCREEN" '' 'both leave nothing'

# --- ends -------------------------------------------------------------------------

term '{ head -c 1000000 random; sleep 1; read -r _ <gate; } |
    pgb-verify 2>/dev/tty | pgb-ship --sink "$PWD/four"'
await 20 drawn '^pgb: .*ship'
open_gate
term_end
ok 'a stream that is refused leaves whole lines' sh -c 'tr -d "\r" <tty >got;
    ! printf "%s\n" "$1" | grep -v "^pgb-[a-z]*: [a-z]*: "' - "$SCREEN"
like "$SCREEN" '^pgb-verify: error: ' 'the error among them'

term './half | pgb-verify --raw | pgb-ship --raw --sink "$PWD/five"'
await 20 drawn '^pgb: .*ship (19|20) MB'
pgrep -g "$(cat group)" -x pgb-verify | xargs kill -KILL
open_gate
term_end
# The shell says that one was killed behind whatever stands there.
unlike "$(printf '%s\n' "$SCREEN" | grep -v Killed)" 'pgb: ' \
    'a stage is killed: the line goes with the last one'

for how in KILL STOP TERM; do
	term './half | pgb-verify --raw | pgb-encrypt --raw -r $(cat key.pub) |
	    pgb-ship --raw --sink "$PWD/six" >record'
	await 20 drawn '^pgb: .*ship (19|20) MB'
	pid=$(drawer)
	kill -s $how "$pid"
	open_gate
	ok "who draws got SIG$how: the stages end" await 30 test -s rc
	[ $how != STOP ] || kill -CONT "$pid"
	term_end
	status_is 0 'well'
	ok 'and what was shipped is there' test -s six -a -s record
	rm -f six
done

term './half | pgb-verify --raw | pgb-ship --raw --sink "$PWD/seven"'
await 20 drawn '^pgb: .*ship (19|20) MB'
pgrep -g "$(cat group)" '^pgb-' | xargs kill -TERM
open_gate
term_end
unlike "$SCREEN" 'pgb: ' 'interrupted: nothing is left on the terminal'
ok 'and nothing else' not test -e seven

# --- where nothing is drawn ---------------------------------------------------------

# quiet NAME TEXT: no draw in more than a second.
quiet()
{
	term "$2"
	begun pgb-encrypt
	open_gate
	term_end
	is "$(grep -c 'B' tty)" 0 "$1"
}
quiet 'TERM=dumb' 'TERM=dumb; export TERM; ./half | pgb-verify --raw 2>err |
    pgb-encrypt --raw -r $(cat key.pub) >out'
quiet '--no-progress' './half | pgb-encrypt --no-progress --raw \
    -r $(cat key.pub) >out'
quiet 'PGB_PROGRESS=0' 'export PGB_PROGRESS=0; ./half | pgb-encrypt --raw \
    -r $(cat key.pub) >out'
quiet 'in the background' 'set -m; ./half | pgb-encrypt --raw \
    -r $(cat key.pub) >out & wait'

# --- lines that stay ----------------------------------------------------------------

try 'pgb-verify --progress --raw <random | pgb-encrypt --progress --raw \
    -r $(cat key.pub) | pgb-ship --progress --raw --sink "$PWD/eight"'
status_is 0 '--progress without a terminal'
is "$(printf '%s\n' "$ERR" | grep -c written)" 1 'one line in the end, of all'
like "$ERR" '^pgb: 100% .*20 MB written in .* verify 20 MB > encrypt 20 MB > ship 20 MB$' \
    'with what each has moved'
rm -f eight
try 'PGB_PROGRESS=1; export PGB_PROGRESS; pgb-verify --raw <random |
    pgb-encrypt --raw -r $(cat key.pub) | pgb-ship --no-progress --raw \
    --sink "$PWD/eight"'
status_is 0 'PGB_PROGRESS=1'
like "$ERR" '^pgb: 100% .* verify 20 MB > encrypt 20 MB$' \
    'all that do not say otherwise'
rm -f eight
try 'pgb-verify --raw <random | pgb-ship --raw --sink "$PWD/eight"'
unlike "$ERR" 'MB' 'not asked for: nothing, as from cron'
for p in pgb-dump pgb-verify pgb-encrypt pgb-ship; do
	try "$p --progress --no-progress <random"
	status_is 2 "$p: not both"
done

done_testing
