# SPDX-License-Identifier: GPL-2.0
# Pages of docs as lines "PAGE<tab>KIND<tab>TEXT": KIND is code (a line of a code block,
# continuation lines joined, or an inline span), link (a target), head (a heading).

function out(kind, text) { print FILENAME "\t" kind "\t" text }

function code(line) {
	sub(/^ +/, "", line)
	if (line ~ /\\$/) {
		sub(/\\$/, "", line)
		held = held line " "
		return
	}
	out("code", held line)
	held = ""
}

function prose(line, n, part, i, text) {
	text = para line " "
	# a span may go over the end of a line
	n = gsub(/`/, "`", text)
	if (n % 2) {
		para = text
		return
	}
	para = ""
	n = split(text, part, "`")
	for (i = 2; i <= n; i += 2)
		out("code", part[i])
	while (match(text, /\]\([^) ]*\)/)) {
		out("link", substr(text, RSTART + 2, RLENGTH - 3))
		text = substr(text, RSTART + RLENGTH)
	}
}

FNR == 1 { fenced = blank = indented = 0; para = held = ""; blank = 1 }
/^ *```/ { fenced = !fenced; para = ""; next }
fenced { code($0); next }
/^#/ { out("head", $0) }
/^ *$/ { blank = 1; para = ""; next }
# in a list a code block has four columns more than the text
/^    / && (blank || indented) && !/^ +[-*] / { indented = 1; code($0); next }
{ indented = blank = 0; prose($0) }
