#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# ip's output for a NIC with every kind of configuration: the files beside this one.
#
# lab/boot.sh --no-module --nic e1000 --nic e1000-82545em --share DIR -- sh tests/unit/napinic/capture.sh
# writes those of the guest's own ip to DIR, and those of another release whose ip,
# ld-linux-x86-64.so.2 and libraries are in DIR/ip (Debian 13's are).
set -eu
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
# shellcheck source=tests/guest/common/nic.sh
. tests/guest/common/nic.sh

modprobe e1000
wait_for 10 test -e /sys/class/net/eth1
"$top/lab/net.sh" up 0
dress 0
ip addr add fd00:9:0::3/64 dev eth0 nodad valid_lft 5000 preferred_lft 4000 mngtmpaddr
ip route add 10.30.0.0/16 via 10.9.0.1 dev eth0 mtu 1400 advmss 1300 rtt 100ms rto_min 200ms \
	congctl cubic features ecn hoplimit 9 initcwnd 20 quickack 1 realms 5/6
ip route add 10.31.0.0/16 via inet6 fe80::1 dev eth0
ip route add 10.32.0.0/16 tos 0x10 via 10.9.0.1 dev eth0
ip route add 10.34.0.0/16 encap ip id 3 dst 10.9.0.9 dev eth0
ip route add 10.35.0.0/16 table 77 mtu lock 1200 nexthop via 10.9.0.1 dev eth0 weight 2 \
	nexthop via inet6 fe80::2 dev eth0 onlink
ip -6 route add fd00:97::/64 via fd00:9:0::9 dev eth0 expires 1000 pref high
ip -6 route add fd00:96::/64 from fd00:9::/64 via fd00:9:0::9 dev eth0

capture() { # capture COMMAND…: by this ip
	_version=$("$@" -V 2>/dev/null | sed 's/.*iproute2-\([0-9]*\.[0-9]*\).*/\1/')
	"$@" -json -details address show >"/share/address-$_version.json"
	"$@" -json -details neigh show nud permanent >"/share/neigh-$_version.json"
	"$@" -json -details neigh show proxy >"/share/proxy-$_version.json"
	for _family in 4 6; do
		"$@" -json -details "-$_family" route show table all >"/share/route$_family-$_version.json"
		"$@" -details -oneline "-$_family" route show table all >"/share/route$_family-$_version.txt"
	done
}
capture ip
if [ -d /share/ip ]; then
	capture /share/ip/ld-linux-x86-64.so.2 --library-path /share/ip /share/ip/ip
fi
