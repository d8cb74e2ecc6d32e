#!/bin/sh
# SPDX-License-Identifier: ISC
# The units of examples/ do what they promise, under a systemd of their own: the
# backup gets through with all those rights taken away, only status 4 is tried
# again, every failure is told; the commands run as they stand where that systemd
# cannot be had.
. "${0%/*}/../lib.sh"

need age
pg_start
sshd_start
cd "$SCRATCH" || exit
pg_fill appdb 0
sql postgres 'CREATE DATABASE "odd name"'
sql 'odd name' 'CREATE TABLE t AS SELECT 1 AS x'
mkdir -p "$REMOTE/pg" hostbin etc unit told person/.ssh
chmod 777 "$REMOTE/pg" told
# Readable by whoever runs a service; a checkout need not be.
cp -L "$BIN"/pgb-dump "$BIN"/pgb-encrypt "$BIN"/pgb-verify "$BIN"/pgb-ship \
    "$TOP/examples/pgb-backup" "$TOP/examples/restore-drill" hostbin
cp "$KNOWN_HOSTS" etc/known_hosts
cp "$KNOWN_HOSTS" person/.ssh/known_hosts
cp "$SSH_KEY" etc/ssh_key
cp "$SSH_KEY" etc/reader_key
pgb-encrypt --keygen etc/drill.key >etc/backup.pub
printf '#!/bin/sh\n{ echo "$@"; cat; } >%s\n' "$SCRATCH/told/letter.\$\$" \
    >hostbin/mail
chmod +x hostbin/mail
chmod 644 person/.ssh/known_hosts etc/known_hosts etc/backup.pub
OWNER=postgres
id postgres >/dev/null 2>&1 || OWNER=nobody

# here FILE NAME: the unit, with the places of this test.
here()
{
	sed -e "s|/usr/local/bin/|$SCRATCH/hostbin/|; s|/etc/pgb/|$SCRATCH/etc/|" \
	    -e "s|PGHOST=.*|PGHOST=$PGHOST|" \
	    -e "s|sftp://[a-z]*@vault|$SFTP_URL$REMOTE|; s|^User=.*|User=$OWNER|" \
	    "$1"
}
# value UNIT NAME: what the last line of that name says, lines that go on joined.
value()
{
	sed -e ':a' -e '/\\$/N; s/\\\n *//; ta' "$1" |
	    sed -n "s/^$2=//p" | tail -n 1
}
vault() { (cd "$REMOTE/pg" && ls | grep 'age$') | tr '\n' ' '; }
NAME='[0-9]{8}T[0-9]{6}Z[.]dump[.]age'

for unit in "$TOP/examples/pgb-backup@.service" \
    "$TOP/examples/pgb-backup@.timer" "$TOP/examples/pgb-failed@.service" \
    "$TOP/examples/pgb-drill@.service" "$TOP/examples/pgb-drill@.timer"; do
	here "$unit" >"unit/${unit##*/}"
done

# --- the commands, as they stand --------------------------------------------

# As systemd does it, without its rights: %I, variables, words.
exec_start()
{
	value "unit/$1" ExecStart | sed "s/%I/$2/g; s/%i/$2/g; s/\\\$\\\$/\$/g"
}
CREDENTIALS_DIRECTORY=$SCRATCH/etc
PGB_TO=$(value 'unit/pgb-backup@.service' Environment | sed 's/^PGB_TO=//')
PGB_FROM=$(sed -n 's/^Environment=PGB_FROM=//p' 'unit/pgb-drill@.service')
PGB_RECIPIENTS=$SCRATCH/etc/backup.pub
export CREDENTIALS_DIRECTORY PGB_TO PGB_FROM PGB_RECIPIENTS
PATH=$SCRATCH/hostbin:$PATH
try "$(exec_start pgb-backup@.service appdb)"
status_is 0 'pgb-backup@.service: its command'
like "$(vault)" "^appdb-$NAME \$" 'a backup is there'
try "$(exec_start pgb-backup@.service none_such)"
status_is 5 'a database that is not there'
is "$OUT" '' 'no record'
(export PGPORT=1; try "$(exec_start pgb-backup@.service appdb)"; exit $RC)
is $? 4 'a server that is not there yet'
# ssh, which speaks for a libssh2 without elliptic curves, looks for the known
# hosts of a user, not of HOME, and takes no path with a \.
if curves; then
	try "exec $(exec_start pgb-drill@.service appdb)"
	status_is 0 'pgb-drill@.service: its command'
	like "$OUT" '^restore-drill: OK: appdb-' 'says so'
	try "$(exec_start pgb-backup@.service "'odd name'")"
	try "exec $(exec_start pgb-drill@.service "'odd name'")"
	status_is 0 'and of a name with a blank'
	like "$OUT" '^restore-drill: OK: odd%2520name-.*: 1 tables, 1 rows' 'says so'
