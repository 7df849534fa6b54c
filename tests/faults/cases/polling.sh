#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The poller changes under load: softirq, the NAPI thread, busy polling sockets, the
# deferring timer. (Not the parameter timing too: emulated, a CPU at times runs into the
# breakpoint with which the kernel patches a static key, see docs/notes/reliability.md.)
# Boot: three
# Short: no
# Takes: 42 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
watch_on
traffic_on
sys=/sys/class/net/eth0
change() {
	echo $((rounds % 2)) >"$sys/threaded"
	echo $((rounds % 3 * 25)) >/proc/sys/net/core/busy_read
	echo $((rounds % 3 * 25)) >/proc/sys/net/core/busy_poll
	echo $((rounds % 5)) >"$sys"/napi_defer_hard_irqs
	echo $((rounds % 5 * 100000)) >"$sys/gro_flush_timeout"
	# sockets of now
	ping -q -c 1 -W 1 10.0.0.1 >/dev/null 2>&1 || :
}
until_time "$(few 8 30)" change
check "there were polls in the thread" [ "$(count_of eth0/counters polls_threaded)" -gt 0 ]
for f in $sys/threaded /proc/sys/net/core/busy_read /proc/sys/net/core/busy_poll \
	$sys/napi_defer_hard_irqs $sys/gro_flush_timeout; do
	echo 0 >"$f"
done
holds
finish
