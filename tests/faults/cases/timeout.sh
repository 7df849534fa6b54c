#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The NIC hangs: its interrupts are masked behind the driver's back, so that nothing sent
# is taken from the ring, or its transmitter is switched off.
# After: the core's watchdog sees the first (it says so, and on some kernels once with a
# stack) and has the driver reset it; the driver reports the second, and ethtool -r fixes it.
# Boot: three
# Kernel: kasan kcsan
# Takes: 60, 150 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
watch_on
register() { # register OFFSET [VALUE]: read it, or write it
	_at=$(($(sed -n '1s/ .*//p' "/sys/bus/pci/devices/$pci/resource") + $1))
	busybox devmem "$(printf '0x%x' $_at)" 32 ${2:+"$2"}
}
IMC=0xd8 TCTL=0x400 EN=2
timeouts() { ethtool -S eth0 | sed -n 's/^ *tx_timeout_count: //p'; }
more_timeouts() { [ "$(timeouts)" -gt "$before" ]; }
# Without traffic: a running poll enables them again at its end
masked() {
	register "$IMC" 0xffffffff
	_polls=$(count_of eth0/counters polls)
	sleep 0.3
	[ "$(count_of eth0/counters polls)" = "$_polls" ]
}
hang_reported() { dmesg | grep -q 'Detected Tx Unit Hang'; }
# the watchdog's message is expected, so keep it off the console
[ -z "$(splat)" ] || exit 1
dmesg -n 1
for round in $(seq "$(few 2 6)"); do
	before=$(timeouts)
	# resolve the neighbour first, else nothing fills the ring
	check "$round: it works" works_within 30
	check "$round: interrupts are masked" wait_for 10 masked
	traffic_on
	check "$round: the watchdog resets it" wait_for 30 more_timeouts
	traffic_off
	check "$round: it works again" works_within 30
done
check "the kernel's watchdog said so" sh -c 'dmesg | grep -q "NETDEV WATCHDOG"'
# The driver stops the queue each time that it sees this, every two seconds, which on newer
# kernels restarts the watchdog's timer: it never fires, with stock e1000 either
traffic_on
sleep 1
register "$TCTL" $(($(register "$TCTL") & ~EN))
check "transmitter off: the driver reports it" wait_for 20 hang_reported
traffic_off
ethtool -r eth0
check "transmitter off: a reset fixes it" works_within 30
sanitizer_said() { splat | grep -E 'BUG[: ]|KASAN|UBSAN|KCSAN|deadlock'; }
check "and no sanitizer did" refused sanitizer_said
is "nothing else complained" "$(dmesg | grep -c 'WARNING: .*' || :)" "$(dmesg | grep -c 'WARNING: .*dev_watchdog' || :)"
dmesg -c >/dev/null
traffic_on
sleep 1
holds
finish
