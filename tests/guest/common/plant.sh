#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Faults that can be planted on eth0, each with what takes it away again, and traffic that needs no
# sweep. Source it after lib.sh, with eth0 up. The kernel here loads no module by itself.
modprobe -a sch_netem sch_ingress cls_matchall act_gact dummy veth udp_diag tcp_diag pktgen crc32c_generic nf_tables

# One bit in every twentieth packet is turned over on its way
plant_corrupt() { ip netns exec src tc qdisc add dev peer0 root netem corrupt 5%; }
pull_up_corrupt() { ip netns exec src tc qdisc del dev peer0 root; }

# Their source has another route, and the reverse path is checked: the larger of both counts
plant_reverse_path() {
	ip link add nowhere0 type dummy
	ip link set nowhere0 up
	sysctl -qw net.ipv4.udp_early_demux=0 net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.eth0.rp_filter=1
	ip route add 10.0.0.1/32 dev nowhere0
}
pull_up_reverse_path() {
	ip link del nowhere0
	sysctl -qw net.ipv4.udp_early_demux=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
}

# Every other packet is dropped before IP, by tc, as nft's netdev hook does
plant_ingress() {
	tc qdisc add dev eth0 clsact
	tc filter add dev eth0 ingress matchall action drop random determ pass 2
}
pull_up_ingress() { tc qdisc del dev eth0 clsact; }

# port_open PORT: a UDP socket of this guest has it
port_open() { ss -Huln "sport = :$1" | grep -q .; }

# Another program's socket overflows: it is stopped. Its port is 5009
plant_stopped() {
	iperf -s -u -w 8K -p 5009 >/dev/null 2>&1 &
	stopped=$!
	# loading it takes long on a busy host
	wait_for 10 port_open 5009 || echo "# no iperf on port 5009"
	kill -STOP "$stopped"
}
pull_up_stopped() {
	kill -KILL "$stopped"
	wait "$stopped" 2>/dev/null || :
}

# send PORT MBITS SECONDS: 1470 bytes each, through the kernel's queues
send() {
	ip netns exec src iperf -u -c 10.0.0.2 -p "$1" -b "$2M" -t "$3" >/dev/null 2>&1 || :
}

# blast PORT PER_SECOND BURST SECONDS: 1000 bytes each, by pktgen, which knows no queues;
# ended after these seconds, however far it came
# shellcheck disable=SC2016 # for the inner shell
blast() {
	ip netns exec src sh -c '
		put() { echo "$2" >"/proc/net/pktgen/$1"; }
		put kpktgend_0 rem_device_all
		put kpktgend_0 "add_device peer0"
		for w in "clone_skb 0" "dst 10.0.0.2" "dst_mac $5" "udp_dst_min $1" "udp_dst_max $1" \
			"pkt_size 1000" "burst $3" "count 0" "delay $(($3 * 1000000000 / $2))"; do
			put peer0 "$w"
		done
		put pgctrl start &
		sleep "$4"
		put pgctrl stop
		wait' sh "$1" "$2" "$3" "$4" "$(cat /sys/class/net/eth0/address)"
}
