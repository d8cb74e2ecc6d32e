#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Installs from the Debian archive what building and testing need and is not
# there yet.  Where nothing is missing it asks nobody and takes no time.  No
# service is started, neither now nor at the next boot, and no database
# cluster is made.

set -eu
PATH=$PATH:/usr/sbin:/sbin

# Debian package, and what shows that it is not needed: a program, a library
# known to pkg-config, or a file.
wants()
{
	cat <<-'END'
	gcc		program	cc
	libc6-dev	file	/usr/include/stdio.h
	make		program	make
	pkg-config	program	pkg-config
	libpq-dev	library	libpq
	libsodium-dev	library	libsodium
	libssl-dev	library	libcrypto
	libssh2-1-dev	library	libssh2
	zlib1g-dev	library	zlib
	libzstd-dev	library	libzstd
	liblz4-dev	library	liblz4
	libjansson-dev	library	jansson
	libisal-dev	library	libisal
	libseccomp-dev	library	libseccomp
	postgresql	file	/usr/lib/postgresql/*/bin/initdb
	postgresql-contrib file	/usr/share/postgresql/*/extension/citext.control
	pgbouncer	program	pgbouncer
	openssh-server	program	sshd
	openssh-client	program	sftp
	openssh-sftp-server file /usr/lib/openssh/sftp-server
	zsh		program	zsh
	fish		program	fish
	proftpd-core	program	proftpd
	proftpd-mod-crypto file	/usr/lib/proftpd/mod_sftp.so
	dropbear-bin	program	dropbear
	age		program	age
	rclone		program	rclone
	minisign	program	minisign
	mandoc		program	mandoc
	jq		program	jq
	gpg		program	gpg
	gpg-agent	program	gpg-agent
	pv		program	pv
	zstd		program	zstd
	lz4		program	lz4
	gzip		program	gzip
	perl		program	prove
	coreutils	program	b2sum
	util-linux	program	setpriv
	procps		program	pgrep
	time		file	/usr/bin/time
	locales		file	/usr/share/i18n/locales/de_DE
	shellcheck	program	shellcheck
	parallel	program	parallel
	systemd		program	systemd-analyze
	python3-yaml	file	/usr/lib/python3/dist-packages/yaml
	python3-jsonschema file	/usr/lib/python3/dist-packages/jsonschema
	END
}

there()
{
	case $1 in
	program)
		command -v "$2" ;;
	library)
		pkg-config --exists "$2" ;;
	file)
		# shellcheck disable=SC2086
		ls $2 ;;
	esac >/dev/null 2>&1
}

missing()
{
	wants | while read -r package kind what; do
		there "$kind" "$what" || printf '%s ' "$package"
	done
}

# --- the part that is root's ------------------------------------------------

policy=/usr/sbin/policy-rc.d
drop_in=/etc/postgresql-common/createcluster.d/pgb-deps.conf

restore()
{
	trap '' INT TERM HUP
	rm -f "$policy" "$drop_in" "$log"
	[ ! -e "$policy.pgb-saved" ] || mv "$policy.pgb-saved" "$policy"
	dpkg -S "${drop_in%/*}" >/dev/null 2>&1 ||
	    rmdir -p "${drop_in%/*}" 2>/dev/null || :
}

# What policy-rc.d says is asked by every package before it starts a service.
forbid_services()
{
	if [ -e "$policy" ] && ! grep -q pgb-deps "$policy"; then
		mv "$policy" "$policy.pgb-saved"
	fi
	printf '#!/bin/sh\n# pgb-deps\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	mkdir -p "${drop_in%/*}"
	echo 'create_main_cluster = false' >"$drop_in"
}

quiet()
{
	"$@" >"$log" 2>&1 </dev/null || {
		tail -n 30 "$log" >&2
		echo "deps: error: $*: status $?" >&2
		exit 3
	}
}

install_as_root()
{
	log=$(mktemp)
	trap restore EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	forbid_services
	export DEBIAN_FRONTEND=noninteractive
	quiet apt-get -q update
	quiet apt-get -q -y -o DPkg::Lock::Timeout=300 \
	    --no-install-recommends install "$@"

	# A server that came for the tests is not to run after the next boot.
	for service; do
		case $service in
		openssh-server) service=ssh ;;
		proftpd-core) service=proftpd ;;
		postgresql|pgbouncer) ;;
		*) continue ;;
		esac
		if update-rc.d "$service" disable >/dev/null 2>&1; then
			echo "deps: the service $service is left disabled"
		fi
	done
}

if [ "${1:-}" = --as-root ]; then
	shift
	install_as_root "$@"
	exit
fi

# --- what everybody runs ------------------------------------------------------

packages=$(missing)
[ -n "$packages" ] || exit 0
if ! command -v apt-get >/dev/null; then
	echo "deps: error: no apt-get here; what these Debian packages hold is" \
	    "missing: $packages" >&2
	exit 3
fi
echo "deps: installing: $packages"
if [ "$(id -u)" = 0 ]; then
	sh "$0" --as-root $packages
elif command -v sudo >/dev/null; then
	sudo sh "$0" --as-root $packages
else
	echo "deps: error: neither root nor sudo; install as root:" \
	    "apt-get install $packages" >&2
	exit 3
fi
packages=$(missing)
if [ -n "$packages" ]; then
	echo "deps: error: still missing after the installation: $packages" >&2
	exit 3
fi
