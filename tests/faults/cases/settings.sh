#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# MTU, ring sizes and offloads change under load, all at random.
# Boot: three
# Short: no
# Takes: 47 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
hold_on
traffic_on
on_off() { [ $((rounds % $1)) -eq 0 ] && echo on || echo off; }
change() {
	ip link set eth0 mtu $((1500 + rounds % 4 * 2500))
	ethtool -G eth0 rx $((80 + rounds % 5 * 80)) tx $((80 + rounds % 3 * 400)) 2>/dev/null || :
	ethtool -K eth0 rx "$(on_off 2)" tso "$(on_off 3)" rx-all "$(on_off 4)" >/dev/null || :
	ethtool -C eth0 rx-frames-irq $((rounds % 64 + 1))
}
until_time "$(few 10 30)" change
ip link set eth0 mtu 1500
holds
finish
