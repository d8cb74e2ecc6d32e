#!/bin/sh
# SPDX-License-Identifier: ISC
# What starts many jobs (GNU parallel over ssh, a Slurm array, a Kubernetes
# CronJob) starts each one, tries again only what ended with 4, and its status
# tells; all of it run, with what is not here played by a few lines of shell.
. "${0%/*}/../lib.sh"
own_mounts "$@"

need age parallel
pg_start
SHELL_THERE=yes
sshd_start
sshd_shell || SHELL_THERE=no
sshd_stop
mkdir "$SCRATCH/hostbin" "$SCRATCH/work" "$SCRATCH/fake"
cp -L "$BIN"/pgb-dump "$BIN"/pgb-encrypt "$BIN"/pgb-verify "$BIN"/pgb-ship \
    "$TOP/examples/pgb-backup" "$SCRATCH/hostbin"
# The host's own known_hosts and key for the vault, wherever HOME is there.
cat >"$SCRATCH/hostbin/pgb-ship" <<END
#!/bin/sh
exec $SCRATCH/hostbin/ship --known-hosts $SCRATCH/work/known_hosts \
    -i $SCRATCH/work/key "\$@"
END
cp -L "$BIN/pgb-ship" "$SCRATCH/hostbin/ship"
sshd_start "SetEnv \"PATH=$SCRATCH/hostbin:$PGBIN:/usr/bin:/bin\" PGHOST=$PGHOST PGPORT=$PGPORT PGUSER=postgres PGB_SCRATCH=$SCRATCH LC_ALL=C TMPDIR=$SCRATCH/hosttmp"
mkdir -m 777 "$SCRATCH/hosttmp"
chmod 777 "$SCRATCH/hosttmp"
mkdir "$REMOTE/pg"
chmod 777 "$REMOTE/pg"
cd "$SCRATCH/work" || exit
cp "$SSH_KEY" key
cp "$KNOWN_HOSTS" known_hosts
[ "$(id -u)" != 0 ] || chown "$SSHD_USER" key
PATH=$SCRATCH/hostbin:$PATH
pg_fill appdb 0
createdb second
sql second 'CREATE TABLE t AS SELECT 1 AS x'
pgb-encrypt --keygen backup.key >backup.pub
export PGB_RECIPIENTS="$SCRATCH/work/backup.pub"
vault() { (cd "$REMOTE/pg" && ls | sed 's/-[0-9TZ]*[.]dump/-TIME.dump/') | tr '\n' ' '; }

# --- GNU parallel over a fleet ------------------------------------------------

# ssh as the fleet calls it, with our configuration: to a real sshd where its
# user may have a shell, else to a shell of this machine.  Of the host
# "starting" it is 4 until the second round, "broken" and "gone" never work.
cat >"$SCRATCH/bin/ssh-fleet" <<END
#!/bin/bash
# ssh -o BatchMode=yes HOST bash -s
host=\$3
echo "\$host" >>$SCRATCH/work/calls
case \$host in
gone) echo 'ssh: connect to host gone: No route to host' >&2; exit 255 ;;
starting) [ "\$(grep -cx starting $SCRATCH/work/calls)" -gt 1 ] ||
	prefix='export PGPORT=1;' ;;
away) prefix='export PGPORT=1;' ;;
esac
if [ $SHELL_THERE = yes ]; then
	{ echo "\${prefix:-}"; cat; } |
	    ssh -F $SSH_CONFIG "\$1" "\$2" vault "\${@:4}"
else
	export TMPDIR=$SCRATCH/hosttmp
	export TMPDIR=$SCRATCH/hosttmp
	{ echo "\${prefix:-}"; cat; } | "\${@:4}"
fi
END
chmod +x "$SCRATCH/bin/ssh-fleet"
export FLEET_SSH="$SCRATCH/bin/ssh-fleet" PAUSE=0 JOBS=4
TO="$SFTP_URL$REMOTE/pg/{db}-{time}.dump.age"
note "a real sshd for the fleet: $SHELL_THERE"

printf '# a fleet\ndb1\tappdb\n\ndb2 second\n' >jobs
run "$TOP/examples/fleet" jobs "$TO"
status_is 0 'examples/fleet: two hosts'
is "$(vault)" 'appdb-TIME.dump.age second-TIME.dump.age ' 'a backup of each'
like "$OUT" '^db1.appdb.\{"program":"pgb-ship",.*"time"' 'and the record'
ok 'to the recipients of this machine' sh -c \
    "cat $REMOTE/pg/appdb-* | pgb-encrypt -d -i backup.key | pgb-verify --sink"
is "$(ls "$SCRATCH/hosttmp")" '' 'whose file is gone there'
is "$(awk 'NR > 0 && $7 == 0' fleet.log | wc -l)" 2 'the log has both'

rm -f "$REMOTE/pg/"* calls
cat >jobs <<END
starting appdb
db2 second
gone appdb
broken none_such
END
run "$TOP/examples/fleet" jobs "$TO"
is "$(vault)" 'appdb-TIME.dump.age second-TIME.dump.age ' \
    'the server that was starting got its turn; others went on'
is "$(sort calls | uniq -c | sed 's/^ *//' | tr '\n' ' ')" \
    '1 broken 1 db2 1 gone 2 starting ' 'only status 4 was tried again'
