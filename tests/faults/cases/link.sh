#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The link goes down and up under traffic, as a cable pulled or a switch gone.
# Boot: three
# Short: no
# Takes: 58 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
hold_on
traffic_on
before=$(cat /sys/class/net/eth0/carrier_changes)
flap() {
	say "set_link nic0 off"
	sleep 0.7
	say "set_link nic0 on"
	sleep 0.7
}
until_time "$(few 8 30)" flap
check "the driver saw it" [ "$(cat /sys/class/net/eth0/carrier_changes)" -gt "$before" ]
holds
finish
