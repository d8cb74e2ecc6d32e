#!/bin/sh
# SPDX-License-Identifier: ISC
# Behind its walls no program opens, runs or reaches what it was not given; with
# --no-sandbox it could have.
. "${0%/*}/../lib.sh"
need perl age
cd "$SCRATCH" || exit
umask 077
mkdir beside plugins
cp "$BIN/helper/age-plugin-fake" plugins
echo secret >beside/file
printf '#!/bin/sh\n: >%s/ran\n' "$SCRATCH" >beside/program
chmod 755 beside/program
BARE=$PATH

# What there is to be tested here.
printf -- '--\n-- PostgreSQL database dump\n--\n\n--\n-- PostgreSQL database dump complete\n--\n\n' >plain
try 'pgb-verify -v --sink <plain'
WALLS=all
case $ERR in
*'under a sanitizer'*) WALLS=none ;;
*'no seccomp here'*'no Landlock here'* | *'no Landlock here'*'no seccomp here'*) WALLS=none ;;
*'no seccomp here'*) WALLS=landlock ;;
*'no Landlock here'*) WALLS=seccomp ;;
esac
note "walls: $WALLS"

# breach DEED COMMAND: try it behind the walls of a command.  OUTCOME: killed,
# refused, done, or what else became of it.
breach()
{
	rm -f ran
	PGB_TEST_BREACH=$1 /bin/sh -c "exec $2" >out 2>err
	b_rc=$?
	ERR=$(cat err)
	case $b_rc in
	100) OUTCOME=done ;;
	101) OUTCOME=refused ;;
	159) OUTCOME=killed ;;
	*) OUTCOME="status $b_rc: $ERR" ;;
	esac
	[ ! -e ran ] || OUTCOME=done
}

# shut NAME COMMAND: all doors of the sandbox; shut_run NAME COMMAND: one of them,
# where the walls are the same and are only entered in another place.
shut()
{
	shut_by "$1" "$2" "run $SCRATCH/beside/program" "connect $PORT" \
	    'abstract none' "kill $$" "trace $$" "remove $SCRATCH/beside/file"
}
shut_run() { shut_by "$1" "$2" "run $SCRATCH/beside/program"; }
shut_by()
{
	s_name=$1 s_command=$2
	shift 2
	for s_deed; do
		[ $WALLS = all ] || [ $WALLS = seccomp ] || continue
		breach "$s_deed" "$s_command"
		is "$OUTCOME" killed "$s_name: ${s_deed%% *} is killed"
		is "$(size out)" 0 "$s_name: and nothing is written"
	done
	[ $WALLS != none ] || return 0
	breach "read $SCRATCH/beside/file" "$s_command"
	is "$OUTCOME" refused "$s_name: read is refused"
	breach "write $SCRATCH/beside/new" "$s_command"
	is "$OUTCOME" refused "$s_name: write is refused"
	ok "$s_name: and nothing was made" test ! -e beside/new -a -e beside/file
}

# A port where nobody listens: that too would be an answer.
PORT=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
    LocalAddr => "127.0.0.1", Listen => 1)->sockport')

# --- what could be done -------------------------------------------------------

for deed in "read $SCRATCH/beside/file" "run $SCRATCH/beside/program" \
    "connect $PORT" "abstract none" "kill $$" "write $SCRATCH/beside/new" \
    "remove $SCRATCH/beside/new"; do
	breach "$deed" 'pgb-verify --no-sandbox --sink <plain'
	is "$OUTCOME" done "--no-sandbox: ${deed%% *} is done"
done

# --- pgb-encrypt and pgb-verify --------------------------------------------------

me=$(pgb-encrypt --keygen key)
fake=age1fake1qqqqqqqqqqqqqqqqnxla9p
echo AGE-PLUGIN-FAKE-1QQQQQQQQQQQQQQQQE69CVS >fake.key
echo 'open sesame' >pass
PATH=$PATH:$SCRATCH/plugins
pgb-encrypt -r "$me" <plain >key.age
pgb-encrypt -r "$fake" <plain >fake.age
pgb-encrypt --passphrase-file pass <plain >pass.age

shut encryption "pgb-encrypt -r $me --report report <plain"
shut_run 'to a plugin' "pgb-encrypt -r $fake <plain"
shut_run 'with a passphrase, armored' 'pgb-encrypt -a --passphrase-file pass <plain'
shut -d 'pgb-encrypt -d -i key --report report <key.age'
shut_run '-d, a plugin' 'pgb-encrypt -d -i fake.key <fake.age'
shut_run '-d, a key, and a passphrase in case' \
    'pgb-encrypt -d -i key --passphrase-file pass <pass.age'
shut --rekey "pgb-encrypt --rekey -i key -r $me <key.age"
shut_run '--rekey to a plugin' "pgb-encrypt --rekey -i key -r $fake <key.age"
shut --inspect 'pgb-encrypt --inspect <key.age'
shut pgb-verify 'pgb-verify --report report <plain'
shut_run 'pgb-verify, a plugin' 'pgb-verify -i fake.key <fake.age'
ok 'no report is left' test ! -e report

# Not a byte is read before: what is there to be read would never end.
for mode in "-r $me" '-d -i key' "--rekey -i key -r $me" --inspect; do
	[ $WALLS = none ] || [ $WALLS = landlock ] || {
		# shellcheck disable=SC2016
		breach 'run /bin/true' "perl -e '
		    pipe R, W; open STDIN, \"<&R\"; fcntl W, 2, 0;
		    exec @ARGV' pgb-encrypt $mode"
		is "$OUTCOME" killed "$mode: the doors are shut before a byte is read"
	}
done
PATH=$BARE
done_testing
