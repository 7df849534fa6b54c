#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the bench's guest: PACKETS to each of 1, 2, 4 and 8 NICs, first with stock e1000, then
# with ours. Writes lines `DRIVER NICS BUSY_NS_A_PACKET MEMORY_KB_A_NIC` to stdout.
set -eu
cd /opt/e1000_napi
# shellcheck source=scripts/lib/common.sh
. scripts/lib/common.sh

busy_ns() {
	awk '$1 == "now" && $2 == "at" { now = $3 } $1 == ".idle_sleeptime" { idle = $3 }
		$1 == ".iowait_sleeptime" { idle += $3 }
		END { printf "%.0f\n", now - idle }' /proc/timer_list
}
# shellcheck disable=SC2016 # for the inner shell
pktgen() { ip netns exec src sh -c 'echo "$2" >"/proc/net/pktgen/$1"' sh "$1" "$2"; }

packets=$1
modprobe -q pktgen
for driver in stock ours; do
	free=$(awk '$1 == "MemFree:" { print $2 }' /proc/meminfo)
	case $driver in
	stock) insmod /share/stock.ko ;;
	ours) insmod e1000_napi.ko ;;
	esac
	free=$((free - $(awk '$1 == "MemFree:" { print $2 }' /proc/meminfo)))
	lab/net.sh up
	for nics in 1 2 4 8; do
		pktgen kpktgend_0 rem_device_all
		n=0
		while [ "$n" -lt "$nics" ]; do
			pktgen kpktgend_0 "add_device peer$n"
			for w in "count $packets" 'pkt_size 1000' "delay $((125000 * nics))" \
				"dst 10.0.$n.2" "src_min 10.0.$n.1" 'udp_dst_min 9' 'udp_dst_max 9' \
				"dst_mac $(cat "/sys/class/net/eth$n/address")"; do
				pktgen "peer$n" "$w"
			done
			n=$((n + 1))
		done
		sleep 0.5
		busy=$(busy_ns)
		pktgen pgctrl start
		busy=$(($(busy_ns) - busy))
		echo "$driver $nics $((busy / packets / nics)) $((free / 8))"
	done
	rmmod e1000_napi 2>/dev/null || rmmod e1000
done
