# SPDX-License-Identifier: GPL-2.0
"""Part of report.sh: all guests of a fleet as one table and one Prometheus file.

table.py OUT NAPISTAT WORK: reads OUT/state.tsv and OUT/guests/, writes fleet.csv and
fleet.prom into WORK, and prints "ACTION<tab>FOLDER" for each guest that has results.

A guest is not trusted: what it wrote is text here, printable and never a formula.
"""

import csv
import json
import os
import subprocess
import sys

VERDICT = ["action", "weight", "reference", "effect_pct", "lo_pct", "hi_pct",
           "cost_pct", "cost_lo_pct", "cost_hi_pct", "equal", "trials"]
COLUMNS = ["guest", "state", "reason", "measured", "hypervisor", "kernel"] + VERDICT


def text(value):
    """What a terminal and a spreadsheet can show without obeying it."""
    value = "".join(c if c.isprintable() else " " for c in str(value))
    return "'" + value if value[:1] in ("=", "+", "-", "@") else value


def answer(napistat, command, folder):
    """(rows, why) of napistat COMMAND; no rows when it refused the folder."""
    done = subprocess.run([napistat, command, "-f", "json", folder], capture_output=True,
                          text=True, errors="replace", check=False)
    why = (done.stderr.strip().splitlines() or ["napistat failed"])[-1]
    try:
        return json.loads(done.stdout)["rows"], why
    except (ValueError, KeyError):
        return [], why


def number(value):
    """As napistat printed it, but 64 and not 64.0; empty for nothing."""
    if value is None:
        return ""
    return "%.12g" % value if isinstance(value, (int, float)) else text(value)


def guest_row(out, napistat, guest, state, reason):
    """One row of fleet.csv, and the folder of its results or None."""
    row = dict.fromkeys(COLUMNS, "")
    row.update(guest=text(guest), state=text(state), reason=text(reason))
    folder = os.path.join(out, "guests", guest)
    runs = os.path.join(folder, "runs.csv")
    if os.path.islink(folder) or not os.path.exists(runs):
        return row, None
    verdict, why = answer(napistat, "verdict", folder)
    if not verdict:
        row.update(state="damaged", reason=text(why))
        return row, None
    row.update({name: number(verdict[0].get(name)) for name in VERDICT})
    facts = answer(napistat, "facts", folder)[0]
    known = {fact.get("fact"): fact for fact in facts}
    for name in ("hypervisor", "kernel"):
        values = [v for k, v in known.get(name, {}).items() if k != "fact"]
        row[name] = text(values[0]) if values else ""
    row["measured"] = str(int(os.stat(runs).st_mtime))
    return row, folder


def label(value):
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def metric(lines, name, about, rows):
    """rows: (labels, value); those without a value are left out."""
    lines.append("# HELP e1000_napi_fleet_%s %s" % (name, about))
    lines.append("# TYPE e1000_napi_fleet_%s gauge" % name)
    for labels, value in rows:
        if value not in ("", None):
            lines.append("e1000_napi_fleet_%s{%s} %s" % (name, ",".join(
                '%s="%s"' % (k, label(v)) for k, v in labels.items()), value))


def ratio(percent):
    return "%g" % (float(percent) / 100) if percent else ""


def prometheus(rows):
    lines = []
    metric(lines, "ok", "1 if the last run over this guest ended well",
           [({"guest": r["guest"], "state": r["state"]}, str(int(r["state"] == "ok"))) for r in rows])
    metric(lines, "measured_seconds", "when the results came from the guest, Unix time",
           [({"guest": r["guest"]}, r["measured"]) for r in rows])
    metric(lines, "weight", "the weight that its verdict recommends",
           [({"guest": r["guest"], "action": r["action"]}, r["weight"]) for r in rows])
    metric(lines, "effect_ratio", "bandwidth of that weight, or the best other, against the reference",
           [({"guest": r["guest"], "bound": bound}, ratio(r[column])) for r in rows
            for bound, column in (("mean", "effect_pct"), ("low", "lo_pct"), ("high", "hi_pct"))])
    metric(lines, "cost_ratio", "its CPU per packet against the reference",
           [({"guest": r["guest"]}, ratio(r["cost_pct"])) for r in rows])
    return "\n".join(lines) + "\n"


def main():
    out, napistat, work = sys.argv[1:]
    rows = []
    with open(os.path.join(out, "state.tsv"), encoding="utf-8", errors="replace") as states:
        for line in states:
            row, folder = guest_row(out, napistat, *(line.rstrip("\n").split("\t") + ["", ""])[:3])
            rows.append(row)
            if folder:
                print("%s\t%s" % (row["action"], folder))

    with open(os.path.join(work, "fleet.csv"), "w", encoding="utf-8", newline="") as to:
        writer = csv.DictWriter(to, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    with open(os.path.join(work, "fleet.prom"), "w", encoding="utf-8") as to:
        to.write(prometheus(rows))


main()
