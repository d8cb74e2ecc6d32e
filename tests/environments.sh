#!/bin/sh
# SPDX-License-Identifier: ISC
#
# All tests in the environments that a person or a machine may have:
#
#	nobody	not as root, from a tree that cannot be written, in a directory
#		with blanks, built elsewhere (O=)
#	german	everything that knows German speaks it: the C library, the
#		server, pg_dump, psql, the shell's tools; in Kiritimati
#	blanks	in a directory with blanks, built there, with summer time
#
#	sh tests/environments.sh [nobody] [german] [blanks]
#
# Needs root, for the first.  PGB_ENV_TESTS="ship unit/said": these tests alone.
# Prints what failed, and a table.

set -u
export LC_ALL=C
: "${PGB_ENV_TESTS:=}"

error() { echo "environments: error: $*" >&2; exit 3; }

finish()
{
	trap '' INT TERM HUP
	# It ignores gentler words while it waits for what is inside.
	[ -z "${child:-}" ] || kill -KILL "$child" 2>/dev/null
	chmod -R u+w "$work" 2>/dev/null
	rm -rf --one-file-system "$work"
}

# put_tree DIR
put_tree()
{
	mkdir -p "$1" && tar -C "$top" -cf - Makefile cmd common tests man \
	    examples README.md | tar -C "$1" -xf -
}

# goals O: what is to be built.
goals()
{
	goal=check-build
	for t in $PGB_ENV_TESTS; do
		goal=all
		case $t in unit/*|fuzz/*) echo "$1/$t.t" ;; esac
	done
	echo "$goal"
	for f in "$top"/tests/helper/*.c; do
		f=${f##*/}
		echo "$1/helper/${f%.c}"
	done
}

# check TREE O COMMAND...: build and test by that command (env, setpriv).
check()
{
	tree=$1 built=$2; shift 2
	mkdir "$work/tap.$name" && chmod 777 "$work/tap.$name" || return
	# shellcheck disable=SC2046
	"$@" make -s -j2 -C "$tree" O="$built" $(goals "$built") || return
	tests=
	for t in $PGB_ENV_TESTS; do
		case $t in
		unit/*|fuzz/*) tests="$tests $built/$t.t" ;;
		*) tests="$tests tests/e2e/$t.t" ;;
		esac
	done
	# shellcheck disable=SC2086
	(cd "$tree" && PGB_EXEC='sh tests/tally.sh keep' PGB_COMMIT=$commit \
	    PGB_TAP=$work/tap.$name PGB_BUILD=$built \
	    "$@" sh tests/run.sh $tests)
}

# As a user with whom sshd agrees; the tree cannot be written even by root.
in_nobody()
{
	put_tree "$work/a tree" || return
	mkdir -m 700 "$work/home" "$work/tmp" && mkdir "$work/built" &&
	    chown backup "$work/home" "$work/built" "$work/tmp" &&
	    mount --bind "$work/a tree" "$work/a tree" &&
	    mount -o remount,ro,bind "$work/a tree" || return
	check "$work/a tree" "$work/built" setpriv --reuid="$(id -u backup)" \
	    --regid="$(id -g backup)" --clear-groups env -i \
	    PATH=/usr/local/bin:/usr/bin:/bin HOME="$work/home" \
	    TMPDIR="$work/tmp" PGB_EXEC='sh tests/tally.sh keep' \
	    PGB_COMMIT="$commit" PGB_TAP="$work/tap.nobody" \
	    PGB_BUILD="$work/built" PGB_SKIP_OK="${PGB_SKIP_OK:-0}"
}

in_german()
{
	mkdir -p "$work/locale" &&
	    localedef -i de_DE -f UTF-8 "$work/locale/de_DE.UTF-8" &&
	    put_tree "$work/german" || return
	# What nobody has built serves here, too.
	check "$work/german" "$work/built" env LANG=de_DE.UTF-8 \
	    LC_ALL=de_DE.UTF-8 LOCPATH="$work/locale" \
	    PGB_LOCALE=de_DE.UTF-8 'TZ=<+14>-14'
}

in_blanks()
{
	put_tree "$work/two  blanks/tree" || return
	check "$work/two  blanks/tree" .build env TZ=CET-1CEST,M3.5.0,M10.5.0/3
}

if [ "${1:-}" = --inside ]; then
	name=$2 top=$3 work=$4 commit=$5
	mount --make-rprivate / && "in_$name"
	exit
fi

self=$0
top=$(cd "${0%/*}/.." && pwd) || exit 3
[ "$(id -u)" = 0 ] || error 'needs root'
sh "$top/tests/deps.sh" || exit
commit=$(git -C "$top" rev-parse --short HEAD 2>/dev/null) || commit='?'
git -C "$top" diff --quiet HEAD 2>/dev/null || commit=$commit+
work=$(mktemp -d /tmp/pgb-env.XXXXXX) || exit 3
chmod 755 "$work"
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

[ $# != 0 ] || set -- nobody german blanks
status=0
for name; do
	case $name in nobody|german|blanks) ;; *) error "$name: unknown" ;; esac
	echo "environments: $name"
	unshare -m -p -f --mount-proc --kill-child \
	    sh "$self" --inside "$name" "$top" "$work" "$commit" &
	child=$!
	wait "$child" || status=1
	child=
done
echo
line='%-10s %6s %6s %7s %7s %6s\n'
# shellcheck disable=SC2059
printf "$line" '' files failed skipped tests failed
for name; do
	sh "$top/tests/tally.sh" count "$work/tap.$name" >"$work/count"
	# shellcheck disable=SC2046,SC2059
	printf "$line" "$name" $(head -n 1 "$work/count")
	sed 1d "$work/count"
done
exit $status
