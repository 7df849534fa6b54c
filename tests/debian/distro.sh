#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a full Debian guest with both packages installed, over three reboots: load, restore, enable
# and purge on a NIC with rules, qdiscs and a VLAN, and on a NIC with DHCP and the default route.
# Run by tests/distro.sh, in lab/debian.sh.
#
#   ens3 e1000, DHCP, the gateway 10.0.2.2      ens4 e1000, 10.0.0.2/24, the server 10.0.0.1
set -eu

server=10.0.0.1 mac=52:54:00:00:01:00
state=/var/tmp/distro
mkdir -p "$state"
cd "$state"
short=$(cat /share/short)

# check WHAT COMMAND…: a line of TAP, and one in files that outlive the reboots. What it printed
# is in out, for says
check() {
	local what="$1" rc=0
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
}

driver() { basename "$(readlink "/sys/class/net/$1/device/driver")"; }
is() { [ "$1" = "$2" ] || { echo "'$1', not '$2'" && return 1; }; }
says() { grep -q -- "$1" out || { cat out && return 1; }; }
fails() { ! "$@"; }
timed() {
	local start
	start=$(cut -d . -f 1 /proc/uptime)
	"$@" || return 1
	echo "# $* took $(($(cut -d . -f 1 /proc/uptime) - start)) s" >&3
}

