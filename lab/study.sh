#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The study's experiments on real Xen, in counted time. Each part has its own boot and
# seed and is kept, so that a stopped study continues. --check runs parts again and compares
# them with the kept ones.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../scripts/lib/common.sh"
top=$(cd "$here/.." && pwd)

usage() {
	cat <<-END
		usage: $prog [--quick] [--out DIR] [--seeds LIST] [HYPERVISOR[/PRESET]…]
		       $prog --check [--quick] [--against DIR] [--seeds LIST] [HYPERVISOR[/PRESET]…]
		Run the study's presets on Xen, in QEMU, whose clock counts instructions; needs
		root. The same command goes on where it was stopped.
		  HYPERVISOR/PRESET  xen; irq, tcp, udp or udp-buffer (default: all)
		  --out DIR      results, DIR/HYPERVISOR/PRESET (default build/study)
		  --seeds LIST   repetitions: a boot and an order of trials each (default 1,2,3)
		  --quick        two weights and two loads of irq, seed 1
		  --check        run the parts again and compare each row with that of the same seed
		                 below --against (default docs/results/study): "the same", or how
		                 far each cell is off. --quick, or one seed, will do
		Exit status: 1 when a part failed or, with --check, a cell is off by more than 5 %.
	END
}

# plan HYPERVISOR PRESET: the lab's options: the study's weights, and its loads as far as they
# go there. One second is enough where only the traffic takes time.
plan() {
	few='--weight 1,2,60,200 --rcvbuf 8M' many='--weight 1,2,10,60,200'
	case $1 in
	xen) loads=50M..350M+50M top_load=300M ;;
	esac
	if [ -n "$quick" ]; then
		few='--weight 1,60 --rcvbuf 8M' loads=150M,250M
	fi
	case $2 in
	irq) echo "$few --load $loads" ;;
	tcp) echo "$many" ;;
	udp) echo "$many --load $top_load" ;;
	udp-buffer) echo "$many --load $top_load --rcvbuf 8M" ;;
	esac
}

left() { # left PARTS: time for these, by what a part took
	[ "$done_parts" -gt 0 ] || return 0
	echo ", $((($(date +%s) - began) * $1 / done_parts / 60 + 1)) min left"
}

# run_part HYPERVISOR PRESET SEED FOLDER
run_part() {
	rm -rf "$4.new"
	# shellcheck disable=SC2046 # options
	"$here/hypervisors/$1.sh" --preset "$2" $(plan "$1" "$2") --reps 1 --seconds 1 \
		--seed "$3" --out "$4.new" || return
	rm -rf "$4"
	mv "$4.new" "$4"
}

# join FOLDER PART…: the parts' files as one. A part, PATH/SEED, is the repetition of that number;
# its trials are numbered from SEED * 1000.
join() {
	_to=$1
	shift
	mkdir -p "$_to"
	for _file in runs.csv hist.csv host_cpu.csv; do
		_head=1
		for _part in "$@"; do
			awk -F, -v OFS=, -v rep="${_part##*/}" -v head="$_head" '
				FNR == 1 {
					for (i = 1; i <= NF; i++) c[$i] = i
					if (head) print ("trial" in c) ? $0 : $0 ",rep"
					next
				}
				"rep" in c { $c["rep"] = rep }
				"trial" in c { $c["trial"] += 1000 * rep; print; next }
				{ print $0, rep }' "$_part/$_file"
			_head=''
		done >"$_to/$_file"
	done
	# All parts must have one machine and one command, except for the seed
	awk -v boots="$#" '/^  "seed": [0-9]*,/ { print "  \"boots\": " boots "," } { print }' \
		"$1/meta.json" >"$_to/meta.json"
}

