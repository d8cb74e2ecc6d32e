#!/bin/sh
# SPDX-License-Identifier: ISC
# Every age and rage opens what pgb-encrypt writes, and pgb-encrypt opens what
# they write, whatever it is encrypted to.
#
#	PGB_AGES	other programs than the age of PATH, by absolute paths
#	BIG=1		a file of more than 4 GiB each way, too
#
# Each test's name begins with the program's: "age 1.1.1: ...".  Where plugins
# of age lie beside a program, they are used as well.
. "${0%/*}/../lib.sh"
need age age-keygen ssh-keygen
cd "$SCRATCH" || exit
TTY="$BIN/helper/tty"
umask 077
# rage asks at the terminal itself.
export PINENTRY_PROGRAM=
# Nobody else's plugins.
WAY=$PATH

# A recipient, and the identity that opens what was encrypted to it, both of
# age-plugin-tagtest.
TAG=age1tag1qwe0kafsjrar4txm6heqnhpfuggzr0gvznz7fvygxrlq90u5mq2pysxtw6h
echo AGE-PLUGIN-TAGTEST-1CXM4UC >tag.key

# --- what is asked of each ----------------------------------------------------

# good PLAIN NAME: the last run gave PLAIN, and status 0.
good()
{
	if [ "$RC" = 0 ] && cmp -s "$1" out; then
		pass "$WHO: $2"
		return 0
	fi
	fail "$WHO: $2"
	diag "status: $RC, of: $RAN"
	diag "stderr: $ERR"
	diag "$(cmp "$1" out 2>&1)"
	return 1
}

# they_open KEY FILE PLAIN NAME, and so do we, with one thread and with two.
they_open() { run "$AGE" -d -i "$1" "$2"; good "$3" "$4"; }
we_open()
{
	run pgb-encrypt -d -j 1 -i "$1" <"$2"
	cp out one
	[ "$RC" != 0 ] || run pgb-encrypt -d -j 2 -i "$1" <"$2"
	good "$3" "$4" || return
	ok "$WHO: $4: as with one thread" cmp -s one out
}

# we_make FILE ARGUMENT... <PLAIN; they_make FILE PLAIN ARGUMENT...
we_make()
{
	t_out=$1; shift
	run pgb-encrypt --raw "$@"
	mv out "$t_out"
	[ "$RC" = 0 ] || { fail "$WHO: $RAN: status $RC"; diag "$ERR"; }
}
they_make()
{
	t_out=$1 t_plain=$2; shift 2
	rm -f "$t_out"
	run "$AGE" "$@" -o "$t_out" "$t_plain"
	[ "$RC" = 0 ] || { fail "$WHO: $RAN: status $RC"; diag "$ERR"; }
}

# asked ANSWER... -- COMMAND...: they ask at the terminal.
asked() { run "$TTY" tty.log "$@" </dev/null; }

# --- their and our files ------------------------------------------------------

edges()
{
	grease=0
	for n in 0 1 65535 65536 65537 131071 131072 131073 196608 1048577; do
		head -c $n bytes >part
		if [ $n != 0 ]; then
			we_make ours.age -r "$theirs" <part
			they_open their.key ours.age part "$n bytes of ours"
		fi
		they_make theirs.age part -r "$mine"
		we_open mine.key theirs.age part "$n bytes of theirs"
		! sed '/^--- /q' theirs.age |
		    grep -Eaq -e '^-> [^ ]+-grease( |$)' ||
		    grease=$((grease + 1))
	done
	if [ "$KIND" = rage ]; then
		ok "$WHO: stanzas of no meaning are no obstacle ($grease)" \
		    test $grease != 0
	else
		is "$(size ours.age)" "$(size theirs.age)" \
		    "$WHO: our file is as long as theirs"
	fi
	run pgb-encrypt --inspect --json <theirs.age
	like "$OUT" '"plaintext":1048577,' "$WHO: --inspect tells what is inside"
	if [ -x "$DIR/age-inspect" ]; then
		run "$DIR/age-inspect" --json ours.age
		like "$OUT" '"max_payload": 1048577,' \
		    "$WHO: age-inspect tells what is inside of ours"
	fi
	try 'head -c -1 theirs.age | pgb-encrypt -d -i mine.key'
	ok "$WHO: theirs, cut short, is refused" test "$RC" = 1
	head -c -1 ours.age >cut.age
	run "$AGE" -d -i their.key cut.age
	ok "$WHO: ours, cut short, is refused" test "$RC" != 0
}

