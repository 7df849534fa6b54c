#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# load.sh, restore.sh and napinic with a made-up PCI device and real links in a namespace.
# tests/guest/load.sh has the real thing.

# shellcheck disable=SC2154,SC2218 # variables of nic9.bash; load is of bats here
load nic9
setup() {
	make_nic9
	unset SSH_CONNECTION
	napinic=build/tools/napinic
	mkdir "$E1000_NAPI_SYS/bus/pci/drivers/other"
	echo '(null)' >"$dev/driver_override"
	setting ipv6/conf/nic9/accept_dad 0
	setting ipv6/conf/peer9/accept_dad 0
	in_ns ip link set dev lo up
	in_ns ip link set dev peer9 up
	in_ns ip link set dev nic9 up
	# its entries in /sys
	for f in $(in_ns ls /sys/class/net/nic9); do
		ln -s "/sys/class/net/nic9/$f" "$class/$f"
	done
	# the module that a dry run would load
	: >"$BATS_TEST_TMPDIR/e1000_napi.ko"
	module="--module $BATS_TEST_TMPDIR/e1000_napi.ko"
}

# setting FILE VALUE: of /proc/sys/net there
setting() { in_ns sh -c 'echo "$2" >"/proc/sys/net/$1"' sh "$@"; }

load() { run in_ns scripts/load.sh "$@"; }
restore() { run in_ns scripts/restore.sh "$@"; }

# the state of a namespace, without what changes by itself
picture() {
	in_ns ip -d addr | sed 's/valid_lft [0-9]*sec preferred_lft [0-9]*sec//'
	in_ns ip route show table all | sed 's/expires [0-9]*sec//' | sort
	in_ns ip neigh show nud permanent
	in_ns ip neigh show proxy
	in_ns ethtool -k nic9
	in_ns sh -c 'grep -s "" /proc/sys/net/ipv[46]/conf/nic9/*' || :
}

# state: the NIC's, in $E1000_NAPI_RUN/good
state() { in_ns $napinic save $pci e1000 >"$E1000_NAPI_RUN/good"; }

# lib COMMAND: with the libraries, in each shell the scripts have to run in
lib() {
	for shell in sh dash "busybox ash"; do
		$shell -euc '
			here=scripts prog=test
			for f in common nic nic-reach handover; do . "scripts/lib/$f.sh"; done
			need_tools
			'"$1" || return
	done
}

@test "a dry run prints every step and changes nothing" {
	in_ns ip addr add 10.0.0.2/24 brd + metric 7 label nic9:x dev nic9
	picture >"$BATS_TEST_TMPDIR/before"
	load nic9 weight=60 timing=1 --dry-run $module
	[ "$status" -eq 0 ]
	[[ $output == *"would be handing $pci from e1000 to e1000_napi"* ]]
	[[ $output == *"weight=60 timing=1"* ]]
	[[ $output == *$'\n'"name nic9"$'\n'* ]]
	[[ $output == *"addr nic9 forever forever 10.0.0.2/24 metric 7 brd 10.0.0.255 scope global label nic9:x"* ]]
	[ "$(cat "$dev/driver_override")" = "(null)" ]
	[ -z "$(ls "$E1000_NAPI_RUN")" ]
	picture | diff "$BATS_TEST_TMPDIR/before" -
}

@test "weights are checked before anything else" {
	for weight in 0 4097 -1 0x10 010 1.5 '' , 1, ,1 1,,2 1,0 99999999999999999999 '*' 'a b'; do
		load nic9 "weight=$weight" --dry-run $module
		[ "$status" -eq 2 ] || {
			echo "weight=$weight: $status $output"
			false
		}
	done
	for weight in 1 4096 1,2,3; do
		load nic9 "weight=$weight" --dry-run $module
		[ "$status" -eq 0 ] || {
			echo "weight=$weight: $status $output"
			false
		}
	done
}

@test "wrong usage" {
	for args in '' 'nic9 nic8' 'nic9 --timeout 4' 'nic9 --timeout x' 'nic9 --timeout' '../x' 'nic9 --x' \
		'nic9 a=$(reboot)' '-x=1'; do
		run scripts/load.sh $args
		[ "$status" -eq 2 ] || {
			echo "load.sh $args: $status $output"
			false
		}
	done
	for args in '' 'nic9 nic8' '--all nic9' '../x' '--x'; do
		run scripts/restore.sh $args
		[ "$status" -eq 2 ] || {
			echo "restore.sh $args: $status $output"
			false
		}
	done
	for script in load restore lib/watchdog lib/reload; do
		run scripts/$script.sh --help
		[ "$status" -eq 0 ]
		[[ $output == usage:* ]]
	done
}

