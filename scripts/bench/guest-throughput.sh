#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the bench's guest: two NICs, one on stock e1000, one on ours, both with weight 64, and a
# TCP stream to each. One stream at a time is let go, for SECONDS each, in pairs whose order
# changes; after half of the PAIRS the two NICs change places, so that neither driver has
# the better one. Writes lines `OURS STOCK` (bit/s) to stdout.
#
# guest-throughput.sh PAIRS SECONDS
set -eu
cd /opt/e1000_napi
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
pairs=$1 seconds=$2 server=''

# now_ns: sets ns. By the shell alone: what is started here takes its time from the streams
now_ns() {
	while read -r _word _ ns _; do
		[ "$_word" != now ] || return 0
	done </proc/timer_list
}

# places N: stock has ethN, ours the other; a stream to each, held
places() {
	if [ -d /sys/module/e1000_napi ]; then
		kill -KILL "$stream0" "$stream1"
		wait "$stream0" "$stream1" 2>/dev/null || :
		rmmod e1000_napi e1000
	fi
	insmod /share/stock.ko
	_pci=$(basename "$(readlink "/sys/class/net/eth$((1 - $1))/device")")
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
for stock in 0 1; do
	places "$stock"
	n=0
	while [ "$n" -lt $((pairs / 2)) ]; do
		if [ $((n % 2)) -eq 0 ]; then
			pull "$stock"
			first=$bps
			pull $((1 - stock))
			echo "$bps $first"
		else
			pull $((1 - stock))
			first=$bps
			pull "$stock"
			echo "$first $bps"
		fi
		n=$((n + 1))
	done
done
