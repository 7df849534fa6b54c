#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # set by scenarios.sh
# Traffic that does not come through eth0: the server is this guest, or answers by another NIC.
iperf -s -u -B 127.0.0.1 >/dev/null 2>&1 &
here=$!
check "path: a server on lo is refused" refused pull lo --server 127.0.0.1
check "path: before the first trial, with the reason" \
	grep -q 'reaches 127.0.0.1 through lo, not eth0' "$work/lo.log"
check "path: and there is no row" [ ! -e "$work/lo/runs.csv" ]
kill $here
ip link add side0 type veth peer name side1 netns src
ip link set side0 up
ip -n src link set side1 up
ip -n src route add 10.0.0.2/32 dev side1
sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.side0.rp_filter=0
check "path: packets come by another NIC: the look at the source fails" refused pull side
check "side: with the reason" grep -q 'came through eth0' "$work/side.log"
ip link del side0
