#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Shared by enable.sh, disable.sh and boot.sh: which NICs e1000_napi gets at a boot.
# Source it after nic.sh.
#
# /etc/e1000_napi/MAC         a NIC by its permanent hardware address;
#                             lines "arguments WORD…", "timeout S", "gateway 0|1"
# e1000-napi@.service         runs boot.sh MAC, before the network comes up
# shellcheck disable=SC2034 # used by those that source this

# A prefix for tests
ROOT=${E1000_NAPI_ROOT:-}
ENABLED=$ROOT/etc/e1000_napi
UNIT=e1000-napi@.service

is_mac() {
	case $1 in
	??:??:??:??:??:??) ;;
	*) return 1 ;;
	esac
	case $1 in
	*[!0-9a-f:]*) return 1 ;;
	esac
}

# nic_of MAC: the PCI address of the e1000 or e1000_napi NIC with this hardware address
nic_of() {
	local net
	for net in "$SYS"/class/net/*/device; do
		case $(link_target "$net/driver" 2>/dev/null) in
		e1000 | e1000_napi) ;;
		*) continue ;;
		esac
		net=${net%/device}
		if [ "$(permanent_address "${net##*/}")" = "$1" ]; then
			link_target "$net/device"
			return
		fi
	done
	return 1
}

# enabled_macs: the hardware addresses that were enabled
enabled_macs() {
	local file
	for file in "$ENABLED"/*; do
		! is_mac "${file##*/}" || printf '%s\n' "${file##*/}"
	done
}

systemd() { systemctl -q ${ROOT:+--root="$ROOT"} "$@"; }

# systemd_reload: make systemd read its units again, if it runs
systemd_reload() { [ -n "$ROOT" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload; }
