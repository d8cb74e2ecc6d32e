#!/bin/sh
# SPDX-License-Identifier: ISC
# What lies in a directory is told as it is, and is thinned out by rule: no file
# of another series is touched, nothing that is not whole counts, and the last
# good backup stays whatever happens.  A server and this machine say the same.
. "${0%/*}/../lib.sh"

need b2sum perl
sshd_start
cd "$SCRATCH" || exit

URL=$SFTP_URL$REMOTE
LOCAL=$SCRATCH/local
SHIP="pgb-ship --known-hosts $KNOWN_HOSTS -i $SSH_KEY"
OLD=.appdb-20241206T020000Z.dump.age.0123456789abcdef.pgbtmp
NEW=.appdb-20241207T020000Z.dump.age.fedcba9876543210.pgbtmp
NOW=$(date +%s)
RULES='--keep-last 1 --keep-daily 2 --keep-monthly 2'

# --- what lies there ---------------------------------------------------------

# lay NAME...: backups, each with its own name in it.
lay() { for t_file; do echo "$t_file" >"$t_file"; done; }

# fill: in this directory, five backups of appdb, and all that may be near.
fill()
{
	lay appdb-20241031T020000Z.dump.age appdb-20241130T020000Z.dump.age \
	    appdb-20241201T020000Z.dump.age appdb-20241201T140000Z.dump.age \
	    appdb-20241202T020000Z.dump.age
	for t_file in appdb-20241031T020000Z.dump.age \
	    appdb-20241130T020000Z.dump.age appdb-20241202T020000Z.dump.age
	do
		b2sum "$t_file" >"$t_file.b2"
	done
	lay appdb-20241130T020000Z.dump.age.json \
	    appdb-20241130T020000Z.dump.age.json.minisig \
	    appdb-20241031T020000Z.dump.age.sql
	# None of these is a whole backup.
	: >appdb-20241203T020000Z.dump.age
	mkdir appdb-20241204T020000Z.dump.age
	ln -s /etc/passwd appdb-20241205T020000Z.dump.age
	lay "$OLD" "$NEW"
	touch -d "@$((NOW - 2 * 86400))" "$OLD"
	touch -d "@$NOW" "$NEW"
	# Beside nothing: an old one, and one of a backup that is under way.
	lay appdb-20241001T020000Z.dump.age.b2 \
	    appdb-20241208T020000Z.dump.age.b2
	# Other series, and none.
	lay appdb-20241031T020000Z.dump appdb-20241031T020000Z.dump.b2 \
	    web-20241101T020000Z.dump.age web-20241102T020000Z.dump.age \
	    web-20241101T020000Z.dump.age.b2 xappdb-20241031T020000Z.dump.age \
	    appdb-20241031T020000Z.dump.age.part appdb-20241399T020000Z.dump.age \
	    notes.txt
	t_odd=$(printf 'odd\033[31m-\n-20241031T020000Z.dump')
	lay "$t_odd"
}

# fresh: the same on the server and here.
fresh()
{
	mkdir -p "$LOCAL"
	chmod 700 "$LOCAL"
	for t_dir in "$REMOTE" "$LOCAL"; do
		find "$t_dir" -mindepth 1 -delete
		(cd "$t_dir" && fill)
	done
}

# all DIR: what is there.
all() { (cd "$1" && find . -mindepth 1 | sort); }

# both NAME COMMAND...: once with the server's directory for each @, once with
# the local one: the same status (5 there is 3 here), the same words.  Leaves
# the latter's RC, OUT and ERR.
both()
{
	t_what=$1; shift
	t_line=
	for t_arg; do
		t_line="$t_line $(printf '%s' "$t_arg" | sed "s|@|$URL|g")"
	done
	# shellcheck disable=SC2086
	run $t_line
	t_there="$(echo "$RC" | sed s/5/3/)
$(printf '%s\n' "$OUT" "$ERR" | sed "s|$URL|@|g")"
	t_line=
	for t_arg; do
		t_line="$t_line $(printf '%s' "$t_arg" | sed "s|@|$LOCAL|g")"
	done
	# shellcheck disable=SC2086
	run $t_line
	is "$t_there" "$RC
$(printf '%s\n' "$OUT" "$ERR" | sed "s|$LOCAL|@|g")" \
	    "$t_what: server and local directory"
	is "$(all "$REMOTE")" "$(all "$LOCAL")" "$t_what: and what is left"
}

