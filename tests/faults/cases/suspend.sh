#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The machine suspends and resumes under traffic, at each of the kernel's test levels.
# After: weight and counters are what they were, traffic comes back.
# Boot: three
# Short: no
# Takes: 85 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

parameters=weight=33
prepare
hold_on
echo 1 >/sys/module/suspend/parameters/pm_test_delay
for level in devices platform processors core; do
	traffic_on
	sleep 1
	echo $level >/sys/power/pm_test
	polls=$(count_of eth0/counters polls)
	check "$level: suspends and resumes" sh -c 'echo mem >/sys/power/state'
	traffic_off
	check "$level: traffic comes back" wait_for 30 works
	is "$level: the weight stays" "$(cat $debug/eth0/weight)" 33
	check "$level: the counters go on" [ "$(count_of eth0/counters polls)" -gt "$polls" ]
done
echo none >/sys/power/pm_test
ceiling=33
traffic_on
sleep 1
holds
finish
