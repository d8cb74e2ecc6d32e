#!/bin/sh
# SPDX-License-Identifier: ISC
# What age plugins wrap is opened through them; what one does wrong costs one
# line, gives no output, and leaves no process.
. "${0%/*}/../lib.sh"
need age script
cd "$SCRATCH" || exit
umask 077

# --- a plugin, and what belongs to it -----------------------------------------

# Recipient and identity of equal data open each other's files.
fake=age1fake1qqqqqqqqqqqqqqqqnxla9p
fake2=age1fake1zyzyzyzyzyzyzyzyca4f6t
fake3=age1fake10s0s0s0s0s0s0s0srekghw
other=age1other1xxxxxxxxxxxxxxxxhf2c7d
none=age1none1qqqqqqqqqqqqqqqqxua5x8
echo AGE-PLUGIN-FAKE-1QQQQQQQQQQQQQQQQE69CVS >fake.key
echo AGE-PLUGIN-FAKE-1ZYZYZYZYZYZYZYZYJP0VN6 >fake2.key
echo AGE-PLUGIN-FAKE-10S0S0S0S0S0S0S0SF9VD7L >fake3.key
echo AGE-PLUGIN-OTHER-1XXXXXXXXXXXXXXXXQKATFU >other.key
echo AGE-PLUGIN-NONE-1QQQQQQQQQQQQQQQQY9JSDT >none.key
mine=$(pgb-encrypt --keygen mine.key)
pgb-encrypt --keygen stranger.key >/dev/null
{
	printf -- '--\n-- PostgreSQL database dump\n--\n\n-- '
	seq -s ' ' 30000
	printf -- '\n\n--\n-- PostgreSQL database dump complete\n--\n\n'
} >plain

# The first does what AGE_FAKE says, the other what OTHER_FAKE says.
mkdir plugins
cp "$BIN/helper/age-plugin-fake" plugins
cat >plugins/age-plugin-other <<END
#!/bin/sh
[ -z "\${PEEK:-}" ] || { cat <&7 >"\$PEEK"; } 2>/dev/null
AGE_FAKE=\${OTHER_FAKE:-} exec '$SCRATCH/plugins/age-plugin-fake' "\$@"
END
chmod 755 plugins/age-plugin-other
BARE=$PATH
PATH=$PATH:$SCRATCH/plugins
export AGE_FAKE_LOG="$SCRATCH/plugin.log"
: >plugin.log

# same NAME: the last run gave the plain text, and status 0.
same() { is "$RC $(cmp plain out 2>&1)" '0 ' "$1"; }

# pids: of the plugins since the log was emptied.
pids() { sed -n 's/^pid \([0-9]*\) .*/\1/p' plugin.log; }
started() { pids | grep -c .; }
none_left()
{
	for t_pid in $(pids); do
		gone "$t_pid" || { echo "process $t_pid"; return 1; }
	done
}

# refused STATUS ERE NAME: the last run ended so, with one error line, without
# output, and no plugin is left.
refused()
{
	status_is "$1" "$3: status $1"
	like "$ERR" "^pgb-encrypt: error: .*$2" "$3: says why"
	is "$(printf '%s\n' "$ERR" | grep -c ': error: ')" 1 "$3: once"
	is "$(size out)" 0 "$3: nothing is written"
	ok "$3: no process is left" none_left
}

# --- both ways ----------------------------------------------------------------

try "pgb-encrypt -r $fake <plain"
status_is 0 '-r with a recipient of a plugin'
is "$ERR" '' 'without a word'
mv out fake.age
is "$(sed -n 2p fake.age)" '-> fake qqqqqqqq' "its stanza is the plugin's"
is "$(grep -ac '^-> ' fake.age)" 1 'and the only one'
for jobs in 1 2; do
	try "pgb-encrypt -d -j $jobs -i fake.key <fake.age"
	same "the identity opens it, -j $jobs"
	is "$ERR" '' 'without a word'
