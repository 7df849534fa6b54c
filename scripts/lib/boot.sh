#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Run by systemd at a boot, for a NIC that enable.sh was called for: loads the driver, says
# that it is ready, and watches whether the network comes up. Stock e1000 gets the NIC back
# if it does not; the unit has failed then, and its log has the reason.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=scripts/lib/nic.sh
. "$here/lib/nic.sh"
# shellcheck source=scripts/lib/nic-reach.sh
. "$here/lib/nic-reach.sh"
# shellcheck source=scripts/lib/handover.sh
. "$here/lib/handover.sh"
# shellcheck source=scripts/lib/enabled.sh
. "$here/lib/enabled.sh"

usage() {
	cat <<-END
		usage: boot.sh MAC
		Hand the NIC with this hardware address to e1000_napi, as /etc/e1000_napi/MAC says,
		and give it back if link or gateway do not come. The unit that $(how_to enable)
		makes runs it; there is no need to do so by hand.
	END
}

# tell TEXT: set the text that systemctl status shows
tell() {
	[ -z "${NOTIFY_SOCKET-}" ] || systemd-notify ${ready:+--ready} --status="$1" || :
	ready=''
}

found_nic() { pci=$(nic_of "$mac"); }

# network_begun: the network managers have started
network_begun() { [ -z "${NOTIFY_SOCKET-}" ] || systemctl -q is-active network.target; }

# network_is_there: sets $why while it is not
network_is_there() {
	local gateways
	name=$(pci_netdev "$pci")
	why="it is down"
	[ $(($(first_line "$SYS/class/net/$name/flags") & 1)) = 1 ] || return 1
	why="there is no link"
	has_carrier "$name" || return 1
	gateways=$(peers_over "$name" | sed -n 's/^default //p')
	why="no default route goes over it, as one did when it was enabled"
	[ -n "$gateways" ] || [ "$gateway" = 0 ] || return 1
	why="no gateway answers: $(printf '%s' "$gateways" | cut -d ' ' -f 1 | xargs)"
	[ -z "$gateways" ] || printf '%s\n' "$gateways" | while read -r address dev; do
		[ "$address" != - ] && ! answers "$address" "$dev" || exit 9
	done || return 0
	[ -z "$gateways" ]
}

case ${1:-} in
-h | --help)
	usage
	exit 0
	;;
esac
if [ $# -ne 1 ] || ! is_mac "$1"; then
	usage_error "a hardware address is needed"
fi
mac=$1
need_root
need_tools
is_own_path "$ENABLED/$mac" ||
	die "$ENABLED/$mac, or a folder above it, belongs to, or can be written by, another user; it is ignored"
words=$(state_word "$ENABLED/$mac" arguments)
timeout=$(state_word "$ENABLED/$mac" timeout)
gateway=$(state_word "$ENABLED/$mac" gateway)
case $words in *[!A-Za-z0-9_=,.+\ -]*) die "$ENABLED/$mac: arguments that e1000-napi enable does not write; run it again" ;; esac
is_uint "$timeout" || timeout=120
ready=1 why=''
wait_for 30 found_nic ||
	die "no NIC of e1000 with the hardware address $mac came within 30 s; if it is gone: $(how_to disable "$mac")"
# wait for udev's name: load.sh keeps the name that it finds
! command -v udevadm >/dev/null || udevadm settle --timeout=30 || :
# retry once: another NIC may hold the lock longer than load.sh waits
# shellcheck disable=SC2086 # words
sh "$here/load.sh" "$pci" $words --yes || sh "$here/load.sh" "$pci" $words --yes ||
	die "e1000_napi did not get $mac; e1000 has it, see above for the reason"
tell "e1000_napi has $(pci_netdev "$pci"); waiting for its network"
# network managers start after this unit is ready, and on a slow machine later than the timeout
managers=$(($(uptime_now) + 300))
until network_begun || [ "$(uptime_now)" -ge "$managers" ]; do
	sleep 1
done
end=$(($(uptime_now) + timeout))
until network_is_there; do
	if [ "$(uptime_now)" -ge "$end" ]; then
		# the NIC is not in use, so nothing can fail
		[ "$why" != "it is down" ] || [ "$gateway" = 1 ] || break
		log "$name: $why, $timeout s after the network managers started: putting e1000 back"
		sh "$here/restore.sh" "$pci" || :
		tell "e1000 has $name again: with e1000_napi $why $timeout s after the network managers started"
		exit "$EXIT_FAIL"
	fi
	sleep 1
done
tell "e1000_napi has $name"
log "$name: e1000_napi has it, and its network is there"
