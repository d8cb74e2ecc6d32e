#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What tests print, kept and counted; for matrix.sh and environments.sh.
#
#	sh tests/tally.sh keep TEST	run it; its output goes to PGB_TAP/NAME.tap
#					(and out), behind a line that tells of
#					which state of the tree, PGB_COMMIT, it is
#	sh tests/tally.sh count DIR	"files failed skipped tests failed", and a
#					line for each that failed or was skipped
#	sh tests/tally.sh commits DIR	of which states they are, and how many

set -u
export LC_ALL=C

keep()
{
	name=${1#"$PWD"/}
	name=${name#tests/}
	case $name in
	*/unit/*) name=unit.${name##*/} ;;
	*/fuzz/*) name=fuzz.${name##*/} ;;
	*) name=$(echo "$name" | tr / .) ;;
	esac
	log=$PGB_TAP/${name%.t}
	{ echo "# $PGB_COMMIT"; date +'# begun %s'; } >"$log.new"
	LC_ALL=${PGB_LOCALE:-C} timeout -k 30 3600 "$1" >>"$log.new" 2>&1
	status=$?
	{ date +'# ended %s'; echo "# status $status"; } >>"$log.new"
	mv "$log.new" "$log.tap"
	cat "$log.tap"
	exit "$status"
}

# judge LOG: one of "good", "bad", "skipped", and the results of a test.
judge()
{
	ok=$(grep -c '^ok ' "$1")
	not_ok=$(grep -c '^not ok ' "$1")
	if grep -q '^1\.\.0 # SKIP' "$1"; then
		verdict=skipped
	elif grep -q '^# status 0$' "$1" && [ "$not_ok" = 0 ] &&
	    grep -q "^1\.\.$ok\$" "$1"; then
		verdict=good
	else
		verdict=bad
	fi
}

count()
{
	files=0 bad=0 skipped=0 tests=0 failed=0
	for log in "$1"/*.tap; do
		[ -e "$log" ] || continue
		judge "$log"
		files=$((files + 1))
		tests=$((tests + ok + not_ok)) failed=$((failed + not_ok))
		[ "$verdict" != bad ] || bad=$((bad + 1))
		[ "$verdict" != skipped ] || skipped=$((skipped + 1))
	done
	echo "$files $bad $skipped $tests $failed"
	for log in "$1"/*.tap; do
		[ -e "$log" ] || continue
		judge "$log"
		name=${log##*/}
		name=${name%.tap}
		if [ "$verdict" = bad ]; then
			echo "    $name: FAILED $not_ok of $((ok + not_ok))"
			sed -n 's/^not ok/        not ok/p
			    s/^Bail/        Bail/p' "$log"
		fi
		sed -n "s/^1\.\.0 # SKIP/    $name: skipped:/p
		    s/^# cut short:/    $name: cut short:/p
		    s/^# untested:/    $name: untested:/p" "$log"
	done
}

commits()
{
	sed -s -n 1p "$1"/*.tap 2>/dev/null | sed 's/^# //' | sort |
	    uniq -c | sort -rn | awk '
		{ s = s (NR > 1 ? ", " : "") $2 " (" $1 ")" }
		END { print s }'
}

"$@"
