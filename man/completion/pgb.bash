# SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2015,SC2020
#
# Completion in bash for pgb-dump, pgb-encrypt, pgb-verify and pgb-ship.
# bash-completion finds it by the name of the command; without that, source it.
#
# Options, and what is said about them, are those of PROGRAM --help.  The name
# of an option's argument there tells what to offer: FILE, REPORT, DIR, DBNAME,
# HOST, URL, COMMAND, PROGRAM; what stands there in small letters, with |
# between, is to be typed as it is.
#
# Nothing that was typed is evaluated: it may hold $(...).

# The words up to the cursor.  bash cuts them at : and = too; here they are
# whole, without quotes.  Sets words, cur (the last of them), pre: the
# beginning of cur that readline leaves alone, and quoted: in quotes.
_pgb_words()
{
	local i word blank rest=${COMP_LINE:0:COMP_POINT}

	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		blank=${rest%%[![:space:]]*}
		rest=${rest#"$blank"}
		word=${COMP_WORDS[i]}
		[ "$i" -lt "$COMP_CWORD" ] || word=$rest
		pre=
		if [ "$i" = 0 ] || [ -n "$blank" ]; then
			words+=("$word")
		else
			pre=${words[-1]}
			words[-1]+=$word
		fi
		rest=${rest#"$word"}
	done
	# A word that readline takes may begin with @.
	pre=${pre%@}
	[[ ! $word =~ ^[:=\<\>]+$ ]] || pre=${words[-1]}
	case $word in [\"\']*) quoted=1 ;; esac
	words=("${words[@]//[\\\"\']/}")
	pre=${pre//[\\\"\']/}
	cur=${words[-1]}
}

# Fills options (in their order), args and texts (by option).
_pgb_options()
{
	local line name names="" refused=""
	local row='^  (-([^ ])|  )(, |  )?(--([a-z0-9-]+))?([= ]([^ ]+))?( +(.*))?$'

	while IFS= read -r line; do
		case $line in
		*'no place here:') refused=1 ;;
		[!\ ]*:) refused= ;;
		esac
		if [ -n "$refused" ]; then
			continue
		elif [[ $line == '        '* ]]; then
			for name in $names; do
				texts[$name]=${line##*  }
			done
		elif [[ $line =~ $row ]]; then
			names="${BASH_REMATCH[1]} ${BASH_REMATCH[4]}"
			for name in $names; do
				options+=("$name")
				args[$name]=${BASH_REMATCH[7]}
				texts[$name]=${BASH_REMATCH[9]}
			done
		fi
	done < <("$prog" --help 2>/dev/null </dev/null)
}

# _pgb_typed SHORT LONG: the value that this option has on the line, if it is
# plain.
_pgb_typed()
{
	local i word

	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		case $word in
		"$1"|"$2") word=${words[i + 1]} ;;
		"$2"=*) word=${word#*=} ;;
		"$1"*) word=${word#??} ;;
		*) continue ;;
		esac
		case $word in *[\$\`]*) ;; *) printf '%s\n' "$word" ;; esac
		return
	done
}

# What the server says that the line and the environment name.
_pgb_databases()
{
	local pair value login=()

	for pair in -h:--host -p:--port -U:--username; do
		value=$(_pgb_typed "${pair%:*}" "${pair#*:}")
		[ -z "$value" ] || login+=("${pair#*:}=$value")
	done
	PGCONNECT_TIMEOUT=2 timeout --foreground 3 "$prog" --list -w "${login[@]}" \
	    2>/dev/null </dev/null
}

# _pgb_ssh_config DEPTH DIR FILE...: names on the Host lines of ssh_config
# files, and of those that they include; DIR is where relative ones lie.
_pgb_ssh_config()
{
	local depth=$1 dir=$2 file key line word list files
	shift 2

	[ "$depth" -lt 16 ] || return
	for file; do
		[ -f "$file" ] && [ -r "$file" ] || continue
		while IFS=$' \t=' read -r key line || [ -n "$key" ]; do
			read -ra list <<<"${line//\"/}"
			for word in "${list[@]}"; do
				case ${key,,}:$word in
				host:*[*?!]*) ;;
				host:*) printf '%s\n' "$word" ;;
				include:*)
					case $word in
					'~'/*) word=$HOME/${word#??} ;;
					[!/]*) word=$dir/$word ;;
					esac
					mapfile -t files < <(compgen -G "$word")
					_pgb_ssh_config $((depth + 1)) "$dir" \
					    "${files[@]}" ;;
				esac
			done
		done <"$file"
	done
}

# Hosts that ssh may know: its configuration, known_hosts as far as it is not
# hashed, /etc/hosts.
_pgb_hosts()
{
	local config known

	config=$(_pgb_typed -F --ssh-config)
	known=$(_pgb_typed none --known-hosts)
	_pgb_ssh_config 0 "$HOME/.ssh" "${config:-$HOME/.ssh/config}"
	_pgb_ssh_config 0 /etc/ssh /etc/ssh/ssh_config
	cat -- "${known:-$HOME/.ssh/known_hosts}" /etc/ssh/ssh_known_hosts \
	    2>/dev/null | sed -n 's/^\([^@#| ][^ ]*\) .*/\1/p' | tr , '\n' |
	    sed 's/^\[\(.*\)\]:[0-9]*$/\1/; /[*?!:]/d'
	sed 's/#.*//; s/^[[:space:]]*[^[:space:]]*//' /etc/hosts 2>/dev/null |
	    tr -s '[:blank:]' '\n' | sed '/^$/d'
}

# _pgb_offer VALUE WORD...: those words that begin with VALUE.
_pgb_offer()
{
	local value=$1 word
	shift

	for word; do
		case $word in
		'') ;;
		"$value"*) found+=("$word") ;;
		esac
	done
}

_pgb_offer_files()
{
	mapfile -t -O "${#found[@]}" found < <(compgen "$1" -- "$2")
	compopt -o filenames 2>/dev/null
	quoted=1
}

# Where pgb-ship can bring something to.
_pgb_offer_places()
{
	local list

	case $1 in
	sftp://*/*) ;;
	sftp://*)
		[[ $1 =~ ^sftp://([^@]*@)? ]]
		mapfile -t list < <(_pgb_hosts)
		lead+=${BASH_REMATCH[0]}
		_pgb_offer "${1#"${BASH_REMATCH[0]}"}" "${list[@]/%//}" ;;
	file://*)
		lead+=file://
		_pgb_offer_files -f "${1#file://}" ;;
	*)
		_pgb_offer "$1" sftp://
		[ ${#found[@]} != 0 ] && [ -n "$1" ] || _pgb_offer_files -f "$1" ;;
	esac
}

# _pgb_offer_values KIND VALUE: KIND is the name of an argument in --help.
_pgb_offer_values()
{
	local list

	case $1 in
	*FILE*|REPORT) _pgb_offer_files -f "$2" ;;
	DIR) _pgb_offer_files -d "$2" ;;
	DEST|URL) _pgb_offer_places "$2" ;;
	COMMAND|PROGRAM)
		mapfile -t list < <(compgen -c -- "$2")
		_pgb_offer "$2" "${list[@]}" ;;
	DBNAME)
		mapfile -t list < <(_pgb_databases)
		_pgb_offer "$2" "${list[@]}" ;;
	HOST)
		mapfile -t list < <(_pgb_hosts)
		_pgb_offer "$2" "${list[@]}" ;;
	*)
		IFS='|' read -ra list <<<"$1"
		_pgb_offer "$2" "${list[@]//*[A-Z]*/}" ;;
	esac
}

# Sets kind to what stands under the cursor: "option", or the name of an
# argument; lead to what of cur stands before its value.
_pgb_kind()
{
	local i word last=${words[-2]} ended=""

	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		[ "${words[i]}" != -- ] || ended=1
	done
	case $prog in
	*pgb-dump) kind=DBNAME ;;
	*pgb-ship) kind=DEST ;;
	*) kind= ;;
	esac
	if [[ $cur =~ ^[0-9]*[\<\>]+ ]]; then
		kind=FILE lead=${BASH_REMATCH[0]}
	elif [[ $last =~ ^[0-9]*[\<\>]+$ ]]; then
		kind=FILE
	elif [ -n "$ended" ]; then
		:
	elif [[ $last == -?* && -n ${args[$last]} ]]; then
		kind=${args[$last]}
	elif [[ $cur == --*=* ]]; then
		kind=${args[${cur%%=*}]} lead=${cur%%=*}=
	elif [[ $cur == -[!-]?* && -n ${args[${cur:0:2}]} ]]; then
		kind=${args[${cur:0:2}]} lead=${cur:0:2}
	elif [[ $cur == -* ]]; then
		kind=option
	fi
}

# Options, with what is said about them where a list is shown.
_pgb_reply_options()
{
	local name left

	for name in "${options[@]}"; do
		[[ $name == "$cur"* ]] || continue
		[[ $name != --* || -z ${args[$name]} ]] || name+="="
		found+=("$name")
	done
	case ${#found[@]}:$COMP_TYPE in
	1:*) [[ ${found[0]} != *= ]] || compopt -o nospace 2>/dev/null ;;
	*:63|*:33|*:64)
		for name in "${!found[@]}"; do
			printf -v left '%-28s  %s' "${found[name]}" \
			    "${texts[${found[name]%=}]}"
			found[name]=${left:0:${COLUMNS:-80}-2}
		done ;;
	esac
	COMPREPLY=("${found[@]}")
}

_pgb()
{
	local prog=$1 words cur pre kind lead="" quoted="" name found=() options=()
	local -A args=() texts=()

	COMPREPLY=()
	[[ $prog != '~'/* ]] || prog=$HOME/${prog#??}
	type -P -- "$prog" >/dev/null || return
	_pgb_words
	_pgb_options
	_pgb_kind
	if [ "$kind" = option ]; then
		_pgb_reply_options
		return
	fi
	_pgb_offer_values "$kind" "${cur#"$lead"}"
	for name in "${found[@]}"; do
		[ -n "$quoted" ] || printf -v name %q "$name"
		name=$lead$name
		COMPREPLY+=("${name#"$pre"}")
	done
	[[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != */ ]] ||
	    compopt -o nospace 2>/dev/null
}

complete -F _pgb pgb-dump pgb-encrypt pgb-verify pgb-ship
