#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A NIC with every kind of configuration on it, and a picture of all that to
# compare. Source it after lib.sh.

# dress N: configure ethN as a user might, with a VLAN in a bridge on top
dress() {
	_d=eth$1
	modprobe -a bridge 8021q macvlan sch_ingress cls_matchall act_gact
	ip link set dev "$_d" down
	ip link set dev "$_d" address "02:00:00:00:09:0$1"
	ip link set dev "$_d" mtu 4000 txqueuelen 123 alias "the one $_d"
	ip link property add dev "$_d" altname "alt$1" altname "other$1"
	ethtool -K "$_d" tso off gro off 2>/dev/null
	ethtool -G "$_d" rx 512 tx 128
	ethtool -C "$_d" rx-usecs 100 2>/dev/null || :
	ip link set dev "$_d" promisc on
	sysctl -qw "net.ipv4.conf.$_d.rp_filter=2" "net.ipv4.conf.$_d.arp_ignore=1" \
		"net.ipv6.conf.$_d.accept_ra=0" "net.ipv6.conf.$_d.hop_limit=77" \
		"net.ipv4.neigh.$_d.gc_stale_time=77"
	echo 5000 >"/sys/class/net/$_d/gro_flush_timeout"
	echo 1 >"/sys/class/net/$_d/threaded"
	echo 1 >"/sys/class/net/$_d/queues/rx-0/rps_cpus"
	tc qdisc replace dev "$_d" root handle 1: fq_codel limit 999 target 7ms
	tc qdisc add dev "$_d" clsact
	tc filter add dev "$_d" ingress protocol ip prio 7 matchall action pass
	ip link set dev "$_d" up
	echo 1 >"/proc/irq/$(cat "/sys/class/net/$_d/device/irq")/smp_affinity"
	wait_for 10 link_up "$_d"
	ip addr add "10.9.$1.5/24" brd + dev "$_d" label "$_d:a"
	ip addr add "10.9.$1.4/24" dev "$_d"
	ip addr add "10.9.$1.3/24" dev "$_d" noprefixroute valid_lft 5000 preferred_lft 4000
	ip addr add 10.99.0.1 peer "10.99.$1.2/32" dev "$_d"
	ip addr add "fd00:9:$1::1/64" dev "$_d" nodad
	ip addr add "fd00:9:$1::2/64" dev "$_d" nodad preferred_lft 0
	ip route add 10.20.0.0/16 via "10.9.$1.1" dev "$_d" metric 77 mtu lock 1300 src "10.9.$1.4"
	ip route append 10.20.0.0/16 via "10.9.$1.9" dev "$_d" metric 77
	ip route add default via "10.9.$1.1" dev "$_d" table 123 proto 99
	ip route add 10.21.0.0/16 nexthop via "10.9.$1.1" dev "$_d" weight 2 nexthop via "10.9.$1.9" dev "$_d"
	ip route add unreachable 10.22.0.0/16
	ip route add 10.23.0.0/24 via 10.24.0.1 dev "$_d" onlink
	ip -6 route add fd00:99::/64 via "fd00:9:$1::9" dev "$_d" metric 55
	ip -6 route add fd00:98::/64 nexthop via "fd00:9:$1::8" dev "$_d" nexthop via "fd00:9:$1::9" dev "$_d"
	ip -6 route add default via fe80::1 dev "$_d" table 124
	ip rule add iif "$_d" lookup 123
	ip neigh add "10.9.$1.77" lladdr 02:00:00:00:00:77 nud permanent dev "$_d"
	ip neigh add "fd00:9:$1::77" lladdr 02:00:00:00:00:77 nud permanent dev "$_d" router
	ip neigh add proxy "10.9.$1.78" dev "$_d"
	ip link add br9 type bridge stp_state 0
	ip link set dev br9 up
	ip link add link "$_d" name "$_d.7" type vlan id 7 egress-qos-map 0:1 1:2
	ip link set dev "$_d.7" mtu 1280 master br9 up
	echo 33 >"/sys/class/net/$_d.7/brport/path_cost"
	ip link add link "$_d" name "$_d.8" type vlan protocol 802.1ad id 8 reorder_hdr off
	ip addr add 10.10.0.1/24 dev "$_d.8"
	ip link set dev "$_d.8" up
	ip link add link "$_d.8" name "v8.9" type vlan id 9
	ip link set dev v8.9 up
	ip addr add 10.11.0.1/24 dev v8.9
	ip route add 10.12.0.0/24 via 10.11.0.2
	ip addr add 10.13.0.1/24 dev br9
	_tree="$_d $_d.7 $_d.8 v8.9"
	wait_for 5 settled
}

