#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# report.sh: the page, its figures, and what a browser makes of it.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	make -s -C tools/napistat
	make=tests/shell/make-results.sh
	d=$BATS_FILE_TMPDIR
	"$make" --kind all "$d/qemu"
	"$make" --kind irq-affinity --hypervisor Xen --cap 520 --seed 7 --weights "1 2 60 64 200" "$d/xen"
	"$make" --kind irq-affinity --hypervisor VMware --stand-in --cap 360 --seed 9 "$d/vmware"
	scripts/report.sh --out "$d/report" "$d/qemu" "$d/xen" "$d/vmware" >"$d/said" 2>"$d/log"
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	make=tests/shell/make-results.sh
	d=$BATS_FILE_TMPDIR
	tmp=$BATS_TEST_TMPDIR
	page=$d/report/report.html
}

refute() { if "$@"; then return 1; fi; }

# look WIDTH [dark]: the page in headless Chromium as a frame of that width; a
# script inside it looks at every figure and reports to $tmp/seen, one per line
look() {
	cat >"$tmp/frame.html" <<FRAME
<!DOCTYPE html><meta charset="utf-8"><pre id="out"></pre>
<iframe src="page.html" style="width:${1}px;height:900px;border:0"></iframe>
<script>addEventListener("message", e => document.getElementById("out").textContent = e.data)</script>
FRAME
	cat "$page" - >"$tmp/page.html" <<'LOOK'
<script>
addEventListener("load", () => {
	const said = [];
	const light = c => {
		const [r, g, b] = c.match(/[\d.]+/g).map(v => (v /= 255, v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4));
		return .2126 * r + .7152 * g + .0722 * b;
	};
	const contrast = (a, b) => { a = light(a); b = light(b); return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); };
	const paper = getComputedStyle(document.body).backgroundColor;
	for (const f of document.querySelectorAll("figure")) {
		const svg = f.querySelector("svg"), box = svg.getBoundingClientRect();
		let drawn = 0;
		for (const p of svg.querySelectorAll("path, rect, use, polygon")) {
			const b = p.getBoundingClientRect();
			drawn += b.width + b.height > 0 && b.right <= box.right + 2 && b.left >= box.left - 2;
		}
		const text = svg.querySelector("text"), ink = getComputedStyle(text.parentNode).fill;
		const ok = box.width > 200 && box.height > 130 && box.right <= innerWidth + 1 && drawn > 8 &&
			svg.getAttribute("aria-label") && f.querySelector("figcaption").textContent.length > 20 && contrast(ink, paper) > 4.5;
		said.push((ok ? "ok " : "bad ") + f.id + " " + Math.round(box.width) + "x" + Math.round(box.height) + " drawn " + drawn + " ink " + ink);
	}
	said.push("dark " + (light(paper) < .1));
	said.push("overflow " + (document.documentElement.scrollWidth > innerWidth + 1));
	const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
	said.push("twins " + (ids.length - new Set(ids).size));
	said.push("lost links " + [...document.querySelectorAll('a[href^="#"]')].filter(a => !document.querySelector(a.getAttribute("href"))).length);
	parent.postMessage(said.join("\n"), "*");
});
</script>
LOOK
	dark=
	[ "${2:-}" != dark ] || dark=--blink-settings=preferredColorScheme=0
	timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$tmp/profile" \
		--enable-logging=stderr --window-size=1400,1000 --virtual-time-budget=8000 $dark \
		--dump-dom "file://$tmp/frame.html" >"$tmp/dom" 2>"$tmp/console"
	sed -n '/<pre/,/<\/pre>/p' "$tmp/dom" | sed 's/<[^>]*>//g' | sed '/^$/d' >"$tmp/seen"
	grep -v '^ok ' "$tmp/seen"
	# one chain: bats runs this without -e where a failure is wanted
	refute grep -E 'CONSOLE|Uncaught|Failed to load' "$tmp/console" &&
		[ "$(grep -c '^ok ' "$tmp/seen")" -eq "$(grep -c '<figure' "$page")" ] &&
		grep -qx 'overflow false' "$tmp/seen" &&
		grep -qx 'twins 0' "$tmp/seen" &&
		grep -qx 'lost links 0' "$tmp/seen"
}

# bats test_tags=report
@test "a browser shows every figure on a desktop, in light, without a word on its console" {
	look 1280
	grep -qx 'dark false' "$tmp/seen"
}

# bats test_tags=report
@test "and on a phone, in dark" {
	look 375 dark
	grep -qx 'dark true' "$tmp/seen"
}

