#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Makes up a results folder that looks like the study's, for tests and to try
# the report without a lab. Nothing in it was measured.
set -eu

usage() {
	cat <<'USAGE'
Usage: make-results.sh [OPTION…] DIR
Writes made-up runs.csv, hist.csv and meta.json into DIR.

  --hypervisor NAME  name in meta.json (qemu)
  --stand-in         say that it stands in for NAME
  --kind K           irq: weights 1 2 60 200 over 100..1000 Mbit/s (default)
                     irq-affinity: the same, application on the other CPU
                     tcp: 20 weights at full speed
                     udp: default and larger socket buffer, 20 weights
                     interleave: irq's loads, weights in blocks
                     mlfrr: a search
                     all: every one of these
  --weights "W…"     other weights for irq, irq-affinity and interleave
  --reps N           repetitions (5); blocks for interleave
  --cap N            Mbit/s that weight 1 can take (400)
  --noise P          percent of scatter (0.4)
  --seed N           of the random numbers (1)
  --no-host          without host CPU
USAGE
}

hypervisor=qemu stand_in=false kind=irq weights="1 2 60 200" reps=5 cap=400
noise=0.4 seed=1 host=1 dir=
while [ $# -gt 0 ]; do
	case $1 in
	--hypervisor) hypervisor=$2 && shift ;;
	--stand-in) stand_in=true ;;
	--kind) kind=$2 && shift ;;
	--weights) weights=$2 && shift ;;
	--reps) reps=$2 && shift ;;
	--cap) cap=$2 && shift ;;
	--noise) noise=$2 && shift ;;
	--seed) seed=$2 && shift ;;
	--no-host) host=0 ;;
	-h | --help) usage && exit 0 ;;
	-*) usage >&2 && exit 2 ;;
	*) dir=$1 ;;
	esac
	shift
done
[ -n "$dir" ] || {
	usage >&2
	exit 2
}
mkdir -p "$dir"

cat >"$dir/meta.json" <<META
{
  "format": 1,
  "hypervisor": "$hypervisor",
  "stand_in": $stand_in,
  "hypervisor_version": "made up",
  "dmi": "none",
  "nic": {"model": "82540EM", "pci_id": "8086:100e", "pci_address": "0000:00:03.0"},
  "kernel": "6.1.0-made-up",
  "module_version": "1",
  "iperf": {"guest": "2.1.8", "server": "2.1.8"},
  "itr": "3",
  "offloads": {"gro": true},
  "vcpus": 2,
  "cpu_model": "made up",
  "clocksource": "tsc",
  "seed": $seed,
  "started": "2026-01-01T00:00:00Z",
  "host": {},
  "command": "make-results.sh --kind $kind"
}
META

awk -v kind="$kind" -v weights="$weights" -v reps="$reps" -v cap="$cap" \
	-v noise="$noise" -v seed="$seed" -v host="$host" \
	-v runs="$dir/runs.csv" -v hist="$dir/hist.csv" '
# the same on every awk: a generator of its own, and a sum of 12 for a normal
function uniform() {
	state = (state * 16807) % 2147483647
	return state / 2147483647
}
function scatter(   i, s) {
	for (i = 0; i < 12; i++)
		s += uniform()
	return 1 + (s - 6) * noise / 100
}
function min(a, b) { return a < b ? a : b }
function whole(x) { return sprintf("%.0f", x) }
function limit(w) {
	return w == 1 ? cap : w == 2 ? 2.2 * cap : w < 20 ? 2.2 * cap + 10 * w : 5000
}
function number(x, d) { return sprintf("%." d "f", x) }