done
if old_age; then
	untested 'this age knows no plugins'
else
	try 'age -d -i fake.key fake.age'
	same 'age opens it by the same plugin'
	age -r $fake -o stock.age plain
	try 'pgb-encrypt -d -i fake.key <stock.age'
	same 'we open what age encrypts by it'
	age -a -r $fake -o stock.asc plain
	try 'pgb-encrypt -d -i fake.key <stock.asc'
	same 'and armors'
fi
try "pgb-encrypt -a -r $fake <plain | pgb-encrypt -d -i fake.key"
same 'so do we'
try 'pgb-encrypt -d -i fake2.key <fake.age'
refused 1 'stdin: no identity matches' 'another identity of the plugin'
try 'pgb-encrypt -d -i mine.key <fake.age'
refused 1 'encrypted to other kinds of keys' 'an age key'
try 'pgb-encrypt --inspect <fake.age'
like "$OUT" '^  fake +1( |$)' '--inspect names the stanza'

try 'pgb-encrypt -e -i fake.key <plain'
status_is 0 '-e -i with an identity of a plugin'
mv out own.age
try 'pgb-encrypt -d -i fake.key <own.age'
same 'it opens that'
old_age || {
	try 'age -d -i fake.key own.age'
	same 'in age, too'
}
try 'pgb-encrypt --recipient-of fake.key'
refused 2 'age-plugin-fake alone' '--recipient-of such an identity'
like "$ERR" 'hint: .*-e -i' 'and what to do'

# A passphrase is not for plugins.
echo 'open sesame' >pass
run env PEEK="$SCRATCH/peeked" sh -c "pgb-encrypt -r $other <plain |
    pgb-encrypt -d -i other.key --passphrase-fd 7 7<pass"
same 'a plugin beside --passphrase-fd'
is "$(cat peeked 2>/dev/null)" '' 'does not inherit the descriptor'

# The same one twice, and others behind and before it.
for words in "-r $fake -r $fake -r $mine" "-r $mine -r $fake -r $fake" \
    "-r $fake -r $mine -r $fake -r $fake2" "-r $fake -r $fake -r $fake2 -r $mine"
do
	try "pgb-encrypt $words <plain"
	mv out twice.age
	for key in fake mine; do
		try "pgb-encrypt -d -i $key.key <twice.age"
		same "$words: $key.key opens it"
	done
done
cat fake.key fake.key mine.key >three.key
try 'pgb-encrypt -e -i three.key <plain'
mv out twice.age
try 'age -d -i mine.key twice.age'
same 'an identity file that names a plugin twice, then a key'
run env AGE_FAKE=half OTHER_FAKE=half pgb-encrypt -r $fake -r $other <plain
refused 2 'more than 1024 stanzas' 'more stanzas than an age file may have'

# --- beside others ------------------------------------------------------------

printf '# in the safe\r\n%s\r\n\n%s\n%s' $fake2 $fake3 $fake2 >all.pub
: >plugin.log
try "pgb-encrypt -r $fake -r $mine -R all.pub -r $other --report report <plain"
status_is 0 'a plugin with three recipients, another, and an age key'
mv out all.age
is "$(grep -ac '^-> fake ' all.age)/$(grep -ac '^-> X25519 ' all.age)" 4/1 \
    'a stanza each'
is "$(started)" 2 'each plugin is started once'
is "$(grep -c '^-> add-recipient ' plugin.log)" 4 \
    'a recipient named twice counts once'
like "$(cat report)" '"recipients":5' 'the report counts them'
for k in fake fake2 fake3 other mine; do
	: >plugin.log
	try "pgb-encrypt -d -i stranger.key -i $k.key <all.age"
	same "$k.key opens it"
done
is "$(started)" 0 'what needs no plugin starts none'
try 'pgb-encrypt -d -i none.key -i mine.key <all.age'
same 'nor misses one'
: >plugin.log
try 'pgb-encrypt -d -i stranger.key -i other.key -i fake2.key -i fake.key \
    <fake.age'
