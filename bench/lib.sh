# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# Shared by the parts of the bench. Source it after scripts/lib/common.sh.
# shellcheck disable=SC2154 # out, kver, short: run.sh's
top=$(cd "$here/.." && pwd)

# row WHAT VALUE SPREAD TARGET MET: a line of the table. MET is yes, no or - (no target)
row() { printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$part" "$1" "$2" "$3" "$4" "$5" >>"$out/$part/rows"; }

# at_most VALUE LIMIT, at_least VALUE LIMIT: yes or no
at_most() { awk -v v="$1" -v l="$2" 'BEGIN { print v <= l ? "yes" : "no" }'; }
at_least() { at_most "$2" "$1"; }

# ratio A B [DIGITS]
ratio() { awk -v a="$1" -v b="$2" -v d="${3:-1}" 'BEGIN { printf "%.*f\n", d, b ? a / b : 0 }'; }

# middle < NUMBERS: median, least and greatest
middle() {
	sort -n | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)], x[1], x[NR] }'
}

# together FUNCTION WORD…: call it with each word, in parallel; fail if one failed. For the
# deterministic lab, whose guests may share the machine
together() {
	_do=$1 _pids='' _ok=1
	shift
	trap 'kill $_pids 2>/dev/null || :; exit 143' HUP TERM
	for _w; do
		"$_do" "$_w" &
		_pids="$_pids $!"
	done
	for _p in $_pids; do
		wait "$_p" || _ok=''
	done
	trap - HUP TERM
	[ -n "$_ok" ] || die "a run failed: see above"
}

# bench_guest SHARE OPTION… -- COMMAND…: the lab with the stock drivers and the programs
bench_guest() {
	_share=$1
	shift
	mkdir -p "$_share"
	for _n in stock printk; do
		cp "$top/build/bench/$_n/e1000.ko" "$_share/$_n.ko"
	done
	cp "$top"/build/bench/tpbtf/* "$_share/"
	"$top/lab/boot.sh" --mem 1024 --share "$_share" --timeout 1500 \
		--qemu -drive --qemu "file=$layer,if=none,id=layer,format=raw,readonly=on" \
		--qemu -device --qemu virtio-blk-pci,drive=layer,ioeventfd=off "$@"
}
