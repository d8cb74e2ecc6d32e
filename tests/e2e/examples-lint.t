#!/bin/sh
# SPDX-License-Identifier: ISC
# Every example is run or linted by a test, and named in examples/README.md; scripts
# pass shellcheck, units systemd-analyze, the CronJob a schema of what is used.
. "${0%/*}/../lib.sh"

need shellcheck systemd-analyze
PYTHON=/usr/bin/python3
"$PYTHON" -c 'import yaml, jsonschema' 2>/dev/null ||
    missing 'python3-yaml or python3-jsonschema is missing'
cd "$TOP/examples" || exit

# --- all of them -------------------------------------------------------------

# untested DIRECTORY: its files that no test names; a comment does not count.
untested()
{
	for file in "$1"/*; do
		name=${file##*/}
		[ "$name" != README.md ] || continue
		grep -hv '^[[:space:]]*#' "$TOP"/tests/e2e/*.t |
		    grep -F "examples/$name" |
		    grep -Eqv "examples/$name[A-Za-z0-9@._-]" || echo "$name"
	done
}
is "$(untested .)" '' 'every example is named by a test'
mkdir "$SCRATCH/more"
: >"$SCRATCH/more/one-that-$$"
is "$(untested "$SCRATCH/more")" "one-that-$$" 'one that is not is found'
for file in *; do
	[ "$file" = README.md ] ||
	    grep -q "^| \`$file\` | " README.md || echo "$file"
done >"$SCRATCH/unnamed"
is "$(cat "$SCRATCH/unnamed")" '' 'examples/README.md has a line for each'
sed -n 's/^| `\([^`]*\)` .*/\1/p' README.md | while read -r file; do
	[ -e "$file" ] || echo "$file"
done >"$SCRATCH/unnamed"
is "$(cat "$SCRATCH/unnamed")" '' 'and for no other'

# --- scripts -------------------------------------------------------------------

for file in *; do
	case $(head -n 1 "$file") in '#!'*) echo "$file" ;; esac
