#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# load.sh, restore.sh and their libraries with a made-up /sys, ip and ethtool.
# tests/guest/load.sh has the real thing.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	export E1000_NAPI_SYS=$BATS_TEST_TMPDIR/sys E1000_NAPI_RUN=$BATS_TEST_TMPDIR/run
	unset SSH_CONNECTION
	pci=0000:00:09.0
	dev=$E1000_NAPI_SYS/bus/pci/devices/$pci
	mkdir -p "$E1000_NAPI_SYS/bus/pci/drivers/e1000" "$E1000_NAPI_SYS/class/net" \
		"$dev/net/nic9" "$E1000_NAPI_SYS/bus/pci/drivers/other" "$E1000_NAPI_RUN" "$BATS_TEST_TMPDIR/bin"
	ln -s ../../drivers/e1000 "$dev/driver"
	echo '(null)' >"$dev/driver_override"
	ln -s "../../bus/pci/devices/$pci/net/nic9" "$E1000_NAPI_SYS/class/net/nic9"
	ln -s "$dev" "$dev/net/nic9/device"
	echo 1500 >"$dev/net/nic9/mtu"
	echo 02:00:00:00:00:09 >"$dev/net/nic9/address"
	echo 1 >"$dev/net/nic9/carrier"
	echo INTERFACE=nic9 >"$dev/net/nic9/uevent"
	# a folder of its own; what the files said/… hold is what is answered, and
	# what is asked goes to the file asked
	mkdir "$BATS_TEST_TMPDIR/said"
	cat >"$BATS_TEST_TMPDIR/bin/ip" <<-END
		#!/bin/sh
		[ "\$1" != -V ] || exec echo 'ip utility, iproute2-6.1.0'
		echo "ip \$*" >>"$BATS_TEST_TMPDIR/asked"
		cat "$BATS_TEST_TMPDIR/said/\$(printf %s "\$*" | tr ' /' __)" 2>/dev/null || :
	END
	sed '2d; s/"ip /"ethtool /' "$BATS_TEST_TMPDIR/bin/ip" >"$BATS_TEST_TMPDIR/bin/ethtool"
	chmod +x "$BATS_TEST_TMPDIR/bin/"*
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	# the module that a dry run would load
	: >"$BATS_TEST_TMPDIR/e1000_napi.ko"
	module="--module $BATS_TEST_TMPDIR/e1000_napi.ko"
}

# says "COMMAND LINE": its answer is on stdin
says() { cat >"$BATS_TEST_TMPDIR/said/$(printf %s "$1" | tr ' /' __)"; }

# lib COMMAND: with the libraries, in each shell the scripts have to run in
lib() {
	for shell in sh dash "busybox ash"; do
		$shell -euc '
			here=scripts prog=test
			for f in common nic nic-save nic-replay nic-reach handover; do . "scripts/lib/$f.sh"; done
			need_tools
			'"$1" || return
	done
}

@test "a dry run says all and changes nothing" {
	says '-o addr show dev nic9' <<-'END'
		2: nic9    inet 10.0.0.2/24 metric 7 brd 10.0.0.255 scope global nic9:x\       valid_lft forever preferred_lft forever
		2: nic9    inet6 fe80::1/64 scope link \       valid_lft forever preferred_lft forever
	END
	run scripts/load.sh nic9 weight=60 timing=1 --dry-run $module
	[ "$status" -eq 0 ]
	[[ $output == *"would be handing $pci from e1000 to e1000_napi"* ]]
	[[ $output == *"weight=60 timing=1"* ]]
	[[ $output == *$'\n'"name nic9"$'\n'* ]]
	[[ $output == *"addr nic9 forever forever 10.0.0.2/24 metric 7 brd 10.0.0.255 scope global label nic9:x"* ]]
	[ "$(cat "$dev/driver_override")" = "(null)" ]
	[ -z "$(ls "$E1000_NAPI_RUN")" ]
	run grep -v ' show' "$BATS_TEST_TMPDIR/asked"
	! grep -Ev ' show|^ethtool (-[kgac] )?nic9' "$BATS_TEST_TMPDIR/asked" || false
}

