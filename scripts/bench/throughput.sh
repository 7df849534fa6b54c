# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: TCP through stock e1000 and through ours, weight 64, two NICs of one
# guest in turn, in real time; equal within 1 %, by two one-sided tests of the pairs.
throughput() {
	_pairs=60
	[ -z "$short" ] || _pairs=10
	progress "$_pairs pairs of a second of TCP"
	bench_guest "$out/throughput" --net tap --nic e1000 --nic e1000 -- \
		sh scripts/bench/guest-throughput.sh $_pairs 1 >"$out/throughput/pairs"
	rm -f "$out"/throughput/*.ko
	"$napistat" ratio --margin 1 -f csv "$out/throughput/pairs" >"$out/throughput/test"
	# shellcheck disable=SC2046 # six words
	set -- $(tail -n 1 "$out/throughput/test" | sed 's/not shown/not_shown/' | tr , ' ')
	row "TCP by ours against stock, weight 64, ratio" "$(ratio "$2" 1 4)" \
		"$(ratio "$3" 1 4) to $(ratio "$4" 1 4) (95 %), $1 pairs" "equal within 1 %" \
		"$([ "$6" = yes ] && echo yes || echo "not shown")"
}
