#!/bin/sh
# SPDX-License-Identifier: ISC
# pgb-encrypt writes what age reads, reads what age writes, and nothing else.
. "${0%/*}/../lib.sh"
need age age-keygen gzip setpriv
cd "$SCRATCH" || exit

# dump BYTES: a plain SQL dump of just that size.
dump()
{
	printf -- '--\n-- PostgreSQL database dump\n--\n\n-- '
	seq -s ' ' 40000 | head -c $(($1 - 35 - 3 - 46))
	printf -- '\n\n--\n-- PostgreSQL database dump complete\n--\n\n'
}

# refused STATUS ERE NAME: the last try ended so, with one error line.
refused()
{
	status_is "$1" "$3: status $1"
	like "$ERR" "^pgb-encrypt: error: .*$2" "$3: says why"
	is "$(printf '%s\n' "$ERR" | grep -c ': error: ')" 1 "$3: once"
}

# same FILE NAME: the last run's stdout is the file.
same() { ok "$2" cmp "$1" out; }

# --- keys ---------------------------------------------------------------------

umask 000
try 'pgb-encrypt --keygen mine.key'
umask 022
status_is 0 '--keygen'
mine=$OUT
like "$mine" '^age1[02-9ac-hj-np-z]{58}$' '--keygen prints the recipient alone'
is "$ERR" '' 'and nothing else'
is "$(stat -c %a mine.key)" 600 'the identity file has mode 0600'
is "$(age-keygen -y mine.key)" "$mine" 'age-keygen reads the same recipient'
age-keygen -o stock.key 2>/dev/null
stock=$(age-keygen -y stock.key)
is "$(sed 's/[0-9]//g; s/: .*/:/; s/-KEY-.*/-KEY-/; s/Z$//' mine.key)" \
    "$(sed 's/[0-9]//g; s/: .*/:/; s/-KEY-.*/-KEY-/; s/Z$//' stock.key)" \
    "the file has the form of age-keygen's"
cp mine.key before
try 'pgb-encrypt --keygen mine.key'
refused 2 'mine.key: exists' '--keygen onto an existing file'
ok 'which is unchanged' cmp mine.key before
ln -s nowhere link.key
try 'pgb-encrypt --keygen link.key'
refused 2 'link.key: exists' '--keygen onto a dangling link'
try 'pgb-encrypt --keygen none/such.key'
refused 3 'none/such.key: No such file' '--keygen in no directory'
try 'pgb-encrypt --keygen full.key >/dev/full'
refused 3 'stdout: No space left' '--keygen to a full disk'
ok 'the key is kept all the same' age-keygen -y full.key
try 'pgb-encrypt --keygen closed.key >&-'
refused 3 stdout '--keygen with stdout closed'
own_key=$(pgb-encrypt --keygen own.key)
try "pgb-encrypt --keygen x.key -r $mine"
refused 2 'no other option' '--keygen with -r'
ok 'makes no key' not test -e x.key

# --- both ways, at the edges of chunks ------------------------------------------

for n in 100 65535 65536 65537 131072 131073 200000; do
	dump $n >plain
	is "$(size plain)" $n "a dump of $n bytes"
	try "pgb-encrypt -r $mine <plain"
	status_is 0 "$n bytes are encrypted"
	mv out out.age
	is "$(size out.age)" $((184 + n + 16 * ((n + 65535) / 65536))) \
	    'to the size that the format gives'
	try 'age -d -i mine.key out.age'
	same plain 'age decrypts it'
	try 'pgb-encrypt -d -i mine.key <out.age'
	same plain 'so do we'
	age -r "$mine" -o stock.age plain
	try 'pgb-encrypt -d -i mine.key <stock.age'
	same plain "and what age encrypts"
	age -a -r "$mine" -o stock.asc plain
	try 'pgb-encrypt -d -i mine.key <stock.asc'
	same plain 'and armors'
	sed 's/$/\r/' stock.asc >crlf.asc
	try 'pgb-encrypt -d -i mine.key <crlf.asc'
	same plain 'and with CRLF'
done

# Anything may be inside an age file.
printf x >small
: >empty
for f in small empty; do
	age -r "$mine" -o stock.age $f
	try 'pgb-encrypt -d -i mine.key <stock.age'
	same $f "decryption of a file of $(size $f) bytes"
	status_is 0 'has status 0'
done

# Nothing depends on how the input comes.
try '(dd if=plain bs=1 count=70000; sleep 0.1; tail -c +70001 plain) \
    2>/dev/null | pgb-encrypt -r '"$mine"' | age -d -i mine.key'
same plain 'input byte by byte'

# --- recipients -----------------------------------------------------------------

