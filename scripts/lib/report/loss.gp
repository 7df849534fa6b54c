# SPDX-License-Identifier: GPL-2.0
# loss stacked by place, a bar per weight; places without loss are left out
array place[6] = ["before the NIC", "ring", "backlog", "socket", "application", "without a place"]
set style data histograms
set style histogram rowstacked
set style fill solid 1 border lt -1
set boxwidth 0.6
used = ""
set yrange [*:*]
do for [c = 2:7] {
	stats data skip 1 using c nooutput
	if (STATS_max > 0) { used = used . sprintf(" %d", c) }
}
set yrange [0:high * 1.06]
if (used eq "") {
	set label 1 "nothing is lost" at graph 0.5, 0.5 center
	used = " 2"
	set key off
}
plot for [c in used] data skip 1 using int(c):xtic(1) ls int(c) - 1 dt 1 title place[int(c) - 1]