done >"$SCRATCH/scripts"
[ "$(wc -l <"$SCRATCH/scripts")" -ge 6 ] || fail 'where are the scripts?'
# lint SHELLCHECK-OPTION... FILE...; older ones find more, and less.
lint()
{
	case $(shellcheck --version) in
	*'version: 0.'[0-7].*) note 'untested: this shellcheck is old' ;;
	*) shellcheck "$@" ;;
	esac
}
# shellcheck disable=SC2046
ok 'shellcheck of the examples' lint $(cat "$SCRATCH/scripts")
# Names that lib.sh sets and others use; {time} of our own; lists that are to be
# split; a file that has the name of a command; "a= b="; what Debian's sh has.
ok 'shellcheck of the scripts of tests/' lint -S warning \
    -e SC2034,SC1083,SC1007,SC2044,SC2046,SC2174,SC2238,SC3045 \
    "$TOP"/tests/*.sh "$TOP"/tests/bench/*.sh
# shellcheck disable=SC2016
printf '#!/bin/sh\nrm -rf $1/x\n' >"$SCRATCH/wrong"
ok 'which finds a fault' not shellcheck "$SCRATCH/wrong"

# What cron hands to sh stands behind five fields and the user.
for file in crontab crontab-checked; do
	grep -E '^[0-9*]+ .* \* ' "$file" | sed 's/^\([^ ]* \)\{6\}//' |
	    while read -r line; do
		printf '#!/bin/sh\n%s\n' "$line" >"$SCRATCH/line"
		shellcheck -e SC1083 "$SCRATCH/line" || echo "$file"
	done >"$SCRATCH/said"
	is "$(cat "$SCRATCH/said")" '' "shellcheck of examples/$file"
	like "$(cat "$file")" '^SHELL=/bin/sh$' 'whose shell is said'
	like "$(cat "$file")" '^PATH=/usr/local/bin:' 'and where programs are'
	like "$(cat "$file")" '^MAILTO=' 'and who is told'
done

# --- systemd -------------------------------------------------------------------

# Whatever ExecStart names must exist for verify: a copy has what does.
mkdir "$SCRATCH/units"
for file in *.service *.timer; do
	sed 's|/usr/local/bin/[a-z-]*|/bin/true|' "$file" \
	    >"$SCRATCH/units/$file"
done
cd "$SCRATCH/units" || exit
verify()
{
	systemd-analyze verify --man=no "$@" >verify.log 2>&1
	rc=$?
	# It also reads the units of this machine that these depend on.
	grep -F pgb- verify.log && return 1
	return $rc
}
ok 'systemd-analyze verify' verify ./pgb-backup@appdb.service \
    ./pgb-backup@appdb.timer ./pgb-drill@appdb.service \
    ./pgb-drill@appdb.timer ./pgb-failed@pgb-backup@appdb.service.service
sed 's/^User=/Usre=/' pgb-backup@.service >pgb-wrong@.service
ok 'which finds a fault' not verify ./pgb-wrong@a.service
OFFLINE=no
systemd-analyze --help | grep -q -- --offline && OFFLINE=yes
[ $OFFLINE = yes ] || note "this systemd cannot judge units off-line"
for name in backup drill; do
	[ $OFFLINE = yes ] || continue
	run systemd-analyze security --offline=true --threshold=20 \
	    "./pgb-$name@.service"
	status_is 0 "pgb-$name@.service: exposed by 2.0 at most"
	note "$(tail -n 1 "$SCRATCH/out")"
done
sed '/^ProtectSystem/d; /^CapabilityB/d; /^SystemCallFilter/d' \
    pgb-backup@.service >pgb-wrong@.service
[ $OFFLINE = no ] || ok 'which would be seen' not systemd-analyze security \
    --offline=true --threshold=20 ./pgb-wrong@.service

# --- Kubernetes ----------------------------------------------------------------

cd "$SCRATCH" || exit
cat >schema.py <<'END'
"""What of batch/v1 the CronJob uses, and nothing else."""
import sys, json, yaml, jsonschema

def obj(required="", **props):
    return {"type": "object", "additionalProperties": False,
            "properties": props, "required": required.split()}

def arr(items, least=1):
    return {"type": "array", "items": items, "minItems": least}

def one(*values):
    return {"enum": list(values)}

text = {"type": "string", "minLength": 1}
name = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"}
count = {"type": "integer", "minimum": 0}
flag = {"type": "boolean"}
amount = {"type": "string", "pattern": "^[0-9]+(m|[KMGT]i?)?$"}
strings = {"type": "object", "additionalProperties": text}
amounts = obj(cpu=amount, memory=amount)
# The API wants exit codes without 0 in In, sorted or not, each once.
codes = {"type": "array", "minItems": 1, "maxItems": 255, "uniqueItems": True,
         "items": {"type": "integer", "minimum": 1, "maximum": 255}}

rule = {"oneOf": [
    obj("action onExitCodes", action=one("FailJob", "Count", "Ignore"),
        onExitCodes=obj("operator values", containerName=name,
                        operator=one("In", "NotIn"), values=codes)),
    obj("action onPodConditions", action=one("FailJob", "Count", "Ignore"),
        onPodConditions=arr(obj("type status", type=text,
                                status=one("True", "False", "Unknown"))))]}
env = {"oneOf": [
    obj("name value", name=text, value={"type": "string"}),
    obj("name valueFrom", name=text, valueFrom=obj(
        "secretKeyRef", secretKeyRef=obj("name key", name=name, key=text)))]}
volume = {"oneOf": [
    obj("name secret", name=name, secret=obj(
        "secretName", secretName=name,
        defaultMode={"type": "integer", "minimum": 0, "maximum": 0o777},
        items=arr(obj("key path", key=text, path=text)))),
    obj("name emptyDir", name=name, emptyDir=obj(sizeLimit=amount))]}
container = obj(
    "name image command resources securityContext", name=name, image=text,
    command=arr(text), args=arr(text), env=arr(env),
    securityContext=obj(
        "allowPrivilegeEscalation readOnlyRootFilesystem capabilities",
        allowPrivilegeEscalation=one(False), readOnlyRootFilesystem=one(True),
        capabilities=obj("drop", drop=one(["ALL"]))),
    resources=obj("requests limits", requests=amounts, limits=amounts),
    volumeMounts=arr(obj("name mountPath", name=name, readOnly=flag,
                         mountPath={"type": "string", "pattern": "^/"})))
pod = obj(
    "restartPolicy containers securityContext",
    # A podFailurePolicy needs Never.
    restartPolicy=one("Never"), automountServiceAccountToken=flag,
    enableServiceLinks=flag, containers=arr(container), volumes=arr(volume),
    securityContext=obj(
        "runAsNonRoot seccompProfile", runAsNonRoot=one(True),
        runAsUser={"type": "integer", "minimum": 1},
        runAsGroup={"type": "integer", "minimum": 1}, fsGroup=count,
        seccompProfile=obj("type", type=one("RuntimeDefault"))))
job = obj(
    "backoffLimit podFailurePolicy template", backoffLimit=count,
    activeDeadlineSeconds=count, ttlSecondsAfterFinished=count,
    podFailurePolicy=obj("rules", rules=arr(rule)),
    template=obj("spec", metadata=obj(labels=strings), spec=pod))
cron = obj(
    "apiVersion kind metadata spec", apiVersion=one("batch/v1"),
    kind=one("CronJob"), metadata=obj("name", name=name, labels=strings),
    spec=obj(
        "schedule concurrencyPolicy jobTemplate",
        schedule={"type": "string", "pattern": r"^(\S+ ){4}\S+$"},
        timeZone=text, concurrencyPolicy=one("Forbid"),
        startingDeadlineSeconds=count, successfulJobsHistoryLimit=count,
        failedJobsHistoryLimit=count, jobTemplate=obj("spec", spec=job)))

document, = yaml.safe_load_all(open(sys.argv[1]))
# A test of this test: KEY.KEY=JSON put in; null takes it away.
for change in sys.argv[2:]:
    path, value = change.split("=", 1)
    *way, last = [int(k) if k.isdigit() else k for k in path.split(".")]
    at = document
    for key in way:
        at = at[key]
    if value == "null":
        del at[last]
    else:
        at[last] = json.loads(value)
jsonschema.validate(document, cron)

spec = document["spec"]["jobTemplate"]["spec"]
inside = spec["template"]["spec"]
box, = inside["containers"]
volumes = {v["name"] for v in inside["volumes"]}
mounts = {m["name"] for m in box["volumeMounts"]}
assert volumes == mounts, (volumes, mounts)
for r in spec["podFailurePolicy"]["rules"]:
    assert r.get("onExitCodes", box | {"containerName": box["name"]})[
        "containerName"] == box["name"], r
    if "onExitCodes" in r:
        print(r["action"], *r["onExitCodes"]["values"])
END
schema() { "$PYTHON" schema.py "$TOP/examples/cronjob.yaml" "$@"; }
run schema
status_is 0 'examples/cronjob.yaml fits the schema'
is "$OUT" 'Count 4
FailJob 1 2 3 5' 'only 4 is tried again'
t=spec.jobTemplate.spec
for change in 'spec.concurrencyPolicy="Allow"' 'spec.shedule="0 2 * * *"' \
    'spec.schedule="0 2 * *"' "$t.template.spec.restartPolicy=\"OnFailure\"" \
    "$t.podFailurePolicy.rules.1.onExitCodes.values=[0]" \
    "$t.podFailurePolicy.rules.1.onExitCodes.containerName=\"other\"" \
    "$t.template.spec.securityContext.seccompProfile=null" \
    "$t.template.spec.containers.0.image=null" \
    "$t.template.spec.volumes.1.name=\"another\"" \
    "$t.backoffLimit=\"3\""; do
	ok "the schema refuses $change" not schema "$change"
done

done_testing
