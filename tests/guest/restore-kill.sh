#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# load.sh and restore.sh killed with -9 at random moments: restore.sh brings back
# everything, every time. KILLS=N rounds (default 2), SEED=N for the same moments.
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/guest/common/nic.sh
. "${0%/*}/common/nic.sh"

kills=${KILLS:-2}
seed=${SEED:-$(date +%s)}
uptime_ms() { awk '{ print int($1 * 1000) }' /proc/uptime; }
driver() { basename "$(readlink "/sys/class/net/$1/device/driver")"; }

# run_and_kill MS COMMAND…: it, and its end after so many milliseconds
run_and_kill() {
	_ms=$1
	shift
	"$@" >/dev/null 2>&1 &
	_pid=$!
	sleep "$((_ms / 1000)).$(printf %03d $((_ms % 1000)))"
	_when="was still running"
	kill -9 $_pid 2>/dev/null || _when="was done already"
	wait $_pid 2>/dev/null || :
}

modprobe e1000
wait_for 10 test -e /sys/class/net/eth1
"$top/scripts/lab/net.sh" up 0
dress 1
tree=$_tree
# shellcheck disable=SC2086 # names
picture eth0 $tree >/tmp/before

# how long each takes when nothing happens to it
start=$(uptime_ms)
"$top/scripts/load.sh" eth1 --yes 2>/dev/null
middle=$(uptime_ms)
"$top/scripts/restore.sh" eth1 2>/dev/null
end=$(uptime_ms)
echo "# seed $seed; load.sh takes $((middle - start)) ms, restore.sh $((end - middle)) ms"

awk -v seed="$seed" -v n="$kills" -v load=$((middle - start)) -v restore=$((end - middle)) 'BEGIN {
	srand(seed)
	for (i = 1; i <= n; i++)
		print i, (i % 2 ? "load" : "restore"), int(rand() * (i % 2 ? load : restore))
}' >/tmp/plan
while read -r round which ms <&4; do
	if [ "$which" = load ]; then
		run_and_kill "$ms" "$top/scripts/load.sh" eth1
	else
		"$top/scripts/load.sh" eth1 2>/dev/null
		run_and_kill "$ms" "$top/scripts/restore.sh" eth1
	fi
	echo "# round $round: $which.sh $_when after $ms ms; the driver is $(driver eth1 2>/dev/null || echo none)"
	check "restore.sh works after that" "$top/scripts/restore.sh" --all
	is "stock has it" "$(driver eth1)" e1000
	# shellcheck disable=SC2086 # names
	picture eth0 $tree >/tmp/after
	same "everything is as before" /tmp/before /tmp/after
	is "nothing is left over" "$(find /run/e1000_napi -mindepth 1 ! -name watchdog.log)" ""
	check "the other NIC works" ping -q -c 1 -W 5 10.0.0.1
done 4</tmp/plan

undress 1
"$top/scripts/lab/net.sh" down
rmmod e1000
finish
