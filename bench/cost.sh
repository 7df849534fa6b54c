# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: CPU time of the whole guest, in the deterministic lab, with stock
# e1000, ours, and stock with each peer. One CPU, 2 ns an instruction.

variants='stock off on timing ftrace tpbtf bpftrace bpftrace-times perf printk'

# cells: a line for each run, LOAD WEIGHT VARIANT, then the difference to stock in that
# run: instructions per poll, per packet, and percent of stock's busy time
cells() {
	cat "$out"/cost/run*.cells | awk -v variants="$variants" '
		$1 != "cell" { next }
		{ packets = $6 }
		{ busy[$2, $3, $4, ++n[$2, $3, $4]] = $5 }
		$2 == "on" { polls[$3, $4, n[$2, $3, $4]] = $8 }
		{ where[$3 " " $4] = 1 }
		END {
			for (w in where) {
				split(w, c, " ")
				for (r = 1; r <= n["stock", c[1], c[2]]; r++) {
					s = busy["stock", c[1], c[2], r]
					for (i = split(variants, v, " "); i; i--) {
						b = busy[v[i], c[1], c[2], r]
						print c[1], c[2], v[i], (b - s) / 2 / polls[c[1], c[2], r],
							(b - s) / 2 / packets, 100 * (b - s) / s
					}
				}
			}
		}'
}

# of_runs VARIANT LOAD:WEIGHT COLUMN DIGITS: median, least and greatest of the runs
of_runs() {
	awk -v v="$1" -v l="${2%:*}" -v w="${2#*:}" -v c="$3" -v d="$4" \
		'$1 == l && $2 == w && $3 == v { printf "%.*f\n", d, $c }' "$out/cost/cells" | middle
}

cost_run() { # cost_run N: the variants in another order in each
	_order=$variants
	for _i in $(seq 2 "$1"); do
		_order="${_order#* } ${_order%% *}"
	done
	# shellcheck disable=SC2086 # words
	bench_guest "$out/cost/run$1" --icount -- sh bench/guest.sh 4000 "0.0$1" \
		$_order -- $_traffic >"$out/cost/run$1.cells"
}

cost() {
	# With one packet per poll, weights 64 and 200 are the same
	_runs=3 _traffic='one:1 one:64 full:1 full:64 full:200'
	[ -z "$short" ] || _runs=1 _traffic='one:64 full:64'
	progress "stock, ours and the peers in turn; runs side by side: $_runs"
	# shellcheck disable=SC2046 # numbers
	together cost_run $(seq $_runs)
	rm -f "$out"/cost/run*/*.ko "$out"/cost/run*/tpbtf "$out"/cost/run*/*.o
	cells >"$out/cost/cells"
	for _v in ${variants#stock }; do
		for _c in $_traffic; do
			case $_v in off | on | timing) _who="ours, $_v" ;; *) _who="stock with $_v" ;; esac
			# shellcheck disable=SC2046 # nine numbers
			set -- $(of_runs "$_v" "$_c" 4 0) $(of_runs "$_v" "$_c" 5 0) $(of_runs "$_v" "$_c" 6 1)
			row "$_who, ${_c%:*} at weight ${_c#*:}: instructions added to a poll; a packet; busy time" \
				"$1; $4; $7 %" "$2 to $3; $5 to $6; $8 to $9 %" - -
		done
	done
	# Our cost is within the noise of CPU time, so use the exact count, if there is one
	_on=$(awk -F '\t' '/^instructions\ton, .*one packet a poll, weight 64/ { print $3 }' "$out/instructions/rows" 2>/dev/null || :)
	[ -n "$_on" ] || return 0
	_stock=$(cat "$out"/cost/run*.cells | awk '$2 == "stock" && $3 == "one" && $4 == 64 { print $5 / $6 / 2 }' | middle | cut -d ' ' -f 1)
	_share=$(ratio "$(awk -v o="$_on" 'BEGIN { print 100 * o }')" "$_stock" 2)
	row "on, per cent of stock's busy time, one packet a poll" "$_share" - "at most 0.5" "$(at_most "$_share" 0.5)"
	_cheapest=$(awk '$1 == "one" && $2 == 64 && $3 ~ /^(ftrace|tpbtf|bpftrace|bpftrace-times)$/ { print $4, $3 }' "$out/cost/cells" | sort -n | head -n 1)
	_times=$(ratio "${_cheapest% *}" "$_on" 1)
	row "cheapest peer with the same histogram (${_cheapest#* }), times as dear as on" "$_times" - - -
}
