#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The NIC is pulled out under traffic, its files open and being read, and put back.
# After: files of the old one refuse and do not hang; the new one has its own.
# Boot: three
# Takes: 71 s
# Limit: 1000 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
hold_on
for round in $(seq "$(few 3 10)"); do
	traffic_on
	sleep 1
	# held open by this shell too, and read after the device has gone
	exec 7<"$debug/$pci/snapshot" 8>"$debug/$pci/weight"
	say "device_del nic0"
	check "$round: the device goes" wait_for 30 [ ! -e "/sys/bus/pci/devices/$pci" ]
	check "$round: its folder goes" [ ! -e "$debug/$pci" ]
	check "$round: a file held open refuses to be read" refused cat <&7
	check "$round: and to be written" refused sh -c 'echo 5 >&8'
	exec 7<&- 8>&-
	traffic_off
	check "$round: another is plugged in" plug_in 0 "$pci"
	check "$round: it comes back" wait_for 30 [ -e /sys/class/net/eth0 ]
	"$top/lab/net.sh" up 0
	pci=$(address eth0)
	check "$round: with its files" wait_for 5 [ -e "$debug/$pci/snapshot" ]
done
traffic_on
sleep 2
holds
# in the bus's list the new one is the last, and would not be eth0 at the next load
for nic in eth0 eth1 eth2; do echo 1 >"/sys/class/net/$nic/device/remove"; done
check "after a removal by sysfs nothing is left" [ ! -e "$debug" ]
echo 1 >/sys/bus/pci/rescan
is "a rescan finds the NICs in their order" "$(address eth0)" "$pci"
finish
