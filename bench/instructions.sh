# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: exactly what our code adds to a poll, counted instruction by
# instruction by the plugin insns, with one packet in each poll and at full load.

# Counted: the driver's interrupt and poll, all of our code, and with timing the kernel's
# clock, read by the interrupt and at a poll's start and end. (Functions of the driver that
# e1000_clean calls are the same in both.)
of_a_poll() { # of_a_poll FILE
	awk '$1 ~ /^e1000/ && $2 ~ /^(e1000_clean|e1000_intr)$|^e1000_napi_(begin_poll|end_poll|add_times)$/ {
			sum += $4
			times[$2] = $3
		}
		$1 == "-" && $2 ~ /^(ktime_get|read_tsc)$/ { clock += $4 / $3 }
		END {
			polls = times["e1000_clean"]
			if (times["e1000_napi_add_times"])
				sum += (times["e1000_intr"] + 2 * polls) * clock
			printf "%.1f\n", sum / polls
		}' "$1"
}

count() { # count VARIANT: in $cell
	_dir=$out/instructions/$1.$cell
	mkdir -p "$_dir"
	bench_guest "$_dir" --icount \
		--qemu -plugin --qemu "$top/build/bench/insns.so,syms=$_dir/kallsyms,out=$_dir/insns" \
		-- sh bench/guest.sh --symbols 4000 0 "$1" -- "$cell" >"$_dir/cell"
	rm -f "$_dir/kallsyms" "$_dir"/*.ko
	of_a_poll "$_dir/insns" >"$_dir/sum"
}

instructions() {
	for cell in one:64 one:1 one:200 full:1 full:64 full:200; do
		[ -z "$short" ] || [ "$cell" = one:64 ] || continue
		progress "stock, off, on, timing; ${cell%:*} at weight ${cell#*:}"
		together count stock off on timing
		_stock=$(cat "$out/instructions/stock.$cell/sum")
		for _v in off on timing; do
			_n=$(awk -v s="$_stock" '{ printf "%.1f", $1 - s }' "$out/instructions/$_v.$cell/sum")
			case $_v in off) _limit=5 ;; on) _limit=100 ;; timing) _limit=200 ;; esac
			case $cell in
			one:*) _where="one packet a poll, weight ${cell#*:}" ;;
			*) _where="full load, weight ${cell#*:}" ;;
			esac
			row "$_v, instructions added to a poll; $_where" "$_n" exact "at most $_limit" \
				"$(at_most "$_n" "$_limit")"
		done
	done
}
