# SPDX-License-Identifier: GPL-2.0
# mean and interval against offered load, a line per weight
set xrange [0:*]
set autoscale xfixmax
set offsets 0, graph 0.03, 0, 0
offered = yname eq "Mbit/s" ? 1 : 0
plot for [i = 1:offered] data index 0 using 1:1 with lines dt 3 lc rgb "#808080" title "offered", \
	for [i = 0:blocks - 1] data index i using 1:2:3:4 with yerrorlines ls style(i) lw width(i) title columnheader(1)
