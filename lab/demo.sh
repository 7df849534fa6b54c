#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The NAPI weight at work, in two minutes: boot the deterministic lab, sweep the
# weights 1, 2, 60 and 200, and show where packets are lost and what polls take.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../scripts/lib/common.sh"
. "$here/../scripts/lib/put-file.sh"

usage() {
	cat <<-END
		usage: $prog [DIR]
		Sweep the weights 1, 2, 60 and 200 in the deterministic lab and print a table,
		the rx_per_poll histogram at weight 60, and draw both to DIR/demo.png. The load is
		the smallest, of 300 to 700 Mbit/s, of which weight 1 loses a quarter.
		DIR (default results/demo) is overwritten if a demo made it.
		Files: DIR/report/report.html, the verdict; DIR/demo.png
		Exit status: 0 done, 1 failed, 2 wrong usage.
		Example: $prog
	END
}

case ${1-} in
-h | --help)
	usage
	exit 0
	;;
-*) usage_error "unknown option '$1'" ;;
esac
[ $# -le 1 ] || usage_error "one folder, not '$1' and '$2'"
out=${1-results/demo}
need gnuplot gnuplot-nox
need qemu-system-x86_64 qemu-system-x86
case $out in
'' | / | . | ..) usage_error "not this folder: '$out'" ;;
# it becomes part of gnuplot's input
-* | *[!A-Za-z0-9._/-]*) usage_error "DIR takes letters, digits, . _ - and /, not '$out'" ;;
esac
need_own_path "$out" "the folder $out" "write there; run this as that user, or give another folder" 002
# Remove only what a demo made; its mark is written before anything else
mark=$out/.demo
if [ -n "$(ls -A "$out" 2>/dev/null)" ]; then
	if [ ! -f "$mark" ] || [ -L "$mark" ]; then
		die "$out is not empty, and no demo made it; give another folder"
	fi
	others=$(find "$out" -mindepth 1 -maxdepth 1 | sed 's|.*/||' |
		grep -Evx '(runs|hist|probes)[.]csv([.]cut)?|(sweep|meta)[.]json|sar-[0-9]+|table[.]txt|weight60[.]snapshot|demo[.]png|report|[.]demo' || :)
	[ -z "$others" ] ||
		die "$out holds what no demo made ($(printf '%s' "$others" | tr '\n' ' ')); move it away, or give another folder"
	[ -w "$out" ] || die "$out belongs to $(stat -c %U "$out"); give another folder"
	# one by one; report.sh knows its own files in report/
	find "$out" -mindepth 1 -maxdepth 1 ! -type d ! -name .demo -exec rm -f {} +
fi
make_dir "$out"
put_file "$out" .demo </dev/null
work=$(temp_dir)
trap 'rm -rf "$work"; give_back "$out"' EXIT
trap 'exit 1' HUP INT TERM

# The load that a guest of 500 million instructions a second carries with weight 1 depends on
# the kernel: 6.12 carries twice that of 6.1. So search for a load at which the guest is busy,
# but not too busy for the larger weights. pktgen sleeps between bursts of 100; below 0.1 ms it
# would spin and hide the cost of the weights. Weight 60 takes such a burst in two polls, 200
# in one.
log "Booting the lab; its time is counted in instructions, so a busy machine changes nothing."
# The same path in the guest, so that the sweep's messages are true here
# shellcheck disable=SC2016 # for the guest's shell
"$here/boot.sh" --icount --share "$out" --timeout 170 -- sh -c '
	set -e
	insmod e1000_napi.ko
	lab/net.sh up
	mkdir -p "$1"
	mount --bind /share "$1"
	sweep() {
		scripts/sweep.sh eth0 --source pktgen --burst 100 --datagram 958 --rcvbuf 8M --seed 1 "$@" 2>&1
	}
	echo "Looking for the load at which weights differ on Linux $(uname -r): weight 1 alone."
	sweep --out /tmp/search --weight 1 --load 300M..700M+50M --seconds 0.4
	load=$(tools/napistat rows --columns offered_bps,sent,lost /tmp/search |
		awk "\$3 >= \$2 / 4 { print \$1 }" | sort -n | sed 1q)
	sweep --out "$1" --weight 1,2,60,200 --load "${load:-700M}" --seconds 1.8 --reps 2
' sh "$out"
napistat=$(tool napistat)
load=$("$napistat" rows --columns offered_bps "$out" | awk '{ print $1 / 1000000; exit }')