@test "an unsigned module is refused at once where only signed ones are taken" {
	mkdir -p "$E1000_NAPI_SYS/module/module/parameters" "$E1000_NAPI_SYS/kernel/security"
	enforce=$E1000_NAPI_SYS/module/module/parameters/sig_enforce
	lock=$E1000_NAPI_SYS/kernel/security/lockdown
	echo N >"$enforce"
	echo '[none] integrity confidentiality' >"$lock"
	load nic9 $module --dry-run
	[ "$status" -eq 0 ]
	echo 'none [integrity] confidentiality' >"$lock"
	load nic9 $module --dry-run
	[ "$status" -eq 1 ]
	[[ $output == *"is not signed"*"(lockdown)"*"see Secure Boot in docs/install.md"* ]]
	echo Y >"$enforce"
	load nic9 $module
	[ "$status" -eq 1 ]
	[[ $output == *"is not signed"*"(module.sig_enforce)"* ]]
	! find "$E1000_NAPI_RUN" -name "*.state" -o -name "*.nft" | grep . || false
	# one with a signature may be of a known key
	printf '#!/bin/sh\n[ "$1" != --version ] || echo kmod version 30\n[ "$2" != sig_id ] || echo PKCS#7\n' \
		>"$BATS_TEST_TMPDIR/bin/modinfo"
	chmod 755 "$BATS_TEST_TMPDIR/bin/modinfo"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH load nic9 $module --dry-run
	[ "$status" -eq 0 ]
}

@test "a device that is not an e1000 NIC is refused" {
	load nic8 --dry-run
	[ "$status" -eq 1 ]
	[[ $output == *"there is no interface nic8"* ]]
	mkdir "$E1000_NAPI_SYS/class/net/veth8"
	load veth8 --dry-run
	[ "$status" -eq 1 ]
	[[ $output == *"not a PCI device"* ]]
	mkdir -p "$E1000_NAPI_SYS/class/net/ens8" "$E1000_NAPI_SYS/devices/virtio0"
	ln -s ../../../devices/virtio0 "$E1000_NAPI_SYS/class/net/ens8/device"
	ln -s ../drivers/virtio_net "$E1000_NAPI_SYS/devices/virtio0/driver"
	load ens8 --dry-run
	[ "$status" -eq 1 ]
	[[ $output == *"ens8 is driven by virtio_net, not by e1000"* ]]
	in_ns ip link property add dev nic9 altname a-name-longer-than-15
	load a-name-longer-than-15 --dry-run $module
	[ "$status" -eq 0 ]
	[[ $output == *"name nic9"* ]]
	ln -sfn ../../drivers/other "$dev/driver"
	load nic9 --dry-run
	[ "$status" -eq 1 ]
	[[ $output == *"driven by other"* ]]
	rm "$dev/driver"
	rm -r "$dev/net/nic9"
	load $pci --dry-run
	[ "$status" -eq 1 ]
	[[ $output == *"no network interface"* ]]
}

@test "a device on top that cannot come back is refused" {
	in_ns ip link add mac0 link nic9 type macvlan
	ln -s /sys/class/net/nic9/upper_mac0 "$class/upper_mac0"
	load nic9 --dry-run $module
	[ "$status" -eq 1 ]
	[[ $output == *"mac0 (macvlan) stands on nic9"* ]]
	in_ns ip link del dev mac0
	rm "$class/upper_mac0"
	in_ns ip nexthop add id 9 dev nic9
	load nic9 --dry-run $module
	[ "$status" -eq 1 ]
	[[ $output == *"nexthop objects"* ]]
	in_ns ip nexthop del id 9
	load nic9 --dry-run $module
	[ "$status" -eq 0 ]
	in_ns ip link add vx0 type vxlan id 3 remote 192.0.2.1 dev nic9 dstport 4789 || skip "no vxlan here"
	load nic9 --dry-run $module
	[ "$status" -eq 1 ]
	[[ $output == *"the tunnel vx0 runs over nic9"* ]]
}

@test "the default route and the ssh session want --yes" {
	in_ns ip addr add 10.0.0.2/24 dev nic9
	in_ns ip route add default via 10.0.0.1 dev nic9 proto dhcp metric 100
	load nic9 --dry-run $module
	[[ $output == *"the default route goes over nic9: --yes needed"* ]]
	SSH_CONNECTION='192.0.2.9 1 10.0.0.2 22' load nic9 --dry-run $module
	[[ $output == *"this ssh session goes over nic9: --yes needed"* ]]
	load nic9 $module
	[ "$status" -eq 1 ]
	[[ $output == *"with --yes it is done"* ]]
	[ "$(cat "$dev/driver_override")" = "(null)" ]
	in_ns ip link add nic90 type veth peer name peer90
	in_ns ip link set dev nic90 up
	in_ns ip route replace default dev nic90 metric 100
	load nic9 --dry-run $module
	[[ $output != *"--yes needed"* ]]
	[ "$(in_ns $napinic peers nic90)" = "default - nic90" ]
}

@test "if no peer answered before, a link is enough" {
	mkdir -p "$BATS_TEST_TMPDIR/up/class/net/nic9"
	back() {
		E1000_NAPI_SYS=$BATS_TEST_TMPDIR/up sh -c '. scripts/lib/common.sh
			. scripts/lib/nic.sh
			. scripts/lib/nic-reach.sh
			eval "$(sed -n "/^network_back()/,/^}/p" scripts/load.sh)"
			answered="" missed="" carrier=1 name=nic9
			network_back'
	}
	echo 1 >"$BATS_TEST_TMPDIR/up/class/net/nic9/carrier"
	back
	echo 0 >"$BATS_TEST_TMPDIR/up/class/net/nic9/carrier"
	run back
	[ "$status" -eq 1 ]
}

