#!/bin/sh
# SPDX-License-Identifier: ISC
# make install puts all that a package needs where it belongs, make uninstall
# takes it away; make dist makes the same bytes, wherever and from whatever.
. "${0%/*}/../lib.sh"

need make gzip tar fish zsh bash
cd "$TOP" || exit
[ ! -e .git ] || need git
unset SOURCE_DATE_EPOCH DESTDIR PREFIX
root="$SCRATCH/a package"

# mk ARGUMENT...: make for what is built here.
mk()
{
	case ${PGB_SAN:-} in
	'') make --no-print-directory O="${PGB_BUILD:-.build}" "$@" ;;
	*) make --no-print-directory O="${PGB_BUILD%/san-*}" SAN="$PGB_SAN" "$@" ;;
	esac
}

# listed DIR: what lies in it: kind, mode, name.
listed() { (cd "$1" && find . -printf '%y%m %P\n' | LC_ALL=C sort -k 2); }

# --- install ------------------------------------------------------------------

ok 'what is built is up to date' mk -q all

{
	echo 'd755 '
	for dir in bin share share/bash-completion \
	    share/bash-completion/completions share/doc share/doc/pgb share/fish \
	    share/fish/vendor_completions.d share/man share/man/man1 \
	    share/man/man5 share/man/man7 share/zsh share/zsh/site-functions; do
		echo "d755 usr/$dir"
	done
	echo 'd755 usr'
	find examples -type d -printf 'd755 usr/share/doc/pgb/%p\n'
	find examples -type f ! -perm -u+x -printf 'f644 usr/share/doc/pgb/%p\n'
	find examples -type f -perm -u+x -printf 'f755 usr/share/doc/pgb/%p\n'
	for p in pgb-dump pgb-encrypt pgb-verify pgb-ship; do
		echo "f755 usr/bin/$p"
		echo "f644 usr/share/bash-completion/completions/$p"
		echo "f644 usr/share/fish/vendor_completions.d/$p.fish"
		echo "f644 usr/share/man/man1/$p.1"
	done
	for file in doc/pgb/README.md man/man5/pgb-report.5 man/man7/pgb.7 \
	    zsh/site-functions/_pgb; do
		echo "f644 usr/share/$file"
	done
} | LC_ALL=C sort -k 2 >"$SCRATCH/want"
(umask 077 && mk install DESTDIR="$root" PREFIX=/usr) >"$SCRATCH/log" 2>&1
is "$?" 0 'make install, under umask 077, into a path with a blank'
chmod 755 "$root"
listed "$root" >"$SCRATCH/got"
is "$(diff "$SCRATCH/want" "$SCRATCH/got")" '' \
    'what is installed, where, and with which rights'
for p in pgb-dump pgb-encrypt pgb-verify pgb-ship; do
	ok "$p is the one that was built" cmp "$BIN/$p" "$root/usr/bin/$p"
done
ok 'make install again' mk install DESTDIR="$root" PREFIX=/usr

# Where fish looks whatever XDG_DATA_DIRS says, as README.md tells.
etc=$(grep -o 'FISHDIR=[a-z/]*' "$TOP/README.md")
like "$(env -u XDG_DATA_DIRS fish -c 'printf "%s\n" $fish_complete_path')" \
    "^${etc#*=}\$" "fish looks into ${etc#*=}"
ok 'which may be given' mk install DESTDIR="$root/etc.d" "$etc"
ok 'and is taken' test -f "$root/etc.d${etc#*=}/pgb-ship.fish"
rm -r "$root/etc.d"

# The shells find their completion by its place alone.
share=$root/usr/share
for p in pgb-dump pgb-ship; do
	is "$(XDG_DATA_DIRS=$share XDG_CONFIG_HOME=$SCRATCH/none fish -c \
	    "complete -C '$p --verbo'" | cut -f 1)" --verbose \
	    "fish finds the completion of $p"
	is "$(bash -c '. "$1/bash-completion/completions/$2"; complete -p "$2"' \
	    bash "$share" "$p")" "complete -F _pgb $p" "bash: the completion of $p"
	is "$(zsh -f -c 'fpath=($1/zsh/site-functions $fpath)
	    autoload -U compinit; compinit -u -D; print $_comps[$2]' \
	    zsh "$share" "$p")" _pgb "zsh finds the completion of $p"
done

: >"$root/usr/bin/other"
ok 'make uninstall' mk uninstall DESTDIR="$root" PREFIX=/usr
is "$(find "$root" ! -type d -printf '%P\n')" usr/bin/other \
    'nothing of ours is left'
