#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Facts about network interfaces and the PCI devices under them. Source it
# after common.sh.

# A prefix for tests, so that they can bring a made-up /sys
SYS=${E1000_NAPI_SYS:-/sys}

# need_tools: busybox has an ip too, one that can do too little, and its shell
# takes that whatever PATH says
need_tools() {
	need ethtool
	for _ip in $(printf '%s\n' "$PATH:/usr/sbin:/sbin" | tr : ' '); do
		_ip=$_ip/ip
		case $("$_ip" -V 2>/dev/null) in
		*iproute2*) return 0 ;;
		esac
	done
	die "ip is missing; on Debian: apt-get install iproute2"
}

ip() { "$_ip" "$@"; }

# is_ifname WORD: what the kernel takes as a name, without what could be an
# option or a path
is_ifname() {
	case $1 in
	'' | -* | . | .. | */* | *:* | *[[:space:]]* | ????????????????*) return 1 ;;
	esac
}

is_pci_address() {
	case $1 in
	????:??:??.[0-7]) ;;
	*) return 1 ;;
	esac
	case $1 in
	*[!0-9a-f:.]*) return 1 ;;
	esac
}

# link_target PATH: the last part of where a symbolic link points to
link_target() {
	_target=$(readlink "$1") || return 1
	printf '%s\n' "${_target##*/}"
}

# first_line FILE: not by the shell's read, which takes single bytes and gets only
# the first one out of /proc/sys
first_line() { head -n 1 "$1" 2>/dev/null; }

pci_driver() { link_target "$SYS/bus/pci/devices/$1/driver" 2>/dev/null || :; }

# pci_netdev PCI: the name of its network interface, nothing when it has none
pci_netdev() {
	for _net in "$SYS/bus/pci/devices/$1/net"/*; do
		[ -e "$_net" ] && printf '%s\n' "${_net##*/}"
	done
	return 0
}

# netdev_kind IF: vlan, bridge, bond, … as the kernel calls it
netdev_kind() {
	_kind=$(sed -n 's/^DEVTYPE=//p' "$SYS/class/net/$1/uevent")
	[ -n "$_kind" ] ||
		_kind=$(ip -d -o link show dev "$1" | sed -n 's/.* \(vrf\) table .*/\1/p')
	printf '%s\n' "${_kind:-unknown}"
}

# nic_tree IF: IF, then the VLANs on top of it, each after what it stands on
nic_tree() {
	printf '%s\n' "$1"
	for _upper in "$SYS/class/net/$1"/upper_*; do
		[ -e "$_upper" ] || continue
		_upper=${_upper##*/upper_}
		if [ "$(netdev_kind "$_upper")" = vlan ]; then
			nic_tree "$_upper"
		fi
	done
}

# nic_obstacle IF: says what would be lost for good with the network device of
# IF, and is silent when all of it can be brought back
nic_obstacle() {
	if _first=$(readlink /proc/1/ns/net) && [ "$(readlink /proc/self/ns/net)" != "$_first" ]; then
		echo "this shell is in a network namespace of its own, and a driver's interface starts in the first one; run this there"
		return
	fi
	for _dev in $(nic_tree "$1"); do
		_master=$(link_target "$SYS/class/net/$_dev/master" 2>/dev/null) || _master=
		for _upper in "$SYS/class/net/$_dev"/upper_*; do
			[ -e "$_upper" ] || continue
			_upper=${_upper##*/upper_}
			_kind=$(netdev_kind "$_upper")
			case $_kind in
			vlan) continue ;;
			bridge | bond | vrf) [ "$_upper" = "$_master" ] && continue ;;
			esac
			echo "$_upper ($_kind) stands on $_dev and could not be brought back; remove it first"
			return
		done
		if [ -n "$_master" ] &&
			[ "$(first_line "$SYS/class/net/$_master/bridge/vlan_filtering")" = 1 ]; then
			echo "the bridge $_master filters VLANs, and the list of $_dev could not be brought back; take $_dev out of it first"
			return
		fi
		_tunnel=$(ip -d -o link show | awk -v dev="$_dev" '
			{ for (i = 4; i < NF; i++) if ($i == "dev" && $(i + 1) == dev) { sub(/[@:].*/, "", $2); print $2; exit } }')
		if [ -n "$_tunnel" ]; then
			echo "the tunnel $_tunnel runs over $_dev and could not be brought back; remove it first"
			return
		fi
		if ip -o link show dev "$_dev" | grep -q ' prog/xdp'; then
			echo "an XDP program is attached to $_dev and could not be brought back; detach it first (ip link set dev $_dev xdp off)"
			return
		fi
		if [ -n "$(ip nexthop show dev "$_dev" 2>/dev/null)" ]; then
			echo "$_dev has nexthop objects (ip nexthop show dev $_dev) that could not be brought back; remove them first"
			return
		fi
	done
}

# ethtool_pairs OPT IF: "name value name value…" in the words that
# `ethtool -OPT IF` takes; nothing when the driver has no such settings
ethtool_pairs() {
	case $1 in
	K) _show=-k ;;
	G) _show=-g ;;
	A) _show=-a ;;
	C) _show=-c ;;
	s) _show= ;;
	esac
	# shellcheck disable=SC2086 # no option is no word
	ethtool $_show "$2" 2>/dev/null | awk -v opt="$1" '
		function pair(name, value) { out = out " " name " " value }
		{ value = $NF; key = $0; sub(/^[ \t]+/, "", key); sub(/:.*/, "", key) }
		opt == "K" && /: (on|off)/ && !/\[fixed\]/ {
			pair(key, /\[requested on\]/ ? "on" : /\[requested off\]/ ? "off" : $2)
		}
		opt == "G" && /^Current/ { current = 1 }
		opt == "G" && current && /^(RX|TX):/ && value ~ /^[0-9]+$/ { pair(tolower(key), value) }
		opt == "A" && /^Autonegotiate:/ { pair("autoneg", value) }
		opt == "A" && /^(RX|TX):/ { pair(tolower(key), value) }
		# the weight (rx-frames-irq) belongs to one driver only
		opt == "C" && /^[a-z-]+:/ && value ~ /^[0-9]+$/ && key != "rx-frames-irq" { pair(key, value) }
		opt == "s" && key == "Speed" { speed = value + 0 }
		opt == "s" && key == "Duplex" { duplex = tolower(value) }
		opt == "s" && key == "Auto-negotiation" { autoneg = value }
		opt == "s" && key == "Wake-on" { pair("wol", value) }
		END {
			if (autoneg == "on")
				pair("autoneg", "on")
			else if (autoneg == "off" && speed)
				pair("autoneg off speed " speed " duplex", duplex)
			print substr(out, 2)
		}'
}
