#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make bench: the four programs and the whole pipeline beside what else does the
# same, on one machine, in one run, by turns, medians of REPEAT (3) runs.  A
# database of ROWS (2900000: 1.46 GB of COPY text) goes into memory behind an
# sshd of this machine.  PARTS="dump encrypt verify ship whole" chooses.
#
# Seconds are of whole commands; cpu is user and system time of the commands and
# of all that they start, but not of the servers; rss that of the largest
# process; bytes are those of what comes out.  What is not installed is left out
# and said: apt-get install rclone gnupg zstd pgbackrest.

cd "${0%/*}/../.." || exit
. tests/lib.sh
. tests/bench/figures.sh
: "${ROWS:=2900000}" "${REPEAT:=3}"
: "${PARTS:=dump encrypt verify ship whole}"

need age sftp ssh
own_mounts "$@"
MEMORY=$(mktemp -d /dev/shm/pgb-bench.XXXXXX) || exit
T_ALSO=$MEMORY
chmod 711 "$MEMORY"
cd "$SCRATCH" || exit

# --- rows ---------------------------------------------------------------------

# PART|ROW|TITLE|COMMAND: the command's result is its stdout, or the file $TO.  One
# command of each part comes first: what it is held against is not ours.
rows()
{
	cat <<-'END'
	dump|dump|pgb-dump|pgb-dump big
	dump|dump1|pgb-dump -j1|pgb-dump -j1 big
	dump|fc|pg_dump -Fc|pg_dump -Fc big
	dump|fcz1|pg_dump -Fc -Z1|pg_dump -Fc -Z1 big
	encrypt|seal|pgb-encrypt|pgb-encrypt -R k.pub <big.dump
	encrypt|age|age|age -R k.pub <big.dump
	encrypt|open|pgb-encrypt -d|pgb-encrypt -d -i k <big.age
	encrypt|aged|age -d|age -d -i k <big.age
	verify|verify|pgb-verify|pgb-verify <big.dump
	verify|report|pgb-verify --report|pgb-verify --report r.json <big.dump
	verify|restore|pg_restore -f /dev/null|pg_restore -f /dev/null <big.dump
	ship|ship|pgb-ship|pgb-ship --raw --sink --overwrite -F $SSH_CONFIG sftp://vault$TO <big.age
	ship|shipssh|pgb-ship --transport ssh|pgb-ship --raw --sink --overwrite --transport ssh -F $SSH_CONFIG sftp://vault$TO <big.age
	ship|sftp|sftp|sftp -q -F $SSH_CONFIG -b batch vault
	ship|rcat|rclone rcat|rclone --config rclone.conf rcat vault:$TO <big.age
	whole|four|all four|pgb-dump big | pgb-verify | pgb-encrypt -R k.pub | pgb-ship --sink --overwrite -F $SSH_CONFIG sftp://vault$TO
	whole|fourssh|all four, --transport ssh|pgb-dump big | pgb-verify | pgb-encrypt -R k.pub | pgb-ship --sink --overwrite --transport ssh -F $SSH_CONFIG sftp://vault$TO
	whole|rclone|pg_dump, age, rclone|pg_dump -Fc big | age -R k.pub | rclone --config rclone.conf rcat vault:$TO
	whole|rclonez1|pg_dump -Z1, age, rclone|pg_dump -Fc -Z1 big | age -R k.pub | rclone --config rclone.conf rcat vault:$TO
	whole|zstd|pg_dump -Z0, zstd -T2, age, ssh cat|pg_dump -Fc -Z0 big | zstd -q -T2 | age -R k.pub | ssh -F $SSH_CONFIG vault "cat >$TO"
	whole|gpg|pg_dump, gpg, ssh cat|pg_dump -Fc big | gpg -q --batch -z 0 -e -r bench | ssh -F $SSH_CONFIG vault "cat >$TO"
	whole|gpgz1|pg_dump -Z1, gpg, ssh cat|pg_dump -Fc -Z1 big | gpg -q --batch -z 0 -e -r bench | ssh -F $SSH_CONFIG vault "cat >$TO"
	whole|file|pg_dump -Fc to a file|pg_dump -Fc -f $TO.dump big
	whole|rest|pgbackrest, to a local repository|pgbackrest --config $SCRATCH/rest.conf --stanza big --no-online --force --type full backup
	END
}
of_part() { rows | sed -n "s/^$1|\([^|]*\)|.*/\1/p"; }
title() { rows | sed -n "s/^[a-z]*|$1|\([^|]*\)|.*/\1/p"; }
command_of() { rows | sed -n "s/^[a-z]*|$1|[^|]*|//p"; }

# usable ROW: it can be run here.
usable()
{
	case $1 in
	rclone*|rcat) t_tool=rclone ;;
	zstd) t_tool=zstd ;;
	gpg*) t_tool=gpg ;;
	rest) t_tool=pgbackrest ;;
	*) return 0 ;;
	esac
	command -v "$t_tool" >/dev/null && return
	echo "left out: $1: $t_tool is not installed" >&2
	return 1
}

# --- measuring ----------------------------------------------------------------

# measure ROW: once.
measure()
{
	rm -f "$TO" "$TO.dump" "$MEMORY/out"
	[ "$1" != rest ] || pg_stop
	sync
	"$BIN/bench/spent" "t.$1" sh -c "$(command_of "$1")" >"$MEMORY/out" \
	    2>run.err || {
		echo "$(title "$1"): failed: $(tail -n 2 run.err)" >&2
		rm -f "t.$1"
		: >"t.$1.bad"
	}
	if [ "$1" = rest ]; then
		du -sb "$MEMORY/repo/backup" | cut -f 1 >"s.$1"
		rm -rf "$MEMORY/repo/backup/big/2"*
		pg_start shared_buffers=512MB max_wal_size=4GB
		return
	fi
	for t_file in "$MEMORY/out" "$TO.dump" "$TO"; do
		[ "$(size "$t_file")" = 0 ] || size "$t_file" >"s.$1"
	done
}