try "pgb-encrypt -r $mine --recipient=$stock <plain"
mv out two.age
for k in mine stock; do
	try "age -d -i $k.key two.age"
	same plain "two recipients: $k.key opens it"
done
{
	printf '# the backup key\r\n\r\n%s\r\n' "$mine"
	printf '\n# and the safe\n%s' "$stock"
} >all.pub
try "pgb-encrypt -R all.pub -R all.pub -r $own_key --report report <plain"
status_is 0 'a recipients file with comments, CRLF and no last LF'
mv out all.age
is "$(grep -ac '^-> X25519 ' all.age)" 3 'a recipient named twice counts once'
like "$(cat report)" '"mode":"encrypt","recipients":3' 'the report counts them'
for k in mine stock own; do
	try "pgb-encrypt -d -i $k.key <all.age"
	same plain "$k.key opens it"
done
age-keygen -o other.key 2>/dev/null
try "pgb-encrypt -d -i other.key -i stock.key --report report <all.age"
same plain 'several -i'
like "$(cat report)" '"mode":"decrypt"' 'decryption has a report too'
cat other.key mine.key >both.key
chmod 600 both.key
try 'pgb-encrypt -d -i both.key <all.age'
same plain 'several identities in a file'
is "$ERR" '' 'without a word'
chmod 644 both.key
try 'pgb-encrypt -d -i both.key <all.age'
refused 2 'both.key: others may read or change it .mode 0644' \
    'an identity file that others may read'
like "$ERR" 'hint: chmod 600 both.key$' 'and how to mend it'
is "$OUT" '' 'nothing is written'
chmod 600 both.key
try 'cat mine.key | pgb-encrypt -d -i /dev/fd/3 3<&0 <all.age'
same plain 'an identity from a pipe'
mkdir -m 777 theirs
cp mine.key all.age "$BIN/pgb-encrypt" theirs
[ "$(id -u)" != 0 ] || chown nobody theirs/mine.key
run as_user nobody sh -c \
    'theirs/pgb-encrypt -d -i /dev/fd/3 3<theirs/mine.key <theirs/all.age'
same plain 'by /dev/fd, as an ordinary user'

# --- what is refused: usage ---------------------------------------------------

