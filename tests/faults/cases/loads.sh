#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The module is loaded and unloaded again and again, up and down, traffic coming in.
# Boot: own
# Short: no
# Kernel: kasan
# Takes: 54, 1600 s
# Limit: 3600 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
ip netns exec src ip neigh replace 10.0.0.2 lladdr 52:54:00:00:01:00 dev peer0 nud permanent
flood_in() { ip netns exec src iperf -u -c 10.0.0.2 -b "$load" -t 5 -l 200 2>&1; }
until_time 100000 flood_in >/dev/null &
flooding=$!
failed=0 n=$(few 20 1000)
only_eth0
rmmod e1000_napi
watch_on
for i in $(seq "$n"); do
	insmod "$ko" weight=$((i % 64 + 1)) || failed=$((failed + 1))
	[ $((i % 2)) -eq 0 ] || ip link set eth0 up || failed=$((failed + 1))
	[ "$(cat $debug/eth0/weight)" = $((i % 64 + 1)) ] || failed=$((failed + 1))
	# not while a file is being read
	wait_for 10 rmmod e1000_napi 2>/dev/null || failed=$((failed + 1))
	[ ! -e $debug ] || failed=$((failed + 1))
done
is "all of $n loads, weights and unloads worked" $failed 0
kill $flooding
all_again
insmod "$ko"
"$top/scripts/lab/net.sh" up 0
traffic_on
sleep 1
holds
rmmod e1000_napi
no_leaks
finish
