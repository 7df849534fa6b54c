#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# lab/study.sh with labs that only write rows: parts, resuming, joining, checking.

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	cd "$BATS_TEST_DIRNAME/../.."
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/lab/hypervisors" "$tree/scripts"
	cp -R scripts/lib "$tree/scripts/"
	cp lab/study.sh "$tree/lab/"
	study=$tree/lab/study.sh
	cat >"$tree/lab/hypervisors/xen.sh" <<-'END'
		#!/bin/sh
		echo "${0##*/} $*" >>"$CALLS"
		while [ $# -gt 0 ]; do
			case $1 in --out) out=$2 ;; --seed) seed=$2 ;; esac
			shift
		done
		[ "$(cat "$BREAK" 2>/dev/null)" != "$seed" ] || exit 1
		[ ! -e "$BREAK.skip" ] || exit 4
		mkdir -p "$out"
		{
			echo trial,rep,reason,protocol,offered_bps,weight,rcvbuf,sent,received,rx_packets,irqs,polls,bandwidth_bps
			echo "1,1,\"a, b\",udp,150000000,1,8388608,100,50,50,3,50,${RATE:-62000000}"
			echo "2,1,,udp,150000000,60,8388608,100,100,100,9,8,150000000"
		} >"$out/runs.csv"
		printf 'trial,histogram,lower,count\n1,rx_per_poll,1,50\n' >"$out/hist.csv"
		printf 'time_ns,cpu\n5,26.6\n' >"$out/host_cpu.csv"
		printf '{\n  "format": 1,\n  "seed": %s,\n  "host": {}\n}\n' "$seed" >"$out/meta.json"
	END
	chmod +x "$tree/lab/hypervisors/xen.sh"
	export CALLS=$BATS_TEST_TMPDIR/calls BREAK=$BATS_TEST_TMPDIR/break
	: >"$CALLS"
}

@test "a part is a boot and a seed, and becomes a repetition" {
	run "$study" --out "$BATS_TEST_TMPDIR/out" --seeds 1,3 xen/irq
	[ "$status" -eq 0 ]
	[ "$(wc -l <"$CALLS")" -eq 2 ]
	grep -q -- '^xen.sh --preset irq --weight 1,2,60,200 --rcvbuf 8M --load .* --reps 1 --seconds 1 --seed 3' "$CALLS"
	cd "$BATS_TEST_TMPDIR/out/xen/irq"
	[ "$(cut -d, -f1,2,3 runs.csv | paste -sd ' ')" = 'trial,rep,reason 1001,1,"a 1002,1, 3001,3,"a 3002,3,' ]
	[ "$(paste -sd ' ' hist.csv)" = "trial,histogram,lower,count 1001,rx_per_poll,1,50 3001,rx_per_poll,1,50" ]
	[ "$(paste -sd ' ' host_cpu.csv)" = "time_ns,cpu,rep 5,26.6,1 5,26.6,3" ]
	grep -q '"boots": 2,' meta.json
	python3 -m json.tool meta.json >/dev/null
}

@test "a stopped study continues, and each part runs once before any is repeated" {
	echo 2 >"$BREAK"
	run "$study" --seeds 1,2 xen/irq xen/udp
	[ "$status" -eq 1 ]
	[[ $output == *"these parts failed: xen/irq/2 xen/udp/2; the same command runs them again"* ]]
	[ "$(sed 's/.*--preset \([a-z]*\) .*--seed \([0-9]\).*/\1\2/' "$CALLS" | paste -sd ' ')" = "irq1 udp1 irq2 udp2" ]
	[ -e "$tree/build/study/xen/udp/runs.csv" ]
	rm "$BREAK"
	: >"$CALLS"
	run "$study" --seeds 1,2 xen/irq xen/udp
	[ "$status" -eq 0 ]
	[ "$(wc -l <"$CALLS")" -eq 2 ]
	[[ $output == *"part 1 of 4, xen/irq, seed 1: done before"* ]]
	[[ $output == *"part 4 of 4, xen/udp, seed 2, "*" min left"* ]]
	[ "$(grep -c . "$tree/build/study/xen/irq/runs.csv")" -eq 5 ]
}

@test "--check says the same, or which cell is off, and changes nothing" {
	"$study" --out "$BATS_TEST_TMPDIR/kept" --seeds 1 xen/irq
	before=$(cd "$BATS_TEST_TMPDIR/kept" && find . -type f -exec cat {} + | md5sum)
	run "$study" --check --quick --against "$BATS_TEST_TMPDIR/kept" xen/irq
	[ "$status" -eq 0 ]
	[[ $output == *"xen/irq: the same: 2 of 2 rows to the packet"* ]]
	RATE=70000000 run "$study" --check --quick --against "$BATS_TEST_TMPDIR/kept" xen/irq
	[ "$status" -eq 0 ] # alike in every packet: only the rate's last digits could be off
	sed -i 's/,100,50,50,3,50,\$/,100,56,56,3,56,$/' "$tree/lab/hypervisors/xen.sh"
	RATE=70000000 run "$study" --check --quick --against "$BATS_TEST_TMPDIR/kept" xen/irq
	[ "$status" -eq 1 ]
	[[ $output == *"offered 150000000, weight 1, repetition 1: 70.0 Mbit/s, was 62.0 (+12.9 %)"* ]]
	[[ $output == *"xen/irq: not the same: 1 of 2"* ]]
	run "$study" --check --quick --against "$BATS_TEST_TMPDIR/none" xen/irq
	[ "$status" -eq 1 ]
	[ "$(cd "$BATS_TEST_TMPDIR/kept" && find . -type f -exec cat {} + | md5sum)" = "$before" ]
}

@test "a hypervisor whose packages cannot be fetched is skipped by name" {
	: >"$BREAK.skip"
	run "$study" --seeds 1,2 xen/irq
	[ "$status" -eq 4 ]
	[[ $output == *"skipped, packages could not be fetched: xen"* ]]
	[ "$(wc -l <"$CALLS")" -eq 1 ]
}

@test "wrong arguments are named" {
	for words in "kvm" "xen/none" "--seeds x" "--seeds" "--quick xen/tcp"; do
		# shellcheck disable=SC2086 # words
		run "$study" $words
		[ "$status" -eq 2 ]
	done
	[ ! -s "$CALLS" ]
	run "$study" --help
	[ "$status" -eq 0 ]
}
