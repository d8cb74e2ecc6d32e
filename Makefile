# SPDX-License-Identifier: ISC
# pgb: four filters for PostgreSQL logical backups.
#
#   make              build into O (.build/); O=DIR: elsewhere
#   make install      PREFIX=/usr/local, DESTDIR=; install-strip, uninstall
#   make dist         O/pgb-VERSION.tar.gz of what is committed, the same bytes
#                     each time
#   make demo         the whole pipeline on throw-away servers
#   make check        all tests; SAN=address,undefined or SAN=thread: under them
#   make check-unit   the unit tests alone; make check-valgrind: under valgrind
#   make check-fault  every call that can fail fails once, in every program
#   make check-chaos  200 pipelines with a fault each
#   make check-matrix all tests on Debian 11, 12, 13 and sid, in chroots; root
#   make check-environments  all tests as nobody, in German, in odd paths; root
#   make check-interop  pgb-encrypt with the age and rage of Debian sid
#   make check-package  builds from the tarball, as distributions do
#   make check-ship   pgb-ship through networks that break all the time
#   make bench        all of it beside what else does the same
#   make picture      the drawings of README.md
#   make bench-dump, bench-encrypt, bench-verify, bench-ship: one program
#
#   make AEAD=sodium  pgb-encrypt without libcrypto

PREFIX	?= /usr/local
BINDIR	?= $(PREFIX)/bin
DATADIR	?= $(PREFIX)/share
MANDIR	?= $(DATADIR)/man
DOCDIR	?= $(DATADIR)/doc/pgb
BASHDIR	?= $(DATADIR)/bash-completion/completions
ZSHDIR	?= $(DATADIR)/zsh/site-functions
# fish 4 of Debian 13 looks below /usr/local only if XDG_DATA_DIRS names
# /usr/local/share: FISHDIR=/etc/fish/completions is where it always looks.
FISHDIR	?= $(DATADIR)/fish/vendor_completions.d
DESTDIR	?=
CC	?= cc
PKG	?= pkg-config
O	?= .build
SAN	?=
INSTALL	?= install
PROGS	:= pgb-dump pgb-encrypt pgb-verify pgb-ship

# Built with a sanitizer, objects lie apart.
comma	:= ,
ifeq ($(SAN),)
B	:= $(O)
CFLAGS	?= -O2 -g
else
B	:= $(O)/san-$(subst $(comma),-,$(SAN))
CFLAGS	:= -O1 -g -fno-omit-frame-pointer -fsanitize=$(SAN) \
	-fno-sanitize-recover=all
# gcc's shared ones do not heed each other's log_path.
ifeq ($(findstring address,$(SAN))$(findstring clang,$(CC)),address)
CFLAGS	+= -static-libasan
endif
ifeq ($(findstring undefined,$(SAN))$(findstring clang,$(CC)),undefined)
CFLAGS	+= -static-libubsan
endif
endif
WARN	:= -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
	-Wwrite-strings -Wvla -Wformat=2 -Wundef \
	-Werror=implicit-function-declaration