# dress_lightly N: as most have it, for tests that do things many times
dress_lightly() {
	_d=eth$1
	ip link set dev "$_d" mtu 1400 alias "the one $_d"
	ethtool -G "$_d" rx 512
	sysctl -qw "net.ipv4.conf.$_d.rp_filter=2"
	ip link set dev "$_d" up
	echo 1 >"/proc/irq/$(cat "/sys/class/net/$_d/device/irq")/smp_affinity"
	wait_for 10 link_up "$_d"
	ip addr add "10.9.$1.5/24" brd + dev "$_d" label "$_d:a"
	ip addr add "10.9.$1.4/24" dev "$_d"
	ip addr add "fd00:9:$1::1/64" dev "$_d" nodad
	ip route add 10.20.0.0/16 via "10.9.$1.1" dev "$_d" metric 77 src "10.9.$1.4"
	ip -6 route add default via "fd00:9:$1::9" dev "$_d" table 124
	ip neigh add "10.9.$1.77" lladdr 02:00:00:00:00:77 nud permanent dev "$_d"
	_tree=$_d
	wait_for 5 settled
}

# settled: no IPv6 address waits for its check for duplicates
settled() { [ -z "$(ip -o -6 addr show tentative)" ]; }

# undress N: remove all of that
undress() {
	for _d in v8.9 "eth$1.8" "eth$1.7" br9; do
		ip link del dev "$_d" || :
	done
	ip rule del iif "eth$1" lookup 123
	ip route del unreachable 10.22.0.0/16
}

# picture IF…: all of it as text, but what another driver has to change. In few programs:
# emulated, starting one takes a tenth of a second.
# shellcheck disable=SC2086 # lists of files
picture() (
	set +e # not every kind of interface has all of it
	_files=''
	# an older kernel gives another index
	_index='s/$//'
	case $(uname -r) in 5.[0-9].* | 5.1[0-2].*) _index='s/^[0-9]*: //' ;; esac
	for _i; do
		ethtool -k "$_i"
		_sys=/sys/class/net/$_i
		for _f in mtu address addr_assign_type ifalias tx_queue_len threaded gro_flush_timeout \
			queues/*/*_cpus brport/path_cost brport/priority brport/hairpin_mode; do
			_files="$_files $_sys/$_f"
		done
		for _f in ipv4/conf ipv6/conf ipv4/neigh ipv6/neigh; do
			_files="$_files /proc/sys/net/$_f/$_i/*"
		done
		[ -e "$_sys/device/irq" ] || continue
		read -r _irq <"$_sys/device/irq"
		_files="$_files /proc/irq/$_irq/smp_affinity"
		ethtool -g "$_i" 2>&1
		ethtool -a "$_i" 2>&1
		# ours shows it for more NICs than stock does, but as 0
		ethtool -c "$_i" 2>/dev/null | grep '^rx-usecs:.*[1-9]'
		ethtool "$_i" | grep -v MDI-X
	done
	grep -s '' $_files | sed 's|^/proc/irq/[0-9]*/|irq |'
	# in one batch, ip addr would do as ip link did
	for _what in 'link show' 'addr show' 'neigh show nud permanent' 'neigh show proxy'; do
		for _i; do echo "$_what dev $_i"; done | ip -o -force -batch -
	done | sed "$_index; s/[0-9]*sec/SEC/g"
	for _i; do
		tc qdisc show dev "$_i"
		tc filter show dev "$_i" ingress
	done 2>/dev/null
	for _i; do echo "link show dev $_i"; done | ip -d -force -batch - |
		grep -o 'vlan .*\|bridge_slave\|addrgenmode [a-z]*'
	for _f in -4 -6; do
		printf '%s\n' 'route show table all' 'rule show' | ip $_f -o -force -batch -
	done | sed 's/ linkdown//g' | sort
)

# same "what" WAS IS: two pictures; on a difference it is shown
same() {
	if diff "$2" "$3" >/tmp/difference; then
		echo "ok $1"
	else
		echo "not ok $1"
		sed 's/^/# /' /tmp/difference
		failures=$((failures + 1))
	fi
}
