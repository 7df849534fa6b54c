# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: TCP through stock e1000 and through ours, weight 64, two NICs of one
# guest in turn, loaded again many times; equal within 1 %, by two one-sided tests of the
# loadings. Once where time is counted in instructions, so that no other program of this
# machine disturbs it, and once in real time. A guest for each CPU, which keeps to it: on two,
# QEMU's threads run a race whose outcomes differ more.

# throughput_guest CPU: its share of the places, to $share.$1
throughput_guest() {
	mkdir -p "$share.$1"
	# This shell and its children
	taskset -cp "$1" "$(exec sh -c 'echo $PPID')" >/dev/null
	# shellcheck disable=SC2086 # options
	bench_guest "$share.$1" --nic e1000 --nic e1000 --timeout 4000 $timing -- \
		sh bench/guest-throughput.sh $(($1 * each)) "$each" "$pairs" "$seconds" \
		>"$share.$1/pairs"
}

# A shared CPU can be half as fast for some tenths of a second, and a pair during which that
# changes says nothing about the drivers. So only the middle half of the pairs of each loading
# counts: the mean of their ratios' logarithms, as two numbers, so that taking a ratio favours
# neither driver.
middle_half() { # < PLACE OURS STOCK…
	awk '{ print $1, log($2 / $3) }' | sort -k 1,1n -k 2,2g | awk '
		function flush(  i, drop, sum) {
			if (!n) return
			drop = int(n / 4)
			for (i = drop + 1; i <= n - drop; i++) sum += x[i]
			sum /= n - 2 * drop
			printf "%.6f %.6f\n", exp(sum / 2), exp(-sum / 2)
			n = 0
		}
		$1 != place && NR > 1 { flush() }
		{ place = $1; x[++n] = $2 }
		END { flush() }'
}

throughput_lab() { # throughput_lab NAME WHAT PLACES PAIRS SECONDS OPTION…
	_name=$1 _what=$2 pairs=$4 seconds=$5
	_guests=$(echo "$cpus" | wc -w)
	each=$((($3 + _guests - 1) / _guests)) share=$out/throughput/$_name
	shift 5
	timing=$*
	progress "both drivers loaded $((each * _guests)) times, $pairs pairs of streams of $seconds s each, $_what"
	# shellcheck disable=SC2086 # words
	together throughput_guest $cpus
	rm -f "$share".*/*.ko
	cat "$share".*/pairs | middle_half >"$share"
	"$napistat" ratio --margin 1 -f csv "$share" >"$share.test"
	IFS=, read -r _n _ratio _lo _hi _ _met <<-END
		$(tail -n 1 "$share.test")
	END
	_spread='no bounds'
	if [ -n "$_lo" ]; then
		_spread="$(ratio "$_lo" 1 4) to $(ratio "$_hi" 1 4) (95 %)"
		# entirely outside the margin
		! awk -v lo="$_lo" -v hi="$_hi" 'BEGIN { exit !(hi < 0.99 || lo > 1.01) }' || _met=no
	fi
	row "TCP by ours against stock, weight 64, $_what: ratio" "$(ratio "$_ratio" 1 4)" \
		"$_spread, loaded $_n times" "equal within 1 %" "$_met"
}

throughput() {
	# The CPUs that we may use; more than four guests need too much memory
	cpus=$(sed -n 's/^Cpus_allowed_list:[^0-9]*//p' /proc/self/status | tr , '\n' |
		while IFS=- read -r _from _to; do seq "$_from" "${_to:-$_from}"; done | head -n 4)
	if [ -n "$short" ]; then
		set -- 2 2 4 2
	else
		set -- 6 8 150 24
	fi
	throughput_lab exact 'time counted in instructions' "$1" "$2" 0.2 --icount
	throughput_lab real 'real time' "$3" "$4" 0.1 --smp 1
}
