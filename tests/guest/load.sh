#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# One NIC goes to e1000_napi and back, with nothing else of it changed: load.sh and
# restore.sh.
# Boot: own
# Short: no
# Takes: 2400 s
# Limit: 5400 s
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/guest/common/nic.sh
. "${0%/*}/common/nic.sh"

load=$top/scripts/load.sh
restore=$top/scripts/restore.sh
left_over() { (cd /run/e1000_napi && echo *); }
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
"$top/lab/net.sh" up 0
dress 0
ip route add default via 10.0.0.1
tree=$_tree
# shellcheck disable=SC2086 # names
look() { picture $tree; }
look >/tmp/before

echo "# refused before anything is touched"
check "a bad weight" says "not a number from 1 to 4096" 2 "$load" eth0 weight=4097
check "something else" says "is not a PCI device" 1 "$load" lo
check "another driver's NIC" says "peer1 is driven by virtio_net, not by e1000" 1 "$load" peer1
check "the default route without --yes" says "the default route goes over eth0" 1 "$load" eth0
ip route del default
check "an ssh session without --yes" says "this ssh session goes over eth0" 1 \
	env SSH_CONNECTION="10.0.0.1 1 10.0.0.2 22" "$load" eth0
ip route add default via 10.0.0.1
check "an unknown parameter" says "has no parameter nosuch" 1 "$load" eth0 --yes nosuch=1
check "a module that is not there" says "there is no file" 1 "$load" eth0 --yes --module /tmp/none.ko
check "a wrong module" says "is not e1000_napi" 1 "$load" eth0 --yes --module \
	"$(find "/lib/modules/$(uname -r)" -name dummy.ko)"
rmmod dummy
check "a dry run tells" says "would be handing" 0 "$load" eth0 weight=60 --dry-run
ip link add link eth1 name mac9 type macvlan
check "a macvlan on top" says "mac9 (.*) stands on eth1" 1 "$load" eth1
ip link del dev mac9
ip link set dev eth1 up
ip nexthop add id 9 dev eth1
check "nexthop objects" says "nexthop objects" 1 "$load" eth1
ip nexthop del id 9
ip link set dev eth1 down
pci=$(basename "$(readlink /sys/class/net/eth1/device)")
ip netns add elsewhere
ip link set dev eth1 netns elsewhere
check "another namespace" says "in another network namespace" 1 "$load" "$pci"
ip -n elsewhere link set dev eth1 netns 1
ip netns del elsewhere
is "stock has both" "$(driver eth0) $(driver eth1)" "e1000 e1000"
look >/tmp/after
same "and nothing changed" /tmp/before /tmp/after

echo "# there and back, with everything on it"
other=$(cat /sys/class/net/eth1/ifindex)
start=$(uptime_now)
check "load" "$load" eth0 --yes --timeout 600 weight=60 timing=1
took=$(($(uptime_now) - start))
echo "# it took $took s"
is "the driver" "$(driver eth0)" e1000_napi
is "the weight" "$(cat $debug/eth0/weight)" 60
is "the parameter" "$(cat $params/timing)" 1
look >/tmp/after
same "nothing else changed" /tmp/before /tmp/after
is "no other NIC was touched" "$(driver eth1) $(cat /sys/class/net/eth1/ifindex)" "e1000 $other"
check "packets pass" ping -q -c 1 -W 5 10.0.0.1
check "no watchdog stays armed" refused sh -c 'ls /run/e1000_napi/*.watchdog'
check "again: it says so" says "has it already, weight 60" 0 "$load" eth0
check "a live weight" says "weight 7" 0 "$load" eth0 weight=7
is "is there" "$(cat $debug/eth0/weight)" 7
check "a live parameter" "$load" eth0 timing=0
is "is there too" "$(cat $params/timing)" 0
check "one for load time only is refused" says "only when it gets loaded" 1 "$load" eth0 debug=1
check "a list too" says "only when it gets loaded" 1 "$load" eth0 weight=1,2
check "another NIC, by its address, with busybox's shell" busybox ash "$load" "$pci" weight=5
is "each has its own weight" "$(cat $debug/eth0/weight) $(cat $debug/eth1/weight)" "7 5"
ip addr add 10.77.0.1/24 dev eth0
look >/tmp/before
check "restore one, with busybox's shell" busybox ash "$restore" eth0
is "stock again" "$(driver eth0)" e1000
is "no override is left" "$(cat /sys/class/net/eth0/device/driver_override)" "(null)"
look >/tmp/after
same "as it was configured last" /tmp/before /tmp/after
check "packets pass" ping -q -c 1 -W 5 10.0.0.1
is "the other one stays" "$(driver eth1)" e1000_napi
rmmod e1000_napi
check "the module removed by hand: restore by a name that is gone" "$restore" eth1
is "stock has it" "$(driver eth1)" e1000
check "restore again does nothing" says "nothing to undo" 0 "$restore" eth1
is "nothing is left over" "$(left_over)" "lock watchdog.log"
undress 0

echo "# the network does not come back"
wait_for 5 settled
picture eth0 >/tmp/before
# the gateway dies as soon as the module is loaded
(wait_for 30 test -d /sys/module/e1000_napi && ip -n src link set peer0 down) &
timeout=$((took > 8 ? took : 8))
check "load.sh gives up" says "did not come back within $timeout s" 1 "$load" eth0 --yes --timeout $timeout
is "stock has it again" "$(driver eth0)" e1000
ip -n src link set peer0 up
wait_for 20 link_up eth0
picture eth0 >/tmp/after
same "with everything" /tmp/before /tmp/after
wait_for 3 ping -q -c 1 -W 1 10.0.0.1
"$load" eth0 --yes --timeout 600 2>/dev/null &
pid=$!
bound() { [ "$(driver eth0 2>/dev/null)" = e1000_napi ]; }
wait_for 30 bound
kill -9 $pid
wait $pid || :
stock() { [ "$(driver eth0)" = e1000 ] && [ "$(left_over)" = "lock watchdog.log" ]; }
check "load.sh killed: the watchdog puts stock back" wait_for 40 stock
picture eth0 >/tmp/after
same "with everything" /tmp/before /tmp/after

ip route del default
"$top/lab/net.sh" down
rmmod e1000
finish
