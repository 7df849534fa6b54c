#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runts, frames longer than the MTU, and broadcasts, as fast as they go.
# Boot: three
# Short: no
# Takes: 58 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
watch_on
traffic_on
ip netns exec src ip link set peer0 mtu 9000
for round in 1 2 3; do
	case $round in
	2) ip link set eth0 promisc on ;;
	3) ip link set eth0 mtu 9000 ;;
	esac
	before=$(rx_of eth0)
	check "$round: frames go out" ip netns exec src "$bin/fault" frames peer0 "$(few 3 10)"
	check "$round: and come in" [ "$(rx_of eth0)" -gt "$before" ]
done
ip netns exec src ip link set peer0 mtu 1500
ip link set eth0 mtu 1500 promisc off
holds
finish