same 'several identities of several plugins'
is "$(started)" 2 'again once each'
try "pgb-encrypt -e -i fake.key -r $fake2 -r $mine <plain"
status_is 0 '-e -i, and recipients of the same plugin'
mv out both.age
is "$(grep -ac '^-> fake ' both.age)" 2 'a stanza each'
try 'pgb-encrypt -d -i fake2.key <both.age'
same 'the recipient opens it'

try 'pgb-verify -i fake.key <all.age'
status_is 0 'pgb-verify with an identity of a plugin'
try 'head -c -1 all.age | pgb-verify -i fake.key'
status_is 1 'finds a file cut short'
try 'pgb-verify -i fake2.key <fake.age'
status_is 1 'and one for somebody else'

# --- another header -----------------------------------------------------------

try "pgb-encrypt --rekey -i fake.key -r $mine <fake.age"
status_is 0 '--rekey with an identity of a plugin'
mv out new.age
try 'pgb-encrypt -d -i mine.key <new.age'
same 'the new key opens it'
try 'age -d -i mine.key new.age'
same 'in age, too'
try 'pgb-encrypt -d -i fake.key <new.age'
status_is 1 'the old one does not'
try "pgb-encrypt --rekey -i mine.key -r $fake2 -r $other <new.age"
status_is 0 '--rekey to recipients of plugins'
mv out new2.age
for k in fake2 other; do
	try "pgb-encrypt -d -i $k.key <new2.age"
	same "$k.key opens it"
done
try "AGE_FAKE=die pgb-encrypt --rekey -i fake.key -r $mine <fake.age"
refused 3 'age-plugin-fake: ended' '--rekey, and the plugin dies'
try "AGE_FAKE=die pgb-encrypt --rekey -i mine.key -r $fake <new.age"
refused 3 'age-plugin-fake: ended' '--rekey to it, and it dies'

# --- labels -------------------------------------------------------------------

try "AGE_FAKE=labels pgb-encrypt -r $fake -r $fake2 <plain"
status_is 0 'labels that all of a file have'
try "AGE_FAKE=labels OTHER_FAKE=labels pgb-encrypt -r $other -r $fake <plain"
status_is 0 'the same of two plugins'
while read -r name args; do
	try "AGE_FAKE=labels pgb-encrypt $args <plain"
	refused 2 'must not be mixed' "other labels, $name"
done <<END
plugin-X25519 -r $fake -r $mine
X25519-plugin -r $mine -r $fake
two-plugins -r $fake -r $other
two-plugins -r $other -r $fake
identities -e -i mine.key -i fake.key
END
try "AGE_FAKE=labels \
    pgb-encrypt --rekey -i mine.key -r $mine -r $fake <new.age"
refused 2 'must not be mixed' 'other labels, --rekey'

# --- a plugin that is not there -----------------------------------------------

try "pgb-encrypt -r $none <plain"
refused 2 'age-plugin-none is not in PATH' 'a recipient of a missing plugin'
try "pgb-encrypt -r $mine -e -i none.key <plain"
refused 2 'age-plugin-none is not in PATH' '-e -i, and no plugin'
try 'pgb-encrypt -d -i none.key <fake.age'
refused 2 'age-plugin-none: not found in PATH' '-d, and no plugin'
try "pgb-encrypt --rekey -i none.key -r $mine <fake.age"
refused 2 'age-plugin-none: not found in PATH' '--rekey, and no plugin'
try "pgb-encrypt -r ${fake%p}q <plain"
refused 2 'mistyped' 'a damaged recipient'
sed 's/S$/Q/' fake.key >damaged.key
try 'pgb-encrypt -d -i damaged.key <fake.age'
refused 2 'damaged.key: line 1: a mistyped or damaged identity' \
    'a damaged identity'

