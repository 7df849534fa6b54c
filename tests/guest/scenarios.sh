#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# One fault each from the world outside the lab, and the place that a sweep gives it:
# scenarios/NAME.sh. SCENARIO=NAME for one of them.
set -eu
# shellcheck source=tests/guest/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/guest/common/sweep.sh
. "${0%/*}/common/sweep.sh"
# shellcheck source=tests/guest/common/plant.sh
. tests/guest/common/plant.sh

scenarios=$top/tests/guest/scenarios
# shellcheck disable=SC2016 # of the shell there
ip netns exec src sh -c '. "$0"; serve_iperf -u' scripts/lib/common.sh >/dev/null 2>&1 &
server=$!

# pull NAME OPTION…: of 20 Mbit/s, 1700 datagrams a second
pull() {
	_name=$1
	shift
	scripts/sweep.sh eth0 --out "$work/$_name" --seed 1 --server 10.0.0.1 --load 20M \
		--weight 60 --rcvbuf 4M --seconds 3 --retries 0 "$@" >"$work/$_name.log" 2>&1
}

# trial_runs NAME: its trial, after that of the source, is under way for a second
trial_runs() {
	wait_for 30 grep -qs ',selftest,' "$work/$1/probes.csv"
	sleep 1
}

# row NAME AWK: what it prints of the row, whose columns are c["name"]; n(NAME) as a number
row() {
	awk -F, 'function n(name) { return c[name] + 0 }
		NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next }
		{ for (i = 1; i <= NF; i++) c[name[i]] = $i }
		'"$2" "$work/$1/runs.csv"
}

# shows NAME WHAT CONDITION: of the one row
shows() {
	is "$1: $2" "$(row "$1" "{ print ($3) ? \"yes\" : \$0 }")" yes
}

for _s in "$scenarios"/*.sh; do
	[ -z "${SCENARIO:-}" ] || [ "${_s##*/}" = "$SCENARIO.sh" ] || continue
	echo "# scenario ${_s##*/}"
	# shellcheck source=/dev/null # each of them
	. "$_s"
done
kill "$server" || :
as_before scenarios
rm -rf "$work"
finish
