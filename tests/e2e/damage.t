#!/bin/sh
# SPDX-License-Identifier: ISC
# pgb-verify refuses damaged archives, of every version and compression, where
# pg_restore takes them; what no check can see is counted, and refused with
# --check.
. "${0%/*}/../lib.sh"
need b2sum
pg_start
PATH=$BIN/helper:$PATH
cd "$SCRATCH" || exit

# Small, so that every bit of it can be turned round.
createdb small
psql -Xq -v ON_ERROR_STOP=1 -d small >fill.log 2>&1 <<'END' ||
CREATE ROLE dmg_reader;
CREATE SCHEMA shop;
CREATE TABLE shop.buyer (id int PRIMARY KEY, name text NOT NULL,
    since date DEFAULT '2020-01-01');
CREATE TABLE shop.sale (id bigint, buyer int REFERENCES shop.buyer,
    "what ""odd""" text, paid numeric(9,2));
CREATE SEQUENCE shop.numbers START 7 OWNED BY shop.sale.id;
CREATE INDEX sale_buyer ON shop.sale (buyer);
CREATE VIEW shop.rich AS SELECT b.name FROM shop.buyer b
    JOIN shop.sale s ON s.buyer = b.id WHERE s.paid > 10;
CREATE FUNCTION shop.twice(n int) RETURNS int LANGUAGE sql
    AS $f$ SELECT n * 2 -- '$$' $f$;
COMMENT ON TABLE shop.buyer IS 'who buys; it''s "us"';
INSERT INTO shop.buyer SELECT g, 'name ' || g FROM generate_series(1, 9) g;
INSERT INTO shop.sale SELECT g, 1 + g % 9, E'a\tb\\' || g || 'é', g * 1.5
    FROM generate_series(1, 12) g;
CREATE MATERIALIZED VIEW shop.sums AS SELECT buyer, sum(paid) FROM shop.sale
    GROUP BY 1;
GRANT SELECT ON shop.buyer TO dmg_reader;
SELECT lo_from_bytea(16500, 'a large object');
SELECT lo_from_bytea(4000000000, 'another');
SELECT lo_from_bytea(16501, '');
GRANT SELECT ON LARGE OBJECT 16501 TO dmg_reader;
COMMENT ON LARGE OBJECT 16500 IS 'a picture';
END
    bail "small: $(tail -n 5 fill.log)"
pg_dump -Fc small >small.dump || bail 'pg_dump'
own=$(od -An -tu1 -j6 -N1 small.dump | tr -d ' ')

# --- the formats ------------------------------------------------------------

# Those of MINOR:COMPRESSION that can be made of this pg_dump's.
formats=
for f in 14:none 14:gzip 15:none 15:gzip 15:lz4 15:zstd \
    16:none 16:gzip 16:lz4 16:zstd; do
	[ "${f%:*}" -lt "$own" ] || formats="$formats $f"
done

# make_format FORMAT OUTPUT [WORD...]
make_format()
{
	t_of=$1 t_to=$2; shift 2
	convert small.dump "${t_of%:*}" "${t_of#*:}" "$@" >"$t_to" ||
	    bail "convert $t_of $*"
}

# restores FILE: what pg_restore says of it, -l and -f; from a pipe, where nobody
# can seek, or with SEEK=1 from the file.  A signal counts as 128 and more.
SEEK=0
restores()
{
	t_l=$(restored "$1" -l)
	echo "$t_l/$(restored "$1" -f -)"
}
restored()
{
	t_file=$1; shift
	if [ $SEEK = 1 ]; then
		sh -c 'timeout 10 pg_restore "$@"; exit $?' - "$@" <"$t_file"
	else
		# shellcheck disable=SC2002
		cat "$t_file" |
		    sh -c 'timeout 10 pg_restore "$@"; exit $?' - "$@"
	fi >restored 2>restored.err
	echo $?
}

readable=
for f in $formats; do
	for w in '' offsets second sums; do
		# shellcheck disable=SC2086
		make_format "$f" whole.dump $w
		try 'pgb-verify --sink --report r.json <whole.dump'
		is "$RC $(printf '%s\n' "$ERR" | grep -Ev \
		    'carries no checksum|a second table of contents')" '0 ' \
		    "$f $w: whole"
		like "$(cat r.json)" '"rows":9.*"rows":12' "$f $w: the rows"
		[ "$(restores whole.dump)" = 0/0 ] || continue
		[ -n "$w" ] || readable="$readable $f"
	done
	make_format "$f" "whole-$f.dump"
done
note "formats:$formats; this pg_restore reads:$readable"

# --- the damage table -------------------------------------------------------

# What a sound archive could say as well: a dump of another minute, or with
# pg_dump --encoding=BIG5.
invisible='another minute|encoding BIG5'

