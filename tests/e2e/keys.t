#!/bin/sh
# SPDX-License-Identifier: ISC
# Every kind of key and passphrase that age knows opens what it should, here and
# there, and no secret comes out of it.
. "${0%/*}/../lib.sh"
need age age-keygen ssh-keygen setsid
cd "$SCRATCH" || exit
TTY="$BIN/helper/tty"
ASKS=$(age_asks)

# refused STATUS ERE NAME: the last try ended so, with one error line.
refused()
{
	status_is "$1" "$3: status $1"
	like "$ERR" "^pgb-encrypt: error: .*$2" "$3: says why"
	is "$(printf '%s\n' "$ERR" | grep -c ': error: ')" 1 "$3: once"
}
same() { ok "$2" cmp "$1" out; }

{
	printf -- '--\n-- PostgreSQL database dump\n--\n\n-- '
	seq -s ' ' 30000
	printf -- '\n\n--\n-- PostgreSQL database dump complete\n--\n\n'
} >plain
secret() { (umask 077; printf "$1" >"$2"); }
age-keygen -o age.key 2>/dev/null
mine=$(age-keygen -y age.key)
ssh-keygen -q -t ed25519 -N '' -C 'backup key' -f ssh.key
ssh-keygen -q -t ed25519 -N locked -f locked.key
ssh-keygen -q -t rsa -b 2048 -N '' -f rsa.key
ssh-keygen -q -t ecdsa -N '' -f ecdsa.key
ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f pem.key
ssh=$(cat ssh.key.pub)

# --- SSH keys -----------------------------------------------------------------

try 'pgb-encrypt -R ssh.key.pub <plain'
status_is 0 'an SSH public key as recipients file'
mv out ssh.age
try 'age -d -i ssh.key ssh.age'
same plain 'age opens it with the SSH key'
try 'pgb-encrypt -d -i ssh.key <ssh.age'
same plain 'so do we'
age -R ssh.key.pub -o stock.age plain
try 'pgb-encrypt -d -i ssh.key <stock.age'
same plain 'and what age encrypts to it'
run pgb-encrypt -r "$ssh" -r "$mine" <plain
status_is 0 '-r with an SSH public key beside an age key'
mv out two.age
for k in ssh age; do
	try "pgb-encrypt -d -i $k.key <two.age"
	same plain "$k.key opens it"
	try "age -d -i $k.key two.age"
	same plain 'in age too'
done
{
	echo '# who may restore'
	echo
	printf 'restrict,command="echo \\"a b\\" ssh-ed25519",no-pty %s\n' "$ssh"
	cat rsa.key.pub ecdsa.key.pub
	echo "$mine"
} >authorized_keys
try 'pgb-encrypt -R authorized_keys <plain'
status_is 0 'authorized_keys with keys of other types'
like "$ERR" 'warning: authorized_keys: line 4: left out: .* ssh-rsa' \
    'says what is left out'
like "$ERR" 'warning: authorized_keys: line 5: left out: .* ecdsa-' 'each'
mv out auth.age
is "$(grep -ac '^-> ' auth.age)" 2 'the others are recipients'
try 'age -d -i ssh.key auth.age'
same plain 'the one with options opens it'
try 'pgb-encrypt -R rsa.key.pub <plain'
refused 2 'rsa.key.pub: no key in it that can be used' 'none of a type we know'
is "$OUT" '' 'nothing is written'
run pgb-encrypt -r "$(cat rsa.key.pub)" <plain
refused 2 '-r: an SSH key of type ssh-rsa' '-r with an RSA key'
run pgb-encrypt -r "${ssh%????? backup key}" <plain
refused 2 '-r: a damaged or incomplete SSH public key' 'an SSH key cut short'
cat ssh.key.pub other.key.pub >two.pub 2>/dev/null || cat ssh.key.pub ssh.key.pub >two.pub
run pgb-encrypt -r "$(cat two.pub)" <plain
refused 2 '-r: more than one line' '-r with two lines'
cat ssh.key.pub rsa.key.pub >again.pub
run pgb-encrypt -r "$ssh" -R again.pub <plain
status_is 0 'a file whose only usable key was given before'
printf 'Cert-Authority,principals="x" %s\n%s\n' "$ssh" "$mine" >ca.pub
try 'pgb-encrypt -R ca.pub <plain'
status_is 0 'the key of an authority'
like "$ERR" 'ca.pub: line 1: left out: .*cert-authority' 'is left out'
is "$(grep -ac '^-> ' out)" 1 'and the other is not'
for case in 'locked|under a passphrase' 'rsa|ssh-rsa: only ssh-ed25519' \
    'pem|RSA PRIVATE KEY.*only ssh-ed25519'; do
	try "pgb-encrypt -d -i ${case%|*}.key <ssh.age"
	refused 2 "${case%|*}.key: .*${case#*|}" "-i ${case%|*}.key"
