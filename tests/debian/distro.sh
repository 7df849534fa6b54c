#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a full Debian guest with both packages installed, over reboots and an upgrade of the kernel:
# load, restore, enable and purge on a NIC with rules, qdiscs and a VLAN, in a bond, in a bridge,
# and on a NIC with DHCP and the default route.
# Run by tests/distro.sh, in lab/debian.sh.
#
#   ens3 e1000, DHCP, the gateway 10.0.2.2      ens4 e1000, 10.0.0.2/24, the server 10.0.0.1
set -eu

# shellcheck source=tests/debian/lib.sh
. /share/lib.sh
short=$(cat /share/short)
mac=52:54:00:00:01:00

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
	# networkd removes rules of others (docs/handover.md)
	systemctl -q is-active systemd-networkd || ip rule add iif ens4 lookup 123
}

sweep() {
	e1000-napi sweep ens4 --server $server --load 10M --seconds 1 --out sweep &&
		napistat rows --columns status,reason sweep | grep -q '^ok'
}

# on_top KIND [undo]: put ens4 into a bond or bridge as the network manager's users do
on_top() {
	local kind="$1" dir=/run/systemd/network options=''
	if command -v nmcli >/dev/null; then
		if [ -n "${2-}" ]; then
			nmcli -w 20 connection delete over0 over0-port
			nmcli -w 20 connection up ens4
			return
		fi
		[ "$kind" = bridge ] && options='bridge.stp no' || options='bond.options mode=active-backup,miimon=100'
		# shellcheck disable=SC2086 # words
		nmcli -w 20 connection add type "$kind" con-name over0 ifname over0 $options \
			ipv4.method manual ipv4.addresses 10.0.0.3/24 ipv6.method disabled
		nmcli -w 20 connection add type ethernet con-name over0-port ifname ens4 master over0
		nmcli -w 20 connection up over0-port
	elif systemctl -q is-active systemd-networkd; then
		if [ -n "${2-}" ]; then
			rm $dir/05-over0*
			networkctl reload
			ip link del over0
			networkctl reconfigure ens4
			return
		fi
		mkdir -p $dir
		{
			printf '[NetDev]\nName=over0\nKind=%s\n' "$kind"
			[ "$kind" = bridge ] || printf '[Bond]\nMode=active-backup\nMIIMonitorSec=0.1\n'
		} >$dir/05-over0.netdev
		printf '[Match]\nName=over0\n[Network]\nAddress=10.0.0.3/24\n' >$dir/05-over0.network
		printf '[Match]\nName=ens4\n[Network]\n%s=over0\n' "$(echo "$kind" | sed 's/^b/B/')" \
			>$dir/05-over0-port.network
		networkctl reload
		networkctl reconfigure ens4
	else
		if [ -n "${2-}" ]; then
			ip link del over0
			ifup ens4
			return
		fi
		ifdown ens4
		[ "$kind" = bridge ] || options='mode active-backup miimon 100'
		# shellcheck disable=SC2086 # words
		ip link add over0 type "$kind" $options
		ip link set ens4 master over0
		ip link set ens4 up
		ip link set over0 up
		ip addr add 10.0.0.3/24 dev over0
	fi
}

# has_over0: ens4 is a port of it, and it is up with its address
has_over0() {
	[ "$(basename "$(readlink /sys/class/net/ens4/master)")" = over0 ] && ip addr show over0 | grep -q 10.0.0.3 &&
		[ "$(cat /sys/class/net/over0/carrier)" = 1 ] && settled
}
lacks_over0() { [ ! -e /sys/class/net/over0 ] && ip addr show ens4 | grep -q 10.0.0.2 && settled; }

# carried KIND: load and restore of a NIC in a bond or a bridge
carried() {
	on_top "$1" >log 2>&1 || cat log
	wait_until has_over0
	picture >with 2>&1
	check "$1: the server answers" pings
	check "$1: load ens4" e1000-napi load ens4
	check "... e1000_napi has it" is "$(driver ens4)" e1000_napi
	check "... all of it is as before" looks_like with
	check "... the server answers" pings
	check "$1: restore ens4" e1000-napi restore ens4
	check "... all of it is as before" looks_like with
	check "... the server answers" pings
	on_top "$1" undo >log 2>&1 || cat log
	wait_until lacks_over0
}

