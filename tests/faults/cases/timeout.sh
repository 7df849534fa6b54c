#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The transmitter is switched off behind the driver's back; the core's watchdog sees
# that nothing is sent any more (it says so, with a stack, once) and has it reset.
# Boot: three
# Kernel: kasan kcsan
# Short: no
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
# soon full
ethtool -G eth0 tx 80
wait_for 30 works || :
watch_on
TCTL=0x400 EN=2
register=$(($(sed -n '1s/ .*//p' "/sys/bus/pci/devices/$pci/resource") + TCTL))
register=$(printf '0x%x' $register)
timeouts() { ethtool -S eth0 | sed -n 's/^ *tx_timeout_count: //p'; }
more_timeouts() { [ "$(timeouts)" -gt "$before" ]; }
# what the watchdog says is expected, so it is kept off the console
[ -z "$(splat)" ] || exit 1
dmesg -n 1
for round in $(seq "$(few 1 4)"); do
	before=$(timeouts)
	traffic_on
	sleep 1
	busybox devmem "$register" 32 $(($(busybox devmem "$register" 32) & ~EN))
	wait_for 20 more_timeouts || dmesg | grep -q 'NETDEV WATCHDOG' || {
		traffic_off
		kill "$watcher"
		ethtool -r eth0
		echo "ok $round: the watchdog resets it # SKIP the kernel's watchdog did not see it"
		exit 4
	}
	check "$round: the watchdog resets it" more_timeouts
	traffic_off
	check "$round: it works again" wait_for 30 works
done
check "and no sanitizer did" refused sh -c 'dmesg | grep -E "BUG[: ]|KASAN|UBSAN|KCSAN|deadlock"'
is "nobody else complained" "$(dmesg | grep -c 'WARNING: .*' || :)" "$(dmesg | grep -c 'WARNING: .*dev_watchdog' || :)"
dmesg -c >/dev/null
traffic_on
sleep 1
holds
finish
