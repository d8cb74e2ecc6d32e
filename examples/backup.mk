# SPDX-License-Identifier: ISC
#
# Every database of a server, several at a time, each in a file of its own; its
# roles and tablespaces beside them; then what is too old goes.
#
#	make -j4 -k -f backup.mk TO=sftp://backup@vault/pg
#	make -f backup.mk TO=... database/appdb		that one, and no pruning
#
# RECIPIENTS	/etc/pgb/backup.pub
# KEEP		which old ones stay: options of pgb-ship --prune.  Where the
#		account that ships may not remove (as it should be), KEEP= here,
#		and "prune" from another machine: KEEPER=sftp://keeper@vault/pg
#
# The server is the one that PGHOST, PGPORT, PGUSER and so on name.  With -k, a
# database that fails does not keep the others from being saved; make then ends
# with 2, the names stand on stderr, and nothing at all is pruned.  Run again, it
# makes new files beside the old.  Each recipe is run by plain sh, without
# pipefail: the status of the last stage alone tells whether a backup is safe.

RECIPIENTS ?= /etc/pgb/backup.pub
KEEP	?= --keep-daily 14 --keep-weekly 9 --keep-monthly 12
KEEPER	?= $(TO)
export TO RECIPIENTS KEEPER

ifeq ($(TO),)
$(error TO= is the directory for the backups, such as sftp://backup@vault/pg)
endif
MAKEFLAGS += --no-print-directory

DATABASES := $(shell pgb-dump --list)
ifneq ($(.SHELLSTATUS),0)
$(error the databases are not known)
endif
# A name that make or a shell would take apart is refused, not left out.
ODD := $(shell all=$$(pgb-dump --list) || exit; \
    printf '%s\n' "$$all" | grep -v '^[A-Za-z0-9_][A-Za-z0-9_.-]*$$' || :)
ifneq ($(.SHELLSTATUS),0)
$(error the databases are not known)
endif
ifneq ($(ODD),)
$(error these databases need a line of their own: $(ODD))
endif

SEAL := pgb-verify | pgb-encrypt -R "$$RECIPIENTS" | pgb-ship --sink

# The targets of databases have a prefix: one may be called "all".
SAVED := globals $(DATABASES:%=database/%)
.PHONY: all prune $(SAVED)

# Every one of them first: with one missing, the old ones stay, all of them.
all: $(if $(KEEP),prune,$(SAVED))

prune: $(SAVED)
	@pgb-ship $(KEEP) --prune "$$KEEPER"/{db}-{time}.dump.age
	@pgb-ship $(KEEP) --prune "$$KEEPER"/globals-{time}.sql.age

globals:
	@pgb-dump --globals | $(SEAL) "$$TO"/globals-{time}.sql.age

$(DATABASES:%=database/%): database/%:
	@pgb-dump -d 'dbname=$*' | $(SEAL) --db '$*' "$$TO"/{db}-{time}.dump.age
