#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The CPU that polls is taken away and given back under load; the interrupt moves.
# Boot: three
# Short: no
# Takes: 31 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
watch_on
traffic_on
irq=/proc/irq/$(cat /sys/class/net/eth0/device/irq)
away() {
	echo 2 >"$irq/smp_affinity"
	sleep 0.3
	echo 0 >/sys/devices/system/cpu/cpu1/online
	sleep 0.3
	echo 1 >/sys/devices/system/cpu/cpu1/online
	echo 1 >"$irq/smp_affinity"
}
until_time "$(few 8 30)" away
holds
finish
