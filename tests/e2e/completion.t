#!/bin/sh
# SPDX-License-Identifier: ISC
# bash, zsh and fish complete what --help says, and only what the programs take:
# options, values, files, databases of the server, hosts that ssh knows; nothing
# that was typed is evaluated.
. "${0%/*}/../lib.sh"

need bash zsh fish script
comp=$TOP/man/completion
ready=$SCRATCH/ready lines=$SCRATCH/lines

# --- shells at a terminal ----------------------------------------------------

cat >"$SCRATCH/bashrc" <<END
PS1='$ '
. '$comp/pgb.bash'
bind -x '"\C-t": printf "%s|\n" "\$READLINE_LINE" >>$lines'
END
mkdir "$SCRATCH/zsh"
cat >"$SCRATCH/zsh/.zshrc" <<END
PS1='$ '
fpath=('$comp' \$fpath)
autoload -U compinit
compinit -u -d "$SCRATCH/zcompdump"
keep() { print -r -- "\$BUFFER|" >>$lines; BUFFER= }
zle -N keep
bindkey '^T' keep
END

# at_terminal SHELL LINE...: types each line and a TAB; prints what has become
# of them, with a | behind.  What is typed ahead must not be cooked.
at_terminal()
{
	case $1 in
	bash) set -- "bash --rcfile $SCRATCH/bashrc -i" "$@" ;;
	zsh) set -- "ZDOTDIR=$SCRATCH/zsh zsh -d -i" "$@" ;;
	esac
	t_command=$1
	shift 2
	rm -f "$ready" "$lines"
	{
		await 20 test -e "$ready"
		printf '%s\t\024\025' "$@"
		printf 'exit\r'
	} | SHELL=/bin/sh timeout 60 script -qec "stty -icanon -isig -iexten \
	    -echo cols 200; : >$ready; $t_command" /dev/null >"$SCRATCH/tty" 2>&1
	cat "$lines"
}

# become SHELL NAME LINE WANT...: lines at a terminal, and what TAB makes of them.
become()
{
	t_shell=$1 t_want='' t_turn=
	shift
	: >"$SCRATCH/typed"
	for t_arg; do
		shift
		if [ -z "$t_turn" ]; then
			set -- "$@" "$t_arg"
			t_turn=1
		else
			t_want="$t_want$t_arg|
"
			t_turn=
		fi
	done
	t_got=$(at_terminal "$t_shell" "$@")
	while [ $# != 0 ]; do
		is "${t_got%%"
"*}" "${t_want%%"
"*}" "$t_shell: $1"
		shift
		t_got=${t_got#*"
"} t_want=${t_want#*"
"}
	done
}

# --- what each shell offers ---------------------------------------------------

# behind WORD: the lines that begin with it; fish offers what resembles it too.
behind() { WORD=$1 awk 'index($0, ENVIRON["WORD"]) == 1'; }

# offers SHELL LINE: one a line, with what is said about it.  A PROGRAM alone:
# all its options.
offers()
{
	case $1 in
	bash)
		bash -c '. "$1"/pgb.bash
		read -ra COMP_WORDS <<<"$2"
		[[ $2 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$2
		COMP_POINT=${#2} COMP_TYPE=63 COLUMNS=200
		_pgb "${COMP_WORDS[0]}"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$comp" "$2" ;;
	fish)
		COMP=$comp LINE=$2 fish -c 'source $COMP/pgb.fish
		complete -C $LINE' | behind "${2##* }" ;;
	esac
}

# zsh gives its options to _arguments.
zsh_specs()
{
	zsh -f -c '_arguments() { print -rl -- "$@" }
	_wanted() { : }
	f() { words=($2 -) CURRENT=2 service=$2; source $1/_pgb }
	f "$@"' zsh "$comp" "$1"
}

# all_options SHELL PROGRAM: names alone, sorted.
all_options()
{
	case $1 in
	bash) offers bash "$2 -" | sed 's/[= ].*//' ;;
	fish)
		offers fish "$2 -" | cut -f 1 | sed 's/=$//' | grep -v '^-[^-].'
		offers fish "$2 --" | cut -f 1 | sed 's/=$//' ;;
	zsh) zsh_specs "$2" |
		sed -n 's/^\((-[^)]*)\)\{0,1\}[*]\{0,1\}\(--*[A-Za-z][A-Za-z0-9-]*\)[+=]\{0,1\}\[.*/\2/p' ;;
	esac | sort -u
}

