#!/bin/sh
# SPDX-License-Identifier: ISC
# A dump's memory has a bound: 48 MiB, 16 MiB for each session that reads, and
# 2.5 times the longest row for each.  So rows of 100 MB arrive as stock pg_dump
# has them, a large object of any size needs no more than a small one, and
# neither does a reader that stops.
. "${0%/*}/../lib.sh"
. "$TOP/tests/held.sh"

need perl md5sum
pg_start
cd "$SCRATCH" || exit

# meter PID FILE [BYTE SECONDS]...: stdin into the file, with a pause after each
# of the bytes; prints the most memory that the process has had, in KiB.  The
# process holds its last bytes back until all else is done, so that it has seen
# its worst when they are read.
cat >meter.pl <<'END'
use strict;
my ($pid, $file, @pauses) = @ARGV;
my ($bytes, $peak) = (0, 0);
open my $out, '>', $file or die "$file: $!";
while (1) {
	if (open my $status, '<', "/proc/$pid/status") {
		/^VmHWM:\s*(\d+) kB/ and $peak = $1 while <$status>;
	}
	my $got = sysread STDIN, my $buf, 65536;
	die "stdin: $!" unless defined $got;
	last if $got == 0;
	syswrite($out, $buf) == $got or die "$file: $!";
	$bytes += $got;
	if (@pauses && $bytes >= $pauses[0]) {
		shift @pauses;
		select undef, undef, undef, shift @pauses;
	}
}
print "$peak\n";
END

# measure DATABASE PAUSES WORD...: a dump of it into the file out; sets PEAK.
measure()
{
	t_db=$1 t_pauses=$2; shift 2
	rm -f stage/dump rc
	# shellcheck disable=SC2086
	{ stage dump pgb-dump -v "$@" "$t_db" 2>err; echo $? >rc; } |
	    perl meter.pl "$(stage_pid dump)" out $t_pauses >peak
	RC=$(cat rc) ERR=$(cat err) RAN="pgb-dump $* $t_db"
	PEAK=$(cat peak)
}

# print_sum ARCHIVE: a checksum of its SQL, too long to be kept.
print_sum() { to_sql "$1" - | md5sum; }

# stock DATABASE: sets WANT.
stock()
{
	pg_dump -Fc -Z0 "$1" >out || bail 'stock pg_dump'
	WANT=$(print_sum out)
	[ "$WANT" != "$(md5sum </dev/null)" ] || bail 'stock pg_restore'
}

# within NAME JOBS LONGEST: the last dump is stock's, and kept to the bound.
within()
{
	status_is 0 "$1: status 0"
	is "$(print_sum out)" "$WANT" "$1: what stock pg_dump has"
	is "$(passed err)" 0 "$1: nothing passed through"
	sanitized 'most of the memory is its own' && return
	t_bound=$((48 * 1024 + $2 * 16 * 1024 + $2 * $3 / 1024 * 5 / 2))
	ok "$1: at most $((t_bound / 1024)) MiB" test "$PEAK" -le "$t_bound"
	note "$1: $((PEAK / 1024)) MiB"
}

# --- long rows ----------------------------------------------------------------

createdb long
psql -Xq -v ON_ERROR_STOP=1 -d long >fill.log 2>&1 <<'END' || bail "$(cat fill.log)"
CREATE TABLE a_small AS SELECT g AS id, md5(g::text) AS t
    FROM generate_series(1, 20000) g;
-- A row a page, so that sessions share it; long ones as they are and as
-- TOAST has compressed them.
BEGIN;
CREATE TABLE b_text (id int, pad text, t text);
ALTER TABLE b_text ALTER pad SET STORAGE PLAIN, ALTER t SET STORAGE EXTERNAL;
INSERT INTO b_text SELECT g, repeat('p', 5000), 'small ' || g
    FROM generate_series(1, 60) g;
INSERT INTO b_text SELECT 0, repeat('p', 5000), repeat(md5('b'), 3125000);
ALTER TABLE b_text ALTER t SET STORAGE EXTENDED;
INSERT INTO b_text SELECT 0, repeat('p', 5000), repeat(md5('c'), 3125000);
INSERT INTO b_text SELECT g, repeat('p', 5000), 'small ' || g
    FROM generate_series(1, 60) g;
COMMIT;
BEGIN;
CREATE TABLE c_bytea (id int, b bytea);
ALTER TABLE c_bytea ALTER b SET STORAGE EXTERNAL;
INSERT INTO c_bytea SELECT g, 'small' FROM generate_series(1, 5000) g;
INSERT INTO c_bytea SELECT 0, convert_to(repeat(md5('d'), 1638400), 'UTF8');
INSERT INTO c_bytea SELECT g, 'small' FROM generate_series(1, 5000) g;
COMMIT;
-- Longer and shorter ones in turn: what is freed for one must do for the next.
CREATE TABLE d_turns (id int, pad text, t text);
ALTER TABLE d_turns ALTER pad SET STORAGE PLAIN;
INSERT INTO d_turns SELECT g, repeat('p', 5000),
    repeat('0123456789', 100000 * (7 * g % 30)) FROM generate_series(1, 3) g;
END
longest=$(sql long 'SELECT greatest(
    (SELECT max(octet_length(pad) + octet_length(t)) FROM b_text),
    (SELECT max(octet_length(b) * 2) FROM c_bytea))')
stock long
for j in 1 2; do
	for how in none gzip; do
		measure long '' -j $j -Z $how
		within "long rows, -j $j, $how" $j "$longest"
		ok 'and no less than that row' \
		    test "$PEAK" -gt $((longest / 1024))
	done
done

# --- large objects, and a reader that stops -----------------------------------

# Large objects come in pieces, so that a long one counts for nothing.
createdb slow
psql -Xq -v ON_ERROR_STOP=1 -d slow >fill.log 2>&1 <<'END' || bail "$(cat fill.log)"
CREATE TABLE a AS SELECT g AS id, repeat(md5(g::text), 30) AS t
    FROM generate_series(1, 90000) g;
CREATE TABLE b AS SELECT g AS id, md5(g::text) AS t
    FROM generate_series(1, 100000) g;
CREATE TABLE c AS SELECT * FROM a LIMIT 40000;
SELECT lo_from_bytea(5000, convert_to(repeat(md5('e'), 4915200), 'UTF8'));
SELECT count(lo_from_bytea(10000 + g,
    convert_to(repeat(md5(g::text), g % 50), 'UTF8')))
    FROM generate_series(1, 2000) g;
END
stock slow
for j in 1 2; do
	measure slow '1000000 1 60000000 .5 200000000 .5' -j $j -Z none
	within "a reader that stops, -j $j, none" $j 0
	ok 'more than a read was waiting' test "$PEAK" -gt 12288
	measure slow '1000000 .5' -j $j -Z gzip
	within "a reader that stops, -j $j, gzip" $j 0
done

done_testing
