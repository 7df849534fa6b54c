# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# Checks and the whole configuration of a full Debian guest, for distro.sh and signed.sh, which
# source it there.

server=10.0.0.1
state=/var/tmp/distro
mkdir -p "$state"
cd "$state" || exit

# check WHAT COMMAND…: a line of TAP, and one in files that outlive the reboots. What it printed
# is in out, for says
check() {
	local what="$1" rc=0 start
	start=$(cut -d . -f 1 /proc/uptime)
	shift
	"$@" >new 2>&1 || rc=$?
	if [ "$rc" -eq 0 ]; then
		echo "ok $what"
	else
		echo "not ok $what (status $rc)"
		sed 's/^/# /' new | head -n 40
		echo "$what" >>failed
	fi
	[ "$1" = says ] || mv new out
	echo "$what" >>all
	start=$(($(cut -d . -f 1 /proc/uptime) - start))
	[ "$start" -lt 5 ] || echo "# $start s"
}

driver() { basename "$(readlink "/sys/class/net/$1/device/driver")"; }
is() { [ "$1" = "$2" ] || { echo "'$1', not '$2'" && return 1; }; }
says() { grep -q -- "$1" out || { cat out && return 1; }; }
fails() { ! "$@"; }

# picture: addresses, routes, rules, indices, firewall, traffic control, DNS, as JSON where there is
# any, less what counts or runs out by itself
picture() {
	local dev
	ip -json -details addr | python3 -c '
import json, sys
# timers of a bridge, a counter of a port
def still(value):
    if isinstance(value, dict):
        return {k: still(v) for k, v in value.items() if "timer" not in k and k != "link_failure_count" and not k.startswith("topology_change")}
    return [still(v) for v in value] if isinstance(value, list) else value
for link in still(json.load(sys.stdin)):
    for key in ("stats", "stats64", "gso_max_size", "tso_max_size", "gso_ipv4_max_size"):
        link.pop(key, None)
    for a in link["addr_info"]:
        for key in [k for k in a if "life_time" in k]:
            del a[key]
    # a route that the kernel or the manager makes again
    link["addr_info"] = [a for a in link["addr_info"] if not a.get("temporary")]
    print(json.dumps(link, sort_keys=True, indent=1))'
	for family in -4 -6; do
		ip $family route show table all | sed 's/ expires [0-9]*sec//' | grep -v '^multicast' | sort
		ip $family rule
	done
	nft -s list ruleset
	for dev in ens3 ens4; do
		tc qdisc show dev $dev | sed 's/direct_packets_stat [0-9]*//'
		# those of fq_codel are its queues
		tc class show dev $dev | grep -v 'class fq_codel' | sort
		for where in '' ingress egress; do
			# shellcheck disable=SC2086 # no word
			tc filter show dev $dev $where 2>/dev/null
		done
	done
	grep -v '^#' /etc/resolv.conf
	! command -v resolvectl >/dev/null || resolvectl dns
	! command -v nmcli >/dev/null || nmcli -t -f DEVICE,STATE,CONNECTION device
	! systemctl -q is-active systemd-networkd || networkctl --no-legend --no-pager
}

# settled: no IPv6 address is tentative, and networkd is done
settled() { ! ip -6 addr show | grep -q tentative && ! networkctl --no-legend --no-pager 2>/dev/null | grep -q configuring; }

wait_until() {
	local i=0
	while ! "$@" && [ $i -lt 60 ]; do
		sleep 1
		i=$((i + 1))
	done
}

# looks_like FILE: wait, because a manager may take a moment to finish
looks_like() {
	local i=0
	while [ $i -lt 6 ]; do
		picture >now 2>&1
		! cmp -s "$1" now || return 0
		sleep 2
		i=$((i + 1))
	done
	diff "$1" now
}

pings() { ping -q -c 2 -W 5 "${1:-$server}"; }

# apply SETTING…: as a run of tune that found these; the search has its own test (package.sh)
apply() {
	# shellcheck disable=SC1091,SC2034 # in the guest
	(
		here=/usr/share/e1000-napi/scripts
		. $here/lib/common.sh
		. $here/lib/nic.sh
		. $here/lib/nic-reach.sh
		. $here/lib/tune-keep.sh
		need_tools
		keep_files ens4 "$state/keep" "$@"
		keep_apply ens4 "$state/keep" "$@"
	)
}

settings() {
	echo "weight $(ethtool -c "$1" | sed -n 's/^rx-frames-irq:[[:space:]]*//p')" \
		"gro $(ethtool -k "$1" | sed -n 's/^generic-receive-offload: //p')" \
		"threaded $(cat "/sys/class/net/$1/threaded")" \
		"defer $(cat "/sys/class/net/$1/napi_defer_hard_irqs"):$(cat "/sys/class/net/$1/gro_flush_timeout")" \
		"budget $(cat /proc/sys/net/core/netdev_budget)"
}

# reboot_to N [STATUS]: the next boot begins there; lab/debian.sh knows the status
reboot_to() {
	echo "$1" >stage
	sync
	exit "${2:-75}"
}

# finish: the sum of all boots
finish() {
	local failed
	failed=$(wc -l <failed 2>/dev/null || echo 0)
	echo "# up for $(cut -d . -f 1 /proc/uptime) s"
	echo "$(($(wc -l <all) - failed)) passed, $failed failed, 0 skipped"
	[ "$failed" -eq 0 ]
}

stage=$(cat stage 2>/dev/null || echo 1)
echo "# boot $stage, $(uname -r), up after $(cut -d . -f 1 /proc/uptime) s"
