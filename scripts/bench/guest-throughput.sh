#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the bench's guest: two NICs, one on stock e1000, one on ours, both with weight 64, and a
# TCP stream to each. One stream at a time is let go, for SECONDS each, in PAIRS whose order
# changes. In real time a stream keeps what pace it has found with QEMU's threads, some per
# cent faster or slower than another; so there are many STREAMS, one after the other. And
# emulated code is faster or slower by where in memory it lies: the drivers are loaded anew
# for each of the PLACES, in each other's NIC, with other modules before them.
# Writes `OURS STOCK` (bit/s, the mean of the pairs) to stdout for each two streams.
#
# guest-throughput.sh PLACES STREAMS PAIRS SECONDS
set -eu
cd /opt/e1000_napi
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
places=$1 streams=$2 pairs=$3 seconds=$4 server=''
fillers='dummy veth macvlan 8021q tun sch_fq sch_tbf sch_netem'

# now_ns: sets ns. By the shell alone: what is started here takes its time from the streams
now_ns() {
	while read -r _word _ ns _; do
		[ "$_word" != now ] || return 0
	done </proc/timer_list
}

# place N: stock has eth0 when N is even, else eth1, ours the other
place() {
	[ ! -d /sys/module/e1000_napi ] || rmmod e1000_napi e1000
	_bits=$(($1 / 2))
	for _module in $fillers; do
		rmmod "$_module" 2>/dev/null || :
	done
	for _module in $fillers; do
		[ $((_bits % 2)) -eq 0 ] || modprobe "$_module"
		_bits=$((_bits / 2))
	done
	stock=$(($1 % 2))
	insmod /share/stock.ko
	_pci=$(basename "$(readlink "/sys/class/net/eth$((1 - stock))/device")")
	echo "$_pci" >/sys/bus/pci/drivers/e1000/unbind
	# It takes the one that is free
	insmod e1000_napi.ko
	scripts/lab/net.sh up
	# With a tap the server is outside, and runs
	if [ -e /run/netns/src ] && [ -z "$server" ]; then
		# What was held goes on at its pace
		ip netns exec src sysctl -qw net.ipv4.tcp_slow_start_after_idle=0
		ip netns exec src iperf -s >/dev/null 2>&1 &
		server=$!
		sleep 0.5
	fi
}

# hold: a stream to each, held
hold() {
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
let_go() {
	kill -KILL "$stream0" "$stream1"
	wait "$stream0" "$stream1" 2>/dev/null || :
}

k=0
while [ "$k" -lt $((places * streams)) ]; do
	[ $((k % streams)) -ne 0 ] || place $((k / streams))
	hold
	n=0 ours=0 stocks=0
	while [ "$n" -lt "$pairs" ]; do
		for i in $(((n + k) % 2)) $(((n + k + 1) % 2)); do
			if [ "$i" -eq 0 ]; then
				pull "$stock"
				stocks=$((stocks + bps))
			else
				pull $((1 - stock))
				ours=$((ours + bps))
			fi
		done
		n=$((n + 1))
	done
	let_go
	echo "$((ours / pairs)) $((stocks / pairs))"
	k=$((k + 1))
done
