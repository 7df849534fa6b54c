#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the lab's guest: give ethN its addresses, and its peer on the other side of
# the wire a network namespace of its own, so that packets really take the wire.
#
#    namespace src                      |   guest
#    peerN  10.0.N.1/24  fd00:N::1/64 --+-- ethN  10.0.N.2/24  fd00:N::2/64
#
# With boot.sh --net tap the left side is outside the guest and up already.
set -eu
here=$(dirname "$0")
. "$here/../scripts/lib/common.sh"

usage() {
	cat <<-END
		usage: net.sh up [N] | down [N]
		For use in the lab's guest, when a driver for the e1000 NICs is loaded.
		  up    peerN goes to the namespace src as 10.0.N.1, ethN becomes 10.0.N.2; waits
		        until packets pass; lets sockets have 32 MB (rmem_max, wmem_max)
		  down  takes it back
		  N     from 0; default: every ethN there is
	END
}

reaches() { # reaches ADDRESS: one echo there and back
	ping -q -c 1 -W 1 "$1" >/dev/null 2>&1
}

up() {
	[ -e "/sys/class/net/eth$1" ] ||
		die "no eth$1; load a driver first: modprobe e1000, or insmod e1000_napi.ko"
	if [ -e "/sys/class/net/peer$1" ]; then
		[ -e /run/netns/src ] || ip netns add src
		ip link set "peer$1" netns src
		ip -n src link set lo up
		ip -n src addr add "10.0.$1.1/24" dev "peer$1"
		ip -n src addr add "fd00:$1::1/64" dev "peer$1" nodad
		ip -n src link set "peer$1" up
	fi
	# replace: they may exist already
	ip addr replace "10.0.$1.2/24" dev "eth$1"
	ip addr replace "fd00:$1::2/64" dev "eth$1" nodad
	ip link set "eth$1" up
	wait_for 10 grep -qs 1 "/sys/class/net/eth$1/carrier" || die "eth$1 has no link"
	# Ten tries of a second
	wait_for 1 reaches "10.0.$1.1" || die "no answer from 10.0.$1.1 over eth$1"
}

down() {
	if [ -e /run/netns/src ] && ip -n src link show "peer$1" >/dev/null 2>&1; then
		ip -n src link set "peer$1" netns 1
	fi
	[ -e "/sys/class/net/eth$1" ] || return 0
	ip addr del "10.0.$1.2/24" dev "eth$1" 2>/dev/null || true
	ip addr del "fd00:$1::2/64" dev "eth$1" 2>/dev/null || true
	ip link set "eth$1" down
}

every() {
	for dev in /sys/class/net/eth*; do
		[ ! -e "$dev" ] || echo "${dev##*/eth}"
	done
}

case ${1-} in
up | down) verb=$1 ;;
-h | --help)
	usage
	exit 0
	;;
*) usage_error "say up or down" ;;
esac
[ $# -le 2 ] || usage_error "too many arguments"
if [ $# -eq 2 ]; then
	is_uint "$2" || usage_error "'$2' is not the number of a NIC"
	list=$2
else
	list=$(every)
	[ "$verb" = down ] || [ -n "$list" ] ||
		die "no e1000 NIC; load a driver first: modprobe e1000, or insmod e1000_napi.ko"
fi
grep -qs '^lab$' /etc/hostname || die "this is for the lab's guest only; see boot.sh --help"
if [ "$verb" = up ]; then
	# A socket buffer of SO_RCVBUF 8 MB and more must be possible
	sysctl -qw net.core.rmem_max=33554432 net.core.wmem_max=33554432
fi
for n in $list; do
	"$verb" "$n"
done
