#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make check-chaos: ROUNDS (200) pipelines, each put together at random, to
# places taken at random, and hurt once, at random.  Whatever has its final name
# then is opened with stock tools, restored, and compared row by row; what has
# none is absent, and a previous file is as it was; status 0 of the last stage
# says that all is there; nothing hangs, nothing is left running.  SEED repeats
# a run, SEED and ROUND='7 8' rounds of it (but for the moment of the fault, which
# no seed can give back).  SAN=address,undefined or SAN=thread: under it.
. "${0%/*}/lib.sh"
. "$TOP/tests/chance.sh"

own_mounts "$@"
: "${ROUNDS:=200}" "${SEED:=$$}" "${ROUND:=}"
need age pg_restore timeout pv zstd gzip lz4 base64 prlimit
ulimit -c 0
SEED_0=$SEED
if [ -n "${PGB_SAN:-}" ]; then
	. "$TOP/tests/sanitize.sh"
	sanitize_begin
fi
cd "$SCRATCH" || exit
note "SEED=$SEED ROUNDS=$ROUNDS"

pg_start
sshd_start
proxy_start
pg_fill appdb 2
ok 'a key pair' sh -c 'pgb-encrypt --keygen key.txt >backup.pub'
PUB=$(cat backup.pub)

# --- what is whole --------------------------------------------------------------

# A line for every table and large object: how many rows, and a sum of them all.
cat >print.sql <<'END_SQL'
SELECT format('SELECT %L, count(*), sum(hashtextextended(t::text, 0)::numeric)
    FROM ONLY %s t', oid::regclass, oid::regclass)
FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace NOT IN
    ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
ORDER BY oid::regclass::text \gexec
SELECT oid, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY oid;
SELECT count(*) FROM pg_class WHERE relkind IN ('i', 'S', 'v');
END_SQL
fingerprint() { psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -f print.sql; }

pg_up() { pg_isready -q -d postgres; }

fingerprint appdb >want || bail 'fingerprint'
[ "$(wc -l <want)" -ge 20 ] || bail "fingerprint: $(cat want)"
pgb-dump appdb | cat >sample.dump || bail 'pgb-dump'
SIZE=$(size sample.dump)
SIZE_INSERTS=$(pg_dump -Fc --inserts appdb | wc -c)

# unwrap FILE: what is inside of age, compression and base64, into "plain".
unwrap()
{
	cp "$1" plain
	for t_layer in 1 2 3 4 5 6 7; do
		case $(od -An -v -tx1 -N 8 plain | tr -d ' \n') in
		5047444d50*) return 0 ;;
		6167652d656e6372|2d2d2d2d2d424547) set -- age -d -i key.txt ;;
		28b52ffd*) set -- zstd -dqc ;;
		1f8b*) set -- gzip -dc ;;
		04224d18*) set -- lz4 -dqc ;;
		*) set -- base64 -d ;;
		esac
		"$@" <plain >inside 2>unwrap.log || return 1
		mv inside plain
	done
	return 1
}

# restores FILE: it holds the whole database.  One that was restored before in
# this round is not again.
restores()
{
	unwrap "$1" || { cat unwrap.log; return 1; }
	if [ -s restored ] && cmp -s plain restored; then
		return 0
	fi
	await 60 pg_up
	dropdb --if-exists copy && createdb -T template0 copy || bail 'createdb'
	pg_restore --exit-on-error -d copy plain || return 1
	fingerprint copy >got || return 1
	cmp got want || { diff got want | head; return 1; }
	mv plain restored
}

# --- the line -------------------------------------------------------------------

# Destinations: LOCAL and FAR are directories, the small ones of 8 MB.
PLACES="local $REMOTE/far small $REMOTE/small"
mkdir gate local small "$REMOTE/far" "$REMOTE/small"
if [ "$MOUNTS" = 1 ]; then
	tmpfs_on "$SCRATCH/small" 8m
	tmpfs_on "$REMOTE/small" 8m
else
	note 'no private mounts on this machine: no full disk'
fi
[ "$(id -u)" != 0 ] || chown "$SSHD_USER" "$REMOTE/far" "$REMOTE/small"

