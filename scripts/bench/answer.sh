# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: how long until the answer is as sure? A grid of repetitions, as the
# study ran it, and interleave: the same four weights, load and source in the real-time
# lab, one after the other. An interval narrows with the root of the time, so time to the
# same width goes with the square of the widths.

# width DIR: of the intervals of weights 1, 2 and 60 against 200, in per cent, mean square
width() {
	"$napistat" compare -f csv --reference 200 -m delivered_bps "$1" >"$1/compare"
	awk -F , 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
		{ w = $c["ci_hi"] - $c["ci_lo"]; s += w * w; n++ }
		END { if (n) print sqrt(s / n); else print 0 }' "$1/compare"
}

answer() {
	_reps=5 _seconds=5 _blocks=40
	[ -z "$short" ] || _reps=2 _seconds=2 _blocks=8
	progress "grid and interleave, the same question"
	# shellcheck disable=SC2016 # for the guest's shell
	"$top/scripts/lab/boot.sh" --net tap --share "$out/answer" --timeout 900 -- sh -c '
		set -e
		insmod e1000_napi.ko
		scripts/lab/net.sh up
		common="--server 10.0.0.1 --weight 1,2,60,200 --load 200M --rcvbuf 8M --seed 1"
		s() { cut -d " " -f 1 /proc/uptime; }
		a=$(s)
		scripts/sweep.sh eth0 $common --out /share/grid --reps '"$_reps"' --seconds '"$_seconds"'
		b=$(s)
		scripts/sweep.sh eth0 $common --out /share/interleave --method interleave --blocks '"$_blocks"'
		echo "times $a $b $(s)" >/share/times' >"$out/answer/log" 2>&1 || {
		cat "$out/answer/log" >&2
		die "the sweeps failed"
	}
	read -r _ _a _b _c <"$out/answer/times"
	_grid=$(ratio "$(awk -v a="$_a" -v b="$_b" 'BEGIN { print b - a }')" 1)
	_inter=$(ratio "$(awk -v a="$_b" -v b="$_c" 'BEGIN { print b - a }')" 1)
	_wg=$(width "$out/answer/grid") _wi=$(width "$out/answer/interleave")
	_need=$(awk -v t="$_inter" -v i="$_wi" -v g="$_wg" 'BEGIN { printf "%.1f", g ? t * (i / g) ^ 2 : 0 }')
	row "grid, $_reps repetitions of $_seconds s: seconds" "$_grid" "interval $(ratio "$_wg" 1) % wide" - -
	row "interleave: seconds" "$_inter" "interval $(ratio "$_wi" 1) % wide" - -
	row "interleave, seconds to the grid's width" "$_need" - - -
	_times=$(ratio "$_grid" "$_need")
	row "grid's time against interleave's, the same width" "$_times" - "at least 10" "$(at_least "$_times" 10)"
}
