#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the guest: run the cases named, up to the first that does not survive; run.sh
# boots again for the rest. Prints TAP, and `case NAME begins|survived|failed SECONDS`,
# and `at WHERE` meanwhile.
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/faults/files.sh
. "${0%/*}/files.sh"
log=/tmp/case
# A 9p mount does not survive a suspend
cp /share/watch /share/fault /share/liar /share/coalesce "$bin"
for fault in race window; do
	[ ! -e /share/$fault.ko ] || cp /share/$fault.ko "$bin"
done
umount /share

# kmemleak scans on request (no_leaks). By itself it scans for minutes, emulated, and each process that
# allocates waits for its lock: a program then takes seconds to start
[ ! -e /sys/kernel/debug/kmemleak ] || echo scan=off >/sys/kernel/debug/kmemleak

# after SECONDS: log where the CPUs are and which tasks wait, for a case that does not end
after() {
	sleep "$1"
	echo l >/proc/sysrq-trigger
	echo w >/proc/sysrq-trigger
}

# Progress of a long case, each minute in which it printed something
far() {
	_was=''
	while sleep 60; do
		_now=$(grep '^# ' $log | tail -n 1)
		[ "$_now" = "$_was" ] || echo "at ${_now#\# }"
		_was=$_now
	done
}

cases=$*
for c in $cases; do
	echo "case $c begins"
	dmesg -c >/dev/null
	# the driver's own races are not failures here (splat), nor for boot.sh
	case $(uname -r) in *kcsan*) dmesg -n 1 ;; *) dmesg -n 7 ;; esac
	start=$(uptime_now)
	rc=0
	limit=$(limit_of "$c")
	after "$limit" &
	alarm=$!
	: >$log
	far &
	teller=$!
	case $c in
	guest-*) set -- "$top/tests/guest/run.sh" "${c#guest-}" ;;
	*) set -- "$(file_of "$c")" ;;
	esac
	LIMIT=$limit timeout -k 10 $((limit + 5)) sh "$@" >$log 2>&1 || rc=$?
	kill $alarm $teller 2>/dev/null || :
	cat $log
	case $rc in
	0) grep -q '^ok ' $log || { echo "not ok $c asserted nothing" && rc=1; } ;;
	4) ;;
	124 | 137) echo "not ok $c did not end" ;;
	*) grep -q '^not ok ' $log || echo "not ok $c ended with status $rc" ;;
	esac
	! grep -q '^e1000_napi ' /proc/modules || timeout 60 rmmod e1000_napi || {
		echo "not ok $c: the module could not be unloaded"
		rc=1
	}
	dmesg | grep 'BUG: KCSAN' | grep -Ev 'e1000_(napi|hist)_' | sed 's/.*BUG/# not ours: BUG/' | sort | uniq -c
	if splat >/tmp/splat; then
		echo "not ok $c: the kernel did not complain"
		dmesg | grep -E -A 40 "$complaints" | sed 's/^/# /' | head -n 120
		rc=1
	else
		echo "ok $c: the kernel did not complain"
	fi
	took=$(($(uptime_now) - start))
	case $rc in
	0) echo "case $c survived $took" ;;
	4) echo "case $c skipped $took" ;;
	*)
		echo "case $c failed $took"
		exit 1
		;;
	esac
done