# stage_of COMMAND...: one more stage; NAMES has their names.
add()
{
	NUMBER=$((NUMBER + 1))
	NAMES="$NAMES $1$NUMBER"
	t_name=$1$NUMBER
	shift
	LINE="$LINE${LINE:+ | }stage $t_name $*"
}

# add_ship WHERE SINK: pgb-ship to one place, or to up to three.
add_ship()
{
	pick '' '' "--limit $((SIZE / 2))" "--limit $SIZE" "--limit $SIZE"
	t_options=$R
	pick libssh2 libssh2 ssh
	t_options="$t_options --transport $R"
	pick '' '' '' '--connections 1' '--connections 3'
	t_options="$t_options $R"
	pick '' '' '' --read-back
	t_options="$t_options $R"
	[ "$PREVIOUS" = 0 ] || t_options="$t_options --overwrite"
	[ "$2" = 0 ] || t_options="$t_options --sink"
	pick 1 1 1 2 3
	t_count=$R
	t_dests=
	while [ "$t_count" -gt 0 ]; do
		pick local vault far
		[ -z "$1" ] || R=$1
		set -- '' "$2"
		t_final=final$NUMBER-$t_count
		case $R in
		local|small) t_dir=$SCRATCH/$R ;;
		far-small) t_dir=$REMOTE/small ;;
		*) t_dir=$REMOTE/far ;;
		esac
		FINALS="$FINALS $t_dir/$t_final"
		case $R in
		local) t_dests="$t_dests file://$t_dir/$t_final" ;;
		small) t_dests="$t_dests $t_dir/$t_final" ;;
		far) t_dests="$t_dests sftp://far$t_dir/$t_final" ;;
		*) t_dests="$t_dests sftp://vault$t_dir/$t_final" ;;
		esac
		t_count=$((t_count - 1))
	done
	add ship $LIMITED pgb-ship -F "$SSH_CONFIG" --timeout 5 --stall-timeout 5 \
	    --retry-time 10 $t_options $t_dests
}

# add_filter: one that may stand here.  FORM is what comes out of the line:
# dump, packed (compressed), armor, and marked, whose end nobody but us sees.
add_filter()
{
	case $FORM in
	dump) pick verify verify encrypt encrypt foreign pack through ;;
	packed) pick verify encrypt encrypt foreign through ;;
	armor) pick verify foreign through ;;
	marked) pick verify verify through ;;
	esac
	case $R in
	verify)
		pick '' '' -j1 --hold '-i key.txt'
		add verify pgb-verify $R ;;
	encrypt)
		pick '' '' -a -j1
		case $R in -a) FORM=armor ;; *) FORM=marked ;; esac
		add encrypt pgb-encrypt $R -R backup.pub ;;
	foreign)
		pick cat 'pv -q' 'tee copy' 'dd bs=4099 status=none'
		add foreign $R ;;
	pack)
		FORM=packed
		pick 'zstd -q -1' 'gzip -1' 'lz4 -q'
		add foreign $R ;;
	through)
		pick cat "'age -r $PUB'" base64
		case $R in cat) ;; *) FORM=marked ;; esac
		add through pgb-verify --through $R ;;
	esac
}

# make_line: sets LINE, NAMES, FINALS, LAST (whose status counts; none: a
# reader who goes away).  The fault asks for what it needs.
make_line()
{
	LINE= NAMES= FINALS= NUMBER=0 FORM=dump LIMITED=
	case $FAULT in
	net-*|session*|sshd*) t_where=far ;;
	disk-local) t_where=small ;;
	disk-remote) t_where=far-small ;;
	file-size) t_where=local ;;
	*) t_where= ;;
	esac
	if [ "$FAULT" = file-size ]; then
		random $((SIZE * 5 / 4))
		LIMITED="prlimit --fsize=$R"
	fi
	# So small a database is read at once: for a server to die in time, pg_dump
	# is held at a byte.
	GATED=0
	case $FAULT in
	backend|server-*)
		random 4
		[ "$R" = 0 ] || GATED=1 ;;
	esac
	pick '' '' '' '-Z none' -j1 '-j3 --split-pages 16' --inserts
	[ "$GATED" = 0 ] || R=--inserts
	add dump pgb-dump $R appdb
	# Slow from the beginning, so that the first ones live when they are hurt.
	pick '' "$SIZE" "$((SIZE / 2))" "$((SIZE / 3))"
	[ -z "$R" ] || add slow pv -q -L "$R" -B 4096
	random 5
	t_filters=$R
	# One in three passes on what it ships.
	random 3
	t_middle=$((R == 0))
	[ "$FAULT" != reader ] || t_middle=1
	while [ "$t_filters" -gt 0 ]; do
		add_filter
		t_filters=$((t_filters - 1))
	done
	if [ "$t_middle" = 0 ]; then
		add_ship "$t_where" 1
	elif [ "$FAULT" = reader ]; then
		add_ship "$t_where" 0
		random "$SIZE"
		add reader head -c "$R" '>/dev/null'
	else
		add_ship "$t_where" 0
		pick sink filter ship
		case $R in
		sink) add verify pgb-verify --sink ;;
		filter) add verify "pgb-verify >passed" ;;
		ship) add_ship '' 1 ;;
		esac
	fi
}

