#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the bench's guest, on two CPUs: the same polls in our histogram and in those of other
# tools.
#
# guest-peers.sh PACKETS SECONDS MTU: PACKETS come, each as long as MTU lets it; for SECONDS
# TCP is sent at the same time, through as few descriptors as there may be.
# Writes lines `NAME PACKETS POLLS` to stdout; the truth is what the driver received.
set -eu
cd /opt/e1000_napi
# shellcheck source=scripts/lib/common.sh
. scripts/lib/common.sh
event=/sys/kernel/tracing/events/napi/napi_poll
debug=/sys/kernel/debug/e1000_napi/eth0

stat_of() { ethtool -S eth0 | awk -v n="$1:" '$1 == n { print $2; exit }'; }

# pktgen_words THREAD DEVICE WORDS…: in whose namespace it is called
pktgen_words() {
	_thread=$1 _device=$2
	shift 2
	echo rem_device_all >"/proc/net/pktgen/$_thread"
	echo "add_device $_device" >"/proc/net/pktgen/$_thread"
	for w; do
		echo "$w" >"/proc/net/pktgen/$_device"
	done
}

if [ "${1-}" = source ]; then
	pktgen_words kpktgend_0 peer0 "count $2" "pkt_size $(($(cat /sys/class/net/peer0/mtu) - 100))" 'delay 250000' 'dst 10.0.0.2' \
		'udp_dst_min 9' 'udp_dst_max 9' "dst_mac $(cat /tmp/mac)"
	echo start >/proc/net/pktgen/pgctrl
	exit
fi

modprobe -q -a pktgen virtio_blk crc32c_generic ext4
mkdir -p /layer
mount -t ext4 -o ro /dev/vda /layer
insmod e1000_napi.ko TxDescriptors=80
lab/net.sh up 0
ip link set eth0 mtu "$3"
ip netns exec src ip link set peer0 mtu "$3"
wait_for 10 grep -qs 1 /sys/class/net/eth0/carrier
cat /sys/class/net/eth0/address >/tmp/mac
line=$(cat /sys/class/net/eth0/device/irq)
echo 0 >"/proc/irq/$line/smp_affinity_list"

LD_LIBRARY_PATH=/layer/lib /layer/bin/bpftrace bench/bpftrace.bt >/tmp/bpftrace 2>&1 &
bpftrace=$!
wait_for 300 grep -qs counting /tmp/bpftrace || die "bpftrace did not start: $(cat /tmp/bpftrace)"
/share/tpbtf /share/count.bpf.o eth0 >/tmp/tpbtf 2>&1 &
tpbtf=$!
wait_for 60 grep -qs counting /tmp/tpbtf || die "tpbtf did not start: $(cat /tmp/tpbtf)"
echo 'hist:keys=work if dev_name == "eth0"' >$event/trigger
# No other tool can restart its counts, so all count from here to the end; ours by subtraction
cat $debug/snapshot >/tmp/before
rx=$(stat_of rx_packets)
unfinished=$(stat_of napi_polls_tx_unfinished)

ip netns exec src iperf -s >/dev/null 2>&1 &
sleep 0.5
ip netns exec src sh "$0" source "$1" &
source=$!
[ "$2" -eq 0 ] || timeout -s KILL 60 taskset -c 1 iperf -c 10.0.0.1 -P 2 -t "$2" >/dev/null 2>&1 || :
wait "$source"
sleep 1

# Read all of them while no packets come
cat $event/hist >/tmp/ftrace
cat $debug/snapshot >/tmp/snapshot
rx=$(($(stat_of rx_packets) - rx))
kill -INT $bpftrace $tpbtf
wait $bpftrace $tpbtf || :
echo "truth $rx -"
awk '$2 == "histogram" && $3 == "rx_per_poll" { n = $5 - n; s = $6 - s }
	END { print "e1000_napi", s, n }' /tmp/before /tmp/snapshot
awk -F '[^0-9]+' '/work:/ { n += $3; s += $2 * $3 } END { print "ftrace", s + 0, n + 0 }' /tmp/ftrace
for peer in tpbtf bpftrace; do
	awk -F '[^0-9]+' -v peer=$peer '/^@work/ { n += $3; s += $2 * $3 } END { print peer, s + 0, n + 0 }' /tmp/$peer
done
echo "unfinished $(($(stat_of napi_polls_tx_unfinished) - unfinished)) -"
[ ! -d /share ] || cp /tmp/ftrace /tmp/snapshot /tmp/bpftrace /share && cp /tmp/tpbtf /share/tpbtf.out
rmmod e1000_napi
