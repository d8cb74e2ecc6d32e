#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Writes minisign-vectors.h: keys and signatures as minisign itself makes them
# (0.10 or later).  Each run makes others; any are as good.
#
#	sh tests/unit/minisign-vectors.sh > tests/unit/minisign-vectors.h

set -eu

# literal NAME: stdin as a C string of many lines.
literal()
{
	printf '\nstatic const char %s[] =\n' "$1"
	sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g; s/.*/    "&\\n"/; $s/$/;/' |
	    sed 's/\(.\{70\}\)\([A-Za-z0-9+/]\{8,\}\)/\1"\n    "\2/;
	    s/\(\n.\{70\}\)\([A-Za-z0-9+/]\{8,\}\)/\1"\n    "\2/;
	    s/\(\n[^\n]*\n.\{70\}\)\([A-Za-z0-9+/]\{8,\}\)/\1"\n    "\2/'
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
exec 3>&1 >/dev/null

minisign -G -W -p pub -s key
minisign -G -W -p other.pub -s other.key

# The same key under a password; where memory is short, minisign takes less.
cp key locked
printf 'correct horse\ncorrect horse\n' | minisign -C -s locked 2>/dev/null
cp key light
(
	ulimit -v 40000
	printf 'correct horse\ncorrect horse\n' |
	    minisign -C -s light 2>/dev/null
)

printf '{"program":"pgb-verify"}\n' >report
: >empty
minisign -S -s key -m report -t 'a trusted	comment' -c 'an untrusted one'
minisign -S -s key -m empty -t ''
minisign -S -l -s key -m report -x legacy -t 'legacy'
minisign -S -s other.key -m report -x other -t 'of another key'

exec >&3
echo '/* SPDX-License-Identifier: ISC */'
echo "/* Made by minisign-vectors.sh with $(minisign -v). */"
literal vector_public <pub
literal vector_key <key
printf '\n/* The same under "correct horse": 1 GiB of memory, and less. */'
literal vector_locked <locked
literal vector_light <light
literal vector_report <report
literal vector_signature <report.minisig
printf '\n/* Of no bytes. */'
literal vector_empty <empty.minisig
printf '\n/* Of the report as well. */'
literal vector_legacy <legacy
literal vector_other <other
literal vector_other_public <other.pub