# taken PROGRAM: the options in --help that are not refused, sorted.
taken()
{
	"$1" --help | sed -n 's/^ \{1,8\}\(-[^ ].*\)/\1/p' |
	    sed 's/   *.*//; s/, /\n/' | sed 's/[= ].*/ 1/' >"$SCRATCH/help"
	# The argument of the second name is the first's too.
	"$1" --help | sed -n 's/^ *\(-.\), \(--[^ =]*\)=.*/\1 1/p' >>"$SCRATCH/help"
	sort -r "$SCRATCH/help" | awk '!($1 in seen) { seen[$1] = 1; print }' |
	    while read -r name value; do
		# shellcheck disable=SC2086
		"$1" $name $value --help >/dev/null 2>&1 &&
			printf '%s\n' "$name"
	done | sort
}

for p in pgb-dump pgb-encrypt pgb-verify pgb-ship; do
	taken "$p" >"$SCRATCH/taken.$p"
	ok "$p has options" grep -qx -e --verbose "$SCRATCH/taken.$p"
	for shell in bash zsh fish; do
		all_options $shell $p >"$SCRATCH/offered"
		is "$(comm -23 "$SCRATCH/taken.$p" "$SCRATCH/offered")" '' \
		    "$shell: $p: all options"
		is "$(comm -13 "$SCRATCH/taken.$p" "$SCRATCH/offered")" '' \
		    "$shell: $p: none that it refuses"
	done
done
ok 'pgb-dump refuses some' not grep -q binary-upgrade "$SCRATCH/taken.pgb-dump"

# What is said about them; in --help it stands beside, or on the next line.
for shell in bash fish; do
	like "$(offers $shell 'pgb-dump --s')" \
	    '^--split-pages.*[[:blank:]]pages of a table read at once' \
	    "$shell: what is said about an option"
	like "$(offers $shell 'pgb-dump --s')" \
	    '^--serializable-deferrable.*[[:blank:]]wait for a snapshot free' \
	    "$shell: what is said on the next line"
	unlike "$(offers $shell 'pgb-ship --i')" '^--list' "$shell: no other"
done
is "$(zsh_specs pgb-ship | grep '^\*--stall')" \
    '*--stall-timeout=[without an answer \[300\]]:SECONDS: ' \
    'zsh: what is said about an option'

is "$(PATH=/usr/bin:/bin COMP=$comp fish -c 'source $COMP/pgb.fish' 2>&1)" '' \
    'fish: without the programs, no word'

# --- values and files -----------------------------------------------------------

mkdir -p "$SCRATCH/here/depot/in" && cd "$SCRATCH/here" || exit
: >'backup one'; : >plain.age; : >depot/old.dump

