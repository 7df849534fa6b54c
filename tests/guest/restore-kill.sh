#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The scripts load and restore killed with -9 at random moments: restore.sh brings back
# everything, every time. KILLS=N of each (default 1); SCRIPTS=load or restore: only it;
# DRESS=dress_lightly: with less on the NIC, so that more rounds fit into an hour.
# Boot: own
# Short: no
# Takes: 1800 s
# Limit: 5400 s
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/guest/common/nic.sh
. "${0%/*}/common/nic.sh"
# shellcheck source=tests/guest/common/kill.sh
. "${0%/*}/common/kill.sh"

load=$top/scripts/load.sh
restore=$top/scripts/restore.sh
driver() { basename "$(readlink "/sys/class/net/$1/device/driver")"; }

modprobe e1000
wait_for 10 test -e /sys/class/net/eth1
"$top/lab/net.sh" up 0
"${DRESS:-dress}" 1
tree=$_tree
# what other NICs and the whole machine have, too
# shellcheck disable=SC2086 # names
all() {
	picture eth0 $tree
	tc qdisc show | sort
	grep -s '' /proc/sys/net/core/* /proc/sys/net/ipv4/*
	cat /sys/class/net/eth1/device/driver_override
}
all >/tmp/before

# as_before WHAT: one line, and the differences if there are any
as_before() {
	_rc=0
	"$restore" --all >/tmp/restore.log 2>&1 || _rc=$?
	all >/tmp/after
	if [ "$_rc" -eq 0 ] && [ "$(driver eth1)" = e1000 ] && cmp -s /tmp/before /tmp/after &&
		[ -z "$(find /run/e1000_napi -mindepth 1 ! -name watchdog.log ! -name lock)" ] &&
		[ ! -e /sys/module/e1000_napi ] && ping -q -c 1 -W 5 10.0.0.1 >/dev/null; then
		return
	fi
	check "$1: all is as before" false
	# shellcheck disable=SC2046 # on one line
	echo "# restore.sh ended with status $_rc, eth1 has $(driver eth1);" \
		"in /run/e1000_napi:" $(ls /run/e1000_napi)
	{
		ls -la /tmp/restore.log
		cat /tmp/restore.log
		diff /tmp/before /tmp/after | head -n 20
		df /tmp /run
	} 2>&1 | sed 's/^/# /'
	echo "# once more, step by step:"
	sh -x "$restore" --all 2>&1 | tail -n 60 | sed 's/^/# /'
}

load_killed() {
	_done=0
	kill_in "$1" "$load" eth1 || _done=1
	as_before "load.sh killed after $1 s"
	return "$_done"
}

# One, two or three in a row, by turns, before the next may go on to its end
restore_killed() {
	"$load" eth1 >/tmp/load.log 2>&1 || {
		check "load.sh works again" false
		sed 's/^/# /' /tmp/load.log
	}
	_moments=$1 _row=$(((rounds - 1) % 3)) _done=0
	kill_in "$1" "$restore" eth1 || _done=1 _row=0
	for _ in $(seq "$_row"); do
		moment "$span"
		_moments="$_moments, $moment"
		kill_in "$moment" "$restore" eth1 || break
	done
	as_before "restore.sh killed after $_moments s"
	return "$_done"
}

load_ms=$(time_of "$load" eth1)
restore_ms=$(time_of "$restore" eth1)
echo "# load.sh takes $load_ms ms, restore.sh $restore_ms ms"
for script in ${SCRIPTS:-load restore}; do
	case $script in
	load) kills load.sh "${KILLS:-1}" "$load_ms" load_killed ;;
	restore) kills restore.sh "${KILLS:-1}" "$restore_ms" restore_killed ;;
	esac
done
is "after every kill all was as before" "$failures" 0

ip link set dev eth1 down
[ -n "${DRESS-}" ] || undress 1
"$top/lab/net.sh" down
rmmod e1000
finish