HARDEN	:= -fstack-protector-strong -fPIE \
	$(if $(findstring _FORTIFY_SOURCE,$(CFLAGS) $(CPPFLAGS)),,\
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
# Wherever it is built, the same bytes come out.
NOWHERE	:= '-ffile-prefix-map=$(CURDIR)=.'
CPP_ALL	= -D_GNU_SOURCE -Icommon $(shell $(PKG) --cflags libpq)
CC_ALL	= -std=c11 $(WARN) $(HARDEN) $(NOWHERE) $(CFLAGS) $(CPP_ALL) $(CPPFLAGS) -MMD -MP
LD_ALL	= -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(CFLAGS) $(LDFLAGS)

# Who seals age payloads: libcrypto, or libsodium alone.
AEAD		?= crypto
ifeq ($(AEAD),sodium)
LIBS_AEAD	:=
NOT_BUILT	:= common/age/cipher-crypto.c
else
LIBS_AEAD	:= -lcrypto
endif

# What all four need, and what one alone needs.
LIBS		:= -lz -lzstd -llz4 -lisal -ljansson
LIBS_pgb-dump	:= -lpq -pthread
LIBS_pgb-encrypt := -lsodium $(LIBS_AEAD) -lseccomp -pthread
LIBS_pgb-verify	:= -lsodium $(LIBS_AEAD) -lseccomp -pthread
LIBS_pgb-ship	:= -lsodium -lssh2 $(LIBS_AEAD) -pthread

BINS	:= $(PROGS:%=$(B)/%)
COMMON	:= $(patsubst %.c,$(B)/%.o,$(filter-out $(NOT_BUILT),\
	$(wildcard common/*.c common/*/*.c)))
UNITS	:= $(patsubst tests/unit/%.c,$(B)/unit/%.t,$(wildcard tests/unit/*.c))
HELPERS	:= $(patsubst tests/helper/%.c,$(B)/helper/%,$(wildcard tests/helper/*.c))
FUZZ	:= $(patsubst tests/fuzz/%.c,$(B)/fuzz/%.t,\
	$(filter-out %/seeds.c %/replay.c,$(wildcard tests/fuzz/*.c)))

FAULTS	:= $(patsubst tests/fault/%.c,$(B)/fault/%.so,$(wildcard tests/fault/*.c))

.PHONY: all install install-strip uninstall dist demo deps clean check check-unit
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BINS)

$(B)/common.a: $(COMMON)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CC_ALL) -c -o $@ $<

# Which it is may change from one run to the next.
$(B)/common/age/cipher.o $(B)/common/digest.o: $(B)/aead-$(AEAD)
ifeq ($(AEAD),sodium)
$(B)/common/age/cipher.o $(B)/common/digest.o $(B)/unit/% $(B)/bench/aead: CPP_ALL += -DAEAD_SODIUM
endif
$(B)/aead-$(AEAD):
	@mkdir -p $(@D)
	@rm -f $(B)/aead-*
	@: >$@

# The rooms of a program may include each other: "pg/pg.h".
$(B)/cmd/pgb-dump/%.o: CPP_ALL += -Icmd/pgb-dump
$(B)/cmd/pgb-encrypt/%.o: CPP_ALL += -Icmd/pgb-encrypt
$(B)/cmd/pgb-verify/%.o: CPP_ALL += -Icmd/pgb-verify
$(B)/cmd/pgb-ship/%.o: CPP_ALL += -Icmd/pgb-ship

define program
$(B)/$(1): $(patsubst %.c,$(B)/%.o,$(wildcard cmd/$(1)/*.c cmd/$(1)/*/*.c)) $(B)/common.a
	$$(CC) $$(LD_ALL) -o $$@ $$^ $$(LIBS_$(1)) $$(LIBS)
endef
$(foreach p,$(PROGS),$(eval $(call program,$(p))))

# The rooms of pgb-verify, for tests that need many of them.
$(B)/verify.a: $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c,\
    $(wildcard cmd/pgb-verify/*.c cmd/pgb-verify/*/*.c)))
	@rm -f $@
	$(AR) rcs $@ $^

# The same of pgb-ship.
$(B)/ship.a: $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c,\
    $(wildcard cmd/pgb-ship/*.c cmd/pgb-ship/*/*.c)))
	@rm -f $@
	$(AR) rcs $@ $^

# A unit test may include the .c it tests, hence -Icmd.
$(B)/unit/%.t: tests/unit/%.c $(B)/verify.a $(B)/ship.a $(B)/common.a
	@mkdir -p $(@D)
	$(CC) $(CC_ALL) -Icmd -Icmd/pgb-dump -Icmd/pgb-encrypt -Icmd/pgb-verify \
	    -Icmd/pgb-ship -Itests $(LD_ALL) -o $@ $< $(filter %.o,$^) \
	    $(B)/verify.a $(B)/ship.a $(B)/common.a -lpq -lssh2 -lsodium \
	    -lisal -lseccomp $(LIBS_AEAD) $(LIBS) -lutil -pthread

# seal.c, which age.c includes, calls it.
$(B)/unit/age.t: $(B)/cmd/pgb-encrypt/doors.o

# A fuzz target, replayed.  It may include a .c, hence -Icmd.
$(B)/tests/fuzz/replay.o: CPP_ALL += -Itests
$(B)/fuzz/%.t: tests/fuzz/%.c $(B)/tests/fuzz/replay.o $(B)/verify.a \
    $(B)/common.a $(B)/fuzz/seeds/made
	@mkdir -p $(@D)
	$(CC) $(CC_ALL) -Icmd -Icmd/pgb-encrypt -Icmd/pgb-verify \
	    -Icmd/pgb-ship -Itests \
	    $(LD_ALL) -o $@ $< $(B)/tests/fuzz/replay.o $(B)/verify.a $(B)/common.a \
	    -lsodium -lisal $(LIBS_AEAD) $(LIBS) -pthread

