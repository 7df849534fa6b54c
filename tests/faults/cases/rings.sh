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

# Packets sent meanwhile enter rings that are freed or not allocated yet, which sometimes
# crashes stock e1000. Count them, because a crash needs one in the wrong microsecond
tracing=/sys/kernel/tracing
parameters='InterruptThrottleRate=100,100,100'
prepare
watch_on
cat >$tracing/kprobe_events <<EOF
r:down e1000_napi:e1000_down
p:up e1000_napi:e1000_up
p:sent e1000_napi:e1000_xmit_frame
EOF
echo 8192 >$tracing/buffer_size_kb
echo 1 >$tracing/events/kprobes/enable
mkfifo /tmp/events
cat $tracing/trace_pipe >/tmp/events &
tracer=$!
awk '/ down: / { down = 1; downs++ } / up: / { down = 0 } / sent: / { sent[down + 0]++ }
	END { print downs + 0, sent[0] + 0, sent[1] + 0 }' /tmp/events >/tmp/sent &
counting=$!
# Only transmit: received packets would cause polls earlier
ip neigh replace 10.0.0.1 lladdr 52:54:00:00:02:00 dev eth0 nud permanent
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
echo 0 >$tracing/events/kprobes/enable
kill $tracer
wait $counting
echo >$tracing/kprobe_events
read -r downs before while_down </tmp/sent
check "it was taken down often ($downs)" [ "$downs" -ge "$(few 5 30)" ]
check "packets went out ($before)" [ "$before" -gt "$(few 500 5000)" ]
is "packets sent while it was down" "$while_down" 0
traffic_on
holds
finish