ok 'nor a directory of our own' test ! -e "$share/doc/pgb"
ok 'directories of others are' test -d "$root/usr/share/man/man1"
ok 'make uninstall where nothing is' mk uninstall DESTDIR="$SCRATCH/nowhere"

ok 'make install-strip, elsewhere' mk install-strip DESTDIR="$SCRATCH/root" \
    PREFIX=/opt/pgb BINDIR=/sbin MANDIR=/man DATADIR=/data
for file in sbin/pgb-ship man/man1/pgb-ship.1 man/man7/pgb.7 data/doc/pgb/README.md \
    data/zsh/site-functions/_pgb; do
	ok "PREFIX, BINDIR, MANDIR and DATADIR: /$file" \
	    test -f "$SCRATCH/root/$file"
done
ok 'and nothing else' test ! -e "$SCRATCH/root/opt"
unlike "$(readelf -S "$SCRATCH/root/sbin/pgb-ship")" debug_info 'it is stripped'
like "$("$SCRATCH/root/sbin/pgb-ship" --version)" '^pgb-ship [0-9]' 'and runs'

# --- dist ---------------------------------------------------------------------

# dist TREE O: makes the tarball of a tree there; prints its name.
dist()
{
	env -u MAKEFLAGS -u MFLAGS GIT_CONFIG_COUNT=1 \
	    GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' \
	    make -s -C "$1" --no-print-directory dist O="$2"
}

version=$(sed -n 's/.*PGB_VERSION.*"\(.*\)"/\1/p' common/version.h)
name=pgb-$version
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
run dist . "$SCRATCH/o1"
status_is 0 'make dist'
is "$OUT" "$SCRATCH/o1/$name.tar.gz" 'it says where the tarball is'
is "$(ls "$SCRATCH/o1")" "$name.tar.gz" 'and leaves nothing else there'
first=$SCRATCH/o1/$name.tar.gz
(umask 077 && TZ=Pacific/Auckland dist . "$SCRATCH/o2" >/dev/null)
ok 'the same bytes again' cmp "$first" "$SCRATCH/o2/$name.tar.gz"

tar -tvzf "$first" >"$SCRATCH/list"
is "$(awk '{ print $2 }' "$SCRATCH/list" | sort -u)" 0/0 'it names no owner'
is "$(awk '{ print $4, $5 }' "$SCRATCH/list" | sort -u | wc -l)" 1 \
    'and one time, for all files'
is "$(awk '{ print $1 }' "$SCRATCH/list" | LC_ALL=C sort -u | tr '\n' ' ')" \
    '-rw-r--r-- -rwxr-xr-x drwxr-xr-x ' 'nobody else may write'
is "$(tar -tzf "$first" | grep -v "^$name/")" '' "all is in $name/"

mkdir "$SCRATCH/un packed" && (umask 077 && tar -C "$SCRATCH/un packed" -xzf "$first")
unpacked="$SCRATCH/un packed/$name"
if [ -e .git ]; then
	is "$(cd "$unpacked" && find . ! -type d -printf '%P\n' | sort)" \
	    "$(git -c core.quotePath=off ls-tree -r --name-only HEAD | sort)" \
	    'it has what is committed'
	git clone -q --no-hardlinks . "$SCRATCH/clone" >"$SCRATCH/log" 2>&1 ||
	    bail "$(cat "$SCRATCH/log")"
	echo 'not committed' >"$SCRATCH/clone/examples/new"
	dist "$SCRATCH/clone" "$SCRATCH/o3" >/dev/null
	ok 'the same bytes from another clone, where something is not committed' \
	    cmp "$first" "$SCRATCH/o3/$name.tar.gz"
fi
dist "$unpacked" "$SCRATCH/o4" >/dev/null
ok 'the same bytes from the tarball' cmp "$first" "$SCRATCH/o4/$name.tar.gz"
SOURCE_DATE_EPOCH=86400 TZ=UTC0 dist "$unpacked" "$SCRATCH/o5" >/dev/null
like "$(TZ=UTC0 tar -tvzf "$SCRATCH/o5/$name.tar.gz" | tail -n 1)" ' 1970-01-02 00:00 ' \
    'SOURCE_DATE_EPOCH is heeded'

# What is cut short is no tarball.
mkdir "$SCRATCH/bad"
printf '#!/bin/sh\nexit 1\n' >"$SCRATCH/bad/gzip"
chmod +x "$SCRATCH/bad/gzip"
(PATH=$SCRATCH/bad:$PATH; dist "$unpacked" "$SCRATCH/o6") >/dev/null 2>&1
is "$?:$(ls "$SCRATCH/o6/"*.gz 2>/dev/null)" 2: 'where gzip ends badly there is none'

done_testing
