#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The kernel logs through the NIC (netpoll) in a storm of messages and traffic.
# Boot: own
# Takes: 100 s
# Short: no
# A boot without `cpus`: that at times makes the kernel say something with an interrupt's lock
# held, and lockdep adds it to what netpoll does (docs/notes/reliability.md)
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
watch_on
mac=$(ip netns exec src cat /sys/class/net/peer0/address)
modprobe netconsole netconsole="@10.0.0.2/eth0,6666@10.0.0.1/$mac"
echo on >/proc/sys/kernel/printk_devkmsg
in_background ip netns exec src "$bin/fault" listen 6666 "$(few 8 30)"
traffic_on
# Level 0, which a console takes at any loglevel (guest.sh)
storm() {
	for i in 1 2 3 4 5 6 7 8 9; do echo "<0>storm $i" >/dev/kmsg; done
}
in_background until_time "$(few 8 30)" storm
in_background "$bin/fault" weights "$debug/eth0/weight" "$(few 100 2000)" 64
until_time "$(few 8 30)" storm
all_back "the others came to their end, and the log to the other side"
holds
rmmod netconsole 2>/dev/null || :
finish
