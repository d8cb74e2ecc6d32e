#!/bin/sh
# SPDX-License-Identifier: ISC
#
# All tests on the Debian suites from 11 to sid, as a table: each in a chroot,
# where pgb is built from this checkout, and tested, with that suite's compiler,
# libraries, PostgreSQL and OpenSSH.
#
#	sh tests/matrix.sh [SUITE...]		bullseye bookworm trixie sid
#	sh tests/matrix.sh --table [SUITE...]	what is kept, without a run
#
# Needs root.  Packages come from the mirror and through the proxies that apt
# is configured for here; PGB_MIRROR names another mirror.  The chroots are
# made in a scratch directory and removed, unless PGB_MATRIX_DIR names one in
# which they stay, with their results, for the next run (about 1.5 GB each).
# PGB_MATRIX_TESTS="ship unit/said fuzz/toc": these tests alone; then the table
# has the kept results of the others.  What a suite does not have is skipped,
# and the table says what.  No service is started.

set -u
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C
: "${PGB_MATRIX_TESTS:=}"

error() { echo "matrix: error: $*" >&2; exit 3; }

# --- inside -----------------------------------------------------------------

# With mounts and processes of our own, which end when we do.  Not by chroot(2):
# whoever has mounts of his own in there, as systemd's units, wants a root that
# is the root of its mounts.
inside()
{
	root=$1 commit=$2; shift 2
	# A root that is a mount can be made private by what runs in it.
	mount --make-rprivate / &&
	    mount --bind "$root" "$root" &&
	    mount -t proc proc "$root/proc" &&
	    mount --rbind /dev "$root/dev" &&
	    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" &&
	    mount --rbind /sys "$root/sys" &&
	    cd "$root" && pivot_root . . && umount -l . ||
	    error "$root: cannot mount"
	exec /usr/bin/env -i LC_ALL=C HOME=/root TERM=dumb \
	    PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
	    PGB_FULL="${PGB_FULL:-0}" PGB_SKIP_OK=1 PGB_COMMIT="$commit" \
	    PGB_TAP=/tap "$@"
}

if [ "${1:-}" = --inside ]; then
	shift
	inside "$@"
fi

within()
{
	root=$1; shift
	unshare -m -p -f --kill-child sh "$self" --inside "$root" "$commit" \
	    "$@" &
	child=$!
	wait "$child"
	ended=$?
	child=
	return $ended
}

# --- a chroot ----------------------------------------------------------------

# The first archive of Debian itself that apt knows.
mirror()
{
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI)' 2>/dev/null |
	    sed -n 's,^\(.*/debian\)/*$,\1,p' | head -n 1
}

# What apt is told here about its way out, and about clocks.
apt_ways()
{
	apt-config dump | grep -E '^Acquire::((https?|ftp)::Proxy|Check-)'
	echo 'APT::Sandbox::User "root";'
}

# install DIR: what deps.sh would, as far as the suite has it.
install()
{
	# shellcheck disable=SC2016
	within "$1" sh -c '
		cd /pgb || exit
		! cmp -s tests/deps.sh /deps.sh || exit 0
		apt-get -q update || exit
		set --
		: >/lacks
		for name in $(awk "NF == 3 &&
		    \$2 ~ /^(program|library|file)\$/ { print \$1 }" \
		    tests/deps.sh); do
			if [ -n "$(apt-cache --names-only search "^$name\$")" ]
			then
				set -- "$@" "$name"
			else
				echo "$name" >>/lacks
			fi
		done
		# An index of manual pages takes minutes, and nobody reads it.
		echo "man-db man-db/auto-update boolean false" |
		    debconf-set-selections
		sh tests/deps.sh --as-root "$@" && cp tests/deps.sh /deps.sh'
}

# make_root SUITE DIR
make_root()
{
	[ ! -e "$2/.made" ] || return 0
	echo "matrix: $1: debootstrap from $mirror"
	rm -rf "$2"
	debootstrap --variant=minbase --include=ca-certificates \
	    "$1" "$2" "$mirror" >"$2.log" 2>&1 || return
	apt_ways >"$2/etc/apt/apt.conf.d/90pgb"
	cp -L /etc/resolv.conf /etc/hosts "$2/etc/" 2>/dev/null
	: >"$2/.made"
}

# put_sources DIR: this checkout, as it stands; what was built there before
# stays, for make to judge.
put_sources()
{
	mkdir -p "$1/pgb" "$1/tap" &&
	    find "$1/pgb" -mindepth 1 -maxdepth 1 ! -name .build \
		-exec rm -rf {} + &&
	    tar -C "$top" -cf - Makefile cmd common tests man examples \
		README.md | tar -C "$1/pgb" -xf -
}

build() { within "$1" make -C /pgb -k -j2 check-build; }

# test_in DIR: those named, or all.
test_in()
{
	set -- "$1" sh -c 'cd /pgb && PGB_EXEC="sh tests/tally.sh keep" \
	    exec sh tests/run.sh "$@"' sh
	[ -n "$PGB_MATRIX_TESTS" ] || rm -f "$1"/tap/*
	for name in $PGB_MATRIX_TESTS; do
		case $name in
		unit/*|fuzz/*) set -- "$@" ".build/$name.t" ;;
		*/*) set -- "$@" "tests/$name.t" ;;
		*) set -- "$@" "tests/e2e/$name.t" ;;
		esac
	done
	within "$@"
}

