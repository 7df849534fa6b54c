# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: how long until the answer is as sure? A grid of repetitions, as the
# study ran it, and interleave: the same four weights, load and source in the real-time
# lab, one after the other. What the first repetitions and the first blocks alone would
# have said is asked too, so that no formula is needed for the time to the same width.

# width DIR UNIT N: of the intervals of weights 1, 2 and 60 against 200, in per cent, root
# of the mean square, from the first N of UNIT (rep or block)
width() {
	rm -rf "$out/answer/part"
	mkdir "$out/answer/part"
	cp "$1/meta.json" "$out/answer/part/"
	awk -F , -v unit="$2" -v n="$3" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; print; next }
		$c[unit] <= n' "$1/runs.csv" >"$out/answer/part/runs.csv"
	"$napistat" compare -f csv --reference 200 -m delivered_bps "$out/answer/part" >"$out/answer/compare" 2>/dev/null
	awk -F , 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
		$c["lo"] != "" { w = 100 * ($c["hi"] - $c["lo"]); s += w * w; n++ }
		END { if (!n) exit 1; printf "%.2f\n", sqrt(s / n) }' "$out/answer/compare"
}

answer() {
	_reps=5 _seconds=5 _blocks=40
	[ -z "$short" ] || _reps=3 _seconds=2 _blocks=10
	progress "grid and interleave, the same question"
	# shellcheck disable=SC2016 # for the guest's shell
	"$top/scripts/lab/boot.sh" --net tap --share "$out/answer" --timeout 900 -- sh -c '
		set -e
		insmod e1000_napi.ko
		scripts/lab/net.sh up
		common="--server 10.0.0.1 --weight 1,2,60,200 --load 200M --rcvbuf 8M --seed 1"
		# in seconds
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
	_wg=$(width "$out/answer/grid" rep $_reps) || die "no interval: see $out/answer/compare"
	row "grid, $_reps repetitions of $_seconds s: seconds" "$_grid" "interval $_wg % wide" - -
	# From which number of blocks on the interval is no wider
	_need=''
	for _n in $(seq 2 $_blocks); do
		_wi=$(width "$out/answer/interleave" block "$_n") || die "no interval: see $out/answer/compare"
		echo "$_n $_wi" >>"$out/answer/widths"
		if [ "$(at_most "$_wi" "$_wg")" = no ]; then
			_need=''
		else
			: "${_need:=$_n}"
		fi
	done
	row "interleave, $_blocks blocks: seconds" "$_inter" "interval $_wi % wide" - -
	if [ -n "$_need" ]; then
		_how="the first $_need blocks"
	else
		# an interval of many blocks narrows with the root of their number
		_need=$(awk -v b=$_blocks -v i="$_wi" -v g="$_wg" 'BEGIN { printf "%.1f", b * (i / g) ^ 2 }')
		_how="extrapolated: $_need blocks"
	fi
	_need=$(awk -v t="$_inter" -v n="$_need" -v b=$_blocks 'BEGIN { printf "%.1f", t * n / b }')
	row "interleave, seconds to the grid's width" "$_need" "$_how" - -
	_times=$(ratio "$_grid" "$_need")
	row "grid's time against interleave's, the same width" "$_times" - "at least 10" "$(at_least "$_times" 10)"
	# One of the study's ten loads took 4 weights, 5 repetitions of 30 s
	row "the study's 600 s a load against it, if its 30 s were no surer than $_seconds s" \
		"$(ratio 600 "$_need")" - - -
	rm -rf "$out/answer/part"
}
