#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Shared by the cases, and the checks after each of them. In the guest.
#
# shellcheck disable=SC2034,SC2154 # used by the cases; set by tests/guest/lib.sh
# shellcheck source=tests/guest/lib.sh
. /opt/e1000_napi/tests/guest/lib.sh
bin=/tmp
monitor=/dev/vport0p5
hot=/sys/bus/pci/drivers/e1000_napi
# The largest weight in force since the histograms began
ceiling=64

# few SHORT WHOLE: how much of it; `run.sh --short` sets SHORT
few() { if [ -n "${SHORT-}" ]; then echo "$1"; else echo "$2"; fi; }

# say COMMAND: to QEMU's monitor (boot.sh --monitor)
say() { echo "$1" >"$monitor"; }

# plug_in N ADDRESS: the NIC that was ethN, where it was, or the names would change. QEMU
# refuses until the guest's firmware has released the old one, so the command is repeated
plug_in() {
	_slot=${2#*:*:}
	for _try in 1 2 3 4 5 6 7 8 9 10; do
		say "device_add e1000,id=nic$1,netdev=e$1,mac=52:54:00:00:01:0$1,romfile=,addr=0x${_slot%.*}"
		! wait_for 3 [ -e "/sys/bus/pci/devices/$2" ] || return 0
	done
	return 1
}

# Messages of a failed allocation are not a fault of the driver; nor is a data race of
# stock e1000 one of ours
splat() {
	dmesg | awk '/vmalloc error|page allocation failure|sysctl could not get directory/ { expected++ }
		/Call Trace/ && expected { expected--; next }
		/BUG: KCSAN/ && !/e1000_(napi|hist)_/ { race = 1 }
		race && / Reported by Kernel/ { race = 0; next }
		race { next } 1' | grep -E "$complaints"
}

address() { basename "$(readlink -f "/sys/class/net/$1/device")"; }

# only_eth0: the driver leaves the others alone until all_again, where it is loaded so
# often that half a second for each probe counts
only_eth0() {
	for _i in eth1 eth2; do
		_d=$(readlink -f /sys/class/net/$_i/device)
		echo none >"$_d/driver_override"
		echo "${_d##*/}" >$hot/unbind
	done
}
all_again() {
	for _d in /sys/bus/pci/devices/*; do
		! grep -qx none "$_d/driver_override" || echo >"$_d/driver_override"
	done
}

# prepare: load the module with $parameters, set up the network, start a receiver
parameters=''
prepare() {
	# shellcheck disable=SC2086 # a list of words
	insmod "$ko" $parameters
	"$top/lab/net.sh" up 0
	pci=$(address eth0)
	iperf -s -u >/dev/null 2>&1 &
	sink=$!
	trap 'kill $sink 2>/dev/null || :' EXIT
}

# traffic_on: $load bit/s of small packets to eth0, and back, until traffic_off. With
# sanitizers in emulation, more leaves no CPU for the rest of a case; 1g is full speed
load=10m
traffic_on() {
	(
		trap 'kill $_in $_out 2>/dev/null; exit 0' TERM
		while :; do
			ip netns exec src iperf -u -c 10.0.0.2 -b "$load" -t 5 -l 200 &
			_in=$!
			iperf -u -c 10.0.0.1 -b "$load" -t 5 -l 200 &
			_out=$!
			wait $_in $_out
			sleep 0.2
		done
	) >/dev/null 2>&1 &
	traffic=$!
}
traffic_off() {
	kill "$traffic" 2>/dev/null || :
	wait "$traffic" 2>/dev/null || :
	# iperf in the namespace: its parent was ip
	for _p in $(ip netns pids src); do kill -9 "$_p" 2>/dev/null || :; done
}

# watch_on: read all files all the time; hold_on: and hold them open, over the device's
# end too, which keeps the module from being unloaded; watch_off says what was seen of it
watch_on() { _watch "$debug"; }
hold_on() { _watch "$debug" hold; }
_watch() {
	"$bin/watch" "$@" >/tmp/watch.out 2>&1 &
	watcher=$!
}
watch_off() {
	kill "$watcher"
	check "the reader of all files ends when it should" wait_for 20 gone "$watcher"
	sed 's/^/# watch: /' /tmp/watch.out
	check "reads were good" [ "$(seen reads)" -gt 0 ]
	is "no counter went backwards" "$(seen backwards)" 0
	is "no text was broken" "$(seen broken)" 0
	check "no read took ten seconds ($(seen slowest_ms) ms)" [ "$(seen slowest_ms)" -lt 10000 ]
}
seen() { awk -v k="$1" '$1 == k { print $2; found = 1 } END { if (!found) print -1 }' /tmp/watch.out; }
gone() { ! kill -0 "$1" 2>/dev/null || grep -q 'State:.Z' "/proc/$1/status" 2>/dev/null; }

works() { ping -q -c 1 -W 1 10.0.0.1 >/dev/null 2>&1; }
# works_within SECONDS: by the clock; to wait_for a ping is one try, whatever it takes
works_within() {
	_since=$(uptime_now)
	until works; do
		[ "$(uptime_now)" -lt $((_since + $1)) ] || return 1
		sleep 0.1
	done
	echo "# traffic after $(($(uptime_now) - _since)) s"
}

# in_background COMMAND…; any_on: one of them is not done; all_back waits for every one,
# which must succeed
backs=''
any_on() {
	for _b in $backs; do gone "$_b" || return 0; done
	return 1
}
in_background() {
	"$@" >/tmp/back.out 2>&1 &
	backs="$backs $!"
}
all_back() {
	_bad=0
	for _b in $backs; do wait "$_b" || _bad=$((_bad + 1)); done
	backs=''
	is "$1" "$_bad" 0
}

# counted: what the rows say against what the device received since it is there. No poll
# took more than $ceiling since_now
since_now() { mark eth0; }
# a stray frame (neighbour discovery) may arrive between the two reads: read both again
_both() {
	_rx=$(rx_of eth0)
	take_snapshot eth0 /tmp/snapshot
	[ "$(rx_of eth0)" = "$_rx" ]
}
counted() {
	wait_for 10 still eth0 || :
	wait_for 1 _both || :
	_sums=$(hist_sums /tmp/snapshot rx_per_poll)
	is "all packets received are counted" "$(awk '$1 == "rx_packets" { print $2 }' /tmp/snapshot)" "$_rx"
	_head=$(head_sums /tmp/snapshot rx_per_poll)
	is "the head of rx_per_poll adds up to the packets" "${_head#* }" "$_rx"
	# rows above 256 packets stand for several numbers
	if [ "$(sed -n 's/^# histogram rx_per_poll packets [0-9]* [0-9]* //p' /tmp/snapshot)" -le 256 ]; then
		is "and its rows" "${_sums#* }" "$_rx"
	fi
	check "no poll took more than the weight, $ceiling ($(hist_max eth0/rx_per_poll))" \
		[ "$(hist_max eth0/rx_per_poll)" -le "$ceiling" ]
}

# holds: the end of a case with traffic and watch on
holds() {
	traffic_off
	check "link and traffic come back" works_within 30
	watch_off
	counted
	_before=$(count_of eth0/counters rx_packets)
	ip netns exec src ping -q -c 20 -i 0.01 -W 1 10.0.0.2 >/dev/null 2>&1 || :
	check "and it counts on" [ "$(count_of eth0/counters rx_packets)" -gt "$_before" ]
	"$top/lab/net.sh" down
}

# no_leaks: what is freed by RCU, or was pointed at from a register, is none: looks twice
no_leaks() {
	for _ in 1 2; do
		sleep 6
		echo scan >/sys/kernel/debug/kmemleak
	done
	cat /sys/kernel/debug/kmemleak >/tmp/leaks
	sed 's/^/# /' /tmp/leaks | head -n 60
	is "kmemleak has found nothing" "$(grep -c '^unreferenced' /tmp/leaks || :)" 0
}

until_time() { # until_time SECONDS COMMAND…: again and again
	_end=$(($(uptime_now) + $1))
	shift
	rounds=0
	while [ "$(uptime_now)" -lt "$_end" ]; do
		"$@"
		rounds=$((rounds + 1))
	done
	echo "# $rounds rounds"
}
