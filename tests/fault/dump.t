#!/bin/sh
# SPDX-License-Identifier: ISC
# Whichever call of pgb-dump fails: the status says so, one line says what,
# nothing that is not whole has a name or looks whole; or the result is whole.
. "${0%/*}/faults.sh"

pg_start
cd "$SCRATCH" || exit
createdb app
psql -Xq -d app -c "CREATE TABLE t (a integer PRIMARY KEY, b text);
    INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 50) i;
    CREATE TABLE u (a integer REFERENCES t);
    INSERT INTO u VALUES (1), (2)"
pg_dump app >app.sql
psql -Xq -d app -c "SELECT lo_from_bytea(0, 'large')" >/dev/null
pg_dump app >objects.sql

# What pg_restore makes of it is what pg_dump says of the database.
plain() { sed '/^--/d; /^\\\(un\)\{0,1\}restrict/d; /^$/d' "$1"; }
plain objects.sql >objects.want
SAME="pg_restore -f - | sed '/^--/d; /^\\\\\\(un\\)\\{0,1\\}restrict/d; /^\$/d' |
    cmp - $SCRATCH/objects.want"

# A run takes a quarter of a second: one call of each place is enough.
E=-E

# Lines of pg_dump's and of the server's.
OTHERS='^(pg_dump|HINT|DETAIL|CONTEXT)'

# All kinds and modes take too long for make check; make check-fault has them.
[ "$FAULTS" = all ] || KINDS=${FAULTS_KINDS:-'read=EIO read=end write=ENOSPC
    poll=ENOMEM connect=ECONNREFUSED socket=ENOBUFS result=ENOMEM'}
hit 'dump' $E -f "$OTHERS" -j "$SAME" -- pgb-dump -j1 app
ours()
{
	hit 'dump into a file of ours, report' $E -f "$OTHERS" -l file \
	    -l report -j "[ ! -e file ] || { $SAME; } <file" -- \
	    pgb-dump -j1 -f file --report report app
}
if [ "$FAULTS" != all ]; then
	KINDS=${FAULTS_KINDS:-'fsync=EIO rename=ENOSPC'}
	ours
	done_testing
fi
hit 'dump, 2 sessions, report' $E -f "$OTHERS" -l report -j "$SAME" -- \
    pgb-dump -j2 --split-pages 1 --report report app
hit 'dump into a file of ours' $E -f "$OTHERS" -l file \
    -j "[ ! -e file ] || { $SAME; } <file" -- pgb-dump -j1 -f file app
ours
hit 'dump into a file' $E -o -f "$OTHERS" -l OUT -j "$SAME" -- pgb-dump -j1 app
hit 'globals' $E -f "$OTHERS" -j "tail -n 5 | grep -q 'cluster dump complete'" -- \
    pgb-dump --globals
hit 'list' $E -- pgb-dump --list
hit 'estimate' $E -- pgb-dump --estimate app

done_testing