# one trial: rep, block, method, preset, protocol, Mbit/s (0 full speed),
# weight, buffer, application CPU, irq CPU, seconds, what the host did to it
function trial(rep, block, method, preset, proto, load, w, buf, app, irq, sec, host_did,
	       reach, sent, rec, lost, ring, nic, sock, rx, per_poll, polls, irqs, cpu, soft, hcpu, bps, c) {
	id++
	reach = load ? load : 950
	sent = int(reach * 1e6 * sec / 8 / 1470)
	rx = int(sent * min(1, limit(w) * host_did * scatter() / reach))
	sock = 0
	if (proto == "udp" && buf == "default" && reach > 500)
		sock = int(rx * min(0.4, 0.05 + 0.01 * log(w)) * scatter())
	if (proto == "udp" && buf != "default" && app == "" && reach > 600)
		sock = int(rx * 0.08 * scatter())
	rec = rx - sock
	lost = sent - rec
	ring = int((sent - rx) * 0.7)
	nic = sent - rx - ring
	per_poll = min(w, reach <= 700 ? 1 + reach / 90 : 4 + reach / 60) * scatter()
	if (per_poll < 1) per_poll = 1
	polls = int(rx / per_poll)
	irqs = reach > limit(w) ? int(3 * sec) : int(polls * 0.9)
	soft = min(100, (rx / sec / 900 + polls / sec / 500) * scatter())
	cpu = min(200, soft + rx / sec / 1500 * scatter())
	hcpu = (cpu * 1.25 + 20) * scatter()
	bps = proto == "tcp" ? rx * 1448 * 8 / sec : rec * 1470 * 8 / sec
	c = id "," rep "," block ",ok,," method "," preset "," proto "," load * 1e6 ",1470," w "," buf "," app "," irq ",,1,0,1,"
	c = c "1700" sprintf("%06d", id) "000000000," sec ","
	if (proto == "tcp")
		c = c ",,,,,,,,,,"
	else
		c = c sent "," rec "," lost "," nic "," ring ",0," sock ",0,0,0,"
	c = c whole(bps) "," number(20 * scatter(), 1) "," rx "," irqs "," polls "," int(polls * (w < 3 ? 0.9 : 0.01)) ",5,0," \
		(reach > limit(w) ? int(polls * 0.95) : 3) ",0," number(per_poll, 3) "," number(rx / (irqs + 1), 2) "," \
		number(cpu, 2) "," number(soft, 2) "," number(cpu / 2, 2) ",0.00," (host ? number(hcpu, 2) : "")
	print c >runs
	histograms(id, w, polls, per_poll, sec)
}
function histograms(id, w, polls, mean,   k, top, lo, n) {
	top = min(w, int(2 * mean))
	for (k = 0; k <= top; k++) {
		n = int(polls * exp(-((k - mean) / (mean / 3 + 0.4)) ^ 2) / (mean / 3 + 0.4) / 1.772)
		if (n > 0)
			print id ",rx_per_poll," k "," n >hist
	}
	for (k = 10; k < 18; k++)
		print id ",poll_ns," 2 ^ k "," int(polls * exp(-(k - 11 - log(mean + 1)) ^ 2) / 1.8) + 1 >hist
	for (k = 11; k < 20; k++)
		print id ",irq_to_poll_ns," 2 ^ k "," int(polls * exp(-(k - 13) ^ 2 / 2) / 2.5) + 1 >hist
}
function loads(method, preset, app, irq,   r, l, i) {
	for (r = 1; r <= reps; r++)
		for (l = 100; l <= 1000; l += 100)
			for (i = 1; i <= n_weights; i++)
				trial(r, "", method, preset, "udp", l, list[i], 8388608, app, irq, 10, 1)
}
function many(preset, proto, buf,   r, i) {
	for (r = 1; r <= reps; r++)
		for (i = 1; i <= 20; i++)
			trial(r, "", "grid", preset, proto, 0, i < 11 ? i : i < 20 ? 10 * (i - 9) : 200, buf, 1, 0, 10, 1)
}
function interleave(   l, b, i, mood) {
	for (l = 100; l <= 1000; l += 100)
		for (b = 1; b <= reps * 4; b++) {
			# what the host does to a block it does to every weight in it
			mood = 1 + 0.1 * (uniform() - 0.5)
			for (i = 1; i <= n_weights; i++)
				trial(1, b, "interleave", "irq", "udp", l, list[i], 8388608, 1, 0, 0.3, mood)
		}
}
# one search, as napimeter makes it: rep is the number of the trial in it
function search(   r, i, lo, hi, mid, k) {
	for (i = 1; i <= n_weights; i++) {
		lo = 50
		hi = 1000
		for (k = 0; k < 7; k++) {
			mid = int((lo + hi) / 2)
			for (r = 1; r <= 3; r++)
				trial(3 * k + r, "", "mlfrr", "", "udp", mid, list[i], 8388608, 1, 0, 2, 1)
			if (mid < limit(list[i])) lo = mid
			else hi = mid
		}
	}
}
BEGIN {
	state = seed + 12345
	n_weights = split(weights, list, " ")
	printf "trial,rep,block,status,reason,method,preset,protocol,offered_bps,datagram,weight,rcvbuf,app_cpu,irq_cpu,rx_usecs,gro,threaded,burst,started_ns,seconds," >runs
	printf "sent,received,lost,lost_before_nic,lost_ring,lost_backlog,lost_socket,lost_app,remainder,remainder_high,bandwidth_bps,jitter_us," >runs
	print "rx_packets,irqs,polls,polls_whole_budget,polls_empty,polls_tx_unfinished,polls_ksoftirqd,time_squeeze,rx_per_poll,rx_per_irq,cpu_total,cpu_softirq,cpu_system,cpu_steal,host_cpu" >runs
	print "trial,histogram,lower,count" >hist
	if (kind == "irq" || kind == "all") loads("grid", "irq", "", "")
	if (kind == "irq-affinity" || kind == "all") loads("grid", "irq-affinity", 1, 0)
	if (kind == "tcp" || kind == "all") many("tcp", "tcp", "default")
	if (kind == "udp" || kind == "all") {
		many("udp", "udp", "default")
		many("udp-buffer", "udp", 8388608)
	}
	if (kind == "interleave" || kind == "all") interleave()
	if (kind == "mlfrr" || kind == "all") search()
}'