# One line per weight, means of the repetitions
table() {
	local columns='weight,sent,received,lost,lost_before_nic,lost_ring,lost_backlog,lost_socket'
	columns=$columns,lost_app,remainder,polls,rx_packets,irqs,cpu_total,cpu_softirq,status
	"$napistat" rows --columns $columns "$out" |
		awk '$NF != "failed" { n[$1]++; for (i = 2; i < NF; i++) sum[$1, i] += $i }
		function mean(w, i) { return sum[w, i] / n[w] }
		END {
			for (w in n)
				printf "%d %.0f %.0f %.2f %.0f %.0f %.0f %.0f %.0f %.0f %.1f %.1f %.0f %.0f\n",
					w, mean(w, 2), mean(w, 3), 100 * mean(w, 4) / mean(w, 2),
					mean(w, 5), mean(w, 6), mean(w, 7), mean(w, 8),
					mean(w, 9) + mean(w, 10), mean(w, 11), sum[w, 12] / sum[w, 11],
					sum[w, 12] / sum[w, 13], mean(w, 14), mean(w, 15)
		}' | sort -n
}

# The histogram of weight 60 as a snapshot, which hist.sh draws
snapshot60() {
	"$napistat" hist --histogram rx_per_poll -f csv "$out" | awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i; next }
	$col["weight"] == 60 {
		max = $col["lower"]
		count += $col["count"]
		sum += max * $col["count"]
		lines = lines max " " $col["count"] "\n"
	}
	END {
		print "# e1000_napi 2 snapshot\n# device - eth0\n# weight 60"
		print "# since_ns 0\n# now_ns 0\n# polls_during_read 0\n# counters"
		printf "# histogram rx_per_poll packets %d %d %d\n%s", count, sum, max, lines
	}'
}

table >"$work/table.txt"
snapshot60 >"$work/weight60.snapshot"

echo
{
	echo 'weight sent received lost% before_NIC ring backlog socket other polls rx/poll rx/irq CPU% softirq%'
	cat "$work/table.txt"
} | awk '{ printf "%6s", $1; for (i = 2; i <= NF; i++) printf " %9s", $i; print "" }' |
	sed 's/^/  /'
echo
"$here/../scripts/hist.sh" --snapshot "$work/weight60.snapshot"

(cd "$work" && gnuplot) <<END
set terminal pngcairo size 1200,540
set output 'demo.png'
stats 'table.txt' using 2 name 'sent' nooutput
set multiplot layout 1,2
set style fill solid border -1
set boxwidth 0.7
set key outside top center horizontal
set title 'Offered $load Mbit/s in bursts of 100: what became of the packets'
set xlabel 'NAPI weight'
set ylabel 'packets per trial'
set y2label 'CPU (%)'
set y2range [0:120]
set y2tics 0,20,100
set ytics nomirror
set yrange [0:1.2 * sent_max]
set style data histograms
set style histogram rowstacked
plot 'table.txt' using 3:xtic(1) title 'received' lc rgb '#4477aa', \
	'' using (\$2-\$3) title 'lost' lc rgb '#cc3311', \
	'' using 0:13 axes x1y2 with linespoints pt 7 lw 2 lc rgb 'black' title 'CPU', \
	'' using 0:(1.13 * sent_max):(sprintf('%.1f %%\nlost', \$4)) with labels notitle
unset y2label
unset y2tics
set ytics mirror
set title 'Weight 60: packets taken per poll'
set xlabel 'packets'
set ylabel 'polls'
set xrange [-1:62]
set yrange [0:*]
set boxwidth 0.9
plot 'weight60.snapshot' using 1:2 with boxes lc rgb '#4477aa' notitle
END
for file in table.txt weight60.snapshot demo.png; do
	put_file "$out" "$file" <"$work/$file"
done
echo
"$here/../scripts/report.sh" "$out"
log "Drawn: $out/demo.png. Open $out/report/report.html: the verdict, tables and figures."
log "All numbers: $out/runs.csv, $out/hist.csv, $out/meta.json"

# The study's findings must show here too
awk '
	$1 == 1 { low = $4 }
	$1 >= 60 && $4 > 0.01 { bad = 1 }
	END { exit !(low > 1 && !bad) }' "$work/table.txt" ||
	die "expected at $load Mbit/s: weight 1 loses packets, 60 and 200 do not"