$(B)/fuzz/seeds/made: $(B)/fuzz/make-seeds
	@rm -rf $(@D)
	@mkdir -p $(@D)
	$< $(@D)
	@: >$@

$(B)/fuzz/make-seeds: tests/fuzz/seeds.c
	@mkdir -p $(@D)
	$(CC) $(CC_ALL) -Itests $(LD_ALL) -o $@ $< $(LIBS)

$(B)/helper/%: tests/helper/%.c
	@mkdir -p $(@D)
	$(CC) $(CC_ALL) -Itests -o $@ $< -lz -lutil

# Helpers that compress, or are made of the rooms of pgb-verify.
$(B)/helper/convert $(B)/helper/judge: $(B)/helper/%: tests/helper/%.c \
    $(B)/verify.a $(B)/common.a
	@mkdir -p $(@D)
	$(CC) $(CC_ALL) -Icmd -Icmd/pgb-verify $(LD_ALL) -o $@ $< $(B)/verify.a \
	    $(B)/common.a -lsodium -lisal -lseccomp $(LIBS_AEAD) $(LIBS) -pthread

# Faults are made under what is tested, by a library of its own.
$(B)/fault/%.so: tests/fault/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARN) -O2 -g -fPIC $(CPP_ALL) -MMD -MP -shared -o $@ $< -ldl

