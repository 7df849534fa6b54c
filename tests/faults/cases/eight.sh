#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Eight NICs on four interrupt lines, two and two; all under load, each with its own
# weight; one goes away and comes back, while the others work.
# Boot: eight
# Takes: 20, 400 s
# Limit: 1800 s
# Short: no
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

parameters=weight=1,2,4,8,16,32,64,128
prepare
"$top/lab/net.sh" up
pci7=$(address eth7)
watch_on
# with more in all, the sanitizers leave no CPU for anything else
send() { ip netns exec src iperf -u -c "10.0.$1.2" -b 1m -l 200 -t "$(few 8 40)" || :; }
for i in 0 1 2 3 4 5 6 7; do in_background send $i; done
sleep 1
for round in $(seq "$(few 2 5)"); do
	say "device_del nic7"
	check "$round: one goes" wait_for 30 [ ! -e "/sys/bus/pci/devices/$pci7" ]
	check "$round: another is plugged in" plug_in 7 "$pci7"
	check "$round: and comes back" wait_for 30 [ -e /sys/class/net/eth7 ]
	pci7=$(address eth7)
done
all_back "traffic to all came to its end"
shared=0
for i in 0 1 2 3 4 5 6; do
	wait_for 10 still "eth$i" || :
	is "eth$i: all packets are counted" "$(count_of "eth$i/counters" rx_packets)" "$(rx_of "eth$i")"
	check "eth$i: packets came" [ "$(rx_of "eth$i")" -gt 10 ]
	check "eth$i: no poll took more than its weight ($(hist_max "eth$i/rx_per_poll"))" \
		[ "$(hist_max "eth$i/rx_per_poll")" -le $((1 << i)) ]
	[ "$(count_of "eth$i/counters" irqs_not_ours)" -eq 0 ] || shared=$((shared + 1))
done
check "lines were shared ($shared devices saw others' interrupts)" [ $shared -gt 1 ]
"$top/lab/net.sh" up 7
traffic_on
ceiling=1
holds
finish
