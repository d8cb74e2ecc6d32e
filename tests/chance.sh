# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# What the runs at random share (chaos.sh, chaos-ship.sh), after lib.sh: numbers
# that SEED repeats, and what may happen to a connection.

# random N: 0 ... N - 1, in R.
random()
{
	SEED=$(((SEED * 1103515245 + 12345) % 2147483648))
	R=$((SEED / 65536 % $1))
}

# pick WORD...: one of them, in R.
pick()
{
	random $#
	shift "$R"
	R=$1
}

# The processes of a session of sshd, one of them at random; none: nothing.
a_session()
{
	t_all=$(sshd_sessions)
	[ -n "$t_all" ] || return
	random "$(echo "$t_all" | wc -l)"
	t_pid=$(echo "$t_all" | sed -n "$((R + 1))p")
	echo "$t_pid" $(pgrep -P "$t_pid")
}
