#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Part of run.sh: turn all results into one table, one page, one Prometheus file.
#
# report.sh OUT [TEXTFILE]: reads OUT/state.tsv and OUT/guests/, writes
#   OUT/fleet.csv   one row per guest: how it ended, its verdict, its numbers
#   OUT/fleet.prom  the same for node_exporter; a copy goes to the folder TEXTFILE
#   OUT/report/     scripts/report.sh over the guests, as many as fit on one page
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../lib/common.sh"
# shellcheck source=scripts/fleet/names.sh
. "$here/names.sh"
out=$1
# Columns that a page can show side by side
most=12
napistat=${NAPISTAT:-$(tool napistat)}
[ -s "$out/state.tsv" ] || die "$out has no state.tsv: no fleet was swept there"
cut -f 1 "$out/state.tsv" | check_names "$out/state.tsv"
work=$(temp_dir)
trap 'rm -rf "$work"; give_back "$out"' EXIT
trap 'exit 1' HUP INT TERM

need python3
python3 "$here/table.py" "$out" "$napistat" "$work" >"$work/pages"
put_file "$out" fleet.csv <"$work/fleet.csv"
put_file "$out" fleet.prom <"$work/fleet.prom"
# Rename it into place, so that the collector never reads half a file
[ -z "${2-}" ] || put_file "$2" e1000_napi_fleet.prom 644 <"$work/fleet.prom"

[ -s "$work/pages" ] || die "no guest has results; $out/fleet.csv says why"
measured=$(wc -l <"$work/pages")
# Verdicts that call for a change come first
sort -t "$(printf '\t')" -k 1,1 "$work/pages" |
	awk -F '\t' '{ print ($1 == "change" ? 0 : $1 == "keep" ? 2 : 1) "\t" $2 }' |
	sort -s -k 1,1n | head -n "$most" | cut -f 2 >"$work/shown"
[ "$measured" -le "$most" ] ||
	log "the page shows $most of $measured guests, changes first; fleet.csv has all"
set --
while read -r dir; do
	set -- "$@" "$dir"
done <"$work/shown"
"$here/../report.sh" --out "$out/report" "$@" >"$work/verdicts"
[ "$measured" -gt "$most" ] || cat "$work/verdicts"
cut -f 1 "$work/pages" | sort | uniq -c |
	awk '{ printf "%s%d %s", n++ ? ", " : "verdicts: ", $1, $2 } END { print "" }'
log "$out/fleet.csv has one row per guest; the page: $out/report/report.html"
