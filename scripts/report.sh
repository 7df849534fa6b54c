#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Turns results folders into one page: verdict, table 4.27, figures.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"

usage() {
	cat <<USAGE
usage: $prog [--out DIR] [--margin P] [--confidence P] [--loss P] DIR…
Draw the results folders of sweeps side by side, a column each: several hypervisors,
or one before and after a change. Print the verdict.

  --out DIR       where the report goes (DIR/report; results/report for several)
  --margin P      two weights are equal within this many percent (2)
  --confidence P  of intervals and tests, percent (95)
  --loss P        loss up to this many percent counts as none (0.1)
  -h, --help      this text

Needs gnuplot.
Files: report.html (one file, no network: verdict, table, figures, machines),
report.md (verdict and tables for papers), report.prom (Prometheus textfile),
figures/*.svg, *.png and *.pdf, and data/ with the raw CSV that report.html links.
Exit status: 0 done, 1 failed (a damaged file is named), 2 wrong usage.
Example: $prog results/grid
USAGE
}

out='' options='' left=$#
# Options may come after directories: move each directory to the end
while [ "$left" -gt 0 ]; do
	left=$((left - 1))
	case $1 in
	-h | --help) usage && exit 0 ;;
	--out | --margin | --confidence | --loss)
		case ${2-} in '' | --*) usage_error "$1 requires an argument" ;; esac
		left=$((left - 1))
		case $1 in
		--out) out=$2 ;;
		*)
			case $2 in
			'' | *[!0-9.]*) usage_error "$1 takes a number, not \"$2\"" ;;
			esac
			options="$options $1 $2"
			;;
		esac
		shift 2
		;;
	--)
		shift
		while [ "$left" -gt 0 ]; do
			set -- "$@" "$1"
			shift
			left=$((left - 1))
		done
		;;
	-*) usage_error "unknown option '$1'" ;;
	*)
		set -- "$@" "$1"
		shift
		;;
	esac
done
[ $# -gt 0 ] || usage_error "a results folder is missing"
[ -n "$out" ] || {
	out=results/report
	[ $# -gt 1 ] || out=${1%/}/report
}
case $out in
-* | / | . | ..) usage_error "--out: not this folder: '$out'" ;;
esac
if [ -e "$out" ] && [ ! -d "$out" ]; then
	die "--out: $out is a file; give a folder"
fi
[ ! -e "$out/runs.csv" ] || die "--out: $out holds results of a sweep; give another folder"

# as_owner COMMAND…: run as the user $owner, who may trace such a process, so give it nothing of
# root's: no terminal to type into, no unfiltered output
as_owner() {
	setsid -w setpriv --reuid "$owner" --regid "$group" --clear-groups "$@" </dev/null
}

# Drawing needs no root, and root must not follow a link in a user's directory
if [ "$(id -u)" -eq 0 ]; then
	owner=$(owner_of "$out")
	if [ "$owner" -ne 0 ]; then
		group=$(id -g "$owner" 2>/dev/null) || group=$owner
		if [ "$owner" = "${SUDO_UID:-}" ]; then
			group=$SUDO_GID
			# an earlier command with sudo made root's directory in the caller's
			parent=$(readlink -f "$(dirname "$out")") || parent=
			if [ -n "$parent" ] && [ "$(stat -c %u "$parent")" = 0 ] &&
				[ "$(stat -c %u "$(dirname "$parent")")" = "$owner" ]; then
				chown -h "$SUDO_UID:$SUDO_GID" "$parent"
			fi
		fi
		log "$prog: needs no root; going on as user $owner, who owns the folder of $out"
		for dir in "$here" "$@"; do
			as_owner test -r "$dir" -a -x "$dir" >/dev/null 2>&1 ||
				die "user $owner, who owns the folder of $out, cannot read $dir; copy the results to a folder of root, or give --out"
		done
		exec 4>&1
		# shellcheck disable=SC2086 # options holds checked words
		status=$({ { {
			E1000_NAPI_PROG=$prog as_owner sh "$0" --out "$out" $options -- "$@" 3>&- 4>&- 5>&-
			echo "$?" >&3
		} 2>&1 >&5 | clean >&2; } 5>&1 | clean >&4; } 3>&1)
		exit "${status:-$EXIT_FAIL}"
	fi
	need_own_path "$out" "--out $out" "write there; give a folder that is closed to others" 002
	for dir; do
		owner=$(owner_of "$dir")
		[ "$owner" -eq 0 ] ||
			die "$dir belongs to user $owner, and root reads no other user's files; run this without sudo, or copy the folder (cp -r)"
	done
fi
for dir; do
	[ -f "$dir/runs.csv" ] || die "$dir has no runs.csv: it is not a results folder of a sweep"
done
need gnuplot gnuplot-nox

napistat=${NAPISTAT:-$(tool napistat)}

tmp=$(temp_dir)
trap 'rm -rf "$tmp"; give_back "$out"' EXIT
trap 'exit 1' HUP INT TERM

mkdir -p "$tmp/report/figures" "$tmp/report/data"
tab=$(printf '\t')

# --- the figures -----------------------------------------------------------

# compute every number first: a damaged file is reported before anything is drawn
# shellcheck disable=SC2086 # options holds checked words
"$napistat" report --out "$tmp/parts" $options "$@"

gnuplot_text() {
	printf "%s" "$1" | sed "s/'/''/g"
}

# one gnuplot for all figures: set each one's texts, then run the script of its kind
{
	while IFS=$tab read -r id kind title subtitle xname yname low high styles _; do
		printf "data = '%s'\n" "$(gnuplot_text "$tmp/parts/$id.dat")"
		printf "xname = '%s'\nyname = '%s'\n" "$(gnuplot_text "$xname")" \
			"$(gnuplot_text "$yname")"
		printf "low = %s\nhigh = %s\nstyles = '%s'\n" "$low" "$high" "$styles"
		for form in svg png pdf; do
			file=$id
			case $form in
			svg)
				terminal='svg size 480,330 dynamic noenhanced font "sans-serif,13" background rgb "white"'
				small=,11
				;;
			png)
				terminal='pngcairo size 960,660 noenhanced font "sans-serif,20" linewidth 2'
				small=,17
				;;
			pdf)
				terminal='pdfcairo size 12cm,8.25cm noenhanced font "sans-serif,10"'
				small=,8
				# a descriptive name, for use in papers
				file=$id-$(printf '%s' "$title-$subtitle" | tr -cs '[:alnum:]\n' - | cut -c -80)
				;;
			esac
			printf "small = '%s'\n" "$small"
			printf "set terminal %s\nset output '%s'\n" "$terminal" \
				"$(gnuplot_text "$tmp/report/figures/$file.$form")"
			printf "load '%s'\nload '%s'\n" "$(gnuplot_text "$here/lib/report/style.gp")" \
				"$(gnuplot_text "$here/lib/report/$kind.gp")"
		done
	done <"$tmp/parts/index.tsv"
	printf 'unset output\n'
} >"$tmp/all.gp"
gnuplot "$tmp/all.gp" 2>"$tmp/gnuplot.log" || {
	cat "$tmp/gnuplot.log" >&2
	die "gnuplot could not draw (see above)"
}

# --- the page --------------------------------------------------------------

# part NAME.FORMAT: a table that napistat made
part() {
	cat "$tmp/parts/$1"
}

html_text() {
	printf '%s' "$1" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'
}

# inline_svg ID LABEL: drop the XML header and the white background, use the page's
# colours and ids that are unique on the page
inline_svg() {
	sed -e '/^<?xml/d' -e '/^<desc>/d' -e '/<title>/d' \
		-e '/<rect .*fill="#ffffff"\/>/d' \
		-e 's/rgb( *0, *0, *0)/currentColor/g; s/"black"/"currentColor"/g' \
		-e "s/'black'/'currentColor'/g" \
		-e 's/rgb( *0, *114, *178)/var(--c1)/g; s/rgb(213, *94, *0)/var(--c2)/g' \
		-e 's/rgb( *0, *158, *115)/var(--c3)/g; s/rgb(204, *121, *167)/var(--c4)/g' \
		-e 's/rgb(230, *159, *0)/var(--c5)/g; s/rgb( *86, *180, *233)/var(--c6)/g' \
		-e 's/rgb(200, *200, *200)/var(--line)/g; s/rgb(128, *128, *128)/var(--soft)/g' \
		"$tmp/report/figures/$1.svg" |
		LABEL=$(html_text "$2") awk -v name="f$1-" -v apostrophe="'" '
			index($0, "<svg ") == 1 {
				print "<svg role=\"img\" aria-label=\"" ENVIRON["LABEL"] "\" " substr($0, 6)
				next
			}
			{
				gsub(/id="gnuplot_/, "id=\"" name)
				gsub("id=" apostrophe, "id=" apostrophe name)
				gsub(/#gp/, "#" name "gp")
				gsub(/url\(#/, "url(#" name)
				print
			}'
}

# one section per title; several figures take the whole width
figures() {
	_last=
	printf '<div class="groups">\n'
	awk -F "$tab" 'NR == FNR { n[$2, $3]++; next }
		{ print (n[$2, $3] > 1 ? "many" : "one") FS $0 }' \
		"$tmp/parts/index.tsv" "$tmp/parts/index.tsv" >"$tmp/grouped"
	while IFS=$tab read -r many id kind title subtitle _ _ _ _ _ see seen; do
		if [ "$kind$title" != "$_last" ]; then
			[ -z "$_last" ] || printf '</div></section>\n'
			printf '<section class="%s">\n<h3>%s</h3>\n<p>%s</p>\n<div class="figures">\n' \
				"$many" "$(html_text "$title")" "$(html_text "$see")"
			_last=$kind$title
		fi
		printf '<figure id="f%s">\n' "$id"
		inline_svg "$id" "$title: $subtitle"
		[ "$seen" != - ] || seen=
		printf '<figcaption><b>%s.</b> %s</figcaption>\n</figure>\n' \
			"$(html_text "$subtitle")" "$(html_text "$seen")"
	done <"$tmp/grouped"
	[ -z "$_last" ] || printf '</div></section>\n'
	printf '</div>\n'
}

# copies the raw files beside the page and links them
raw_data() {
	_n=0
	for dir; do
		_n=$((_n + 1))
		mkdir -p "$tmp/report/data/$_n"
		printf '<p>%s:' "$(html_text "$dir")"
		for _file in runs.csv hist.csv meta.json; do
			[ -f "$dir/$_file" ] || continue
			cp "$dir/$_file" "$tmp/report/data/$_n/$_file"
			printf ' <a href="data/%s/%s">%s</a>' "$_n" "$_file" "$_file"
		done
		printf '</p>\n'
	done
}

page() {
	cat <<'HEAD'
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>e1000_napi: which NAPI weight?</title>
<link rel="icon" href="data:,">
<style>
HEAD
	cat "$here/lib/report/style.css"
	cat <<'HEAD'
</style>
</head>
<body>
<h1>Which NAPI weight is best for this virtual NIC?</h1>
<p class="soft">The weight is the most packets that the driver may take in one poll; Linux uses 64.
A small weight makes polls short and many, a large one long and few. Receiving was measured at several weights;
this is what came out.</p>
<nav><a href="#verdict">Verdict</a><a href="#questions">The study's questions</a><a href="#figures">Figures</a><a
href="#numbers">Numbers</a><a href="#machines">Machines</a><a href="#data">Raw data</a></nav>
<h2 id="verdict">Verdict</h2>
HEAD
	printf '<div class="groups">\n'
	part verdict.html
	printf '</div>\n'
	printf '<h2 id="questions">The study&#39;s questions</h2>\n'
	printf '<p>Table 4.27 of the study that this reproduces, answered from these data. 60 and 200 stand for large weights, 1 and 2 for small ones.</p>\n'
	part table.html
	printf '<h2 id="figures">Figures</h2>\n'
	printf '<p class="soft">Points are means, the bars on them intervals, the dots beside them the single values; where there is no bar, there was one repetition or the bar is smaller than the point. An arrow ends an interval that leaves the scale, or what is possible. Each hypervisor has its own scale.</p>\n'
	figures
	printf '<h2 id="numbers">Numbers</h2>\n<h3>Loss-free rate of each weight</h3>\n'
	part mlfrr.html
	printf '<details><summary>CPU cost of a packet</summary>\n'
	part cost.html
	printf '</details>\n<details><summary>Each weight against the reference</summary>\n'
	part compare.html
	printf '</details>\n<details><summary>Correlation of bandwidth and packets</summary>\n'
	part correlate.html
	printf '</details>\n<h2 id="machines">Machines</h2>\n'
	part facts.html
	printf '<h2 id="data">Raw data</h2>\n<p>One row for each trial in runs.csv; they lie beside this page.</p>\n'
	raw_data "$@"
	printf '</body>\n</html>\n'
}

paper() {
	printf '# Which NAPI weight?\n\n'
	part verdict.markdown
	printf "\n## The study's questions (table 4.27)\n\n"
	part table.markdown
	printf '\n## Loss-free rate\n\n'
	part mlfrr.markdown
	printf '\n## CPU cost\n\n'
	part cost.markdown
	printf '\n## Weights compared\n\n'
	part compare.markdown
	printf '\n## Machines\n\n'
	part facts.markdown
}

page "$@" >"$tmp/report/report.html"
paper >"$tmp/report/report.md"
{
	part summary.prometheus
	part hist.prometheus
} >"$tmp/report/report.prom"

# Everything is made: only now remove an older report, and only files of its manifest
(cd "$tmp/report" && find . -type f | sed 's|^[.]/||' | sort) >"$tmp/manifest"
make_dir "$out"
old=$out/.manifest
[ -f "$old" ] && [ ! -L "$old" ] || old=/dev/null
grep -Ex '(report[.](html|md|prom)|figures/[0-9]+[.](svg|png)|figures/[0-9]+-[A-Za-z0-9-]+[.]pdf|data/[0-9]+/(runs|hist)[.]csv|data/[0-9]+/meta[.]json)' \
	"$old" >"$tmp/old" || :
while read -r file; do
	if [ -e "$out/$file" ] || [ -L "$out/$file" ]; then
		grep -qxF "$file" "$tmp/old" ||
			die "$out/$file was not made by an earlier report; move it away or give another --out"
	fi
done <"$tmp/manifest"
for folder in '' /figures /data; do
	[ ! -L "$out$folder" ] || [ -z "$folder" ] || die "$out$folder is a link; give another --out"
done
while read -r file; do
	rm -f "$out/$file"
done <"$tmp/old"
sed -n 's|^\(data/[0-9]*\)/.*|\1|p' "$tmp/old" | sort -u | while read -r folder; do
	rmdir "$out/$folder" 2>/dev/null || :
done
cp -R "$tmp/report/." "$out/"
rm -f "$out/.manifest"
cp "$tmp/manifest" "$out/.manifest"

part verdict.text
log "$# folder(s), $(wc -l <"$tmp/parts/index.tsv") figures: $(cd "$out" && pwd)/report.html"
