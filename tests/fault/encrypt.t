#!/bin/sh
# SPDX-License-Identifier: ISC
# Whichever call of pgb-encrypt fails: the status says so, one line says what,
# nothing that is not whole has a name or looks whole; or the result is whole.
. "${0%/*}/faults.sh"

cd "$SCRATCH" || exit
cat >dump <<'END'
--
-- PostgreSQL database dump
--

CREATE TABLE t (a integer, b text);
COPY t (a, b) FROM stdin;
1	one
2	two
\.

--
-- PostgreSQL database dump complete
--

END
# More than the tail holds back: some of it is out before the end is seen.
{
	head -n 7 dump
	seq 1 30000 | sed 's/$/	some text/'
	tail -n +9 dump
} >long
pgb-encrypt --keygen key >key.pub
pgb-encrypt --keygen other >other.pub
ssh-keygen -q -t ed25519 -N '' -f ssh
echo 'a passphrase that nobody knows' >word
chmod 600 word
pgb-encrypt -R key.pub <dump >dump.age
pgb-encrypt -R key.pub <long >long.age
pgb-encrypt -R key.pub -a <dump >dump.asc
pgb-encrypt -r "$(cat ssh.pub)" <dump >ssh.age
pgb-encrypt --passphrase-file word --raw <dump.age >word.age

OPENS="pgb-encrypt -d -i $SCRATCH/key | cmp - $SCRATCH/dump"

hit 'encrypt -r' -i dump -j "$OPENS" -- \
    pgb-encrypt -j1 -r "$(cat key.pub)"
hit 'encrypt -R, 2 threads, long' -I long \
    -j "pgb-encrypt -d -i $SCRATCH/key | cmp - $SCRATCH/long" -- \
    pgb-encrypt -j2 -R "$SCRATCH/key.pub"
hit 'encrypt, armor, a file, report' -o -i dump -l report -l OUT \
    -j "$OPENS" -- \
    pgb-encrypt -j1 -a -R "$SCRATCH/key.pub" --report report
hit 'encrypt -e -i' -i dump -j "$OPENS" -- \
    pgb-encrypt -j1 -e -i "$SCRATCH/key"
hit 'encrypt to an SSH key' -i dump \
    -j "pgb-encrypt -d -i $SCRATCH/ssh | cmp - $SCRATCH/dump" -- \
    pgb-encrypt -j1 -R "$SCRATCH/ssh.pub"
hit 'decrypt' -i dump.age -- pgb-encrypt -j1 -d -i "$SCRATCH/key"
hit 'decrypt, 2 threads, long, report' -I long.age -l report -- \
    pgb-encrypt -j2 -d -i "$SCRATCH/key" --report report
hit 'decrypt armor into a file' -o -i dump.asc -- \
    pgb-encrypt -j1 -d -i "$SCRATCH/key"
hit 'decrypt with an SSH key' -i ssh.age -- pgb-encrypt -j1 -d -i "$SCRATCH/ssh"
hit 'rekey' -i dump.age -l report \
    -j "pgb-encrypt -d -i $SCRATCH/other | cmp - $SCRATCH/dump" -- \
    pgb-encrypt --rekey -i "$SCRATCH/key" -R "$SCRATCH/other.pub" \
    --report report
hit 'inspect' -a -i dump.age -- pgb-encrypt --inspect
hit 'inspect, JSON' -a -i dump.asc -- pgb-encrypt --inspect --json
# The key is kept, and a hint says where its recipient stands.
hit 'keygen' -l new -j '{ [ $DONE = 0 ] || [ -s "$OUT" ]; } &&
    pgb-encrypt --recipient-of new | cmp -n "$(stat -c %s "$OUT")" - "$OUT"' -- \
    pgb-encrypt --keygen new
hit 'recipient-of' -- pgb-encrypt --recipient-of "$SCRATCH/key"

# scrypt takes a second and 256 MB, which it maps: little of that in make check.
[ "$FAULTS" = all ] || KINDS=${FAULTS_KINDS:-'write=ENOSPC mmap=ENOMEM'}
hit 'decrypt with a passphrase' -i word.age -- \
    pgb-encrypt -j1 -d --passphrase-file "$SCRATCH/word"
[ "$FAULTS" = all ] || done_testing
hit 'encrypt -p' -i dump -j "pgb-encrypt -d --passphrase-file $SCRATCH/word |
    cmp - $SCRATCH/dump" -- pgb-encrypt -j1 --passphrase-file "$SCRATCH/word"

done_testing
