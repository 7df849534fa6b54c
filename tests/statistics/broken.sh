#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Puts wrong rules back into a copy of napistat, one at a time, and checks that check.py
# finds each of them. Prints TAP.
set -eu

cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0 failed=0

# broken WORDS CASES FILE SED-SCRIPT: with FILE changed so, these cases have to fail
broken() {
	local words="$1" cases="$2" file="$3" script="$4"
	n=$((n + 1))
	rm -rf "$work/tree"
	mkdir -p "$work/tree/tools"
	cp -r tools/lib tools/napistat "$work/tree/tools"
	sed -i "$script" "$work/tree/$file"
	if cmp -s "$file" "$work/tree/$file"; then
		echo "not ok $n $words: $file is not what it was"
		failed=1
	elif make -s -C "$work/tree/tools/napistat" all >&2 &&
		tests/statistics/check.py --short --only "$cases" \
			--napistat "$work/tree/build/tools/napistat" --expect-failure >"$work/said"; then
		echo "ok $n $words: is found"
	else
		echo "not ok $n $words: is not found"
		sed 's/^/# /' "$work/said"
		failed=1
	fi
}

echo 1..8
broken "blocks of different streams pooled" stream tools/napistat/strata.c \
	's/if (level == COL_trial)/if (true)/'
broken "trials of different sessions pooled" boot tools/napistat/cells.c \
	's/return cell_sessions(d, c) > 1 ? COL_session :/return/'
broken "tests not corrected for their number" differs tools/lib/stats.c \
	's/(m - i) \* r\[i\]\.p/r[i].p/'
broken "a gain need not be above the margin" edge-10 tools/napistat/verdict.c \
	's/p_better(s, 1, o->margin, true)/p_better(s, 1, 0, true)/'
broken "no evidence taken for keep" keep-many tools/napistat/verdict.c \
	's/v->tested && out == v->n/v->tested/'
broken "a grid's rate ends at its first load with loss" rate-trial tools/napistat/mlfrr.c \
	's/b\[n\] = all->search ?/b[n] = true ?/'
broken "loads of one session taken as independent" loads tools/napistat/strata.c \
	's/cell_sessions(d, p\[i\].a) > 1 ||/false \&\&/'
broken "drift fitted over the trials of sessions" drift-sessions tools/napistat/drift.c \
	's/if (sessions) {/if (sessions \&\& !p) {/'
exit "$failed"
