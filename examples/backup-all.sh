#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Every database of a server, JOBS (2) at a time, each in a file of its own;
# the roles and tablespaces beside them.
#
#	backup-all.sh sftp://backup@vault/pg /etc/pgb/backup.pub
#
# The server is the one that PGHOST, PGPORT, PGUSER and so on name.  A database
# that fails is reported and does not keep the others from being saved; the
# status is 0 only if all are.  Run again, it makes new files beside the old.

set -eu
if [ $# != 2 ]; then
	echo "usage: backup-all.sh DIRECTORY RECIPIENTS-FILE" >&2
	exit 2
fi
export TO="$1" KEY="$2"

# A name that make or the shell would take apart is refused, not left out.
list=$(pgb-dump --list)
if odd=$(printf '%s\n' "$list" | grep -v '^[A-Za-z0-9_][A-Za-z0-9_.-]*$'); then
	echo "backup-all: error: these names need a line of their own: $odd" >&2
	exit 2
fi
export DATABASES="$(echo "$list")"

# Each recipe is run by sh, without pipefail: none is needed.
exec make --no-print-directory -s -k -j "${JOBS:-2}" -f - all <<'END'
DATABASES := $(DATABASES)
SEAL = pgb-verify | pgb-encrypt -R "$$KEY" | pgb-ship --sink

all: globals $(DATABASES:%=database/%)

globals:
	pgb-dump --globals | $(SEAL) "$$TO"/globals-{time}.sql.age

database/%:
	pgb-dump -d 'dbname=$*' | $(SEAL) --db '$*' "$$TO"/{db}-{time}.dump.age

.PHONY: all globals
END
