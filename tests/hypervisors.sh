#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The Xen and VirtualBox labs in their short form: do they end, and are the results of
# the hypervisor they claim? For .ci/run; writes TAP.
# shellcheck disable=SC2016 # awk's variables
set -u

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit
passed=0 failed=0 skipped=0
out=build/check/hypervisors

check() { # check WHAT COMMAND…
	_what=$1
	shift
	if "$@" >/dev/null 2>&1; then
		passed=$((passed + 1))
		echo "ok $lab: $_what"
	else
		failed=$((failed + 1))
		echo "not ok $lab: $_what"
	fi
}

# rows FILE CONDITION: two rows, and all of them are so; c is the columns by name
rows() {
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
		{ n++ }
		!('"$2"') { bad++ }
		END { exit !(n == 2 && !bad) }' "$1"
}

[ $# -gt 0 ] || set -- xen virtualbox
for lab in "$@"; do
	status=0
	scripts/lab/"$lab".sh --short --out "$out/$lab" || status=$?
	if [ "$status" -eq 4 ]; then
		skipped=$((skipped + 1))
		echo "ok $lab # skip: a package could not be fetched"
		continue
	fi
	check "ends well" test "$status" -eq 0
	[ "$status" -eq 0 ] || continue
	runs=$out/$lab/runs.csv
	meta=$out/$lab/meta.json
	check "a row for each of two weights, none failed" rows "$runs" '$c["status"] != "failed"'
	check "packets came through our driver" rows "$runs" '$c["rx_packets"] > 100 && $c["polls"] > 0'
	check "no poll took more than its weight" rows "$runs" '$c["rx_per_poll"] <= $c["weight"]'
	check "the host's CPU is in each row" rows "$runs" '$c["host_cpu"] > 0'
	check "the guest was on $lab, says DMI" \
		grep -qE '"sys_vendor": "(Xen|innotek GmbH)"' "$meta"
	check "the guest was on $lab, says detect.sh" grep -q "\"$lab" "$out/$lab/detect.json"
	check "the host says its version" grep -q '"version": "[0-9]' "$meta"
	check "a report comes of it" \
		scripts/report.sh --out "$out/$lab/report" "$out/$lab"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
