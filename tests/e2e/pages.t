#!/bin/sh
# SPDX-License-Identifier: ISC
# The man pages are sound mdoc, and name exactly the options that --help shows.
. "${0%/*}/../lib.sh"

need mandoc
cd "$TOP" || exit

# options_of_help: the options in the text, sorted, one a line.
options_of_help()
{
	grep -oE '(^|[ ,])--?[A-Za-z][A-Za-z0-9-]*' | tr -d ' ,' | sort -u
}

for page in man/*; do
	is "$(mandoc -T lint -W warning "$page" 2>&1)" '' "$page: mandoc is content"
	for part in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO'
	do
		ok "$page: $part" grep -q "^\.Sh $part" "$page"
	done
done

for p in pgb-dump pgb-encrypt pgb-verify pgb-ship; do
	ok "$p has a page" test -s "man/$p.1"
	run "$p" --help
	status_is 0 "$p --help"
	like "$OUT" "^[Uu]sage: $p" "$p --help begins with the usage"
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

done_testing
