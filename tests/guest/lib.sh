#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Helpers of the tests that run in the booted guest. Results are TAP lines.
#
#   namespace src                 guest
#   peerN 10.0.N.1/24  --- hub --- ethN 10.0.N.2/24   (lab/net.sh)
#
# shellcheck disable=SC2034 # used by the tests
top=/opt/e1000_napi
ko=$top/e1000_napi.ko
debug=/sys/kernel/debug/e1000_napi
params=/sys/module/e1000_napi/parameters
# shellcheck source=scripts/lib/common.sh
. "$top/scripts/lib/common.sh"

failures=0
rm -f /tmp/mark-*

# check "what should be" COMMAND…: one test
check() {
	_what=$1
	shift
	if "$@"; then
		echo "ok $_what"
	else
		echo "not ok $_what"
		echo "# failed: $*"
		failures=$((failures + 1))
	fi
}

# is "what" GOT WANTED
is() {
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		echo "# got '$2', wanted '$3'"
		failures=$((failures + 1))
	fi
}

refused() { ! "$@" 2>/dev/null; }

finish() {
	rmmod e1000_napi 2>/dev/null || :
	[ "$failures" -eq 0 ]
	exit
}

# count_of FILE KEY: a `# key value` header or a `name value` row
count_of() {
	awk -v k="$2" '$1 == k { print $2; exit } $1 == "#" && $2 == k { print $3; exit }' "$debug/$1"
}

# rx_of IF: packets that the driver took, by its own account
rx_of() { cat "/sys/class/net/$1/statistics/rx_packets"; }

# mark IF: from here on hist_max and end_count count
mark() { cat "$debug/$1/snapshot" >"/tmp/mark-$1"; }

# since MARK NOW: the snapshot NOW, its histograms less what they had in MARK
since() {
	awk '$1 == "#" && $2 == "histogram" { h = $3 } FNR == 1 { file++; h = "" }
		file == 1 && $2 == "histogram" { n[h] = $5; s[h] = $6; next }
		file == 1 { old[h, $1] = $2; next }
		$1 == "#" && $2 == "histogram" { $5 -= n[h]; $6 -= s[h] }
		$1 == "#" || h == "" { print; next }
		$2 - old[h, $1] { print $1, $2 - old[h, $1] }' "$1" "$2"
}

# hist_max IF/HISTOGRAM: largest value seen since mark, or since load
hist_max() {
	[ -e "/tmp/mark-${1%/*}" ] || echo '# nothing' >"/tmp/mark-${1%/*}"
	cat "$debug/${1%/*}/snapshot" >/tmp/hist_max
	since "/tmp/mark-${1%/*}" /tmp/hist_max >/tmp/hist_max.since
	rows /tmp/hist_max.since "${1#*/}" | awk '$1 > m { m = $1 } END { print m + 0 }'
}

# take_snapshot IF FILE: all of one moment. The driver's watchdog makes an
# interrupt every two seconds, so that even an idle device polls now and then
take_snapshot() {
	wait_for 5 _one_moment "$1" "$2" || echo "# $1 never rests"
}
_one_moment() {
	cat "$debug/$1/snapshot" >"$2"
	grep -q '^# polls_during_read 0$' "$2"
}

# rows FILE HISTOGRAM: its rows in a snapshot
rows() { awk -v h="$2" '$1 == "#" { on = $2 == "histogram" && $3 == h; next } on' "$1"; }

# hist_sums FILE HISTOGRAM: values counted and their sum, from the rows alone
hist_sums() { rows "$1" "$2" | awk '{ c += $2; s += $1 * $2 } END { print c + 0, s + 0 }'; }

# head_sums FILE HISTOGRAM: the same as the histogram's head states them
head_sums() { awk -v h="$2" '$2 == "histogram" && $3 == h { print $5, $6 }' "$1"; }

# rx_ring IF: its descriptors
rx_ring() { ethtool -g "$1" | awk '/^Current/ { now = 1 } now && $1 == "RX:" { print $2; exit }'; }

link_up() { [ "$(cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ]; }

# still IF: no packet came for a moment, so that two reads can be compared
still() {
	_a=$(rx_of "$1")
	sleep 0.3
	[ "$(rx_of "$1")" = "$_a" ]
}

# counted_at_rest IF: $rx1 is what the device has received, $counted what our counter
# says, with no packet between the two reads
counted_at_rest() {
	rx1=$(rx_of "$1")
	counted=$(count_of "$1/counters" rx_packets)
	[ "$(rx_of "$1")" = "$rx1" ]
}

# begin_count IF: mark, and $rx0 is what the device had received by then
begin_count() {
	wait_for 10 still "$1" || :
	wait_for 10 _mark_at_rest "$1" || echo "# $1 never rests"
}
_mark_at_rest() {
	rx0=$(rx_of "$1")
	_one_moment "$1" "/tmp/mark-$1" && [ "$(rx_of "$1")" = "$rx0" ]
}

# end_count IF FILE: a snapshot, its histograms since begin_count, and $rx is what the
# device has received since
end_count() {
	wait_for 10 still "$1" || :
	wait_for 10 _snapshot_at_rest "$1" "$2.whole" || echo "# $1 never rests"
	since "/tmp/mark-$1" "$2.whole" >"$2"
	rx=$((rx1 - rx0))
}
_snapshot_at_rest() {
	rx1=$(rx_of "$1")
	_one_moment "$1" "$2" && [ "$(rx_of "$1")" = "$rx1" ]
}

# flood N SECONDS [SIZE]: UDP datagrams from peerN to ethN, as fast as they go.
# (busybox timeout would run its own ip, which knows no namespaces.)
flood() {
	ip netns exec src timeout -s KILL $(($2 + 5)) iperf -u -c "10.0.$1.2" -b 1g -t "$2" -l "${3:-1000}" >/dev/null 2>&1 || :
}

# listens PORT: a program does, for TCP, behind the wire
listens() { ip netns exec src ss -ltn | grep -q ":$1 "; }
