# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: time to an equally precise answer. Compares weight 60 with 200 at one
# load with losses, in the real-time lab: the study's grid (5 repetitions of 30 s), a grid with
# --until, and interleave. More weights and loads lengthen all three alike; the study had 4 and 10.

answer_lab() { # answer_lab NAME OPTION…: a sweep; its time goes to NAME.seconds
	_name=$1
	shift
	# shellcheck disable=SC2016 # for the guest's shell
	"$top/lab/boot.sh" --net tap --share "$out/answer" --timeout 900 -- sh -c '
		set -e
		insmod e1000_napi.ko
		lab/net.sh up
		name=$1
		shift
		read -r began _ </proc/uptime
		scripts/sweep.sh eth0 --server 10.0.0.1 --weight 60,200 --load 800M --rcvbuf 8M --seed 1 \
			--out "/share/$name" "$@"
		read -r now _ </proc/uptime
		awk -v a="$began" -v b="$now" "BEGIN { print b - a }" >"/share/$name.seconds"
		' sh "$_name" "$@" >"$out/answer/$_name.log" 2>&1 || {
		cat "$out/answer/$_name.log" >&2
		die "the sweep $_name failed"
	}
	seconds=$(cat "$out/answer/$_name.seconds")
}

# width DIR [N]: of the interval of 60 against 200, from all or the first N blocks
width() {
	rm -rf "$out/answer/part"
	mkdir "$out/answer/part"
	cp "$1/meta.json" "$out/answer/part/"
	awk -F , -v n="${2:-0}" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; print; next }
		!n || $c["block"] <= n' "$1/runs.csv" >"$out/answer/part/runs.csv"
	"$napistat" compare -f csv --reference 200 -m delivered_bps "$out/answer/part" >"$out/answer/compare" 2>/dev/null
	rm -r "$out/answer/part"
	awk -F , 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
		$c["lo"] != "" { printf "%.3f\n", 100 * ($c["hi"] - $c["lo"]); found = 1 }
		END { exit !found }' "$out/answer/compare" || die "no interval: see $out/answer/compare"
}

# as_sure WHAT SECONDS HOW SURE: print its row, and the one against the study's
as_sure() {
	row "$1: seconds" "$2" "$3" - -
	_times=$(ratio "$_study" "$2")
	row "the study's time against it, $4" "$_times" - "at least 10" "$(at_least "$_times" 10)"
}

answer() {
	_reps=5 _seconds=30 _blocks=80
	[ -z "$short" ] || _reps=3 _seconds=4 _blocks=20
	progress "the study's grid: $_reps repetitions of $_seconds s"
	answer_lab study --reps $_reps --seconds $_seconds
	_study=$seconds
	_wide=$(width "$out/answer/study")
	row "the study's grid, weights 60 and 200 at one load: seconds" "$_study" "interval $_wide % wide" - -

	# Precision of each of the study's two means, to either side: root of the mean square
	_until=$("$napistat" summary -f csv -m delivered_bps "$out/answer/study" | awk -F , '
		NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
		{ h = 50 * ($c["hi"] - $c["lo"]) / $c["mean"]; s += h * h; n++ }
		END { printf "%.3f\n", sqrt(s / n) }')
	progress "a grid that stops when its means are known within $_until %"
	answer_lab grid --reps 40 --seconds 2 --until "$_until"
	_w=$(width "$out/answer/grid")
	as_sure "grid of 2 s, --until $_until" "$seconds" \
		"interval $_w % wide; $(($(wc -l <"$out/answer/grid/runs.csv") - 1)) trials" \
		"each mean within the same $_until %"

	progress "interleave, $_blocks blocks"
	answer_lab interleave --method interleave --blocks $_blocks
	# The number of blocks from which on the interval is as narrow; at least 3, as for the grid
	_need=''
	for _n in $(seq 3 $_blocks); do
		_w=$(width "$out/answer/interleave" "$_n")
		echo "$_n $_w" >>"$out/answer/widths"
		if [ "$(at_most "$_w" "$_wide")" = no ]; then
			_need=''
		else
			: "${_need:=$_n}"
		fi
	done
	_how="the first $_need of $_blocks blocks"
	if [ -z "$_need" ]; then
		# an interval narrows with the square root of the number of blocks
		_need=$(awk -v b=$_blocks -v i="$_w" -v g="$_wide" 'BEGIN { printf "%.0f", b * (i / g) ^ 2 + 0.5 }')
		_how="extrapolated from $_blocks to $_need blocks"
	fi
	# Its start and end are not scaled
	_t=$("$napistat" rows --columns started_ns "$out/answer/interleave" |
		awk -v t="$seconds" -v n="$_need" -v b=$_blocks '
			NR == 1 { first = $1 }
			{ last = $1 }
			END { printf "%.1f", t + (last - first) / 1e9 / (NR - 1) * 2 * (n - b) }')
	as_sure interleave "$_t" "interval $_wide % wide; $_how" "the same width"
}
