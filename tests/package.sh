#!/bin/sh
# SPDX-License-Identifier: ISC
# What a distribution does with the tarball works, without a warning of the
# compiler: the build, its unit tests, its flags, LTO, clang; and wherever it is
# built, the programs are the same.
#
#	make check-package		some five minutes of compiling
#	sh tests/package.sh [PART...]	paths distribution other unit
. "${0%/*}/lib.sh"

for tool in clang:clang dpkg-buildflags:dpkg-dev; do
	command -v "${tool%:*}" >/dev/null || [ "$(id -u)" != 0 ] ||
	    sh "$TOP/tests/deps.sh" --as-root "${tool#*:}"
	need "${tool%:*}"
done
unset MAKEFLAGS MFLAGS CFLAGS CPPFLAGS LDFLAGS CC DEB_BUILD_OPTIONS
unset SOURCE_DATE_EPOCH PGB_BUILD
cd "$TOP" || exit
jobs=$(nproc)

# unpack DIR: the tarball there; prints where its Makefile is.
unpack()
{
	mkdir -p "$1" && tar -C "$1" -xzf "$SCRATCH/o/"*.tar.gz &&
	    echo "$1"/pgb-*
}

# build WHAT ARGUMENT...: make says nothing on stderr, and a second one has
# nothing to do.
build()
{
	what=$1; shift
	run make "$@" all
	status_is 0 "$what: builds"
	is "$ERR" '' "$what: without a word"
	ok "$what: a second make does nothing" make -q "$@" all
}

# answers WHAT ARGUMENT...: what is installed works.
answers()
{
	what=$1; shift
	ok "$what: installs" make "$@" install DESTDIR="$SCRATCH/root" PREFIX=/usr
	for p in pgb-dump pgb-encrypt pgb-verify pgb-ship; do
		like "$("$SCRATCH/root/usr/bin/$p" --version)" "^$p [0-9]" \
		    "$what: $p"
	done
	echo 'SELECT 1;' >"$SCRATCH/plain"
	"$SCRATCH/root/usr/bin/pgb-encrypt" --keygen "$SCRATCH/key" \
	    >"$SCRATCH/pub" 2>/dev/null
	try "cd $SCRATCH/root/usr/bin &&
	    ./pgb-encrypt --raw -R $SCRATCH/pub <$SCRATCH/plain |
	    ./pgb-encrypt -d -i $SCRATCH/key"
	is "$OUT" 'SELECT 1;' "$what: what it seals it opens"
	rm -rf "$SCRATCH/root" "$SCRATCH/key"
}

# flags NAME: what Debian's package builder would set.
flags()
{
	DEB_BUILD_MAINT_OPTIONS='hardening=+all optimize=+lto' \
	    dpkg-buildflags --get "$1"
}

ok 'the tarball' make dist O="$SCRATCH/o"

# --- the same bytes everywhere ----------------------------------------------

paths()
{
	a=$(unpack "$SCRATCH/a")
	b=$(unpack "$SCRATCH/far away")
	cd "$a" || exit
	build 'a clean build' -j8
	cd "$b" || exit
	build 'in a path with a blank, as another user would' \
	    -j"$jobs" O=out TZ=Pacific/Auckland
	for p in pgb-dump pgb-encrypt pgb-verify pgb-ship; do
		ok "$p is the same wherever it is built" \
		    cmp "$a/.build/$p" "$b/out/$p"
		not grep -qF "$SCRATCH" "$a/.build/$p"
		is $? 0 "$p does not say where it was built"
	done
	answers 'a clean build' O=out
	rm -rf "$b"
	cd "$TOP" || exit
}

# --- a distribution's flags -----------------------------------------------------

distribution()
{
	dir=$(unpack "$SCRATCH/deb")
	cd "$dir" || exit
	like "$(flags CFLAGS)" 'flto.*format-security' 'the flags are set'
	build "Debian's flags with LTO" -j"$jobs" CFLAGS="$(flags CFLAGS)" \
	    CPPFLAGS="$(flags CPPFLAGS | sed s/SOURCE=2/SOURCE=3/)" \
	    LDFLAGS="$(flags LDFLAGS)"
	answers "Debian's flags with LTO"
	cd "$TOP" || exit
	rm -rf "$dir"
}

other()
{
	dir=$(unpack "$SCRATCH/other")
	cd "$dir" || exit
	build clang -j"$jobs" CC=clang
	answers clang CC=clang
	ok 'make clean' make clean
	is "$(find . -name .build -o -name '*.o')" '' 'clean is clean'
	cd "$TOP" || exit
	rm -rf "$dir"
}

unit()
{
	dir=$SCRATCH/a/$(basename "$SCRATCH/o/"*.tar.gz .tar.gz)
	[ -d "$dir" ] || unpack "$SCRATCH/a" >/dev/null
	cd "$dir" || exit
	ok 'the unit tests' make -j"$jobs" check-unit
	note "$(tail -n 2 "$SCRATCH/ok.log")"
	cd "$TOP" || exit
}

[ $# != 0 ] || set -- paths distribution other unit
for part; do
	case $part in
	paths|distribution|other|unit) "$part" ;;
	*) bail "$part: no such part" ;;
	esac
done
done_testing