@test "the index that it had comes back" {
	before=$(in_ns cat /sys/class/net/nic9/ifindex)
	state
	grep -qx "index $before" "$E1000_NAPI_RUN/good"
	in_ns ip link del dev nic9
	in_ns ip link add nic9 index 4711 type veth peer name peer9
	in_ns $napinic index $pci "$before"
	[ "$(in_ns cat /sys/class/net/nic9/ifindex)" = "$before" ]
	# one that is taken: it is back all the same
	run in_ns $napinic index $pci 1
	[ "$status" -eq 1 ]
	[[ $output == *"the index 1: Device or resource busy"* ]]
	in_ns ip link show dev nic9
}

@test "qdiscs, classes and filters come back; the rest is named before" {
	in_ns tc qdisc replace dev nic9 root handle 1: htb default 10 r2q 5 2>/dev/null || skip "no htb here"
	in_ns tc class add dev nic9 parent 1: classid 1:1 htb rate 100mbit
	in_ns tc class add dev nic9 parent 1:1 classid 1:10 htb rate 10mbit ceil 20mbit burst 20k
	in_ns tc qdisc add dev nic9 parent 1:10 handle 100: pfifo limit 77
	in_ns tc qdisc add dev nic9 clsact
	# more, where the kernel here has them
	in_ns tc filter add dev nic9 parent 1: prio 3 protocol ip u32 match ip dst 10.1.0.0/16 flowid 1:10 2>/dev/null || :
	in_ns tc filter add dev nic9 ingress prio 5 protocol ip flower dst_ip 10.2.0.0/16 action drop 2>/dev/null || :
	in_ns tc filter add dev nic9 egress prio 6 matchall action pass 2>/dev/null || :
	control() {
		for what in qdisc class 'filter parent 1:' 'filter ingress' 'filter egress'; do
			set -- $what
			in_ns tc "$1" show dev nic9 "${@:2}"
		done | sed 's| direct_packets_stat [0-9]*||' | sort
	}
	control >"$BATS_TEST_TMPDIR/before"
	state
	[ "$(in_ns $napinic lost nic9)" = "" ]
	in_ns tc qdisc del dev nic9 root
	in_ns tc qdisc del dev nic9 clsact
	for again in 1 2; do
		run in_ns $napinic put "$E1000_NAPI_RUN/good"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
		control | diff "$BATS_TEST_TMPDIR/before" -
	done
	in_ns tc qdisc replace dev nic9 root handle 2: red limit 400000 avpkt 1000 2>/dev/null || skip "no red here"
	[ "$(in_ns $napinic lost nic9)" = "qdisc red 2:0 of nic9" ]
	load nic9 --dry-run $module
	[[ $output == *"warning: the qdisc red 2:0 of nic9 is not brought back"* ]]
}

@test "chains and flowtables of nftables that go away with it come back, the others are left alone" {
	# on one line each: the rest of the table is another's
	in_ns nft -f - <<-'END' 2>/dev/null || skip "no nftables with chains of a device here"
		table netdev one {
			set bad { type ipv4_addr; elements = { 192.0.2.1 }
			}
			chain other { type filter hook ingress device "peer9" priority 5; policy accept; counter
			}
			chain ing { type filter hook ingress device "nic9" priority 0; policy drop; ip saddr @bad drop
				accept
			}
		}
	END
	in_ns nft -s list ruleset >"$BATS_TEST_TMPDIR/before"
	in_ns $napinic hooks nic9 >"$BATS_TEST_TMPDIR/hooks"
	! grep other "$BATS_TEST_TMPDIR/hooks" || false
	in_ns ip link del dev nic9
	in_ns ip link add nic9 type veth peer name peer9
	in_ns nft -f "$BATS_TEST_TMPDIR/hooks"
	in_ns nft -s list chain netdev one ing >"$BATS_TEST_TMPDIR/chain"
	grep -q 'device "nic9" priority filter; policy drop' "$BATS_TEST_TMPDIR/chain"
	grep -q 'ip saddr @bad drop' "$BATS_TEST_TMPDIR/chain"
	in_ns nft -f "$BATS_TEST_TMPDIR/hooks"
	in_ns nft -s list chain netdev one ing | diff "$BATS_TEST_TMPDIR/chain" -
}

