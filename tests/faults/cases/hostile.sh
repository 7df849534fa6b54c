#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Writes to weight and the parameters, by several users; a fuzzer on weight.
# After: the weight is the one that was set rightly last.
# Boot: three
# Takes: 39 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

# parameters
long=$(seq -s, 40)
for bad in "weight=$long" weight=1,2,x "weight=" "weight=," "weight=1,,2" "weight=-1" weight=+5 weight=4097 \
	weight=18446744073709551617 "weight=0x10" "weight=$(printf 1%0900d 0)" stats=2 stats=abc timing=-1; do
	check "insmod refuses $(printf %.20s "$bad")" refused insmod "$ko" "$bad"
done
parameters=weight=21
prepare
check "weight refuses what is not a number" "$bin/fault" refuse $debug/eth0/weight
check "weight refuses 4097" refused sh -c "echo 4097 >$debug/eth0/weight"
is "the weight is as it was" "$(cat $debug/eth0/weight)" 21
for good in 22 '23\n' 24; do
	printf %b "$good" >$debug/eth0/weight
	is "but takes '$good'" "$(cat $debug/eth0/weight)" "$(printf %b "$good")"
done

watch_on
traffic_on
in_background "$bin/fault" fuzz $debug/eth0/weight "$(few 5 30)"
in_background env SEED=2 "$bin/fault" fuzz "$debug/$pci/weight" "$(few 5 30)"
all_back "the fuzzers came to their end"
w=$(cat $debug/eth0/weight)
check "the weight is one that is allowed ($w)" [ "$w" -ge 1 -a "$w" -le 4096 ]
traffic_off
since_now
ceiling=$w
traffic_on

# the files' own modes count too where debugfs was opened to all users
chmod 755 /sys/kernel/debug
echo 1 >/tmp/one
lab() { busybox su lab -c "$*"; }
check "another user may do things" lab "cat /etc/passwd >/dev/null; ls $debug/$pci >/dev/null"
for f in counters snapshot weight rx_per_poll; do
	check "another user may not read $f" refused lab cat "$debug/$pci/$f"
done
check "another user may not write weight" refused lab dd if=/tmp/one of="$debug/$pci/weight" bs=2 count=1
check "nor $params/stats" refused lab dd if=/tmp/one of=$params/stats bs=2 count=1
chmod 700 /sys/kernel/debug
holds
finish
