#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# napistat: what it sums over loads, and sentences where there is little to say.

load napistat

setup_file() {
	build
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	napistat=build/obj/napistat/napistat-san
	simulate=build/tools/simulate
	tmp=$BATS_TEST_TMPDIR
}

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
	# no session in common: no effect, and no number for it
	cp -r "$tmp/t/1" "$tmp/none"
	change "$tmp/none" '$col["session"] % 2 == ($col["weight"] == 200) { next }'
	run "$napistat" verdict "$tmp/none"
	[ "$(field action <<<"$output")" = cannot_say ]
	refute grep -w nan <<<"$output"
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

@test "without a delivered rate nothing can be said, and no sentence has a nan" {
	"$simulate" --failed 64=1 --failed 200=1 "$tmp/failed" weight=64,200 offered_bps=100M reps=3
	"$simulate" --capacity 1 "$tmp/nothing" weight=64,200 offered_bps=100M,200M reps=5
	"$simulate" --capacity 1 --gain 200=1e8 "$tmp/one" weight=64,200 offered_bps=100M reps=5
	run "$napistat" verdict "$tmp/failed/1"
	[[ $output == *"another weight than 64 is better. No trial can be used, 6 of 6 failed. "* ]]
	for folder in nothing one; do
		run "$napistat" verdict "$tmp/$folder/1"
		[[ $output == *"No trial of weight 64 has a delivered rate above 0, so no other can be compared"* ]]
		[ "$(field action <<<"$output"),$(field equal <<<"$output")" = cannot_say,unknown ]
	done
	for folder in failed nothing one; do
		for command in verdict table summary compare cost mlfrr correlate facts; do
			for format in text html markdown; do
				"$napistat" "$command" -f "$format" "$tmp/$folder/1" >"$tmp/said"
				refute grep -w nan "$tmp/said"
			done
		done
	done
}

@test "affinity was not measured where application and softirq never had two CPUs" {
	"$simulate" "$tmp/a" weight=64,200 offered_bps=100M,200M reps=3
	run "$napistat" table "$tmp/a/1"
	[[ $output =~ "CPU affinity needed?"\ +"not measured (never put on a CPU of its own)" ]]
	# the page quotes the command
	"$napistat" table -f markdown docs/results/study/xen/irq 2>/dev/null | grep '^| ' |
		sed '1,/---/d; s/ |$//' >"$tmp/rows"
	[ "$(wc -l <"$tmp/rows")" -eq 13 ]
	while read -r row; do
		grep -qF "$row |" docs/results/study.md
	done <"$tmp/rows"
}

@test "the buffer's sentence names the weights that lose packets in it" {
	"$simulate" "$tmp/b" weight=1,64,200 offered_bps=100M reps=3
	change "$tmp/b/1" '$col["weight"] == 200 { $col["lost_socket"] = $col["lost_ring"]; $col["lost_ring"] = 0 }'
	run "$napistat" verdict "$tmp/b/1"
	[[ $output == *"only default was tried, and no more than 0.1 % is lost in it at weight 64; more is lost at 200 (up to 50 %). "* ]]
	# all of them, and more weights than a sentence holds
	"$simulate" --capacity 1 --gain 64=1e8 "$tmp/m" weight=1,2,3,4,5,6,7,8,64 offered_bps=100M reps=3
	change "$tmp/m/1" '$col["weight"] < 64 { $col["lost_socket"] = $col["lost_ring"]; $col["lost_ring"] = 0 }'
	run "$napistat" verdict "$tmp/m/1"
	[[ $output == *"more is lost at 1 (up to 100 %), 2 (up to 100 %), "*"6 (up to 100 %) and 2 more weights. "* ]]
	run "$napistat" verdict docs/results/study/xen/irq
	[[ $output == *"is lost in it at weight 60; more is lost at 200 (up to 0.48 %). "* ]]
}

@test "a number of repetitions is said to hold for equal weights only" {
	"$simulate" --noise 15 "$tmp/n" weight=64,200 offered_bps=100M reps=3
	run "$napistat" verdict "$tmp/n/1"
	[[ $output == *"would decide it, if the weights are equal and the scatter stays. "* ]]
	# docs/guide.md quotes the recorded sweep
	"$napistat" verdict docs/results/sweep/interleave | sed 's/ Socket buffer.*//; q' >"$tmp/said"
	sed -n 's/^> //p' docs/guide.md | tr '\n' ' ' >"$tmp/quoted"
	grep -qF "$(cat "$tmp/said")" "$tmp/quoted"
}

@test "notes: overhead below 0, uncorrected intervals, a source that sent less" {
	"$simulate" --host "$tmp/c" weight=64,200 offered_bps=100M reps=3
	run "$napistat" cost "$tmp/c/1"
	refute grep -q 'below 0' <<<"$output"
	change "$tmp/c/1" '{ $col["host_cpu"] = $col["cpu_total"] / 2 }'
	run "$napistat" cost "$tmp/c/1"
	[[ $output == *"overhead below 0 in 2 rows: this guest counts time that its host took"* ]]
	run "$napistat" compare "$tmp/c/1"
	[[ $output == *"each interval for itself; Holm's correction is in p and result only"* ]]
	"$napistat" mlfrr docs/results/study/xen/irq >"$tmp/m"
	grep -q '[^;] the source sent less than asked' "$tmp/m"
	refute grep -qE '(^|  ); the source' "$tmp/m"
}

@test "an end of an interval above 1000 % is not known" {
	"$simulate" --sweeps 20 --noise 60 "$tmp/w" weight=64,200 offered_bps=100M reps=3
	"$napistat" verdict "$tmp"/w/* >"$tmp/said"
	refute grep -E '\[[-+0-9.]+, \+[0-9]{4,}' "$tmp/said"
	grep -qE '\[[-+0-9.]+, not known\]' "$tmp/said"
	"$napistat" compare "$tmp"/w/* >"$tmp/said"
	refute grep -E ' [0-9]{4,}\.[0-9]{2}  ' "$tmp/said"
	"$napistat" compare -f csv "$tmp"/w/* >"$tmp/said" 2>/dev/null
	refute grep 'not known' "$tmp/said"
}

@test "a weight measured once and a folder with its hypervisor's name read well" {
	"$simulate" "$tmp/e" weight=1,64,200 offered_bps=100M reps=3
	change "$tmp/e/1" '$col["weight"] == 1 && kept++ { next }'
	run "$napistat" verdict "$tmp/e/1"
	[[ $output == *"1: 1 trial, too few to compare at any load"* ]]
	mkdir -p "$tmp/x/qemu" "$tmp/x/other"
	for name in qemu other; do
		cp "$tmp/e/1/runs.csv" "$tmp/x/$name"
		echo '{"format": 1, "hypervisor": "qemu", "stand_in": false}' >"$tmp/x/$name/meta.json"
	done
	run "$napistat" verdict "$tmp/x/qemu" "$tmp/x/other"
	[[ $output == "qemu: cannot say"*"qemu: other: cannot say"* ]]
}