# words: OUT with one blank between columns.
words() { printf '%s\n' "$OUT" | tr -s ' '; }

# json KEY...: of each line of OUT the values, an array's with + between.
json()
{
	printf '%s\n' "$OUT" | perl -MJSON::PP -ne '
	    BEGIN { @keys = splice @ARGV } $r = decode_json($_);
	    print join(" ", map { my $v = $r->{$_};
	    ref $v eq "ARRAY" ? join("+", @$v) : $v // "-" } @keys), "\n"' "$@"
}

# --- list --------------------------------------------------------------------

fresh
both 'list of a pattern' $SHIP --list '@/appdb-{time}.dump.age'
status_is 0 'list of a pattern'
is "$(words | sed '/pgbtmp/s/^[^ ]*/-/')" \
"2024-10-31T02:00:00Z 32 32 B appdb-20241031T020000Z.dump.age .b2
2024-11-30T02:00:00Z 32 32 B appdb-20241130T020000Z.dump.age .b2 .json .json.minisig
2024-12-01T02:00:00Z 32 32 B appdb-20241201T020000Z.dump.age
2024-12-01T14:00:00Z 32 32 B appdb-20241201T140000Z.dump.age
2024-12-02T02:00:00Z 32 32 B appdb-20241202T020000Z.dump.age .b2
2024-12-03T02:00:00Z 0 0 B appdb-20241203T020000Z.dump.age empty
2024-12-04T02:00:00Z 0 0 B appdb-20241204T020000Z.dump.age not a regular file
2024-12-05T02:00:00Z 0 0 B appdb-20241205T020000Z.dump.age not a regular file
2024-10-01T02:00:00Z 35 35 B appdb-20241001T020000Z.dump.age.b2 beside a backup that is not there
2024-12-08T02:00:00Z 35 35 B appdb-20241208T020000Z.dump.age.b2 beside a backup that is not there
- 57 57 B $OLD temporary: in progress or left behind
- 57 57 B $NEW temporary: in progress or left behind" 'its lines'
both 'list of a pattern, JSON' $SHIP --json --list '@/appdb-{time}.dump.age'
is "$(json time bytes series complete beside name | sed -n '2p;6p;9p')" \
"2024-11-30T02:00:00Z 32 appdb-{time}.dump.age 1 appdb-20241130T020000Z.dump.age.b2+appdb-20241130T020000Z.dump.age.json+appdb-20241130T020000Z.dump.age.json.minisig appdb-20241130T020000Z.dump.age
2024-12-03T02:00:00Z 0 appdb-{time}.dump.age 0 - appdb-20241203T020000Z.dump.age
2024-10-01T02:00:00Z 35 appdb-{time}.dump.age 0 - appdb-20241001T020000Z.dump.age.b2" \
    'says the same'
both 'list of a directory' $SHIP --list @/
like "$OUT" 'web-20241101T020000Z.dump.age  +\.b2$' 'all series'
unlike "$OUT" 'notes|20241399' 'and nothing else'
like "$OUT" 'odd\\x1b\[31m-\\x0a-20241031T020000Z' \
    'no odd byte reaches the terminal'
both 'list of a directory, no slash' $SHIP --json --list @
is "$(json series | uniq | head -n 3)" 'appdb-{time}.dump
appdb-{time}.dump.age
appdb-{time}.dump.age.part' 'sorted by series'
both 'list of what is not there' $SHIP --list '@/none-{time}'
is "$RC$(words | grep -v pgbtmp)" 0 'lists nothing'
both 'list of an empty directory' $SHIP --list @/appdb-20241204T020000Z.dump.age/
is "$RC$OUT$ERR" 0 'prints nothing'
if curves; then
	run $SHIP --transport libssh2 --list "$URL/"
	t_said=$OUT
	run $SHIP --transport ssh --list "$URL/"
	is "$RC$OUT" "0$t_said" 'both transports say the same'
else
	untested 'libssh2: it has no elliptic curves'
fi
run $SHIP --list "$SFTP_URL/~/"
like "$OUT" appdb-20241202T020000Z 'the login directory'
run $SHIP --list "$SFTP_URL/~/appdb-%Y%m%dT%H%M%SZ.dump.age"
like "$OUT" appdb-20241202T020000Z "a pattern of strftime's"
try "cd $LOCAL && pgb-ship --list 'appdb-{time}.dump.age'"
like "$OUT" appdb-20241202T020000Z 'the working directory'
run $SHIP --list "$URL/none/"
status_is 5 'no such directory on the server'
like "$ERR" 'error: sftp://.*/none: .*no such file' 'says so'
run $SHIP --list "$LOCAL/none/"
status_is 3 'nor here'
try "$SHIP --list $URL/ >/dev/full"
status_is 3 'a list on a full disk'

# --- what is refused -----------------------------------------------------------

# wrong ERE NAME COMMAND...: a usage error, and all is still there.
wrong()
{
	t_ere=$1 t_what=$2; shift 2
	t_before=$(all "$REMOTE")
	run "$@"
	status_is 2 "$t_what"
	like "$ERR" "^pgb-ship: error: .*$t_ere" "$t_what: says why"
	is "$OUT$(all "$REMOTE")" "$t_before" "$t_what: nothing is done"
}
wrong 'is to be kept' 'prune without a rule' \
    $SHIP --prune "$URL/appdb-{time}.dump.age"
wrong 'keep-last' 'prune with a rule of 0' $SHIP --keep-last 0 \
    --prune "$URL/appdb-{time}.dump.age"
wrong 'no day' 'prune of a directory' $SHIP --keep-last 1 --prune "$URL/"
wrong 'no day' 'prune of a file' $SHIP --keep-last 1 \
    --prune "$URL/appdb-20241031T020000Z.dump.age"
wrong 'no day' 'prune without a time' $SHIP --keep-last 1 \
    --prune "$URL/{db}.dump"
wrong 'only the last part' 'prune of many directories' $SHIP --keep-last 1 \
    --prune "$SFTP_URL/{db}/{time}.dump"
wrong 'only the last part' 'list of many directories' \
    $SHIP --list "$SFTP_URL/%Y/{time}.dump"
wrong 'not known here' 'a word that is none' $SHIP --keep-last 1 \
    --prune "$URL/{date}-{time}"
wrong 'cannot be read back' 'a conversion without a use' $SHIP --keep-last 1 \
    --prune "$URL/%a-{time}"
wrong 'like .sql' 'what is no ending' $SHIP --keep-last 1 --with dump \
    --prune "$URL/appdb-{time}"

# --- prune ---------------------------------------------------------------------

pruned="removed appdb-20241031T020000Z.dump.age not of the last 1, not of the last 2 days, not of the last 2 months
removed appdb-20241031T020000Z.dump.age.b2 beside appdb-20241031T020000Z.dump.age
keep appdb-20241130T020000Z.dump.age monthly 2024-11 (with .b2 .json .json.minisig)
removed appdb-20241201T020000Z.dump.age not of the last 1, 2024-12-01 has a newer one, 2024-12 has a newer one
keep appdb-20241201T140000Z.dump.age daily 2024-12-01
keep appdb-20241202T020000Z.dump.age last 1, daily 2024-12-02, monthly 2024-12 (with .b2)
leave appdb-20241203T020000Z.dump.age empty
leave appdb-20241204T020000Z.dump.age not a regular file
leave appdb-20241205T020000Z.dump.age not a regular file
removed appdb-20241001T020000Z.dump.age.b2 its backup is gone
leave appdb-20241208T020000Z.dump.age.b2 its backup is not there
removed $OLD left behind, last written
leave $NEW in progress or left behind, last written"
gone="./$OLD
./appdb-20241001T020000Z.dump.age.b2
./appdb-20241031T020000Z.dump.age
./appdb-20241031T020000Z.dump.age.b2
./appdb-20241201T020000Z.dump.age"

# without TIMES: OUT, and no times of temporaries.
without_times() { words | sed 's/last written .*/last written/'; }

fresh
before=$(all "$REMOTE")
both 'dry run' $SHIP $RULES --dry-run --prune '@/appdb-{time}.dump.age'
status_is 0 'dry run'
is "$(without_times)" "$(echo "$pruned" | sed 's/^removed/would remove/')" \
    'what would be done, and why'
is "$(all "$REMOTE")" "$before" 'nothing is removed'
both 'prune' $SHIP $RULES --prune '@/appdb-{time}.dump.age'
status_is 0 'prune'
is "$(without_times)" "$pruned" 'what is done, and why'
like "$ERR" 'warning: .* empty or no regular file' 'what is odd is warned of'
is "$(printf '%s\n' "$before" "$gone" | sort | uniq -u)" "$(all "$REMOTE")" \
    'all that no rule keeps is gone, and nothing else'
both 'once more' $SHIP $RULES --prune '@/appdb-{time}.dump.age'
unlike "$OUT" removed 'there is nothing left to do'

fresh
both 'prune, JSON' $SHIP $RULES --json --prune '@/appdb-{time}.dump.age'
is "$(json action name why | head -n 3)" \
"removed appdb-20241031T020000Z.dump.age not of the last 1+not of the last 2 days+not of the last 2 months
removed appdb-20241031T020000Z.dump.age.b2 beside appdb-20241031T020000Z.dump.age
keep appdb-20241130T020000Z.dump.age monthly 2024-11" 'says the same'
is "$(json time bytes series beside | sed -n 3p)" \
"2024-11-30T02:00:00Z 32 appdb-{time}.dump.age appdb-20241130T020000Z.dump.age.b2+appdb-20241130T020000Z.dump.age.json+appdb-20241130T020000Z.dump.age.json.minisig" \
    'and more'
is "$(printf '%s\n' "$before" "$gone" | sort | uniq -u)" "$(all "$REMOTE")" \
    'and does the same'

fresh
both 'prune --with' $SHIP $RULES --with .sql \
    --prune '@/appdb-{time}.dump.age'
like "$(words)" '^removed appdb-20241031T020000Z.dump.age.sql beside' \
    '--with .sql goes too'
fresh
both 'prune of all databases' $SHIP --keep-last 1 --prune '@/{db}-{time}.dump.age'
is "$(words | grep -c '^keep')" 3 'each has a series of its own'
is "$(ls "$REMOTE" | grep '^web.*age$')" web-20241102T020000Z.dump.age \
    'and keeps its last'
fresh
both 'a rule that many satisfy' $SHIP --keep-daily 1 --keep-last 100 \
    --prune '@/appdb-{time}.dump.age'
is "$(words | grep -c '^removed appdb.*age not')" 0 'never below --keep-last'
both 'no such series' $SHIP --keep-last 1 --prune '@/none-{time}.dump'
is "$RC$(printf '%s\n' "$OUT" | grep -v pgbtmp)" 0 'is no error'
like "$ERR" 'warning: .*no file is of this pattern' 'but a warning'

# The last good one is the one to be kept, whatever lies beside it.
fresh
for t_dir in "$REMOTE" "$LOCAL"; do
	find "$t_dir" -name 'appdb-202412*' ! -name '*20241203*' -delete
	find "$t_dir" -name 'appdb-20241130*' -delete
	: >"$t_dir/appdb-20241209T020000Z.dump.age"
done
both 'one is good' $SHIP --keep-last 1 --prune '@/appdb-{time}.dump.age'
like "$(words)" '^keep appdb-20241031T020000Z.dump.age last 1' \
    'the last good one stays, whatever is newer'
is "$(cat "$REMOTE/appdb-20241031T020000Z.dump.age")" \
    appdb-20241031T020000Z.dump.age 'it is there'

# A time of the future is nobody's age.
fresh
for t_dir in "$REMOTE" "$LOCAL"; do
	(cd "$t_dir" && lay appdb-29990101T000000Z.dump.age)
done
both 'a time of the future' $SHIP --keep-last 1 \
    --prune '@/appdb-{time}.dump.age'
like "$(words)" '^keep appdb-29990101T000000Z.* a time in the future, not' \
    'is kept'
like "$(words)" '^keep appdb-20241202T020000Z.dump.age last 1' \
    'and not counted'
like "$ERR" 'warning: .*29990101.* in the future' 'and warned of'

# Clusters of two major versions, told apart by {server} alone.
fresh
for t_dir in "$REMOTE" "$LOCAL"; do
	(cd "$t_dir" && lay pg-15.17-20241120T020000Z pg-15.18-20241121T020000Z \
	    pg-16.2-20241122T020000Z pg-16.3-20241123T020000Z)
done
both 'two major versions' $SHIP --keep-last 1 --prune '@/{db}-{server}-{time}'
is "$(words | grep ' pg-')" \
"removed pg-15.17-20241120T020000Z not of the last 1
keep pg-15.18-20241121T020000Z last 1
removed pg-16.2-20241122T020000Z not of the last 1
keep pg-16.3-20241123T020000Z last 1" 'are two series'

# The backups' clock fell back, the store's did not.
fresh
for t_dir in "$REMOTE" "$LOCAL"; do
	(cd "$t_dir" && lay appdb-20200101T020000Z.dump.age \
	    appdb-20200101T020000Z.dump.age.b2
	# One of them is a link to a file of the system.
	touch -hd "@$((NOW - 86400))" appdb-2024*.age)
done
both 'a clock that fell back' $SHIP --keep-last 1 \
    --prune '@/appdb-{time}.dump.age'
like "$(words)" '^keep appdb-20200101T020000Z.dump.age written after the newest one: a wrong clock\? \(with .b2\)$' \
    'what was written after the newest one is kept'
is "$(printf '%s\n' "$ERR" | grep -c 'warning: .*20200101.*written after')" 1 \
    'and warned of'
for t_dir in "$REMOTE" "$LOCAL"; do
	(cd "$t_dir" && lay appdb-20241210T020000Z.dump.age)
done
both 'a right name again' $SHIP --keep-last 1 --prune '@/appdb-{time}.dump.age'
like "$(words)" '^removed appdb-20200101T020000Z.dump.age.b2 beside' 'ends it'
unlike "$ERR" 'written after' 'and the warning'

# --- what cannot be removed ------------------------------------------------------

fresh
before=$(all "$REMOTE")
try "$SHIP $RULES --prune '$URL/appdb-{time}.dump.age' >/dev/full"
status_is 3 'who cannot say what it does'
is "$(all "$REMOTE")" "$(echo "$before" |
    grep -vx './appdb-20241031T020000Z.dump.age')" 'stops at the first'
fresh
sshd_stop
sshd_start "ForceCommand internal-sftp -d $REMOTE -P remove"
run $SHIP $RULES --prune "$URL/appdb-{time}.dump.age"
status_is 5 'a server that lets nothing be removed'
is "$(words | grep refused)" \
"refused appdb-20241031T020000Z.dump.age permission denied
refused appdb-20241201T020000Z.dump.age permission denied
refused appdb-20241001T020000Z.dump.age.b2 permission denied
refused $OLD permission denied" 'says so of each'
is "$(printf '%s\n' "$ERR" | grep error:)" \
    "pgb-ship: error: $URL: 4 of 4 files not removed: permission denied" \
    'and once for all'
is "$(words | grep -c '^keep')" 3 'the others are told all the same'
is "$(all "$REMOTE")" "$before" 'all is there'
run $SHIP $RULES --json --prune "$URL/appdb-{time}.dump.age"
is "$(json action error | head -n 1)" 'refused permission denied' 'in JSON too'
sshd_stop
sshd_start "ForceCommand internal-sftp -d $REMOTE -P opendir"
run $SHIP $RULES --prune "$URL/appdb-{time}.dump.age"
status_is 5 'a server that lists nothing'
is "$OUT$(all "$REMOTE")" "$before" 'nothing is done'
sshd_stop
sshd_start
[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER" "$LOCAL"
chmod 555 "$LOCAL"
run as_user "$SSHD_USER" pgb-ship $RULES \
    --prune "$LOCAL/appdb-{time}.dump.age"
status_is 3 'a directory that cannot be written'
is "$(words | grep -c '^refused .* Permission denied')" 4 'says so of each'
is "$(all "$LOCAL")" "$before" 'all is there'
chmod 700 "$LOCAL"

# --- a connection that breaks ------------------------------------------------------

# many: 4000 backups, an hour from each to the next.
many()
{
	find "$REMOTE" -mindepth 1 -delete
	(cd "$REMOTE" && perl -MPOSIX -e 'for (0 .. 3999) {
	    my $f = strftime("many-%Y%m%dT%H%M%SZ.dump",
	        gmtime(1700000000 + 3600 * $_));
	    open F, ">", $f; print F $f; close F }')
}
many
before=$(ls "$REMOTE")
$SHIP --keep-last 3 --prune "$URL/many-{time}.dump" >out 2>err &
t_prune=$!
at_exit $t_prune
# The sessions, or what serves them; never the server.
for t_try in 1 2 3 4; do
	sleep 0.1
	for t_pid in $(sshd_sessions); do
		for t_child in $(pgrep -P "$t_pid"); do
			kill_tree "$t_child" KILL
		done
	done
done
wait $t_prune
is $? 0 'prune, and connections that are killed'
note "$(grep -c 'connecting again' err) were in use"
is "$(ls "$REMOTE")" "$(echo "$before" | tail -n 3)" 'all but three are gone'
is "$(sed 's/  */ /g; s/ not of.*//' out | grep -v keep)" \
    "$(echo "$before" | head -n 3997 | sed 's/^/removed /')" \
    'each is told once, in order'

# --- the latest ------------------------------------------------------------------

fresh
run $SHIP --fetch "$URL/appdb-{latest}.dump.age"
is "$RC $OUT" '0 appdb-20241202T020000Z.dump.age' 'fetch of the latest'
run $SHIP --fetch "$LOCAL/{db}-{latest}.dump.age"
is "$RC $OUT" '0 appdb-20241202T020000Z.dump.age' 'here, of any database'
run $SHIP --fetch "$SFTP_URL/~/web-{latest}.dump.age"
is "$RC $OUT" '0 web-20241102T020000Z.dump.age' 'in the login directory'
echo damaged >"$REMOTE/appdb-20241202T020000Z.dump.age"
run $SHIP --fetch "$URL/appdb-{latest}.dump.age"
status_is 1 'it is held against its sum like any other'
run $SHIP --fetch "$URL/none-{latest}.dump.age"
status_is 1 'no backup of this pattern'
like "$ERR" 'none-\{latest\}.dump.age: no backup of this pattern' 'says so'

# --db: one database of those that {db} could be, as an upload writes its name.
(cd "$LOCAL" && lay odd%20db-20241101T020000Z.x odd%20db-20241103T020000Z.x \
    odd-20241104T020000Z.x)
(cd "$REMOTE" && cp "$LOCAL"/*.x .)
for t_url in "$URL" "$LOCAL" "file://$LOCAL"; do
	run $SHIP --db 'odd db' --fetch "$t_url/{db}-{latest}.x"
	is "$RC $OUT" '0 odd%20db-20241103T020000Z.x' "$t_url: the latest of one"
	run $SHIP --db 'odd db' --fetch "$t_url/{db}-20241101T020000Z.x"
	is "$RC $OUT" '0 odd%20db-20241101T020000Z.x' 'one by its time'
	run $SHIP --db 'odd db' --list "$t_url/{db}-{time}.x"
	is "$RC $(echo "$OUT" | grep -c odd%20db)" '0 2' 'both are listed'
	unlike "$OUT" odd-2024 'and no other'
	run $SHIP --db odd --keep-last 1 --dry-run --prune "$t_url/{db}-{time}.x"
	unlike "$OUT" odd%20db 'another one is not pruned'
done
run $SHIP --db 'odd db' --keep-last 1 --prune "$URL/{db}-{time}.x"
is "$RC $(cd "$REMOTE" && LC_ALL=C ls -- *.x | tr '\n' ' ')" \
    '0 odd%20db-20241103T020000Z.x odd-20241104T020000Z.x ' 'that one is'
run $SHIP --db odd --list "$URL/"
status_is 2 'no {db} for --db'
like "$ERR" ': no \{db\} for --db$' 'says so'
(cd "$LOCAL" && lay 'a{b}-{time}')
run $SHIP --fetch "$LOCAL/a{b}-{time}"
is "$RC $OUT" '0 a{b}-{time}' 'a name without {latest} is taken as it is'

done_testing
