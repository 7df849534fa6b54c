#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Does the same as the case toggle, with a module that switches stats and timing off in the old order:
# it does not wait for those that saw them on.
# After: a counter jumped, or histograms and counters do not agree any more.
# Boot: own
# Kernel: debian
# Accel: tcg-turns
# Takes: 60, 60 s
# Limit: 1800 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/guest/common/toggle.sh
. "$top/tests/guest/common/toggle.sh"

ko=$bin/window.ko
prepare
traffic_on
wrong=0 rounds=0
while [ $wrong -eq 0 ] && [ $rounds -lt 20 ]; do
	rounds=$((rounds + 1))
	toggle_stats "${TOGGLES:-1000}"
	wrong=$jumps
	traffic_off
	toggled_right "after the toggles" >/tmp/agree
	! grep -q '^not ok' /tmp/agree || wrong=$((wrong + 1))
	sed -n 's/^# \(got\)*/# &/p' /tmp/agree
	failures=0
	traffic_on
done
traffic_off
check "it was found after $((rounds * ${TOGGLES:-1000})) toggles" [ $wrong -gt 0 ]
"$top/lab/net.sh" down
finish