# part NAME: its rows by turns, and what came of them.
part()
{
	t_round=0
	of_part "$1" >part.rows
	while [ $((t_round += 1)) -le "$REPEAT" ]; do
		while read -r t_row; do
			[ -e "t.$t_row.bad" ] || measure "$t_row" </dev/null
		done <part.rows
	done
	printf '\n%s:\n' "$1"
	while read -r t_row; do
		show "$t_row" "$(title "$t_row")" "$(cat "s.$t_row" 2>/dev/null)"
	done <part.rows
}

# --- servers, keys, files --------------------------------------------------------

# Only what can be run here stays in the table.
choose()
{
	rows | while IFS='|' read -r t_part t_row t_rest; do
		usable "$t_row" &&
		    printf '%s|%s|%s\n' "$t_part" "$t_row" "$t_rest"
	done >rows.txt
	rows() { cat rows.txt; }
}

peers()
{
	cat >rclone.conf <<-END
	[vault]
	type = sftp
	host = 127.0.0.1
	port = $SSHD_PORT
	user = $SSHD_USER
	key_file = $SSH_KEY
	known_hosts_file = $KNOWN_HOSTS
	END
	cat >rest.conf <<-END
	[global]
	repo1-path=$MEMORY/repo
	repo1-cipher-type=aes-256-cbc
	repo1-cipher-pass=bench
	lock-path=$SCRATCH/lock
	log-level-file=off
	log-level-console=error
	process-max=2
	[big]
	pg1-path=$PGHOST/data
	pg1-socket-path=$PGHOST
	END
	mkdir -m 700 "$HOME/.gnupg"
	if command -v gpg >/dev/null; then
		gpg -q --batch --passphrase '' --quick-gen-key bench \
		    future-default default never 2>gpg.err ||
		    : >t.gpg.bad
	fi
	if command -v pgbackrest >/dev/null; then
		mkdir "$MEMORY/repo"
		pgbackrest --config "$SCRATCH/rest.conf" --stanza big \
		    --no-online stanza-create >rest.log 2>&1 ||
		    { cat rest.log >&2
		    : >t.rest.bad; }
	fi
}

choose
pg_start shared_buffers=512MB max_wal_size=4GB
createdb big && psql -Xqd big -v rows="$ROWS" -f "$TOP/tests/bench/dump.sql"
psql -Xqd big -c 'VACUUM (FREEZE, ANALYZE)'
psql -Xqd postgres -c CHECKPOINT
sshd_start
sshd_shell || echo 'no shell on the server: no ssh cat' >&2
mkdir "$MEMORY/to"
[ "$(id -u)" != 0 ] || chown "$SSHD_USER" "$MEMORY/to"
TO=$MEMORY/to/x
export TO SSH_CONFIG SCRATCH
pgb-encrypt --keygen k >k.pub
peers
pgb-dump big -f "$MEMORY/big.dump"
pgb-encrypt -R k.pub <"$MEMORY/big.dump" >"$MEMORY/big.age"
ln -s "$MEMORY/big.dump" "$MEMORY/big.age" .
printf 'put %s %s\n' "$MEMORY/big.age" "$TO" >batch

# --- the run --------------------------------------------------------------------

# version COMMAND...: the first number with a dot that it prints.
version() { "$@" 2>&1 | grep -Eo '[0-9]+[.][0-9][0-9a-z.]*' | head -n 1; }

echo "$(date -u +%Y-%m-%d), $(sed -n 's/^model name.*: //p' /proc/cpuinfo |
    head -n 1), $(nproc) cores, $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' \
    /etc/os-release), PostgreSQL $(version pg_dump -V), OpenSSH $(version \
    ssh -V), libssh2 $(pkg-config --modversion libssh2), age $(version \
    age --version)"
for name in rclone gpg zstd; do
	command -v $name >/dev/null &&
	    printf '%s %s, ' $name "$(version $name --version)"
done
command -v pgbackrest >/dev/null &&
    printf 'pgbackrest %s, ' "$(version pgbackrest version)"
echo "REPEAT=$REPEAT"
echo 'seconds, cpu and rss of the clients, MB that come out'
for name in $PARTS; do
	part "$name"
done
printf '\ncommands:\n'
while IFS='|' read -r t_part t_row t_rest; do
	[ ! -s "t.$t_row" ] || printf '%-36s %s\n' "${t_rest%%|*}" "${t_rest#*|}"
done <rows.txt
echo
ratio 'dump: time, beside pg_dump -Fc' dump 1 fc
ratio 'dump: time, beside pg_dump -Fc -Z1' dump 1 fcz1
ratio 'encrypt: time, beside age' seal 1 age
ratio 'decrypt: time, beside age -d' open 1 aged
ratio 'verify: time, beside pg_restore' verify 1 restore
ratio 'ship: time, beside sftp' ship 1 sftp
ratio 'ship: time, beside rclone rcat' ship 1 rcat
ratio 'whole: time, beside pg_dump | age | rclone' four 1 rclone 0.28
ratio 'whole: time, beside pg_dump -Z1 | age | rclone' four 1 rclonez1 0.60
ratio 'whole: time, beside pg_dump | gpg | ssh cat' four 1 gpg
ratio 'whole: time, beside pg_dump -Z0 | zstd | age | ssh cat' four 1 zstd
ratio 'whole: client cpu, beside pg_dump | age | rclone' four 2 rclone
ratio 'whole: client cpu, beside pg_dump -Z1 | age | rclone' four 2 rclonez1
