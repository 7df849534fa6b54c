#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Thousands of live changes of the weight from three doors at once (debugfs, the ethtool
# ioctl, the ethtool program's netlink) at full load, readers at every file.
# Boot: three
# Takes: 60, 900 s
# Limit: 3600 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
hold_on
load=1g
traffic_on
n=$(few 150 5000)
ceiling=50
echo 50 >$debug/eth0/weight
since_reset=$(rx_of eth0)
in_background "$bin/fault" weights "$debug/$pci/weight" "$n" 50
in_background "$bin/fault" weights eth0 "$n" 50
changes=0 failed=0
while any_on; do
	ethtool -C eth0 rx-frames-irq $((changes % 50 + 1)) || failed=$((failed + 1))
	changes=$((changes + 1))
done
all_back "all $n changes by each of two doors worked"
is "and $changes by the program meanwhile" "$failed" 0
traffic_off
echo 3 >$debug/eth0/weight
since_now
ceiling=3
traffic_on
sleep 2
check "the last weight is in force" [ "$(hist_max eth0/rx_per_poll)" -le 3 ]
check "packets came all the time" [ "$(rx_of eth0)" -gt "$since_reset" ]
holds
finish
