#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make picture: the two drawings of README.md.
#
#	sh tests/bench/picture.sh bench <RESULT >bench.svg
#	sh tests/bench/picture.sh pipeline >pipeline.svg
#
# RESULT is what make bench has printed: its part "whole" becomes bars.

set -eu
# A point is no comma here.
export LC_ALL=C

style()
{
	cat <<-'END'
	<!-- SPDX-License-Identifier: ISC -->
	<style>
	text { font: 14px sans-serif; fill: #222 }
	.small { font-size: 12px; fill: #555 }
	.name { font: bold 14px monospace }
	.box { fill: #f4f6f8; stroke: #607080; stroke-width: 1.5 }
	.ours { fill: #2f6f9f } .theirs { fill: #b8c0c8 }
	.line { stroke: #607080; stroke-width: 1.5; fill: none }
	.held { stroke: #b5482a; stroke-width: 1.5; stroke-dasharray: 4 3; fill: none }
	</style>
	<rect width="100%" height="100%" fill="#fff"/>
	END
}

# --- bars ---------------------------------------------------------------------

bench()
{
	awk -v style="$(style)" '
	function escape(s) {
		gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s)
		return s
	}
	# The first line that is not empty says where and when.
	NF && !where { where = $0; sub(/, OpenSSH.*/, "", where) }
	/^[a-z]+:$/ { part = $1; next }
	!NF { part = "" }
	part == "whole:" && match($0, / [0-9.]+ s +[0-9.]+ s cpu/) {
		split(substr($0, RSTART), v, " ")
		title[++n] = substr($0, 1, 44); sub(/ +$/, "", title[n])
		seconds[n] = v[1]; cpu[n] = v[3]
		if (v[1] + 0 > most) most = v[1] + 0
	}
	END {
		if (!n) exit 1
		high = 30 * n + 74
		printf "<svg xmlns=\"http://www.w3.org/2000/svg\" " \
		    "width=\"800\" height=\"%d\" role=\"img\">\n", high
		print "<title>Seconds of a whole backup</title>"
		print style
		print "<text x=\"10\" y=\"24\">One database, dumped, " \
		    "encrypted, off the machine: seconds" \
		    " (seconds of CPU)</text>"
		for (i = 1; i <= n; i++) {
			y = 14 + 30 * i
			wide = 360 * seconds[i] / most
			printf "<text x=\"280\" y=\"%d\" text-anchor=\"end\">" \
			    "%s</text>\n", y + 15, escape(title[i])
			printf "<rect class=\"%s\" x=\"290\" y=\"%d\" " \
			    "width=\"%.1f\" height=\"20\"/>\n",
			    title[i] ~ /^all four/ ? "ours" : "theirs", y, wide
			printf "<text x=\"%.1f\" y=\"%d\">%.1f " \
			    "<tspan class=\"small\">(%.1f)</tspan></text>\n",
			    296 + wide, y + 15, seconds[i], cpu[i]
		}
		printf "<text class=\"small\" x=\"10\" y=\"%d\">%s</text>\n",
		    high - 12, escape(where)
		print "</svg>"
	}'
}

# --- boxes --------------------------------------------------------------------

# box X NAME TEXT TEXT; between X Y
box()
{
	cat <<-END
	<rect class="box" x="$1" y="60" width="150" height="70" rx="6"/>
	<text class="name" x="$(($1 + 75))" y="84" text-anchor="middle">$2</text>
	<text class="small" x="$(($1 + 75))" y="104" text-anchor="middle">$3</text>
	<text class="small" x="$(($1 + 75))" y="120" text-anchor="middle">$4</text>
	END
}
arrow()
{
	cat <<-END
	<path class="line" d="M$1 95 h30 m-7 -5 l7 5 l-7 5"/>
	END
}

pipeline()
{
	echo '<svg xmlns="http://www.w3.org/2000/svg" width="940" height="230" role="img">'
	echo '<title>Four filters, and what holds a broken stream back</title>'
	style
	echo '<text x="20" y="30">PostgreSQL</text>'
	echo '<path class="line" d="M60 38 v20 m-5 -7 l5 7 l5 -7"/>'
	box 20 pgb-dump 'one snapshot,' 'many sessions'
	box 200 pgb-verify 'every block,' 'every row'
	box 380 pgb-encrypt 'age,' 'on all cores'
	box 560 pgb-ship 'SFTP that survives' 'the network'
	box 740 'NAME' 'synced, whole,' 'then renamed'
	for x in 170 350 530 710; do
		arrow "$x"
	done
	for x in 95 275 455 635; do
		printf '<path class="held" d="M%d 130 v34"/>\n' "$x"
	done
	cat <<-'END'
	<path class="held" d="M95 164 H635"/>
	<text x="365" y="186" text-anchor="middle">each holds back its last bytes until its input is proven complete</text>
	<text class="small" x="365" y="206" text-anchor="middle">one dies, or is killed: the next finds no proof, and nothing gets the name</text>
	</svg>
	END
}

case ${1:-} in
bench|pipeline) "$1" ;;
*) echo 'usage: picture.sh bench|pipeline' >&2; exit 2 ;;
esac