@test "weights are checked before anything else" {
	for weight in 0 4097 -1 0x10 010 1.5 '' , 1, ,1 1,,2 1,0 99999999999999999999 '*' 'a b'; do
		run scripts/load.sh nic9 "weight=$weight" --dry-run $module
		[ "$status" -eq 2 ] || {
			echo "weight=$weight: $status $output"
			false
		}
	done
	for weight in 1 4096 1,2,3; do
		run scripts/load.sh nic9 "weight=$weight" --dry-run $module
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
	for script in load restore lib/watchdog; do
		run scripts/$script.sh --help
		[ "$status" -eq 0 ]
		[[ $output == usage:* ]]
	done
}

@test "what is no e1000 NIC is refused" {
	run scripts/load.sh nic8 --dry-run
	[ "$status" -eq 1 ]
	[[ $output == *"there is no interface nic8"* ]]
	mkdir "$E1000_NAPI_SYS/class/net/veth8"
	run scripts/load.sh veth8 --dry-run
	[ "$status" -eq 1 ]
	[[ $output == *"not a PCI device"* ]]
	ln -sfn ../../drivers/other "$dev/driver"
	run scripts/load.sh nic9 --dry-run
	[ "$status" -eq 1 ]
	[[ $output == *"driven by other"* ]]
	rm "$dev/driver"
	rm -r "$dev/net/nic9"
	run scripts/load.sh $pci --dry-run
	[ "$status" -eq 1 ]
	[[ $output == *"no network interface"* ]]
}

@test "what stands on it and cannot come back is refused" {
	mkdir -p "$E1000_NAPI_SYS/class/net/mac0"
	echo DEVTYPE=macvlan >"$E1000_NAPI_SYS/class/net/mac0/uevent"
	ln -s "$E1000_NAPI_SYS/class/net/mac0" "$dev/net/nic9/upper_mac0"
	run scripts/load.sh nic9 --dry-run $module
	[ "$status" -eq 1 ]
	[[ $output == *"mac0 (macvlan) stands on nic9"* ]]
	rm "$dev/net/nic9/upper_mac0"
	says '-d -o link show' <<-'END'
		9: vx0: <BROADCAST> mtu 1450 qdisc noop state DOWN \    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 \    vxlan id 3 remote 192.0.2.1 dev nic9 srcport 0 0
	END
	run scripts/load.sh nic9 --dry-run $module
	[ "$status" -eq 1 ]
	[[ $output == *"the tunnel vx0 runs over nic9"* ]]
	says '-d -o link show' </dev/null
	echo 'id 9 dev nic9 scope link' | says 'nexthop show dev nic9'
	run scripts/load.sh nic9 --dry-run $module
	[ "$status" -eq 1 ]
	[[ $output == *"nexthop objects"* ]]
}

@test "the default route and the ssh session want --yes" {
	says '-4 -o route show default' <<<'default via 10.0.0.1 dev nic9 proto dhcp metric 100'
	run scripts/load.sh nic9 --dry-run $module
	[[ $output == *"the default route goes over nic9: --yes needed"* ]]
	says '-o route get 192.0.2.9' <<<'192.0.2.9 via 10.0.0.1 dev nic9 src 10.0.0.2 uid 0'
	SSH_CONNECTION='192.0.2.9 1 10.0.0.2 22' run scripts/load.sh nic9 --dry-run $module
	[[ $output == *"this ssh session goes over nic9: --yes needed"* ]]
	says '-4 -o route show default' <<<'default via 10.0.0.1 dev nic90 metric 100'
	run scripts/load.sh nic9 --dry-run $module
	[[ $output != *"--yes needed"* ]]
	if [ "$(id -u)" -eq 0 ]; then
		says '-4 -o route show default' <<<'default via 10.0.0.1 dev nic9'
		run scripts/load.sh nic9 $module
		[ "$status" -eq 1 ]
		[[ $output == *"with --yes it is done"* ]]
		[ "$(cat "$dev/driver_override")" = "(null)" ]
	fi
}