# picture: addresses, routes, rules, indices, firewall, traffic control, DNS, as JSON where there is
# any, less what counts or runs out by itself
picture() {
	local dev
	ip -json -details addr | python3 -c '
import json, sys
for link in json.load(sys.stdin):
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

# settled: no IPv6 address is tentative
settled() { ! ip -6 addr show | grep -q tentative; }

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

dress() {
	nft -f - <<-'END'
		table inet fw {
			chain input {
				type filter hook input priority 0; policy drop;
				iif "lo" accept
				iif "ens3" accept
				iif "ens4" counter accept
			}
		}
		table netdev hw {
			chain alone {
				type filter hook ingress device "ens4" priority 0; policy accept;
				ip saddr 10.66.0.0/16 counter drop
			}
			chain both {
				type filter hook ingress devices = { ens3, ens4 } priority 7; policy accept;
				ip saddr 10.65.0.0/16 drop
			}
		}
		table inet fast {
			flowtable f {
				hook ingress priority 0
				devices = { ens3, ens4 }
			}
			chain through {
				type filter hook forward priority 0; policy accept;
				ip protocol tcp flow add @f
			}
		}
	END
	tc qdisc replace dev ens4 root handle 1: htb default 10
	tc class add dev ens4 parent 1: classid 1:1 htb rate 900mbit
	tc class add dev ens4 parent 1:1 classid 1:10 htb rate 800mbit ceil 900mbit
	tc class add dev ens4 parent 1:1 classid 1:20 htb rate 100mbit ceil 900mbit prio 3
	tc qdisc add dev ens4 parent 1:10 handle 10: fq_codel limit 500
	tc qdisc add dev ens4 parent 1:20 handle 20: netem delay 1ms
	tc filter add dev ens4 parent 1: protocol ip prio 1 u32 match ip dport 22 0xffff flowid 1:20
	tc filter add dev ens4 parent 1: protocol ip prio 2 flower ip_proto udp dst_port 53 classid 1:20
	tc filter add dev ens4 parent 1: protocol all prio 3 handle 7 fw classid 1:20
	tc qdisc add dev ens4 clsact
	tc filter add dev ens4 ingress protocol ip prio 4 flower src_ip 10.67.0.0/16 action drop
	ip link add link ens4 name ens4.7 type vlan id 7
	ip link set ens4.7 up
	ip addr add 10.7.0.2/24 dev ens4.7
	ip addr add 10.0.0.9/24 dev ens4
	ip route add 10.20.0.0/16 via $server metric 50
	ip rule add iif ens4 lookup 123
}

sweep() {
	e1000-napi sweep ens4 --server $server --load 10M --seconds 1 --out sweep &&
		napistat rows --columns status,reason sweep | grep -q '^ok'
}

# what a run of tune that found these would keep; the search has its own test (package.sh)
apply() {
	# shellcheck disable=SC1091,SC2034 # in the guest
	(
		here=/usr/share/e1000-napi/scripts
		. $here/lib/common.sh
		. $here/lib/nic.sh
		. $here/lib/nic-reach.sh
		. $here/lib/tune-keep.sh
		need_tools
		set -- weight=32 gro=0 threaded=1 defer=2:50000 budget=600
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

# reboot_to N: the next boot begins there; lab/debian.sh knows the status
reboot_to() {
	echo "$1" >stage
	sync
	exit 75
}

exec 3>&1
stage=$(cat stage 2>/dev/null || echo 1)
echo "# boot $stage, up after $(cut -d . -f 1 /proc/uptime) s"
case $stage in
1)
	wait_until settled
	picture >fresh 2>&1
	dress
	wait_until settled
	picture >before 2>&1
	check "nothing of it would be lost" is "$(
		napinic lost ens4
		napinic refs ens4
	)" ""
	check "load ens4" timed e1000-napi load ens4 weight=60
	check "... e1000_napi has it" is "$(driver ens4)" e1000_napi
	check "... all of it is as before" looks_like before
	check "... the accept rule by index takes packets" pings
	check "a sweep" sweep
	check "restore ens4" timed e1000-napi restore ens4
	check "... all of it is as before" looks_like before
	check "... the accept rule by index takes packets" pings
	check "load ens3, which has the default route, is refused" fails e1000-napi load ens3
	check "load ens3 --yes" timed e1000-napi load ens3 --yes --timeout 120
	check "... all of it is as before" looks_like before
	check "... the gateway answers" pings 10.0.2.2
	check "restore ens3" timed e1000-napi restore ens3
	check "... all of it is as before" looks_like before
	check "load ens4 again" e1000-napi load ens4
	check "apply what tune found" apply
	check "restore ens4" e1000-napi restore ens4
	check "load ens4: what tune found is in force, not stock's values" e1000-napi load ens4
	check "... it is" is "$(settings ens4)" "weight 32 gro off threaded 1 defer 2:50000 budget 600"
	check "enable ens4" e1000-napi enable ens4
	check "enable ens3 with a weight" e1000-napi enable ens3 weight=100
	reboot_to 2
	;;
2)
	unit=e1000-napi@$mac
	check "after the reboot e1000_napi has both" is "$(driver ens3) $(driver ens4)" "e1000_napi e1000_napi"
	check "systemctl says so" systemctl status "$unit"
	check "... that it has ens4" says "e1000_napi has ens4"
	check "the settings are in force" is "$(settings ens4)" \
		"weight 32 gro off threaded 1 defer 2:50000 budget 600"
	check "the other has its weight" is "$(settings ens3 | cut -d ' ' -f 1,2)" "weight 100"
	# except for the settings and the driver
	check "addresses, routes, DNS are as at the first boot" looks_like fresh
	check "tune --undo" e1000-napi tune --undo
	check "restore --all" e1000-napi restore --all
	check "all is as at the first boot" looks_like fresh
	# ens4 must have a gateway, and has none at the next boot
	ip route add default via $server dev ens4 metric 900
	check "enable ens4 with a gateway that will be missing" e1000-napi enable ens4 --timeout 10
	check "disable ens3" e1000-napi disable ens3
	reboot_to 3
	;;
3)
	unit=e1000-napi@$mac
	failed() { [ "$(systemctl is-failed "$unit")" = failed ]; }
	wait_until failed
	check "a gateway that does not come: the unit has failed" failed
	check "... e1000 has ens4 again" is "$(driver ens4)" e1000
	check "... systemctl says why" sh -c "! systemctl status $unit"
	check "... that is: no default route" says "no default route goes over it"
	check "all is as at the first boot" looks_like fresh
	check "purge" apt-get -y -qq purge e1000-napi-dkms e1000-napi-tools
	check "nothing is left" sh -c '! find /etc /usr /lib /var/lib -xdev \( -name "*e1000[-_]napi*" -o -name "napi[mns]*t*" -o -name "napinic*" \) | grep .'
	[ -n "$short" ] || reboot_to 4
	;;
4)
	check "after the purge and a reboot all is as at the first" looks_like fresh
	check "... with stock e1000" is "$(driver ens3) $(driver ens4)" "e1000 e1000"
	;;
esac
failed=$(wc -l <failed 2>/dev/null || echo 0)
echo "# up for $(cut -d . -f 1 /proc/uptime) s"
echo "$(($(wc -l <all) - failed)) passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