done
try 'pgb-encrypt -d -i ssh.key.pub <ssh.age'
refused 2 'ssh.key.pub: line 1: a public SSH key' 'the public half with -i'
try 'pgb-encrypt -R ssh.key <plain'
refused 2 'ssh.key: line 1: a private key' 'the private half with -R'
try 'pgb-encrypt -d -i age.key <ssh.age'
refused 1 'encrypted to other kinds of keys' 'an age key for an SSH file'
ssh-keygen -q -t ed25519 -N '' -f other.key
try 'pgb-encrypt -d -i other.key <ssh.age'
refused 1 'no identity matches' 'another SSH key'

# --- what a key's recipient is ------------------------------------------------------

try 'pgb-encrypt --recipient-of age.key'
is "$OUT" "$mine" '--recipient-of an age key'
try 'pgb-encrypt --recipient-of ssh.key'
is "$OUT" "${ssh% backup key}" '--recipient-of an SSH key'
try 'pgb-encrypt --recipient-of - <age.key'
is "$OUT" "$mine" '--recipient-of stdin'
try 'pgb-encrypt --recipient-of age.key.pub'
refused 2 'age.key.pub: No such file' '--recipient-of nothing'
try 'pgb-encrypt -e -i age.key -i ssh.key <plain'
status_is 0 '-e -i: to their own recipients'
mv out own.age
for k in ssh age; do
	try "age -d -i $k.key own.age"
	same plain "$k.key opens it"
done
is "$(grep -ac '^-> ' own.age)" 2 'nobody else'

# --- armor ------------------------------------------------------------------------

for n in 1 47 48 49 95 96 1000 65536 200000; do
	tail -c +40 plain | head -c $n >part
	try "pgb-encrypt -a --raw -r $mine <part"
	mv out part.asc
	try 'age -d -i age.key part.asc'
	same part "age opens armor of $n bytes"
	try 'pgb-encrypt -d -i age.key <part.asc'
	same part 'so do we'
	age -a -r "$mine" part | sed 1d | awk '{ print length }' >stock.len
	# An old one puts an empty line behind a last one that is full.
	! old_age || sed -i '/^0$/d' stock.len
	sed 1d part.asc | awk '{ print length }' >our.len
	ok 'its lines are as long as those of age' cmp stock.len our.len
done
try "pgb-encrypt -a -r $mine <plain"
mv out plain.asc
is "$(awk 'length > 64' plain.asc)" '' 'lines of 64 characters'
try 'pgb-verify --sink <plain.asc'
status_is 0 'the END line is seen'
try "head -c 100000 plain | pgb-encrypt -a -r $mine"
refused 1 'cut short' 'armor of a dump that is cut'
unlike "$(cat out)" '^-----END' 'has no END line'

# --- passphrases --------------------------------------------------------------------

