# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# What a benchmark measures and prints.  helper spent appends "SECONDS CPU RSS"
# to a file t.ROW for each run; medians of these are what counts.

# value ROW COLUMN: the median; 1: seconds, 2: cpu, 3: rss in KiB.
value()
{
	awk -v c="$2" '{ print $c }' "t.$1" | sort -n |
	    awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# show ROW TITLE BYTES: a line of the table; bytes are those of the result.
show()
{
	[ -s "t.$1" ] || return
	awk -v n="$2" -v s="$(value "$1" 1)" -v c="$(value "$1" 2)" \
	    -v r="$(value "$1" 3)" -v b="$3" 'BEGIN { printf \
	    "%-44s %7.2f s %7.2f s cpu %4.0f MiB rss %7.1f MB\n", n, s, c,
	    r / 1024, b / 1e6 }'
}

# ratio TEXT ROW COLUMN OTHER [LIMIT]: ROW's median in parts of OTHER's.
ratio()
{
	[ -s "t.$2" ] && [ -s "t.$4" ] || return
	awk -v t="$1" -v a="$(value "$2" "$3")" -v b="$(value "$4" "$3")" \
	    -v l="${5:-}" 'BEGIN { v = a / b; printf "%-66s %6.2f", t, v
	    if (l != "") printf "  at most %5.2f  %s", l,
	        v <= l ? "ok" : "MISSED"
	    print "" }'
}
