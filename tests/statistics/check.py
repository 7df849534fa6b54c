#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Holds what napistat says to sweeps whose truth is known.

usage: check.py [--short] [--table] [--only NAME] [--napistat FILE] [--expect-failure]

Every case simulates many sweeps (tests/statistics/simulate.c), runs napistat on them,
and counts: how often an interval holds the truth, how often a verdict is wrong. A case
fails when its rate is outside its limits by more than chance (two standard errors).
--table prints Markdown for docs/results/statistics.md. --expect-failure: exit 0 only if a case fails.
"""
import argparse
import csv
import io
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SIMULATE = TOP + "/build/tools/simulate"

COVER = (93, 97)     # percent of 95 % intervals that hold the truth
SAFE = (93, 100)     # the same, of intervals that are wide by construction
RARE = (0, 5)        # percent of sweeps in which a wrong answer is given
OFTEN = (80, 100)    # percent of sweeps in which a true effect is found


def rows(args, napistat, command, folders, *options):
    text = subprocess.run([napistat, command, "-f", "csv", *options, *folders], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return list(csv.DictReader(io.StringIO(text)))


def number(text):
    return float(text) if text else math.nan


def holds(row, truth, lo="lo", hi="hi"):
    """None where there is no interval; an end that is missing is open"""
    if not row[lo]:
        return None
    return number(row[lo]) <= truth <= (number(row[hi]) if row[hi] else math.inf)


def per_sweep(table, wrong):
    """one answer a folder: is any of its rows wrong?"""
    seen = {}
    for row in table:
        seen[row["folder"]] = seen.get(row["folder"], False) or wrong(row)
    return list(seen.values())


def difference(ratio):
    return lambda run: [holds(r, 100 * (ratio - 1) / 100)
                        for r in run("compare", "-m", "delivered_bps", "--reference", "64")]


def mean(truth):
    return lambda run: [holds(r, truth) for r in run("summary", "-m", "delivered_bps")
                        if r["weight"] == "64"]


def verdict(wrong):
    return lambda run: per_sweep(run("verdict"), wrong)


def chosen(truth):
    """interval of the weight that looks best, of many that are alike"""
    return lambda run: [holds(r, truth, "lo_pct", "hi_pct") for r in run("verdict")]


def family(result):
    return lambda run: per_sweep(run("compare", "-m", "delivered_bps"),
                                 lambda r: r["result"].startswith(result))


def rate(truth):
    return lambda run: [holds(r, truth, "lo_bps", "hi_bps") for r in run("mlfrr")
                        if r["weight"] == "64"]


def apart(run):
    def of(rows):
        a, b = ((number(r["lo_bps"]), number(r["hi_bps"])) for r in rows)
        return a[1] < b[0] or b[1] < a[0]
    by = {}
    for r in run("mlfrr"):
        by.setdefault(r["folder"], []).append(r)
    return [of(rows) for rows in by.values()]


def steps(run):
    """does trend see a change in a series of four folders that are alike?"""
    return [any(r["result"].startswith("differs") for r in series)
            for series in run("trend", "-m", "delivered_bps", series=4)]


def drift(truth):
    return lambda run: [holds(r, truth, "drift_lo_pct", "drift_hi_pct") for r in run("verdict")]


def changes(r):
    return r["action"] == "change"


def keeps(r):
    return r["action"] == "keep"


# half of 100 Mbit/s, in whole packets
HALF = 50e6

# name, words for people, limits, simulate's options, plan, what is asked; short: in CI too
CASES = [
    *[("mean-%d" % n, "mean of a cell, n = %d" % n, COVER, ["--noise", "5"],
       ["weight=64,200", "offered_bps=100M", "reps=%d" % n], mean(HALF), n in (3, 10))
      for n in (3, 5, 10, 20)],
    *[("difference-%d" % n, "difference of two weights (Welch), n = %d" % n,
       COVER if n > 3 else SAFE, ["--noise", "5", "--gain", "200=1.1"],
       ["weight=64,200", "offered_bps=100M", "reps=%d" % n], difference(1.1), n in (3, 10))
      for n in (3, 5, 10, 20)],
    *[("unequal-%d" % n, "the same, one scatters 5 times as much, n = %d" % n, COVER,
       ["--noise", "2", "--noise-of", "200=5"],
       ["weight=64,200", "offered_bps=100M", "reps=%d" % n], difference(1), n == 5)
      for n in (3, 5, 10, 20)],
    *[("heavy-%d" % n, "the same, heavy tails, n = %d" % n, SAFE, ["--noise", "5", "--heavy"],
       ["weight=64,200", "offered_bps=100M", "reps=%d" % n], difference(1), n == 5)
      for n in (3, 5, 10, 20)],
    *[("drift-%d" % n, "the same, each trial like the one before (r = 0.7), n = %d" % n, SAFE,
       ["--noise", "5", "--auto", "0.7"],
       ["weight=1,16,64,200", "offered_bps=100M", "reps=%d" % n], difference(1), n == 5)
      for n in (5, 10)],
    *[("stream-%d" % n, "interleave, weight x stream 3 %%, %d streams" % n, COVER,
       ["--noise", "1", "--stream", "3"],
       ["method=interleave", "weight=64,200", "offered_bps=100M", "reps=%d" % n, "blocks=10"],
       difference(1), n == 5) for n in (3, 5, 10)],
    *[("boot-%d" % n, "weight x boot 3 %%, %d sessions of 3 trials" % n, COVER,
       ["--noise", "1", "--boot", "3"],
       ["weight=64,200", "offered_bps=100M", "reps=3", "sessions=%d" % n], difference(1), n == 5)
      for n in (3, 5, 10)],
    ("boot-streams", "interleave, weight x boot 3 %, weight x stream 1 %, 5 sessions of 2 streams",
     COVER, ["--noise", "1", "--stream", "1", "--boot", "3"],
     ["method=interleave", "weight=64,200", "offered_bps=100M", "reps=2", "blocks=10",
      "sessions=5"], difference(1), False),
    ("boot-mean", "mean of a cell, weight x boot 3 %, 5 sessions", COVER,
     ["--noise", "1", "--boot", "3"],
     ["weight=64,200", "offered_bps=100M", "reps=3", "sessions=5"], mean(HALF), True),
    *[("loads-%d" % n, "verdict over %d loads, weight x session 3 %%, 5 sessions of 2" % n, COVER,
       ["--noise", "1", "--boot", "3"],
       ["weight=64,200", "offered_bps=100M..%dM+100M" % (100 * n), "reps=2", "sessions=5"],
       chosen(0), n != 2) for n in (2, 4, 8)],
    ("loads-alone", "the same over 8 loads, 10 sessions of one trial", COVER,
     ["--noise", "1", "--boot", "3"],
     ["weight=64,200", "offered_bps=100M..800M+100M", "reps=1", "sessions=10"], chosen(0), False),
    ("loads-streams", "interleave, verdict over 4 loads, weight x stream 3 %, 5 streams", COVER,
     ["--noise", "1", "--stream", "3"],
     ["method=interleave", "weight=64,200", "offered_bps=100M..400M+100M", "reps=5", "blocks=5"],
     chosen(0), False),
    ("trend", "trend: any false difference in 4 folders of 4 loads, weight x session 3 %", RARE,
     ["--noise", "1", "--boot", "3"],
     ["weight=64,200", "offered_bps=100M..400M+100M", "reps=2", "sessions=5"], steps, True),
    ("chosen", "the best of 20 that are all 3 % better, n = 5", SAFE,
     ["--noise", "1"] + [x for w in range(1, 21) for x in ("--gain", "%d=1.03" % w)],
     ["weight=" + ",".join(map(str, list(range(1, 21)) + [64])), "offered_bps=100M", "reps=5"],
     chosen(3), True),
    ("drift-none", "drift over the sweep where there is none, 40 trials", COVER, ["--noise", "3"],
     ["weight=16,64", "offered_bps=100M,200M", "reps=10"], drift(0), True),
    ("drift-10", "drift over the sweep of 10 %, 20 trials", COVER, ["--noise", "3", "--trend", "10"],
     ["weight=16,64", "offered_bps=100M", "reps=10"], drift(10), False),
    ("drift-said", "drift reported where there is none", (0, 1), ["--noise", "3"],
     ["weight=16,64", "offered_bps=100M,200M", "reps=5"],
     verdict(lambda r: "bandwidth drifted" in r["text"]), True),
    *[("drift-sessions-%d" % n, "the same, weight x session 3 %%, 5 sessions, loads: %d" % n, (0, 1),
       ["--noise", "1", "--boot", "3"],
       ["weight=64,200", "offered_bps=100M..%dM+100M" % (100 * n), "reps=2", "sessions=5"],
       verdict(lambda r: "bandwidth drifted" in r["text"]), n == 4) for n in (1, 4)],
    ("drift-streams", "the same, interleave, weight x stream 3 %, 5 streams", (0, 1),
     ["--noise", "1", "--stream", "3"],
     ["method=interleave", "weight=64,200", "offered_bps=100M,200M", "reps=5", "blocks=10"],
     verdict(lambda r: "bandwidth drifted" in r["text"]), True),
    ("drift-found", "drift of 10 % over 8 sessions is in its interval", COVER,
     ["--noise", "1", "--boot", "1", "--trend", "10"],
     ["weight=16,64", "offered_bps=100M", "reps=2", "sessions=8"], drift(10), False),
    *[("rate-%d" % n, "loss-free rate of a grid, step 10 Mbit/s, n = %d" % n, COVER,
       ["--noise", "3", "--stream", "3", "--capacity", "333e6"],
       ["weight=64", "offered_bps=230M..430M+10M", "reps=%d" % n], rate(333e6), n == 5)
      for n in (3, 5, 10)],
    *[("rate-trial-%d" % n, "the same, each trial scatters alone by 8 %%, n = %d" % n, COVER,
       ["--noise", "8", "--capacity", "333e6"],
       ["weight=64", "offered_bps=230M..430M+10M", "reps=%d" % n], rate(333e6), n == 5)
      for n in (3, 5, 10)],
    *[("rate-wide-%d" % n, "the same, a step of 100 Mbit/s, n = %d" % n, SAFE,
       ["--noise", "2", "--stream", "4", "--capacity", "%de6" % c],
       ["weight=64", "offered_bps=100M..600M+100M", "reps=%d" % n], rate(c * 1e6), n == 5)
      for n, c in ((3, 333), (5, 333), (10, 333), (5, 305))],
    *[("rate-end-%d" % c, "the same, loads of 230 to 430, a rate of %d Mbit/s, n = 10" % c,
       SAFE, ["--noise", "8", "--capacity", "%de6" % c],
       ["weight=64", "offered_bps=230M..430M+10M", "reps=10"], rate(c * 1e6), c == 430)
      for c in (230, 400, 430, 450)],
    ("rate-boot", "the same, rate x session 5 %, 5 sessions of 2", COVER,
     ["--noise", "1", "--boot", "5", "--capacity", "333e6"],
     ["weight=64", "offered_bps=230M..430M+10M", "reps=2", "sessions=5"], rate(333e6), False),
    ("rate-apart", "two equal weights with loss-free rates whose intervals are apart, n = 5", RARE,
     ["--noise", "3", "--stream", "3", "--capacity", "333e6"],
     ["weight=64,200", "offered_bps=230M..430M+10M", "reps=5"], apart, True),
    *[("same-%d" % n, "false change: 3 rivals that are equal, n = %d" % n, RARE, ["--noise", "3"],
       ["weight=16,64,100,200", "offered_bps=100M,200M", "reps=%d" % n], verdict(changes),
       n == 3) for n in (2, 3, 10)],
    ("many", "false change: 19 rivals that are equal, n = 3", RARE, ["--noise", "3"],
     ["weight=" + ",".join(map(str, list(range(1, 20)) + [64])), "offered_bps=100M", "reps=3"],
     verdict(changes), True),
    *[("edge-%d" % n, "false change: a gain of just the margin, n = %d" % n, RARE,
       ["--noise", "1", "--gain", "200=1.02"],
       ["weight=64,200", "offered_bps=100M", "reps=%d" % n], verdict(changes), n == 10)
      for n in (3, 10)],
    ("edge-both", "false change: gain and saving of just the margin, n = 10", RARE,
     ["--noise", "1", "--gain", "200=1.0199", "--cost", "200=0.9801"],
     ["weight=64,200", "offered_bps=100M", "reps=10"], verdict(changes), True),
    ("streams-change", "false change: weight x stream 3 %, 3 streams", RARE,
     ["--noise", "1", "--stream", "3"],
     ["method=interleave", "weight=64,200", "offered_bps=100M", "reps=3", "blocks=20"],
     verdict(changes), True),
    ("stream-alone", "false change: weight x stream 3 %, one stream of 20 blocks", RARE,
     ["--noise", "1", "--stream", "3"],
     ["method=interleave", "weight=64,200", "offered_bps=100M", "reps=1", "blocks=20"],
     verdict(lambda r: changes(r) or keeps(r)), True),
    ("boots-change", "false change: weight x boot 3 %, 3 sessions of 5 trials", RARE,
     ["--noise", "1", "--boot", "3"],
     ["weight=64,200", "offered_bps=100M,200M", "reps=5", "sessions=3"], verdict(changes), True),
    *[("keep-%d" % n, "false keep: a gain of just above the margin, n = %d" % n, RARE,
       ["--noise", "1", "--gain", "200=1.0201"],
       ["weight=64,200", "offered_bps=100M", "reps=%d" % n], verdict(keeps), n == 10)
      for n in (3, 10, 20)],
    ("keep-many", "false keep: one of 4 rivals is better by 3 %, n = 5", RARE,
     ["--noise", "2", "--gain", "200=1.03"],
     ["weight=1,16,64,100,200", "offered_bps=100M,200M", "reps=5"], verdict(keeps), True),
    ("differs", "any false difference, 5 equal weights at 3 loads, n = 5", RARE,
     ["--noise", "3"], ["weight=1,16,64,100,200", "offered_bps=100M..300M+100M", "reps=5"],
     family("differs"), True),
    ("equal", "any false equality, weights a margin apart, n = 10", RARE,
     ["--noise", "1", "--gain", "16=1.0203", "--gain", "200=1.041"],
     ["weight=16,64,200", "offered_bps=100M,200M", "reps=10"], family("equal"), True),
    ("power-gain", "power: a gain of 5 %, scatter 1 %, n = 5", OFTEN,
     ["--noise", "1", "--gain", "200=1.05"],
     ["weight=64,200", "offered_bps=100M,200M", "reps=5"], verdict(changes), True),
    ("power-saving", "power: 10 % less CPU, scatter 1 %, n = 10", OFTEN,
     ["--noise", "1", "--cost", "200=0.9"],
     ["weight=64,200", "offered_bps=100M,200M", "reps=10"], verdict(changes), False),
    ("power-keep", "power: equal weights are kept, scatter 1 %, n = 10", OFTEN,
     ["--noise", "1"], ["weight=64,200", "offered_bps=100M,200M", "reps=10"], verdict(keeps),
     True),
]


def run_case(case, napistat, work, sweeps):
    name, _, limits, options, plan, asked, _ = case
    folder = os.path.join(work, name)
    subprocess.run([SIMULATE, "--sweeps", str(sweeps), "--seed", str(1 + sum(map(ord, name))),
                    *options, folder, *plan], check=True)
    folders = ["%s/%d" % (folder, i + 1) for i in range(sweeps)]

    def run(command, *o, series=0):
        if not series:
            return rows(None, napistat, command, folders, *o)
        return [rows(None, napistat, command, folders[i:i + series], *o)
                for i in range(0, len(folders), series)]
    answers = [a for a in asked(run) if a is not None]
    shutil.rmtree(folder)
    got = 100 * sum(answers) / len(answers) if answers else math.nan
    slack = 2 * math.sqrt(max(got, 1) * max(100 - got, 1) / max(len(answers), 1))
    return got, len(answers), limits[0] - slack <= got <= limits[1] + slack


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--napistat", default=TOP + "/build/tools/napistat")
    parser.add_argument("--expect-failure", action="store_true")
    o = parser.parse_args()
    sweeps, failed, begun = 300 if o.short else 2000, 0, time.time()
    cases = [c for c in CASES if c[0].startswith(o.only) and (c[-1] or not o.short)]
    if o.table:
        print("| what | wanted % | found % |\n| --- | --- | --- |")
    else:
        print("1..%d" % len(cases), flush=True)
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as w:
        for i, case in enumerate(cases):
            got, n, good = run_case(case, o.napistat, w, sweeps)
            failed += not good
            limits = "%d to %d" % case[2] if case[2][0] else "at most %d" % case[2][1]
            if o.table:
                print("| %s | %s | %.1f |" % (case[1], limits, got), flush=True)
            else:
                print("%sok %d %s: %.1f %%, wanted %s (%d answers of %d sweeps)" %
                      ("" if good else "not ", i + 1, case[1], got, limits, n, sweeps), flush=True)
    if not o.table:
        print("# %d failed, %.0f s" % (failed, time.time() - begun))
    return (failed == 0) if o.expect_failure else failed > 0


if __name__ == "__main__":
    sys.exit(main())