# --- faults ---------------------------------------------------------------------

# Those that signals make are there for each of them.
FAULTS='none kill-KILL kill-KILL kill-KILL kill-TERM kill-TERM kill-INT kill-HUP
    kill-SEGV kill-PIPE pause pause backend backend server-crash server-restart
    net-reset net-reset net-fin net-hole net-gone session session session-pause
    sshd-restart disk-local disk-remote disk-local disk-remote file-size reader'
# Which a sanitizer takes for a fault of the program.
[ -z "${PGB_SAN:-}" ] || FAULTS=$(echo "$FAULTS" | sed 's/kill-SEGV//')
[ "$MOUNTS" = 1 ] || FAULTS=$(echo "$FAULTS" | sed 's/disk-[a-z]*//g')

# at_bytes N: so many have come to one of the places.
at_bytes()
{
	for t_size in $(find $PLACES -name '*.pgbtmp' -printf '%s '); do
		[ "$t_size" -lt "$1" ] || return 0
	done
	gone "$PIPE"
}
named()
{
	for t_f in $FINALS; do
		[ -e "$t_f" ] && return 0
	done
	gone "$PIPE"
}

# The moment: after a time, at a byte, at the end; sets WHEN.
moment()
{
	if [ "$GATED" = 1 ]; then
		WHEN="byte $GATE_AT of pg_dump"
		await 20 test -e gate/reached
		return
	fi
	random 8
	case $R in
	0|1|2)
		random 160
		WHEN="$((R / 100)).$((R / 10 % 10))$((R % 10)) s"
		sleep "${WHEN% s}" ;;
	3|4|5)
		random "$SIZE"
		WHEN="byte $R"
		await 20 at_bytes "$R" ;;
	6)
		WHEN='the end'
		await 20 at_bytes $((SIZE * 97 / 100)) ;;
	7)
		WHEN='the name'
		await 20 named ;;
	esac
}

# fill DIR: nothing is left there.
fill() { dd if=/dev/zero of="$1/filler" bs=64k status=none 2>/dev/null || :; }

# before: what has to be so when the line starts.
before()
{
	case $FAULT in
	disk-*)
		t_dir=$SCRATCH/small
		[ "$FAULT" = disk-local ] || t_dir=$REMOTE/small
		# At once, or at a moment.
		random 2
		DISK=$R
		[ "$DISK" = 0 ] || return
		fill "$t_dir"
		random $((SIZE / 4096 * 5 / 4))
		truncate -s "-$((R * 4096))" "$t_dir/filler" ;;
	esac
}

# hole: a black hole begins, or ends.  Two signals at once would be one.
hole()
{
	t_holes=$(grep -c 'black hole' "$PROXY_LOG")
	kill -s USR1 "$PROXY_PID"
	await 5 another_hole
}
another_hole()
{
	[ "$(grep -c 'black hole' "$PROXY_LOG")" -gt "$t_holes" ]
}

