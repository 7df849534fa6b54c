#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An hour of the guest's time in the deterministic lab: the weight changes every 100 ms, a
# burst of fragments comes and goes as often. After: counters exact, memory flat.
# Boot: icount
# Kernel: debian
# Short: no
# Takes: 480 s
# Limit: 4000 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
n=$((${SOAK:-3600} * 10))
memory() { awk '$1 ~ /^(MemAvailable|SUnreclaim|Percpu):/ { print $1, $2 }' /proc/meminfo; }
start=$(uptime_now)
ip netns exec src ping -q -i 0.1 -s 8000 -c $((n + 600)) 10.0.0.2 >/tmp/ping 2>&1 &
pinging=$!
# wait until everything that is allocated on first use exists
"$bin/fault" weights "$debug/eth0/weight" $((n / 10)) 64 100 >/dev/null
memory >/tmp/memory
check "nine tenths of $n changes worked" "$bin/fault" weights "$debug/eth0/weight" $((n * 9 / 10)) 64 100
memory >/tmp/memory.after
took=$(($(uptime_now) - start))
kill -INT $pinging
wait $pinging || :
sed 's/^/# /' /tmp/memory /tmp/memory.after /tmp/ping
check "$took s of guest time went by" [ "$took" -ge $((n / 10)) ]
while read -r what kb <&3 && read -r _ after <&4; do
	d=$((after - kb))
	check "$what is flat ($kb kB, $d kB since)" [ ${d#-} -le 1024 ]
done 3</tmp/memory 4</tmp/memory.after
check "packets came all the time" [ "$(rx_of eth0)" -gt $((n * 5)) ]
check "no ping was lost" grep -q ' 0% packet loss' /tmp/ping
counted
finish