@test "settings that tune.sh --apply made permanent are left as udev sets them" {
	mkdir -p "$BATS_TEST_TMPDIR/root/etc/udev/rules.d"
	export E1000_NAPI_ROOT=$BATS_TEST_TMPDIR/root
	(
		cd scripts
		here=. && . lib/common.sh && . lib/nic.sh && . lib/tune-keep.sh
		first_line() { echo 02:00:00:00:00:09; }
		keep_files nic9 "$E1000_NAPI_ROOT" rx-usecs=50 gro=0 threaded=1 defer=2:50000 weight=32 ring=512 rps=2
	)
	settings() { in_ns sh -c '. scripts/lib/common.sh; . scripts/lib/nic.sh
		. scripts/lib/handover.sh; tuned_settings nic9' | sort | xargs; }
	[ "$(settings)" = "gro_flush_timeout napi_defer_hard_irqs queues/rx-0/rps_cpus rx rx-gro rx-usecs threaded" ]
	in_ns ethtool -K nic9 gro on
	state
	for setting in threaded napi_defer_hard_irqs; do
		rm "$class/$setting"
		echo 7 >"$class/$setting"
	done
	in_ns ethtool -K nic9 gro off
	# shellcheck disable=SC2046 # words
	in_ns $napinic put "$E1000_NAPI_RUN/good" $(settings)
	[ "$(cat "$class/threaded") $(cat "$class/napi_defer_hard_irqs")" = "7 7" ]
	[ "$(in_ns ethtool -k nic9 | sed -n 's/^generic-receive-offload: //p')" = off ]
	in_ns $napinic put "$E1000_NAPI_RUN/good"
	[ "$(cat "$class/threaded") $(cat "$class/napi_defer_hard_irqs")" = "0 0" ]
	[ "$(in_ns ethtool -k nic9 | sed -n 's/^generic-receive-offload: //p')" = on ]
	# those of another NIC are not
	sed -i s/00:09/00:08/ "$E1000_NAPI_ROOT"/etc/udev/rules.d/*
	[ -z "$(settings)" ]
}

@test "addresses as ip takes them: lifetimes, peers, order" {
	in_ns ip addr add 10.0.0.2/24 brd + dev nic9 noprefixroute valid_lft 86000 preferred_lft 7000
	in_ns ip addr add 10.0.0.3/24 label nic9:b dev nic9
	in_ns ip addr add 10.1.0.1 peer 10.1.0.2/32 scope link dev nic9
	in_ns ip addr add fd00::4/64 nodad dev nic9
	in_ns ip addr add fd00::2/64 dev nic9 mngtmpaddr noprefixroute valid_lft 5000 preferred_lft 0
	state
	run sh -c "sed -n 's/^\(addr nic9\) 8[56][0-9]* [67][0-9]* /\1 8X 7X /; s/ [45][0-9]* 0 / 5X 0 /; /^addr/p' $E1000_NAPI_RUN/good"
	[ "$output" = 'addr nic9 forever forever 10.1.0.1 peer 10.1.0.2/32 scope link label nic9
addr nic9 8X 7X 10.0.0.2/24 brd 10.0.0.255 scope global noprefixroute label nic9
addr nic9 forever forever 10.0.0.3/24 scope global label nic9:b
addr nic9 forever forever fe80::ff:fe00:9/64 scope link
addr nic9 forever forever fd00::4/64 scope global nodad
addr nic9 5X 0 fd00::2/64 scope global noprefixroute mngtmpaddr' ]
}

@test "routes: those of the NIC in all tables, gateways last" {
	in_ns ip link add nic90 type veth peer name peer90
	in_ns ip link set dev nic90 up
	in_ns ip addr add 10.8.0.2/24 dev nic90
	in_ns ip addr add 10.0.0.2/24 dev nic9
	in_ns ip addr add 10.7.7.7/32 dev nic90
	in_ns ip route add default via 10.0.0.1 dev nic9 proto dhcp src 10.0.0.2 metric 100
	in_ns ip route add 10.4.0.0/16 via 10.0.0.9 mtu lock 1300 hoplimit 9 rto_min 200ms congctl cubic
	in_ns ip route add 10.5.0.0/16 table 77 proto static nexthop via 10.0.0.7 dev nic9 nexthop via 10.8.0.7 dev nic90 weight 2
	in_ns ip route add 10.6.0.0/16 dev nic90 src 10.0.0.2
	in_ns ip route add 10.7.0.0/16 dev nic90 src 10.7.7.7
	in_ns ip route add 10.3.0.0/16 via inet6 fe80::7 dev nic9
	in_ns ip route add unreachable 10.9.0.0/16
	in_ns ip -6 route add default via fe80::1 dev nic9 proto ra metric 1024 expires 1794 hoplimit 64
	state
	run sh -c "sed -n 's/expires 17[0-9]*/expires 17X/; /^route/p' $E1000_NAPI_RUN/good"
	[ "$output" = 'route 4 10.0.0.0/24 proto kernel scope link src 10.0.0.2 dev nic9
route 4 10.6.0.0/16 scope link src 10.0.0.2 dev nic90
route 4 10.5.0.0/16 table 77 proto static nexthop via 10.0.0.7 dev nic9 weight 1 nexthop via 10.8.0.7 dev nic90 weight 2
route 4 default proto dhcp src 10.0.0.2 metric 100 via 10.0.0.1 dev nic9
route 4 10.3.0.0/16 via inet6 fe80::7 dev nic9
route 4 10.4.0.0/16 via 10.0.0.9 dev nic9 mtu lock 1300 hoplimit 9 rto_min 200ms congctl cubic
route 6 fe80::/64 proto kernel metric 256 dev nic9
route 6 default proto ra metric 1024 via fe80::1 dev nic9 expires 17X hoplimit 64' ]
}

# undress: a new interface has none of this
undress() {
	in_ns ip link set dev nic9 down
	in_ns ip addr flush dev nic9
	in_ns ip neigh flush dev nic9 nud permanent
	in_ns ip neigh del proxy 10.0.0.78 dev nic9 2>/dev/null || :
	in_ns ip link property del dev nic9 altname other9
	in_ns ip link set dev nic9 nomaster mtu 1500 promisc off txqueuelen 1000 alias ''
	in_ns ethtool -K nic9 tso on
	setting ipv4/conf/nic9/rp_filter 0
	setting ipv6/conf/nic9/hop_limit 64
}

@test "everything is restored, and a second run changes nothing" {
	in_ns ip link set dev nic9 mtu 1400 promisc on txqueuelen 123 alias 'the one'
	in_ns ip link property add dev nic9 altname other9
	in_ns ethtool -K nic9 tso off
	setting ipv4/conf/nic9/rp_filter 2
	setting ipv6/conf/nic9/hop_limit 77
	in_ns ip addr add 10.0.0.2/24 brd + label nic9:x dev nic9
	in_ns ip addr add 10.0.0.3/24 dev nic9 valid_lft 5000 preferred_lft 4000
	in_ns ip addr add fd00::2/64 dev nic9 preferred_lft 0
	in_ns ip route add 10.20.0.0/16 via 10.0.0.1 metric 77 mtu lock 1300 src 10.0.0.3
	in_ns ip route append 10.20.0.0/16 via 10.0.0.9 metric 77
	in_ns ip route add 10.21.0.0/16 nexthop via 10.0.0.1 weight 2 nexthop via 10.0.0.9
	in_ns ip route add 10.23.0.0/24 via 10.24.0.1 dev nic9 onlink
	in_ns ip -6 route add fd00:98::/64 nexthop via fd00::8 nexthop via fd00::9
	in_ns ip -6 route add fd00:97::/64 via fd00::9 expires 1000 pref high
	in_ns ip neigh add 10.0.0.77 lladdr 02:00:00:00:00:77 nud permanent dev nic9
	in_ns ip neigh add fd00::77 lladdr 02:00:00:00:00:77 nud permanent dev nic9 router
	in_ns ip neigh add proxy 10.0.0.78 dev nic9
	picture >"$BATS_TEST_TMPDIR/before"
	state
	in_ns $napinic check "$E1000_NAPI_RUN/good" $pci
	undress
	run in_ns $napinic put "$E1000_NAPI_RUN/good"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	picture | diff "$BATS_TEST_TMPDIR/before" -
	# not in_ns: then it would be that shell that is killed
	ip netns exec "$ns" ip -oneline monitor address route link >"$BATS_TEST_TMPDIR/events" 3>&- &
	pid=$!
	sleep 0.3
	in_ns $napinic put "$E1000_NAPI_RUN/good"
	sleep 0.3
	kill $pid
	# ip link set promisc on says that much of itself
	! grep -v 'nic9.*link/ether' "$BATS_TEST_TMPDIR/events" || false
	picture | diff "$BATS_TEST_TMPDIR/before" -
}

@test "a bond that loses its only port gets its address back" {
	# a bridge that looks like a bond: not every kernel has those
	in_ns ip link add br9 address 02:00:00:00:00:b0 type bridge
	in_ns ip link set dev nic9 master br9
	mkdir -p "$E1000_NAPI_SYS/class/net/br9/bonding"
	in_ns cat /sys/class/net/br9/address >"$E1000_NAPI_SYS/class/net/br9/address"
	state
	in_ns $napinic check "$E1000_NAPI_RUN/good" $pci
	in_ns ip link set dev nic9 nomaster
	in_ns ip link set dev br9 address 02:00:00:00:00:09
	echo 02:00:00:00:00:09 >"$E1000_NAPI_SYS/class/net/br9/address"
	in_ns $napinic put "$E1000_NAPI_RUN/good"
	[ "$(in_ns cat /sys/class/net/br9/address)" = 02:00:00:00:00:b0 ]
	in_ns ip link show nic9 | grep -q 'master br9'
}

@test "a manager's route with another metric is not added twice" {
	in_ns ip addr add 10.0.0.2/24 dev nic9
	in_ns ip route add default via 10.0.0.1 proto dhcp src 10.0.0.2 metric 100
	in_ns ip route add 10.1.0.0/16 via 10.0.0.1 metric 100
	state
	in_ns ip route flush dev nic9 via 10.0.0.1
	in_ns ip route add default via 10.0.0.1 dev nic9 proto dhcp src 10.0.0.2 metric 102
	in_ns ip route add 10.1.0.0/16 via 10.0.0.1 metric 102
	in_ns $napinic put "$E1000_NAPI_RUN/good"
	[ "$(in_ns ip -4 route show default | grep -c .)" -eq 1 ]
	# but a setting by the user is
	[ "$(in_ns ip -4 route show 10.1.0.0/16 | grep -c .)" -eq 2 ]
}

@test "no busybox ip, no locale, no PATH without sbin comes in its way" {
	state
	sed '/^uptime/d' "$E1000_NAPI_RUN/good" >"$BATS_TEST_TMPDIR/want"
	ln -s "$(command -v busybox)" "$BATS_TEST_TMPDIR/bin/ip"
	for locale in C de_DE.UTF-8 tr_TR.UTF-8 xx; do
		for path in "$BATS_TEST_TMPDIR/bin:/usr/bin:/bin" "$BATS_TEST_TMPDIR/bin" ''; do
			in_ns env LC_ALL=$locale PATH="$path" "$PWD/$napinic" save $pci e1000 |
				sed '/^uptime/d' | diff "$BATS_TEST_TMPDIR/want" -
		done
		LC_ALL=$locale PATH=$BATS_TEST_TMPDIR/bin:/usr/bin:/bin run \
			/usr/sbin/ip netns exec "$ns" scripts/load.sh nic9 --dry-run $module
		[ "$status" -eq 0 ]
		[[ $output == *$'\n'end* ]]
	done
}

@test "a state file is never run by a shell, and only differences are written" {
	rm "$class/tx_queue_len" "$class/ifalias"
	echo 1000 >"$class/tx_queue_len"
	touch -d 2001-01-01 "$class/tx_queue_len"
	echo old >"$class/ifalias"
	state
	sed -i "s|^set $class/ifalias .*|set $class/ifalias two  words * \$(touch $BATS_TEST_TMPDIR/bad)|" "$E1000_NAPI_RUN/good"
	run in_ns $napinic put "$E1000_NAPI_RUN/good"
	[ "$status" -eq 0 ]
	[ ! -e "$BATS_TEST_TMPDIR/bad" ]
	[ "$(cat "$class/ifalias")" = "two  words * \$(touch $BATS_TEST_TMPDIR/bad)" ]
	[ "$(date -r "$class/tx_queue_len" +%Y)" = 2001 ]
}

@test "a state file that was edited or is another user's is refused whole and kept" {
	good=$E1000_NAPI_RUN/good state=$E1000_NAPI_RUN/$pci.state
	state
	[ "$(tail -n 1 "$good")" = end ]
	picture >"$BATS_TEST_TMPDIR/before"
	# refused WHY: and nothing was done, nothing lost
	refused() {
		cp "$state" "$BATS_TEST_TMPDIR/kept"
		for shell in dash 'busybox ash'; do
			run in_ns $shell scripts/restore.sh nic9
			[ "$status" -eq 1 ] && [[ $output == *"$1"* ]] && [[ $output != *$'\033'* ]] || {
				echo "$1: $status $output"
				return 1
			}
		done
		run in_ns $napinic put "$state"
		[ "$status" -eq 1 ]
		cmp "$state" "$BATS_TEST_TMPDIR/kept"
		[ ! -e "$BATS_TEST_TMPDIR/done" ]
		[ "$(cat "$dev/driver_override")" = "(null)" ]
	}
	while IFS='|' read -r why line; do
		{
			sed '$d' "$good"
			printf "$line\nend\n"
		} >"$state"
		refused "$why"
	done <<-END
		not one of its commands|run touch $BATS_TEST_TMPDIR/done
		not one of its commands|run ip netns exec x touch $BATS_TEST_TMPDIR/done
		not one of its commands|run ip link set dev nic9 xdp obj /tmp/x
		not a neighbour|run ip neigh replace 10.0.0.1 -batch /tmp/x
		not a setting of a NIC|set $BATS_TEST_TMPDIR/done 1
		not a setting of a NIC|set /proc/sys/kernel/napi_none /tmp/x
		not a setting of a NIC|set /proc/sys/net/ipv4/conf/../x 1
		not a setting of a NIC|set $E1000_NAPI_SYS/class/net/nic9/../../x 1
		an unknown step|eval reboot
		not a setting of ethtool|ethtool f nic9 x y
		not a number of seconds|uptime \$(id)
		another PCI address|pci 0000:00:0a.0
		there twice|name nic8
		a control character|set $E1000_NAPI_SYS/class/net/nic9/ifalias \\033[2J
		not the name of a driver|driver ../x
		not a VLAN|vlan v9 link nic9 name v9 type bridge
		not an address|addr nic9 forever forever 10.0.0.1/24 dev lo
		not a route|route 4 10.0.0.0/8 encap bpf in obj /tmp/x
	END
	sed '$d' "$good" >"$state"
	refused "its end is missing"
	sed '1d' "$good" >"$state"
	refused "not the state of a NIC"
	cp "$good" "$state"
	chmod 666 "$state"
	refused "written by, another user"
	rm "$state"
	ln -s "$good" "$state"
	refused "symbolic link"
	rm "$state"
	cp "$good" "$state"
	chown 12345 "$state"
	refused "written by, another user"
	picture | diff "$BATS_TEST_TMPDIR/before" -
	chmod 777 "$E1000_NAPI_RUN"
	restore nic9
	[ "$status" -eq 1 ]
	[[ $output == *"another user; remove it"* ]]
}

@test "a setting that cannot be restored is named and counted, and the rest is restored" {
	state
	sed -i "s|^end\$|set $E1000_NAPI_SYS/class/net/none9/mtu 1400\naddr nic9 forever forever 300.0.0.1/24\nroute 4 10.20.0.0/16 via 10.99.0.1 dev nic9\nset /proc/sys/net/ipv4/conf/nic9/rp_filter 2\nend|" "$E1000_NAPI_RUN/good"
	run in_ns $napinic put "$E1000_NAPI_RUN/good"
	[ "$status" -eq 1 ]
	[[ $output == *"not put back: 1400 in $E1000_NAPI_SYS/class/net/none9/mtu (No such file"* ]]
	[[ $output == *"not put back: address 300.0.0.1/24 of nic9 ("*"300.0.0.1/24"* ]]
	[[ $output == *"not put back: ip -4 route 10.20.0.0/16 via 10.99.0.1 dev nic9 ("*"invalid gateway"* ]]
	[ "${#lines[@]}" -eq 3 ]
	[ "$(in_ns cat /proc/sys/net/ipv4/conf/nic9/rp_filter)" = 2 ]
}

# locked TEXT: a script that runs TEXT with the lock, after at most $1 seconds
locked() {
	cat >"$BATS_TEST_TMPDIR/locked" <<-END
		here=scripts prog=test
		for f in common nic handover; do . "scripts/lib/\$f.sh"; done
		need_tools
		take_lock \$1
		$1
	END
}

@test "one at a time, and the lock of a killed one is taken over" {
	count=$BATS_TEST_TMPDIR/count
	echo 0 >"$count"
	locked "n=\$(cat '$count'); sleep 0.05; echo \$((n + 1)) >'$count'; [ \$2 = end ] || kill -9 \$\$"
	for i in 1 2 3 4 5 6; do
		sh "$BATS_TEST_TMPDIR/locked" 30 end &
		busybox ash "$BATS_TEST_TMPDIR/locked" 30 killed &
	done
	wait
	[ "$(cat "$count")" -eq 12 ]
	# held by a living one; the file is not for other users, who could lock it too
	locked 'exec sleep 5 3>&-'
	sh "$BATS_TEST_TMPDIR/locked" 1 &
	pid=$!
	sleep 0.5
	[ "$(stat -c %a "$E1000_NAPI_RUN/lock")" = 600 ]
	locked ':'
	run sh "$BATS_TEST_TMPDIR/locked" 1
	[ "$status" -eq 1 ]
	[[ $output == *"process $pid is changing a NIC's driver; try again when it is done" ]]
	kill -9 $pid
}

@test "the lock waits for what a killed script was doing, but not for what may run on" {
	locked 'sleep 60 3>&- 9>&- & echo $! >"$E1000_NAPI_RUN/on"; sleep 2 3>&-; :'
	sh "$BATS_TEST_TMPDIR/locked" 1 &
	pid=$!
	sleep 0.5
	kill -9 $pid
	locked ':'
	run sh "$BATS_TEST_TMPDIR/locked" 1
	[ "$status" -eq 1 ]
	[[ $output == *"process $pid (killed, but what it started still runs) is changing a NIC's driver"* ]]
	run sh "$BATS_TEST_TMPDIR/locked" 3
	kill "$(cat "$E1000_NAPI_RUN/on")"
	[ "$status" -eq 0 ]
}

@test "the watchdog kills what load.sh hangs in, and neither keeps the lock itself nor dies" {
	sed -n '/^arm()/,/^}/p' scripts/load.sh >"$BATS_TEST_TMPDIR/arm"
	locked "pci=$pci; . '$BATS_TEST_TMPDIR/arm'; arm 1 3>&-; sleep 60 3>&- >/dev/null 2>&1; :"
	# the NIC is e1000's already
	run sh "$BATS_TEST_TMPDIR/locked" 1
	[ "$status" -eq 137 ]
	gone() { [ ! -e "$E1000_NAPI_RUN/$pci.watchdog" ]; }
	for _ in 1 2 3 4 5 6 7 8 9 10; do gone || sleep 0.5; done
	gone
	grep -q "$pci: e1000 has it, nothing to undo" "$E1000_NAPI_RUN/watchdog.log"
}

@test "a folder of state files below a folder of another user's is refused" {
	chown 12345 "$BATS_TEST_TMPDIR"
	for verb in load.sh restore.sh; do
		run in_ns scripts/$verb nic9
		[ "$status" -eq 1 ]
		[[ $output == *"$E1000_NAPI_RUN, or a folder above it, belongs to, or can be written by, another user"* ]]
	done
	chown 0 "$BATS_TEST_TMPDIR"
	chmod 777 "$BATS_TEST_TMPDIR"
	run in_ns scripts/restore.sh nic9
	[ "$status" -eq 1 ]
	chmod 755 "$BATS_TEST_TMPDIR"
	[ -z "$(ls "$E1000_NAPI_RUN")" ]
}

@test "nftables' rules that another user could have written are not loaded" {
	state
	mv "$E1000_NAPI_RUN/good" "$E1000_NAPI_RUN/$pci.state"
	rules=$E1000_NAPI_RUN/$pci.nft
	printf '#!/bin/sh\necho "$*" >>"%s"\n' "$BATS_TEST_TMPDIR/nft" >"$BATS_TEST_TMPDIR/bin/nft"
	chmod +x "$BATS_TEST_TMPDIR/bin/nft"
	put() {
		rm -f "$BATS_TEST_TMPDIR/nft"
		PATH=$BATS_TEST_TMPDIR/bin:$PATH run in_ns sh -c '
			here=scripts prog=test
			for f in common nic nic-reach handover; do . "scripts/lib/$f.sh"; done
			need_tools
			put_config "$1"' sh $pci
	}
	echo 'table netdev mine { }' >"$rules"
	put
	[ "$status" -eq 0 ]
	[ "$(cat "$BATS_TEST_TMPDIR/nft")" = "-f $rules" ]
	for how in owner mode link; do
		rm "$rules"
		echo 'include "/tmp/x"' >"$rules"
		case $how in
		owner) chown 12345 "$rules" ;;
		mode) chmod 666 "$rules" ;;
		link) ln -sf "$BATS_TEST_TMPDIR/other" "$rules" && echo x >"$BATS_TEST_TMPDIR/other" ;;
		esac
		put
		[ "$status" -eq 1 ]
		[[ $output == *"not put back: $rules, which belongs to, or can be written by, another user"* ]]
		[ ! -e "$BATS_TEST_TMPDIR/nft" ]
	done
}

