#!/bin/sh
# SPDX-License-Identifier: ISC
# The harness itself: servers start, are private, and nothing stays behind.
. "${0%/*}/../lib.sh"

pg_start
is "$(sql postgres 'SHOW listen_addresses')" '' 'the server has no TCP port'
pg_fill shop 1
is "$(sql shop 'SELECT count(*) FROM pg_largeobject_metadata')" 7 \
    'the sample database has large objects'
try 'pg_dump -Fc shop | pg_restore -f /dev/null'
status_is 0 'the sample database can be dumped'

sshd_start
echo here >"$SCRATCH/file"
run sftp -q -b - -F "$SSH_CONFIG" vault <<END
put $SCRATCH/file
END
status_is 0 'sftp puts a file'
is "$(cat "$REMOTE/file")" here 'it is in the login directory'
port=$SSHD_PORT
sshd_stop
sshd_start
is "$SSHD_PORT" "$port" 'a second start has the same port'

# What a test that is killed leaves: nothing.
cat >"$SCRATCH/inner.t" <<END
#!/bin/sh
TOP="$TOP"
. "$TOP/tests/lib.sh"
pg_start
sshd_start
stage sleeper sleep 1000 &
echo "\$SCRATCH \$PG_PID \$SSHD_PID \$(stage_pid sleeper)" >"\$1.new"
mv "\$1.new" "\$1"
while :; do sleep 0.05; done
END
for status in 143 130; do
	signal=$(kill -l $status)
	rm -f "$SCRATCH/inner"
	# An asynchronous command of sh ignores SIGINT: perl gives it back.
	perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' \
	    sh "$SCRATCH/inner.t" "$SCRATCH/inner" &
	inner=$!
	await 30 test -s "$SCRATCH/inner" || bail 'the inner test did not start'
	read -r dir pids <"$SCRATCH/inner"
	kill -s $signal "$inner"
	wait "$inner" 2>/dev/null
	is $? $status "SIG$signal ends a test by that signal"
	ok "SIG$signal: its scratch directory is removed" test ! -e "$dir"
	for pid in $pids; do
		ok "SIG$signal: process $pid is gone" gone "$pid"
	done
done

done_testing
