#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# doctor does not know the planted fault, and must name it: the place, the limit, the
# program. Faults come in a random order (SEED=N). ONLY=NAME for one of them.
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
cd "$top"
insmod "$ko"
lab/net.sh up 0
# shellcheck source=tests/guest/common/plant.sh
. tests/guest/common/plant.sh
work=$(mktemp -d)
PATH=$PATH:/share/programs
export LD_LIBRARY_PATH=/share/programs/lib

# doctor [OPTION]…: its answer, in $work/answer, and its status, in $rc
doctor() {
	rc=0
	scripts/doctor.sh "${nic:-eth0}" --seconds 2 "$@" >"$work/answer" 2>"$work/log" || rc=$?
}

# answer KEY: of the first finding that is wrong
answer() {
	awk -v key="\"$1\":" '$1 == "\"wrong\":" { on = $2 == "["; next } /^  \]/ { on = 0 }
		on && $1 == key { $1 = ""; gsub(/^ |[",]/, ""); print; exit }' "$work/answer"
}

# places LIST: wrong or harmless, all places of it
places() {
	awk -v list="\"$1\":" '$1 == list { on = $2 == "["; next } /^  \]/ { on = 0 }
		on && $1 == "\"place\":" { gsub(/[",]/, "", $2); print $2 }' "$work/answer" | xargs
}

# finds NAME PLACE LIMIT NEXT: the first of what is wrong; NEXT is a pattern of case
finds() {
	is "$1: status 1" "$rc" 1
	is "$1: the place and the limit" "$(answer place) $(answer limit)" "$2 $3"
	# shellcheck disable=SC2254 # a pattern
	case $(answer next) in
	$4) check "$1: the next step" true ;;
	*) is "$1: the next step" "$(answer next)" "$4" ;;
	esac
	[ "$(places wrong)" = "$2" ] || echo "# also: $(places wrong)"
}

# with TRAFFIC…: doctor looks while that comes
with() {
	"$@" >/dev/null 2>&1 &
	_traffic=$!
	sleep 0.7
	doctor --json
	wait "$_traffic" || :
}

# A program that takes all that comes to port 9
reader() {
	tools/napimeter sink 9 3600 8388608 >/dev/null 2>&1 &
	reader=$!
	sleep 0.2
}
reader

fault_healthy() {
	with blast 9 2000 1 3
	is "healthy: status 0" "$rc" 0
	is "healthy: nothing is said" "$(places wrong)$(places harmless)" ""
	doctor
	check "healthy: in words" grep -qx 'Nothing wrong.' "$work/answer"
}
fault_ring() {
	ethtool -G eth0 rx 80
	wait_for 10 link_up eth0
	sleep 1
	with blast 9 56000 100 3
	ethtool -G eth0 rx 256
	wait_for 10 link_up eth0
	finds ring ring ring 'ethtool -G eth0 rx 1024'
	case $(answer text) in *'it is the ring not the weight'*) r=1 ;; *) r='' ;; esac
	check "ring: and says that it is not the weight" [ -n "$r" ]
}
fault_weight() {
	echo 1 >"$debug/eth0/weight"
	with blast 9 56000 100 3
	echo 64 >"$debug/eth0/weight"
	finds weight ring weight 'ethtool -C eth0 rx-frames-irq 64'
}
fault_cpu() {
	command -v nft >/dev/null || {
		echo "ok cpu # SKIP no nft here"
		return 0
	}
	# a firewall that has each packet looked at by many rules
	{
		echo 'table inet slow { chain c { type filter hook prerouting priority -300;'
		awk 'BEGIN { for (i = 0; i < 500; i++) print "udp dport " 20000 + i " accept" }'
		printf '}\n}\n'
	} >"$work/rules"
	nft -f "$work/rules"
	with blast 9 56000 100 3
	nft delete table inet slow
	finds cpu ring cpu 'on the host: give this guest one more CPU*'
}
fault_backlog() {
	echo 1 >/sys/class/net/eth0/queues/rx-0/rps_cpus
	sysctl -qw net.core.netdev_max_backlog=10
	with blast 9 10000 50 3
	sysctl -qw net.core.netdev_max_backlog=1000
	echo 0 >/sys/class/net/eth0/queues/rx-0/rps_cpus
	finds backlog backlog backlog 'sysctl -w net.core.netdev_max_backlog=1000'
}
fault_buffer() {
	tools/napimeter sink 10 3600 8192 >/dev/null 2>&1 &
	small=$!
	sleep 0.2
	with blast 10 5000 100 3
	kill "$small"
	finds buffer socket buffer 'in the settings of napimeter: a larger SO_RCVBUF*'
	is "buffer: the program, its port, its buffer" \
		"$(answer command) $(answer pid) $(answer port) $(answer rcvbuf)" "napimeter $small 10 16384.0"
}
fault_stopped() {
	plant_stopped
	with send 5009 5 3
	finds stopped socket reader "kill -CONT $stopped"
	is "stopped: the program and its port" "$(answer command) $(answer pid) $(answer port)" "iperf $stopped 5009"
	pull_up_stopped
}
fault_nft() {
	command -v nft >/dev/null || {
		echo "ok nft # SKIP no nft here"
		return 0
	}
	nft 'table inet wall {
		chain c { type filter hook input priority 0; udp dport 9 drop; }
	}'
	with blast 9 2000 1 3
	nft delete table inet wall
	finds nft filter null 'nft list ruleset*'
}
fault_corrupt() {
	plant_corrupt
	iperf -s -u -p 5010 >/dev/null 2>&1 &
	iperf=$!
	sleep 0.3
	with send 5010 20 3
	pull_up_corrupt
	kill -KILL "$iperf"
	finds corrupt checksum null 'ethtool -K eth0 rx off'
}
fault_ingress() {
	plant_ingress
	with blast 9 2000 1 3
	pull_up_ingress
	finds ingress tc null 'tc -s filter show dev eth0 ingress'
}
fault_reverse_path() {
	plant_reverse_path
	with send 9 5 3
	pull_up_reverse_path
	finds reverse-path reverse-path null 'sysctl -w net.ipv4.conf.all.rp_filter=2 *'
}
fault_xdp() {
	[ -x /share/programs/xdp-drop ] || {
		echo "ok xdp # SKIP no /share/programs/xdp-drop here"
		return 0
	}
	LD_LIBRARY_PATH='' /share/programs/xdp-drop eth0 &
	xdp=$!
	sleep 0.3
	with blast 9 2000 1 3
	kill "$xdp"
	finds xdp xdp null 'bpftool prog show id *'
}
fault_no_socket() {
	with blast 11 1000 1 3
	finds no-socket no-socket null 'tcpdump *'
}
fault_budget() {
	sysctl -qw net.core.netdev_budget=1
	# newer kernels refuse less than two ticks
	sysctl -qw net.core.netdev_budget_usecs=1 2>/dev/null || :
	with blast 9 2000 20 3
	sysctl -qw net.core.netdev_budget=300 net.core.netdev_budget_usecs=8000
	is "budget: status 0" "$rc" 0
	is "budget: nothing is wrong" "$(places wrong)" ""
	case " $(places harmless) " in *' squeeze '*) r=1 ;; *) r='' ;; esac
	check "budget: squeezed rounds are harmless, without a loss" [ -n "$r" ]
}
# Packets that go on to a container are not lost, but what it loses is not seen
fault_forwarded() {
	ip netns add container
	ip link add veth0 type veth peer name veth1 netns container
	ip addr add 10.9.0.1/24 dev veth0
	ip link set veth0 up
	ip -n container addr add 10.9.0.2/24 dev veth1
	ip -n container link set veth1 up
	ip -n src route add 10.9.0.0/24 via 10.0.0.2
	sysctl -qw net.ipv4.ip_forward=1
	ip netns exec container sleep 60 &
	inside=$!
	with ip netns exec src iperf -u -c 10.9.0.2 -b 5M -t 3
	is "forwarded: status 0" "$rc" 0
	is "forwarded: nothing is wrong" "$(places wrong)" ""
	# QEMU keeps the count of an earlier loss, which is reported too
	case " $(places harmless) " in *' forwarded '*) r=1 ;; *) r='' ;; esac
	check "forwarded: it is said" [ -n "$r" ]
	check "forwarded: and where to look" grep -q "look in the [12] other network namespaces too" "$work/answer"
	kill "$inside"
	sysctl -qw net.ipv4.ip_forward=0
	ip -n src route del 10.9.0.0/24
	ip link del veth0
	ip netns del container
}
fault_hung() {
	echo '<3>e1000 0000:00:03.0 eth0: Detected Tx Unit Hang' >/dev/kmsg
	doctor --json
	finds hung transmitter host 'ethtool -K eth0 tso off gso off'
}
fault_down() {
	ip link set eth0 down
	doctor --json
	ip link set eth0 up
	wait_for 10 link_up eth0
	finds down link null 'ip link set dev eth0 up'
}

