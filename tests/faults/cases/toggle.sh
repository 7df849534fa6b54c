#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The parameters stats and timing are switched ten thousand times under traffic, on two CPUs.
# After: every counter is at most what the device has, and all agree. (QEMU 7.2 with a thread per
# CPU: one stayed at a switched branch, whose bytes the other had just written, for minutes.)
# Boot: own
# Kernel: debian kasan kcsan
# Accel: tcg-turns
# Takes: 120, 900 s
# Limit: 3600 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/guest/common/toggle.sh
. "$top/tests/guest/common/toggle.sh"

prepare
traffic_on
toggle_stats "${TOGGLES:-$(few 1000 10000)}"
is "$_toggles toggles, and the number of jumps" "$jumps" 0
traffic_off
toggled_right "after the toggles"
check "some polls were counted ($(count_of eth0/counters polls))" [ "$(count_of eth0/counters polls)" -gt 100 ]
"$top/lab/net.sh" down
finish
