#!/bin/sh
# SPDX-License-Identifier: ISC
# Whichever call of pgb-ship fails: the status says so, one line says what, no
# file has a name that is not whole; or what was to be done is done.
. "${0%/*}/faults.sh"

need b2sum
sshd_start
cd "$SCRATCH" || exit
cat >dump <<'END'
--
-- PostgreSQL database dump
--

CREATE TABLE t (a integer);

--
-- PostgreSQL database dump complete
--

END
b2sum dump >dump.b2
echo '{"program":"pgb-verify"}' >report.json
mkdir "$REMOTE/run" there shelf
chown "$(stat -c %u:%g "$REMOTE")" "$REMOTE/run"
cp dump there/x.dump
sed 's/x\.dump/&/; s/dump$/x.dump/' dump.b2 >there/x.dump.b2
for n in 1 2 3 4; do
	cp dump "shelf/app-2026010${n}T000000Z.dump"
done

SSH="--known-hosts $KNOWN_HOSTS -i $SSH_KEY --retry-time 5 --timeout 10"
# A run takes a good while: one call of each place is enough.
# OpenSSL 3 crashes where memory ends while libssh2 sets it up: we ask for some
# before it.
# libssh2 1.10 and the C library use what they did not get, of these: the end is
# SIGSEGV, and nothing is published.
AT="-E -z libssh2_init -z HMAC_CTX_new -z HMAC_Init_ex -z getpwuid_r -r $REMOTE/run"
URL=$SFTP_URL$REMOTE/run/@W

# With --sink the record stands on stdout, which has times in it.
SINK='[ $DONE = 0 ] || tail -c 2 "$OUT" | grep -q "}"'

# --- here --------------------------------------------------------------------

# libgcrypt, which is under a libssh2 without curves, ends the program where it
# gets no memory or file when it begins.
HERE=
curves || {
	HERE='-z libssh2_init'
	untested 'faults in libssh2_init: libgcrypt ends the program there'
}

# shellcheck disable=SC2086
{
hit 'file' $HERE -i dump -a -j "$SINK" -l report -- \
    pgb-ship --sink --no-sum --report report out
hit 'file, passed on, checksum, beside' $HERE -i dump -l report -- \
    pgb-ship --sum --with "$SCRATCH/report.json" --report report out
hit 'file, passed on, report' $HERE -i dump -l report -- \
    pgb-ship --no-sum --report report out
hit 'file, replaced, read back' $HERE -t there -i dump -a -j "$SINK" -- \
    pgb-ship --sink --overwrite --no-sum --read-back x.dump
hit 'two files' $HERE -y -i dump -a -j "$SINK" -- \
    pgb-ship --sink --no-sum one two
hit 'fetch, a file' $HERE -t there -- pgb-ship --fetch x.dump
hit 'list, a directory' $HERE -t shelf -- \
    pgb-ship --list './app-{time}.dump'
hit 'prune, a directory' $HERE -a -y -t shelf -- \
    pgb-ship --prune './app-{time}.dump' --keep-last 2
}

# --- by libssh2 --------------------------------------------------------------

L="pgb-ship $SSH --transport libssh2"
curves || untested 'libssh2: it has no elliptic curves'
# The rest takes too long for make check; make check-fault has it.
if [ "$FAULTS" != all ]; then
	KINDS=${FAULTS_KINDS:-'read=EIO read=end write=ENOSPC poll=ENOMEM
	    connect=ECONNREFUSED socket=ENOBUFS thread=EAGAIN'}
	# shellcheck disable=SC2086
	! curves || hit 'libssh2' $AT -q -i dump -a -j "$SINK" -- \
	    $L --sink --no-sum "$URL/x.dump"
	done_testing
fi

# shellcheck disable=SC2086
! curves || {
hit 'libssh2' $AT -q -i dump -a -j "$SINK" -- $L --sink --no-sum "$URL/x.dump"
hit 'libssh2, checksum, beside, read back, report' $AT -q -i dump -l report -- \
    $L --sum --with "$SCRATCH/report.json" --read-back --report report \
    "$URL/x.dump"
hit 'libssh2, and a file' $AT -y -q -i dump -a -j "$SINK" -- \
    $L --sink --no-sum "$URL/x.dump" out
hit 'libssh2, fetch' $AT -T there -- $L --fetch "$URL/x.dump"
hit 'libssh2, the latest' $AT -T shelf -- $L --fetch "$URL/app-{latest}.dump"
hit 'libssh2, list' $AT -T shelf -- $L --list "$URL/app-{time}.dump"
hit 'libssh2, prune' $AT -a -y -T shelf -- \
    $L --prune "$URL/app-{time}.dump" --keep-last 2
}

# --- by ssh ------------------------------------------------------------------

C="pgb-ship -F $SSH_CONFIG --transport ssh --retry-time 5 --timeout 10"
URL=sftp://vault$REMOTE/run/@W
# shellcheck disable=SC2086
{
hit 'ssh' $AT -q -i dump -a -j "$SINK" -- $C --sink --no-sum "$URL/x.dump"
hit 'ssh, fetch' $AT -T there -- $C --fetch "$URL/x.dump"
hit 'ssh, prune' $AT -a -y -T shelf -- \
    $C --prune "$URL/app-{time}.dump" --keep-last 2
}

done_testing
