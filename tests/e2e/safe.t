#!/bin/sh
# SPDX-License-Identifier: ISC
# Status 0 means that every byte was accepted: not with a full device, a closed
# descriptor or a reader that has gone, for any program in any mode.
. "${0%/*}/../lib.sh"

need age pg_dump perl
pg_start
sshd_start
pg_fill appdb 0
cd "$SCRATCH" || exit
mkdir to
ok 'a key pair' sh -c 'pgb-encrypt --keygen key.txt >backup.pub'
pg_dump -Fc appdb | cat >dump
age -r "$(cat backup.pub)" -o dump.age dump
cp dump.age "$REMOTE/"
chmod 644 "$REMOTE/dump.age"
SSH="--known-hosts $KNOWN_HOSTS -i $SSH_KEY"

# modes: one command a line, each writing something to stdout; what it reads
# stands in front.
modes()
{
	for p in dump encrypt verify ship; do
		echo "/dev/null pgb-$p --help"
		echo "/dev/null pgb-$p --version"
	done
	cat <<-END
	/dev/null pgb-dump appdb
	/dev/null pgb-dump -s appdb
	/dev/null pgb-dump --list
	/dev/null pgb-dump --globals
	/dev/null pgb-dump --estimate appdb
	/dev/null pgb-encrypt --keygen to/new.key
	dump pgb-encrypt -R backup.pub
	dump.age pgb-encrypt -d -i key.txt
	dump pgb-verify
	dump pgb-verify --through cat
	dump pgb-ship to/passed
	dump pgb-ship --sink to/sunk
	dump pgb-ship $SSH $SFTP_URL$REMOTE/passed
	dump pgb-ship --sink $SSH $SFTP_URL$REMOTE/sunk
	/dev/null pgb-ship $SSH --fetch $SFTP_URL$REMOTE/dump.age
	END
}

# each FUNCTION: FUNCTION IN COMMAND..., for each mode.
each()
{
	modes >modes
	while read -r t_in t_line; do
		rm -rf to; mkdir to
		rm -f "$REMOTE/passed" "$REMOTE/sunk"
		# shellcheck disable=SC2086
		"$1" "$t_in" $t_line
	done <modes
}

good()
{
	t_in=$1; shift
	run "$@" <"$t_in"
	status_is 0 "$*: works"
	ok "$*: writes something" test -s "$SCRATCH/out"
}

full()
{
	t_in=$1; shift
	"$@" <"$t_in" >/dev/full 2>err
	RC=$? ERR=$(cat err) RAN=$*
	status_is 3 "$* >/dev/full: status 3"
	like "$ERR" 'No space left on device' "$* >/dev/full: says why"
	is "$(grep -c error: err)" 1 "$* >/dev/full: in one line"
	case $* in
	*--report*) ok 'no report' test ! -e report ;;
	*--keygen*)
		# A key is never deleted; the file tells its recipient too.
		like "$ERR" 'hint: to/new.key was written' "$*: says so"
		ok "$*: the key is whole" age-keygen -y to/new.key ;;
	esac
}

closed()
{
	t_in=$1; shift
	"$@" <"$t_in" >&- 2>err
	RC=$? ERR=$(cat err) RAN=$*
	status_is '2 3' "$* >&-: not status 0"
	like "$ERR" 'error:' "$* >&-: says why"
}

no_reader()
{
	t_in=$1; shift
	perl -e 'pipe R, W; open STDOUT, ">&W"; close R; exec @ARGV' "$@" \
	    <"$t_in" 2>err
	RC=$? ERR=$(cat err) RAN=$*
	status_is 3 "$*, nobody reads: status 3"
	unlike "$ERR" 'error:' "$*, nobody reads: no message"
}

each good
each full
each closed
each no_reader

# Closed and empty input.
closed_in()
{
	rm -rf to; mkdir to
	"$@" <&- >out 2>err
	RC=$? ERR=$(cat err) RAN=$*
	status_is '1 2 3' "$* <&-: refused"
	like "$ERR" 'error:' "$* <&-: says why"
	is "$(ls -A to)" '' "$* <&-: nothing is published"
}
empty_in()
{
	rm -rf to; mkdir to
	run "$@" </dev/null
	status_is 1 "$* </dev/null: status 1"
	is "$(ls -A to)" '' "$* </dev/null: nothing is published"
}
for how in closed_in empty_in; do
	$how pgb-verify
	$how pgb-verify --sink
	$how pgb-verify --through cat
	$how pgb-encrypt -R backup.pub
	$how pgb-encrypt -d -i key.txt
	$how pgb-ship to/final
	$how pgb-ship --sink to/final
	$how pgb-ship --raw --sink to/final
done

# A report is written after success only, for all four.
report()
{
	t_in=$1; shift
	rm -rf to report; mkdir to
	"$@" --report report <"$t_in" >/dev/full 2>/dev/null
	ok "$1 >/dev/full: no report" test ! -e report
	rm -rf to; mkdir to
	"$@" --report report <"$t_in" >out 2>err
	is $? 0 "$1 --report: status 0"
	is "$(wc -l <report)" 1 "$1 --report: one line"
	ok "$1 --report: it is JSON and names the program" perl -MJSON::PP -e \
	    'local $/; $r = decode_json(<STDIN>); exit($r->{program} ne $ARGV[0])' \
	    "$1" <report
}
report /dev/null pgb-dump appdb
report dump pgb-verify
report dump pgb-encrypt -R backup.pub
report dump pgb-ship to/final

# With stdin, stdout and stderr all closed, no file of ours becomes one of them.
rm -rf to; mkdir to
sh -c 'pgb-ship to/final <&- >&- 2>&-'
is "$(ls -A to)" '' 'all three closed: nothing is published'

done_testing
