#!/bin/sh
# SPDX-License-Identifier: ISC
#
# pgb-encrypt against newer tools than this Debian has, as a table: age and rage
# of another suite, with a file of more than 4 GiB each way.
#
#	sh tests/interop.sh [SUITE]		sid
#
# The packages come from the mirror and through the proxies that apt is
# configured for here, PGB_MIRROR names another mirror; they are unpacked in a
# scratch directory, which is removed, and nothing is installed.  Where this
# libc is too old for rage, the suite's own is unpacked beside it.

set -u
export LC_ALL=C
suite=${1:-sid}

error() { echo "interop: error: $*" >&2; exit 3; }

# --- packages -----------------------------------------------------------------

# The first archive of Debian itself that apt knows.
mirror()
{
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI)' 2>/dev/null |
	    sed -n 's,^\(.*/debian\)/*$,\1,p' | head -n 1
}

# apt with lists, cache and status of its own, and the ways out of this one's.
apt()
{
	apt-get -q -o Dir::Etc::SourceList="$work/apt/sources" \
	    -o Dir::Etc::SourceParts=/dev/null \
	    -o Dir::State="$work/apt" -o Dir::State::status="$work/apt/status" \
	    -o Dir::Cache="$work/apt" -o Acquire::Languages=none \
	    -o APT::Sandbox::User= "$@"
}

fetch()
{
	mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" \
	    "$work/deb" "$work/root" "$work/bin" || return
	: >"$work/apt/status"
	echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/apt/sources"
	apt update &&
	    (cd "$work/deb" && apt download age rage libc6 libgcc-s1) ||
	    return
	for deb in "$work"/deb/*.deb; do
		dpkg-deb -x "$deb" "$work/root" || return
	done
}

# --- programs that run here ---------------------------------------------------

# with_its_libc NAME: a script of that name.
with_its_libc()
{
	lib=$(dirname "$(find "$root/usr/lib" "$root/lib" -name libc.so.6 \
	    2>/dev/null | head -n 1)")
	ld=$(find "$lib" -name 'ld-linux*' | head -n 1)
	cat >"$work/bin/$1" <<-END
	#!/bin/sh
	exec '$ld' --library-path '$lib' '$root/usr/bin/$1' "\$@"
	END
	chmod +x "$work/bin/$1"
}

place()
{
	root=$work/root
	for path in "$root"/usr/bin/*age*; do
		name=${path##*/}
		case $name in
		rage*)
			"$path" --version >/dev/null 2>&1 ||
			    { with_its_libc "$name"; continue; }
		esac
		ln -s "$path" "$work/bin/$name" || return
	done
	for name in age rage; do
		"$work/bin/$name" --version >/dev/null || return
	done
}

# --- the table ----------------------------------------------------------------

# What the tests of each program come to; their names begin with it.
table()
{
	printf '%-10s  %-10s  %s\n' program version tests
	sed -n 's/^\(not \)\{0,1\}ok [0-9]* - \([^ :]* [^ :]*\): .*/\1\2/p' \
	    "$work/log" | awk '
		{ bad = ($1 == "not"); who = $(bad + 1) " " $(bad + 2) }
		!(who in good) { order[n++] = who; good[who] = 0 }
		bad { wrong[who]++ }
		!bad { good[who]++ }
		END {
			for (i = 0; i < n; i++) {
				who = order[i]
				split(who, w, " ")
				text = "ok " good[who]
				if (who in wrong)
					text = "FAILED " wrong[who]
				printf "%-10s  %-10s  %s\n", w[1], w[2], text
			}
		}'
}

top=$(cd "${0%/*}/.." && pwd) || exit 3
command -v apt-get >/dev/null || error 'no apt-get here'
mirror=${PGB_MIRROR:-$(mirror)}
: "${mirror:=http://deb.debian.org/debian}"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f "$keyring" ] || error "$keyring: missing"
work=$(mktemp -d "${TMPDIR:-/tmp}/pgb-interop.XXXXXX") || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if ! fetch >"$work/log" 2>&1 || ! place >>"$work/log" 2>&1; then
	tail -n 20 "$work/log" >&2
	error "no age and rage of $suite"
fi
PGB_AGES="$work/bin/age $work/bin/rage" BIG=${BIG:-1} \
    "$top/tests/e2e/interop.t" >"$work/log"
status=$?
grep -E '^(not ok|Bail)' "$work/log" >&2
table
exit $status
