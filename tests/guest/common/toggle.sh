#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The parameters stats and timing, switched in a loop under traffic: no counter may become
# wrong. Source it after tests/guest/lib.sh, with the network up and traffic on.
# shellcheck disable=SC2154 # debug, params: lib.sh

# Programs take too long to start: only what the shell has
_toggle_read() {
	while read -r _k _v; do
		case $_k in
		rx_packets) _rx=$_v ;;
		tx_packets) _tx=$_v ;;
		polls) _polls=$_v ;;
		esac
	done <"$debug/eth0/counters"
	read -r _rx_dev <"/sys/class/net/eth0/statistics/rx_packets"
	read -r _tx_dev <"/sys/class/net/eth0/statistics/tx_packets"
}

# toggle_stats N: both N times, each in a rhythm of its own. $jumps is how often a counter had more
# than the device, or went backwards; what was seen is shown
toggle_stats() {
	_toggles=0 jumps=0 _polls_was=0
	while [ "$_toggles" -lt "$1" ]; do
		_toggles=$((_toggles + 1))
		echo $((_toggles % 2)) >"$params/stats"
		[ $((_toggles % 3)) -ne 0 ] || echo $((_toggles / 3 % 2)) >"$params/timing"
		_toggle_read
		if [ "$_rx" -gt "$_rx_dev" ] || [ "$_tx" -gt "$_tx_dev" ] || [ "$_polls" -lt "$_polls_was" ]; then
			jumps=$((jumps + 1))
			[ "$jumps" -gt 5 ] || echo "# toggle $_toggles: rx $_rx of $_rx_dev, tx $_tx of $_tx_dev," \
				"$_polls polls after $_polls_was"
			# One that jumped stays where it is
			[ "$jumps" -lt 20 ] || break
		fi
		_polls_was=$_polls
		[ $((_toggles % 500)) -ne 0 ] || echo "# $_toggles toggles, $jumps jumps"
	done
	echo 1 >"$params/stats"
	echo 0 >"$params/timing"
}

# toggled_right NAME: what histograms and counters have in common, whatever was switched
toggled_right() {
	wait_for 10 still eth0 || :
	take_snapshot eth0 /tmp/toggled
	awk '$1 == "#" && $2 == "histogram" { n[$3] = $5; s[$3] = $6; max[$3] = $7 }
		NF == 2 { c[$1] = $2 }
		function same(what, a, b) { if (a != b) print "# " what ": " a " and " b }
		function most(what, a, b) { if (a > b) print "# " what ": " a " of " b }
		END {
			same("polls", n["rx_per_poll"], c["polls"])
			same("polls that sent", n["tx_per_poll"], c["polls"])
			same("packets", s["rx_per_poll"], c["rx_packets"])
			same("packets sent", s["tx_per_poll"], c["tx_packets"])
			same("interrupts", n["polls_per_irq"], n["rx_per_irq"])
			most("polls of interrupts", s["polls_per_irq"], c["polls"])
			most("packets of interrupts", s["rx_per_irq"], c["rx_packets"])
			most("polls with a time", n["poll_ns"], c["polls"])
			most("interrupts with a time", n["irq_to_poll_ns"], n["poll_ns"])
			most("ns of a poll", max["poll_ns"], 10e9)
			most("ns to a poll", max["irq_to_poll_ns"], 10e9)
			most("packets of a poll", max["rx_per_poll"], 64)
			most("polls without an interrupt", c["polls_no_irq"] * 100, c["polls"])
		}' /tmp/toggled >/tmp/toggled.wrong
	cat /tmp/toggled.wrong
	is "$1: histograms and counters agree" "$(wc -l </tmp/toggled.wrong)" 0
}
