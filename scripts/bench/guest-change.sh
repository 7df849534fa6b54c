#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the bench's guest: what a new weight costs while packets come, set live, and by
# loading the module again. They come from pktgen in the lab of one guest, else, on Xen,
# from the iperf server on the other side. Writes lines `HOW TIMES NS_EACH SENT LOST` to
# stdout.
set -eu
cd /opt/e1000_napi
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

now_ns() { awk '$1 == "now" { print $3; exit }' /proc/timer_list; }
stat_of() { ethtool -S eth0 | awk -v n="$1:" '$1 == n { print $2; exit }'; }
pktgen() { ip netns exec src sh -c "echo \"\$1\" >/proc/net/pktgen/$1" sh "$2"; }

source_up() { # source_up SECONDS: how long iperf sends
	if [ -n "$server" ]; then
		# 625 packets a second, which emulation in emulation carries
		# (with -R its -w is the sender's buffer, ours is the default)
		sysctl -qw net.core.rmem_default=8388608
		iperf -c "$server" -u -R -b 1M -l 200 -t "$1" -y C >/tmp/iperf 2>&1 &
		source=$!
		sleep 2
		return
	fi
	pktgen kpktgend_0 rem_device_all
	pktgen kpktgend_0 'add_device peer0'
	for w in 'count 0' 'pkt_size 1000' 'delay 125000' 'dst 10.0.0.2' 'udp_dst_min 9' \
		'udp_dst_max 9' "dst_mac $(cat /sys/class/net/eth0/address)"; do
		pktgen peer0 "$w"
	done
	pktgen pgctrl start &
	source=$!
	sleep 0.3
}

# source_down RECEIVED: before the source began; sets sent and lost
source_down() {
	if [ -n "$server" ]; then
		wait "$source" || :
		cat /tmp/iperf >&2
		sent=$(awk -F , 'NF > 12 { n = $12 } END { print n + 0 }' /tmp/iperf)
		lost=$(awk -F , 'NF > 12 { n = $11 } END { print n + 0 }' /tmp/iperf)
		return
	fi
	pktgen pgctrl stop
	wait "$source"
	sleep 0.3
	# shellcheck disable=SC2016 # awk's
	sent=$(ip netns exec src awk '/pkts-sofar/ { print $2 }' /proc/net/pktgen/peer0)
	lost=$((sent - ($(stat_of rx_packets) - $1)))
}

# live HOW: 50 new weights
live() {
	rx=$(stat_of rx_packets)
	source_up 20
	n=0
	a=$(now_ns)
	while [ $n -lt 50 ]; do
		for w in 1 2 60 200 64; do
			case $1 in
			ethtool) ethtool -C eth0 rx-frames-irq $w ;;
			debugfs) echo $w >/sys/kernel/debug/e1000_napi/eth0/weight ;;
			esac
			n=$((n + 1))
		done
	done
	total=$(($(now_ns) - a))
	source_down "$rx"
	echo "$1 $n $((total / n)) $sent $lost"
}

reload() {
	rx=$(stat_of rx_packets)
	source_up 60
	before=$(stat_of rx_packets)
	a=$(now_ns)
	rmmod e1000_napi
	insmod e1000_napi.ko weight=60
	scripts/lab/net.sh up 0
	total=$(($(now_ns) - a))
	# The new module counts from nought
	source_down $((rx - before))
	echo "reload 1 $total $sent $lost"
}

modprobe -q pktgen || :
[ -d /sys/module/e1000_napi ] || insmod e1000_napi.ko
scripts/lab/net.sh up 0
server=''
[ -e /run/netns/src ] || server=10.0.0.1
live debugfs
live ethtool
reload