@test "a change cut short is not built upon; --dry-run of restore tells" {
	printf '# e1000_napi 1 state\npci %s\nname nic9\ndriver e1000\n' $pci >"$E1000_NAPI_RUN/$pci.state"
	load nic9 --dry-run $module
	[ "$status" -eq 1 ]
	[[ $output == *"cut short; first run: scripts/restore.sh nic9"* ]]
	for which in nic9 $pci --all; do
		restore $which --dry-run
		[ "$status" -eq 0 ]
		[[ $output == *"cut short: back to what was before"* ]]
	done
	rm -r "$E1000_NAPI_SYS/class/net/nic9"
	restore nic9 --dry-run
	[[ $output == *"cut short"* ]]
	rm "$E1000_NAPI_RUN/$pci.state"
	restore $pci --dry-run
	[[ $output == *"nothing to undo"* ]]
}

@test "a load that fails leaves the watchdog of another, which may have to act" {
	printf '# e1000_napi 1 state\npci %s\nname nic9\ndriver e1000\n' $pci >"$E1000_NAPI_RUN/$pci.state"
	echo 1:2 >"$E1000_NAPI_RUN/$pci.watchdog"
	load nic9 $module
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"cut short; first run: "* ]]
	[ "$(cat "$E1000_NAPI_RUN/$pci.watchdog")" = 1:2 ]
}

