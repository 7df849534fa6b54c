#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Who is reached over a NIC, and whether they still are. Source it after nic.sh.

# ssh_peer: where the ssh session comes from that this runs in, also under sudo,
# which hides SSH_CONNECTION
ssh_peer() {
	_pid=$$
	while [ "${_pid:-0}" -gt 1 ]; do
		_peer=$({ tr '\0' '\n' <"/proc/$_pid/environ"; } 2>/dev/null |
			sed -n 's/^SSH_CONNECTION=//p')
		if [ -n "$_peer" ]; then
			printf '%s\n' "${_peer%% *}"
			return
		fi
		_pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$_pid/status" 2>/dev/null) || return 0
	done
}

# nic_family IF: IF, its VLANs, and a bridge, bond or VRF it is in with its VLANs
nic_family() {
	for _dev in $(nic_tree "$1"); do
		printf '%s\n' "$_dev"
		if _master=$(link_target "$SYS/class/net/$_dev/master" 2>/dev/null); then
			nic_tree "$_master"
		fi
	done
}

# peers_over IF: "default|ssh ADDRESS DEVICE" for the gateways of default routes
# and the ssh peer that are reached over IF; ADDRESS is - for one on the link
peers_over() {
	# shellcheck disable=SC2046 # names hold no spaces
	_devs=$(printf '%s ' $(nic_family "$1"))
	{
		ip -4 -o route show default | sed 's/^/default /'
		ip -6 -o route show default | sed 's/^/default /'
		_peer=$(ssh_peer)
		case $_peer in
		'') ;;
		*%*) echo "ssh ${_peer%\%*} dev ${_peer#*%}" ;;
		*) ip -o route get "$_peer" 2>/dev/null | sed 's/^/ssh /' ;;
		esac
	} | awk -v devs="$_devs" '
		BEGIN { n = split(devs, list, " "); while (n) ours[list[n--]] }
		{
			who = $1 == "ssh" ? $2 : "-"
			for (i = 2; i < NF; i++) {
				if ($1 == "default" && $i == "via") who = $(i + ($(i + 1) == "inet6") + 1)
				if ($i == "dev" && $(i + 1) in ours) print $1, who, $(i + 1)
			}
		}' | sort -u
}

# answers ADDRESS DEVICE: to a ping, or at least to the question for its
# hardware address
answers() {
	_six=
	case $1 in
	*:*) _six=-6 ;;
	esac
	# shellcheck disable=SC2086 # no option is no word
	ping $_six -c 1 -W 1 -I "$2" "$1" >/dev/null 2>&1 && return
	ip -o neigh show to "$1" dev "$2" 2>/dev/null |
		grep -Eq 'lladdr .*(REACHABLE|DELAY|PROBE|STALE)'
}

# all_answer "ADDRESS DEVICE" LINES
all_answer() {
	while read -r _address _dev; do
		answers "$_address" "$_dev" || return 1
	done <<-END
		$1
	END
}