status_is 5 'the worst that stays: no such database'
like "$ERR" '^fleet: 1 to be tried again' 'says what it waits for'
like "$ERR" '^fleet: 2 failed' 'and how many failed'
like "$ERR" '^broken.none_such.pgb-dump: error: .*(does not exist|existiert nicht)' 'and why, and where'

rm -f "$REMOTE/pg/"* calls
echo 'away appdb' >jobs
ROUNDS=2 run "$TOP/examples/fleet" jobs "$TO"
status_is 4 'away in each round'
is "$(grep -c . calls)" 2 'which were two'
is "$(vault)" '' 'no backup'
# Nothing of it may look well where jobs were not begun at all.
mkdir "$SCRATCH/early"
printf 'db1 appdb\ndb2 second\n' >jobs
printf '#!/bin/sh\nexit 127\n' >"$SCRATCH/early/parallel"
chmod 755 "$SCRATCH/early/parallel"
PATH=$SCRATCH/early:$PATH run "$TOP/examples/fleet" jobs "$TO"
status_is 3 'parallel does not run'
cat >"$SCRATCH/early/parallel" <<'END'
#!/bin/sh
while [ "$1" != --joblog ]; do shift; done
printf 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n1\t:\t1\t1\t0\t0\t0\t0\tjob\n' >"$2"
exit 143
END
PATH=$SCRATCH/early:$PATH run "$TOP/examples/fleet" jobs "$TO"
status_is 3 'parallel ends early'
like "$ERR" '^fleet: 1 not begun' 'and how many are missing is told'

run "$TOP/examples/fleet" none "$TO"
status_is 2 'no list of jobs'
# A script of which the last line is missing is not run.
sed -i 's/; cat; }/; head -n -1; }/' "$SCRATCH/bin/ssh-fleet"
echo 'db1 appdb' >jobs
run "$TOP/examples/fleet" jobs "$TO"
unlike "$RC" '^0$' 'a script that did not come over whole'
is "$(vault)" '' 'did nothing'

# --- Slurm ---------------------------------------------------------------------

cat >"$SCRATCH/bin/scontrol" <<END
#!/bin/sh
echo "\$@" >>$SCRATCH/work/requeued
# As Slurm does then.
kill -TERM \$PPID
END
chmod +x "$SCRATCH/bin/scontrol"
printf '%s appdb\n%s second\n/nowhere appdb\n%s none_such\n' \
    "$PGHOST" "$PGHOST" "$PGHOST" >jobs
# task N [RESTARTS]: as slurmd starts it.
task()
{
	: >requeued
	run env SLURM_JOB_ID=70"$1" SLURM_ARRAY_JOB_ID=700 \
	    SLURM_ARRAY_TASK_ID="$1" SLURM_RESTART_COUNT="${2:-}" \
	    bash "$TOP/examples/backup.sbatch" jobs "$TO"
}
task 1
status_is 0 'examples/backup.sbatch: task 1'
task 2
status_is 0 'task 2'
is "$(vault)" 'appdb-TIME.dump.age second-TIME.dump.age ' 'each its own line'
is "$(cat requeued)" '' 'and that was it'
task 3
is "$(cat requeued)" 'requeue 700_3' 'no server: back into the queue'
task 3 3
status_is 4 'the third time it stays'
is "$(cat requeued)" '' 'as it is'
task 4
status_is 5 'no such database'
is "$(cat requeued)" '' 'is not tried again'
task 5
status_is 2 'no such line'
run bash "$TOP/examples/backup.sbatch" jobs "$TO"
unlike "$RC" '^0$' 'not of an array'
like "$(grep '^#SBATCH' "$TOP/examples/backup.sbatch" | tr '\n' ' ')" \
    '--requeue .*--open-mode=append' 'a dead node is no end, and no log is lost'

# --- Kubernetes: the container's command -----------------------------------------

rm -f "$REMOTE/pg/"*
/usr/bin/python3 - "$TOP/examples/cronjob.yaml" >pod <<'END' || bail python3-yaml
import shlex, sys, yaml
pod = yaml.safe_load(open(sys.argv[1]))["spec"]["jobTemplate"]["spec"]
box = pod["template"]["spec"]["containers"][0]
for e in box["env"]:
    print("export %s=%s" % (e["name"], shlex.quote(e.get("value", "secret"))))
print("exec", *map(shlex.quote, box["command"] + box["args"]))
END
# The mounts and the address of this test.
sed -e "s|/usr/local/bin/|$SCRATCH/hostbin/|; s|/etc/pgb/ssh_key|$SCRATCH/work/key|" \
    -e "s|/etc/pgb|$SCRATCH/work|g; s|sftp://backup@vault|$SFTP_URL$REMOTE|" \
    -e "s|PGHOST=.*|PGHOST=$PGHOST|; s|PGUSER=.*|PGUSER=postgres|" pod >pod.sh
run sh pod.sh
status_is 0 'examples/cronjob.yaml: its container'
is "$(vault)" 'appdb-TIME.dump.age ' 'a backup is there'
sed 's/PGUSER=.*/&; export PGPORT=1/' pod.sh >pod.away
run sh pod.away
status_is 4 'a server that is away: the Job counts it, and tries again'
sed 's/pgb-backup.* appdb /pgb-backup none_such /' pod.sh >pod.none
run sh pod.none
status_is 5 'a database that is not there: the Job has failed'

done_testing
