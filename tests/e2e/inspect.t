#!/bin/sh
# SPDX-License-Identifier: ISC
# pgb-encrypt --inspect tells of an age file what can be told without a key,
# exactly, and says that it is whole only where that is proven.
. "${0%/*}/../lib.sh"
need age age-keygen perl script truncate
cd "$SCRATCH" || exit

age-keygen -o key 2>/dev/null
to=$(age-keygen -y key)
A22=$(printf %022d 0 | tr 0 A)
A43=$(printf %043d 0 | tr 0 A)
mac="--- $A43"
header=168		# of one X25519 recipient

# tell KEY...: those of the last run's JSON, with dots, in one line.
tell()
{
	perl -MJSON::PP -e 'my $json = JSON::PP->new->canonical->allow_nonref;
		my ($line, @more) = <STDIN>;
		die "not one line\n" if @more || $line !~ /\n\z/;
		my $all = $json->decode($line);
		print join(" ", map { my $v = $all;
			$v = $v->{$_} for split /\./;
			!defined $v ? "-" : ref $v || $v =~ /\D/ ?
			    $json->encode($v) =~ s/^"|"\z//gr : $v } @ARGV)' \
	    "$@" <"$SCRATCH/out"
}

# made STANZA...: a file with these (%b), and a payload of 32 bytes, in "made".
made()
{
	{
		echo age-encryption.org/v1
		for stanza; do
			printf '%b\n' "$stanza"
		done
		echo "$mac"
		head -c 32 /dev/zero
	} >made
}

# wrong BYTE ERE NAME: the last try found the file wrong there.
wrong()
{
	status_is 1 "$3: status 1"
	like "$ERR" "^pgb-encrypt: error: stdin: age: byte $1: $2" "$3: says so"
	is "$(printf '%s\n' "$ERR" | wc -l)" 1 "$3: once"
}

# --- sizes --------------------------------------------------------------------

keys='age.armor age.sizes.header bytes encrypted chunks plaintext
    age.sizes.overhead age.sizes.armor well_formed complete proof'
for n in 0 1 65535 65536 65537 131072; do
	head -c $n /dev/urandom >plain
	age -r "$to" -o x.age plain
	age -a -r "$to" -o x.asc plain
	chunks=$((n > 0 ? (n + 65535) / 65536 : 1))
	over=$((16 + 16 * chunks))
	try 'pgb-encrypt --inspect --json <x.age'
	is "$RC $ERR" '0 ' "$n bytes"
	# shellcheck disable=SC2086
	is "$(tell $keys)" "false $header $(size x.age) $((n + over)) $chunks \
$n $over 0 true unknown -" "$n bytes: all sizes"
	cp out from-file
	try 'cat x.age | pgb-encrypt --inspect --json'
	ok "$n bytes: a pipe tells the same" cmp out from-file
	try 'pgb-encrypt --inspect --json <x.asc'
	# shellcheck disable=SC2086
	is "$(tell $keys)" "true $header $(size x.asc) $((n + over)) $chunks \
$n $over $(($(size x.asc) - $(size x.age))) true yes carrier" \
	    "$n bytes, armored: all sizes"
	cp out from-file
	try 'cat x.asc | pgb-encrypt --inspect --json'
	ok "$n bytes, armored: a pipe tells the same" cmp out from-file
done
sed 's/$/\r/' x.asc >crlf
try 'pgb-encrypt --inspect --json <crlf'
is "$(tell age.sizes.armor plaintext complete)" \
    "$(($(size crlf) - $(size x.age))) $n yes" 'armored with CRLF'

try 'pgb-encrypt --inspect <x.age'
is "$RC $OUT" "0 format        age-encryption.org/v1, binary
recipients    1
  X25519              1  age key (age1...)
post-quantum  no
header        168 bytes
payload       131120 bytes in 2 chunks
plaintext     131072 bytes
overhead      48 bytes
well-formed   yes
complete      unknown: binary age shows no end, only a key can tell" \
    'the lines for people'
try 'pgb-encrypt --inspect <x.asc'
like "$OUT" '^format  *age-encryption.org/v1, armored$' 'armored'
like "$OUT" "^armor  *$(($(size x.asc) - $(size x.age))) bytes\$" 'and its cost'
like "$OUT" '^complete  *yes: its END line' 'and its end'

# Where stdin stands, the file begins.
{
	printf 'ten bytes\n'
	cat x.age
} >behind
try '{ dd bs=1 count=10 of=/dev/null; pgb-encrypt --inspect --json; } \
    <behind 2>/dev/null'
is "$(tell bytes plaintext well_formed)" "$(size x.age) 131072 true" \
    'a file that begins at another offset'
try '{ cat >/dev/null; pgb-encrypt --inspect; } <x.age'
is "$RC $ERR" '1 pgb-encrypt: error: stdin is empty' 'behind its end'

# What would take long to read is not read.
chunks=$((16 * 1024 * 1024))
cp x.age big
if truncate -s $((header + 16 + chunks * 65552)) big 2>/dev/null; then
	try 'pgb-encrypt --inspect --json <big'
	is "$(tell chunks plaintext)" "$chunks $((chunks * 65536))" \
	    'a file of a tebibyte'
	rm big
else
	untested 'no large files here'
fi

# --- recipients ---------------------------------------------------------------

# kind STANZA POSTQUANTUM ERE: a file with this one stanza.
kind()
{
	name=${1#-> }
	name=${name%%[ \\]*}
	made "$1"
	try 'pgb-encrypt --inspect --json <made'
	is "$RC $(tell age.postquantum age.stanza_types)" \
	    "0 $2 [\"$name\"]" "$name"
	try 'pgb-encrypt --inspect <made'
	like "$OUT" "^  $name  *1  $3" "$name: explained"
	like "$OUT" "^post-quantum  $2\$" "$name: post-quantum or not"
}
share=$(printf '%01494d' 0 | tr 0 A)
pq="-> mlkem768x25519 $share\\n$A43"
x="-> X25519 $A43\\n$A43"
kind "$x" no 'age key'
kind "-> ssh-ed25519 AAAAAA $A43\\n$A43" no 'SSH key'
kind "-> ssh-rsa AAAAAA\\n$A43" no 'SSH key'
kind "$pq" yes 'post-quantum age key'
kind "-> p256tag AAAA\\n$A43" no 'hardware key'
kind "-> mlkem768p256tag AAAA\\n$A43" yes 'post-quantum hardware key'
kind "-> piv-p256 AAAA\\n$A43" no 'YubiKey'
kind "-> x25519 AAAA\\n$A43" unknown 'unknown'
kind '-> Zx,-grease A\n' unknown 'padding, not a recipient'

# phrase LOG_N: the stanza of a passphrase.
phrase() { printf '%s\n' "-> scrypt $A22 $1\\n$A43"; }
kind "$(phrase 18)" yes 'passphrase, work factor 18: 256 MiB of memory'
try 'pgb-encrypt --inspect --json <made'
like "$OUT" '"work_factor":18,"memory":268435456\}' 'and as JSON'
kind "$(phrase 30)" yes 'passphrase, work factor 30: 1 TiB of'
kind "$(phrase 1)" yes 'passphrase, work factor 1: 2 KiB of'
kind "$(phrase 12345)" yes 'passphrase, work factor over 30$'

made "$x" "$pq" "$x"
try 'pgb-encrypt --inspect --json <made'
is "$(tell recipients age.stanza_types age.postquantum)" \
    '3 ["X25519","mlkem768x25519","X25519"] no' 'the weakest recipient counts'
try 'pgb-encrypt --inspect <made'
like "$OUT" '^  X25519  *2  ' 'recipients of a kind in one line'
made "$pq" '-> y-grease\n'
try 'pgb-encrypt --inspect --json <made'
is "$(tell recipients age.postquantum)" '1 yes' 'padding does not count'
made "$pq" "-> plug AAAA\\n$A43"
try 'pgb-encrypt --inspect --json <made'
is "$(tell recipients age.postquantum)" '2 unknown' \
    'a recipient that is not known may be weak'
long=$(printf %03000d 0)
made "-> $long\\n"
try 'pgb-encrypt --inspect <made'
like "$OUT" '^  0{40}\.\.\.  *1 ' 'a long type is cut'
try 'pgb-encrypt --inspect --json <made'
is "$(tell age.stanza_types)" "[\"$long\"]" 'not so in JSON'
made '-> "\\quoted" a"b\n'
try 'pgb-encrypt --inspect --json <made'
is "$(tell age.stanza_types)" '["\"\\quoted\""]' 'what JSON must escape'
# shellcheck disable=SC2046
made $(yes -- '->~X' | head -n 1024)
tr '~' ' ' <made | sed '/^-> X/s/$/\n/' >many
try 'pgb-encrypt --inspect --json <many'
is "$(tell recipients age.sizes.header)" "1024 $((22 + 6 * 1024 + 48))" \
    '1024 recipients'
sed 's/^---/-> X\n\n---/' many >made
try 'pgb-encrypt --inspect <made'
wrong $((22 + 6 * 1024)) 'header: more than 1024' 'one more'

# --- cut, damaged, something else ---------------------------------------------

head -c 65537 /dev/zero >plain
age -r "$to" -o x.age plain
age -a -r "$to" -o x.asc plain
edge=$((header + 16 + 65552))
for n in 1 10 21 22 100 $((header - 1)) $header $((header + 15)) \
    $((header + 16)) $((header + 31)) $((edge + 1)) $((edge + 16)); do
	head -c "$n" x.age >short
	try 'pgb-encrypt --inspect --json <short'
	wrong "$n" 'cut short' "cut at $n"
	is "$(tell well_formed complete error_at)" "false no $n" \
	    "cut at $n: not complete"
	cp out from-file
	try 'cat short | pgb-encrypt --inspect --json'
	ok "cut at $n: a pipe tells the same" cmp out from-file
done
for n in $((header + 32)) $((header + 1000)) $edge $((edge + 17)); do
	try "head -c $n x.age >short; pgb-encrypt --inspect --json <short"
	is "$RC $(tell well_formed complete)" '0 true unknown' \
	    "cut at $n: an age file may end there"
done
for n in 20 36 300 60000 $(($(size x.asc) - 33)) $(($(size x.asc) - 2)); do
	try "head -c $n x.asc >short; pgb-encrypt --inspect --json <short"
	wrong "$n" 'armor: cut short' "armored, cut at $n"
	is "$(tell complete)" no "armored, cut at $n: not complete"
done
try "head -c $(($(size x.asc) - 1)) x.asc | pgb-encrypt --inspect --json"
is "$RC $(tell complete)" '0 yes' 'armored, without its last LF'
{
	cat x.asc
	echo x
} >made
try 'pgb-encrypt --inspect <made'
wrong "$(size x.asc)" 'armor: something else' 'a word behind the armor'
like "$OUT" '^complete  *unknown$' 'its completeness is not told'
sed '3s/./!/' x.asc >made
try 'pgb-encrypt --inspect <made'
wrong 100 'armor: a line that is not' 'a damaged line of armor'
sed '1s/v1/v2/' x.age >made
try 'pgb-encrypt --inspect --json <made'
wrong 20 'not version 1' 'a later version'
is "$(tell age.version well_formed)" '- false' 'and nothing is said of it'
made "$(phrase 18)" "$x"
try 'pgb-encrypt --inspect <made'
wrong 25 'header: a passphrase beside' 'a passphrase and a key'
made "$x" "-> X25519 $A43\\nAAAA"
try 'pgb-encrypt --inspect --json <made'
wrong $((22 + 98 + 3)) 'header: stanza 2: malformed X25519' 'a short body'
is "$(tell recipients age.stanza_types)" '2 -' 'what was read is told'
made '-> a\033[2J\0377 b\n'
try 'pgb-encrypt --inspect --json <made'
wrong 26 'header: stanza 1: byte 1b in an arg' 'control characters'
like "$(tell stanzas)" '"a..x1b\[2J..xff"' 'are masked in JSON'
try 'pgb-encrypt --inspect <made'
like "$OUT" '^  a.x1b\[2J.xff  ' 'and in the lines'

for text in hello "$to" \
    '-----BEGIN PGP MESSAGE-----' 'age-encrypted'; do
	printf '%s\n' "$text" >made
	try 'pgb-encrypt --inspect <made'
	is "$RC $OUT $ERR" '1  pgb-encrypt: error: stdin: not an age file' \
	    "not age: $text"
done
head -c 100000 /dev/urandom | tr a b >made
try 'pgb-encrypt --inspect --json <made'
is "$RC $ERR" '1 pgb-encrypt: error: stdin: not an age file' 'garbage'
is "$(tell program format mode age well_formed complete)" \
    'pgb-encrypt 1 inspect - false unknown' 'garbage has a line of JSON'
try 'pgb-encrypt --inspect </dev/null'
is "$RC $OUT $ERR" '1  pgb-encrypt: error: stdin is empty' 'nothing'

# --- the program in front -----------------------------------------------------

{
	printf -- '--\n-- PostgreSQL database dump\n--\n\n-- '
	seq -s ' ' 40000
	printf -- '\n--\n-- PostgreSQL database dump complete\n--\n\n'
} >dump
try "pgb-encrypt -r $to <dump | pgb-encrypt --inspect --json"
is "$RC $(tell complete proof plaintext)" "0 yes mark $(size dump)" \
    'a pipe from pgb-encrypt is proven whole'
try "pgb-encrypt -r $to <dump | pgb-encrypt --inspect"
like "$OUT" '^complete  *yes: the program in front says so$' 'and says why'
try "pgb-encrypt -r $to <dump | cat | pgb-encrypt --inspect --json"
is "$RC $(tell complete)" '0 unknown' 'not so behind another program'
{ head -n 4 dump; seq -s ' ' 200000; } >begun
try "cat begun | pgb-encrypt -r $to | pgb-encrypt --inspect --json"
is "$RC $(tell complete)" '1 no' 'nor where its input was cut'

# age's own tool, where there is one (1.3).
if command -v age-inspect >/dev/null; then
	for f in x.age x.asc crlf many; do
		run age-inspect --json $f
		theirs=$(perl -MJSON::PP -e 'undef $/; print JSON::PP->new->
		    canonical->encode(decode_json(<STDIN>))' <out)
		try "pgb-encrypt --inspect --json <$f"
		is "$(tell age)" "$theirs" "age-inspect says the same of $f"
	done
fi

# --- the machine --------------------------------------------------------------

for args in '' ' --json'; do
	try "pgb-encrypt --inspect$args <x.age >/dev/full"
	is "$RC" 3 "--inspect$args to a full disk"
	like "$ERR" '^pgb-encrypt: error: stdout: No space' 'says so'
	try "pgb-encrypt --inspect$args <x.age >&-"
	is "$RC $ERR" '3 pgb-encrypt: error: stdout is closed' 'stdout closed'
	try "pgb-encrypt --inspect$args <&-"
	is "$RC $ERR" '3 pgb-encrypt: error: stdin is closed' 'stdin closed'
	try "pgb-encrypt --inspect$args <."
	is "$RC $ERR" '3 pgb-encrypt: error: stdin: Is a directory' \
	    'a directory'
done
run script -qec 'pgb-encrypt --inspect' /dev/null </dev/null
status_is 2 'a terminal'
like "$OUT" 'error: stdin is a terminal' 'says so'

done_testing