# Where we happen to be, anybody may have put a program.
mkdir here dirs dirs/age-plugin-fake flat
cp -r plugins plugins/age-plugin-fake here
cp plugins/age-plugin-fake flat
chmod 644 flat/age-plugin-fake
: >plugin.log
while read -r way name; do
	run sh -c "cd here && PATH='$way' exec pgb-encrypt -r $fake <../plain"
	refused 2 'age-plugin-fake is not in PATH' "$name of PATH"
done <<END
plugins:$BARE	a relative entry
./plugins:../plugins:$BARE	relative entries
$BARE:.	a last entry .
:$BARE	an empty first entry
$BARE:	an empty last entry
$BARE::$BARE	an empty entry
$SCRATCH/dirs:$SCRATCH/flat:$BARE	what is no program
END
run sh -c "cd here && PATH='$BARE:plugins:' \
    exec pgb-encrypt -d -i ../fake.key <../fake.age"
refused 2 'age-plugin-fake: not found in PATH' 'nor to decrypt'
is "$(started)" 0 'none of these was started'

# --- one that does wrong ------------------------------------------------------

# say FORMAT: what it says.
say()
{
	# shellcheck disable=SC2059
	AGE_FAKE_SAY=$(printf -- "$1.")
	export AGE_FAKE_SAY="${AGE_FAKE_SAY%.}"
}

# behave WORD: NAME=VALUE, or SAY=FORMAT.
behave()
{
	unset AGE_FAKE AGE_FAKE_SAY AGE_FAKE_EXIT
	: >plugin.log
	case $1 in
	SAY=*)	say "${1#SAY=}" ;;
	?*)	export "${1?}" ;;
	esac
}

while IFS='|' read -r word line name; do
	behave "$word"
	try "pgb-encrypt -r $mine -r $fake --report no.json <plain"
	refused 3 "age-plugin-fake: $line" "to encrypt: $name"
done <<'END'
AGE_FAKE=die|ended before it was done: status 3|dies
AGE_FAKE=kill|ended before it was done: signal 9|is killed
AGE_FAKE=hangup|hung up|hangs up
AGE_FAKE=many|more than 1024 stanzas|a stanza too many
AGE_FAKE=long|.*a command that is too long|a stanza too long
AGE_FAKE=sum|stanzas of more than|stanzas too long together
AGE_FAKE=more|.*more behind its last command|says more
AGE_FAKE_EXIT=7|ended badly: status 7|ends badly
AGE_FAKE_SAY=|ended before it was done|says nothing
AGE_FAKE_SAY=hello|ended before it was done|half a line
SAY=hello\n\n|not the plugin protocol|talks nonsense
SAY=-> done\n\n|no stanza came of it|gives no stanza
SAY=-> recipient-stanza 0 scrypt A 18\n\n|a scrypt stanza|gives a scrypt stanza
SAY=-> recipient-stanza 0 X25519 A\n\n|a malformed X25519 stanza|a false stanza
SAY=-> recipient-stanza 1 fake\n\n|.*another file|counts wrong
SAY=-> recipient-stanza 0 fake\n=\n|.*malformed body|no base64
END
while IFS='|' read -r word line name; do
	behave "$word"
	try 'pgb-encrypt -d -i stranger.key -i fake.key --report no.json \
	    <fake.age'
	refused 3 "age-plugin-fake: $line" "to decrypt: $name"
done <<'END'
AGE_FAKE=die|ended before it was done: status 3|dies
AGE_FAKE=kill|ended before it was done: signal 9|is killed
AGE_FAKE=hangup|hung up|hangs up
AGE_FAKE=more|.*more behind its last command|says more
AGE_FAKE_EXIT=7|ended badly: status 7|ends badly
AGE_FAKE_SAY=|ended before it was done|says nothing
SAY=hello\n\n|not the plugin protocol|talks nonsense
SAY=-> file-key 0\nAAAA\n|a file key that is not of 16 bytes|a short file key
END
ok 'no report of any of them' not test -e no.json