# compare WAS IS LABEL: row by row. Columns are counted from the end, as the reason may have commas.
compare() {
	awk -F, -v label="$3" '
		function f(name) { return $(NF - back[name]) }
		function key() { return f("protocol") "," f("offered_bps") "," f("weight") "," f("rcvbuf") "," $2 }
		# All but the times
		function what() { return f("sent") "," f("received") "," f("rx_packets") "," f("irqs") "," f("polls") }
		FNR == 1 { for (i = 1; i <= NF; i++) back[$i] = NF - i; next }
		FNR == NR { row[key()] = what(); bps[key()] = f("bandwidth_bps"); next }
		!(key() in row) { next }
		{
			n++
			if (row[key()] == what()) { same++; next }
			off = bps[key()] ? (f("bandwidth_bps") / bps[key()] - 1) * 100 : 100
			size = off < 0 ? -off : off
			if (size > worst) worst = size
			if (size <= 5) { near++; next }
			printf "%s: offered %s, weight %s, repetition %s: %.1f Mbit/s, was %.1f (%+.1f %%)\n", label,
				f("offered_bps"), f("weight"), $2, f("bandwidth_bps") / 1e6, bps[key()] / 1e6, off
		}
		END {
			if (!n) { print label ": no row to compare"; exit 1 }
			printf "%s: %s: %d of %d rows to the packet, interrupt and poll, %d more within 5 %% of the rate; furthest %.2f %%\n",
				label, (same + near == n ? "the same" : "not the same"), same, n, near, worst
			exit same + near != n
		}' "$1" "$2"
}

out=$top/build/study against=$top/docs/results/study quick='' check='' seeds=1,2,3 parts=''
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--quick) quick=1 ;;
	--check) check=1 ;;
	--out | --against | --seeds)
		[ $# -ge 2 ] || usage_error "$1 requires an argument"
		case $1 in
		--out) out=$2 ;;
		--against) against=$2 ;;
		--seeds) seeds=$2 ;;
		esac
		shift
		;;
	xen) parts="$parts xen/irq xen/tcp xen/udp xen/udp-buffer" ;;
	xen/irq | xen/tcp | xen/udp | xen/udp-buffer) parts="$parts $1" ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
: "${parts:= xen/irq xen/tcp xen/udp xen/udp-buffer}"
if [ -n "$quick" ]; then
	seeds=1
	parts=$(for part in $parts; do case $part in */irq) echo "$part" ;; esac done)
	[ -n "$parts" ] || usage_error "--quick is a part of irq"
fi
seeds=$(echo "$seeds" | tr , ' ')
for seed in $seeds; do
	is_uint "$seed" || usage_error "--seeds requires numbers, as 1,2,3"
done
need_root
need_own_path "$out" "--out $out" "write there; give a folder of your own" 002
[ -z "$quick" ] || [ "$out" != "$top/build/study" ] || out=$out-quick
[ -z "$check" ] || out=$top/build/study-check
work=$top/build/study-parts
[ -z "$check" ] || work=$top/build/study-check/parts
[ -z "$quick" ] || work=$work-quick
trap 'give_back_all "$top"' EXIT

[ -z "$check" ] || rm -rf "$top/build/study-check"
total=0 planned=0
for part in $parts; do
	for seed in $seeds; do
		total=$((total + 1))
		[ -e "$work/$part/$seed/meta.json" ] || planned=$((planned + 1))
	done
done
began=$(date +%s) number=0 done_parts=0 failed='' different='' skipped=''
# Run all parts once before repeating any, so that a stopped study has some of each
for seed in $seeds; do
	for part in $parts; do
		number=$((number + 1))
		folder=$work/$part/$seed
		if [ -e "$folder/meta.json" ]; then
			log "$prog: part $number of $total, $part, seed $seed: done before"
		else
			case " $skipped " in *" ${part%/*} "*) continue ;; esac
			log "$prog: part $number of $total, $part, seed $seed$(left "$planned")"
			mkdir -p "$work/$part"
			status=0
			run_part "${part%/*}" "${part#*/}" "$seed" "$folder" || status=$?
			planned=$((planned - 1))
			case $status in
			0) done_parts=$((done_parts + 1)) ;;
			"$EXIT_SKIP") skipped="$skipped ${part%/*}" && continue ;;
			*) failed="$failed $part/$seed" && continue ;;
			esac
		fi
		set --
		for _seed in $seeds; do
			[ ! -e "$work/$part/$_seed/meta.json" ] || set -- "$@" "$work/$part/$_seed"
		done
		join "$out/$part" "$@"
	done
done
[ -z "$check" ] || for part in $parts; do
	[ -e "$out/$part/runs.csv" ] || continue
	compare "$against/$part/runs.csv" "$out/$part/runs.csv" "$part" || different="$different $part"
done
[ -z "$skipped" ] || warn "skipped, packages could not be fetched:$skipped"
[ -z "$failed" ] || die "these parts failed:$failed; the same command runs them again"
[ -z "$different" ] || die "not the same as in $against:$different"
[ "$done_parts" -gt 0 ] || [ -z "$skipped" ] || exit "$EXIT_SKIP"
[ -n "$check" ] || log "$prog: results in $out"