# to_be_typed SHELL: what all three do, quoting apart.
for shell in bash zsh; do
	become $shell \
	    'pgb-ship --tr' 'pgb-ship --transport=' \
	    'pgb-ship --transport=li' 'pgb-ship --transport=libssh2 ' \
	    'pgb-ship --transport s' 'pgb-ship --transport ssh ' \
	    'pgb-ship --connections=' 'pgb-ship --connections=auto ' \
	    'pgb-dump -Z zs' 'pgb-dump -Z zstd ' \
	    'pgb-dump --section=d' 'pgb-dump --section=data ' \
	    'pgb-dump --glo' 'pgb-dump --globals ' \
	    'pgb-dump --bina' 'pgb-dump --bina' \
	    'pgb-dump -f pl' 'pgb-dump -f plain.age ' \
	    'pgb-dump -fpl' 'pgb-dump -fplain.age ' \
	    'pgb-dump --file=ba' 'pgb-dump --file=backup\ one ' \
	    'pgb-verify --against "ba' 'pgb-verify --against "backup one" ' \
	    'pgb-verify --hold-dir=' 'pgb-verify --hold-dir=depot/' \
	    'pgb-verify --through ssh-keyg' 'pgb-verify --through ssh-keygen ' \
	    'pgb-encrypt <pl' 'pgb-encrypt <plain.age ' \
	    'pgb-encrypt < pl' 'pgb-encrypt < plain.age ' \
	    'pgb-encrypt pl' 'pgb-encrypt pl' \
	    'cat x | pgb-verify --no-s' 'cat x | pgb-verify --no-sandbox ' \
	    'pgb-ship pl' 'pgb-ship plain.age ' \
	    "pgb-ship file://$PWD/depot/o" "pgb-ship file://$PWD/depot/old.dump " \
	    'pgb-ship sft' 'pgb-ship sftp://' \
	    'pgb-ship --dry-run -- --tr' 'pgb-ship --dry-run -- --tr' \
	    "$BIN/pgb-ship --mk" "$BIN/pgb-ship --mkdir "
done

fish_offers() { is "$(offers fish "$1" | cut -f 1 | sort -u)" "$2" "fish: $1"; }
fish_offers 'pgb-ship --tr' --transport
fish_offers 'pgb-ship --transport=li' --transport=libssh2
fish_offers 'pgb-ship --transport s' ssh
fish_offers 'pgb-dump -Z zs' zstd
fish_offers 'pgb-dump --bina' ''
fish_offers 'pgb-dump -f pl' plain.age
fish_offers 'pgb-dump --file=ba' '--file=backup one'
fish_offers 'pgb-verify --hold-dir=' --hold-dir=depot/
fish_offers 'pgb-verify --through ssh-keyg' ssh-keygen
fish_offers 'pgb-encrypt < pl' plain.age
fish_offers 'pgb-encrypt pl' ''
fish_offers 'pgb-ship pl' plain.age
fish_offers "pgb-ship file://$PWD/depot/o" "file://$PWD/depot/old.dump"
fish_offers 'pgb-ship sft' sftp://

# --- hosts ----------------------------------------------------------------------

mkdir -p "$HOME/.ssh/more"
cat >"$HOME/.ssh/config" <<'END'
Host qvault *.example !qnot
	HostName 192.0.2.1