# bats test_tags=report
@test "the browser check sees a figure that is not there" {
	sed '/<figure id="f001">/a <style>#f001 svg { display: none; }</style>' "$page" >"$tmp/broken.html"
	page=$tmp/broken.html
	run look 1280
	[ "$status" -ne 0 ]
	[[ $output == *"bad f001"* ]]
}

# bats test_tags=report
@test "the page prints to PDF with all that is on it" {
	timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$tmp/profile" \
		--print-to-pdf="$tmp/page.pdf" "file://$page" 2>/dev/null
	[ "$(head -c 4 "$tmp/page.pdf")" = %PDF ]
}

@test "verdict first, then the table, then figures, each with a caption" {
	grep -nE '<h2' "$page" | sed 's/.*id="\([a-z]*\)".*/\1/' | tr '\n' ' ' >"$tmp/order"
	[ "$(cat "$tmp/order")" = "verdict questions figures numbers machines data " ]
	[ "$(grep -c 'class="verdict"' "$page")" -eq 3 ]
	[ "$(grep -c '<figure' "$page")" -eq "$(grep -c '<figcaption' "$page")" ]
	grep -q '<th scope="col">qemu</th><th scope="col">Xen</th><th scope="col">VMware (stand-in)</th>' "$page"
	for title in "Bandwidth that reached the application against load" \
		"Bandwidth that reached the application against weight" "Hardware interrupts" \
		"Packets per interrupt" "Softirq CPU" "CPU of the VM" "CPU in the guest" \
		"Where packets are lost" "Loss-free rate" "Paired differences" "Packets per poll" \
		"Duration of a poll" "From interrupt to poll"; do
		grep -q "<h3>$title" "$page"
	done
}

@test "only a decision is green, and a table that goes on behind the edge has a shadow there" {
	[ "$(grep -c 'class="verdict" data-action="[a-z_]*"' "$page")" -eq 3 ]
	grep -qF '.verdict[data-action="cannot_say"] { border-left-color: var(--c5); }' "$page"
	sed -n '/^[.]wide {/,/^}/p' "$page" >"$tmp/wide"
	[ "$(grep -c ' no-repeat local' "$tmp/wide")" -eq 2 ]
	[ "$(grep -c 'var(--soft), transparent) .* no-repeat scroll' "$tmp/wide")" -eq 2 ]
}

@test "the page needs no network: one file, and links to the data beside it" {
	sed 's/http:\/\/www.w3.org\/[0-9]*\/\(svg\|xlink\)//g; s/http:\/\/www.w3.org\/1999\/xlink//g' "$page" >"$tmp/page"
	refute grep -nE 'https?:|src=|@import|<script' "$tmp/page"
	grep -o 'href="data/[^"]*"' "$page" | cut -d '"' -f 2 >"$tmp/links"
	[ "$(wc -l <"$tmp/links")" -eq 9 ]
	while read -r link; do
		[ -s "$d/report/$link" ]
	done <"$tmp/links"
	cmp "$d/report/data/1/runs.csv" "$d/qemu/runs.csv"
}

