#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the guest: run the tests named, or all, and count their lines.
set -eu

cd /opt/e1000_napi/tests/guest
if [ $# -eq 0 ]; then
	for t in *.sh; do
		case $t in
		lib.sh | run.sh) ;;
		*) set -- "$@" "${t%.sh}" ;;
		esac
	done
fi

passed=0 failed=0 skipped=0
log=$(mktemp)
for t in "$@"; do
	echo "# guest test $t"
	start=$(cut -d . -f 1 /proc/uptime)
	rc=0
	sh "./$t.sh" >"$log" 2>&1 || rc=$?
	cat "$log"
	s=$(grep -c '^ok .*# SKIP' "$log" || :)
	p=$(grep -c '^ok ' "$log" || :)
	f=$(grep -c '^not ok ' "$log" || :)
	case $rc in
	0 | 4) [ "$((p + f))" -gt 0 ] || { echo "not ok $t asserted nothing" && f=1; } ;;
	*) [ "$f" -gt 0 ] || { echo "not ok $t ended with status $rc" && f=1; } ;;
	esac
	passed=$((passed + p - s)) failed=$((failed + f)) skipped=$((skipped + s))
	# What a test that broke off has left would fail the next
	! grep -q '^e1000_napi ' /proc/modules || rmmod e1000_napi
	echo "# $t took $(($(cut -d . -f 1 /proc/uptime) - start)) s"
done
echo "guest: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
