# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # out, top and the like are of run.sh
# Part of the bench: are the histograms right? Compares ours, ftrace's, a BPF program's and
# bpftrace's of the same polls, while the NIC also sends, and with jumbo frames.

peers_case() { # peers_case NAME SECONDS MTU
	bench_guest "$out/peers" -- sh bench/guest-peers.sh 20000 "$2" "$3" >"$out/peers/$3"
	_truth=$(awk '$1 == "truth" { print $2 }' "$out/peers/$3")
	for _v in e1000_napi ftrace tpbtf bpftrace; do
		_n=$(awk -v v="$_v" '$1 == v { print $2 }' "$out/peers/$3")
		_off=$(awk -v n="$_n" -v t="$_truth" 'BEGIN { printf "%+.2f", 100 * (n - t) / t }')
		_target=- _met=-
		if [ "$_v" = e1000_napi ]; then
			_target=0 _met=no
			[ "$_n" -ne "$_truth" ] || _met=yes
		fi
		row "$1: packets in the histogram of $_v against received, per cent" "$_off" \
			"of $_truth" "$_target" "$_met"
	done
}

peers() {
	progress "ours, ftrace, tpbtf and bpftrace on the same polls, on two CPUs"
	peers_case 'sending TCP meanwhile' 5 1500
	row "polls that returned the whole budget because of what was sent" \
		"$(awk '$1 == "unfinished" { print $2 }' "$out/peers/1500")" - - -
	peers_case 'jumbo frames' 0 9000
	rm -f "$out"/peers/*.ko "$out"/peers/tpbtf "$out"/peers/*.o
}