all='ring weight cpu backlog buffer stopped nft corrupt ingress reverse_path xdp no_socket budget
forwarded down'
seed=${SEED:-$(date +%s)}
echo "# the order is that of SEED=$seed"
# healthy first: QEMU keeps the count of a loss; hung last: the kernel's log keeps it
# shellcheck disable=SC2086 # a list
for fault in healthy $(printf '%s\n' $all | awk -v seed="$seed" 'BEGIN { srand(seed); rand() }
	{ print rand(), $1 }' | sort -n | cut -d ' ' -f 2) hung; do
	[ -z "${ONLY:-}" ] || [ "$ONLY" = "$fault" ] || continue
	_was=$failures
	"fault_$fault"
	[ "$failures" -eq "$_was" ] || sed 's/^/# /' "$work/answer" "$work/log"
done

# Any driver: the virtual NIC on the other side, and stock e1000
if [ -z "${ONLY:-}" ]; then
	ip netns exec src tools/napimeter doctor peer0 --seconds 1 --json >"$work/answer" 2>"$work/log" || :
	check "virtio: the driver is named" grep -q '"driver": "virtio_net"' "$work/answer"
	is "virtio: nothing is wrong" "$(places wrong)" ""
	rmmod e1000_napi
	modprobe e1000
	lab/net.sh up 0
	dmesg -c >/dev/null
	ethtool -G eth0 rx 80
	wait_for 10 link_up eth0
	sleep 1
	with blast 9 56000 100 3
	finds "stock e1000" ring ring 'ethtool -G eth0 rx 1024'
	rmmod e1000
fi
kill "$reader"
rm -rf "$work"
finish
