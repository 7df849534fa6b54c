#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Ring sizes change while packets go out, interrupts so late that a poll comes while the
# device is taken down. After: no packet was sent between e1000_down() and e1000_up().
# Boot: own
# Kernel: debian
# Takes: 90, 240 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

# shellcheck source=tests/guest/common/down.sh
. "$top/tests/guest/common/down.sh"

parameters='InterruptThrottleRate=100,100,100'
prepare
watch_on
count_down_begin e1000_napi
transmit_only
out() { iperf -u -c 10.0.0.1 -b 50m -t 5 -l 200 2>&1; }
until_time 100000 out >/dev/null &
streams=$!
until_time 100000 out >/dev/null &
streams="$streams $!"
change() {
	wait_for 10 link_up eth0
	sleep 0.4
	ethtool -G eth0 tx $((80 + rounds % 3 * 400))
}
until_time "$(few 30 150)" change
# shellcheck disable=SC2086 # pids
kill $streams
count_down_end
check "it was taken down often ($downs)" [ "$downs" -ge "$(few 5 30)" ]
check "packets went out ($sent)" [ "$sent" -gt "$(few 500 5000)" ]
is "packets sent while it was down" "$sent_while_down" 0
traffic_on
holds
finish