# over_ssh: ens4 is the only NIC, load comes over ssh and gets killed with the driver changed; what
# the session saw is printed (outside.sh, over-ssh.sh)
over_ssh() {
	mkdir -p /root/.ssh
	chmod 700 /root/.ssh
	cp /share/key.pub /root/.ssh/authorized_keys
	chmod 600 /root/.ssh/authorized_keys
	systemctl start ssh
	echo 1 >/sys/bus/pci/devices/0000:00:03.0/remove
	: >/share/ssh-go
	wait_until test -e /share/ssh-done
	wait_until test -e /share/ssh-done
	cat /share/ssh-out
	echo 1 >/sys/bus/pci/rescan
	grep -qx 'the session goes on' /share/ssh-out
}

case $stage in
1)
	wait_until settled
	picture >fresh 2>&1
	if [ -z "$short" ]; then
		carried bond
		carried bridge
		check "all is as at the first boot" looks_like fresh
	fi
	dress
	wait_until settled
	picture >before 2>&1
	check "nothing of it would be lost" is "$(
		napinic lost ens4
		napinic refs ens4
	)" ""
	check "load ens4" e1000-napi load ens4 weight=60
	check "... e1000_napi has it" is "$(driver ens4)" e1000_napi
	check "... all of it is as before" looks_like before
	check "... the accept rule by index takes packets" pings
	check "a sweep" sweep
	check "apply what tune found" apply weight=32 gro=0 threaded=1 defer=2:50000 budget=600
	check "restore ens4" e1000-napi restore ens4
	check "... all of it is as before" looks_like before
	check "... the accept rule by index takes packets" pings
	check "load ens3, which has the default route, is refused" fails e1000-napi load ens3
	check "load ens3 --yes" e1000-napi load ens3 --yes --timeout 120
	check "... all of it is as before" looks_like before
	check "... the gateway answers" pings 10.0.2.2
	check "restore ens3" e1000-napi restore ens3
	check "... all of it is as before" looks_like before
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
	uname -r >kernel
	[ -n "$short" ] || reboot_to 3 76
	reboot_to 3
	;;
3)
	unit=e1000-napi@$mac
	failed() { [ "$(systemctl is-failed "$unit")" = failed ]; }
	wait_until failed
	[ -n "$short" ] || check "it is a newer kernel" is "$(printf '%s\n' "$(cat kernel)" "$(uname -r)" | sort -uV | sed 1d)" "$(uname -r)"
	check "ens3 is enabled: e1000_napi has it" is "$(driver ens3)" e1000_napi
	check "... with its weight" is "$(settings ens3 | cut -d ' ' -f 1,2)" "weight 100"
	check "a gateway that does not come: the unit has failed" failed
	check "... e1000 has ens4 again" is "$(driver ens4)" e1000
	check "... systemctl says why" sh -c "! systemctl status $unit"
	check "... that is: no default route" says "no default route goes over it"
	check "all is as at the first boot" looks_like fresh
	check "ens4 is the only NIC, load is killed: ssh goes on, and e1000 has it again" over_ssh
	check "... it is" is "$(driver ens4)" e1000
	check "purge" apt-get -y -qq purge e1000-napi-dkms e1000-napi-tools
	check "nothing is left" sh -c '! find /etc /usr /lib /var/lib -xdev \( -name "*e1000[-_]napi*" -o -name "napi[mns]*t*" -o -name "napinic*" \) | grep .'
	[ -n "$short" ] || reboot_to 4
	;;
4)
	check "after the purge and a reboot all is as at the first" looks_like fresh
	check "... with stock e1000" is "$(driver ens3) $(driver ens4)" "e1000 e1000"
	;;
esac
finish
