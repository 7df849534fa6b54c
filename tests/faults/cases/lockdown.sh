#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Lockdown, in the end of a boot: what can be written in debugfs is closed by it, the rest
# may be read, and ethtool still sets the weight.
# Boot: three
# Short: no
# Kernel: kasan
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
[ -e /sys/kernel/security/lockdown ] || mount -t securityfs security /sys/kernel/security
for mode in integrity confidentiality; do
	echo $mode >/sys/kernel/security/lockdown
	check "$mode: counters may be read" grep -q '^polls ' $debug/eth0/counters
	check "$mode: weight may not be written" refused sh -c "echo 5 >$debug/eth0/weight"
done
check "no unsigned module is loaded" refused modprobe netconsole
check "ethtool sets the weight" ethtool -C eth0 rx-frames-irq 5
is "and shows it" "$(ethtool -c eth0 | sed -n 's/^rx-frames-irq:[^0-9]*//p')" 5
check "and the counters" sh -c "ethtool -S eth0 | grep -q napi_polls:"
check "traffic passes" works
finish
