#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# For dev/kernels.sh --short: in some seconds, that the module loads and goes, that
# what it counts is exact, and that the weight is live. The other tests have more of each.
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"

check "a weight out of range is refused" refused insmod $ko weight=4097
insmod $ko weight=7
$top/lab/net.sh up 0
for door in load debugfs ethtool; do
	case $door in
	load) weight=7 ;;
	debugfs) weight=1 && echo 1 >$debug/eth0/weight ;;
	ethtool) weight=40 && ethtool -C eth0 rx-frames-irq 40 ;;
	esac
	is "weight by $door" "$(cat $debug/eth0/weight)" "$weight"
	begin_count eth0
	flood 0 1
	end_count eth0 /tmp/snapshot
	sums=$(hist_sums /tmp/snapshot rx_per_poll)
	check "weight $weight: some packets came ($rx)" [ "$rx" -gt 100 ]
	is "weight $weight: packets x polls is rx_packets" "${sums#* }" "$rx"
	is "weight $weight: the head says the same" "$(head_sums /tmp/snapshot rx_per_poll)" "$sums"
	check "weight $weight: no poll took more ($(hist_max eth0/rx_per_poll))" \
		[ "$(hist_max eth0/rx_per_poll)" -le "$weight" ]
done
check "and with 40 some took more than 7" [ "$(hist_max eth0/rx_per_poll)" -gt 7 ]
all=$(awk '$1 == "rx_packets" { print $2 }' /tmp/snapshot)
is "since load every packet is counted" "$all" "$rx1"
check "ethtool -S has them too" [ "$(ethtool -S eth0 | sed -n 's/^ *napi_rx_packets: //p')" -ge "$all" ]
$top/lab/net.sh down 0
check "it unloads" rmmod e1000_napi
check "nothing is left in debugfs" [ ! -e $debug ]
finish
