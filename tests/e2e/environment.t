#!/bin/sh
# SPDX-License-Identifier: ISC
# Whatever it is started in (language, time zone, umask, PATH, HOME, TMPDIR,
# directory, descriptors, signals), the pipeline makes the same backup and says
# nothing, and what fails has the same status.
. "${0%/*}/../lib.sh"

need pg_restore perl make cc localedef
cd "$SCRATCH" || exit

# A language that is not ours.
mkdir locale
localedef -i de_DE -f UTF-8 "$SCRATCH/locale/de_DE.UTF-8" >/dev/null 2>&1
[ -d locale/de_DE.UTF-8 ] || missing 'de_DE (package locales) is missing'
GERMAN="LOCPATH=$SCRATCH/locale LC_ALL=de_DE.UTF-8 LANGUAGE=de"

pg_start
sshd_start
pg_fill app 0
ok 'a key pair' sh -c 'pgb-encrypt --keygen key.txt >backup.pub'
mkdir "$REMOTE/to"
chmod 777 "$REMOTE/to"

# --- the same backup everywhere ---------------------------------------------

# What stands in an archive, without its date and the keys of \restrict.
content() { pg_restore -f - | sed '/^--/d; /^\\restrict/d; /^\\unrestrict/d'; }
pg_dump -Fc app | content >want
ok 'something to compare' test -s want

# All by their whole names: PATH may be odd.
LINE="'$BIN/pgb-dump' app | '$BIN/pgb-verify' --report '$SCRATCH/rep' |
    '$BIN/pgb-encrypt' -R '$SCRATCH/backup.pub' |
    '$BIN/pgb-ship' --known-hosts '$KNOWN_HOSTS' -i '$SSH_KEY' --sink \
    '$SFTP_URL$REMOTE/to/{time}' '$SCRATCH/here/{time}'"

# in_order A B C: as text.
in_order() { printf '%s\n' "$@" | sort -c; }

# backup NAME COMMAND...: run it by COMMAND (env, perl...); it goes well, in
# silence, and holds what it should, under a name that is the time in UTC.
backup()
{
	WHICH=$1; shift
	rm -rf here rep
	mkdir -m 700 here
	rm -f "$REMOTE/to/"*
	t_begin=$(date -u +%Y%m%dT%H%M%SZ)
	run "$@" /bin/sh -c "$LINE"
	t_end=$(date -u +%Y%m%dT%H%M%SZ)
	status_is 0 "$WHICH"
	is "$(printf '%s\n' "$ERR" | grep -v 'current directory: \|getcwd')" '' \
	    "$WHICH: nothing is said"
	t_file=$(ls "$REMOTE/to")
	ok "$WHICH: named by the time in UTC" in_order "$t_begin" "$t_file" \
	    "$t_end"
	pgb-encrypt -d -i key.txt <"$REMOTE/to/$t_file" | content >got
	ok "$WHICH: the same backup" cmp got want
	ok "$WHICH: the one here as well" cmp "$REMOTE/to/$t_file" \
	    "here/$t_file"
	is "$(stat -c %a "here/$t_file" "$REMOTE/to/$t_file" | tr '\n' ' ')" \
	    '600 600 ' "$WHICH: for its owner alone"
}

backup 'as usual' env
# shellcheck disable=SC2086
backup 'German' env $GERMAN
backup 'an unknown language' env LC_ALL=xx_YY.UTF-8 LANG=tlh
# No database of time zones is needed for these.
backup 'Kiritimati' env 'TZ=<+14>-14'
backup 'summer time' env TZ=CET-1CEST,M3.5.0,M10.5.0/3
backup 'no such time zone' env TZ=Nowhere/Land
for mask in 077 000 777; do
	backup "umask $mask" sh -c "umask $mask; exec \"\$@\"" sh
done

# Whoever starts us may leave much undone.
backup 'no HOME' env -u HOME
backup 'a HOME that is not there' env HOME=/nonexistent
backup 'a HOME that is no path' env HOME=home
backup 'no PATH' env -u PATH
backup 'an empty PATH' env PATH=
backup 'nothing but the server' env -i PGHOST="$PGHOST" PGUSER=postgres
mkdir evil gone
for name in ssh pg_dump pg_dumpall; do
	printf '#!/bin/sh\n: >"%s/evil/done"\nexit 1\n' "$SCRATCH" \
	    >"evil/$name"
	chmod +x "evil/$name"
done
backup 'a PATH that begins where we are' sh -c 'cd evil &&
    PATH=:.:../evil:/none:/usr/bin:/bin exec "$@"' sh
