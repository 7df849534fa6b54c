#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Part of run.sh: all that was collected as one table, one page, one Prometheus file.
#
# report.sh OUT [TEXTFILE]: reads OUT/state.tsv and OUT/guests/, writes
#   OUT/fleet.csv   one row per guest: how it ended, its verdict, its numbers
#   OUT/fleet.prom  the same for node_exporter; a copy goes to the folder TEXTFILE
#   OUT/report/     scripts/report.sh over the guests, at most so many as one page bears
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../lib/common.sh"
out=$1
# Columns that a page can show side by side
most=12
napistat=${NAPISTAT:-$(tool napistat)}
[ -s "$out/state.tsv" ] || die "$out has no state.tsv: no fleet was swept there"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

columns='action weight reference effect_pct lo_pct hi_pct cost_pct cost_lo_pct cost_hi_pct equal trials'

# verdict DIR: the columns of its verdict, with commas; fails on damaged results
verdict() {
	"$napistat" verdict -f csv "$1" 2>"$work/why" |
		awk -F, -v columns="$columns" '
			NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
			{
				n = split(columns, name, " ")
				for (i = 1; i <= n; i++)
					printf ",%s", $at[name[i]]
				good = 1
			}
			END { exit !good }'
}

# field TEXT: as CSV has it
field() { printf '"%s"' "$(printf '%s' "$1" | sed 's/"/""/g')"; }

: >"$work/pages"
{
	echo "guest,state,reason,measured,hypervisor,kernel,$(echo "$columns" | tr ' ' ,)"
	while IFS="$(printf '\t')" read -r guest state why; do
		row=,,,,,,,,,,, measured='' hypervisor='' kernel=''
		if [ -e "$out/guests/$guest/runs.csv" ]; then
			if row=$(verdict "$out/guests/$guest"); then
				printf '%s\t%s\n' "$(echo "$row" | cut -d , -f 2)" "$out/guests/$guest" >>"$work/pages"
				"$napistat" facts -f csv "$out/guests/$guest" >"$work/facts" 2>/dev/null || :
				hypervisor=$(sed -n 's/^hypervisor,//p' "$work/facts")
				kernel=$(sed -n 's/^kernel,//p' "$work/facts")
				measured=$(stat -c %Y "$out/guests/$guest/runs.csv")
			else
				state=damaged why=$(tail -n 1 "$work/why")
				row=,,,,,,,,,,,
			fi
		fi
		printf '%s,%s,%s,%s,%s,%s%s\n' "$guest" "$state" "$(field "$why")" "$measured" \
			"$(field "$hypervisor")" "$kernel" "$row"
	done <"$out/state.tsv"
} >"$work/fleet.csv"
mv "$work/fleet.csv" "$out/fleet.csv"

# The reason has commas: numbers are counted from the end
awk -F, '
	function label(text) { gsub(/[\\"]/, "\\\\&", text); return text }
	function metric(name, help) {
		printf "# HELP e1000_napi_fleet_%s %s\n# TYPE e1000_napi_fleet_%s gauge\n", name, help, name
	}
	NR == 1 { columns = NF; next }
	{
		n++
		guest[n] = label($1); state[n] = $2
		action[n] = $(NF - 10); weight[n] = $(NF - 9)
		effect[n] = $(NF - 7); low[n] = $(NF - 6); high[n] = $(NF - 5); cost[n] = $(NF - 4)
		measured[n] = $(NF - 13)
	}
	END {
		metric("ok", "1 if the last run over this guest ended well")
		for (i = 1; i <= n; i++)
			printf "e1000_napi_fleet_ok{guest=\"%s\",state=\"%s\"} %d\n", guest[i], state[i], state[i] == "ok"
		metric("measured_seconds", "when the results came from the guest, Unix time")
		for (i = 1; i <= n; i++)
			if (measured[i] != "")
				printf "e1000_napi_fleet_measured_seconds{guest=\"%s\"} %s\n", guest[i], measured[i]
		metric("weight", "the weight that its verdict recommends")
		for (i = 1; i <= n; i++)
			if (weight[i] != "")
				printf "e1000_napi_fleet_weight{guest=\"%s\",action=\"%s\"} %s\n", guest[i], action[i], weight[i]
		metric("effect_ratio", "bandwidth of that weight, or the best other, against the reference")
		for (i = 1; i <= n; i++)
			if (effect[i] != "") {
				printf "e1000_napi_fleet_effect_ratio{guest=\"%s\",bound=\"mean\"} %g\n", guest[i], effect[i] / 100
				if (low[i] != "") {
					printf "e1000_napi_fleet_effect_ratio{guest=\"%s\",bound=\"low\"} %g\n", guest[i], low[i] / 100
					printf "e1000_napi_fleet_effect_ratio{guest=\"%s\",bound=\"high\"} %g\n", guest[i], high[i] / 100
				}
			}
		metric("cost_ratio", "its CPU per packet against the reference")
		for (i = 1; i <= n; i++)
			if (cost[i] != "")
				printf "e1000_napi_fleet_cost_ratio{guest=\"%s\"} %g\n", guest[i], cost[i] / 100
	}' "$out/fleet.csv" >"$work/fleet.prom"
cp "$work/fleet.prom" "$out/fleet.prom"
if [ -n "${2-}" ]; then
	# Renamed there, so that the collector never reads half of it
	cp "$work/fleet.prom" "$2/.e1000_napi_fleet.prom"
	chmod 644 "$2/.e1000_napi_fleet.prom"
	mv "$2/.e1000_napi_fleet.prom" "$2/e1000_napi_fleet.prom"
fi

[ -s "$work/pages" ] || die "no guest has results; $out/fleet.csv says why"
measured=$(wc -l <"$work/pages")
# Those that say something new come first
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