@test "every figure is there as SVG, PNG and PDF" {
	n=$(grep -c '<figure' "$page")
	[ "$n" -gt 30 ]
	[ "$(find "$d/report/figures" -name '*.svg' -size +2k | wc -l)" -eq "$n" ]
	[ "$(find "$d/report/figures" -name '*.png' -size +4k | wc -l)" -eq "$n" ]
	[ "$(find "$d/report/figures" -name '*-*-*.pdf' -size +2k | wc -l)" -eq "$n" ]
	if command -v xmllint >/dev/null; then
		xmllint --noout "$d"/report/figures/*.svg
	fi
}

@test "it prints the verdict and the page's path" {
	grep -q '^verdict folder=Xen action=keep weight=64' "$d/said"
	grep -q "3 folder(s), .* figures: $d/report/report.html" "$d/log"
	grep -q '^| question | qemu | Xen | VMware (stand-in) |' "$d/report/report.md"
	if command -v promtool >/dev/null; then
		promtool check metrics <"$d/report/report.prom"
	fi
}

@test "a small sweep of one load still gives a report" {
	"$make" --reps 2 "$tmp/one"
	awk -F, 'NR == 1 || $9 == 800000000' "$tmp/one/runs.csv" >"$tmp/runs.csv"
	cp "$tmp/runs.csv" "$tmp/one/runs.csv"
	rm "$tmp/one/hist.csv"
	scripts/report.sh --out "$tmp/report" "$tmp/one"
	grep -q 'against weight' "$tmp/report/report.html"
	refute grep -q 'Packets per poll<' "$tmp/report/report.html"
}

@test "each folder is read once per report" {
	"$make" --weights 64 --reps 1 "$tmp/one"
	cat >"$tmp/napistat" <<-EOF
		#!/bin/sh
		echo "\$1" >>"$tmp/calls"
		exec build/tools/napistat "\$@"
	EOF
	chmod +x "$tmp/napistat"
	NAPISTAT=$tmp/napistat scripts/report.sh --out "$tmp/report" "$tmp/one"
	[ "$(cat "$tmp/calls")" = report ]
}

@test "names that try to be HTML, SVG or gnuplot stay names" {
	evil="$tmp/it's <b>\"bold\"</b> & \`so\`"
	"$make" --reps 2 --hypervisor "<script>alert(1)</script>'|&" "$evil"
	sed -i 's|,irq,|,"<i>irq, ""x""</i>",|' "$evil/runs.csv"
	scripts/report.sh --out "$tmp/report's" "$evil"
	refute grep -E '<script|<b>"|<i>' "$tmp/report's/report.html"
	grep -q '&lt;script&gt;alert(1)' "$tmp/report's/report.html"
	[ -s "$tmp/report's/figures/001.svg" ]
}

@test "a damaged folder leaves the old report as it was" {
	cp -r "$d/report" "$tmp/report"
	cp -r "$d/xen" "$tmp/bad"
	sed -i '5s/,ok,/,?,/' "$tmp/bad/runs.csv"
	run scripts/report.sh --out "$tmp/report" "$tmp/bad"
	[ "$status" -eq 1 ]
	[[ $output == *"bad/runs.csv:5:6: status: \"?\" is not ok, warn or failed"* ]]
	diff -rq "$d/report" "$tmp/report"
}

@test "an older report's figures do not stay behind" {
	cp -r "$d/report" "$tmp/report"
	"$make" --reps 2 "$tmp/small"
	scripts/report.sh --out "$tmp/report" "$tmp/small"
	[ "$(find "$tmp/report/figures" -name '*.svg' | wc -l)" -eq "$(grep -c '<figure' "$tmp/report/report.html")" ]
	[ "$(find "$tmp/report/data" -name runs.csv | wc -l)" -eq 1 ]
}

@test "only what an earlier report made is replaced" {
	cp -r "$d/report" "$tmp/report"
	mkdir "$tmp/report/data/2024-survey"
	: >"$tmp/report/data/2024-survey/answers"
	: >"$tmp/report/figures/1-intro.svg"
	"$make" --reps 2 "$tmp/small"
	scripts/report.sh --out "$tmp/report" "$tmp/small"
	[ -e "$tmp/report/data/2024-survey/answers" ]
	[ -e "$tmp/report/figures/1-intro.svg" ]
	[ ! -e "$tmp/report/data/3" ]
	# a manifest that names more than a report has is not believed
	echo keep >"$tmp/report/mine"
	printf '%s\n' mine ../small/runs.csv figures/1-intro.svg >>"$tmp/report/.manifest"
	scripts/report.sh --out "$tmp/report" "$tmp/small"
	[ "$(cat "$tmp/report/mine")" = keep ]
	[ -s "$tmp/small/runs.csv" ]
	[ -e "$tmp/report/figures/1-intro.svg" ]
	# and another user's page is not changed
	mkdir "$tmp/other"
	echo mine >"$tmp/other/report.md"
	run scripts/report.sh --out "$tmp/other" "$tmp/small"
	[ "$status" -eq 1 ]
	[[ $output == *"other/report.md was not made by an earlier report"* ]]
	[ "$(ls -A "$tmp/other")" = report.md ]
	[ "$(cat "$tmp/other/report.md")" = mine ]
}

@test "root writes as the owner of the folder, so no link leads it astray" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	mkdir "$tmp/user"
	"$make" --reps 2 "$tmp/user/small"
	echo secret >"$tmp/root-only"
	chmod 600 "$tmp/root-only"
	mkdir "$tmp/user/small/report"
	ln -s "$tmp/root-only" "$tmp/user/small/report/report.md"
	ln -s "$tmp/root-only" "$tmp/user/small/report/.manifest"
	# another user who can read this tree
	uid=$(stat -c %u .)
	[ "$uid" -ne 0 ] || uid=65534
	setpriv --reuid "$uid" --clear-groups test -r "$PWD/scripts" || skip "this tree is closed to other users"
	chown -Rh "$uid:$uid" "$tmp/user"
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR" "$tmp"
	run scripts/report.sh "$tmp/user/small"
	[ "$(cat "$tmp/root-only")" = secret ]
	rm -r "$tmp/user/small/report"
	run scripts/report.sh "$tmp/user/small"
	[ "$status" -eq 0 ]
	[[ $output == *"needs no root"* ]]
	[ "$(stat -c %u "$tmp/user/small/report/report.html")" -eq "$uid" ]
	# one who cannot: a clone in a home folder that is closed
	mkdir -m 700 "$tmp/closed"
	cp -r scripts "$tmp/closed/"
	rm -r "$tmp/user/small/report"
	run "$tmp/closed/scripts/report.sh" "$tmp/user/small"
	[ "$status" -eq 1 ]
	[[ $output == *"user $uid, who owns the folder of"*", cannot read $tmp/closed/scripts; copy the results"* ]]
}

@test "the folder's owner gets nothing of root's: no terminal to type into, no control characters" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	uid=$(stat -c %u .)
	[ "$uid" -ne 0 ] || uid=65534
	setpriv --reuid "$uid" --clear-groups test -r "$PWD/scripts" || skip "this tree is closed to other users"
	mkdir "$tmp/user" "$tmp/bin"
	"$make" --reps 2 "$tmp/user/small"
	chown -Rh "$uid:$uid" "$tmp/user"
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR" "$tmp"
	# field 7 is the controlling terminal; 0: none
	cat >"$tmp/bin/gnuplot" <<-END
		#!/bin/sh
		awk '{ print \$7 }' /proc/\$\$/stat >"$tmp/user/tty"
		printf '\\033]0;typed\\007\\302\\233\\n' >&2
		exec "$(command -v gnuplot)" "\$@"
	END
	chmod 755 "$tmp/bin/gnuplot"
	script -qec "PATH=$tmp/bin:$PATH scripts/report.sh $tmp/user/small" /dev/null >"$tmp/printed"
	[ "$(cat "$tmp/user/tty")" = 0 ]
	grep -q "33 figures\|figures: " "$tmp/printed"
	[ "$(tr -d '\n\r\t -~' <"$tmp/printed" | LC_ALL=C tr -d '\200-\377' | wc -c)" -eq 0 ]
	# shown to root when it fails
	sed -i '/^exec/c exit 1' "$tmp/bin/gnuplot"
	script -qec "PATH=$tmp/bin:$PATH scripts/report.sh $tmp/user/small" /dev/null >"$tmp/printed" || :
	grep -q "0;typed" "$tmp/printed"
	[ "$(tr -d '\n\r\t -~' <"$tmp/printed" | LC_ALL=C tr -d '\200-\377' | wc -c)" -eq 0 ]
	! LC_ALL=C grep "$(printf '\302\233')" "$tmp/printed" || false
	# other ways to have root write or read there
	ln -s "$tmp/user/small" "$tmp/link"
	run scripts/report.sh "$tmp/link"
	[[ $output == *"going on as user $uid"* ]]
	run scripts/report.sh --out "$tmp/mine" "$tmp/user/small"
	[ "$status" -eq 1 ]
	[[ $output == *"$tmp/user/small belongs to user $uid, and root reads no other user's files"* ]]
	mkdir -m 777 "$tmp/open"
	"$make" --reps 2 "$tmp/ours"
	run scripts/report.sh --out "$tmp/open/report" "$tmp/ours"
	[ "$status" -eq 1 ]
	[[ $output == *"other users may write $tmp/open"* ]]
	# no folder of root's is given to the caller by way of ..
	mkdir "$tmp/etc"
	SUDO_UID=$uid SUDO_GID=$uid run scripts/report.sh --out "$tmp/user/../etc/x" "$tmp/ours"
	[ "$(stat -c %u "$tmp/etc")" -eq 0 ]
}

@test "wrong usage and failure have different exit statuses" {
	run scripts/report.sh
	[ "$status" -eq 2 ]
	run scripts/report.sh --frobnicate "$d/xen"
	[ "$status" -eq 2 ]
	run scripts/report.sh --margin lots "$d/xen"
	[ "$status" -eq 2 ]
	run scripts/report.sh "$tmp"
	[ "$status" -eq 1 ]
	[[ $output == *"has no runs.csv"* ]]
	run scripts/report.sh --help
	[ "$status" -eq 0 ]
}