# row NAME COMMAND...: of each format a damaged archive is made by the command,
# with FORMAT as its environment, and judged.
row()
{
	t_name=$1; shift
	t_cells='' t_bad='' t_none=1
	for FORMAT in $formats; do
		if ! "$@" >damaged 2>judge.err ||
		    cmp -s damaged "whole-$FORMAT.dump"; then
			t_cells="$t_cells $(printf '%8s' .)"
			continue
		fi
		t_none=0
		timeout 20 pgb-verify --sink <damaged >out 2>err
		t_ours=$?
		t_theirs=-
		case " $readable " in
		*" $FORMAT "*) t_theirs=$(restores damaged) ;;
		esac
		t_cells="$t_cells $(printf '%8s' "$t_ours:$t_theirs")"
		t_want=1
		case "|$invisible|" in *"|$t_name|"*) t_want=0 ;; esac
		[ "$t_ours" = "$t_want" ] || t_bad="$t_bad $FORMAT:$t_ours"
		[ "$t_want" = 1 ] || unlike_whole || t_bad="$t_bad $FORMAT:--check"
	done
	printf '# %-38s%s\n' "$t_name" "$t_cells"
	is "$t_bad$([ $t_none = 0 ] || echo none)" '' "damage: $t_name"
}

# --check sees what nothing else can.
unlike_whole()
{
	b2sum <"whole-$FORMAT.dump" >sum.b2
	pgb-verify --sink --check sum.b2 <damaged >out 2>err
	[ $? = 1 ] && pgb-verify --sink --check sum.b2 <"whole-$FORMAT.dump" \
	    >out 2>err
}

damaged() { judge damage "whole-$FORMAT.dump" "$1"; }
damaged_offsets()
{
	make_format "$FORMAT" set.dump offsets
	judge damage set.dump "$1"
}
hurt() { make_format "$FORMAT" /dev/stdout "hurt:$1"; }

note 'pgb-verify : pg_restore -l / -f (from a pipe); 124: ran until it was stopped'
# shellcheck disable=SC2046,SC2086
printf '# %-38s%s\n' '' "$(printf ' %8s' $formats)"
judge damage "whole-${formats##* }.dump" >names
while read -r name; do
	row "$name" damaged "$name"
done <names
SEEK=1
for name in 'count - 1' 'a block missing' 'two blocks swapped'; do
	row "$name; offsets, a file" damaged_offsets "$name"
done
SEEK=0
convert hurts >names
while read -r name; do
	row "$name" hurt "$name"
done <names

# --- every cut --------------------------------------------------------------

for f in $formats; do
	judge cuts "whole-$f.dump" >cuts || bail "judge: $f"
	is "$(grep -c '^unseen' cuts)" 0 "$f: every cut is seen"
done
f=${formats##* }
make_format "$f" second.dump second
is "$(judge cuts second.dump | grep '^unseen')" \
    "unseen: cut at byte $(size "whole-$f.dump")" \
    'second TOC: every cut, but in front of it: that archive is whole'

# --- every flipped bit ------------------------------------------------------

# total REGION COLUMN: of the last flips; tried 3, unseen 7, noted 8.
total()
{
	awk -F '\t' -v r="$1" -v c="$2" '
		$1 == r && $2 == "all" { n += $c }
		END { print n + 0 }' flips
}

# changing FILE FORMAT: flips of the data that were not seen although what the
# data decompress to is another: none where there is a checksum.  (Some flips
# change nothing: up to seven bits behind the end of a deflate stream are not
# used, codes are described that do not occur, windows are larger than need be.)
changing()
{
	convert "$1" "${2%:*}" none >want || bail "convert: $1"
	sed -n 's/^unseen: byte \([0-9]*\) bit \([0-9]\): data of.*/\1 \2/p' \
	    flips >list
	while read -r byte bit; do
		judge flip "$1" "$byte" "$bit" >flipped
		convert flipped "${2%:*}" none 2>&1 | cmp -s - want ||
		    echo "byte $byte bit $bit"
	done <list
}

# What the TOC's checks cover, so that no flip of it stays unseen.  Names of
# functions hold types, which stand nowhere else; a table's kind of relation is
# one bit from that of a partitioned one, which makes it the same.
sure='count|data flag|catalog|kind|section|OIDs in rows|offset flag|offset|schema'
sure="$sure|access method|length of a string"
sure="($sure) of entry|kind of relation of entry [0-9]+ .[^T]|dump ID of entry [0-9]+ .(TABLE|BLOBS) "
sure="$sure|name of entry [0-9]+ .(TABLE|VIEW|MAT|SEQ|INDEX|CON|FK|SCHEMA|COMMENT)"

# flips FILE NAME
flips()
{
	judge flips "$1" >flips || bail "judge: $2"
	note "$2: $(size "$1") bytes; flipped bits: seen by the walker, the" \
	    'checks of the TOC, of the data; not seen (of these noted)'
	awk -F '\t' '!/^unseen|^region|^second TOC.[^a]/ {
		printf "#   %-11s %-20s ", $1, $2
		printf "%6d: %6d %6d %6d; %5d (%d)\n", $3, $4, $5, $6, $7, $8
	}' flips
	is "$(total framing 7)" 0 "$2: framing: every flip is seen"
	is "$(total 'second TOC' 7)" 0 "$2: second TOC: every flip is seen"
	is "$(grep -E "^unseen: byte [0-9]+ bit [0-9]: ($sure)" flips)" \
	    '' "$2: TOC: every flip of the fields that are checked is seen"
	is "$(grep -E '^unseen: .*: (magic|version|sizes|format) of header' \
	    flips)" '' "$2: header: version and sizes"
	tried=$(total TOC 3)
	missed=$(total TOC 7)
	note "$2: of $tried flips in the TOC $missed are not seen:" \
	    "$((missed * 1000 / tried)) of 1000"
	ok "$2: at most $most of 1000 flips in the TOC are not seen" \
	    test $((missed * 1000)) -le $((tried * most))
}