: >none.id
chmod 600 none.id
cp two.age two.key
chmod 600 two.key
secret=$(grep '^AGE-SECRET' mine.key)
for case in \
    '|no recipient given|nothing at all' \
    "-d|-d: no identity given|-d without -i" \
    "-i mine.key|-i is for decryption, or for -e|-i without -d" \
    "-e|no recipient given|-e alone" \
    "-d -e -i mine.key|-e and -d: give one|-d with -e" \
    "-d --inspect|-d and --inspect: give one|-d with --inspect" \
    "--json -r $mine|--json: not with encryption|--json without --inspect" \
    "-d -a -i mine.key|--armor: not with -d|-a with -d" \
    "--inspect -i mine.key|-i: not with --inspect|--inspect with a key" \
    "-p -r $mine|the only recipient|-p with -r" \
    "-p --passphrase-file x|give one of them|two passphrases" \
    "-j 0 -r $mine|-j: not a number from 1 to|-j 0" \
    "-j 65 -r $mine|-j: not a number from 1 to 64|-j 65" \
    "-j 2x -r $mine|-j: not a number|-j 2x" \
    "--max-work-factor 31 -d -p|not a number from 1 to 30|a work factor" \
    "--passphrase-fd 0|not a number from 3|a passphrase from stdin" \
    "--passphrase-fd 77|77.*Bad file descriptor|one that is closed" \
    "--rekey -i mine.key|nobody could open|--rekey for nobody" \
    "--rekey -r $mine|--rekey: no identity|--rekey without a key" \
    "--rekey --raw -i mine.key -r $mine|--raw: not with|--rekey --raw" \
    "-d -i mine.key -r $mine|give one of them|-d with -r" \
    "-d -i mine.key -R all.pub|give one of them|-d with -R" \
    "-d -i mine.key --raw|--raw is for encryption|-d with --raw" \
    "-r $secret|-r: an identity .secret key|an identity as recipient" \
    "-r $mine -r $secret|-r .2 of 2.: an identity|the second of two" \
    "-R mine.key|mine.key: line 3: an identity|an identity file with -R" \
    "-d -i all.pub|all.pub: line 3: a recipient|a recipients file with -i" \
    "-r all.pub|-r: all.pub: a file, not a recipient|a file with -r" \
    "-r ${mine%?}|-r: a mistyped|a recipient cut short" \
    "-r ssh-ed25519|-r: a damaged or incomplete SSH|half an SSH key" \
    "-r age1yubikey1qwert|-r: a mistyped|a plugin's recipient, damaged" \
    "-R none.pub|none.pub: No such file|no recipients file" \
    "-R empty|empty: no key in it|an empty recipients file" \
    "-d -i none.id|none.id: no key in it|an empty identity file" \
    "-d -i none.key|none.key: No such file|no identity file" \
    "-d -i .|.: Is a directory|a directory as identity file" \
    "-d -i -|not read from stdin|an identity from stdin" \
    "-d -i two.key|two.key: .*only a passphrase|age as key" \
    "$secret|belongs to no option|a key without its option" \
    "-d -i mine.key $secret|belongs to no option|a word too many" \
    "--no-such|--no-such: unknown|an unknown option"; do
	name=${case##*|}
	args=${case%%|*}
	ere=${case#*|}
	: >out
	try "pgb-encrypt $args <plain"
	refused 2 "${ere%|*}" "$name"
	is "$OUT" '' "$name: nothing is written"
	unlike "$ERR" "${secret#AGE-SECRET-KEY-1}" "$name: no key is shown"
done
printf '%s\n%s\n' "$mine" ' x' >bad.pub
try 'pgb-encrypt -R bad.pub <plain'
refused 2 'bad.pub: line 2: ' 'the second line of a recipients file'
head -c 20000000 /dev/zero | tr '\0' '\n' >huge.pub
try 'pgb-encrypt -R huge.pub <plain'
refused 2 'huge.pub: larger than' 'a recipients file of 20 MB'

# --- what is refused: data -----------------------------------------------------

# no_age_size BYTES: no age file for one recipient has this length.
no_age_size()
{
	[ "$1" -ge 200 ] || return 0
	over=$((($1 - 184) % 65552))
	[ $over -ge 1 ] && [ $over -le 16 ]
}

try "pgb-encrypt -r $mine </dev/null"
refused 1 'stdin is empty' 'empty input'
is "$OUT" '' 'empty input gives empty output'
try "pgb-encrypt --raw -r $mine </dev/null"
refused 1 'stdin is empty' 'empty input with --raw'
try "pgb-encrypt -r $mine --report no.json <small"
refused 1 'not proven' 'foreign input'
try "pgb-encrypt --raw -r $mine --report raw.json <small >raw.age &&
    age -d -i mine.key raw.age"
same small 'foreign input with --raw'
like "$(cat raw.json)" '"proof":"raw"' 'and the report says so'
for n in 20 99 65536 100000 199960; do
	try "head -c $n plain | pgb-encrypt --raw -r $mine --report no.json"
	refused 1 'cut short' "a dump cut at $n, --raw or not"
	mv out cut.age
	ok 'the output ends where no age file does' no_age_size "$(size cut.age)"
	try 'age -d -i mine.key cut.age'
	status_is 1 'age finds no end in the output'
done
ok 'no report of any of them' not test -e no.json

try 'pgb-encrypt -d -i other.key <all.age'
refused 1 'stdin: no identity matches .tried: 1; recipients of their kinds: 3' \
    'another key'
is "$OUT" '' 'another key: nothing is written'
try 'pgb-encrypt -d -i mine.key <plain'
refused 1 'stdin: not an age file' 'not age'
try 'pgb-encrypt -d -i mine.key </dev/null'
refused 1 'stdin.* empty' 'nothing to decrypt'
printf 'age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 18\n' >pass.age
printf '%043d\n--- %043d\n' 0 0 | tr 0 A >>pass.age
try 'pgb-encrypt -d -i mine.key <pass.age'
refused 1 'encrypted with a passphrase' 'a passphrase'
sed '1s/v1/v2/' two.age >v2.age
try 'pgb-encrypt -d -i mine.key <v2.age'
refused 1 'not version 1' 'a later version'

# flip FILE OFFSET: a copy with the byte there changed, in bad.age.
flip()
{
	c=$(od -An -tu1 -j "$2" -N 1 "$1")
	head -c "$2" "$1" >bad.age
	printf "\\$(printf %o $((c ^ 1)))" >>bad.age
	tail -c +$(($2 + 2)) "$1" >>bad.age
}
h=$((22 + 98 * 2 + 48))
flip two.age $((h - 10))
try 'pgb-encrypt -d -i mine.key <bad.age'
refused 1 'header: .*(MAC|malformed)' 'a damaged MAC'
flip two.age $h
try 'pgb-encrypt -d -i mine.key <bad.age'
refused 1 'chunk 0 is damaged' 'a damaged nonce'
is "$OUT" '' 'a damaged nonce: nothing is written'
flip two.age $((h + 16 + 65552 + 5))
try 'pgb-encrypt -d -i mine.key --report no.json <bad.age'
refused 1 'chunk 1 is damaged' 'a damaged second chunk'
head -c 65536 plain >first
ok 'no byte of it is written' sh -c 'head -c "$(stat -c %s out)" first | cmp - out'
cat two.age two.age >twice.age
try 'pgb-encrypt -d -i mine.key <twice.age'
status_is 1 'a second file behind the first'
for n in 0 21 100 $((h - 1)) $h $((h + 15)) $((h + 16)) $((h + 31)) \
    $((h + 16 + 65552)) $((h + 16 + 65560)) $((h + 16 + 65552 * 2)) \
    $(($(size two.age) - 1)); do
	try "head -c $n two.age | pgb-encrypt -d -i mine.key --report no.json"
	refused 1 '(cut short|empty)' "an age file cut at $n"
	ok 'its output is not whole' not cmp -s plain out
done
ok 'no report of decryption either' not test -e no.json

# --- the machine ------------------------------------------------------------

for args in "-r $mine" '-d -i mine.key'; do
	in=plain
	[ "${args#-d}" = "$args" ] || in=two.age
	try "pgb-encrypt $args <$in >/dev/full"
	refused 3 'stdout: No space' "pgb-encrypt ${args%% *} to a full disk"
	try "pgb-encrypt $args <$in >&-"
	refused 3 'stdout is closed' "pgb-encrypt ${args%% *} with stdout closed"
	try "pgb-encrypt $args <&-"
	refused 3 'stdin is closed' "pgb-encrypt ${args%% *} with stdin closed"
	# A pipe that nobody reads any more when it begins: head(1) might be late.
	try "perl -e 'pipe(R, W); close R; open(STDOUT, q(>&W)); exec @ARGV' \
	    pgb-encrypt $args <$in"
	is "$RC" 3 "pgb-encrypt ${args%% *} into a closed pipe"
	is "$ERR" '' 'without a word'
	try "pgb-encrypt $args --report none/report <$in"
	refused 3 none "pgb-encrypt ${args%% *} with no place for the report"
	is "$OUT" '' 'and without output'
done
for args in --help --version; do
	try "pgb-encrypt $args >/dev/full"
	refused 3 'stdout: No space' "$args to a full disk"
	try "pgb-encrypt $args"
	status_is 0 "$args"
done

# Between programs of the suite the mark proves what binary age cannot.
try "pgb-encrypt -r $mine <plain | pgb-verify --sink"
status_is 0 'the program behind takes the stream as whole'
try "head -c 100000 plain | pgb-encrypt -r $mine | pgb-verify --sink"
status_is 1 'or not, where ours was not'
try "pgb-encrypt -r $mine <plain | pgb-encrypt -r $stock"
refused 2 'stdin: is encrypted with age already' 'age is not encrypted again'
is "$OUT" '' 'by mistake'
try "pgb-encrypt -a -r $mine <plain | pgb-encrypt -r $stock"
refused 2 'stdin: is encrypted with age already' 'armored age neither'
try "pgb-encrypt -r $mine <plain | pgb-encrypt --raw -r $stock |
    pgb-encrypt -d -i stock.key | pgb-encrypt -d -i mine.key"
same plain 'encrypted twice, decrypted twice'

# A core file would hold the keys.
mkfifo hold
pgb-encrypt -d -i mine.key <hold >/dev/null 2>&1 &
pid=$!
exec 3>hold
await 5 grep -qs '^Max core file size  *0  *0 ' /proc/$pid/limits
like "$(cat /proc/$pid/limits)" 'Max core file size +0 +0 ' 'no core files'
kill $pid
wait $pid 2>/dev/null
is $? 143 'SIGTERM ends it by that signal'
exec 3>&-

# --- many ------------------------------------------------------------------------

: >many
while read -r i; do
	pgb-encrypt --keygen key.$i >>many || break
	rm -f key.$i
done <<END
$(seq 1023)
END
echo "$mine" >>many
dump 200 >few
try 'pgb-encrypt -R many <few >many.age'
status_is 0 '1024 recipients'
ok 'the last one reads it' sh -c 'pgb-encrypt -d -i mine.key <many.age | cmp - few'
# Before 1.0 it reads no more than 20.
if age -d -i mine.key many.age 2>&1 >few.age | grep -q 'too many recipients'; then
	untested 'this age reads no such file'
else
	ok 'and with age' cmp few.age few
fi
pgb-encrypt --keygen key.more >>many
try 'pgb-encrypt -R many <few'
refused 2 'more than 1024 recipients' 'one more'

done_testing