armor()
{
	for n in 0 1 100 65536 200000; do
		head -c $n bytes >part
		if [ $n != 0 ]; then
			we_make ours.asc -a -r "$theirs" <part
			they_open their.key ours.asc part "armor of $n bytes"
		fi
		they_make theirs.asc part -a -r "$mine"
		we_open mine.key theirs.asc part "their armor of $n bytes"
	done
}

recipients()
{
	we_make ours.age -r "$theirs" -r "$mine" <dump
	they_make theirs.age dump -r "$theirs" -r "$mine"
	for k in their mine; do
		they_open $k.key ours.age dump "two recipients, $k.key"
		we_open $k.key theirs.age dump "theirs for two, $k.key"
	done
	we_make ours.age -R ssh.key.pub <dump
	they_open ssh.key ours.age dump 'ssh-ed25519'
	they_make theirs.age dump -R ssh.key.pub
	we_open ssh.key theirs.age dump 'theirs for ssh-ed25519'
	we_make ours.age -r "$theirs" -r "$(cat ssh.key.pub)" <dump
	they_make theirs.age dump -r "$mine" -r "$(cat ssh.key.pub)"
	for k in their ssh; do
		they_open $k.key ours.age dump "X25519 and ssh-ed25519, $k.key"
	done
	for k in mine ssh; do
		we_open $k.key theirs.age dump "theirs for both, $k.key"
	done
	we_make ours.age -e -i their.key -i ssh.key <dump
	they_open ssh.key ours.age dump '-e -i'
	they_make theirs.age dump -e -i mine.key -i ssh.key
	we_open ssh.key theirs.age dump 'their -e -i'
	printf '# of the backup\r\n\r\n%s\r\n%s' "$theirs" "$mine" >all.pub
	we_make ours.age -R all.pub <dump
	they_open their.key ours.age dump 'a recipients file'
	they_make theirs.age dump -R all.pub
	we_open mine.key theirs.age dump 'a recipients file of theirs'
	run pgb-verify -i mine.key <theirs.age
	is "$RC$ERR" 0 "$WHO: pgb-verify proves a dump in theirs"
}

# An identity file under a passphrase is also a file under a passphrase.
passphrases()
{
	we_make ours.id --passphrase-file pass <their.key
	asked 'correct horse' -- $ASKS "$AGE" -d ours.id
	good their.key 'a passphrase'
	if old_age "$AGE"; then
		untested "$WHO: it knows no encrypted identity files"
	else
		they_make theirs.age dump -r "$theirs"
		asked 'correct horse' -- "$AGE" -d -i ours.id theirs.age
		good dump 'an identity file that we encrypted'
	fi

	rm -f theirs.id
	asked 'correct horse' 'correct horse' -- \
	    $ASKS "$AGE" -p -a -o theirs.id mine.key
	run pgb-encrypt -d --passphrase-file pass <theirs.id
	good mine.key 'a passphrase of theirs'
	we_make ours.age -r "$mine" <dump
	run pgb-encrypt -d -i theirs.id --passphrase-file pass <ours.age
	good dump 'an identity file that they encrypted'
	run pgb-encrypt --rekey --passphrase-file pass -r "$theirs" <theirs.id
	cp out new.age
	they_open their.key new.age mine.key \
	    'from a passphrase of theirs to a key'
}

rekey()
{
	we_make ours.age -r "$mine" <bytes
	run pgb-encrypt --rekey -i mine.key -r "$theirs" <ours.age
	cp out new.age
	they_open their.key new.age bytes 'ours, for another key'
	run "$AGE" -d -i mine.key new.age
	ok "$WHO: the old key does not open it" test "$RC" != 0
	they_make theirs.age bytes -r "$theirs"
	run pgb-encrypt --rekey -i their.key -r "$mine" -R ssh.key.pub \
	    <theirs.age
	cp out new.age
	for k in mine ssh; do
		they_open $k.key new.age bytes "theirs, for others, $k.key"
		we_open $k.key new.age bytes "so do we, $k.key"
	done
	they_make theirs.asc bytes -a -r "$theirs"
	run pgb-encrypt --rekey -a -i their.key -r "$mine" <theirs.asc
	cp out new.asc
	they_open mine.key new.asc bytes 'their armor, for another key'
}

# --- the ones by way of plugins -----------------------------------------------

# both RECIPIENT THEIR-KEY OUR-KEY NAME
both()
{
	we_make ours.age -r "$1" <bytes
	they_open "$2" ours.age bytes "$4"
	they_make theirs.age bytes -r "$1"
	we_open "$3" theirs.age bytes "$4, theirs"
	run pgb-encrypt --rekey -i "$3" -r "$mine" <theirs.age
	cp out new.age
	they_open mine.key new.age bytes "$4, theirs, for another key"
}

# alone RECIPIENT: what pgb-encrypt comes to without plugins.
alone() { run env PATH="$BIN" pgb-encrypt --raw -r "$1" <dump; }