@test "addresses as ip takes them: lifetimes, peers, order" {
	says '-o addr show dev nic9' <<-'END'
		2: nic9    inet 10.0.0.2/24 brd 10.0.0.255 scope global dynamic noprefixroute nic9\       valid_lft 86000sec preferred_lft 7000sec
		2: nic9    inet 10.0.0.3/24 scope global secondary nic9:b\       valid_lft forever preferred_lft forever
		2: nic9    inet 10.1.0.1 peer 10.1.0.2/32 scope link nic9\       valid_lft forever preferred_lft forever
		2: nic9    inet6 fd00::2/64 scope global deprecated mngtmpaddr noprefixroute \       valid_lft 50sec preferred_lft 0sec
		2: nic9    inet6 fd00::3/64 scope global temporary dynamic \       valid_lft 50sec preferred_lft 5sec
		2: nic9    inet6 fd00::4/64 scope global nodad \       valid_lft forever preferred_lft forever
		2: nic9    inet6 fe80::2/64 scope link proto kernel_ll \       valid_lft forever preferred_lft forever
	END
	run lib 'save_addresses nic9'
	want='addr nic9 86000 7000 10.0.0.2/24 brd 10.0.0.255 scope global noprefixroute label nic9
addr nic9 forever forever 10.0.0.3/24 scope global label nic9:b
addr nic9 forever forever 10.1.0.1 peer 10.1.0.2/32 scope link label nic9
addr nic9 forever forever fe80::2/64 scope link
addr nic9 forever forever fd00::4/64 scope global nodad
addr nic9 50 0 fd00::2/64 scope global mngtmpaddr noprefixroute'
	[ "$output" = "$want
$want
$want" ]
}

@test "routes: ours in all tables, gateways last, nothing of others" {
	says '-o addr show dev nic9' <<<'2: nic9    inet 10.0.0.2/24 scope global nic9\       valid_lft forever preferred_lft forever'
	says '-4 -o route show table all' <<-'END'
		default via 10.0.0.1 dev nic9 proto dhcp src 10.0.0.2 metric 100 linkdown 
		10.0.0.0/24 dev nic9 proto kernel scope link src 10.0.0.2 
		10.5.0.0/16 table 77 proto static\ nexthop via 10.0.0.7 dev nic9 weight 1 dead linkdown\ nexthop via 10.8.0.7 dev eth1 weight 2 
		10.6.0.0/16 dev eth1 src 10.0.0.2 
		10.7.0.0/16 dev eth1 src 10.0.0.20 
		local 10.0.0.2 dev nic9 table local proto kernel scope host src 10.0.0.2 
		unreachable 10.9.0.0/16 
	END
	says '-6 -o route show table all' <<<'default via fe80::1 dev nic9 proto ra metric 1024 expires 1794sec hoplimit 64 pref medium'
	run lib 'routes_of nic9'
	want='route 4 10.0.0.0/24 dev nic9 proto kernel scope link src 10.0.0.2
route 4 10.6.0.0/16 dev eth1 src 10.0.0.2
route 4 default via 10.0.0.1 dev nic9 proto dhcp src 10.0.0.2 metric 100
route 4 10.5.0.0/16 table 77 proto static nexthop via 10.0.0.7 dev nic9 weight 1 nexthop via 10.8.0.7 dev eth1 weight 2
route 6 default via fe80::1 dev nic9 proto ra metric 1024 expires 1794 hoplimit 64 pref medium'
	[ "$output" = "$want
$want
$want" ]
}

@test "a VLAN is made as it was" {
	says '-d -o link show dev v.5' <<<'4: v.5@nic9: <BROADCAST,MULTICAST,UP> mtu 1400 qdisc noqueue state UP \    link/ether 02:00:00:00:00:09 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 0 \    vlan protocol 802.1ad id 5 <GVRP> \      ingress-qos-map { 1:2 } \      egress-qos-map { 0:1 3:4 } addrgenmode eui64 '
	run lib 'save_vlan v.5'
	want='vlan v.5 link nic9 name v.5 type vlan protocol 802.1ad id 5 reorder_hdr off gvrp on ingress-qos-map 1:2 egress-qos-map 0:1 3:4'
	[ "$output" = "$want
$want
$want" ]
}

@test "a state file is never run by a shell, and only differences are written" {
	cd_here=$PWD
	target=$BATS_TEST_TMPDIR/files
	mkdir "$target"
	echo same >"$target/same"
	echo old >"$target/differs"
	touch -d 2001-01-01 "$target/same"
	cat >"$E1000_NAPI_RUN/x" <<-END
		# e1000_napi 1 state
		name \$(touch$IFS$target/bad)
		uptime 1
		set $target/same same
		set $target/differs two  words * \$(id)
		run ip link set dev * alias \`id\`
		addr nic9 forever forever \$(id) ; id | id
	END
	run lib "replay $E1000_NAPI_RUN/x; echo missed \$missed"
	[ "$output" = "missed 0
missed 0
missed 0" ]
	[ ! -e "$target/bad" ]
	[ "$(cat "$target/differs")" = "two  words * \$(id)" ]
	[ "$(date -r "$target/same" +%Y)" = 2001 ]
	grep -qxF 'ip link set dev * alias `id`' "$BATS_TEST_TMPDIR/asked"
	grep -qxF 'ip addr add $(id) ; id | id dev nic9 valid_lft forever preferred_lft forever' "$BATS_TEST_TMPDIR/asked"
}

@test "a state file that somebody edited, or that another owns, is refused whole and kept" {
	good=$E1000_NAPI_RUN/good state=$E1000_NAPI_RUN/$pci.state
	scripts/load.sh nic9 --dry-run $module | sed '1,/brought back:/d' >"$good"
	[ "$(tail -n 1 "$good")" = end ]
	# refused WHY: and nothing was done, nothing lost
	refused() {
		cp "$state" "$BATS_TEST_TMPDIR/kept"
		: >"$BATS_TEST_TMPDIR/asked"
		for shell in dash 'busybox ash'; do
			run $shell scripts/restore.sh nic9
			[ "$status" -eq 1 ] && [[ $output == *"$1"* ]] && [[ $output != *$'\033'* ]] || {
				echo "$1: $status $output"
				return 1
			}
		done
		cmp "$state" "$BATS_TEST_TMPDIR/kept"
		[ ! -e "$BATS_TEST_TMPDIR/done" ]
		! grep -Ev ' show|^ethtool (-[kgac] )?nic9' "$BATS_TEST_TMPDIR/asked" || return 1
		[ "$(cat "$dev/driver_override")" = "(null)" ]
	}
	while IFS='|' read -r why line; do
		{
			sed '$d' "$good"
			printf "$line\nend\n"
		} >"$state"
		refused "$why"
	done <<-END
		a command that is none|run touch $BATS_TEST_TMPDIR/done
		a command that is none|run ip netns exec x touch $BATS_TEST_TMPDIR/done
		a command that is none|run ip link set dev nic9 xdp obj /tmp/x
		a word of options|run ip neigh replace 10.0.0.1 -batch /tmp/x
		a file that is no setting|set $BATS_TEST_TMPDIR/done 1
		a file that is no setting|set /proc/sys/kernel/core_pattern /tmp/x
		a file that is no setting|set /proc/sys/net/ipv4/conf/../x 1
		a file that is no setting|set $E1000_NAPI_SYS/class/net/nic9/../../x 1
		none of its words|eval reboot
		no settings for ethtool|ethtool f nic9 x y
		no seconds|uptime \$(id)
		another PCI address|pci 0000:00:0a.0
		or more than one|name nic8
		a control character|set $E1000_NAPI_SYS/class/net/nic9/ifalias \\033[2J
		no name of a driver|driver ../x
	END
	sed '$d' "$good" >"$state"
	refused "its end is missing"
	sed '1d' "$good" >"$state"
	refused "this is no state"
	cp "$good" "$state"
	chmod 666 "$state"
	refused "written by, somebody else"
	rm "$state"
	ln -s "$good" "$state"
	refused "written by, somebody else"
	if [ "$(id -u)" -eq 0 ]; then
		rm "$state"
		cp "$good" "$state"
		chown 12345 "$state"
		refused "written by, somebody else"
	fi
	chmod 777 "$E1000_NAPI_RUN"
	run scripts/restore.sh nic9
	[ "$status" -eq 1 ]
	[[ $output == *"somebody else; remove it"* ]]
}

@test "what cannot be put back is named and counted, and the rest goes on" {
	echo old >"$BATS_TEST_TMPDIR/late"
	printf 'set /nowhere/file 1\nrun false now\nset %s new\n' "$BATS_TEST_TMPDIR/late" >"$E1000_NAPI_RUN/x"
	run lib "replay $E1000_NAPI_RUN/x; echo missed \$missed"
	[[ $output == *"not put back: 1 in /nowhere/file"*"not put back: false now"*"missed 2"* ]]
	[ "$(cat "$BATS_TEST_TMPDIR/late")" = new ]
}

@test "one at a time, and the lock of a killed one is taken over" {
	echo 0 >"$BATS_TEST_TMPDIR/count"
	cat >"$BATS_TEST_TMPDIR/add" <<-END
		here=scripts prog=test
		for f in common nic nic-save nic-replay handover; do . "scripts/lib/\$f.sh"; done
		take_lock 30
		n=\$(cat "$BATS_TEST_TMPDIR/count")
		sleep 0.05
		echo \$((n + 1)) >"$BATS_TEST_TMPDIR/count"
		[ "\$1" = leave ] || drop_lock
	END
	for i in 1 2 3 4 5 6; do
		sh "$BATS_TEST_TMPDIR/add" drop &
		# ends without giving the lock back, as after kill -9
		busybox ash "$BATS_TEST_TMPDIR/add" leave &
	done
	wait
	[ "$(cat "$BATS_TEST_TMPDIR/count")" -eq 12 ]
	# held by a living one
	sh -c '. scripts/lib/common.sh; . scripts/lib/nic.sh; . scripts/lib/nic-save.sh; . scripts/lib/nic-replay.sh
		. scripts/lib/handover.sh; take_lock 1; sleep 5' &
	pid=$!
	sleep 0.5
	run sh -c '. scripts/lib/common.sh; . scripts/lib/nic.sh; . scripts/lib/nic-save.sh; . scripts/lib/nic-replay.sh
		. scripts/lib/handover.sh; take_lock 1'
	kill -9 $pid
	[ "$status" -eq 1 ]
	[[ $output == *"process $pid is changing"* ]]
}

@test "a change cut short is not built upon; --dry-run of restore tells" {
	printf '# e1000_napi 1 state\npci %s\nname nic9\ndriver e1000\n' $pci >"$E1000_NAPI_RUN/$pci.state"
	run scripts/load.sh nic9 --dry-run $module
	[ "$status" -eq 1 ]
	[[ $output == *"cut short; first run: scripts/restore.sh nic9"* ]]
	for which in nic9 $pci --all; do
		run scripts/restore.sh $which --dry-run
		[ "$status" -eq 0 ]
		[[ $output == *"cut short: back to what was before"* ]]
	done
	rm "$E1000_NAPI_SYS/class/net/nic9"
	run scripts/restore.sh nic9 --dry-run
	[[ $output == *"cut short"* ]]
	rm "$E1000_NAPI_RUN/$pci.state"
	run scripts/restore.sh $pci --dry-run
	[[ $output == *"nothing to undo"* ]]
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
