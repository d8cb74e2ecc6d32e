#!/bin/sh
# SPDX-License-Identifier: ISC
# Whatever an SFTP server does wrong, and at whatever moment, the backup has its
# name whole or not at all, what is left behind is named, and nothing waits for
# ever.  The server is tests/helper/sftp-fake.c, first in place of ssh, then
# under a real sshd.
. "${0%/*}/../lib.sh"

need b2sum od timeout
own_mounts "$@"
cd "$SCRATCH" || exit
FAKE=$BIN/helper/sftp-fake
[ -x "$FAKE" ] || bail 'helper/sftp-fake is not built'
PLAN=$SCRATCH/plan
export SFTP_FAKE="$PLAN"

# Five blocks, the last one not whole; and two files that go beside it.
"$BIN/helper/prand" 600000 1 >data
echo '{"a": "report"}' >w.json
echo 'a signature' >w.json.sig

TO=$SCRATCH/to
COMMON='--raw --sink --stall-timeout 1 --timeout 10 --retry-time 20'
SHIP="pgb-ship $COMMON --transport ssh --ssh $FAKE"
URL=sftp://fake$TO/x

# planned LINE...: nothing was counted yet.
planned()
{
	rm -f "$PLAN.state"
	printf '%s\n' "$@" >"$PLAN"
}
replies()
{
	[ -s "$PLAN.state" ] || { echo 0; return; }
	od -An -tu8 -N8 "$PLAN.state" | tr -d ' '
}

# fresh [CONTENT]: an empty directory, or with that in the file's place.
fresh()
{
	rm -rf "$TO"
	mkdir "$TO"
	[ -z "${1:-}" ] || old_one
	BEFORE=${1:-}
}

# old_one: a backup of the day before, with its sum.
old_one()
{
	echo old >"$TO/x"
	(cd "$TO" && b2sum x >x.b2)
}

# shipped [OPTION...]: RC, and what was said in the file err.
shipped()
{
	timeout 40 $SHIP "$@" "$URL" <data >out 2>err
	RC=$?
	ERR=$(cat err)
	RAN="ship $*, plan: $(cat "$PLAN")"
}

# judged_beside: what goes beside x was there before it; where x has taken the
# place of an older one it may be missing, if that is told, but never wrong.
judged_beside()
{
	for t_file in json json.sig b2; do
		case $RC,$RAN in
		[1-9]*,*--overwrite*)
			[ -e "$TO/x.$t_file" ] || {
				grep -q "x.$t_file is not beside it\|its name now is not\|x.$t_file is there is not known" err ||
				    printf 'x.%s is missed by nobody; ' "$t_file"
				continue
			} ;;
		esac
		case $t_file in
		b2) (cd "$TO" && b2sum --status -c x.b2 2>&1) ;;
		*) cmp -s "w.$t_file" "$TO/x.$t_file" ;;
		esac || printf 'x.%s is not beside it, or wrong; ' "$t_file"
	done
}

# judged STATUSES: prints what is not as it was promised.
judged()
{
	case " $1 " in *" $RC "*) ;; *) printf 'status %s; ' "$RC" ;; esac
	set -- "$TO"/.*.pgbtmp
	t_errors=$(grep -c ': error: ' err)
	if cmp -s data "$TO/x"; then
		t_there=new
		[ -z "$BESIDE" ] || judged_beside
	elif [ -e "$TO/x" ]; then
		t_there=$(head -c 100 "$TO/x" | tr -d '\000')
	else
		t_there=
	fi
	if [ "$RC" = 0 ]; then
		[ "$t_there" = new ] || printf 'not published; '
		[ "$t_errors" = 0 ] || printf 'an error told; '
	else
		case $t_there in
		"$BEFORE"|new) ;;
		*) printf 'what was there is damaged; ' ;;
		esac
		# A sum of another backup makes a good one look bad.
		[ "$t_there" != old ] || [ ! -e "$TO/x.b2" ] ||
		    (cd "$TO" && b2sum --status -c x.b2) ||
		    printf 'the old one has the sum of the new one; '
		[ "$t_errors" = 1 ] || printf '%d errors told; ' "$t_errors"
	fi
	for t_file; do
		[ ! -e "$t_file" ] || grep -qF "${t_file##*/}" err ||
		    printf '%s is left and not named; ' "${t_file##*/}"
	done
}

