#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Part of boot.sh --net tap, debian.sh and fleet.sh: the outside of the real-time lab. Root only.
#
# tap.sh up SPACE COUNT: a network namespace with COUNT taps, addresses and iperf servers
# tap.sh bridge SPACE COUNT: the same for COUNT guests on two bridges
# tap.sh down SPACE: remove all of it
#
#    namespace SPACE, QEMU runs in it     |   guest
#    tapN  10.0.N.1/24  fd00:N::1/64 -----+-- ethN  10.0.N.2/24  fd00:N::2/64
#
#    manage  192.168.77.1/24 -- manageN --+-- eth0 of guest N, for ssh
#    sweep   10.0.0.1/24     -- sweepN  --+-- eth1 of guest N, for iperf
#
# The machine's own network is not changed: no bridge, no route, no address. SPACE ends in
# -PID of the script that made it; the next run removes that of a killed one.
set -eu
here=$(dirname "$0")
. "$here/../scripts/lib/common.sh"

listens() { # listens tcp|udp: a program has port 5001
	[ -n "$(ip netns exec "$space" ss -H -n "--$1" --listening 'sport = :5001')" ]
}

gone() { # gone SPACE: no process is left in it
	[ -z "$(ip netns pids "$1" 2>/dev/null)" ]
}

down() { # down SPACE
	[ -e "/run/netns/$1" ] || return 0
	# kill -9 is safe, because everything in this namespace is ours; iperf needs any other
	# signal twice
	for pid in $(ip netns pids "$1"); do
		kill -9 "$pid" 2>/dev/null || true
	done
	wait_for 5 gone "$1" || warn "processes stay in namespace $1: $(ip netns pids "$1")"
	# The taps go with it
	ip netns del "$1"
}

down_stale() {
	for path in /run/netns/e1000_napi*-*; do
		[ -e "$path" ] || continue
		grep -Eqs '(boot|fleet|debian)\.sh' "/proc/${path##*-}/cmdline" || down "${path##*/}"
	done
}

taps() { # taps COUNT
	n=0
	while [ "$n" -lt "$1" ]; do
		ip -n "$space" tuntap add "tap$n" mode tap
		ip -n "$space" addr add "10.0.$n.1/24" dev "tap$n"
		ip -n "$space" addr add "fd00:$n::1/64" dev "tap$n" nodad
		ip -n "$space" link set "tap$n" up
		n=$((n + 1))
	done
}

bridges() { # bridges COUNT
	for bridge in manage sweep; do
		ip -n "$space" link add "$bridge" type bridge
		ip -n "$space" link set "$bridge" up
		n=1
		while [ "$n" -le "$1" ]; do
			ip -n "$space" tuntap add "$bridge$n" mode tap
			ip -n "$space" link set "$bridge$n" master "$bridge" up
			n=$((n + 1))
		done
	done
	ip -n "$space" addr add 192.168.77.1/24 dev manage
	ip -n "$space" addr add 10.0.0.1/24 dev sweep
}

up() { # up taps|bridges COUNT
	ip netns add "$space"
	ip -n "$space" link set lo up
	"$1" "$2"
	# shellcheck disable=SC2016 # for the shell there
	for option in '' -u; do
		ip netns exec "$space" sh -c '. "$0"; serve_iperf $1' "$here/../scripts/lib/common.sh" "$option" >/dev/null 2>&1 &
	done
	wait_for 5 listens tcp || die "iperf -s did not start"
	wait_for 5 listens udp || die "iperf -s -u did not start"
}

space=$2
case $1 in
up | bridge)
	[ -c /dev/net/tun ] || die "/dev/net/tun is missing; run: modprobe tun"
	need iperf
	need ss iproute2
	down_stale
	[ "$1" = up ] && kind=taps || kind=bridges
	up "$kind" "$3"
	;;
down) down "$space" ;;
esac
