#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# napistat: what it sums over loads, and sentences where there is little to say.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	make -s -C tools/napistat all sanitized
	make -s -C tools/napimeter
	make -s -C tests/statistics
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	napistat=build/obj/napistat/napistat-san
	simulate=build/tools/simulate
	tmp=$BATS_TEST_TMPDIR
}

refute() { if "$@"; then return 1; fi; }

# value COLUMN KEY=VALUE…: that column of the CSV on stdin, where all keys match
value() {
	python3 -c '
import csv, sys
want = dict(a.split("=", 1) for a in sys.argv[2:])
for row in csv.DictReader(sys.stdin):
    if all(row[k] == v for k, v in want.items()):
        print(row[sys.argv[1]])' "$@"
}

# field NAME: of the verdict line on stdin
field() { sed -n "s/^verdict.* $1=\([^ ]*\).*/\1/p"; }

# change FOLDER PROGRAM: rows of its runs.csv through awk, columns by name as col[NAME]
change() {
	awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i; print; next }'" $2"' { print }' \
		"$1/runs.csv" >"$1/new"
	mv "$1/new" "$1/runs.csv"
}

@test "over several loads a session counts once, and one that lacks a load is left out by name" {
	"$simulate" --noise 1 --boot 3 "$tmp/s" weight=64,200 offered_bps=100M..400M+100M reps=2 sessions=5
	python3 - "$tmp/s/1/runs.csv" >"$tmp/want" <<'PY'
import csv, sys
from statistics import mean, stdev
sums = {}
for r in csv.DictReader(open(sys.argv[1])):
    s = sums.setdefault(r["session"], {"64": 0, "200": 0})
    s[r["weight"]] += float(r["bandwidth_bps"])
a, b = [[s[w] for s in sums.values()] for w in ("200", "64")]
# Fieller's interval by its quadratic: t of 4 degrees of freedom, 97.5 %
t, n = 2.7764451, len(a)
cov = sum((x - mean(a)) * (y - mean(b)) for x, y in zip(a, b)) / (n - 1)
va, vb, k = stdev(a) ** 2, stdev(b) ** 2, t * t / n
A, B, C = mean(b) ** 2 - k * vb, mean(a) * mean(b) - k * cov, mean(a) ** 2 - k * va
root = (B * B - A * C) ** 0.5
print("%.2f %.2f" % (100 * ((B - root) / A - 1), 100 * ((B + root) / A - 1)))
PY
	run "$napistat" verdict "$tmp/s/1"
	echo "$output"
	[ "$(field lo_pct <<<"$output") $(field hi_pct <<<"$output")" = "$(cat "$tmp/want")" ]
	refute grep -q 'left out' <<<"$output"
	change "$tmp/s/1" '$col["session"] == 3 && $col["offered_bps"] == 200000000 && $col["weight"] == 200 {
		for (i in col) if (i ~ /^(sent|received|lost|bandwidth|jitter)/) $col[i] = ""
		$col["status"] = "failed"; $col["reason"] = "made up" }'
	run "$napistat" verdict "$tmp/s/1"
	[[ $output == *"session 3 lacks a load and is left out of what is summed over loads; "* ]]
	"$simulate" --seed 5 --noise 1 --boot 3 "$tmp/t" weight=64,200 offered_bps=100M..400M+100M reps=2 sessions=5
	run "$napistat" trend "$tmp/t/1" "$tmp/s/1"
	[[ $output == *"$tmp/s/1: session 3 lacks a load and is left out"* ]]
}

@test "drift is fitted over sessions or streams, so their shifts are none" {
	"$simulate" --sweeps 20 --boot 3 "$tmp/s" weight=64,200 offered_bps=100M..400M+100M reps=2 sessions=5
	"$simulate" --sweeps 20 --stream 3 "$tmp/i" method=interleave weight=64,200 offered_bps=100M,200M \
		reps=5 blocks=10
	"$napistat" verdict "$tmp"/[si]/* >"$tmp/said"
	[ "$(grep -c drifted "$tmp/said")" -le 2 ]
	# too few sessions for a line: the trials are drawn without one
	"$simulate" --boot 3 "$tmp/f" weight=64,200 offered_bps=100M reps=3 sessions=2
	[ -z "$("$napistat" verdict "$tmp/f/1" | field drift_pct)" ]
	"$napistat" figures --out "$tmp/o" "$tmp/f/1"
	grep -q "order of the trials.*Too few repetitions to say whether it drifts" "$tmp/o/index.tsv"
	grep -qw nan "$tmp"/o/* && return 1 || true
}
