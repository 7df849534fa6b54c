#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The study's experiments on real hypervisors, in counted time: parts that are run one
# after the other, each in a boot and with a seed of its own, and kept, so that a stopped
# study goes on. --check runs parts again and compares them with what is kept.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../scripts/lib/common.sh"
top=$(cd "$here/.." && pwd)

usage() {
	cat <<-END
		usage: $prog [--quick] [--out DIR] [--seeds LIST] [HYPERVISOR[/PRESET]…]
		       $prog --check [--quick] [--against DIR] [--seeds LIST] [HYPERVISOR[/PRESET]…]
		Run the study's presets on Xen and VirtualBox, in QEMU, whose clock counts
		instructions; needs root. The same command goes on where it was stopped.
		  HYPERVISOR/PRESET  xen or virtualbox; irq, tcp, udp or udp-buffer (default: all)
		  --out DIR      results, DIR/HYPERVISOR/PRESET (default build/study)
		  --seeds LIST   repetitions: a boot and an order of trials each (default 1,2,3)
		  --quick        two weights and two loads of irq, seed 1
		  --check        run the parts again and compare each row with that of the same seed
		                 below --against (default docs/results/study): "the same", or how
		                 far each cell is off. --quick, or one seed, will do
		Exit status: 1 when a part failed or, with --check, a cell is off by more than 0.5 %.
	END
}

# plan HYPERVISOR PRESET: the lab's options. The study's weights and loads, the loads as far
# as they go there; one second is enough where nothing but the traffic takes time.
plan() {
	few='--weight 1,2,60,200 --rcvbuf 8M' many='--weight 1,2,10,60,200'
	case $1 in
	xen) loads=50M..350M+50M top_load=300M ;;
	virtualbox) loads=50M..400M+50M top_load=400M ;;
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
	[ ! -e "$4/meta.json" ] || return 0
	rm -rf "$4.new"
	# shellcheck disable=SC2046 # options
	"$here/hypervisors/$1.sh" --preset "$2" $(plan "$1" "$2") --reps 1 --seconds 1 \
		--seed "$3" --out "$4.new" || return
	rm -rf "$4"
	mv "$4.new" "$4"
}

# join FOLDER PART…: the parts' files as one; a part is a repetition
join() {
	_to=$1
	shift
	mkdir -p "$_to"
	for _file in runs.csv hist.csv host_cpu.csv; do
		_rep=0
		for _part in "$@"; do
			_rep=$((_rep + 1))
			[ ! -e "$_part/$_file" ] || awk -F, -v OFS=, -v rep="$_rep" -v first="$((_rep == 1))" '
				FNR == 1 {
					for (i = 1; i <= NF; i++) c[$i] = i
					if (first) print rep_column($0)
					next
				}
				"trial" in c { $c["trial"] += 1000 * (rep - 1) }
				"rep" in c { $c["rep"] = rep }
				{ print ("trial" in c) ? $0 : $0 "," rep }
				function rep_column(head) { return ("trial" in c) ? head : head ",rep" }
			' "$_part/$_file"
		done >"$_to/$_file"
	done
	# One machine and one command but for the seed
	cp "$1/meta.json" "$_to/meta.json"
}

# compare WAS IS: row by row
compare() {
	awk -F, -v label="$3" '
		function key() {
			return $c["protocol"] "," $c["offered_bps"] "," $c["weight"] "," $c["rcvbuf"] "," $c["rep"]
		}
		FNR == 1 { delete c; for (i = 1; i <= NF; i++) c[$i] = i; names = $0; next }
		FNR == NR { row[key()] = what(); bps[key()] = $c["bandwidth_bps"]; next }
		# All but the times
		function what() {
			return $c["sent"] "," $c["received"] "," $c["rx_packets"] "," $c["irqs"] "," $c["polls"]
		}
		!(key() in row) { missing++; next }
		{
			n++
			if (row[key()] == what()) { same++; next }
			off = bps[key()] ? ($c["bandwidth_bps"] / bps[key()] - 1) * 100 : 100
			if (off < 0) size = -off; else size = off
			if (size > worst) worst = size
			if (size <= 0.5) { near++; next }
			printf "%s: offered %s, weight %s, repetition %s: %.1f Mbit/s, was %.1f (%+.1f %%)\n", label,
				$c["offered_bps"], $c["weight"], $c["rep"], $c["bandwidth_bps"] / 1e6, bps[key()] / 1e6, off
		}
		END {
			if (!n) { print label ": no row to compare"; exit 1 }
			printf "%s: %s: %d of %d rows to the packet, interrupt and poll, %d more within 0.5 %% of the rate; furthest %.2f %%\n",
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
	xen | virtualbox)
		for preset in irq tcp udp udp-buffer; do parts="$parts $1/$preset"; done
		;;
	xen/irq | xen/tcp | xen/udp | xen/udp-buffer) parts="$parts $1" ;;
	virtualbox/irq | virtualbox/tcp | virtualbox/udp | virtualbox/udp-buffer) parts="$parts $1" ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ -n "$parts" ] || for preset in irq tcp udp udp-buffer; do
	parts="$parts xen/$preset virtualbox/$preset"
done
if [ -n "$quick" ]; then
	seeds=1
	parts=$(for part in $parts; do case $part in */irq) echo "$part" ;; esac done)
	[ -n "$parts" ] || usage_error "--quick is a part of irq"
fi
seeds=$(echo "$seeds" | tr , ' ')
for seed in $seeds; do
	is_uint "$seed" || usage_error "--seeds wants numbers, as 1,2,3"
done
need_root
[ -z "$check" ] || out=$top/build/study-check
work=$top/build/study-parts
[ -z "$check" ] || work=$top/build/study-check/parts
[ -z "$quick" ] || work=$work-quick
trap 'give_back_all "$top"' EXIT

total=0 planned=0
for part in $parts; do
	for seed in $seeds; do
		total=$((total + 1))
		[ -e "$work/$part/$seed/meta.json" ] || planned=$((planned + 1))
	done
done
[ -z "$check" ] || rm -rf "$top/build/study-check"
began=$(date +%s) number=0 done_parts=0 failed='' different='' skipped=''
for part in $parts; do
	hypervisor=${part%/*} preset=${part#*/}
	set -- ''
	shift
	for seed in $seeds; do
		number=$((number + 1))
		folder=$work/$part/$seed
		if [ -e "$folder/meta.json" ] && [ -z "$check" ]; then
			log "$prog: part $number of $total, $part, seed $seed: done before"
			set -- "$@" "$folder"
			continue
		fi
		case " $skipped " in *" $hypervisor "*) continue ;; esac
		log "$prog: part $number of $total, $part, seed $seed$(left "$planned")"
		mkdir -p "$work/$part"
		status=0
		run_part "$hypervisor" "$preset" "$seed" "$folder" || status=$?
		case $status in
		0)
			set -- "$@" "$folder"
			done_parts=$((done_parts + 1))
			;;
		"$EXIT_SKIP") skipped="$skipped $hypervisor" ;;
		*) failed="$failed $part/$seed" ;;
		esac
		planned=$((planned - 1))
	done
	[ $# -gt 0 ] || continue
	# shellcheck disable=SC2086 # seeds, one word each
	join "$out/$part" "$@"
	[ -z "$check" ] || compare "$against/$part/runs.csv" "$out/$part/runs.csv" "$part" ||
		different="$different $part"
done
[ -z "$skipped" ] || warn "skipped, packages could not be fetched:$skipped"
[ -z "$failed" ] || die "these parts failed: $failed; the same command runs them again"
[ -z "$different" ] || die "not the same as in $against:$different"
log "$prog: results in $out"
