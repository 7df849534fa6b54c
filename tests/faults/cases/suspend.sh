#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The machine suspends and resumes under traffic, at each of the kernel's test levels;
# with stock e1000 first, to compare.
# After: weight and counters are what they were, traffic comes back.
# Boot: three
# Short: no
# Takes: 100, 100 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

# Stock e1000 has a race here, and so have we: when the link comes up it enables the transmitter
# before netif_carrier_on(). Packets in the ring are then sent and cleaned up in between, which
# does not wake a queue without carrier: it stays stopped until the core's watchdog fires, after
# five seconds. Any other message is a failure.
stuck='NETDEV WATCHDOG: .*transmit queue 0 timed out [56][0-9][0-9][0-9] ms'
[ -z "$(splat)" ] || exit 1
dmesg -n 1
echo 1 >/sys/module/suspend/parameters/pm_test_delay
rest() {
	traffic_on
	sleep 1
	echo "$1" >/sys/power/pm_test
	check "$1: suspends and resumes" sh -c 'echo mem >/sys/power/state'
	traffic_off
	check "$1: traffic comes back" works_within 30
}

ours=$ko
ko=$(find "/lib/modules/$(uname -r)" -name e1000.ko)
prepare
for level in devices platform processors core; do rest $level; done
echo "# stock e1000: stuck after $(dmesg | grep -c "$stuck" || :) of 4"
kill $sink
"$top/lab/net.sh" down
rmmod e1000
before=$(dmesg | grep -c "$stuck" || :)

ko=$ours parameters=weight=33
prepare
hold_on
for level in devices platform processors core; do
	polls=$(count_of eth0/counters polls)
	rest $level
	is "$level: the weight stays" "$(cat "$debug/eth0/weight")" 33
	check "$level: the counters go on" [ "$(count_of eth0/counters polls)" -gt "$polls" ]
done
echo none >/sys/power/pm_test
echo "# ours: stuck after $(($(dmesg | grep -c "$stuck" || :) - before)) of 4"
is "nothing else was complained of" "$(splat | grep -v "$stuck")" ""
dmesg -c >/dev/null
ceiling=33
traffic_on
sleep 1
holds
finish
