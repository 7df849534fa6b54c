#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the bench's guest: two NICs, one on stock e1000, one on ours, both with weight 64, and a
# TCP stream to each. One stream runs at a time, for SECONDS each, in PAIRS whose order
# changes. In emulation, speed depends by some percent on where code lies in memory, and a
# stream keeps the pace that it found with QEMU's threads. So for each of the PLACES the drivers
# are loaded again, with NICs and order swapped, after other modules, and the streams restart.
# Writes `PLACE OURS STOCK` (bit/s) to stdout for each pair.
#
# guest-throughput.sh FIRST PLACES PAIRS SECONDS: from place FIRST on
set -eu
cd /opt/e1000_napi
# shellcheck source=scripts/lib/common.sh
. scripts/lib/common.sh
first=$1 places=$2 pairs=$3 seconds=$4 server=''
fillers='dummy veth macvlan 8021q tun sch_fq sch_tbf sch_netem'

# now_ns: sets ns, by the shell alone: starting a program would take time from the streams
now_ns() {
	while read -r _word _ ns _; do
		[ "$_word" != now ] || return 0
	done </proc/timer_list
}

# place N: stock has eth0 when N is even, else eth1, ours the other; a stream to each, held
place() {
	if [ -d /sys/module/e1000_napi ]; then
		kill -KILL "$stream0" "$stream1"
		wait "$stream0" "$stream1" 2>/dev/null || :
		rmmod e1000_napi e1000
	fi
	_bits=$(($1 / 4))
	for _module in $fillers; do
		rmmod "$_module" 2>/dev/null || :
	done
	for _module in $fillers; do
		[ $((_bits % 2)) -eq 0 ] || modprobe "$_module"
		_bits=$((_bits / 2))
	done
	stock=$(($1 % 2))
	_first=/share/stock.ko _driver=e1000 _other=$((1 - stock)) _second=e1000_napi.ko
	if [ $(($1 / 2 % 2)) -eq 1 ]; then
		_first=e1000_napi.ko _driver=e1000_napi _other=$stock _second=/share/stock.ko
	fi
	insmod "$_first"
	_pci=$(basename "$(readlink "/sys/class/net/eth$_other/device")")
	echo "$_pci" >"/sys/bus/pci/drivers/$_driver/unbind"
	# It takes the NIC without a driver
	insmod "$_second"
	lab/net.sh up
	# With a tap the server is outside, and runs
	if [ -e /run/netns/src ] && [ -z "$server" ]; then
		# The held stream continues at its pace
		ip netns exec src sysctl -qw net.ipv4.tcp_slow_start_after_idle=0
		ip netns exec src iperf -s >/dev/null 2>&1 &
		server=$!
		sleep 0.5
	fi
	iperf -c 10.0.0.1 -R -t 3600 >/dev/null 2>&1 &
	stream0=$!
	iperf -c 10.0.1.1 -R -t 3600 >/dev/null 2>&1 &
	stream1=$!
	sleep 1
	kill -STOP "$stream0" "$stream1"
	pull 0 >/dev/null
	pull 1 >/dev/null
}

# pull N: the stream of ethN goes on for a moment; sets bps
pull() {
	[ "$1" -eq 0 ] && _stream=$stream0 || _stream=$stream1
	kill -CONT "$_stream"
	sleep 0.05
	read -r _from <"/sys/class/net/eth$1/statistics/rx_bytes"
	now_ns
	_began=$ns
	sleep "$seconds"
	read -r _to <"/sys/class/net/eth$1/statistics/rx_bytes"
	now_ns
	_took=$((ns - _began))
	kill -STOP "$_stream"
	bps=$(((_to - _from) * 8000000 / (_took / 1000)))
	[ "$bps" -gt 0 ] || die "eth$1: the stream has ended"
}

# A stream that is held goes on until its buffer is full, beside the other's
sysctl -qw net.ipv4.tcp_rmem='4096 131072 262144'
k=$first
while [ "$k" -lt $((first + places)) ]; do
	place "$k"
	n=0
	while [ "$n" -lt "$pairs" ]; do
		for nic in $((n % 2)) $((1 - n % 2)); do
			pull "$nic"
			if [ "$nic" -eq "$stock" ]; then _stock=$bps; else _ours=$bps; fi
		done
		echo "$k $_ours $_stock"
		n=$((n + 1))
	done
	k=$((k + 1))
done
