#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A data race put into a counter of the module on purpose, under traffic and with a reader
# that does nothing else, so that no report of another case says something.
# After: KCSAN reports it within two minutes.
# Boot: three
# Kernel: kcsan
# Short: no
# Takes: 30, 30 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

ko=$bin/race.ko
dmesg -n 1
prepare
traffic_on
# one program for many reads: starting it takes longer than they do
files=$(yes "$debug/eth0/counters" | head -n 1000)
reported() {
	# shellcheck disable=SC2086 # a list of words
	cat $files >/dev/null
	dmesg | grep -q 'BUG: KCSAN: data-race in e1000_napi_'
}
start=$(uptime_now)
check "it is reported" wait_for 120 reported
echo "# $(($(uptime_now) - start)) s of reading"
dmesg | grep 'BUG: KCSAN' | sed 's/.*BUG/# BUG/' | sort | uniq -c
traffic_off
dmesg -c >/dev/null
finish
