#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# doctor looks at vb, which gets a healthy 1000 packets a second, while other things lose packets:
#
#   namespace $src  vbs 10.1.0.1 ---- vb 10.1.0.2  namespace $here
#                   vcs 10.2.0.1 ---- vc 10.2.0.2

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	make -s -C tools/napimeter
	[ -d /run/netns ] || : >"$BATS_FILE_TMPDIR/ours"
}

teardown_file() {
	[ ! -e "$BATS_FILE_TMPDIR/ours" ] || [ -n "$(ls /run/netns)" ] || { umount -n /run/netns && rmdir /run/netns; }
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	[ "$(id -u)" -eq 0 ] || skip "needs root, for a network namespace"
	src=doctor-src-$$ here=doctor-here-$$ pids=
	ip netns add "$src"
	ip netns add "$here"
	link vb 10.1.0
	link vc 10.2.0
	ip -n "$here" link set lo up
	# the healthy reader and its traffic
	start "$here" read 0.0.0.0 9 4000000 0
	start "$src" send 10.1.0.2 9 1000 20
	sleep 0.5
}

teardown() {
	[ -n "${src-}" ] || return 0
	for pid in $pids; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	ip netns del "$src"
	ip netns del "$here"
}

# link NAME NET: from NAMEs in $src to NAME in $here, without IPv6's own packets
link() {
	ip link add "$1s" netns "$src" type veth peer name "$1" netns "$here"
	ip netns exec "$src" sysctl -qw "net.ipv6.conf.$1s.disable_ipv6=1"
	ip netns exec "$here" sysctl -qw "net.ipv6.conf.$1.disable_ipv6=1"
	ip -n "$src" addr add "$2.1/24" dev "$1s"
	ip -n "$here" addr add "$2.2/24" dev "$1"
	ip -n "$src" link set "$1s" up
	ip -n "$here" link set "$1" up
}

# start NAMESPACE ARGUMENT…: traffic in the background
start() {
	local ns=$1
	shift
	ip netns exec "$ns" python3 tests/shell/doctor-traffic.py "$@" >/dev/null 2>&1 3>&- &
	pids="$pids $!"
	# a reader takes what comes from now on, however long its start takes
	[ "$1" != read ] || until ip netns exec "$ns" ss -Huln "sport = :$3" | grep -q .; do sleep 0.1; done
}

nft() { ip netns exec "$here" nft "$@" || skip "no nft here"; }

says_not() {
	local text
	for text; do
		[[ $output != *"$text"* ]] || { echo "said: $text: $output" && return 1; }
	done
}

doctor() { run ip netns exec "$here" ./e1000-napi doctor vb --seconds 3 "$@"; }

# says STATUS TEXT…: each of the texts, however it is wrapped
says() {
	local text all
	all=$(printf '%s\n' "$output" | tr -s ' \n' ' ')
	[ "$status" -eq "$1" ] || { echo "status $status: $output" && return 1; }
	shift
	for text; do
		[[ $all == *"$text"* ]] || { echo "not said: $text: $output" && return 1; }
	done
}

@test "packets for a closed port that came on another interface are not blamed on this one" {
	start "$src" send 10.2.0.2 7 3000 5
	doctor
	says 0 "Nothing wrong. On other interfaces: no-socket" "came on other interfaces, most on vc."
}

@test "nor are those that a firewall drops on another interface" {
	nft 'table inet t { chain c { type filter hook input priority 0; iifname vc drop; }; }'
	start "$src" send 10.2.0.2 9 3000 5
	doctor
	says 0 "Nothing wrong. On other interfaces: filter"
}

@test "nor is a socket that is bound to 127.0.0.1" {
	start "$here" read 127.0.0.1 5 4096 0.01
	start "$here" send 127.0.0.1 5 3000 5
	doctor
	says 0 "Nothing wrong. On other interfaces: socket" "UDP port 5, was full"
	# the counter of all sockets and those of each are read at different moments
	says_not "gone meanwhile" "1e+"
}

@test "where the loss may be of this interface or of others, both are named" {
	start "$here" read 0.0.0.0 5 4096 0.01
	start "$here" send 127.0.0.1 5 500 5
	doctor
	says 1 "packets came on others, most on lo, and the loss may be theirs."
}

@test "a few packets a second that no program here wants are harmless" {
	# 1000 packets a second would hide them
	for pid in $pids; do kill -KILL "$pid"; done
	start "$src" send 10.1.0.2 7 3 5
	doctor
	# the last may be counted by one counter only
	says 0 "Nothing wrong. Harmless: no-socket"
	[[ $output == *"(100 %)"* || $output == *"("[89]*" %)"* ]]
}

@test "an interface that went away, was renamed or made again is an error" {
	for how in 'link del vc' 'link set vc name vd' 'link del vc; link add vc type veth peer name ve'; do
		(
			sleep 1.5
			echo "$how" | tr ';' '\n' | ip -n "$here" -batch -
		) >/dev/null 2>&1 3>&- &
		changer=$!
		run timeout 20 ip netns exec "$here" ./e1000-napi doctor vc --json --seconds 3
		wait "$changer"
		says 1 "vc went away while doctor looked"
		says_not '"wrong"'
		ip -n "$here" link del vc || ip -n "$here" link del vd || :
		link vc 10.2.0
	done
}

@test "a firewall that drops forwarded packets is a finding" {
	ip netns exec "$here" sysctl -qw net.ipv4.ip_forward=1
	ip -n "$src" route add 10.3.0.0/24 via 10.1.0.2
	ip -n "$here" route add 10.3.0.0/24 via 10.2.0.1
	start "$src" send 10.3.0.9 9 1000 12
	sleep 0.5
	doctor
	says 0 "packets were forwarded."
	nft 'table inet t { chain c { type filter hook forward priority 0; drop; }; }'
	doctor
	says 1 "Wrong: filter"
}

@test "packets that a netdev hook drops before IP are a finding" {
	nft 'table netdev t { chain c { type filter hook ingress device vb priority 0; udp dport 9 drop; }; }'
	doctor
	says 1 "Wrong: before-ip" "Next: tc filter show dev vb ingress; nft list ruleset"
}

@test "a reader that always loses most packets is the limit, however small its packets' buffer" {
	start "$here" read 0.0.0.0 5 1 0.01
	start "$src" send 10.1.0.2 5 1000 8
	sleep 0.5
	doctor --json
	says 1 '"limit": "reader"'
}

@test "a TCP program that never reads is stuck, and loses nothing" {
	start "$here" stuck 0.0.0.0 6
	sleep 1
	start "$src" fill 10.1.0.2 6
	sleep 1
	doctor
	says 1 "does not read its connection on TCP port 6" "TCP loses nothing"
	says_not "rmem"
}