# at_every FAULT STATUSES OPTION...: the fault at the first reply, the second,
# ... until an upload has no more of them.
at_every()
{
	t_fault=$1 t_want=$2 t_n=0 t_bad=
	shift 2
	BESIDE=
	case $* in *--with*) BESIDE=1 ;; esac
	while
		t_n=$((t_n + 1))
		case $* in *--overwrite*) fresh old ;; *) fresh ;; esac
		planned "at $t_n $t_fault"
	 	shipped "$@"
		[ "$(replies)" -ge "$t_n" ]
	do
		t_say=$(judged "$t_want")
		[ -z "$t_say" ] || t_bad="$t_bad
reply $t_n: $t_say$(head -n 2 err)"
	done
	# No more than a handful: the upload did not get far.
	[ "$t_n" -gt 20 ] || t_bad="$t_bad
only $((t_n - 1)) replies: $(head -n 2 err)"
	is "$t_bad" '' "$t_fault, at each of $((t_n - 1)) replies $*"
}

# outcome STATUSES NAME: of one upload.
outcome()
{
	BESIDE=
	is "$(judged "$1")" '' "$2" || diag "$ERR"
}

BESIDES="--with w.json --with w.json.sig --sum"
# What a new connection heals; what no server may answer; what one may refuse,
# and some of that we can do without.
for t_kind in die-before die-after die cut; do
	at_every $t_kind 0
done
for t_kind in short huge empty wrong-id wrong-type garbage 'status 4'; do
	at_every "$t_kind" '0 5'
done
at_every die-after 0 --overwrite $BESIDES
for t_kind in short garbage 'status 3'; do
	at_every "$t_kind" '0 5' --overwrite $BESIDES
done

# --- refusals that count -----------------------------------------------------

for t_at in open.1 write.1 write.3 fsync.1 close.2 rename.1; do
	fresh
	planned "at $t_at status 4"
	shipped
	outcome 5 "$t_at is refused"
done
fresh old
planned 'from posix-rename.1 status 4'
shipped --overwrite
outcome 5 'a name that cannot be given'
like "$ERR" 'x: rename: ' 'says so'
fresh
planned 'from opendir.1 status 3' 'from remove.1 status 3' \
    'from readdir.1 status 3' 'from setstat.1 status 3'
shipped
outcome 0 'an account that may not list or delete'
planned 'from remove.1 status 3' 'at write.3 status 4'
fresh
shipped
outcome 5 'an account that may not delete, and an upload that fails'
like "$ERR" 'pgbtmp' 'names what it leaves'

# --- no answer ----------------------------------------------------------------

for t_at in init.1 open.1 write.2 write.5 close.2 rename.1; do
	fresh
	planned "at $t_at silent"
	shipped
	outcome 0 "no answer to $t_at"
done
fresh
planned 'at write.3 stall'
shipped
outcome 0 'a server that stands still'

# --- order and size ----------------------------------------------------------------

for t_plan in 'from write.1 reorder 4' 'from 1 reorder 2'; do
	fresh
	planned "$t_plan"
	shipped
	outcome 0 "$t_plan"
done
for t_limits in '34000 32768 32768' '8192 4096 4096' '40000 1000 10000'; do
	fresh
	planned "limits $t_limits" 'from write.1 reorder 16' 'short-read 777'
	shipped --read-back
	outcome 0 "limits $t_limits, last answer first, short reads"
done
fresh
planned 'short-read 1' 'limits 34000 32768 32768'
"$BIN/helper/prand" 600 1 >few
timeout 40 $SHIP --read-back "$URL" <few >out 2>err
is "$?" 0 'read back byte by byte'
ok 'which are ours' cmp few "$TO/x"

