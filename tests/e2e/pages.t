#!/bin/sh
# SPDX-License-Identifier: ISC
# The man pages are sound mdoc, and name exactly the options that --help shows and
# the keys that a report has.
. "${0%/*}/../lib.sh"

need mandoc
cd "$TOP" || exit

# options_of_help: the options in the text, sorted, one a line.
options_of_help()
{
	grep -oE '(^|[ ,])--?[A-Za-z][A-Za-z0-9-]*' | tr -d ' ,' | sort -u
}

make -n install DESTDIR=/nowhere >"$SCRATCH/install" 2>/dev/null
for page in man/*.[1-9]; do
	is "$(mandoc -T lint -W warning "$page" 2>&1)" '' "$page: mandoc is content"
	case $page in
	*.5) set -- NAME DESCRIPTION EXAMPLES 'SEE ALSO' CAVEATS ;;
	*) set -- NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO' ;;
	esac
	for part; do
		ok "$page: $part" grep -q "^\.Sh $part" "$page"
	done
	is "$(grep -l "^manual .*${page#man/}" tests/e2e/*.t | wc -l)" 1 \
	    "$page: a test answers for what it displays"
	ok "$page is installed" grep -q "$page:" "$SCRATCH/install"
done

for p in pgb-dump pgb-encrypt pgb-verify pgb-ship; do
	ok "$p has a page" test -s "man/$p.1"
	run "$p" --help
	status_is 0 "$p --help"
	like "$OUT" "^[Uu]sage: $p" "$p --help begins with the usage"
	unlike "$OUT" '.{81}' "$p --help has 80 columns"
	# An option's line begins with it; what is said about it may name others.
	printf '%s\n' "$OUT" | sed -n 's/^ \{1,8\}\(-[^ ].*\)/\1/p' |
	    sed 's/   *.*//' | options_of_help >"$SCRATCH/help"
	# Fl sets a dash before each of its words, up to the next macro.
	sed -n 's/^\.It Fl/Fl/p' "man/$p.1" | tr ' ' '\n' | awk '
	    /^[A-Z][a-z]$/ { fl = $0 == "Fl"; next }
	    fl && /^[-A-Za-z]/ { print "-" $0 }' |
	    sort -u >"$SCRATCH/page"
	is "$(comm -23 "$SCRATCH/help" "$SCRATCH/page")" '' \
	    "man/$p.1 describes every option of --help"
	is "$(comm -13 "$SCRATCH/help" "$SCRATCH/page")" '' \
	    "man/$p.1 describes no other option"
	run "$p" --version
	like "$OUT" "^$p [0-9]" "$p --version"
done

# Keys that are written, those that are read back, and those of the page.
(
	cd cmd/pgb-verify || exit
	grep -ohE 'record_[a-z]+\([^,]+, "[a-z_0-9]+"' verify.c \
	    report/report.c ../../common/pump.c ../../common/record.c |
	    sed 's/.*, "//; s/"//'
	grep -oh ',\\"[a-z]*\\":\[' report/report.c | tr -cd 'a-z\n'
) | sort -u >"$SCRATCH/written"
sed -n '/ in_report\[\]/,/^};/p; / in_table\[\]/,/^};/p' \
    cmd/pgb-verify/report/earlier.c | sed -n 's/^	{ "\([a-z_0-9]*\)".*/\1/p' |
    sort -u >"$SCRATCH/keys"
sed -n 's/^\.It Va //p' man/pgb-report.5 | sed 's/ , /\n/g' |
    sort -u >"$SCRATCH/page"
ok 'a report has keys' grep -qx schema_blake2b "$SCRATCH/keys"
is "$(comm -23 "$SCRATCH/keys" "$SCRATCH/page")" '' \
    'pgb-report.5 describes every key'
is "$(comm -13 "$SCRATCH/keys" "$SCRATCH/page")" '' 'and no other'
is "$(comm -3 "$SCRATCH/keys" "$SCRATCH/written")" '' \
    'what is written is read back, and nothing else'

# proofs MACRO PAGE: the words that it says "proof" may have; what is written.
proofs()
{
	sed -n "/^\.It $1 proof\$/,/^\.It $1 [^p]/p" "$2" |
	    sed -n 's/^\.\(Li\|Ql\) \([a-z]*\)[ ,.;]*$/\2/p' | grep -v verified |
	    sort | tr '\n' ' '
}
proven=$(grep -oh 'proof = "[a-z]*"' common/pump.c cmd/pgb-verify/verify.c |
    cut -d '"' -f 2)
like "$proven" '^carrier$' 'a stream is proven by its form'
is "$(proofs Li man/pgb-ship.1)" "$(echo "$proven" | grep -v sum |
    sort | tr '\n' ' ')" 'pgb-ship.1 knows each proof of its record'
is "$(proofs Va man/pgb-report.5)" "$(echo "$proven" | grep -v own |
    sort | tr '\n' ' ')" 'pgb-report.5 those of a report'

done_testing