secret 'correct horse\n' pass
try 'pgb-encrypt --passphrase-file pass <plain'
status_is 0 '--passphrase-file'
mv out pass.age
"$TTY" tty.log 'correct horse' -- $ASKS age -d pass.age >back 2>err
ok 'age opens it' cmp plain back
like "$(sed -n 2p pass.age)" '^-> scrypt [A-Za-z0-9+/]{22} 18$' 'with work factor 18'
try 'pgb-encrypt -d --passphrase-file pass <pass.age'
same plain 'so do we'
try 'pgb-encrypt -d --passphrase-fd 3 3<pass <pass.age'
same plain '--passphrase-fd'
run "$TTY" tty.log 'correct horse' -- pgb-encrypt -d -p <pass.age
same plain '-p asks for it'
unlike "$(cat tty.log)" horse 'what is typed is not shown'
run "$TTY" tty.log 'battery staple' 'battery staple' -- pgb-encrypt -p <plain
status_is 0 '-p to encrypt asks twice'
mv out typed.age
"$TTY" tty.log 'battery staple' -- $ASKS age -d typed.age >back 2>err
ok 'age opens it' cmp plain back
run "$TTY" tty.log one two three three -- pgb-encrypt -p <plain
status_is 0 'asks again where the two differ'
like "$(cat tty.log)" 'differ' 'says so'
run "$TTY" tty.log a b c d e f -- pgb-encrypt -p <plain
refused 2 differ 'but not for ever'
is "$OUT" '' 'nothing is written'
run "$TTY" tty.log '' -- pgb-encrypt -p <plain
refused 2 empty 'an empty passphrase'
run "$TTY" tty.log '^C' -- pgb-encrypt -p <plain
status_is 130 '^C at the prompt'
is "$ERR" '' 'without a word'
run setsid -w pgb-encrypt -p <plain
refused 2 'no terminal' '-p without a terminal'
like "$ERR" 'hint: .*--passphrase-file' 'says what else there is'
"$TTY" tty.log x x -- $ASKS age -p -o stock.age plain 2>err
secret x x.pass
try 'pgb-encrypt -d --passphrase-file x.pass <stock.age'
same plain "what age encrypts with a passphrase"
try 'pgb-encrypt -d --passphrase-file pass <stock.age'
refused 1 'encrypted with another passphrase' 'the wrong one'
is "$OUT" '' 'nothing is written'
try 'pgb-encrypt -d -i age.key <stock.age'
refused 1 'encrypted with a passphrase, not to a key' 'a key for a passphrase'
try 'pgb-encrypt -d -i age.key --passphrase-file x.pass <stock.age'
same plain 'a key and the passphrase'
try 'pgb-encrypt -d -i ssh.key --passphrase-file none/such <ssh.age'
same plain 'a key where the passphrase is not wanted'
run "$TTY" tty.log x -- pgb-encrypt -d -i age.key -p <stock.age
same plain 'a key and -p, which asks when it is wanted'
try "pgb-encrypt --rekey -i age.key --passphrase-file x.pass -r $mine <stock.age |
    age -d -i age.key"