# --- lies ------------------------------------------------------------------------

for t_lie in -1 1 -131072 1000000; do
	fresh
	planned "from fstat.1 lie $t_lie" "from stat.1 lie $t_lie" \
	    "from lstat.1 lie $t_lie"
	shipped
	outcome '1 5' "a size that is wrong by $t_lie"
	ok 'is not published' test ! -e "$TO/x"
done
fresh
planned 'at read.2 flip'
shipped --read-back
outcome 1 'what is read back is not what was written'
like "$ERR" 'error: .*x: ' 'says so'
ok 'is not published' test ! -e "$TO/x"

# --- what the server's machine forgets ----------------------------------------

# The first two blocks are acknowledged, and we know it, before the third comes.
for t_kind in 'lose 1' 'lose 200000' 'zero 0 4096' 'zero 131071 1' \
    'zero 200000 50000' vanish; do
	fresh
	planned "at write.3 $t_kind"
	{ head -c 262144 data; sleep 0.4; tail -c +262145 data; } |
	    timeout 40 $SHIP "$URL" >out 2>err
	RC=$? ERR=$(cat err) RAN="$t_kind"
	# What is cut off may have been the third block alone.
	t_want=1
	[ "$t_kind" != 'lose 1' ] || t_want='0 1'
	outcome "$t_want" "acknowledged, then gone: $t_kind"
	[ "$RC" = 0 ] || like "$ERR" 'lost' 'says so'
done

# --- space -----------------------------------------------------------------------

fresh old
planned 'full 300000'
shipped --overwrite
outcome 5 'a full disk'
like "$ERR" 'error: .*x: .*full' 'says so'
is "$(ls -A "$TO" | tr '\n' ' ')" 'x x.b2 ' 'takes its temporary away'
fresh
planned 'free 1000000'
timeout 40 $SHIP --min-free 10M "$URL" <data >out 2>err
RC=$? ERR=$(cat err) RAN=--min-free
status_is 5 'too little is free'
like "$ERR" '1000000 ' 'says how much'
is "$(ls -A "$TO")" '' 'nothing was made'
planned 'free 20000000'
shipped --min-free 10M
outcome 0 'enough is free'

# --- servers that lack something -------------------------------------------------

fresh
planned 'without posix-rename' 'without limits' 'without statvfs'
shipped
outcome 0 'no posix-rename, limits and statvfs'
fresh old
shipped --overwrite
outcome 5 'no posix-rename, --overwrite'
like "$ERR" 'cannot replace a file in one step' 'says so'
fresh
planned 'without fsync'
shipped
outcome 5 'no fsync'
like "$ERR" 'hint: .*--allow-no-fsync' 'what to do'
# Some offer what they then refuse.
fresh
planned 'from fsync.1 status 3'
shipped
outcome 5 'a forbidden fsync'
like "$ERR" 'hint: .*--allow-no-fsync' 'what to do'
fresh
planned 'from fsync.1 status 3' 'from statvfs.1 status 3'
shipped --allow-no-fsync --min-free 10M --expect-size 1K
outcome 0 'a forbidden fsync that is not missed, and statvfs'
like "$ERR" 'warning: .*does not say when a file is on disk' 'says so'
like "$ERR" 'warning: .*does not tell how much is free' 'both'
fresh
planned 'from fsync.1 status 4'
shipped --allow-no-fsync
outcome 5 'an fsync that fails is another thing'
fresh
planned 'without posix-rename' 'without limits' 'without statvfs' \
    'without fsync'
shipped --allow-no-fsync
outcome 0 'none of all these'
for t_version in 0 2 4 6; do
	fresh
	planned "version $t_version"
	shipped
	outcome 5 "version $t_version of the protocol"
	like "$ERR" "version $t_version" 'says so'
done
fresh
planned 'motd Welcome to this machine'
shipped
outcome 5 'a greeting in front of the protocol'
like "$ERR" 'prints "Welc' 'says so'

# --- what goes beside has its name first ----------------------------------------------

