#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every single allocation fails once: while the module is loaded, a device is taken
# and its debugfs files made, it is opened, the files are read, the weight is set.
# After: what failed can be tried again, and works.
# Boot: own
# Kernel: kasan
# Takes: 74, 1200 s
# Limit: 4000 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

for f in failslab fail_page_alloc; do
	echo N >/sys/kernel/debug/$f/ignore-gfp-wait
	echo 0 >/sys/kernel/debug/$f/verbose
done
echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
# vmalloc says when it fails, with a stack: not on the console
dmesg -n 1

each() { # each WHAT EVERY CALL…
	_what=$1
	EVERY=$2
	export EVERY
	shift 2
	check "$_what" "$bin/fault" fail "$@"
}

insmod "$ko"
pci=$(address eth0)
echo "$pci" >$hot/unbind
each "a device is taken (probe, debugfs)" "$(few 9 1)" write $hot/bind "$pci" : write $hot/unbind "$pci"
echo "$pci" >$hot/bind
each "it is opened" 1 up eth0 : down eth0
for f in weight counters snapshot rx_per_poll; do
	each "$f is read" 1 read $debug/eth0/$f
done
each "the weight is set by debugfs" 1 write $debug/eth0/weight 7
each "ethtool -S" 1 stats eth0
only_eth0
rmmod e1000_napi
for d in /sys/class/net/eth*; do [ ! -e "$d" ] || exit 1; done
each "the module is loaded, with parameters" "$(few 25 1)" insmod "$ko" "weight=1,2,3 stats=1" : rmmod e1000_napi
all_again

prepare
watch_on
traffic_on
sleep 1
holds
rmmod e1000_napi
no_leaks
finish
