#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Peers reached over a NIC, and whether they still answer. Source it after nic.sh, whose
# need_tools finds $napinic.
# shellcheck disable=SC2154 # that

# ssh_peer: the client of the ssh session that this runs in, also under sudo,
# which hides SSH_CONNECTION
ssh_peer() {
	local peer pid=$$
	while [ "${pid:-0}" -gt 1 ]; do
		peer=$({ tr '\0' '\n' <"/proc/$pid/environ"; } 2>/dev/null |
			sed -n 's/^SSH_CONNECTION=//p')
		if [ -n "$peer" ]; then
			printf '%s\n' "${peer%% *}"
			return
		fi
		pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null) || return 0
	done
}

# peers_over IF: "default|ssh ADDRESS DEVICE" for the gateways of default routes
# and the ssh peer that are reached over IF; ADDRESS is - for one on the link
peers_over() { "$napinic" peers "$1" "$(ssh_peer)"; }

# answers ADDRESS DEVICE: it answers a ping, or at least ARP or neighbour
# discovery
answers() {
	local six=''
	case $1 in
	*:*) six=-6 ;;
	esac
	# shellcheck disable=SC2086 # no option, no word
	ping $six -c 1 -W 1 -I "$2" "$1" >/dev/null 2>&1 && return
	"$napinic" neighbour "$1" "$2"
}

# all_answer "ADDRESS DEVICE" LINES
all_answer() {
	local address dev
	while read -r address dev; do
		answers "$address" "$dev" || return 1
	done <<-END
		$1
	END
}
