#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In the place of sweep.sh, for tests of tune.sh: a made-up NIC whose loss-free rate and
# CPU per packet are known, with 0.5 % of noise, and whose delay is 100 us. TRUTH: lines
# "OPTION=VALUE RATE CPU [DELAY]" (factors; "fail" as a rate: that setting cannot be made). Each call is noted in CALLS.
set -eu

options='' dir='' method=grid load=0 reps=1
while [ $# -gt 0 ]; do
	case $1 in
	--out) dir=$2 ;;
	--method) method=$2 ;;
	--load) load=$2 ;;
	--reps) reps=$2 ;;
	--seed | --goal-* | --server | --seconds | --retries | --on-error) ;;
	--*) options="$options ${1#--}=$2" ;;
	*) set -- - - "$@" && shift ;;
	esac
	shift
	[ $# -eq 0 ] || shift
done
case "$method $options" in
grid*' '*-load=*)
	echo "sweep.sh: --max-load goes with --method mlfrr only" >&2
	exit 2
	;;
esac
# tune.sh has gone there already
[ "$dir" != . ] || dir=$(pwd)
echo "$method$options $dir" >>"$CALLS"
[ ! -e "$dir/runs.csv" ] || exit 0
if [ -n "${FAILS-}" ] && echo "$dir" | grep -q "$FAILS"; then
	echo "sweep.sh: no answer" >&2
	exit 1
fi
[ -z "${PAUSE-}" ] || sleep "$PAUSE"
# what the clock of the test says is so much later then
[ -z "${TAKES-}" ] || echo $(($(cat "$CLOCK") + TAKES)) >"$CLOCK"

# a number that looks random, and is the same for the same folder of the same test
noise=$(echo "${dir#"${TRUTH%/*}"} $method" | cksum | cut -d ' ' -f 1)
"${0%/*}/make-results.sh" --reps 1 --weights 1 "$dir/made-up"
mv "$dir/made-up/meta.json" "$dir"
head -n 1 "$dir/made-up/hist.csv" >"$dir/hist.csv"
head -n 1 "$dir/made-up/runs.csv" |
	sed 's/$/,lost_checksum,lost_filter,source_seconds,delay_p50_us,delay_p99_us,delay_p999_us/' >"$dir/new"
awk -F '[ ]' -v options="$options " -v noise="$noise" -v method="$method" -v load="$load" -v reps="$reps" -v dir="$dir" '
	BEGIN { rate = 500e6; cpu = 40; delay = 100 }
	index(options, " " $1 " ") { if ($2 == "fail") exit failed = 1; rate *= $2; cpu *= $3; delay *= NF > 3 ? $4 : 1 }
	# six seconds, which is as long as a search wants to see of a load
	function row(offered, lost, sent) {
		sent = int(6 * offered / 8 / 1470)
		lost = int(sent * lost)
		print ++n ",1,,ok,," method ",,udp," int(offered) ",1470,64,default,,,,,,1,,6," sent "," sent - lost "," lost ",0," lost \
			",0,0,0,0,0," (sent - lost) * 1960 ",,,,,,,,,,,," int(cpu * 1000) / 1000 \
			",,,,,,,," delay / 2 "," delay "," 2 * delay >(dir "/rows")
	}
	END {
		if (failed) { print "sweep.sh: this NIC cannot" >"/dev/stderr"; exit 1 }
		rate *= 0.995 + 0.01 * (noise % 1000) / 1000
		cpu *= 0.995 + 0.01 * (int(noise / 1000) % 1000) / 1000
		if (method == "mlfrr") {
			row(int(rate), 0)
			row(int(rate * 1.01), 0.02)
			print "weight,conditional_throughput_bps,trials,done,source_limit\n64," int(rate) ",2,1,0" >(dir "/mlfrr.csv")
		} else
			while (n < reps)
				row(load, 0)
	}' "$TRUTH" || exit 1
cat "$dir/rows" >>"$dir/new"
rm -r "$dir/rows" "$dir/made-up"
# last, so that what was stopped is made again
mv "$dir/new" "$dir/runs.csv"
