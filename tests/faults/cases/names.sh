#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Renames and moves between namespaces in a loop, two devices changing names, the files
# being read by every name.
# Boot: three
# Takes: 56 s
set -eu
# shellcheck source=tests/faults/lib.sh
. "${0%/*}/../lib.sh"

prepare
hold_on
ip netns add other
other=$(address eth1)
by_name() { cat "$debug"/*/snapshot "$debug"/*/weight >/dev/null 2>&1 || :; }
in_background until_time "$(few 10 30)" by_name
dance() {
	ip link set eth0 down
	ip link set eth0 name tmp0
	ip link set eth1 name eth0
	ip link set tmp0 netns other
	ip -n other link set tmp0 name eth0
	ip -n other link set eth0 name back0
	ip -n other link set back0 netns 1
	ip link set eth0 name eth1
	ip link set back0 name eth0
}
until_time "$(few 10 30)" dance
all_back "the readers by name came to their end"
is "each name leads to its device" "$(readlink $debug/eth0) $(readlink $debug/eth1)" "$pci $other"
is "and no other is left" "$(find $debug -type l | wc -l)" 3
ip netns del other
"$top/lab/net.sh" up 0
traffic_on
sleep 1
holds
finish
