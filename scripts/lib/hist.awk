# SPDX-License-Identifier: GPL-2.0
# Draws the histograms in a snapshot of e1000_napi; part of hist.sh.
# The environment has HIST_PROG, HIST_NOW and HIST_MARK: names for messages.
# Variables: want (a histogram, or all), width (columns), csv, unicode (1 or 0),
# before (1 if the first of two files is to be subtracted).

function fail(why,	name) {
	name = ENVIRON[FILENAME ~ /mark$/ ? "HIST_MARK" : "HIST_NOW"]
	why = (name == "" ? FILENAME : name) ":" FNR ": " why
	gsub(/[^ -~]/, "?", why)
	print (ENVIRON["HIST_PROG"] == "" ? "hist.sh" : ENVIRON["HIST_PROG"]) ": " why | "cat >&2"
	close("cat >&2")
	failed = 1
	exit 1
}

function number(s) {
	if (s !~ /^[0-9]+$/) fail("'" s "' is not a number")
	return s + 0
}

# strip what would control the terminal
{ gsub(/[^ -~\t]/, "?") }

FNR == 1 {
	sign = (before != "" && FILENAME == before) ? -1 : 1
	if ($1 != "#" || $2 != "e1000_napi" || $3 !~ /^[0-9]+$/) fail("not a snapshot of e1000_napi")
	if ($3 != 2) fail("this is format " $3 ", and this one knows format 2; take the one that came with the module")
	if ($4 != "snapshot") fail("this is the file " $4 "; snapshot is wanted")
	section = "head"
	next
}

/^# counters$/ { section = "counters"; next }

/^# histogram / {
	if (NF != 7) fail("a histogram's line has name, unit, count, sum and max")
	section = $3
	unit[section] = $4
	if (sign > 0) order[++histograms] = section
	count[section] += sign * number($5)
	sum[section] += sign * number($6)
	if (sign > 0) max[section] = number($7)
	next
}

/^# / {
	if (sign < 0) old[$2] = $3
	else head[$2] = $3
	# the last line of the header: both are known
	if (sign > 0 && $2 == "polls_during_read" && before != "" &&
	    (old["device"] != head["device"] || old["since_ns"] != head["since_ns"]))
		fail("not of the same NIC since the same load as " before "; take a new mark")
	if (sign > 0 && $2 == "device") ifname = $4
	# a name may contain terminal control characters
	gsub(/[^!-~]/, "?", ifname)
	next
}

section == "counters" { counter[$1] += sign * number($2); next }

section != "head" {
	if (NF != 2) fail("a row has a lower bound and a count")
	n = number($2)
	if (sign > 0) {
		rows[section]++
		row[section, rows[section]] = number($1)
		total[section] += n
	}
	bucket[section, number($1)] += sign * n
	next
}

{ fail("not understood: " $0) }

# Lower bound of the row that v falls into. Linear: steps of `step`; else `step`
# parts from one power of `base` to the next. 0, polls without a packet, has
# its own row.
function lower(v,	p, w) {
	if (v < 1) return 0
	if (linear) return v < step ? 1 : int(v / step) * step
	for (p = 1; p * base <= v; p *= base) ;
	w = p * (base - 1) / step
	return w < 1 ? v : p + int((v - p) / w) * w
}

function next_lower(v,	p, w) {
	if (v < 1) return 1
	if (linear) return int(v / step) * step + step
	for (p = 1; p * base <= v; p *= base) ;
	w = p * (base - 1) / step
	return w < 1 ? v + 1 : v + w
}

function rows_needed(	v, n) {
	n = 0
	for (v = lower(first); v <= last && n < 1000; v = next_lower(v)) n++
	return n
}

function scaled(ns) {
	if (ns < 1000) return ns " ns"
	if (ns < 1000000) return sprintf("%.4g us", ns / 1000)
	if (ns < 1000000000) return sprintf("%.4g ms", ns / 1000000)
	return sprintf("%.4g s", ns / 1000000000)
}

function label(from, to, h) {
	if (unit[h] == "ns") return scaled(from)
	return from == to ? from : from "-" to
}

function bar(part, room,	eighths, s, i) {
	if (!unicode) {
		for (i = 1; i <= part * room + 0.5; i++) s = s "#"
		return part > 0 && s == "" ? "." : s
	}
	eighths = int(part * room * 8 + 0.5)
	if (part > 0 && eighths == 0) eighths = 1
	for (i = 8; i <= eighths; i += 8) s = s block[8]
	return s block[eighths % 8]
}

