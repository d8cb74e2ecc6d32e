# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# For run.sh and chaos.sh, where the programs are built with a sanitizer (make SAN=).  A test
# expects statuses that are not 0, and hushes stderr: so a report goes to a file
# of its own, and any file there fails the run.

# sanitize_begin: before the tests.  Sets SAN_DIR.
sanitize_begin()
{
	SAN_DIR=$(mktemp -d) || exit
	# Some programs are run by other users.
	chmod 1777 "$SAN_DIR"
	# An allocation that fails must return NULL here as it does elsewhere.
	s_all="exitcode=99:allocator_may_return_null=1:log_path='$SAN_DIR/report'"
	export ASAN_OPTIONS="$s_all:detect_leaks=1:detect_stack_use_after_return=1:verify_asan_link_order=0"
	export LSAN_OPTIONS="suppressions='${TOP:-$PWD}/tests/lsan.supp':print_suppressions=0"
	export UBSAN_OPTIONS="$s_all:print_stacktrace=1"
	export TSAN_OPTIONS="$s_all:suppressions='${TOP:-$PWD}/tests/tsan.supp':history_size=4:second_deadlock_stack=1"
	export PGB_SAN
}

# sanitize_end: after them.  Prints the reports; status 1 if there were any.
sanitize_end()
{
	s_count=0
	for s_file in "$SAN_DIR"/report*; do
		[ -e "$s_file" ] || continue
		s_count=$((s_count + 1))
		# A hundred alike are to be read once.
		[ "$s_count" -gt 20 ] || cat "$s_file" >&2
	done
	echo "run: $s_count reports of the sanitizer ($PGB_SAN)"
	if [ "${KEEP:-0}" = 1 ]; then
		echo "run: kept: $SAN_DIR"
	else
		rm -rf "$SAN_DIR"
	fi
	[ "$s_count" = 0 ]
}
