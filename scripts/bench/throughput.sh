# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: TCP through stock e1000 and through ours, weight 64, two NICs of one
# guest in turn, loaded anew many times; equal within 1 %, by two one-sided tests of the pairs
# of streams. Once where time is counted in instructions, so that no other program of this
# machine disturbs it, and once in real time, on one CPU: on two, QEMU's threads run a race
# whose outcomes differ more.

throughput_lab() { # throughput_lab NAME WHAT PLACES PAIRS SECONDS OPTION…
	_name=$1 _what=$2 _places=$3 _pairs=$4 _each=$5
	shift 5
	progress "$_places pairs of TCP streams, each $_pairs times $_each s, $_what"
	bench_guest "$out/throughput" --nic e1000 --nic e1000 "$@" -- \
		sh scripts/bench/guest-throughput.sh "$_places" "$_pairs" "$_each" >"$out/throughput/$_name"
	rm -f "$out"/throughput/*.ko
	"$napistat" ratio --margin 1 -f csv "$out/throughput/$_name" >"$out/throughput/$_name.test"
	IFS=, read -r _n _ratio _lo _hi _ _met <<-END
		$(tail -n 1 "$out/throughput/$_name.test")
	END
	_spread='no bounds'
	if [ -n "$_lo" ]; then
		_spread="$(ratio "$_lo" 1 4) to $(ratio "$_hi" 1 4) (95 %)"
		# wholly outside of the margin
		! awk -v lo="$_lo" -v hi="$_hi" 'BEGIN { exit !(hi < 0.99 || lo > 1.01) }' || _met=no
	fi
	row "TCP by ours against stock, weight 64, $_what: ratio" "$(ratio "$_ratio" 1 4)" \
		"$_spread, $_n pairs of streams" "equal within 1 %" "$_met"
}

throughput() {
	if [ -n "$short" ]; then
		set -- 2 2 4 2
	else
		set -- 6 8 150 8
	fi
	throughput_lab exact 'time counted in instructions' "$1" "$2" 0.2 --icount
	# This part's own shell, and what it starts
	taskset -cp "$(($(nproc) - 1))" "$(exec sh -c 'echo $PPID')" >/dev/null
	throughput_lab real 'real time' "$3" "$4" 0.1 --smp 1
}
