#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Thousands of live changes of the weight from three doors at once (debugfs, the ethtool
# ioctl, the ethtool program's netlink) at full load, readers at every file.
# Boot: three
# Limit: 900 s
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
by_program() { ethtool -C eth0 rx-frames-irq $((rounds % 50 + 1)); }
until_time "$(few 8 60)" by_program
all_back "all $n changes of each of the others worked"
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
