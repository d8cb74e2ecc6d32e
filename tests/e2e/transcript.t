#!/bin/sh
# SPDX-License-Identifier: ISC
# The session that README.md shows runs as it stands, and prints what it shows
# there; only numbers, hashes and times differ.  
. "${0%/*}/../lib.sh"

need age rclone perl
pg_start
sshd_start
mkdir "$REMOTE/pg" "$SCRATCH/work"
chmod 777 "$REMOTE/pg"
cd "$SCRATCH/work" || exit
pg_fill appdb 16

# Stock tools do not look into our HOME for keys, and the vault's name is known
# to a configuration alone.
cat >"$SCRATCH/bin/pgb-ship" <<END
#!/bin/sh
exec "$BIN/pgb-ship" --known-hosts "$KNOWN_HOSTS" -i "$SSH_KEY" "\$@"
END
chmod +x "$SCRATCH/bin/pgb-ship"
mkdir -p "$HOME/.config/rclone"
cat >"$HOME/.config/rclone/rclone.conf" <<END
[vault]
type = sftp
host = 127.0.0.1
port = $SSHD_PORT
user = $SSHD_USER
key_file = $SSH_KEY
known_hosts_file = $KNOWN_HOSTS
shell_type = none
END
PATH=$SCRATCH/bin:$PATH

here()
{
	sed -e "s|sftp://backup@vault/pg|$SFTP_URL$REMOTE/pg|g" \
	    -e "s|vault:pg|vault:$REMOTE/pg|g"
}

# Back to the names of the page, and one word for all that differs.
masked()
{
	sed -e "s|$SFTP_URL$REMOTE/pg|sftp://backup@vault/pg|g" \
	    -e 's/[0-9a-f]\{128\}/HASH/g' -e 's/[0-9a-f]\{8,127\}…/HASH/g' \
	    -e 's/[0-9]\{8\}T[0-9]\{6\}Z/TIME/g' \
	    -e 's/[0-9]\{4\}-[0-9][0-9]-[0-9][0-9][ T][0-9:]*Z\{0,1\}/TIME/g' \
	    -e 's/"transport":"[^"]*"/TRANSPORT/' -e 's/[0-9][0-9.]*/N/g' | tr -s ' '
}

# Each line with "$ " becomes the file N.run, what follows it N.want.
perl -0ne 'my ($n, $f) = 0; /^```console\n(.*?)^```/ms or exit 1;
    for (split /^/m, $1) {
	if (s/^\$ //) {
		$n++;
		open $f, ">", "$n.run"; print $f $_; open $f, ">", "$n.want";
	} else {
		print $f $_;
	}
    }' "$TOP/README.md" || bail 'README.md shows no session'

pgb-encrypt --keygen backup.key >backup.pub
n=0
while [ -e $((n + 1)).run ]; do
	n=$((n + 1))
	line=$(here <$n.run)
	/bin/sh -c "$line" >$n.got 2>&1 </dev/null
	is "$(masked <$n.got)" "$(masked <$n.want)" \
	    "README.md, session: $(cut -c 1-60 $n.run)"
done
ok 'the session is there' test $n -ge 5

for what in bench pipeline; do
	sh "$TOP/tests/bench/picture.sh" $what \
	    <"$TOP/tests/bench/result.txt" >$what.svg
	ok "man/$what.svg is what make picture draws" \
	    cmp $what.svg "$TOP/man/$what.svg"
done

done_testing
