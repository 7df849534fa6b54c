#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The cost of e1000_napi and of its alternatives: one table from one run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../scripts/lib/common.sh"
# shellcheck source=bench/lib.sh
. "$here/lib.sh"

parts='instructions cost peers throughput change answer scale'

usage() {
	cat <<-END
		usage: bench/run.sh [--out DIR] [--short] [PART…]      (make bench)
		Measures in the QEMU labs, and prints one table of this run. Parts, with minutes
		on two idle cores:
		  instructions  4  exactly what our code adds to a poll, off, on, with timing
		  cost          8  CPU time with ours, and with ftrace, BPF, bpftrace, perf, printk
		  peers         1  are the peers' histograms right while the NIC sends too?
		  throughput   28  TCP, ours against stock: equal within 1 %?
		  change        9  a new weight live, against loading the module again; as
		                   root on Xen too
		  answer        9  the study's grid, one that stops, and interleave: time to the
		                   same certainty. Root only
		  scale         4  8 NICs, 100 000 rows, and what a person waits for
		Without a PART all are run. --short measures less, to try it out.
		--out DIR (build/bench/results) gets table.md and all that was measured; parts that
		are measured later into the same folder take their place in the table.
		Ratios and counts are what to look at; seconds are this machine's.
		Exit status: 0 all measured, whether or not a target is met; 1 a part failed.
	END
}

out=$top/build/bench/results short='' chosen=''
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--short) short=1 ;;
	--out)
		[ $# -ge 2 ] || usage_error "--out requires a folder"
		out=$2
		shift
		;;
	*)
		case " $parts " in *" $1 "*) ;; *) usage_error "no part '$1': $parts" ;; esac
		chosen="$chosen $1"
		;;
	esac
	shift
done
need_own_path "$out" "--out $out" "write there; give a folder of your own" 002
named=$chosen
: "${chosen:=$parts}"

minutes() { # minutes PART: expected
	case $1 in
	cost) echo 8 ;;
	throughput) echo 28 ;;
	answer | change) echo 9 ;;
	instructions | scale) echo 4 ;;
	*) echo 1 ;;
	esac
}

began=$(date +%s)
# progress WHAT: which part, and how long the rest takes at this machine's pace
progress() {
	_ahead=0 _behind=0 _seen=''
	for _p in $chosen; do
		[ "$_p" != "$part" ] || _seen=1
		if [ -n "$_seen" ]; then
			_ahead=$((_ahead + $(minutes "$_p")))
		else
			_behind=$((_behind + $(minutes "$_p")))
		fi
	done
	_took=$((($(date +%s) - began) / 60))
	if [ "$_behind" -gt 0 ] && [ "$_took" -gt "$_behind" ]; then
		_ahead=$((_ahead * _took / _behind))
	fi
	[ -z "$short" ] || _ahead=$((_ahead / 3 + 1))
	log "$part: $1 (about $_ahead min left in all)"
}

kver=$("$top/lab/image.sh" --show-kver)
# shellcheck disable=SC2034 # for the parts
napistat=$(tool napistat)
[ -e "$top/build/$kver/e1000_napi.ko" ] ||
	die "the module is not built: make module KVER=$kver (make bench does it)"
if [ "$(id -u)" -ne 0 ]; then
	# Its sender is outside of the guest, on a tap
	case $named in *answer*) need_root ;; esac
	chosen=$(echo "$chosen" | sed 's/answer//')
	[ -n "$named" ] || warn "without root answer and the Xen lab are left out"
fi
"$here/build.sh" "$kver"
layer=$("$here/layer.sh")
mkdir -p "$out"
out=$(cd "$out" && pwd)
trap 'give_back "$out"; give_back_all "$top"' EXIT

failed='' child=''
trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit 143' HUP TERM
trap 'exit 130' INT
for part in $chosen; do
	# shellcheck source=/dev/null # one of $parts
	. "$here/$part.sh"
	rm -rf "${out:?}/$part"
	mkdir "$out/$part"
	# In a subshell, so that a failing part does not end the others. (In a condition set -e is off.)
	status=0
	("$part") &
	child=$!
	wait "$child" || status=$?
	child=''
	[ "$status" -eq 0 ] || failed="$failed $part"
done

{
	echo '| part | what | value | spread | target | met |'
	echo '|---|---|---|---|---|---|'
	for part in $parts; do
		[ ! -e "$out/$part/rows" ] || cat "$out/$part/rows"
	done | awk -F '\t' '{ print "| " $1 " | " $2 " | " $3 " | " $4 " | " $5 " | " $6 " |" }'
} >"$out/table.md"
cat "$out/table.md"
log "$prog: $(($(date +%s) - began)) s; $out/table.md"
[ -z "$failed" ] || die "parts that failed:$failed"
