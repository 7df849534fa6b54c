#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the bench's guest: the cost of a new weight under traffic, set live, and by loading the
# module again. Packets come from pktgen in the lab of one guest, or, on Xen, from the iperf
# server. A sweep at weight 64, in DIR/streams, counts them by place. During every other stream
# the weight changes; during the rest the same programs set the current weight.
#
# guest-change.sh DIR; writes lines to stdout:
#   HOW SET NS_EACH SENT LOST BEFORE_NIC RING SOCKET REST
#                             HOW: debugfs, ethtool; debugfs-same, ethtool-same
#   reload 1 NS SENT LOST     without a sender of its own, - -
set -eu
cd /opt/e1000_napi
# shellcheck source=scripts/lib/common.sh
. scripts/lib/common.sh
dir=$1

now_ns() { awk '$1 == "now" { print $3; exit }' /proc/timer_list; }
stat_of() { ethtool -S eth0 | awk -v n="$1:" '$1 == n { print $2; exit }'; }
# shellcheck disable=SC2016 # for the inner shell
pktgen() { ip netns exec src sh -c 'echo "$2" >"/proc/net/pktgen/$1"' sh "$1" "$2"; }

# five HOW: set weights one after the other, while there is time. The last is the sweep's, which
# checks it after each stream. None is low enough to lose packets by itself
five() {
	_weights='16 128 32 256'
	case $1 in *-same) _weights='64 64 64 64' ;; esac
	for w in $_weights; do
		in_time || break
		set_weight "$1" "$w"
	done
	set_weight "$1" 64
}
set_weight() {
	case $1 in
	ethtool*) ethtool -C eth0 rx-frames-irq "$2" ;;
	debugfs*) echo "$2" >/sys/kernel/debug/e1000_napi/eth0/weight ;;
	esac
	n=$((n + 1))
}

# how REPETITION: the kind of changes during it
how() {
	case $(($1 % 4)) in
	1) echo debugfs ;;
	2) echo debugfs-same ;;
	3) echo ethtool ;;
	0) echo ethtool-same ;;
	esac
}

# in_time: the stream lasts for $spare seconds at least, and has not failed
in_time() {
	[ ! -e "$over" ] || return
	read -r _now _ </proc/uptime
	[ "${_now%.*}" -lt "$end" ]
}

# changes HOW: change weights as long as a stream lasts; at first without a pause, which is
# timed, then some per second, as in a sweep
changes() {
	read -r _now _ </proc/uptime
	end=$((${_now%.*} + seconds - spare))
	sleep 1
	n=0 a=$(now_ns)
	while [ "$n" -lt 50 ] && in_time; do
		five "$1"
	done
	total=$(($(now_ns) - a)) timed=$n
	while in_time; do
		five "$1"
		sleep 0.5
	done
	echo "$1 $n $timed $total" >>"$dir/changes"
}

# conduct < output of the sweep: change until its next line, because a failing stream ends
# early
conduct() {
	changing=''
	while read -r _line; do
		echo "$_line" >&2
		: >"$over"
		[ -z "$changing" ] || wait "$changing"
		rm "$over"
		changing=''
		case $_line in
		'['*repetition\ *)
			changes "$(how "${_line##*repetition }")" &
			changing=$!
			;;
		esac
	done
}

live() {
	rm -rf "$dir/streams" "$dir/changes"
	# shellcheck disable=SC2086 # words
	scripts/sweep.sh eth0 --out "$dir/streams" $source --weight 64 --rcvbuf 8M \
		--seconds "$seconds" --reps $((4 * blocks)) --on-error stop >"$pipe" &
	sweep=$!
	conduct <"$pipe"
	wait "$sweep"
	awk -v hows="$(how 1) $(how 2) $(how 3) $(how 0)" '
		BEGIN { split(hows, how, " "); how[0] = how[4] }
		FNR == NR { n[$1] += $2; timed[$1] += $3; ns[$1] += $4; next }
		FNR == 1 { split($0, name, ","); for (i in name) c[name[i]] = i; next }
		{
			split($0, v, ",")
			h = how[v[c["rep"]] % 4]
			sent[h] += v[c["sent"]]
			lost[h] += v[c["lost"]]
			before[h] += v[c["lost_before_nic"]]
			ring[h] += v[c["lost_ring"]]
			socket[h] += v[c["lost_socket"]] + v[c["lost_backlog"]]
			rest[h] += v[c["lost_app"]] + v[c["remainder"]]
		}
		END {
			for (h in sent)
				printf "%s %d %.0f %d %d %d %d %d %d\n", h, n[h], timed[h] ? ns[h] / timed[h] : 0,
					sent[h], lost[h], before[h], ring[h], socket[h], rest[h]
		}' "$dir/changes" "$dir/streams/runs.csv" | sort
}

# The time from unloading to the first packet; packets meanwhile are lost
reload() {
	_a=$(now_ns)
	rmmod e1000_napi
	insmod e1000_napi.ko weight=60
	lab/net.sh up 0
	took=$(($(now_ns) - _a))
}

reload_counted() {
	pktgen kpktgend_0 rem_device_all
	pktgen kpktgend_0 'add_device peer0'
	for w in 'count 0' 'pkt_size 1000' 'delay 125000' 'dst 10.0.0.2' 'udp_dst_min 9' \
		'udp_dst_max 9' "dst_mac $(cat /sys/class/net/eth0/address)"; do
		pktgen peer0 "$w"
	done
	rx=$(stat_of rx_packets)
	pktgen pgctrl start &
	sleep 0.3
	before=$(stat_of rx_packets)
	reload
	pktgen pgctrl stop
	wait
	sleep 0.3
	# The new module's counters start at 0
	# shellcheck disable=SC2016 # awk's
	sent=$(ip netns exec src awk '/pkts-sofar/ { print $2 }' /proc/net/pktgen/peer0)
	lost=$((sent - (before - rx) - $(stat_of rx_packets)))
}

mkdir -p "$dir"
modprobe -q pktgen || :
[ -d /sys/module/e1000_napi ] || insmod e1000_napi.ko
lab/net.sh up 0
pipe=/tmp/said over=/tmp/over
mkfifo "$pipe"
if [ -e /run/netns/src ]; then
	seconds=4 spare=2 blocks=3 source='--source pktgen --load 64M --datagram 1000'
	live
	reload_counted
else
	# Nested emulation carries 250 packets a second; at 625 some streams lose hundreds in dom0
	seconds=15 spare=6 blocks=4 source='--server 10.0.0.1 --load 400k --datagram 200'
	live
	reload
	sent=- lost=-
fi
echo "reload 1 $took $sent $lost"
