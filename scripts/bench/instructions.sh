# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: exactly what our code adds to a poll, counted instruction by
# instruction by the plugin insns, with one packet in each poll (weight 1, 64, 200) and
# at full load.

# Of a poll: the driver's interrupt and poll, all that is ours, and for each of our
# clock readings what the kernel's clock takes. (What e1000_clean calls of the driver
# itself is the same in both.)
of_a_poll() { # of_a_poll FILE
	awk '$1 ~ /^e1000/ && $2 == "e1000_clean" { polls = $3 }
		$1 ~ /^e1000/ && $2 ~ /^(e1000_clean|e1000_intr)$|^e1000_napi_(end|time|add_times)|^napi_hist_add/ {
			sum += $4
			if ($2 ~ /time_irq|time_poll|add_times/)
				clocks += $3
		}
		$1 == "-" && $2 ~ /^(ktime_get|read_tsc)$/ { clock += $4 / $3 }
		END { printf "%.1f\n", (sum + clocks * clock) / polls }' "$1"
}

instructions() {
	_packets=4000
	for _cell in one:64 one:1 one:200 full:64; do
		[ -z "$short" ] || [ "$_cell" = one:64 ] || continue
		for _v in stock off on timing; do
			progress "$_v, ${_cell%:*} at weight ${_cell#*:}"
			_dir=$out/instructions/$_v.$_cell
			mkdir -p "$_dir"
			bench_guest "$_dir" --icount \
				--qemu -plugin --qemu "$top/build/bench/insns.so,syms=$_dir/kallsyms,out=$_dir/insns" \
				-- sh scripts/bench/guest.sh --symbols $_packets 0 "$_v" -- "$_cell" >"$_dir/cell"
			rm -f "$_dir/kallsyms" "$_dir"/*.ko
			of_a_poll "$_dir/insns" >"$_dir/sum"
		done
		_stock=$(cat "$out/instructions/stock.$_cell/sum")
		for _v in off on timing; do
			_n=$(awk -v s="$_stock" '{ printf "%.1f", $1 - s }' "$out/instructions/$_v.$_cell/sum")
			case $_v in off) _limit=5 ;; on) _limit=60 ;; timing) _limit=200 ;; esac
			case $_cell in
			one:*) _where="one packet a poll, weight ${_cell#*:}" ;;
			*) _where="full load, weight ${_cell#*:}" ;;
			esac
			row "$_v, instructions added to a poll; $_where" "$_n" exact "at most $_limit" \
				"$(at_most "$_n" "$_limit")"
		done
	done
}
