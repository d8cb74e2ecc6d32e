#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Writes age-xwing-vector.h: a post-quantum key and a file for it as age itself
# makes them (1.3 or later).  Each run makes others; any are as good.
#
#	sh tests/unit/age-xwing-vector.sh > tests/unit/age-xwing-vector.h

set -eu

# literal NAME: stdin as a C string of many lines.
literal()
{
	printf '\nstatic const char %s[] =\n' "$1"
	sed 's/.*/    "&\\n"/; $s/$/;/'
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
age-keygen -pq -o "$dir/key" 2>/dev/null
age-keygen -y "$dir/key" >"$dir/pub"
printf 'post-quantum\n' >"$dir/plain"

cat <<END
/* SPDX-License-Identifier: ISC */
/* Made by age-xwing-vector.sh with age $(age --version | tr -d v). */
END
printf '\nstatic const char vector_identity[] =\n    "%s";\n' \
    "$(sed '/^#/d' "$dir/key")"
printf '\nstatic const char vector_recipient[] =\n'
fold -w 64 "$dir/pub" | sed 's/.*/    "&"/; $s/$/;/'
literal vector_file <<END
$(age -a -R "$dir/pub" "$dir/plain")
END
literal vector_plain <"$dir/plain"