# strike: the fault.  WHAT says more of it.
strike()
{
	WHAT=
	case $FAULT in
	kill-*)
		pick $NAMES
		WHAT=$R
		kill -s "${FAULT#kill-}" "$(stage_pid "$R")" ;;
	pause)
		pick $NAMES
		WHAT=$R
		t_pid=$(stage_pid "$R")
		random 3
		kill -STOP "$t_pid" && sleep "$((R + 1))" && kill -CONT "$t_pid" ;;
	backend)
		WHAT=$(sql postgres "SELECT pg_terminate_backend(pid), backend_type
		    FROM pg_stat_activity WHERE datname = 'appdb'
		    ORDER BY random() LIMIT 1")
		[ -n "$WHAT" ] ;;
	server-crash)
		t_pid=$(sql postgres "SELECT pid FROM pg_stat_activity
		    WHERE datname = 'appdb' ORDER BY random() LIMIT 1")
		[ -n "$t_pid" ] && kill -KILL "$t_pid" ;;
	server-restart)
		pg_stop
		pg_start ;;
	net-reset) kill -s USR2 "$PROXY_PID" ;;
	net-fin) kill -s HUP "$PROXY_PID" ;;
	net-hole)
		hole
		sleep 1
		hole ;;
	net-gone)
		hole
		HOLE=1 ;;
	session)
		t_pids=$(a_session)
		[ -n "$t_pids" ] && kill -KILL $t_pids ;;
	session-pause)
		t_pids=$(a_session)
		[ -n "$t_pids" ] && kill -STOP $t_pids && sleep 2
		kill -CONT $t_pids ;;
	sshd-restart)
		sshd_stop
		random 20
		sleep "$((R / 10)).$((R % 10))"
		sshd_start ;;
	disk-local) [ "$DISK" = 0 ] || fill "$SCRATCH/small" ;;
	disk-remote) [ "$DISK" = 0 ] || fill "$REMOTE/small" ;;
	esac 2>/dev/null
}

# --- a round --------------------------------------------------------------------

wrong() { echo "$*" >>violations; }

# left: what the line has left running, if anything.
left()
{
	for t_file in $(grep -lsz "^PGB_ROUND=$PGB_AT\$" \
	    /proc/[0-9]*/environ 2>/dev/null); do
		t_pid=${t_file#/proc/}
		gone "${t_pid%/environ}" || echo "${t_pid%/environ}"
	done
}
none_left() { [ -z "$(left)" ]; }

# judge_file FILE: counts it.
judge_file()
{
	if [ ! -e "$1" ]; then
		ABSENT=$((ABSENT + 1))
		[ "$PREVIOUS" = 0 ] || wrong "$1: the previous file is gone"
		[ "$RC" != 0 ] || wrong "$1: status 0, no file"
	elif [ "$PREVIOUS" = 1 ] && cmp -s "$1" previous; then
		KEPT=$((KEPT + 1))
		[ "$RC" != 0 ] || wrong "$1: status 0, not replaced"
	elif restores "$1" >restore.log 2>&1; then
		WHOLE=$((WHOLE + 1))
	else
		wrong "$1: PUBLISHED, AND NOT WHOLE: $(tail -n 3 restore.log)"
		cp "$1" "violation-$AT"
	fi
}

judge()
{
	# The status of a reader says nothing of us.
	[ "$FAULT" != reader ] || RC=none
	case $RC in
	124|137) ! [ -e hung ] || wrong 'it hangs' ;;
	esac
	for f in $FINALS; do
		judge_file "$f"
	done
	if [ "$WHOLE" -gt 0 ] && [ "$RC" != 0 ]; then
		LATE_STATUS=1
	fi
	# A pgb-ship that was killed, or cut off, cannot clean up; any other does.
	t_tmp=$(find $PLACES -name '*.pgbtmp')
	case $FAULT:$WHAT:$RC in
	kill-KILL:ship* | kill-SEGV:ship* | file-size:*) ;;
	*:0) [ -z "$t_tmp" ] || wrong "status 0, left behind: $t_tmp" ;;
	net-* | session* | sshd*) ;;
	*) [ -z "$t_tmp" ] || wrong "left behind: $t_tmp" ;;
	esac
	# What we put together ourselves is no misuse.
	[ "$RC" != 2 ] || wrong 'status 2'
	[ "$FAULT" != none ] || [ "$RC" = 0 ] ||
	    wrong "status $RC, and nothing had happened"
}