@test "a lock that is not a file is an error, status 1" {
	mkdir "$E1000_NAPI_RUN/lock"
	load nic9 $module
	[ "$status" -eq 1 ]
	[[ $output == *"$E1000_NAPI_RUN/lock is not a file; remove it"* ]]
}

@test "a weight of two words is none" {
	load nic9 --dry-run $module "weight=7 8"
	[ "$status" -eq 2 ]
}

@test "rules saved by a load that was killed before its state, or kept after it, go away" {
	for left in "$pci" 0000:00:0a.0; do
		echo 'add table inet t' >"$E1000_NAPI_RUN/$left.nft"
	done
	restore --all --dry-run
	[ -e "$E1000_NAPI_RUN/$pci.nft" ]
	restore --all
	[ "$status" -eq 0 ]
	[ "$(ls "$E1000_NAPI_RUN")" = lock ]
	run in_ns nft list table inet t
	[ "$status" -ne 0 ]
}

@test "while a sweep runs its NIC is neither given back nor changed" {
	printf '%s sweep.sh\n' "$$:$(sh -c '. scripts/lib/common.sh; process_key "$1"' sh $$)" >"$E1000_NAPI_RUN/sweep.pid"
	: >"$E1000_NAPI_RUN/sweep.state"
	for how in "" --dry-run; do
		# shellcheck disable=SC2086 # one word or none
		restore --all $how
		[ "$status" -eq 1 ]
		[[ $output == *"a sweep is running (process $$), and would lose its NIC; end it first: kill $$"* ]]
	done
	mkdir -p "$E1000_NAPI_SYS/bus/pci/drivers/e1000_napi"
	ln -sfn ../../drivers/e1000_napi "$dev/driver"
	load nic9 weight=7
	[ "$status" -eq 1 ]
	[[ $output == *"a sweep is running (process $$), and what it measures would change"* ]]
	# one that is dead is none
	echo "1:1 sweep.sh" >"$E1000_NAPI_RUN/sweep.pid"
	restore --all --dry-run
	[[ $output == *"would put back what a killed sweep changed"* ]]
}

@test "the watchdog kills load.sh when its time is over, but not while that puts the driver back" {
	for word in '' back; do
		sleep 60 &
		pid=$!
		me=$pid:$(. scripts/lib/common.sh && process_key $pid)
		printf '%s\n' "$me" $word >"$E1000_NAPI_RUN/$pci.watchdog"
		sh scripts/lib/watchdog.sh $pci "$me" 1 3>&- 2>"$BATS_TEST_TMPDIR/told" &
		watchdog=$!
		sleep 4
		if [ -z "$word" ]; then
			run kill -0 $pid
			[ "$status" -ne 0 ]
			grep -q "load.sh hangs and is killed" "$BATS_TEST_TMPDIR/told"
		else
			kill -0 $pid
			[ ! -s "$BATS_TEST_TMPDIR/told" ]
			# what dies meanwhile is still looked after
			kill -9 $pid
		fi
		wait $watchdog
		grep -q "load.sh is dead" "$BATS_TEST_TMPDIR/told"
		[ ! -e "$E1000_NAPI_RUN/$pci.watchdog" ]
	done
}
