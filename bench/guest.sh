#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the bench's guest: traffic under one driver or peer after another.
#
# guest.sh [--symbols] PACKETS OFFSET VARIANT… -- LOAD:WEIGHT…
#   OFFSET   seconds to wait at first, so that runs differ in what is periodic
#   VARIANT  stock, off, on, timing, printk; ftrace, tpbtf, bpftrace, bpftrace-times,
#            perf: stock with these on its polls
#   LOAD     one: 8000 packets a second, so that each has a poll of its own; full: as fast
#            as pktgen sends
# Writes lines to stdout:
#   cell VARIANT LOAD WEIGHT BUSY_NS SENT RECEIVED POLLS
# and each peer's histogram to /share/VARIANT. Drivers are in /share, /dev/vda is the disk
# of layer.sh. --symbols: /share/kallsyms, for the plugin insns.
set -eu
cd /opt/e1000_napi
# shellcheck source=scripts/lib/common.sh
. scripts/lib/common.sh
event=/sys/kernel/tracing/events/napi/napi_poll
trigger='hist:keys=work if dev_name == "eth0"'
tracer=''

# busy_ns: busy CPU time since boot in ns; /proc/uptime has only hundredths of a second
busy_ns() {
	awk '$1 == "now" && $2 == "at" { now = $3 } $1 == ".idle_sleeptime" { idle = $3 }
		$1 == ".iowait_sleeptime" { idle += $3 }
		END { printf "%.0f\n", now - idle }' /proc/timer_list
}

stat_of() { ethtool -S eth0 | awk -v n="$1:" '$1 == n { print $2; exit }'; }

layer() { # layer PROGRAM ARG…: one of the disk's
	_p=$1
	shift
	LD_LIBRARY_PATH=/layer/lib exec "/layer/bin/$_p" "$@"
}

load_driver() { # load_driver VARIANT
	case $1 in
	off | on | timing)
		insmod e1000_napi.ko
		[ "$1" != off ] || echo 0 >/sys/module/e1000_napi/parameters/stats
		[ "$1" != timing ] || echo 1 >/sys/module/e1000_napi/parameters/timing
		;;
	printk) insmod /share/printk.ko ;;
	*) insmod /share/stock.ko ;;
	esac
}

# Probe the device again, so that the bench's stock driver takes another weight. The module
# stays loaded, and with it the probes on its functions
set_weight() { # set_weight WEIGHT
	if [ -d /sys/module/e1000_napi ]; then
		echo "$1" >/sys/kernel/debug/e1000_napi/eth0/weight
	elif [ "$(cat /sys/module/e1000/parameters/bench_weight)" != "$1" ]; then
		_pci=$(basename "$(readlink /sys/class/net/eth0/device)")
		echo "$1" >/sys/module/e1000/parameters/bench_weight
		echo "$_pci" >/sys/bus/pci/drivers/e1000/unbind
		echo "$_pci" >/sys/bus/pci/drivers/e1000/bind
	fi
	lab/net.sh up 0
}

attached() { grep -qs counting /tmp/tracer; }

# rests: perf has its file and used no CPU for a second; fails at once if it has ended
rests() {
	kill -0 "$tracer" || die "perf ended: $(cat /tmp/tracer)"
	_used=$(cut -d ' ' -f 14,15 "/proc/$tracer/stat")
	sleep 1
	[ -s /tmp/perf.data ] && [ "$(cut -d ' ' -f 14,15 "/proc/$tracer/stat")" = "$_used" ]
}

start_peer() { # start_peer VARIANT
	case $1 in
	ftrace) echo "$trigger" >$event/trigger ;;
	tpbtf)
		/share/tpbtf /share/count.bpf.o eth0 >/tmp/tracer 2>&1 &
		tracer=$!
		wait_for 60 attached || die "tpbtf did not start: $(cat /tmp/tracer)"
		;;
	bpftrace | bpftrace-times)
		# It takes seconds to start, and reports when it counts
		layer bpftrace "bench/$1.bt" >/tmp/tracer 2>&1 &
		tracer=$!
		wait_for 300 attached || die "bpftrace did not start: $(cat /tmp/tracer)"
		;;
	perf)
		layer perf record -q -a -e napi:napi_poll -o /tmp/perf.data >/tmp/tracer 2>&1 &
		tracer=$!
		# It does not report when it counts, but is idle from then on
		wait_for 300 rests || die "perf did not start: $(cat /tmp/tracer)"
		;;
	esac
}

stop_peer() { # stop_peer VARIANT
	case $1 in
	ftrace)
		cat $event/hist >/share/ftrace
		echo "!$trigger" >$event/trigger
		;;
	tpbtf | bpftrace | bpftrace-times | perf)
		kill -INT "$tracer"
		wait "$tracer" || :
		cp /tmp/tracer "/share/$1.out"
		rm -f /tmp/tracer /tmp/perf.data
		;;
	on | timing) cat /sys/kernel/debug/e1000_napi/eth0/snapshot >"/share/$1" ;;
	esac
}

pktgen() { # pktgen FILE WORDS: as its network namespace sees /proc
	# shellcheck disable=SC2016 # for the inner shell
	ip netns exec src sh -c 'echo "$2" >"/proc/net/pktgen/$1"' sh "$1" "$2"
}

pktgen_setup() { # pktgen_setup DELAY_NS
	pktgen kpktgend_0 rem_device_all
	pktgen kpktgend_0 'add_device peer0'
	for words in "count $packets" 'pkt_size 1000' "delay $1" 'dst 10.0.0.2' \
		'src_min 10.0.0.1' 'udp_dst_min 9' 'udp_dst_max 9' \
		"dst_mac $(cat /sys/class/net/eth0/address)"; do
		pktgen peer0 "$words"
	done
}

cell() { # cell VARIANT LOAD WEIGHT
	set_weight "$3"
	_delay=0
	[ "$2" != one ] || _delay=125000
	pktgen_setup "$_delay"
	sleep 0.5
	_rx=$(stat_of rx_packets)
	_polls=$(stat_of napi_polls)
	sleep 0.1
	_busy=$(busy_ns)
	pktgen pgctrl start
	_busy=$(($(busy_ns) - _busy))
	sleep 0.1
	_rx=$(($(stat_of rx_packets) - _rx))
	[ -z "$_polls" ] || _polls=$(($(stat_of napi_polls) - _polls))
	[ -z "$symbols" ] || cat /proc/kallsyms >/share/kallsyms
	echo "cell $1 $2 $3 $_busy $packets $_rx ${_polls:--}"
}

symbols=''
if [ "$1" = --symbols ]; then
	symbols=$1
	shift
fi
packets=$1 offset=$2 variants=''
shift 2
while [ "$1" != -- ]; do
	variants="$variants $1"
	shift
done
shift
modprobe -q -a pktgen virtio_blk crc32c_generic ext4
if [ -b /dev/vda ]; then
	mkdir -p /layer
	mount -t ext4 -o ro /dev/vda /layer
fi
# The study's prints go to the kernel's log only: to a serial console they would cost
# milliseconds each
dmesg -n 1
sleep "$offset"
for variant in $variants; do
	load_driver "$variant"
	lab/net.sh up 0
	start_peer "$variant"
	for c; do
		cell "$variant" "${c%:*}" "${c#*:}"
	done
	stop_peer "$variant"
	rmmod e1000_napi 2>/dev/null || rmmod e1000
done
