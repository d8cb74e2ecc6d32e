#!/bin/sh
# SPDX-License-Identifier: ISC
#
# pgb-dump against PostgreSQL 13, 17 and 18, as a table: each from the Debian
# suite that has it, in a chroot, where pgb is built from this checkout and the
# tests run with that suite's server, pg_dump, libpq and compiler.
#
#	sh tests/matrix.sh [SUITE...]		bullseye trixie sid
#
# Needs root.  Packages come from the mirror and through the proxies that apt
# is configured for here; PGB_MIRROR names another mirror.  The chroots are
# made in a scratch directory and removed, unless PGB_MATRIX_DIR names one in
# which they stay for the next run (about 1 GB each).  PGB_MATRIX_TESTS: other
# tests than fidelity concurrent dump.  No service is started.

set -u
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C
: "${PGB_MATRIX_TESTS:=fidelity concurrent dump}"

error() { echo "matrix: error: $*" >&2; exit 3; }

# --- inside -----------------------------------------------------------------

# With mounts and processes of our own, which end when we do.
inside()
{
	root=$1; shift
	mount --make-rprivate / &&
	    mount -t proc proc "$root/proc" &&
	    mount --rbind /dev "$root/dev" &&
	    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" ||
	    error "$root: cannot mount"
	exec chroot "$root" /usr/bin/env -i LC_ALL=C HOME=/root TERM=dumb \
	    PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
	    PGB_FULL="${PGB_FULL:-0}" "$@"
}

if [ "${1:-}" = --inside ]; then
	shift
	inside "$@"
fi

within()
{
	root=$1; shift
	unshare -m -p -f --kill-child sh "$self" --inside "$root" "$@"
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

# install DIR: what deps.sh would, as far as the suite has it; tests of
# pgb-dump need no sshd.
install()
{
	skip='openssh-server mandoc pv'
	case $PGB_MATRIX_TESTS in *ship*|*fetch*|*shelf*) skip='mandoc pv' ;; esac
	# shellcheck disable=SC2016
	within "$1" sh -c '
		cd /pgb && apt-get -q update || exit
		skip=$1
		set --
		for name in $(sed -n "/^wants/,/^}/s/^\t\([a-z0-9.+-]*\)\t.*/\1/p" \
		    tests/deps.sh); do
			case " $skip " in *" $name "*) continue ;; esac
			[ -z "$(apt-cache --names-only search "^$name\$")" ] ||
				set -- "$@" "$name"
		done
		exec sh tests/deps.sh --as-root "$@"' sh "$skip"
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

# put_sources DIR: this checkout, as it stands, without what was built.
put_sources()
{
	rm -rf "$1/pgb"
	mkdir "$1/pgb" &&
	    tar -C "$top" -cf - Makefile cmd common tests man examples \
		README.md | tar -C "$1/pgb" -xf -
}

# --- a row -------------------------------------------------------------------

# verdict LOG: what a test's TAP comes to.
verdict()
{
	good=$(grep -c '^ok ' "$1")
	bad=$(grep -c '^not ok ' "$1")
	if [ "$bad" != 0 ]; then
		echo "FAILED $bad"
	elif grep -q "^1\.\.$good\$" "$1" && [ "$good" != 0 ]; then
		echo "ok $good"
	else
		echo 'FAILED'
	fi
}

cell() { printf '  %-12s' "$*" >>"$work/table"; }

row()
{
	suite=$1 root=$work/$1
	printf '%-10s' "$suite" >>"$work/table"
	if ! make_root "$suite" "$root" ||
	    ! put_sources "$root" ||
	    ! install "$root" >"$root.log" 2>&1; then
		tail -n 20 "$root.log" >&2
		cell 'no chroot'
		return 1
	fi
	version=$(within "$root" sh -c \
	    '/usr/lib/postgresql/*/bin/postgres -V' | awk '{ print $3 }')
	cell "$version"
	echo "matrix: $suite: PostgreSQL $version"
	set --
	for test in "$top"/tests/helper/*.c; do
		test=${test##*/}
		set -- "$@" "/pgb/.build/helper/${test%.c}"
	done
	if ! within "$root" make -C /pgb B=/pgb/.build all "$@" \
	    >"$root.log" 2>&1; then
		tail -n 20 "$root.log" >&2
		cell 'no build'
		return 1
	fi
	cell ok
	good=0
	for test in $PGB_MATRIX_TESTS; do
		log=$root.$test.log
		within "$root" sh -c "cd /pgb && exec tests/e2e/$test.t" \
		    >"$log" 2>&1 || good=1
		text=$(verdict "$log")
		cell "$text"
		case $text in ok*) ;; *)
			good=1
			grep -E '^(not ok|Bail|# )' "$log" | head -n 40 >&2
		esac
	done
	return $good
}

# --- the table ---------------------------------------------------------------

finish()
{
	trap '' INT TERM HUP
	[ -n "${PGB_MATRIX_DIR:-}" ] || rm -rf --one-file-system "$work"
}

self=$0
top=$(cd "${0%/*}/.." && pwd) || exit 3
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

if [ -n "${PGB_MATRIX_DIR:-}" ]; then
	mkdir -p "$PGB_MATRIX_DIR" && work=$(cd "$PGB_MATRIX_DIR" && pwd)
else
	work=$(mktemp -d "${TMPDIR:-/tmp}/pgb-matrix.XXXXXX")
fi
[ -n "${work:-}" ] || exit 3
chmod 755 "$work"
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

[ $# != 0 ] || set -- bullseye trixie sid
printf '%-10s' suite >"$work/table"
for head in PostgreSQL build $PGB_MATRIX_TESTS; do
	cell "$head"
done
echo >>"$work/table"
status=0
for name; do
	row "$name" || status=1
	echo >>"$work/table"
done
echo
sed 's/ *$//' "$work/table"
exit $status
