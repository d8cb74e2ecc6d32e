# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2034
#
# What the tests of faults stand on, besides lib.sh.  FAULTS=all: every call of
# malloc fails once, not only one of each place that it is called from; and
# calls fail with more errors.  FAULTS_LOG=FILE: a line a kind (helper/faults -c).
# FAULTS_ONLY=ERE: only what has such a name; FAULTS_KINDS: these in place of all;
# FAULTS_EACH=sites: with these, one call of each place that it is called from.
# FAULTS_SHOW=1: each run is told.
. "${0%/*}/../lib.sh"

# make check makes one call of each place fail.
: "${FAULTS:=some}"

# What fails how.  What cannot fail on this system or in this program does not
# come, and takes no time.
SOME='read=EIO read=EINTR read=short read=end
    write=ENOSPC write=EINTR write=short
    fsync=EIO close=EIO rename=ENOSPC unlink=EIO
    poll=ENOMEM poll=EINTR connect=ECONNREFUSED socket=ENOBUFS resolve=AGAIN
    thread=EAGAIN open=EMFILE pipe=EMFILE fork=EAGAIN
    mark=EPERM stat=EIO file=EIO list=EIO result=ENOMEM
    mmap=ENOMEM malloc=ENOMEM'
MORE='read=ECONNRESET write=EIO fsync=ENOSPC rename=EXDEV
    connect=ETIMEDOUT resolve=MEMORY open=EIO stat=EACCES
    write=ENOSPC+ malloc=ENOMEM+ open=EMFILE+'
KINDS=$SOME
EACH=sites
[ "$FAULTS" != all ] || { KINDS="$SOME $MORE"; EACH=all; }

KINDS=${FAULTS_KINDS:-$KINDS}
EACH=${FAULTS_EACH:-$EACH}

mkdir "$SCRATCH/run" "$SCRATCH/before"
chmod 755 "$SCRATCH/run"

# Under a sanitizer its reports are those of libraries, too, which lose what they
# have when memory ends: FAULTS_SAN=1 shows them.
if [ -n "${PGB_SAN:-}" ] && [ -z "${FAULTS_SAN:-}" ]; then
	echo "1..0 # SKIP not under a sanitizer: FAULTS_SAN=1"
	exit 0
fi

# Without memory, seccomp_load of libseccomp 2.5 runs for ever, or makes a filter
# that forbids what was allowed.  The sandbox asks for 8 MB before it.
# libcrypto 3.5 waits for itself where it gets none for its first lock; there is
# nothing before that to be set up, and we ask for 64 kB.
SPARE='-z seccomp_load -z OPENSSL_init_crypto'

# hit NAME [OPTION...] -- COMMAND...: all faults in that command; options are
# those of helper/faults.
hit()
{
	t_name=$1; shift
	printf '%s\n' "$t_name" | grep -Eq -e "${FAULTS_ONLY:-}" || return 0
	# shellcheck disable=SC2086
	"$BIN/helper/faults" -n "$t_name" -s "$BIN/fault/shim.so" \
	    -d "$SCRATCH/run" -k "$KINDS" -e "$EACH" $SPARE \
	    ${FAULTS_LOG:+-c "$FAULTS_LOG"} ${FAULTS_SHOW:+-v} "$@" \
	    >"$SCRATCH/hit.log" 2>&1
	t_rc=$?
	[ -z "${FAULTS_SHOW:-}" ] || cat "$SCRATCH/hit.log" >&2
	t_last=$(tail -n 1 "$SCRATCH/hit.log")
	if [ "$t_rc" = 0 ]; then
		pass "$t_name: $t_last"
	else
		fail "$t_name: $t_last"
		diag "$(head -n 150 "$SCRATCH/hit.log")"
	fi
}
