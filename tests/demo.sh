#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The whole pipeline on throw-away servers: a sample database is dumped,
# verified, encrypted and shipped, then fetched and restored with stock tools
# alone, and compared with its source.
#
#	DEMO_MB=300	size of the sample database, in megabytes (default 16)
#	KEEP=1		keep the scratch directory

. "${0%/*}/lib.sh"
. "$TOP/tests/same.sh"

die()
{
	echo "demo: error: $*" >&2
	exit 1
}

say() { printf '\n== %s\n' "$*"; }

# do_line TEXT: show a line of shell, run it under /bin/sh as it stands, show
# how long it took.
do_line()
{
	printf '\n$ %s\n' "$1"
	t0=$(date +%s%N)
	/bin/sh -c "$1" || die "status $? of the line above"
	t1=$(date +%s%N)
	printf '  (%d.%02d s)\n' $(((t1 - t0) / 1000000000)) \
	    $(((t1 - t0) / 10000000 % 100))
}

need age pg_restore sftp

say "a throw-away PostgreSQL and a throw-away sshd"
pg_start
sshd_start
cd "$SCRATCH" || exit
ln -s "$REMOTE" vault
echo "PostgreSQL $(sql postgres 'SHOW server_version'), unix socket $PGHOST"
echo "sshd on 127.0.0.1 port $SSHD_PORT, its files in $REMOTE"

say "a sample database of about ${DEMO_MB:-16} MB"
pg_fill appdb "${DEMO_MB:-16}"
db_print appdb >source.txt || die 'cannot read the source'
db_schema appdb >source.sql || die 'cannot read the source'
grep ' rows' source.txt | awk -F '\t' '{ printf "  %-46s %12s\n", $1, $2 }'
awk -F '\t' '/^large object/ { n++; b += $2 }
    END { printf "  %-46s %7d, %d bytes\n", "large objects", n, b }' source.txt

say 'a key pair: the identity stays with who restores'
do_line 'pgb-encrypt --keygen key.txt >backup.pub'

say 'the backup, in one line'
to=$SFTP_URL$REMOTE/appdb-{time}.dump.age
do_line "pgb-dump appdb | pgb-verify | pgb-encrypt -R backup.pub |
    pgb-ship --sink --known-hosts $KNOWN_HOSTS -i $SSH_KEY \\
    '$to' >record.json"
cat record.json
made=$(cd "$REMOTE" && echo appdb-*.dump.age)
[ -s "$REMOTE/$made" ] || die 'no file arrived'

say 'the same with a stage that dies: nothing arrives, and the status says so'
line="pgb-dump appdb | head -c 100000 | pgb-encrypt -R backup.pub |
    pgb-ship --sink --known-hosts $KNOWN_HOSTS -i $SSH_KEY \\
    '$SFTP_URL$REMOTE/broken.dump.age'"
printf '\n$ %s\n' "$line"
/bin/sh -c "$line" && die 'a broken stream was accepted'
echo "  (status $?)"
[ "$(ls -A "$REMOTE")" = "$made" ] || die 'a broken stream left something'

say 'and back, with stock sftp, age and pg_restore alone'
do_line "sftp -q -F $SSH_CONFIG 'vault:$REMOTE/$made' fetched.age"
do_line 'createdb restored'
do_line 'age -d -i key.txt fetched.age | pg_restore --exit-on-error -d restored'

say 'the proof'
db_print restored >restored.txt || die 'cannot read the restored database'
db_schema restored >restored.sql || die 'cannot read the restored database'
cmp source.txt restored.txt || die 'the restored data differ'
cmp source.sql restored.sql || die 'the restored schema differs'
cut -c 1-100 restored.txt | head -n 8
echo "  ... $(wc -l <restored.txt) checksums and $(wc -l <restored.sql)" \
    "lines of schema: all equal"
echo
echo "database:            $(sql appdb "SELECT pg_database_size('appdb')") bytes"
echo "backup:              $(size "$REMOTE/$made") bytes, $REMOTE/$made"
echo 'restored database equals the source'
[ "${KEEP:-0}" = 1 ] || echo '(all of it is removed now; KEEP=1 keeps it)'