# The data's fault, or the user's.
behave 'SAY=-> file-key 0\nAAAAAAAAAAAAAAAAAAAAAA\n-> done\n\n'
try 'pgb-encrypt -d -i fake.key <fake.age'
refused 1 'header: .*MAC' 'the wrong file key'
behave 'SAY=-> error stanza 0 0\nbm8gdG9rZW4\n-> done\n\n'
try 'pgb-encrypt -d -i fake.key <fake.age'
refused 1 'age-plugin-fake: stanza 1: no token$' 'a stanza that it calls bad'
behave 'SAY=-> error identity 0\nbm8gdG9rZW4\n-> done\n\n'
try 'pgb-encrypt -d -i fake.key <fake.age'
refused 2 'age-plugin-fake: identity 1: no token$' 'an identity'
behave 'SAY=-> error recipient 0\nbm8gdG9rZW4\n-> done\n\n'
try "pgb-encrypt -r $fake <plain"
refused 2 'age-plugin-fake: recipient 1: no token$' 'a recipient'

behave AGE_FAKE=die
try 'pgb-encrypt -d -i fake.key -i other.key <all.age'
refused 3 'age-plugin-fake: ended' 'one of two plugins dies'
like "$ERR" '^pgb-encrypt: age-plugin-fake: no \\x1b\[31mreader$' \
    'what it tells is passed on, masked'
try 'pgb-verify -i fake.key <fake.age'
status_is 3 'pgb-verify, and the plugin dies'
like "$ERR" '^pgb-verify: error: age-plugin-fake: ended' 'pgb-verify says why'
is "$(printf '%s\n' "$ERR" | grep -c ': error: ')" 1 'once'
try 'pgb-verify -i none.key <fake.age'
status_is 2 'pgb-verify, and no plugin'
like "$ERR" '^pgb-verify: error: age-plugin-none: not found in PATH$' \
    'pgb-verify names it'

# What is odd, but right.
for how in flood early drip linger; do
	behave "AGE_FAKE=$how"
	try "pgb-encrypt -r $fake <plain 2>err1 | pgb-encrypt -d -i fake.key"
	same "a plugin that does: $how"
	ok "$how: no process is left" none_left
done
behave ''

# --- an end from outside ------------------------------------------------------

# hangs HOW COMMAND...: in the background, until the plugin is there; from and
# to files.
hangs()
{
	: >plugin.log
	: >out
	how=$1; shift
	AGE_FAKE=$how "$@" <"$from" >out 2>err &
	pid=$!
	at_exit $pid
	await 10 pids_there
}
pids_there() { [ -n "$(pids)" ]; }

# ended SIGNAL STATUS NAME
ended()
{
	kill -s "$1" $pid
	wait $pid 2>/dev/null
	is "$? $(size out) $(cat err)" "$2 0 " "$3"
	ok "$3: no process is left" await 5 none_left
}
from=plain
for how in hang late stubborn; do
	hangs $how pgb-encrypt -r $fake
	ended TERM 143 "SIGTERM while the plugin does: $how"
done
from=fake.age
hangs late pgb-encrypt -d -i fake.key
ended HUP 129 'SIGHUP while one decrypts'
hangs late pgb-encrypt -d -i fake.key
ended KILL 137 'SIGKILL'

# --- no secret in arguments or environment ------------------------------------

