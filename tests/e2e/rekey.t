#!/bin/sh
# SPDX-License-Identifier: ISC
# A rekeyed file has the same payload and other recipients; one that was cut does
# not get to look whole by it.
. "${0%/*}/../lib.sh"
need age age-keygen
cd "$SCRATCH" || exit

# refused STATUS ERE NAME: the last try ended so, with one error line.
refused()
{
	status_is "$1" "$3: status $1"
	like "$ERR" "^pgb-encrypt: error: .*$2" "$3: says why"
	is "$(printf '%s\n' "$ERR" | grep -c ': error: ')" 1 "$3: once"
}
same() { ok "$2" cmp "$1" out; }

for k in old new safe; do
	age-keygen -o $k.key 2>/dev/null
	age-keygen -y $k.key >$k.pub
done
seq 60000 | head -c 262144 >plain
age -R old.pub -o old.age plain
head=$(pgb-encrypt --inspect --json <old.age | sed 's/.*"header":\([0-9]*\).*/\1/')
is "$head" 168 'the header of one recipient'

# --- the same payload -------------------------------------------------------------

try 'pgb-encrypt --rekey -i old.key -R new.pub -R safe.pub <old.age'
status_is 0 '--rekey'
like "$ERR" '^pgb-encrypt: note: rekeyed, which revokes nothing' 'says what it is not'
mv out new.age
tail -c +$((head + 1)) old.age >payload
ok 'nonce and payload are the same bytes' \
    sh -c "tail -c $(size payload) new.age | cmp - payload"
for k in new safe; do
	try "age -d -i $k.key new.age"
	same plain "$k.key opens it"
	try "pgb-encrypt -d -i $k.key <new.age"
	same plain 'here too'
done
try 'age -d -i old.key new.age'
status_is 1 'the old key does not'
try 'pgb-encrypt --rekey -i new.key -R old.pub <new.age | age -d -i old.key'
same plain 'and back'
try 'cat old.age | pgb-encrypt --rekey -i old.key -R new.pub | age -d -i new.key'
same plain 'through pipes'
try '(dd bs=1 count=70000; sleep 0.1; cat) <old.age 2>/dev/null |
    pgb-encrypt --rekey -i old.key -R new.pub | age -d -i new.key'
same plain 'byte by byte'
try 'pgb-encrypt --rekey -a -i old.key -R new.pub <old.age'
like "$OUT" '^-----BEGIN AGE' 'armored on request'
mv out new.asc
try 'age -d -i new.key new.asc'
same plain 'which opens'
try 'pgb-encrypt --rekey -i new.key -R old.pub <new.asc | age -d -i old.key'
same plain 'armor is read'
for n in 0 1 65535 65536 65537 131072; do
	head -c $n plain >part
	age -R old.pub -o part.age part
	try 'pgb-encrypt --rekey -i old.key -R new.pub <part.age | age -d -i new.key'
	same part "a file of $n bytes"
done
try 'pgb-encrypt --rekey -i old.key -R new.pub <old.age | pgb-verify --sink'
status_is 1 'what is inside is not proven by it'

# --- what is cut or damaged ------------------------------------------------------------

# not_whole NAME: neither age nor we find an end in the last output.
not_whole()
{
	mv out got.age
	if [ "$1" = 'a second file behind it' ] && old_age; then
		untested "$1: this age does not look for more"
	else
		ok "$1: age finds no end" \
		    not age -d -i new.key -o /dev/null got.age
	fi
	ok "$1: nor do we" not sh -c 'pgb-encrypt -d -i new.key <got.age >back'
}
chunk=65552
all=$(size old.age)
for armor in '' -a; do
	for n in 0 10 100 $((head - 1)) $head $((head + 15)) $((head + 16)) \
	    $((head + 31)) $((head + 32)) $((head + 16 + 100)) \
	    $((head + 16 + chunk)) $((head + 16 + chunk + 8)) \
	    $((head + 16 + chunk + 17)) $((head + 16 + 2 * chunk)) \
	    $((head + 16 + 3 * chunk)) $((head + 16 + 3 * chunk + 1000)) \
	    $((all - 16)) $((all - 1)); do
		try "head -c $n old.age |
		    pgb-encrypt --rekey $armor -i old.key -R new.pub --report no.json"
		refused 1 '(cut short|empty)' "cut at $n $armor"
		not_whole "cut at $n $armor"
	done
done
unlike "$ERR" 'rekeyed' 'nothing says that it was done'
ok 'no report' not test -e no.json
{ cat old.age; printf x; } >more.age
try 'pgb-encrypt --rekey -i old.key -R new.pub <more.age'
refused 1 'byte [0-9]+: cut short' 'a byte behind its end'
not_whole 'a byte behind its end'
cat old.age old.age >twice.age
try 'pgb-encrypt --rekey -i old.key -R new.pub <twice.age'
status_is 1 'a second file behind it'
not_whole 'a second file behind it'
{ head -c $((all - 5)) old.age; printf xxxxx; } >bad.age
try 'pgb-encrypt --rekey -i old.key -R new.pub <bad.age'
refused 1 'damaged' 'damage in the last chunk'
not_whole 'damage in the last chunk'
sed '3s/^.\(.\)/x\1/' old.age >bad.age
try 'pgb-encrypt --rekey -i old.key -R new.pub <bad.age'
status_is 1 'a damaged header'
is "$OUT" '' 'gives nothing'
try 'pgb-encrypt --rekey -i safe.key -R new.pub <old.age'
refused 1 'no identity matches' 'another key'
is "$OUT" '' 'another key: nothing is written'
try 'pgb-encrypt --rekey -i old.key -R new.pub <plain'
refused 1 'not an age file' 'not age'

done_testing
