#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The demo as a new user runs it: it ends in time and prints what it must.
set -u

cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0
check() {
	_what=$1
	shift
	if "$@" >/dev/null 2>&1; then
		passed=$((passed + 1))
		echo "ok $_what"
	else
		failed=$((failed + 1))
		echo "not ok $_what"
	fi
}

# column WEIGHT NAME: the mean over that weight's trials
column() {
	build/tools/napistat rows --columns weight,"$2" results/demo |
		awk -v w="$1" '$1 == w { n++; s += $2 } END { print int(s / n) }'
}

rm -rf results/demo
start=$(date +%s)
check "make demo ends well" make demo
took=$(($(date +%s) - start))
check "within 240 s on a busy machine (took $took s)" [ "$took" -le 240 ]
check "weight 1 loses" [ "$(column 1 lost)" -gt 1000 ]
for w in 60 200; do
	check "weight $w loses nothing" [ "$(column $w lost)" -eq 0 ]
	check "and received what was sent" [ "$(column $w received)" -gt 50000 ]
done
check "the picture is a PNG" sh -c "head -c 4 results/demo/demo.png | grep -q PNG"
check "the report begins with a verdict" grep -q "keep 64\|cannot say" results/demo/report/report.md
check "and all its figures" [ "$(grep -c '<svg' results/demo/report/report.html)" -ge 5 ]
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
