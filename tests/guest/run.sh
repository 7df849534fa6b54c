#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the guest: run the tests named, or all, and count their lines. LIMIT=S (default
# 600): a test that takes longer than these seconds is ended, and what waited is shown.
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

# alarm PID: after the limit, what runs and where it waits; then PID is ended
alarm() {
	sleep "$limit"
	{
		echo "not ok it ended within $limit s"
		for p in /proc/[0-9]*; do
			[ -s "$p/cmdline" ] || continue
			echo "# $(awk '$1 == "PPid:" || $1 == "State:" { printf "%s %s ", $1, $2 }' "$p/status")" \
				"${p#/proc/} $(tr '\0' ' ' <"$p/cmdline"): $(sed -n '1,4s/+.*//p' "$p/stack" | tr '\n' ' ')"
		done
	} >>"$log" 2>/dev/null
	kill -9 "$1"
}

passed=0 failed=0 skipped=0 limit=${LIMIT:-600}
log=$(mktemp)
for t in "$@"; do
	echo "# guest test $t"
	start=$(cut -d . -f 1 /proc/uptime)
	rc=0
	sh "./$t.sh" >"$log" 2>&1 &
	test=$!
	alarm "$test" >/dev/null 2>&1 &
	alarm=$!
	wait "$test" || rc=$?
	kill "$alarm" 2>/dev/null || :
	cat "$log"
	s=$(grep -c '^ok .*# SKIP' "$log" || :)
	p=$(grep -c '^ok ' "$log" || :)
	f=$(grep -c '^not ok ' "$log" || :)
	case $rc in
	0 | 4) [ "$((p + f))" -gt 0 ] || { echo "not ok $t asserted nothing" && f=1; } ;;
	*) [ "$f" -gt 0 ] || { echo "not ok $t ended with status $rc" && f=1; } ;;
	esac
	passed=$((passed + p - s)) failed=$((failed + f)) skipped=$((skipped + s))
	# Remnants of an aborted test would fail the next
	! grep -q '^e1000_napi ' /proc/modules || rmmod e1000_napi
	echo "# $t took $(($(cut -d . -f 1 /proc/uptime) - start)) s"
done
echo "guest: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
