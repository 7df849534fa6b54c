#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# load.sh and restore.sh: one NIC goes to e1000_napi and back, and nothing else
# of it changes.
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/guest/common/nic.sh
. "${0%/*}/common/nic.sh"

load=$top/scripts/load.sh
restore=$top/scripts/restore.sh
driver() { basename "$(readlink "/sys/class/net/$1/device/driver")"; }
says() { # says TEXT STATUS COMMAND…: ends with STATUS and says TEXT
	_text=$1 _status=$2 _got=0
	shift 2
	"$@" >/tmp/said 2>&1 || _got=$?
	if [ "$_got" != "$_status" ] || ! grep -q "$_text" /tmp/said; then
		sed "s/^/# status $_got: /" /tmp/said
		return 1
	fi
}

modprobe e1000
wait_for 10 test -e /sys/class/net/eth1
"$top/scripts/lab/net.sh" up 0

wait_for 5 settled

echo "# a plain NIC"
picture eth0 >/tmp/before
other=$(cat /sys/class/net/eth1/ifindex)
check "a bad weight is refused" says "not a number from 1 to 4096" 2 "$load" eth0 weight=4097
check "an unknown parameter is refused" says "has no parameter nosuch" 1 "$load" eth0 nosuch=1
check "something else is refused" says "is not a PCI device" 1 "$load" lo
check "another driver's NIC is refused" says "not a PCI device" 1 "$load" peer1
check "a module that is not there" says "there is no file" 1 "$load" eth0 --module /tmp/none.ko
check "a dry run" says "would be handing" 0 "$load" eth0 weight=60 --dry-run
check "a wrong module is refused" says "is not e1000_napi" 1 "$load" eth0 --module \
	"$(find "/lib/modules/$(uname -r)" -name dummy.ko)"
rmmod dummy
is "still stock" "$(driver eth0)" e1000
picture eth0 >/tmp/after
same "and nothing changed" /tmp/before /tmp/after
check "load" "$load" eth0 weight=60 timing=1
is "the driver" "$(driver eth0)" e1000_napi
is "the weight" "$(cat $debug/eth0/weight)" 60
is "the parameter" "$(cat $params/timing)" 1
picture eth0 >/tmp/after
same "nothing else changed" /tmp/before /tmp/after
is "no other NIC was touched" "$(driver eth1) $(cat /sys/class/net/eth1/ifindex)" "e1000 $other"
check "packets pass" ping -c 1 -W 5 10.0.0.1
check "again: it says so" says "has it already, weight 60" 0 "$load" eth0
check "a live weight" says "weight 7" 0 "$load" eth0 weight=7
is "is there" "$(cat $debug/eth0/weight)" 7
check "a live parameter" "$load" eth0 timing=0
is "is there too" "$(cat $params/timing)" 0
check "one for load time only is refused" says "only when it gets loaded" 1 "$load" eth0 debug=1
check "a list too" says "only when it gets loaded" 1 "$load" eth0 weight=1,2
ip addr add 10.77.0.1/24 dev eth0
picture eth0 >/tmp/before
check "restore" "$restore" eth0
is "stock again" "$(driver eth0)" e1000
is "no override is left" "$(cat /sys/class/net/eth0/device/driver_override)" "(null)"
picture eth0 >/tmp/after
same "as it was configured last" /tmp/before /tmp/after
check "the module is gone" refused test -d /sys/module/e1000_napi
check "packets pass" ping -c 1 -W 5 10.0.0.1
check "restore again does nothing" says "nothing to undo" 0 "$restore" eth0

echo "# a NIC with everything on it, by PCI address, with busybox's shell"
dress 1
tree=$_tree
# shellcheck disable=SC2086 # names
picture $tree >/tmp/before
pci=$(basename "$(readlink /sys/class/net/eth1/device)")
check "load" busybox ash "$load" "$pci"
is "the driver" "$(driver eth1)" e1000_napi
# shellcheck disable=SC2086
picture $tree >/tmp/after
same "nothing else changed" /tmp/before /tmp/after
check "load another" "$load" eth0 weight=5
is "each has its own weight" "$(cat $debug/eth0/weight) $(cat $debug/eth1/weight)" "5 64"
check "restore" busybox ash "$restore" "$pci"
# shellcheck disable=SC2086
picture $tree >/tmp/after
same "nothing changed on the way back" /tmp/before /tmp/after
is "the other one stays" "$(driver eth0)" e1000_napi
picture eth0 >/tmp/before
rmmod e1000_napi
check "the module removed by hand: restore by a name that is gone" "$restore" eth0
is "stock has it" "$(driver eth0)" e1000
picture eth0 >/tmp/after
same "as before" /tmp/before /tmp/after
undress 1

echo "# what cannot come back is refused before anything is touched"
ip link add link eth1 name mac9 type macvlan
check "macvlan" says "mac9 (.*) stands on eth1" 1 "$load" eth1
ip link del dev mac9
ip nexthop add id 9 dev eth1
check "nexthop objects" says "nexthop objects" 1 "$load" eth1
ip nexthop del id 9
ip netns add elsewhere
ip link set dev eth1 netns elsewhere
check "another namespace" says "in another network namespace" 1 "$load" "$pci"
ip -n elsewhere link set dev eth1 netns 1
ip netns del elsewhere
is "stock has it all the time" "$(driver eth1)" e1000

echo "# the NIC that somebody's network goes over"
ip route add default via 10.0.0.1
check "the default route wants --yes" says "the default route goes over eth0" 1 "$load" eth0
is "nothing happened" "$(driver eth0)" e1000
check "with --yes" "$load" eth0 --yes
is "the driver" "$(driver eth0)" e1000_napi
check "no watchdog stays armed" refused sh -c 'ls /run/e1000_napi/*.watchdog'
"$restore" eth0
ip route del default
check "an ssh session wants --yes" says "this ssh session goes over eth0" 1 \
	env SSH_CONNECTION="10.0.0.1 1 10.0.0.2 22" "$load" eth0
ip route add default via 10.0.0.1
picture eth0 >/tmp/before
# the gateway dies as soon as the module is there
(wait_for 30 test -d /sys/module/e1000_napi && ip -n src link set peer0 down) &
check "the network does not come back" says "did not come back within 8 s" 1 "$load" eth0 --yes --timeout 8
is "stock has it again" "$(driver eth0)" e1000
ip -n src link set peer0 up
wait_for 20 link_up eth0
picture eth0 >/tmp/after
same "with everything" /tmp/before /tmp/after
wait_for 3 ping -c 1 -W 1 10.0.0.1 >/dev/null
"$load" eth0 --yes 2>/dev/null &
pid=$!
bound() { [ "$(driver eth0 2>/dev/null)" = e1000_napi ]; }
wait_for 30 bound
kill -9 $pid
wait $pid || :
stock() { [ "$(driver eth0)" = e1000 ] && [ "$(ls /run/e1000_napi)" = watchdog.log ]; }
check "load.sh killed: the watchdog puts stock back" wait_for 40 stock
picture eth0 >/tmp/after
same "with everything" /tmp/before /tmp/after

ip route del default
"$top/scripts/lab/net.sh" down
rmmod e1000
finish
