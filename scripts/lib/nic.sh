#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Facts about network interfaces and the PCI devices under them. Source it
# after common.sh.

# A prefix, so that tests can use a made-up /sys
SYS=${E1000_NAPI_SYS:-/sys}

# need_tools: sets $napinic, which reads what ip and ethtool print. busybox's shell prefers its own
# ip, whatever PATH says, and that ip lacks what we need
need_tools() {
	# shellcheck disable=SC2034 # for those that source this
	napinic=$(tool napinic) || exit "$EXIT_FAIL"
	need ethtool
	for ip_program in $(printf '%s\n' "$PATH" | tr : ' '); do
		ip_program=$ip_program/ip
		case $("$ip_program" -V 2>/dev/null) in
		*iproute2*) return 0 ;;
		esac
	done
	die "ip is missing; on Debian: apt-get install iproute2"
}

ip() { "$ip_program" "$@"; }

# is_ifname WORD: a name that the kernel accepts and that cannot be an option
# or a path
is_ifname() {
	case $1 in
	'' | -* | . | .. | */* | *:* | *[[:space:]]* | ????????????????*) return 1 ;;
	esac
}

# weight_of IF: by ethtool, as lockdown forbids the file in debugfs
weight_of() { ethtool -c "$1" | sed -n 's/^rx-frames-irq:[[:space:]]*//p'; }

# is_altname WORD: the same for one of the longer names that ip link property adds
is_altname() {
	case $1 in
	'' | -* | . | .. | */* | *[[:space:]]*) return 1 ;;
	esac
	[ "${#1}" -lt 128 ]
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

# link_target PATH: the last part of a symbolic link's target
link_target() {
	local target
	target=$(readlink "$1") || return 1
	printf '%s\n' "${target##*/}"
}

# first_line FILE: the shell's read takes single bytes, and gets only the first one
# from /proc/sys
first_line() { head -n 1 "$1" 2>/dev/null; }

# permanent_address IF: the NIC's own address, whatever was set since
permanent_address() {
	local mac=''
	# a made-up NIC may have the name of a real one
	[ "$SYS" != /sys ] || mac=$(ethtool -P "$1" 2>/dev/null | sed -n 's/^Permanent address: \(..:..:..:..:..:..\)$/\1/p')
	case $mac in
	'' | 00:00:00:00:00:00) first_line "$SYS/class/net/$1/address" ;;
	*) printf '%s\n' "$mac" ;;
	esac
}

has_carrier() { [ "$(first_line "$SYS/class/net/$1/carrier")" = 1 ]; }

pci_driver() { link_target "$SYS/bus/pci/devices/$1/driver" 2>/dev/null || :; }

# pci_netdev PCI: the name of its network interface, empty if it has none
pci_netdev() {
	local net
	for net in "$SYS/bus/pci/devices/$1/net"/*; do
		[ -e "$net" ] && printf '%s\n' "${net##*/}"
	done
	return 0
}