else
	untested 'the drill, and a name with a blank: ssh, and no HOME'
fi
rm "$REMOTE/pg/"*

# Which status is tried again is told by the unit alone.
STAY=" $(value 'unit/pgb-backup@.service' RestartPreventExitStatus) "
is "$(value 'unit/pgb-backup@.service' Restart)" on-failure 'what fails is tried again'
for status in 1 2 3 4 5; do
	case $STAY in *" $status "*) echo "$status" ;; esac
done >stay
is "$(tr '\n' ' ' <stay)" '1 2 3 5 ' 'but for what needs a person'

# --- pgb-backup: which status it is ------------------------------------------

mkdir fake
# ended STATUS...: of dump, verify, encrypt, ship; k: killed.
ended()
{
	for program in pgb-dump pgb-verify pgb-encrypt pgb-ship; do
		case $1 in
		k) echo 'kill -KILL $$' ;;
		*) echo "exit $1" ;;
		esac | sed '1i #!/bin/sh' >"fake/$program"
		chmod +x "fake/$program"
		shift
	done
	PATH=$SCRATCH/fake:$PATH hostbin/pgb-backup db dest >/dev/null 2>&1
	echo $?
}
while read -r a b c d want why; do
	is "$(ended "$a" "$b" "$c" "$d")" "$want" "pgb-backup: $a $b $c $d: $why"
done <<END
0 0 0 0 0 all is well
3 0 0 0 0 the last one alone says that
4 1 1 1 4 the server is starting
3 3 3 4 4 the vault is away
3 3 3 5 5 the vault refuses
5 1 1 1 5 no such database
3 1 1 1 1 verify has found something
3 3 2 1 2 no recipients
k 1 1 1 3 dump was killed
3 3 3 k 3 ship was killed
3 3 3 3 3 a disk is full
127 1 1 1 2 pgb-dump is not installed
END
run hostbin/pgb-backup appdb
status_is 2 'pgb-backup: no destination'

# --- under systemd -----------------------------------------------------------

# What a test must have another way; nothing else of a machine is started.  The
# search for leaks would be a debugger's, which the units do not allow.
for unit in backup drill failed; do
	file="unit/pgb-$unit@.service"
	# Newer ones open it as the unit's user.
	: >"said.$unit"
	chmod 666 "said.$unit"
	sed -i -e '/^Wants=network/d' \
	    -e 's/^\[Unit\]/&\nDefaultDependencies=no/' "$file"
	cat >>"$file" <<-END
	[Service]
	BindPaths=$SCRATCH
	Environment=PATH=$SCRATCH/hostbin:$PGBIN:/usr/bin:/bin
	Environment=PGPORT=$PGPORT PGUSER=postgres PGB_RECIPIENTS=$PGB_RECIPIENTS
	Environment=HOME=$SCRATCH/person ASAN_OPTIONS=detect_leaks=0
	StandardOutput=append:$SCRATCH/said.$unit
	StandardError=append:$SCRATCH/said.$unit
	RestartSec=300ms
	END
done
# Who is not root asks systemd by way of D-Bus, which is not here.
sed -i 's/^User=.*/User=root/' 'unit/pgb-failed@.service'
sed -i 's/^StartLimitBurst=.*/StartLimitBurst=2/' 'unit/pgb-backup@.service'
sed -i 's/^\[Unit\]/&\nDefaultDependencies=no/; s/^OnCal.*/OnActiveSec=0/
    s/^Rand.*/RandomizedDelaySec=0\nAccuracySec=1ms/; /^Fixed/d' \
    unit/pgb-*.timer
printf '[Unit]\nDefaultDependencies=no\n' >unit/bare.target
cp 'unit/pgb-backup@.service' 'unit/pgb-late@.service'
sed -i 's/PGPORT=[0-9]*/PGPORT=1/' 'unit/pgb-late@.service'

