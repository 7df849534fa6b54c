#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The weight changes while the device is down, is being opened, closed and reset.
# After: the weight asked for last is there.
# Boot: three
# Short: no
# Takes: 79 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
hold_on
traffic_on
in_background "$bin/fault" weights "$debug/$pci/weight" "$(few 200 3000)" 64
in_background "$bin/fault" weights eth0 "$(few 200 3000)" 64
updown() {
	ip link set eth0 down
	ip link set eth0 up
	ip addr replace 10.0.0.2/24 dev eth0
	ethtool -r eth0 || :
}
until_time "$(few 10 30)" updown
all_back "all changes worked"
traffic_off
ip link set eth0 down
ethtool -C eth0 rx-frames-irq 7
is "set while down" "$(cat $debug/eth0/weight)" 7
ip link set eth0 up
is "and kept when up" "$(cat $debug/eth0/weight)" 7
works_within 30 || :
since_now
ceiling=7
traffic_on
sleep 1
holds
finish
