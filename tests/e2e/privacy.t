#!/bin/sh
# SPDX-License-Identifier: ISC
# Who may hold a secret leaves no core file, lets nobody look into it, and gives
# no password to command lines, messages or reports.
. "${0%/*}/../lib.sh"
cd "$SCRATCH" || exit
chmod 755 .
mkdir public crash
chmod 1777 public crash
printf -- '--\n-- PostgreSQL database dump\n--\n\n--\n-- PostgreSQL database dump complete\n--\n\n' >plain
me=$(pgb-encrypt --keygen key)

# --- no core, no looks ------------------------------------------------------------

# Not root, who owns all of /proc and may look anywhere.
WHO=$(id -un)
[ "$WHO" != root ] || WHO=nobody
mkfifo public/in
chmod 666 public/in

# begin COMMAND: as WHO, with a stdin that brings nothing; sets PID.
begin()
{
	rm -f crash/*
	# shellcheck disable=SC2016
	(cd crash && as_user "$WHO" /bin/sh -c 'ulimit -c unlimited
	    echo $$ >pid; exec '"$1") <public/in >public/out 2>public/err &
	exec 3>public/in
	await 10 test -s crash/pid
	PID=$(cat crash/pid)
	await 10 grep -qs '^Max core file size  *0  *0 ' "/proc/$PID/limits"
}

# Whether a core would be seen here at all.
(cd crash && as_user "$WHO" /bin/sh -c 'ulimit -c unlimited; kill -SEGV $$') 2>/dev/null
CORES=$(find crash -name '*core*' | grep -c .)
[ "$CORES" != 0 ] || note 'cores go elsewhere on this machine'

while IFS=: read -r name command; do
	# A sanitizer would take the signal for a fault of ours.
	begin "env ASAN_OPTIONS=\$ASAN_OPTIONS:handle_segv=0 \
	    TSAN_OPTIONS=\$TSAN_OPTIONS:handle_segv=0 $command"
	like "$(cat "/proc/$PID/limits" 2>/dev/null)" 'Max core file size +0 +0 ' \
	    "$name: no core files"
	# A process that may be looked into owns its own files there.
	if [ "${PGB_SAN:-}" = '' ]; then
		is "$(stat -c %U "/proc/$PID/environ" 2>/dev/null)" root \
		    "$name: nobody looks into it"
	fi
	kill -SEGV "$PID"
	await 10 gone "$PID"
	is "$(find crash -name '*core*')" '' "$name: ends without a core"
	exec 3>&-
	wait
done <<END
pgb-encrypt:pgb-encrypt -r $me
pgb-verify:pgb-verify
pgb-dump:pgb-dump --filter - app
pgb-ship:pgb-ship --sink x.sql
END

# --- no password in sight --------------------------------------------------------------

pg_start
pg_fill app 0
sql postgres "SET password_encryption = 'scram-sha-256';
    CREATE ROLE secretary LOGIN SUPERUSER PASSWORD 'open sesame'"
{ echo 'local all secretary scram-sha-256'; cat "$PGHOST/data/pg_hba.conf"; } >hba
cat hba >"$PGHOST/data/pg_hba.conf"
sql postgres 'SELECT pg_reload_conf()' >reload
await 10 not psql -qwd 'dbname=app user=secretary' -c 'SELECT 1'

# All that is run in place of pg_dump and pg_dumpall tells how.
mkdir tools
for tool in pg_dump pg_dumpall; do
	cat >tools/$tool <<-END
	#!/bin/sh
	printf '%s\n' "$tool" "\$@" >>'$SCRATCH/words'
	exec '$PGBIN/$tool' "\$@"
	END
	chmod 755 tools/$tool
done
PGB_PGDUMP=$SCRATCH/tools/pg_dump
export PGB_PGDUMP
URI="postgresql://secretary:open%20sesame@/app?host=$PGHOST&sslpassword=hush"
WORDS="host=$PGHOST user=secretary password='open sesame' dbname=app"
HIDDEN='sesame|hush'
for conninfo in "$URI" "$WORDS"; do
	for job in '' --globals --estimate --list; do
		: >words
		run pgb-dump -v $job "$conninfo"
		status_is 0 "pgb-dump $job with a password in its conninfo"
		unlike "$ERR" "$HIDDEN" "$job: messages have none of it"
		[ "$job" = --list ] || ok "$job: a program was run" test -s words
		unlike "$(cat words)" "$HIDDEN" "$job: its command line has none"
	done
	run pgb-dump --report report "$conninfo"
	ok 'there is a report' test -s report
	unlike "$(cat report)$ERR" "$HIDDEN" 'a report has none of it'
	run pgb-dump -v "$(printf '%s\n' "$conninfo" | sed 's/open/shut/')"
	status_is 5 'a wrong one'
	unlike "$ERR" 'shut|sesame|hush' 'is not shown either'
done

# A name that is none may be a conninfo string.
run pgb-dump -v "postgresql://secretary:open%20sesame@/app?nonsense=1"
status_is 2 'a conninfo string that libpq does not take'
unlike "$ERR" sesame 'it is not shown'
run pgb-ship -v --sink 'sftp://me:open%20sesame@127.0.0.1:1/x.sql' <plain
unlike "$OUT$ERR" sesame 'nor is a password in an URL'
done_testing