fresh
planned "log $SCRATCH/log"
shipped $BESIDES
outcome 0 'with a report, its signature and a sum'
is "$(ls "$TO" | tr '\n' ' ')" 'x x.b2 x.json x.json.sig ' 'all are there'
is "$(grep -a rename log | tail -n 1 | sed 's/.* //')" "$TO/x" \
    'the backup is named last'
ok 'b2sum agrees' sh -c "cd $TO && b2sum -c x.b2"

# --- what a long look has found -----------------------------------------------------------

HASTY="pgb-ship --raw --sink --stall-timeout 1 --timeout 10 --retry-time 2
    --transport ssh --ssh $FAKE"
# What is repeated on each connection is no progress.
for t_plan in 'from fsync.2 die-before' 'each write.1 silent'; do
	fresh
	planned "$t_plan"
	timeout 60 $HASTY "$URL" <data >out 2>err
	is "$?" 4 "it ends: $t_plan"
done
for t_plan in 'at posix-rename.2 status 4' 'from posix-rename.2 die-before' \
    'at posix-rename.1 status 4' 'from posix-rename.1 die-before'; do
	fresh old
	planned "$t_plan"
	BESIDE=1
	timeout 60 $HASTY --overwrite $BESIDES "$URL" <data >out 2>err
	RC=$? RAN="--overwrite"
	is "$(judged '4 5')" '' "no backup beside a sum of another: $t_plan" ||
	    diag "$(cat err)"
done
fresh
planned 'at fsync.1 die-before'
shipped --mode 0440
outcome 0 '--mode that forbids us to write, and a loss'
is "$(stat -c %a "$TO/x")" 440 'has that mode'
fresh
planned 'at rename.2 status-after 4'
shipped --sum
BESIDE=
is "$(judged 0)" '' 'a rename that is done, and answered with a failure' ||
    diag "$ERR"
ok 'the sum is there' sh -c "cd $TO && b2sum -c x.b2"
fresh
planned 'at open.2 die-before' 'from open.3 status 3'
shipped
outcome 0 'who may not read, and a loss after the name was given'
fresh
ln -s nowhere "$TO/x"
planned "log $SCRATCH/log2"
shipped
is "$RC" 2 'a link that leads nowhere'
is "$(grep -ac write log2)" 0 'is refused before a byte is sent'
rm "$TO/x"
fresh
planned 'at fsync.1 lose 1000'
shipped
is "$RC,$(ls "$TO")" 1, 'cut behind our back: not published'
for t_n in 1 2 3 4 5; do
	fresh
	planned "at open.2 slow $((t_n * 20))" 'at rename.1 die-after'
	shipped --connections 2
	outcome 0 "a second connection in the middle of the end ($t_n)"
done

# --- the same under sshd, through libssh2 ------------------------------------------

sshd_start
cp "$FAKE" "$BIN/helper/prand" "$SCRATCH/bin/"
TO=$REMOTE/to
PLAN=$REMOTE/plan
as_server()
{
	rm -rf "$TO"
	mkdir "$TO"
	chmod 777 "$TO"
	[ -z "${1:-}" ] || old_one
	BEFORE=${1:-}
}
fresh() { as_server "$@"; }
chmod 777 "$REMOTE"
if ! curves; then
	untested 'libssh2: it has no elliptic curves'
elif sshd_shell; then
	sshd_stop
	sshd_start "ForceCommand $SCRATCH/bin/sftp-fake $PLAN"
	SHIP="pgb-ship $COMMON --transport libssh2 -i $SSH_KEY
	    --known-hosts $KNOWN_HOSTS"
	URL=$SFTP_URL$TO/x
	at_every die-after 0 --overwrite
	at_every cut 0
	at_every wrong-id '0 5'
	at_every 'status 4' '0 5' --overwrite
	fresh
	planned 'at write.3 stall'
	shipped
	outcome 0 'a server that stands still'
	fresh
	planned 'full 300000'
	shipped
	outcome 5 'a full disk'
else
	untested 'libssh2: the server has no shell'
fi

done_testing