# --- a row -------------------------------------------------------------------

# versions DIR: one a line, in the order of the table's head.
versions()
{
	# shellcheck disable=SC2016
	within "$1" sh -c '
		/usr/lib/postgresql/*/bin/postgres -V | sed "s/[^0-9]*//;s/ .*//"
		for lib in libssh2 libsodium; do
			pkg-config --modversion "$lib"
		done
		ssh -V 2>&1 | sed "s/^OpenSSH_//;s/[ ,].*//"
		pkg-config --modversion libcrypto
		cc -dumpfullversion'
}

row()
{
	suite=$1 root=$work/$1
	echo "matrix: $suite: $(date +%H:%M)"
	if ! make_root "$suite" "$root" ||
	    ! put_sources "$root" ||
	    ! install "$root" >"$root.log" 2>&1; then
		tail -n 20 "$root.log" >&2
		echo 'no chroot' >"$root.trouble"
		return 1
	fi
	versions "$root" >"$root.versions"
	echo "matrix: $suite: build"
	if ! build "$root" >"$root.log" 2>&1; then
		grep -E 'error|warning' "$root.log" | head -n 20 >&2
		tail -n 20 "$root.log" >&2
		echo 'no build' >"$root.trouble"
		return 1
	fi
	rm -f "$root.trouble"
	grep -E 'warning:' "$root.log" >&2
	echo "matrix: $suite: tests"
	test_in "$root"
}

# --- the table ---------------------------------------------------------------

line='%-9s %-10s %-8s %-9s %-8s %-9s %-7s %6s %6s %7s %7s %6s  %s\n'

table()
{
	# shellcheck disable=SC2059
	printf "$line" suite PostgreSQL libssh2 libsodium OpenSSH OpenSSL gcc \
	    files failed skipped tests failed 'of commit (files)'
	for suite; do
		root=$work/$suite
		if [ -e "$root.trouble" ]; then
			echo "$suite: $(cat "$root.trouble")"
			continue
		fi
		sh "$top/tests/tally.sh" count "$root/tap" >"$work/count"
		# shellcheck disable=SC2046,SC2059
		printf "$line" "$suite" $(cat "$root.versions") \
		    $(head -n 1 "$work/count") \
		    "$(sh "$top/tests/tally.sh" commits "$root/tap")"
		[ ! -s "$root/lacks" ] || echo "    the suite has no:" \
		    "$(tr '\n' ' ' <"$root/lacks")"
		sed 1d "$work/count"
	done
}

finish()
{
	trap '' INT TERM HUP
	# It ignores gentler words while it waits for what is inside.
	[ -z "${child:-}" ] || kill -KILL "$child" 2>/dev/null
	[ -n "${PGB_MATRIX_DIR:-}" ] || rm -rf --one-file-system "$work"
}

self=$0
top=$(cd "${0%/*}/.." && pwd) || exit 3
if [ -n "${PGB_MATRIX_DIR:-}" ]; then
	mkdir -p "$PGB_MATRIX_DIR" && work=$(cd "$PGB_MATRIX_DIR" && pwd)
else
	work=$(mktemp -d "${TMPDIR:-/tmp}/pgb-matrix.XXXXXX")
fi
[ -n "${work:-}" ] || exit 3
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

only_table=0
[ "${1:-}" != --table ] || { only_table=1; shift; }
[ $# != 0 ] || set -- bullseye bookworm trixie sid
[ "$only_table" = 0 ] || { table "$@"; exit; }

[ "$(id -u)" = 0 ] || error 'a chroot needs root'
command -v apt-get >/dev/null || error 'no apt-get here'
command -v debootstrap >/dev/null ||
    sh "$top/tests/deps.sh" --as-root debootstrap || exit
mirror=${PGB_MIRROR:-$(mirror)}
: "${mirror:=http://deb.debian.org/debian}"
if proxy=$(apt-config shell p Acquire::http::Proxy) && [ -n "$proxy" ]; then
	eval "$proxy"
	# shellcheck disable=SC2154
	export http_proxy="$p"
fi
unshare -m -p -f --kill-child true || error 'mounts are not allowed here'
chmod 755 "$work"
commit=$(git -C "$top" rev-parse --short HEAD 2>/dev/null) || commit='?'
git -C "$top" diff --quiet HEAD 2>/dev/null || commit=$commit+

status=0
for name; do
	row "$name" || status=1
done
echo
table "$@"
exit $status