function draw(h,	i, v, n, l, bins, wide, most, room, seconds, mean, end) {
	if (csv) {
		for (i = 1; i <= rows[h]; i++) if (bucket[h, row[h, i]])
			printf "%s,%.0f,%.0f\n", h, row[h, i], bucket[h, row[h, i]]
		return
	}
	mean = count[h] ? sum[h] / count[h] : 0
	seconds = (head["now_ns"] - (before != "" ? old["now_ns"] : head["since_ns"])) / 1e9
	first = last = -1
	for (i = 1; i <= rows[h]; i++) {
		v = row[h, i]
		if (!bucket[h, v]) continue
		if (first < 0 || v < first) first = v
		if (v > last) last = v
	}
	if (before != "") max[h] = last < 0 ? 0 : last
	# histograms put together from several trials have no address and no time
	printf "%s%s, weight %s: %s", ifname, head["device"] == "-" ? "" : " (" head["device"] ")", \
		head["weight"], title[h]
	if (seconds > 0)
		printf before != "" ? ", last %.1f s" : ", %.1f s since load", seconds
	printf "\n"
	if (unit[h] == "ns")
		printf "%.0f times, mean %s, max %s%s", count[h], scaled(int(mean)), \
			before != "" ? "about " : "", scaled(max[h])
	else
		printf what[h], count[h], sum[h], mean, max[h]
	if (h == "rx_per_poll" && counter["polls"])
		printf "; %.1f %% of all polls%s used the whole budget", \
			100 * counter["polls_whole_budget"] / counter["polls"], before != "" ? "" : " since load"
	printf "\n"
	if (last < 0) {
		print h ~ /_ns$/ ? "nothing yet; is timing on? (load.sh IF timing=1)\n" : "nothing yet\n"
		return
	}

	# one row per value if possible, else steps of 2, 4, 8 or 16, else
	# parts of powers of two
	linear = unit[h] != "ns"
	for (step = 1; linear && step <= 16 && rows_needed() > ROWS; step *= 2) ;
	if (!linear || step > 16) {
		linear = 0
		base = 2
		for (step = 16; step > 1 && rows_needed() > ROWS; step /= 2) ;
		if (rows_needed() > ROWS) base = 4
	}
	for (i = 1; i <= rows[h]; i++)
		bins[lower(row[h, i])] += bucket[h, row[h, i]]
	wide = 0
	for (v = lower(first); v <= last; v = next_lower(v)) {
		if (bins[v] > most) most = bins[v]
		l = length(label(v, next_lower(v) - 1, h))
		if (l > wide) wide = l
	}
	n = length(sprintf("%.0f", most))
	room = width - wide - n - 12
	for (v = lower(first); v <= last; v = next_lower(v)) {
		end = next_lower(v) - 1
		if (end > max[h] && end > v) end = max[h]
		printf "%" wide "s %" n ".0f %5.1f %%  %s\n", label(v, end, h), bins[v], \
			100 * bins[v] / count[h], bar(bins[v] / most, room)
	}
	if (!linear || step > 1)
		print unit[h] == "ns" ? "(each row begins at the time given and ends where the next begins)" : \
			linear ? "(rows merged: " step " values each)" : "(rows merged: they widen with the value)"
	print ""
}

BEGIN {
	ROWS = 24
	title["rx_per_poll"] = "packets received per poll"
	title["tx_per_poll"] = "packets sent per poll"
	title["polls_per_irq"] = "polls per interrupt"
	title["rx_per_irq"] = "packets received per interrupt"
	title["poll_ns"] = "time in a poll"
	title["irq_to_poll_ns"] = "time from interrupt to poll"
	what["rx_per_poll"] = what["tx_per_poll"] = "%.0f polls, %.0f packets, mean %.2f, max %.0f"
	what["polls_per_irq"] = "%.0f interrupts, %.0f polls, mean %.2f, max %.0f"
	what["rx_per_irq"] = "%.0f interrupts, %.0f packets, mean %.2f, max %.0f"
	split("\342\226\217 \342\226\216 \342\226\215 \342\226\214 \342\226\213 \342\226\212 \342\226\211 \342\226\210", block, " ")
}

END {
	if (failed) exit 1
	if (!histograms) {
		FILENAME = "snapshot"
		print "hist.sh: the snapshot is empty or cut off" | "cat >&2"
		exit 1
	}
	if (csv) print "histogram,lower,count"
	for (h = 1; h <= histograms; h++) {
		name = order[h]
		if (want != "all" && want != name) continue
		shown = 1
		if (total[name] != count[name] && before == "" && head["polls_during_read"] == 0) {
			print "hist.sh: the rows of " name " do not add up to its count; is the file damaged?" | "cat >&2"
			exit 1
		}
		draw(name)
	}
	if (!shown) {
		print "hist.sh: the snapshot has no " want | "cat >&2"
		exit 1
	}
}
