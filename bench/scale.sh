# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: more NICs, more rows, and waiting times.

# seconds COMMAND…: set $took to its duration; its output goes to a log
seconds() {
	_began=$(date +%s%N)
	"$@" >"$out/scale/log" 2>&1 || die "failed: $*; see $out/scale/log"
	took=$((($(date +%s%N) - _began) / 1000000))
}

scale_nics() {
	set -- --icount
	for _n in 1 2 3 4 5 6 7 8; do
		set -- "$@" --nic e1000
	done
	bench_guest "$out/scale" "$@" -- sh bench/guest-scale.sh 500 >"$out/scale/nics"
	rm -f "$out"/scale/*.ko
	for _n in 1 2 4 8; do
		_stock=$(awk -v n="$_n" '$1 == "stock" && $2 == n { print $3 }' "$out/scale/nics")
		_ours=$(awk -v n="$_n" '$1 == "ours" && $2 == n { print $3 }' "$out/scale/nics")
		row "$_n NICs, CPU time a packet against stock, ratio" "$(ratio "$_ours" "$_stock" 3)" - - -
	done
	# As the kernel's free memory shows it, with what the allocator rounds up
	_kb=$(awk '$2 == 8 { m[$1] = $4 } END { print m["ours"] - m["stock"] }' "$out/scale/nics")
	row "memory a NIC more than stock's, of the kernel's free memory with 8, KB" "$_kb" - "at most 64" "$(at_most "$_kb" 64)"
	# Growth of the driver's structure
	_bytes=$(objdump --dwarf=info "$top/build/$kver/e1000_napi/poll.o" 2>/dev/null | awk '
		/DW_TAG_structure_type/ { on = 1; named = 0; next }
		/DW_TAG/ { on = 0 }
		on && /DW_AT_name/ && $NF == "e1000_napi" { named = 1 }
		on && named && /DW_AT_byte_size/ { print $NF; exit }')
	row "of it in struct e1000_napi, KB" "$(ratio "${_bytes:-0}" 1024 1)" - "at most 64" "$(at_most "${_bytes:-99999}" 65536)"
}

scale_rows() {
	for _rows in 10 1000 100000; do
		_dir=$out/scale/rows-$_rows
		# Ten loads, and weights that make four times as many rows of a repetition
		if [ "$_rows" -eq 10 ]; then
			"$top/tests/shell/make-results.sh" --weights 64 --reps 1 "$_dir"
		else
			"$top/tests/shell/make-results.sh" --reps $((_rows / 40)) "$_dir"
		fi
		_have=$(($(wc -l <"$_dir/runs.csv") - 1))
		seconds "$napistat" verdict "$_dir"
		row "verdict of $_have rows, seconds" "$(ratio "$took" 1000 2)" - - -
		seconds "$top/scripts/report.sh" --out "$out/scale/report" "$_dir"
		if [ "$_rows" -eq 100000 ]; then
			row "report of $_have rows, seconds" "$(ratio "$took" 1000 2)" - "at most 10" \
				"$(at_most "$took" 10000)"
		else
			row "report of $_have rows, seconds" "$(ratio "$took" 1000 2)" - - -
		fi
		rm -rf "$_dir" "$out/scale/report"
	done
}

scale_waits() {
	_cache=$(mktemp -d)
	# Keep the kernel's package, so that a download is not measured
	ln -s "$(cache_dir kernel)" "$_cache/kernel"
	seconds env E1000_NAPI_CACHE="$_cache" "$top/lab/image.sh"
	row "guest's image made again, seconds" "$(ratio "$took" 1000)" - - -
	rm -rf "$_cache"
	seconds "$top/dev/prepare.sh" --kver "$kver" --out "$out/scale/build"
	_prepared=$took
	seconds make -C "/lib/modules/$kver/build" M="$out/scale/build" modules
	row "module built again, seconds" "$(ratio "$((took + _prepared))" 1000)" - - -
	rm -rf "$out/scale/build"
	seconds "$top/lab/boot.sh" -- true
	row "guest booted and gone, seconds" "$(ratio "$took" 1000)" - - -
	[ -n "$short" ] || {
		seconds "$top/lab/demo.sh" "$out/scale/demo"
		row "make demo, all built, seconds" "$(ratio "$took" 1000)" - "at most 120" "$(at_most "$took" 120000)"
		rm -rf "$out/scale/demo"
	}
}

scale() {
	progress "1 to 8 NICs, stock and ours"
	scale_nics
	progress "image, module, boot and demo"
	scale_waits
	progress "reports of 10 to 100 000 rows"
	scale_rows
}