Include more/*
END
echo 'Host qdeep' >"$HOME/.ssh/more/one"
cat >"$HOME/.ssh/known_hosts" <<'END'
[qport.example]:2222,192.0.2.7 ssh-ed25519 AAAA
|1|qQqQqQqQqQqQqQqQqQqQqQqQqQo=|qQqQqQqQqQqQqQqQqQqQqQqQqQo= ssh-ed25519 AAAA
qknown ssh-ed25519 AAAA
*.qwild ssh-ed25519 AAAA
END
echo 'Host qother' >other.conf
for shell in bash zsh; do
	become $shell \
	    'pgb-ship --sink sftp://qv' 'pgb-ship --sink sftp://qvault/' \
	    'pgb-ship sftp://me@qd' 'pgb-ship sftp://me@qdeep/' \
	    'pgb-ship --list=sftp://me@qp' 'pgb-ship --list=sftp://me@qport.example/' \
	    'pgb-ship --fetch sftp://qk' 'pgb-ship --fetch sftp://qknown/' \
	    'pgb-ship sftp://qn' 'pgb-ship sftp://qn' \
	    'pgb-ship sftp://qvault/de' 'pgb-ship sftp://qvault/de' \
	    'pgb-ship -F other.conf sftp://qo' 'pgb-ship -F other.conf sftp://qother/' \
	    'pgb-dump -h qk' 'pgb-dump -h qknown '
done
is "$(offers bash 'pgb-ship sftp://q')" 'sftp://qvault/
sftp://qdeep/
sftp://qport.example/
sftp://qknown/' 'bash: all hosts'
fish_offers 'pgb-ship sftp://qv' sftp://qvault/
fish_offers 'pgb-ship --list=sftp://me@qd' --list=sftp://me@qdeep/
fish_offers 'pgb-ship sftp://qp' sftp://qport.example/
fish_offers 'pgb-ship sftp://qvault/de' ''

# --- databases ------------------------------------------------------------------

pg_start
for name in qshop 'qshop old' Qlocked; do
	createdb "$name"
done
sql postgres 'CREATE ROLE other LOGIN; CREATE ROLE locked LOGIN' >/dev/null
for shell in bash zsh; do
	become $shell 'pgb-dump qs' 'pgb-dump qshop' \
	    'pgb-dump Ql' 'pgb-dump Qlocked ' \
	    'pgb-dump --dbname=Ql' 'pgb-dump --dbname=Qlocked ' \
	    'pgb-dump -d Ql' 'pgb-dump -d Qlocked ' \
	    'pgb-dump qshop\ ' 'pgb-dump qshop\ old ' \
	    'pgb-dump -p 1 Ql' 'pgb-dump -p 1 Ql'
done
fish_offers 'pgb-dump qs' 'qshop
qshop old'
fish_offers 'pgb-dump --dbname=Ql' --dbname=Qlocked

# The server that the line names; where it wants a password, nobody is asked.
socket=$PGHOST
unset PGHOST PGPORT PGUSER
{ echo 'local all locked scram-sha-256'; cat "$socket/data/pg_hba.conf"; } \
    >"$SCRATCH/hba" && cat "$SCRATCH/hba" >"$socket/data/pg_hba.conf"
psql -Xqh "$socket" -U postgres -c 'SELECT pg_reload_conf()' >/dev/null
for shell in bash zsh; do
	become $shell 'pgb-dump Ql' 'pgb-dump Ql' \
	    "pgb-dump -h $socket -U other Ql" \
	    "pgb-dump -h $socket -U other Qlocked " \
	    "pgb-dump --host=$socket -p5432 -Uother -d Ql" \
	    "pgb-dump --host=$socket -p5432 -Uother -d Qlocked " \
	    "pgb-dump -h $socket -U locked Ql" \
	    "pgb-dump -h $socket -U locked Ql" \
	    "pgb-dump -h \$(touch $SCRATCH/evil) -U other --glo" \
	    "pgb-dump -h \$(touch $SCRATCH/evil) -U other --globals " \
	    "pgb-dump -h \$(touch $SCRATCH/evil) -U other Ql" \
	    "pgb-dump -h \$(touch $SCRATCH/evil) -U other Ql"
	ok "$shell: what was typed is not evaluated" test ! -e "$SCRATCH/evil"
	rm -f "$SCRATCH/evil"
done
fish_offers "pgb-dump -h $socket -U other Ql" Qlocked
fish_offers "pgb-dump --host=$socket -Uother -d Ql" Qlocked
fish_offers "pgb-dump -h $socket -U locked Ql" ''
fish_offers "pgb-dump -h (touch $SCRATCH/evil) Ql" ''
ok 'fish: what was typed is not evaluated' test ! -e "$SCRATCH/evil"

# A server that says nothing holds the line for three seconds, not for ever.
kill -STOP "$(head -n 1 "$socket/data/postmaster.pid")"
ok 'a server that says nothing is left' \
    timeout 30 bash -c '. "$1"/pgb.bash
	COMP_WORDS=(pgb-dump -h "$2" Q) COMP_LINE="pgb-dump -h $2 Q" COMP_CWORD=3
	COMP_POINT=${#COMP_LINE} COMP_TYPE=9
	_pgb pgb-dump
	[ ${#COMPREPLY[@]} = 0 ]' bash "$comp" "$socket"
kill -CONT "$(head -n 1 "$socket/data/postmaster.pid")"

done_testing
