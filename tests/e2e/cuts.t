#!/bin/sh
# SPDX-License-Identifier: ISC
# A stream that is cut at a structural edge, or beside one, is refused by every
# order of programs, and nothing of it is published.
. "${0%/*}/../lib.sh"

need age pg_dump zstd lz4 gzip
pg_start
cd "$SCRATCH" || exit
createdb tiny
sql tiny "CREATE TABLE a (id int PRIMARY KEY, t text);
    CREATE TABLE b (a int REFERENCES a);
    INSERT INTO a SELECT i, repeat(md5(i::text), CASE i WHEN 1 THEN 4000
	ELSE 20 END) FROM generate_series(1, 5) i;
    INSERT INTO b SELECT id FROM a;
    SELECT lo_from_bytea(0, 'one'), lo_from_bytea(0, 'two')" >/dev/null
pg_dump -Fc tiny | cat >dump
pg_dump -Fc -Z0 tiny | cat >dump0
pg_dump -Ft tiny >tar
pg_dump -Fp tiny >sql
pg_dumpall -l tiny >all.sql
pgb-encrypt --keygen key.txt >backup.pub 2>/dev/null
age -r "$(cat backup.pub)" dump0 >age
age -a -r "$(cat backup.pub)" dump >armor
gzip <dump0 >gzip
zstd -q <dump0 >zstd
lz4 -q <dump0 >lz4

# points FILE COUNT: where it is cut.  A format that the helper does not take
# apart is cut near both ends and here and there.
points()
{
	case $1 in
	dump* | age) "$BIN/helper/edges" "$1" "$2" ;;
	*) perl -e '$n = -s $ARGV[0];
	    print "$_\n" for grep { $_ >= 0 && $_ < $n }
		0 .. 11, map({ int($n * $_ / 16) } 1 .. 15),
		map({ $n - $_ } 1 .. 12, 511 .. 513, 1023 .. 1025)' \
	    "$1" | sort -nu ;;
	esac
}

# refused NAME FILE LINE: no cut of FILE, given to LINE as stdin, has status 0
# or makes the file "final".  The whole one makes it where the fourth argument
# is "whole", and does not where it is "never".  A fifth says how many cuts.
refused()
{
	t_bad=
	t_count=0
	for N in $(points "$2" "${5:-200}"); do
		t_count=$((t_count + 1))
		rm -rf to; mkdir to
		FILE=$2 N=$N /bin/sh -c "$3" >out 2>err
		t_rc=$?
		[ $t_rc = 1 ] && [ -z "$(ls -A to)" ] ||
		    t_bad="$t_bad $N:$t_rc"
	done
	is "$t_bad" '' "$1: each of $t_count cuts is refused with status 1" ||
	    diag "byte:status, of $(size "$2"); $(tail -n 3 err)"
	rm -rf to; mkdir to
	FILE=$2 N=$(size "$2") run /bin/sh -c "$3"
	if [ "$4" = whole ]; then
		status_is 0 "$1: the whole one is accepted"
		ok "$1: and published" test -s to/final
	else
		status_is 1 "$1: the whole one too"
		is "$(ls -A to)" '' "$1: and not published"
	fi
}

# The last LF of armor proves nothing: without it the file is whole, and with
# one byte less it is not.
perl -0777 -pi -e 's/\n\z//' armor

cut='head -c $N $FILE |'
for file in dump dump0 tar sql all.sql gzip zstd lz4 armor; do
	refused "$file|S" $file "$cut pgb-ship --sink to/final" whole
done
for file in dump dump0; do
	refused "$file|V|S" $file "$cut pgb-verify | pgb-ship --sink to/final" \
	    whole 60
	refused "$file|E|S" $file "$cut pgb-encrypt -R backup.pub |
	    pgb-ship --sink to/final" whole 60
	refused "$file|E|V -i|S" $file "$cut pgb-encrypt -R backup.pub |
	    pgb-verify -i key.txt | pgb-ship --sink to/final" whole 60
done

# Binary age shows no end without a key, and head gives no mark.
refused 'age|S' age "$cut pgb-ship --sink to/final" never
refused 'age|V|S' age "$cut pgb-verify | pgb-ship --sink to/final" never
refused 'age|V -i|S' age "$cut pgb-verify -i key.txt |
    pgb-ship --sink to/final" whole
refused 'age|E -d|S' age "$cut pgb-encrypt -d -i key.txt |
    pgb-ship --sink to/final" whole
like "$(head -c 5000 age | pgb-ship --sink to/final2 2>&1)" 'hint' \
    'an age file without a mark: the hint names a remedy'

rm -rf to
mkdir to
try 'pgb-encrypt -R backup.pub <dump | pgb-ship --sink to/final'
status_is 0 'pgb-encrypt marks its pipe: accepted'
is "$(age -d -i key.txt to/final | md5sum)" "$(md5sum <dump)" \
    'and stock age reads what was published'
try 'pgb-encrypt -R backup.pub <dump | cat | pgb-ship --sink to/second'
status_is 1 'cat between loses the mark: refused'
is "$(ls -A to)" final 'and nothing of it stays'

done_testing