cat >boot <<'END'
#!/bin/sh
# The first process of a small machine, whose first unit is none.  Its /tmp is
# ours, in which all of this lies.
cd "$1" || exit
mount --make-rprivate / && mount -t tmpfs none /run &&
    mkdir -p /run/systemd/system && cp unit/* /run/systemd/system &&
    ln -s /dev/null /run/systemd/system/tmp.mount &&
    mount -t tmpfs none /var/lib/systemd &&
    mount -t tmpfs none /var/cache &&
    mount --bind /proc/sys /proc/sys &&
    mount -o remount,ro,bind /proc/sys || exit
# Control groups of either kind, and no controllers, which are not ours.
mount -t tmpfs none /sys/fs/cgroup
if ! grep -qw cgroup2 /proc/mounts || grep -q ' /sys/fs/cgroup/[^ ]* cgroup ' \
    /proc/mounts; then
	mkdir -p /sys/fs/cgroup/systemd
	mount -t cgroup -o none,name=systemd none /sys/fs/cgroup/systemd
else
	mount -t cgroup2 none /sys/fs/cgroup
fi || exit
# Credentials come to a service by way of mounts that are shared.
mount --make-rshared /
unset CREDENTIALS_DIRECTORY
export container=pgb SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1
./night "$2" >night.log 2>&1 &
exec /lib/systemd/systemd --system --unit=bare.target --log-target=null \
    --show-status=no --crash-shell=no
END
cat >night <<'END'
#!/bin/sh
# What a person would type there.
until systemctl is-active -q bare.target; do sleep 0.1; done
echo up >told/up
start() { systemctl start "$1"; echo "$? $1" >>told/started; }
start pgb-backup@appdb.service
start "$(systemd-escape --template pgb-backup@.service 'odd name')"
start pgb-backup@none_such.service
start pgb-late@appdb.service
start pgb-drill@appdb.service
start "$(systemd-escape --template pgb-drill@.service 'odd name')"
start pgb-backup@appdb.timer
until [ "$(ls "$1" | grep -c '^appdb.*age$')" = 2 ]; do sleep 0.1; done
until grep -qs none_such told/letter.* && grep -qs pgb-late told/letter.*; do
	sleep 0.1
done
echo done >told/done
END
chmod +x boot night

# Where this may not be, because we have no rights or a container does not let
# us, the units are only linted, and their commands run.
boots()
{
	[ "$(id -u)" = 0 ] && [ -x /lib/systemd/systemd ] || return 1
	unshare -m -p -u -C -f --kill-child --mount-proc ./boot "$SCRATCH" \
	    "$REMOTE/pg" >boot.log 2>&1 </dev/null &
	SYSTEMD=$!
	at_exit "$SYSTEMD"
	await 10 test -s told/up
}
# What systemd has made of control groups, by its names alone.
groups()
{
	find /sys/fs/cgroup -depth -type d \( -path '*/system.slice*' \
	    -o -name init.scope \) 2>/dev/null | sort
}
groups >groups.before
if boots; then
	await 60 test -s told/done || diag "$(cat night.log)"
	kill -KILL "$SYSTEMD"
	wait "$SYSTEMD" 2>/dev/null
	cat said.* told/started | sed 's/^/# /'
	like "$(cat told/started)" '^0 pgb-backup@appdb.service' 'the backup'
	like "$(vault)" "^appdb-$NAME appdb-$NAME " \
	    'the timer has made another one'
	if curves; then
		is "$(grep -c '^0' told/started)" 5 \
		    'units that were started and ended well'
		like "$(cat told/started)" '^0 pgb-backup@odd.x20name' 'an odd name'
		like "$(vault)" " odd%20name-$NAME \$" 'its backup'
		like "$(cat told/started)" '^0 pgb-drill@odd.x20name' 'its drill'
		like "$(cat told/started)" '^0 pgb-drill@appdb.service' 'the drill'
		like "$(cat said.drill)" '^restore-drill: OK: appdb-' \
		    'which has said so'
	fi
	ok 'and it is whole' sh -c "pgb-encrypt -d -i etc/drill.key \
	    <\"\$(ls $REMOTE/pg/appdb-* | tail -n 1)\" | pgb-verify --sink"
	is "$(grep -c 'hint: is the server running' said.backup)" 2 \
	    'what ended with 4 was tried again, until the limit'
	is "$(grep -c 'error: .*none_such' said.backup)" 1 'what ended with 5 was not'
	# Before 251 it tells no status.
	cat told/letter.* | sed -n 's/^-s failed: //p' | sed -n \
	    's/^pgb-backup@none_such.service (status [5u].*) root$/none_such/p
	    s/^pgb-late@appdb.service (status [4u].*) root$/late/p' | sort >letters
	is "$(tr '\n' ' ' <letters)" 'late none_such ' \
	    'each failure is told once, after the last try'
	like "$(cat told/letter.*)" 'Backup of the PostgreSQL database none_such' \
	    'with what systemctl says'
else
	note "no systemd of our own here: $(tail -n 1 boot.log)"
fi
groups | comm -13 groups.before - | tac | while read -r dir; do
	rmdir "$dir"
done

done_testing
