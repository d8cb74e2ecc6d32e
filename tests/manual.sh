# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# The displays of the manual: lines to be typed, and what is shown.  A test
# names the pages that it answers for; a display of them that it never asks for
# makes it fail, so that nothing gets into a page without a test.

# manual PAGE...: this test answers for these pages of man/.
manual()
{
	MANUAL=$SCRATCH/manual
	mkdir "$MANUAL"
	for m_page; do
		mkdir "$MANUAL/$m_page"
		mandoc -T ascii "$TOP/man/$m_page" | perl -pe 's/.\x08//g' |
		    tr -s ' \t' ' ' >"$MANUAL/$m_page.shown"
		T_DIR=$MANUAL/$m_page perl -e "$m_displays" "$TOP/man/$m_page" ||
		    bail "$m_page: no displays"
	done
}

# Each display becomes a file "SECTION N" as a reader sees it; the prompt of a
# single line is no part of it.
# shellcheck disable=SC2016
m_displays='
	use strict;
	my ($section, $n, $block) = ("", 0, undef);
	sub put {
		my ($text) = @_;
		$n++;
		$text =~ s/\\e/\\/g;
		$text =~ s/\\&//g;
		open my $f, ">", "$ENV{T_DIR}/$section $n" or exit 1;
		print $f $text;
	}
	while (<>) {
		if (defined $block) {
			if (/^\.Ed/) { put($block); $block = undef; }
			else { $block .= $_; }
		} elsif (/^\.S[hs] "?(.*?)"?$/) {
			($section, $n) = ($1, 0);
			$section =~ tr{/}{ };
		} elsif (/^\.Bd -literal/) {
			$block = "";
		} elsif (/^\.Dl (\$ )?(.*\n)/) {
			put($2);
		}
	}'

# display PAGE SECTION N: its Nth display, which has now been asked for.
display()
{
	[ -f "$MANUAL/$1/$2 $3" ] || { fail "$1: $2: no display $3"; return 1; }
	: >"$MANUAL/$1/$2 $3.asked"
	cat "$MANUAL/$1/$2 $3"
}

# example PAGE N WHAT: the Nth of its EXAMPLES, run by sh after the test's
# here() has put in its own names, paths and times, ends well.
example()
{
	m_line=$(display "$1" EXAMPLES "$2" | here)
	try "$m_line"
	status_is 0 "$1, example $2: $3" || note "$m_line"
}

# manual_done: each page has five examples, every display has been asked for,
# and is to be found in the page as it is printed.
manual_done()
{
	for m_page in "$MANUAL"/*/; do
		m_page=${m_page%/}
		m_name=${m_page##*/}
		m_count=0
		for m_file in "$m_page"/*[0-9]; do
			case $m_file in *EXAMPLES*) m_count=$((m_count + 1)) ;; esac
			ok "$m_name: ${m_file##*/} is known to a test" \
			    test -e "$m_file.asked"
			is "$(tr -s ' \t' ' ' <"$m_file" | sed 's/^ //' |
			    while IFS= read -r m_line; do
				grep -qF -e "$m_line" "$m_page.shown" ||
				    printf '%s\n' "$m_line"
			done)" '' "$m_name: ${m_file##*/} is printed as it was tested"
		done
		ok "$m_name has five examples or more: $m_count" \
		    test "$m_count" -ge 5
	done
}

# --- DIAGNOSTICS ---------------------------------------------------------------

# diagnostics PAGE...: this test answers for the messages of these pages.
diagnostics()
{
	DIAGNOSED=$SCRATCH/diagnosed
	mkdir "$DIAGNOSED"
	for m_page; do
		sed -n '/^\.Sh DIAGNOSTICS/,/^\.Sh SEE/s/^\.It "\(.*\)"$/\1/p' \
		    "$TOP/man/$m_page" >"$DIAGNOSED/$m_page"
		[ -s "$DIAGNOSED/$m_page" ] || bail "$m_page: no diagnostics"
		sort "$DIAGNOSED/$m_page" >"$DIAGNOSED/$m_page.sorted"
		: >"$DIAGNOSED/$m_page.seen"
	done
}

# diagnosed PAGE PART: the message of the page that has PART in it is a line of
# ERR.  N and M stand there for numbers, words in capitals for names.
diagnosed()
{
	m_item=$(grep -F -e "$2" "$DIAGNOSED/$1")
	if [ "$(printf '%s\n' "$m_item" | wc -l)" != 1 ] || [ -z "$m_item" ]; then
		fail "$1: one message with: $2"
		return 1
	fi
	printf '%s\n' "$m_item" >>"$DIAGNOSED/$1.seen"
	like "$ERR" "^pgb-[a-z]*: ((error|warning|note): )?$(printf '%s\n' "$m_item" |
	    sed 's/^note: //; s/[][().*+?{}|^$\\]/\\&/g; s/\\\.\\\.\\\./.*/g
		s/\b\(N\|M\|[0-9][0-9]*\)\b/[0-9]+/g
		s/\b\(FILE\|REPORT\|DIR\|DB\|COMMAND\)\b/.+/g')" "$1: $m_item"
}

# elsewhere PAGE PART TEST WORDS: the message of the page that has PART in it is
# seen by another test, as these words tell.
elsewhere()
{
	grep -F -e "$2" "$DIAGNOSED/$1" >>"$DIAGNOSED/$1.seen"
	ok "$1: tests/$3 sees: $2" grep -qF -e "$4" "$TOP/tests/$3"
}

# diagnostics_done: every message of the pages was seen.
diagnostics_done()
{
	for m_file in "$DIAGNOSED"/*.[0-9]; do
		is "$(sort -u "$m_file.seen" | comm -13 - "$m_file.sorted")" '' \
		    "${m_file##*/}: no other message"
	done
}
