#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Timing and recording, live; polls told apart by where they run.
# Takes: 46 s
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/guest/common/toggle.sh
. "${0%/*}/common/toggle.sh"

insmod $ko
$top/lab/net.sh up 0
iperf -s -u >/dev/null 2>&1 &
udp=$!
trap 'kill $udp 2>/dev/null || :' EXIT

is "timing is off at first" "$(cat $params/timing)" 0
flood 0 1
is "no clock is read then" "$(count_of eth0/poll_ns count)" 0
echo 1 >$params/timing
flood 0 1
echo 0 >$params/timing
n=$(count_of eth0/poll_ns count)
check "timing fills poll_ns" [ "$n" -gt 0 ]
check "and irq_to_poll_ns" [ "$(count_of eth0/irq_to_poll_ns count)" -gt 0 ]
check "a poll took less than a second" [ "$(count_of eth0/poll_ns max)" -lt 1000000000 ]
check "the first poll came within a second" [ "$(count_of eth0/irq_to_poll_ns max)" -lt 1000000000 ]
flood 0 1
is "off again, nothing is added" "$(count_of eth0/poll_ns count)" "$n"

check "stats refuses a word" refused sh -c "echo maybe >$params/stats"
echo 0 >$params/stats
polls=$(count_of eth0/counters polls)
flood 0 1
is "recording off: nothing is counted" "$(count_of eth0/counters polls)" "$polls"
echo 1 >$params/stats
flood 0 1
check "recording on again, it counts on" [ "$(count_of eth0/counters polls)" -gt "$polls" ]

# Switched under traffic, on two CPUs: no counter becomes wrong
(while :; do ip netns exec src iperf -u -c 10.0.0.2 -b 20m -t 5 -l 200; done) >/dev/null 2>&1 &
f=$!
wait_for 10 refused still eth0
toggle_stats 200
kill $f
for p in $(ip netns pids src); do kill -9 "$p" 2>/dev/null || :; done
is "switching under traffic: counters ahead of the device" "$jumps" 0
toggled_right "switching under traffic"

# Weight 1 under load puts the polls into ksoftirqd
echo 1 >$debug/eth0/weight
k=$(count_of eth0/counters polls_ksoftirqd)
flood 0 2
check "polls in ksoftirqd are told apart" [ "$(count_of eth0/counters polls_ksoftirqd)" -gt "$k" ]
is "none is taken for a busy poll" "$(count_of eth0/counters polls_busy)" 0
echo 64 >$debug/eth0/weight

if [ -w /sys/class/net/eth0/threaded ]; then
	is "no poll was threaded" "$(count_of eth0/counters polls_threaded)" 0
	echo 1 >/sys/class/net/eth0/threaded
	# Of one read: the driver's watchdog makes a poll at any time
	not_threaded() { awk '$1 == "polls" { n += $2 } $1 == "polls_threaded" { n -= $2 } END { print n }' "$debug/eth0/counters"; }
	before=$(not_threaded)
	flood 0 1
	wait_for 5 still eth0 || :
	check "threaded NAPI is told apart" [ "$(count_of eth0/counters polls_threaded)" -gt 0 ]
	is "all polls were threaded" "$(not_threaded)" "$before"
	echo 0 >/sys/class/net/eth0/threaded
else
	echo "ok threaded NAPI is told apart # SKIP this kernel has none"
fi

# The NAPI watchdog polls without an interrupt
if [ -w /sys/class/net/eth0/napi_defer_hard_irqs ]; then
	n=$(count_of eth0/counters polls_no_irq)
	echo 5 >/sys/class/net/eth0/napi_defer_hard_irqs
	echo 1000000 >/sys/class/net/eth0/gro_flush_timeout
	flood 0 1
	echo 0 >/sys/class/net/eth0/napi_defer_hard_irqs
	echo 0 >/sys/class/net/eth0/gro_flush_timeout
	check "polls that no interrupt asked for are told apart" \
		[ "$(count_of eth0/counters polls_no_irq)" -gt "$n" ]
fi

# A busy polling socket
echo 50 >/proc/sys/net/core/busy_read
echo 50 >/proc/sys/net/core/busy_poll
# A burst may have made iperf's server crash
kill $udp 2>/dev/null || :
iperf -s -u >/dev/null 2>&1 &
udp=$!
ip netns exec src timeout -s KILL 20 iperf -u -c 10.0.0.2 -b 2m -t 2 -l 200 >/dev/null 2>&1 || :
echo 0 >/proc/sys/net/core/busy_read
echo 0 >/proc/sys/net/core/busy_poll
check "busy polls are told apart" [ "$(count_of eth0/counters polls_busy)" -gt 0 ]
wait_for 10 still eth0 || :
$top/lab/net.sh down 0
finish
