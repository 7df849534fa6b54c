# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: CPU time of the whole guest, in the deterministic lab, with stock
# e1000, ours, and stock with each peer. One CPU, 2 ns an instruction.

variants='stock off on timing ftrace bpftrace bpftrace-times perf printk'

# cells: LOAD WEIGHT VARIANT, then of the runs: median, least and greatest instructions
# a poll more than stock of the same run; and the median of stock's busy time they are
cells() {
	cat "$out"/cost/run*.cells | awk -v variants="$variants" '
		$1 != "cell" { next }
		$2 == "stock" { run[$3 $4]++ }
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
						print c[1], c[2], v[i], (b - s) / 2 / polls[c[1], c[2], r], 100 * (b - s) / s
					}
				}
			}
		}'
}

# of_runs VARIANT LOAD:WEIGHT COLUMN DIGITS: a line for each run
of_runs() {
	awk -v v="$1" -v l="${2%:*}" -v w="${2#*:}" -v c="$3" -v d="$4" \
		'$1 == l && $2 == w && $3 == v { printf "%.*f\n", d, $c }' "$out/cost/cells"
}

cost() {
	# With one packet a poll 64 and 200 are the same
	_runs=3 _packets=4000 _traffic='one:1 one:64 full:1 full:64 full:200'
	[ -z "$short" ] || _runs=1 _traffic='one:64 full:64'
	_order=$variants
	progress "stock, ours and the peers in turn; runs side by side: $_runs"
	# The guest's time is counted, so that the runs may share the machine
	_pids='' _ok=1
	trap 'kill $_pids 2>/dev/null || :; exit 143' HUP TERM
	for _r in $(seq $_runs); do
		# shellcheck disable=SC2086 # words
		bench_guest "$out/cost/run$_r" --icount -- sh scripts/bench/guest.sh $_packets "0.0$_r" \
			$_order -- $_traffic >"$out/cost/run$_r.cells" &
		_pids="$_pids $!"
		# Another order each time
		_order="${_order#* } ${_order%% *}"
	done
	for _p in $_pids; do
		wait "$_p" || _ok=''
	done
	trap - HUP TERM
	rm -f "$out"/cost/run*/*.ko
	[ -n "$_ok" ] || die "a run failed: see above"
	cells >"$out/cost/cells"
	for _v in ftrace bpftrace bpftrace-times perf printk; do
		for _c in $_traffic; do
			_of="$_v, ${_c%:*} at weight ${_c#*:}"
			# shellcheck disable=SC2046 # three numbers
			set -- $(of_runs "$_v" "$_c" 4 0 | middle)
			row "stock with $_of: instructions added to a poll" "$1" "$2 to $3" - -
			# shellcheck disable=SC2046
			set -- $(of_runs "$_v" "$_c" 5 1 | middle)
			row "stock with $_of: busy time added, per cent" "$1" "$2 to $3" - -
		done
	done
	# Ours are within the noise of CPU time here, so the exact count is used, if it was made
	_on=$(awk -F '\t' '/^instructions\ton, .*one packet a poll, weight 64/ { print $3 }' "$out/instructions/rows" 2>/dev/null || :)
	[ -n "$_on" ] || return 0
	_stock=$(cat "$out"/cost/run*.cells | awk '$2 == "stock" && $3 == "one" && $4 == 64 { print $5 / $6 / 2 }' | middle | cut -d ' ' -f 1)
	_share=$(ratio "$(awk -v o="$_on" 'BEGIN { print 100 * o }')" "$_stock" 2)
	row "on, per cent of stock's busy time, one packet a poll" "$_share" - "at most 0.5" "$(at_most "$_share" 0.5)"
	_cheapest=$(awk '$1 == "one" && $2 == 64 && $3 ~ /^(ftrace|bpftrace|bpftrace-times)$/ { print $4, $3 }' "$out/cost/cells" | sort -n | head -n 1)
	_times=$(ratio "${_cheapest% *}" "$_on" 0)
	row "cheapest peer with the same histogram (${_cheapest#* }), times as dear as on" "$_times" - "at least 20" "$(at_least "$_times" 20)"
}