same plain 'rekeyed from a passphrase to a key'
try 'pgb-encrypt -e -i age.key --passphrase-file x.pass <plain'
refused 2 'no file of -i is under one' '-e -i with a passphrase for nothing'
try 'pgb-encrypt --max-work-factor 20 --passphrase-file x.pass <plain'
refused 2 'not with encryption' 'a work factor to encrypt'
try 'pgb-encrypt --passphrase-file AGE-SECRET-KEY-1QQQ <plain'
refused 2 'a secret key stands where the name' 'a key as passphrase file'
unlike "$ERR" QQQ 'which is not shown'
# Scrypt is not waited for: 1 GiB of work, and a signal.
sed '2s/18$/20/' stock.age >slow.age
pgb-encrypt -d --passphrase-file x.pass <slow.age >out 2>err &
pid=$!
# A thread more than there are at first; ThreadSanitizer has one of its own.
threads=2
[ "${PGB_SAN:-}" != thread ] || threads=3
working()
{
	[ "$(ls /proc/$pid/task 2>/dev/null | wc -l)" = $threads ] || [ -s err ]
}
until working; do :; done
kill $pid
wait $pid
is "$? $(cat err)" '143 ' 'SIGTERM while scrypt works ends it at once'
try 'pgb-encrypt -d --passphrase-file pass <ssh.age'
refused 1 'encrypted to keys, not with a passphrase' 'a passphrase for a key'
try 'pgb-encrypt -d --max-work-factor 17 --passphrase-file x.pass <stock.age'
refused 1 'work factor above 17' 'a work factor over the limit'
sed '2s/18$/23/' stock.age >slow.age
try 'pgb-encrypt -d --passphrase-file x.pass <slow.age'
refused 1 'byte [0-9]+: header: .*work factor above 22' 'work factor 23'
secret 'a\nb\n' two.pass
secret '' none.pass
secret 'a\000b\n' nul.pass
for case in 'two|more than one line|of two lines' 'none|no passphrase in it|that is empty' \
    'nul|NUL|with a NUL'; do
	f=${case%%|*}
	t=${case#*|}
	try "pgb-encrypt --passphrase-file $f.pass <plain"
	refused 2 "$f.pass.*${t%|*}" "a passphrase file ${t#*|}"
done
chmod 640 pass
try 'pgb-encrypt --passphrase-file pass <plain'
refused 2 'pass: others may read' 'a passphrase file that others may read'
like "$ERR" 'hint: chmod 600 pass$' 'and how to mend it'
chmod 600 pass

# --- identity files that are themselves encrypted ----------------------------------

"$TTY" tty.log x x -- $ASKS age -p -o locked.id age.key 2>err
"$TTY" tty.log x x -- $ASKS age -a -p -o armored.id age.key 2>err
chmod 600 locked.id armored.id
age -r "$mine" -o for.age plain
for id in locked armored; do
	try "pgb-encrypt -d -i $id.id --passphrase-file x.pass <for.age"
	same plain "$id.id, with the passphrase from a file"
	run "$TTY" tty.log x -- pgb-encrypt -d -i $id.id <for.age
	same plain 'and asked for'
	like "$(cat tty.log)" "passphrase of $id.id: " 'by name'
done
try 'pgb-encrypt -d -i locked.id --passphrase-file pass <for.age'
refused 2 'locked.id: wrong passphrase' 'the wrong one'
run setsid -w pgb-encrypt -d -i locked.id <for.age
refused 2 'passphrase of locked.id: no terminal' 'nobody to ask'
try 'pgb-encrypt --recipient-of locked.id --passphrase-file x.pass'
is "$OUT" "$mine" '--recipient-of an encrypted one'
try 'pgb-encrypt -e -i locked.id --passphrase-file x.pass <plain'
status_is 0 '-e -i with an encrypted one'
is "$(grep -ac '^-> X25519 ' out)" 1 'is to its recipient'
printf 'no key at all\n' >junk
"$TTY" tty.log x x -- $ASKS age -p -o junk.id junk 2>err
chmod 600 junk.id
try 'pgb-encrypt -d -i junk.id --passphrase-file x.pass <for.age'
refused 2 'junk.id: line 1: not an age identity' 'no identity inside'
unlike "$ERR" 'no key at all' 'which is not shown'
head -c 180 locked.id >cut.id
chmod 600 cut.id
try 'pgb-encrypt -d -i cut.id --passphrase-file x.pass <for.age'
refused 2 'cut.id: cut short' 'one that is cut short'
run "$TTY" tty.log x -- pgb-verify --sink -i locked.id <for.age
status_is 0 'pgb-verify asks as well'

# --- post-quantum and hardware keys, by name ------------------------------------------

# A recipient of age 1.3, and its identity (age-xwing-vector.sh makes them).
pq=$(sed -n 's/.*"\(age1pq1[a-z0-9]*\)".*/\1/p' "$TOP/tests/unit/age-xwing-vector.h")
run pgb-encrypt -r age1pq1qqqq <plain
refused 2 '-r: a mistyped' 'a post-quantum recipient that is damaged'

# --- nothing of it is seen --------------------------------------------------------------

mkfifo hold
pgb-encrypt -d --passphrase-file pass <hold >/dev/null 2>&1 &
pid=$!
exec 3>hold
head -c 100 pass.age >&3
await 5 grep -qs '^Max core file size  *0  *0 ' /proc/$pid/limits
unlike "$(tr '\0' '\n' </proc/$pid/cmdline) $(tr '\0' '\n' </proc/$pid/environ)" \
    'correct horse' 'no passphrase in arguments or environment'
kill $pid
wait $pid 2>/dev/null
exec 3>&-

# Other limits of the session do not matter.
try "ulimit -f 100; pgb-encrypt -r $mine <plain | pgb-encrypt -d -i age.key | cmp - plain"
is "$RC $ERR" '0 ' 'a limit for files is not one for pipes'
try "pgb-encrypt --rekey -i age.key -r $mine <for.age >/dev/full"
refused 3 'No space' '--rekey to a full disk'
unlike "$ERR" revokes 'does not say that it was done'
try "pgb-encrypt -v -r $mine <plain >v.age; pgb-encrypt -v -d -i age.key <v.age"
like "$ERR" 'encrypting: recipients: 1, threads: ' '-v'
like "$ERR" 'age: stanza 1 of 1 opens' '-v says what opened it'

done_testing
