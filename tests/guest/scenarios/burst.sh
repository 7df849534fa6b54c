#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# Long bursts, the first of which is more than a socket's default buffer holds; and loss before
# the NIC beside the source's own packets. Two bursts at once may also be more than the ring holds.
ip netns exec src tools/napimeter serve >/dev/null 2>&1 &
own=$!
sleep 1
for _source in napimeter pktgen; do
	check "burst: $_source" pull "burst-$_source" --source $_source --burst 256 --rcvbuf 8M --seconds 1 --load 10M
	shows "burst-$_source" "no burst meets a smaller buffer than was asked for" \
		'n("sent") > 500 && n("lost_socket") == 0 && n("received") + n("lost_ring") == n("sent")'
done
# pktgen makes no pause after its first burst
shows burst-napimeter "the pause after the last burst is part of the time" \
	'n("bandwidth_bps") > 9e6 && n("bandwidth_bps") < 11e6'
check "burst: iperf, whose buffer is set from outside" pull burst-iperf --rcvbuf 8M
shows burst-iperf "the default buffer is as before" 'n("lost_socket") == 0'
is "burst: net.core.rmem_default" "$(cat /proc/sys/net/core/rmem_default)" 212992
ip netns exec src tc qdisc add dev peer0 root netem loss 10%
check "burst: a tenth is lost" pull burst-lost --source napimeter --burst 8
shows burst-lost "before the NIC, up to what could be the source's own last packets" \
	'n("lost") > 200 && n("lost") - n("lost_before_nic") <= 2 && n("remainder") == 0'
ip netns exec src tc qdisc del dev peer0 root
kill $own
