# SPDX-License-Identifier: GPL-2.0
# mean and interval against offered load, a line per weight
set xrange [0:*]
set yrange [*:*]
stats data using 1 nooutput
set yrange [bottom:top]
aside = 0.013 * STATS_max
set autoscale xfixmax
set offsets 0, graph 0.03, 0, 0
offered = yname eq "Mbit/s" ? 1 : 0
plot for [i = 1:offered] data index 0 using 1:1 with lines dt 3 lc rgb "#808080" title "offered", \
	for [i = 0:blocks - 1] data index blocks + i using ($1 - aside):2 with points ls style(i) pt 7 ps 0.5 notitle, \
	for [i = 0:blocks - 1] data index i using 1:2:3:(inside($4)) with yerrorlines ls style(i) lw width(i) title columnheader(1), \
	for [i = 0:blocks - 1] data index i using ($1 * upward($4, $6)):2:(0):(inside($4) - $2) with vectors filled ls style(i) lw 1 notitle, \
	for [i = 0:blocks - 1] data index i using ($1 * downward($3, $5)):2:(0):(inside($3) - $2) with vectors filled ls style(i) lw 1 notitle
