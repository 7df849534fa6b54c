#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The files follow the device: names, namespaces, resets, two NICs, unloading.
# Takes: 85 s
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"

insmod $ko weight=5,50
pci=$(basename "$(readlink -f /sys/class/net/eth0/device)")

is "the symlink leads to the PCI address" "$(readlink $debug/eth0)" "$pci"
for f in weight rx_per_poll tx_per_poll polls_per_irq rx_per_irq poll_ns irq_to_poll_ns counters snapshot; do
	check "$f is there" [ -e "$debug/$pci/$f" ]
done
is "the format's first line" "$(sed 1q $debug/eth0/rx_per_poll)" "# e1000_napi 2 rx_per_poll"

ip link set eth0 name wan0
is "a rename moves the symlink" "$(readlink $debug/wan0)" "$pci"
check "the old name is gone" [ ! -e $debug/eth0 ]
check "the head has the new name" grep -q "^# device $pci wan0$" $debug/wan0/counters
ip link set wan0 name eth0

ip netns add other
ip link set eth0 netns other
is "moved to a namespace, the link is there" "$(readlink $debug/eth0)" "$pci"
ip netns exec other ip link set eth0 name inner0
is "and follows renames there" "$(readlink $debug/inner0)" "$pci"
ip netns exec other ip link set inner0 name eth0
ip netns exec other ip link set eth0 netns 1
is "moved back" "$(readlink $debug/eth0)" "$pci"
ip netns del other

$top/lab/net.sh up 0
$top/lab/net.sh up 1
iperf -s -u >/dev/null 2>&1 &
udp=$!
trap 'kill $udp 2>/dev/null || :' EXIT
is "two NICs, two weights: first" "$(cat $debug/eth0/weight)" 5
is "two NICs, two weights: second" "$(cat $debug/eth1/weight)" 50
flood 0 3 &
a=$!
flood 1 3 &
b=$!
wait $a $b || :
check "the first keeps to its weight" [ "$(hist_max eth0/rx_per_poll)" -le 5 ]
check "the second to its own ($(hist_max eth1/rx_per_poll))" [ "$(hist_max eth1/rx_per_poll)" -gt 5 ]

works() { ping -c 1 -W 1 10.0.0.1 >/dev/null; }
all_counted() { # the counters against the device, from load to now
	wait_for 10 still eth0 || :
	wait_for 10 counted_at_rest eth0 || :
	is "$1: every packet is counted" "$counted" "$rx1"
	is "$1: the weight stays" "$(cat $debug/eth0/weight)" 5
}

disturb() { # disturb NAME COMMAND…: under traffic, and it works after
	_name=$1
	shift
	flood 0 3 &
	_f=$!
	sleep 0.5
	check "$_name" "$@"
	wait $_f || :
	check "$_name: traffic comes back" wait_for 15 works
	all_counted "$_name"
}
updown() { ip link set eth0 down && sleep 0.2 && ip link set eth0 up && ip addr replace 10.0.0.2/24 dev eth0; }
disturb "up and down" updown
disturb "ethtool -r" ethtool -r eth0
disturb "ethtool -G" ethtool -G eth0 rx 128 tx 128
disturb "ethtool -K" ethtool -K eth0 rx off tso off gro off
# the test's own loopback frames pass the rings while the device is closed
flood 0 1
ethtool -t eth0 offline >/tmp/selftest || :
check "ethtool -t ran" grep -q "Register test" /tmp/selftest
check "ethtool -t: traffic comes back" wait_for 15 works
all_counted "ethtool -t"

flood 0 5 &
f=$!
sleep 0.5
check "unload under traffic" timeout 20 rmmod e1000_napi
check "nothing is left in debugfs" [ ! -e $debug ]
wait $f || :

$top/lab/net.sh down 0
$top/lab/net.sh down 1

# Stock e1000 beside ours: it takes the devices, one is handed over by hand
modprobe e1000
is "stock e1000 has them" "$(ethtool -i eth0 | sed -n 's/^driver: //p')" e1000
insmod $ko weight=9
check "ours takes none by itself" refused ls $debug
echo e1000_napi >/sys/bus/pci/devices/"$pci"/driver_override
echo "$pci" >/sys/bus/pci/drivers/e1000/unbind
echo "$pci" >/sys/bus/pci/drivers_probe
is "one device is ours" "$(basename "$(readlink /sys/bus/pci/devices/"$pci"/driver)")" e1000_napi
is "the other stays with stock" "$(ethtool -i eth1 | sed -n 's/^driver: //p')" e1000
is "with our weight" "$(cat "$debug/$pci/weight")" 9
rmmod e1000_napi
echo >/sys/bus/pci/devices/"$pci"/driver_override
rmmod e1000
finish