# one_round NUMBER: from SEED_0 and the number, whatever was before it.
one_round()
{
	AT=$1 PGB_AT=$$.$1
	SEED=$(((SEED_0 + AT * 7919) % 2147483648))
	random 2; random 2; random 2
	pick $FAULTS
	FAULT=$R
	random 3
	PREVIOUS=$((R == 0))
	make_line
	rm -rf stage/* gate/* copy passed restored hung violations
	for t_dir in $PLACES; do
		find "$t_dir" -mindepth 1 -delete
	done
	[ "$PREVIOUS" = 0 ] || for f in $FINALS; do
		cp previous "$f"
		[ "$(id -u)" != 0 ] || case $f in
		"$REMOTE"*) chown "$SSHD_USER" "$f" ;;
		esac
	done
	before
	random "$SIZE_INSERTS"
	GATE_AT=$R
	t_env=
	[ "$GATED" = 0 ] || t_env="PGB_PGDUMP=$BIN/helper/gate GATE_AT=$GATE_AT
	    GATE_REAL=$PGBIN/pg_dump GATE_DIR=$SCRATCH/gate"
	WHEN= WHAT= LATE=0 WHOLE=0 ABSENT=0 KEPT=0 LATE_STATUS=0 HOLE=0
	env PGB_ROUND="$PGB_AT" $t_env sh -c 'timeout -k 2 180 /bin/sh -c "$1"
	    rc=$?; [ $rc != 124 ] || : >hung; exit $rc' - "$LINE" \
	    </dev/null >out 2>err &
	PIPE=$!
	case $FAULT in
	none|file-size|reader) ;;
	*)
		[ "$FAULT:${DISK:-}" = disk-local:0 ] ||
		    [ "$FAULT:${DISK:-}" = disk-remote:0 ] || moment
		! gone "$PIPE" || LATE=1
		strike || LATE=1 ;;
	esac
	: >gate/go
	wait "$PIPE"
	RC=$?
	[ "$HOLE" = 0 ] || hole
	await 20 none_left ||
	    wrong "left running: $(ps -o pid=,args= -p $(left) | head)"
	kill -KILL $(left) 2>/dev/null
	judge
	t_told="round $AT: $(echo $NAMES | tr -d 0-9): $FAULT${WHAT:+ to $WHAT}"
	t_told="$t_told${WHEN:+ at $WHEN}: status $RC, $WHOLE whole"
	t_told="$t_told, $KEPT as before, $ABSENT absent"
	if [ -s violations ]; then
		t_bad=1
		fail "$t_told"
		diag "$(cat violations)"
		diag "SEED=$SEED_0 ROUND=$AT repeats it: $LINE"
		diag "$(cat err)"
	else
		t_bad=0
		pass "$t_told"
	fi
	case $RC in 0) t_good=1 ;; *) t_good=0 ;; esac
	echo "$FAULT $LATE $WHOLE $ABSENT $KEPT $LATE_STATUS $t_bad $t_good" \
	    >>table
}

# A good one, of other bytes than any new one.
pgb-encrypt -R backup.pub <sample.dump >previous || bail 'pgb-encrypt'
SECONDS_0=$(date +%s)
for t_round in ${ROUND:-$(seq "$ROUNDS")}; do
	one_round "$t_round"
done

# --- the table --------------------------------------------------------------------

t_form='%-16s%7s%7s%10s%8s%8s%7s%8s%10s\n'
# shellcheck disable=SC2059
note "$(printf "$t_form" fault rounds late restored absent kept 'not 0' wrong \
	'status 0'
    { awk '{ print "all", $0; print }' table | sed 's/^all [^ ]*/all/'; } |
	awk -v form="$t_form" '
	{
		n[$1]++
		for (i = 2; i <= 8; i++)
			t[$1, i] += $i
	}
	END {
		for (f in n)
			printf form, f, n[f], t[f, 2], t[f, 3], t[f, 4],
			    t[f, 5], t[f, 6], t[f, 7], t[f, 8]
	}' | sort)"
note 'late: the line had ended before; restored, absent, kept: files;' \
    'not 0: rounds with a status that is not 0 though a file is whole'
[ -z "${PGB_SAN:-}" ] || ok 'the sanitizer has nothing to report' sanitize_end
note "SEED=$SEED_0, $(($(date +%s) - SECONDS_0)) s"
done_testing
