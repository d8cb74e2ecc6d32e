#!/bin/sh
# SPDX-License-Identifier: ISC
# examples/three-places: what one place does wrong costs no other; it is served
# later, with the same bytes, from one that has them; the status says what is
# missing, and only who has the new backup loses old ones.
. "${0%/*}/../lib.sh"

need age b2sum
own_mounts "$@"
pg_start
sshd_start
proxy_start
mkdir "$SCRATCH/work" "$REMOTE/one" "$REMOTE/two"
chmod 777 "$REMOTE/one" "$REMOTE/two"
cd "$SCRATCH/work" || exit
pg_fill appdb 0
pgb-encrypt --keygen backup.key >backup.pub
mkdir -m 700 disk
cat >"$SCRATCH/bin/pgb-ship" <<END
#!/bin/sh
echo "\$*" >>$SCRATCH/work/calls
exec $BIN/pgb-ship --known-hosts $KNOWN_HOSTS -i $SSH_KEY --retry-time 1 "\$@"
END
# What the script waits by: the test acts meanwhile.
cat >"$SCRATCH/bin/sleep" <<END
#!/bin/sh
[ "\$1" = 77 ] || exec $(command -v sleep) "\$@"
[ ! -e meanwhile ] || . ./meanwhile
END
chmod +x "$SCRATCH/bin/pgb-ship" "$SCRATCH/bin/sleep"
PATH=$SCRATCH/bin:$PATH
export RECIPIENTS=backup.pub PAUSE=77
ONE=$SFTP_URL$REMOTE/one
TWO=$PROXY_URL$REMOTE/two
places() { run "$TOP/examples/three-places" appdb disk "$ONE" "$@"; }
# old: what the rules would take away.
old()
{
	rm -f disk/* "$REMOTE/one/"* "$REMOTE/two/"*
	for dir in disk "$REMOTE/one" "$REMOTE/two"; do
		for day in 01 02; do
			echo x >"$dir/appdb-202401${day}T020000Z.dump.age"
		done
	done
	[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER" "$REMOTE/one" "$REMOTE/two"
}
export KEEP='--keep-last 1'
# have: how many there are on the disk, at one, at two.
have()
{
	for dir in disk "$REMOTE/one" "$REMOTE/two"; do
		ls "$dir" | grep -c 'age$'
	done | tr '\n' ' '
}
whole() { pgb-encrypt -d -i backup.key <"$1" | pgb-verify --sink; }

old
places "$TWO"
status_is 0 'three places'
is "$ERR" '' 'nothing is said'
is "$(have)" '1 1 1 ' 'each has it, and what was too old is gone'
like "$OUT" '"published":true.*"published":true.*"published":true' 'the record'
ok 'it is whole' whole disk/appdb-*.age
ok 'the same bytes' cmp disk/appdb-*.age "$REMOTE"/one/appdb-*.age
ok 'the same bytes' cmp disk/appdb-*.age "$REMOTE"/two/appdb-*.age

old
try "'$TOP/examples/three-places' appdb disk $ONE >/dev/full"
status_is 3 'a record that cannot be written'
like "$ERR" 'stdout: the record of appdb-[^ ]* could not be written' 'says so'
is "$(have)" '1 1 2 ' 'both have it all the same'
old
try "'$TOP/examples/three-places' appdb disk $ONE >&-"
status_is 2 'nowhere to write it'
is "$(have)" '2 2 2 ' 'nothing was begun'

# --- away at first ------------------------------------------------------------

# The port is free when the dump is made, and taken when it is tried again.
cat >back <<END
"$BIN/helper/proxy" -p $PROXY_PORT $SSHD_PORT >port 2>proxy.log </dev/null &
echo \$! >proxy.pid
until [ -s port ]; do $(command -v sleep) 0.02; done
END
gone_again() { kill "$(cat proxy.pid)"; await 5 gone "$(cat proxy.pid)"; rm -f port; }
old
proxy_stop
cp back meanwhile
places "$TWO"
status_is 0 'one is away at first'
is "$(have)" '1 1 1 ' 'in the end all have it, and have lost what was old'
ok 'the same bytes' cmp disk/appdb-*.age "$REMOTE"/two/appdb-*.age
is "$(ls disk | tr '\n' ' ')" "$(ls "$REMOTE/two" | tr '\n' ' ')" \
    'under the same name, with its sum'
gone_again

# The first that could serve it has lost a bit meanwhile: the next one does.
old
# shellcheck disable=SC2016
printf 'printf x | dd of="$(ls disk/appdb-*.age | tail -n 1)" bs=1 seek=5000 conv=notrunc 2>/dev/null\n' |
    cat - back >meanwhile
places "$TWO"
status_is 0 'the disk has lost a bit by then'
ok 'another served it' whole "$REMOTE"/two/appdb-*.age
ok 'which the disk could not' not whole disk/appdb-*.age
like "$ERR" 'pgb-ship: error: .*disk/.*: is not what was stored' 'says so'
gone_again

# --- away for good ---------------------------------------------------------------

old
rm -f meanwhile calls
places "$TWO"
status_is 4 'one stays away'
is "$(have)" '1 1 2 ' 'it keeps its old ones; the others have it, and do not'
like "$ERR" "three-places: error: .*/two/appdb-.*: has it not .status 4.; others have" \
    'says who'
is "$(grep -c -e "--overwrite $TWO" calls)" 2 'it was tried three times in all'

old
rm -f calls
places "$SFTP_URL$REMOTE/three"
status_is 5 'one has no such directory'
is "$(have)" '1 1 2 ' 'the others have it'
is "$(grep -c -e --overwrite calls)" 0 'that is not tried again'
like "$ERR" '/three/appdb-.*: has it not .status 5.' 'but said'

# --- none at all ------------------------------------------------------------------

old
run "$TOP/examples/three-places" none_such disk "$ONE"
status_is 1 'no such database'
like "$ERR" 'three-places: error: none_such-.*: no place has it' 'says so'
is "$OUT" '' 'no record'
is "$(have)" '2 2 2 ' 'nothing is gone'
# A record that was cut, for want of room.
mkdir "$SCRATCH/cut"
printf '#!/bin/sh\ncat >/dev/null\necho '"'"'{"to":[{"name":"/x","published":true'"'"'\nexit 3\n' \
    >"$SCRATCH/cut/pgb-ship"
chmod 755 "$SCRATCH/cut/pgb-ship"
PATH=$SCRATCH/cut:$PATH run "$TOP/examples/three-places" appdb disk "$ONE"
status_is 3 'a record that is not whole'
like "$ERR" 'which places have it is not known' 'says so'
is "$(have)" '2 2 2 ' 'and nothing is gone'
# One that was killed tells nothing.
printf '#!/bin/sh\ncat >/dev/null\nkill -KILL $$\n' >"$SCRATCH/cut/pgb-ship"
PATH=$SCRATCH/cut:$PATH run "$TOP/examples/three-places" appdb disk "$ONE"
status_is 137 'no record of one that was killed'
like "$ERR" 'appdb-.*: which places have it is not known' 'says so'
run "$TOP/examples/three-places" appdb "a b"
status_is 2 'a blank'

# --- no room for temporary files ---------------------------------------------------

if [ "$MOUNTS" = 1 ]; then
	tmpfs_on "$SCRATCH/full" 64k
	chmod 777 "$SCRATCH/full"
	cat /dev/zero >"$SCRATCH/full/zero" 2>/dev/null
	old
	TMPDIR=$SCRATCH/full run "$TOP/examples/three-places" appdb disk \
	    "$SFTP_URL$REMOTE/three" "$ONE"
	status_is 5 'TMPDIR is full: the status of the one that failed'
	like "$ERR" '/three/appdb-.*: has it not .status 5.' 'says which'
	unlike "$ERR" 'no place has it|is not known' 'and that others have'
	is "$(have)" '1 1 2 ' 'which have it'
	like "$OUT" '"published":true.*"published":false.*"published":true' \
	    'as the record says'
else
	untested 'a full disk for temporary files'
fi

# --- an odd name ---------------------------------------------------

old
sql postgres 'CREATE DATABASE "-o db"'
sql '-o db' 'CREATE TABLE t AS SELECT 1 AS x'
cp back meanwhile
for dir in disk "$REMOTE/one" "$REMOTE/two"; do
	echo x >"$dir/-o%20db-20240101T020000Z.dump.age"
done
[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER" "$REMOTE/one" "$REMOTE/two"
run "$TOP/examples/three-places" '-o db' disk "$ONE" "$TWO"
status_is 0 'a name with a blank, and one place away at first'
for dir in disk "$REMOTE/one" "$REMOTE/two"; do
	like "$(cd "$dir" && LC_ALL=C ls | grep -v b2 | tr '\n' ' ')" \
	    '^-o%20db-2[0-9]{7}T[0-9]{6}Z.dump.age appdb-20240101[^ ]* appdb-20240102[^ ]* $' \
	    "$dir: spelled as elsewhere; its old one is gone, no other"
done
ok 'it is whole' whole disk/-o%20db-*.age
gone_again

done_testing