# What is not seen of the flips in the TOC: names, numbers and texts that stand
# in it only once, and could be anything.
most=60
for f in $formats; do
	case $f in
	14:gzip) make_format "$f" flip.dump ;;
	15:lz4|16:zstd) make_format "$f" flip.dump sums ;;
	16:gzip) make_format "$f" flip.dump second ;;
	*) continue ;;
	esac
	flips flip.dump "$f"
	is "$(changing flip.dump "$f")" '' \
	    "$f: every flip in the data is seen, or changes nothing"
done
make_format "$f" flip.dump
flips flip.dump "$f, without checksums"
note "$f, without checksums: of $(total payload 3) flips in the data" \
    "$(total payload 7) are not seen"
grep '^unseen' flips | sed 's/^unseen: byte [0-9]* bit [0-9]: //' | sort |
    uniq -c | sort -rn | sed 's/^/# not seen: /'

# Whatever no check sees, --check does: every hundredth of them.
b2sum <flip.dump >sum.b2
sed -n 's/^unseen: byte \([0-9]*\) bit \([0-9]\):.*/\1 \2/p' flips |
    awk 'NR % 100 == 1' >list
while read -r byte bit; do
	judge flip flip.dump "$byte" "$bit" >damaged
	pgb-verify --sink --check sum.b2 <damaged >out 2>err
	[ $? = 1 ] || echo "byte $byte bit $bit: $(cat err)"
done <list >wrong
is "$(cat wrong)" '' "--check refuses $(wc -l <list) that no check sees"

# Threads change no verdict, and no first error.
for f in $formats; do
	is "$(judge threads "whole-$f.dump" 3 97)" \
	    "tried $((($(size "whole-$f.dump") * 8 + 96) / 97)), differ 0" \
	    "$f: three threads say what one says"
done

# --- beside pg_restore ------------------------------------------------------

# Of the formats that this pg_restore reads, the last one that is compressed.
f=${readable##* }
make_format "$f" flip.dump offsets
pg_restore -f - <flip.dump | grep -v '^.\(un\)*restrict ' >want.sql
both=0 ours=0 theirs=0 same=0 other=0 list=0
: >explain
judge sample flip.dump 300 >sample
while read -r how; do
	# shellcheck disable=SC2086
	judge $how >damaged
	timeout 20 pgb-verify --sink <damaged >out 2>err
	a=$?
	pg_restore -l <damaged >out 2>&1 && list=$((list + 1))
	timeout 10 pg_restore -f - <damaged >f.out 2>f.err
	b=$?
	case $a:$b in
	0:0)	grep -v '^.\(un\)*restrict ' f.out | cmp -s - want.sql &&
		    same=$((same + 1)) || other=$((other + 1)) ;;
	0:*)	theirs=$((theirs + 1))
		echo "$how: status $b: $(head -n 1 f.err)" >>explain ;;
	*:0)	ours=$((ours + 1)) ;;
	*)	both=$((both + 1)) ;;
	esac
	[ $a -le 1 ] || echo "$how: pgb-verify: status $a" >>explain
done <sample
note "$f, 300 cuts and flips: both refuse $both; only pgb-verify $ours; only" \
    "pg_restore $theirs; both take $same without effect, $other with another" \
    "SQL; pg_restore -l takes $list"
is "$(cat explain)" '' 'nothing that pg_restore refuses is taken'

done_testing
