#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The histograms are exact: their sums are the packets that the device received.
# Takes: 127 s
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"

insmod $ko
$top/lab/net.sh up 0

snap=/tmp/snapshot

# Both ends of the same account, over one burst of traffic
account() { # account NAME: compare with rx_packets since begin_count
	end_count eth0 $snap
	sums=$(hist_sums $snap rx_per_poll)
	check "$1: some packets came" [ "$rx" -gt 20 ]
	is "$1: packets x polls over the rows is rx_packets" "${sums#* }" "$rx"
	is "$1: the head says the same" "$(head_sums $snap rx_per_poll)" "$sums"
	set -- "$1" "$(head_sums $snap tx_per_poll)"
	is "$1: tx_per_poll counts the same polls" "${2% *}" "${sums% *}"
	is "$1: counters agree" "$(awk '$1 == "rx_packets" { print $2 }' $snap)" "$rx1"
}

iperf -s >/dev/null 2>&1 &
tcp=$!
iperf -s -u >/dev/null 2>&1 &
udp=$!
trap 'kill $tcp $udp 2>/dev/null || :' EXIT

for mtu in 1500 9000; do
	ip link set eth0 mtu $mtu
	ip netns exec src ip link set peer0 mtu $mtu
	wait_for 10 link_up eth0 || :
	wait_for 10 ping -c 1 -W 1 10.0.0.1 >/dev/null
	begin_count eth0
	ip netns exec src timeout -s KILL 20 iperf -c 10.0.0.2 -t 2 >/dev/null 2>&1 || :
	account "TCP, MTU $mtu"
	begin_count eth0
	flood 0 2 $((mtu - 100))
	account "UDP, MTU $mtu"
done
ip link set eth0 mtu 1500
ip netns exec src ip link set peer0 mtu 1500
wait_for 10 link_up eth0 || :

# TX going on at the same time: polls that only clean must not count as full
begin_count eth0
timeout -s KILL 20 iperf -c 10.0.0.1 -t 1 >/dev/null 2>&1 || :
ip netns exec src iperf -s >/dev/null 2>&1 &
srv=$!
wait_for 10 listens 5001
timeout -s KILL 20 iperf -c 10.0.0.1 -t 5 >/dev/null 2>&1 || :
kill $srv 2>/dev/null || :
account "sending TCP"
check "sent packets are counted" [ "$(head_sums $snap tx_per_poll | cut -d ' ' -f 2)" -gt 100 ]

for weight in 1 2 7 60; do
	echo $weight >$debug/eth0/weight
	begin_count eth0
	flood 0 2
	account "weight $weight"
	check "weight $weight: no poll took more ($(hist_max eth0/rx_per_poll))" \
		[ "$(hist_max eth0/rx_per_poll)" -le $weight ]
done
check "whole-budget polls were seen" [ "$(count_of eth0/counters polls_whole_budget)" -gt 0 ]

# Live changes under traffic: exact to the end, nothing above the weight in force
echo 64 >$debug/eth0/weight
begin_count eth0
flood 0 6 &
f=$!
above=0
for weight in 50 3 40 2 30 1 20 5; do
	case $((weight % 2)) in
	0) echo $weight >$debug/eth0/weight ;;
	*) ethtool -C eth0 rx-frames-irq $weight ;;
	esac
	mark eth0
	sleep 0.4
	[ "$(hist_max eth0/rx_per_poll)" -le $weight ] || above=$((above + 1))
done
kill -0 $f 2>/dev/null && echo "# traffic was still on"
wait $f || :
is "live changes: no poll above the weight in force" $above 0
wait_for 10 still eth0 || :
wait_for 10 counted_at_rest eth0 || :
is "live changes: every packet counted" "$counted" "$rx1"

# Interrupts: ours against the kernel's own count of the line, both at rest
line=$(cat /sys/class/net/eth0/device/irq)
kernel_irqs() { awk -v l="$line:" '$1 == l { print $2 + $3 }' /proc/interrupts; }
our_irqs() { awk '$1 == "irqs" || $1 == "irqs_not_ours" { n += $2 } END { print n }' "$debug/eth0/counters"; }
both_irqs() {
	ours=$(our_irqs)
	kernel=$(kernel_irqs)
	[ "$(our_irqs)" = "$ours" ]
}
wait_for 5 both_irqs
o0=$ours k0=$kernel
flood 0 1
wait_for 10 still eth0 || :
wait_for 5 both_irqs
is "interrupts agree with /proc/interrupts" $((ours - o0)) $((kernel - k0))
take_snapshot eth0 $snap
a=$(head_sums $snap polls_per_irq) b=$(head_sums $snap rx_per_irq)
is "polls_per_irq and rx_per_irq count the same interrupts" "${a% *}" "${b% *}"

# a poll between two reads makes them differ: both again then
polls() { awk '$1 == "polls" { print $2 }' "$1"; }
snapshot_and_file() {
	_one_moment eth0 "$snap" || return 1
	grep -v '^#' "$debug/eth0/tx_per_poll" >/tmp/file
	[ "$(polls "$snap")" = "$(polls "$debug/eth0/counters")" ]
}
wait_for 10 snapshot_and_file || echo "# eth0 never rests"
is "a snapshot has all histograms" "$(grep -c '^# histogram' $snap)" 6
is "and the rows of the file" "$(rows $snap tx_per_poll)" "$(cat /tmp/file)"

# Nothing begins again: histograms and counters are of the same polls since load
all_polls() {
	cat "$debug/eth0/counters" >"$snap"
	[ "$(polls "$snap")" = "$(count_of eth0/rx_per_poll count)" ]
}
check "the histograms have all polls since load" wait_for 10 all_polls
ip link set eth0 down
ip link set eth0 up
wait_for 10 link_up eth0
check "and keep them when the device goes down" [ "$(count_of eth0/rx_per_poll count)" -ge "$(polls $snap)" ]

# ethtool -S is the same account
ethtool_and_file() {
	cat "$debug/eth0/counters" >"$snap"
	ethtool -S eth0 >/tmp/ethtool
	[ "$(polls "$snap")" = "$(polls "$debug/eth0/counters")" ]
}
wait_for 10 ethtool_and_file || echo "# eth0 never rests"
for c in rx_packets polls_whole_budget polls_tx_unfinished; do
	is "ethtool -S napi_$c" "$(sed -n "s/^ *napi_$c: //p" /tmp/ethtool)" "$(awk -v c=$c '$1 == c { print $2 }' $snap)"
done

$top/lab/net.sh down 0
finish