# started_as MACHINE SECRET NAME: the plugin has no more arguments than that,
# and the environment that pgb-encrypt has.
started_as()
{
	is "$(tr '\0' ' ' <"/proc/$(pids)/cmdline")" \
	    "$SCRATCH/plugins/age-plugin-fake --age-plugin=$1 " \
	    "$3: nothing in its arguments"
	# Of a program that leaves no core, root alone may see it.
	if cat "/proc/$pid/environ" >environ 2>/dev/null; then
		ok "$3: nothing new in its environment" \
		    cmp environ "/proc/$(pids)/environ"
	else
		untested "$3: the environment: it cannot be seen by us"
	fi
	ok "$3: nor in our arguments" \
	    not grep -Fq -e "$2" "/proc/$pid/cmdline"
	like "$(sed -n 1p plugin.log)" ' cwd / ' "$3: in no directory of ours"
	kill $pid
	wait $pid
}
from=plain
hangs late pgb-encrypt -r $fake
await 5 grep -q '^-> done' plugin.log
key=$(sed -n '/^-> wrap-file-key/{n;p}' plugin.log)
like "$key" '^[A-Za-z0-9+/]{22}$' 'the file key comes by stdin'
started_as recipient-v1 "$key" 'to encrypt'
from=fake.age
hangs late pgb-encrypt -d -i fake.key
await 5 grep -q '^-> done' plugin.log
is "$(grep -c '^-> add-identity AGE-PLUGIN-FAKE-1QQQ' plugin.log)" 1 \
    'the identity comes by stdin'
started_as identity-v1 AGE-PLUGIN-FAKE 'to decrypt'

# --- questions at the terminal ------------------------------------------------

# talk COMMAND-LINE ANSWER...: typed, one at each prompt of the plugin.
talk()
{
	t_line=$1; shift
	: >tty.log
	: >out
	rm -f keys
	mkfifo keys
	timeout 60 script -qefc "$t_line" tty.log <keys >/dev/null 2>&1 &
	pid=$!
	at_exit $pid
	exec 3>keys
	t_count=0
	for t_answer; do
		t_count=$((t_count + 1))
		await 10 prompted $t_count
		# It may not have turned the echo off yet.
		sleep 0.05
		echo "$t_answer" >&3
	done
	wait $pid
	# shellcheck disable=SC2034
	RC=$? RAN=$t_line OUT='' ERR=$(cat err)
	exec 3>&-
}
prompted()
{
	[ "$(grep -ac '^age-plugin-fake: ' tty.log)" = "$1" ] &&
	    tail -n 1 tty.log | grep -Eaq '^age-plugin-fake: .* $'
}

: >plugin.log
talk "AGE_FAKE=ask pgb-encrypt -r $fake <plain >out 2>err" y '' backup 1234
status_is 0 'a plugin that asks'
mv out asked.age
is "$(tr -d '\r' <tty.log | sed -n '/^age-plugin/s/ *$//p')" \
    'age-plugin-fake: Go on [y: Yes, n: No] y
age-plugin-fake: Insert it [Enter: Yes]
age-plugin-fake: Name: backup
age-plugin-fake: PIN:' 'each question names the plugin'
ok 'a secret is not shown' not grep -q 1234 tty.log
is "$ERR" 'pgb-encrypt: note: age-plugin-fake: touch
pgb-encrypt: note: age-plugin-fake: the \x1b[31mtoken' \
    'what it says goes to stderr, masked'
is "$(sed -n '/^-> ok/{N;s/\n/:/;p}' plugin.log | head -n 5 | tr '\n' ' ')" \
    '-> ok: -> ok yes: -> ok yes: -> ok:YmFja3Vw -> ok:MTIzNA ' \
    'it is told what was typed'
try 'pgb-encrypt -d -i fake.key <asked.age'
same 'and it has done its work'
# Asking, it forgets the first stanza.
pgb-encrypt -r $fake2 -r $fake <plain >two.age
talk 'AGE_FAKE=ask pgb-encrypt -d -i fake.key <two.age >out 2>err' n '' me 1
same 'it asks to decrypt, too'
behave 'SAY=-> request-secret\nUElO\n'
run "$BIN/helper/tty" tty.log '^C' -- pgb-encrypt -d -i fake.key <fake.age
is "$RC $OUT$ERR" '130 ' '^C at its prompt, without a word'
is "$(started)" 1 'which it had put'
ok 'no process is left after it' none_left
behave ''
try "AGE_FAKE=ask setsid -w pgb-encrypt -r $fake <plain"
status_is 0 'without a terminal it hears that nobody answers'
like "$ERR" 'warning: age-plugin-fake asks, and there is no terminal' \
    'and we do'

done_testing
