#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The module is loaded and unloaded again and again, up and down, traffic coming in.
# Boot: own
# Short: no
# Kernel: kasan
# Takes: 54, 3500 s
# Limit: 9000 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

# in emulation, faster traffic leaves no time for the loads
load=1m
prepare
ip netns exec src ip neigh replace 10.0.0.2 lladdr 52:54:00:00:01:00 dev peer0 nud permanent
flood_in() { ip netns exec src iperf -u -c 10.0.0.2 -b "$load" -t 5 -l 200 2>&1; }
until_time 100000 flood_in >/dev/null &
flooding=$!
n=$(few 20 1000)
only_eth0
rmmod e1000_napi
watch_on
check "all of $n loads, weights and unloads worked" "$bin/fault" loads "$ko" "$n"
kill $flooding
all_again
insmod "$ko"
"$top/lab/net.sh" up 0
traffic_on
sleep 1
holds
rmmod e1000_napi
no_leaks
finish
