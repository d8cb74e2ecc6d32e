# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2034
#
# Two archives of one snapshot, compared as the SQL that they hold.

# hold DATABASE: a session that exports a snapshot and keeps it; sets SNAP.
# One at a time.
hold()
{
	rm -f "$SCRATCH/held" "$SCRATCH/held.out"
	mkfifo "$SCRATCH/held"
	psql -XAtq -d "$1" <"$SCRATCH/held" >"$SCRATCH/held.out" 2>&1 &
	HELD=$!
	exec 8>"$SCRATCH/held"
	echo 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
	    SELECT pg_export_snapshot();' >&8
	await 10 test -s "$SCRATCH/held.out" || bail 'no snapshot'
	SNAP=$(cat "$SCRATCH/held.out")
}

# held TEXT: SQL for that session.
held() { printf '%s\n' "$*" >&8; }

# let_go: the session ends, and its snapshot.
let_go()
{
	echo '\q' >&8
	exec 8>&-
	wait "$HELD"
}

# to_sql ARCHIVE FILE: what stock pg_restore makes of it, every byte.
to_sql()
{
	if [ -z "${RESTRICT+x}" ]; then
		RESTRICT=
		pg_restore --help | grep -q -e --restrict-key &&
		    RESTRICT=--restrict-key=key
	fi
	pg_restore $RESTRICT -f "$2" "$1"
}

# entries ARCHIVE: its table of contents, dump IDs and all.
entries() { pg_restore -l "$1" | grep -v '^;'; }

# passed FILE: of the messages of pgb-dump -v, how many bytes came from stock
# pg_dump unchanged.
passed() { sed -n 's/.*passed through: \([0-9]*\) of [0-9]* bytes.*/\1/p' "$1"; }

# offsets ARCHIVE: one line: set, unset, mixed or wrong, and how many
# bytes follow the last block.
offsets() { "$BIN/helper/offsets" "$1"; }