# What is installed, and where: FROM:TO.  DESTDIR may have blanks, the rest not.
PLACES	= $(foreach p,$(PROGS),$(B)/$p:$(BINDIR)/$p \
	    man/completion/pgb.bash:$(BASHDIR)/$p \
	    man/completion/pgb.fish:$(FISHDIR)/$p.fish) \
	man/completion/_pgb:$(ZSHDIR)/_pgb \
	$(foreach m,$(wildcard man/*.[1-9]),$m:$(MANDIR)/man$(subst .,,$(suffix $m))/$(notdir $m)) \
	$(foreach f,README.md $(shell find examples -type f),$f:$(DOCDIR)/$f)

install: all
	@for at in $(PLACES); do \
	    from=$${at%%:*} mode=644 strip=; \
	    [ ! -x $$from ] || mode=755; \
	    case $$from in $(B)/*) strip=$(STRIP) ;; esac; \
	    $(INSTALL) -D -m $$mode $$strip $$from "$(DESTDIR)$${at#*:}" || exit; \
	done

install-strip: STRIP := -s
install-strip: install

# Directories that others use too stay.
uninstall:
	@for at in $(PLACES); do rm -f "$(DESTDIR)$${at#*:}" || exit; done
	@[ ! -d "$(DESTDIR)$(DOCDIR)" ] || \
	    find "$(DESTDIR)$(DOCDIR)" -depth -type d -empty -delete

# What HEAD has; where there is no git, as in such a tarball, what lies here.
DIST	:= pgb-$(shell sed -n 's/.*PGB_VERSION.*"\(.*\)"/\1/p' common/version.h)
dist:
	@rm -rf "$(O)/dist" && mkdir -p "$(O)/dist/$(DIST)"
	@if [ -e .git ]; then \
	    git archive --format=tar -o "$(abspath $(O))/dist/tar" HEAD; else \
	    tar -cf "$(O)/dist/tar" $(wildcard .ci .gitignore) Makefile README.md cmd common \
	    examples man tests; fi
	@tar -C "$(O)/dist/$(DIST)" -xf "$(O)/dist/tar"
	@[ -n "$$SOURCE_DATE_EPOCH" ] || SOURCE_DATE_EPOCH=$$(if [ -e .git ]; then \
	    git log -1 --format=%ct; else stat -c %Y Makefile; fi) && \
	tar -C "$(O)/dist" --format=ustar --sort=name --owner=0 --group=0 \
	    --numeric-owner --mode=u+rw,go=u-w --mtime="@$$SOURCE_DATE_EPOCH" \
	    -cf "$(O)/dist/tar" $(DIST)
	@gzip -n -9 <"$(O)/dist/tar" >"$(O)/dist/tar.gz"
	@mv "$(O)/dist/tar.gz" "$(O)/$(DIST).tar.gz" && rm -rf "$(O)/dist"
	@echo "$(O)/$(DIST).tar.gz"

deps:
	@sh tests/deps.sh

demo: deps
	@$(MAKE) --no-print-directory all
	@PGB_BUILD=$(B) sh tests/demo.sh

# What check runs, without running it.
.PHONY: check-build
check-build: all $(UNITS) $(FUZZ) $(HELPERS) $(FAULTS)

check: deps
	@$(MAKE) --no-print-directory check-build
	@PGB_BUILD=$(B) PGB_SAN=$(SAN) sh tests/run.sh

# Not a part of check, which makes one call of each place fail.
.PHONY: check-fault
check-fault: deps
	@$(MAKE) --no-print-directory all $(B)/helper/faults $(FAULTS)
	@PGB_BUILD=$(B) PGB_SAN=$(SAN) sh tests/fault.sh

check-unit: $(UNITS)
	prove -e '' $(UNITS)

# Not a part of check: it takes long.
.PHONY: check-valgrind
check-valgrind: $(UNITS)
	@sh tests/valgrind.sh $(UNITS)

# Not a part of check: ten minutes of bad luck.
.PHONY: check-chaos
check-chaos: deps
	@$(MAKE) --no-print-directory all $(B)/helper/proxy $(B)/helper/gate
	@PGB_BUILD=$(B) PGB_SAN=$(SAN) sh tests/chaos.sh

# Not a part of check: it fetches four small Debian systems.
.PHONY: check-matrix
check-matrix:
	@sh tests/matrix.sh

# Not a part of check: it is all of check three times.
.PHONY: check-environments
check-environments:
	@sh tests/environments.sh

# Not a part of check: it fetches packages, and pumps 4 GiB a few times.
.PHONY: check-interop
check-interop: deps
	@$(MAKE) --no-print-directory all $(HELPERS)
	@PGB_BUILD=$(B) sh tests/interop.sh

# Not a part of check: it builds everything a few times.
.PHONY: check-package
check-package: deps
	@sh tests/package.sh

# Not a part of check: it pumps some 20 GB through bad networks.
.PHONY: check-ship
check-ship: deps
	@$(MAKE) --no-print-directory all $(B)/helper/prand $(B)/helper/proxy
	@PGB_BUILD=$(B) sh tests/chaos-ship.sh

$(B)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(CC_ALL) -o $@ $< -lpq -pthread

# What of ours a benchmark uses is linked into it.
$(B)/bench/aead: tests/bench/aead.c $(B)/common.a
	@mkdir -p $(@D)
	$(CC) $(CC_ALL) -o $@ $< $(B)/common.a -lsodium $(LIBS_AEAD)

.PHONY: bench bench-dump bench-encrypt bench-verify bench-ship
bench: deps
	@$(MAKE) --no-print-directory all $(B)/bench/spent $(B)/bench/floor \
	    $(B)/helper/prand $(B)/helper/proxy
	@PGB_BUILD=$(B) sh tests/bench/bench.sh

bench-encrypt: deps
	@$(MAKE) --no-print-directory all $(B)/bench/aead
	@PGB_BUILD=$(B) sh tests/bench/encrypt.sh

bench-dump: deps
	@$(MAKE) --no-print-directory all $(B)/bench/floor
	@PGB_BUILD=$(B) sh tests/bench/dump.sh

bench-verify: deps
	@$(MAKE) --no-print-directory all
	@PGB_BUILD=$(B) sh tests/bench/verify.sh

bench-ship: deps
	@$(MAKE) --no-print-directory all $(B)/bench/spent $(B)/helper/prand \
	    $(B)/helper/proxy
	@PGB_BUILD=$(B) sh tests/bench/ship.sh

# The drawings of README.md; RESULT is what make bench has printed.
RESULT	?= tests/bench/result.txt
.PHONY: picture
picture:
	sh tests/bench/picture.sh bench <$(RESULT) >man/bench.svg
	sh tests/bench/picture.sh pipeline >man/pipeline.svg

clean:
	rm -rf $(B)

-include $(shell [ -d $(B) ] && find $(B) -name '*.d')