ok 'nothing there was run' test ! -e evil/done
backup 'a TMPDIR that is not there' env TMPDIR=/nonexistent
backup 'an empty TMPDIR' env TMPDIR=
backup 'a directory that has gone' sh -c 'cd gone && rmdir ../gone &&
    exec "$@"' sh
backup 'no stdin' sh -c 'exec "$@" <&-' sh
backup 'no stderr' sh -c 'exec "$@" 2>&-' sh
backup 'neither' sh -c 'exec "$@" <&- 2>&-' sh
for signal in CHLD PIPE HUP; do
	backup "SIG$signal ignored" perl -e "\$SIG{$signal} = 'IGNORE';
	    exec @ARGV" --
done
backup 'all signals blocked' perl -MPOSIX -e 'my $s = POSIX::SigSet->new;
    $s->fillset; sigprocmask(SIG_BLOCK, $s); exec @ARGV' --
backup 'few descriptors' sh -c 'ulimit -n 24; exec "$@"' sh

run env TMPDIR=/nonexistent pgb-verify --hold <got
status_is 3 'no place to hold a stream'
like "$ERR" '/nonexistent: No such file' 'says which'
like "$ERR" 'hint: TMPDIR' 'and what can be done'

# --- building ---------------------------------------------------------------

# From a tree that cannot be written, in a directory with blanks; all of what
# make would write lies in O.
mkdir 'a tree'
cp -R "$TOP/Makefile" "$TOP/cmd" "$TOP/common" "$TOP/tests" "$TOP/man" 'a tree'
chmod -R a-w,a+rX 'a tree'
mkdir elsewhere
[ "$(id -u)" != 0 ] || chown nobody elsewhere
for t_at in "$SCRATCH/elsewhere" elsewhere; do
	[ "$t_at" != elsewhere ] || { chmod u+w 'a tree'; ln -s ../elsewhere 'a tree/elsewhere'; }
	ok "built into $t_at" as_user nobody make -s -C 'a tree' O="$t_at" \
	    "$t_at/common/clock.o" "$t_at/cmd/pgb-dump/filter.o"
	run as_user nobody make -n -C 'a tree' O="$t_at" all \
	    "$t_at/unit/msg.t" "$t_at/fuzz/toc.t" "$t_at/helper/gate"
	status_is 0 'a plan for the rest'
	is "$(printf '%s\n' "$OUT" | sed -n 's/.* -o \([^ ]*\).*/\1/p' |
	    grep -cv "^$t_at/")" 0 'all of it there'
done
is "$(find 'a tree' -newer elsewhere/common/clock.o -type f)" '' \
    'and nothing in the tree'

# --- and the same failures ----------------------------------------------------

# What a server says in German is told as it is, and what it means does not
# depend on it; pg_dump repeats it without the code.
pg_stop
export LOCPATH="$SCRATCH/locale"
pg_start lc_messages=de_DE.UTF-8
unset LOCPATH
is "$(sql postgres 'SHOW lc_messages')" de_DE.UTF-8 'the server speaks German'
like "$(psql -d none 2>&1)" 'existiert nicht' 'as one can hear'
sql postgres 'CREATE ROLE poor LOGIN; CREATE ROLE many LOGIN
    CONNECTION LIMIT 0'
backup 'a German server' env

# fails WANT NAME COMMAND...: in our language and in German.
fails()
{
	t_want=$1 WHICH=$2; shift 2
	for t_lang in 'LC_ALL=C' "$GERMAN"; do
		# shellcheck disable=SC2086
		run env $t_lang "$@"
		status_is "$t_want" "$WHICH, ${t_lang##*=}"
	done
}
fails 5 'no such database' pgb-dump none
like "$ERR" 'hint: pgb-dump --list prints' 'with its hint'
fails 4 'too many sessions' pgb-dump -U many app
fails 5 'no such table' pgb-dump -t none app
psql -Xq -d app -c 'BEGIN; LOCK TABLE shop.orders; SELECT pg_sleep(600)' \
    >/dev/null 2>&1 &
at_exit $!
await 10 sh -c 'psql -XAtq -d app -c "SELECT count(*) FROM pg_locks WHERE
    relation = '"'shop.orders'"'::regclass" | grep -q 1'
fails 4 'locked' pgb-dump --lock-wait-timeout=100 app
fails 4 'locked, with options of our own' \
    env 'PGOPTIONS=-c work_mem=1MB' pgb-dump --lock-wait-timeout=100 app
# Who may not choose the language is told how it can be chosen.
fails 1 'no rights' pgb-dump -U poor app
like "$ERR" 'hint: .*ALTER ROLE "poor" SET lc_messages TO' 'a hint'
sql postgres "ALTER ROLE poor SET lc_messages TO 'C'"
fails 5 'no rights, told in English' pgb-dump -U poor app

done_testing