postquantum()
{
	rm -f pq.key pq2.key pqi.key
	"$DIR/age-keygen" -pq -o pq.key 2>/dev/null &&
	    "$DIR/age-keygen" -pq -o pq2.key 2>/dev/null || return 0
	pq=$("$DIR/age-keygen" -y pq.key) pq2=$("$DIR/age-keygen" -y pq2.key)
	alone "$pq"
	native=$RC
	if [ "$native" != 0 ]; then
		is "$RC/$(size out)" 2/0 "$WHO: post-quantum: refused"
		like "$ERR" 'libsodium 1.0.22 or newer, or age-plugin-pq$' \
		    "$WHO: post-quantum: says what is missing"
	fi
	key=pq.key
	if [ -x "$DIR/age-plugin-pq" ]; then
		"$DIR/age-plugin-pq" -identity -o pqi.key pq.key
		[ "$KIND" = age ] || key=pqi.key
		[ "$KIND" = age ] || "$DIR/age-plugin-pq" -identity pq2.key \
		    >pq2i.key
		both "$pq" $key pqi.key 'post-quantum, plugin'
		we_make ours.age -e -i pqi.key <bytes
		they_open $key ours.age bytes 'post-quantum, plugin, -e -i'
	fi
	[ "$native" != 0 ] || both "$pq" $key pq.key 'post-quantum'
	[ -f pqi.key ] || [ "$native" = 0 ] || return 0
	we_make ours.age -r "$pq" -r "$pq2" <bytes
	they_open "pq2${key#pq}" ours.age bytes 'post-quantum, two recipients'
	run pgb-encrypt --raw -r "$pq" -r "$mine" <dump
	is "$RC/$(size out)" 2/0 "$WHO: post-quantum beside X25519: refused"
	run "$AGE" -r "$pq" -r "$mine" dump
	ok "$WHO: post-quantum beside X25519: by them, too" test "$RC" != 0
}

hardware()
{
	[ -x "$DIR/age-plugin-tag" ] && [ -x "$DIR/age-plugin-tagtest" ] ||
	    return 0
	both $TAG tag.key tag.key 'a tagged recipient'
	we_make ours.age -r $TAG -r "$theirs" <bytes
	they_open their.key ours.age bytes 'tagged beside X25519'
	we_open tag.key ours.age bytes 'the other one of them'
}

# --- large --------------------------------------------------------------------

# 4.2 GiB, so that the chunks' counter needs more than 16 bits; it never lies on
# the disk.
GIANT=4509715661
giant() { seq 1000000000 | head -c $GIANT; }

large()
{
	[ -n "${giant_sum:-}" ] || giant_sum=$(giant | b2sum)
	sum=$(giant | { pgb-encrypt --raw -r "$theirs"; echo $? >status; } |
	    "$AGE" -d -i their.key | b2sum)
	is "$(cat status) $sum" "0 $giant_sum" "$WHO: 4.2 GiB of ours"
	for jobs in 1 2; do
		sum=$(giant | "$AGE" -r "$mine" | {
			pgb-encrypt -d -j $jobs -i mine.key
			echo $? >status
		} | b2sum)
		is "$(cat status) $sum" "0 $giant_sum" \
		    "$WHO: 4.2 GiB of theirs, -j $jobs"
	done
}

# --- each program -------------------------------------------------------------

seq 1000000 | head -c 1048577 >bytes
{
	printf -- '--\n-- PostgreSQL database dump\n--\n\n-- '
	seq -s ' ' 30000
	printf -- '\n\n--\n-- PostgreSQL database dump complete\n--\n\n'
} >dump
mine=$(pgb-encrypt --keygen mine.key)
ssh-keygen -q -t ed25519 -N '' -C 'backup key' -f ssh.key
echo 'correct horse' >pass

for AGE in "$(command -v age)" ${PGB_AGES:-}; do
	KIND=${AGE##*/}
	DIR=${AGE%/*}
	WHO="$KIND $("$AGE" --version 2>/dev/null | sed 's/.*[ v]//')"
	ASKS=$(age_asks "$AGE")
	rm -f their.key
	[ ! -x "$DIR/age-plugin-pq" ] || PATH=$WAY:$DIR
	if ! "$DIR/$KIND-keygen" -o their.key 2>/dev/null ||
	    ! theirs=$("$DIR/$KIND-keygen" -y their.key); then
		fail "$WHO: $AGE does not run"
		continue
	fi
	edges
	armor
	recipients
	rekey
	passphrases
	postquantum
	hardware
	[ "${BIG:-0}" != 1 ] || large
	PATH=$WAY
done

done_testing
