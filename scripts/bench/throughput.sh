# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: TCP through stock e1000 and through ours, weight 64, two NICs of one
# guest in turn; equal within 1 %, by two one-sided tests of the pairs. Once where time is
# counted in instructions, so that no other program of this machine disturbs it, and once
# in real time.

throughput_lab() { # throughput_lab NAME WHAT PAIRS SECONDS OPTION…
	_name=$1 _what=$2 _pairs=$3 _each=$4
	shift 4
	bench_guest "$out/throughput" --nic e1000 --nic e1000 "$@" -- \
		sh scripts/bench/guest-throughput.sh "$_pairs" "$_each" >"$out/throughput/$_name"
	rm -f "$out"/throughput/*.ko
	"$napistat" ratio --margin 1 -f csv "$out/throughput/$_name" >"$out/throughput/$_name.test"
	# shellcheck disable=SC2046 # six words
	set -- $(tail -n 1 "$out/throughput/$_name.test" | sed 's/not shown/not_shown/' | tr , ' ')
	row "TCP by ours against stock, weight 64, $_what: ratio" "$(ratio "$2" 1 4)" \
		"$(ratio "$3" 1 4) to $(ratio "$4" 1 4) (95 %), $1 pairs" "equal within 1 %" \
		"$([ "$6" = yes ] && echo yes || echo "not shown")"
}

throughput() {
	_exact=80 _real=1500
	[ -z "$short" ] || _exact=8 _real=20
	progress "$_exact pairs of 0.2 s of TCP, time counted in instructions"
	throughput_lab exact 'time in instructions' "$_exact" 0.2 --icount
	# What disturbs a machine lasts for longer: twice as many pairs of half the time know
	# the ratio better
	progress "$_real pairs of 0.1 s of TCP, real time"
	throughput_lab real 'real time' "$_real" 0.1 --smp 1
}
