# SPDX-License-Identifier: GPL-2.0
# as load.gp, for figures that span powers of ten
set logscale y
bottom = 0.5
top = 2 * high
set yrange [bottom:top]
set xrange [0:*]
set yrange [*:*]
stats data using 1 nooutput
set yrange [bottom:top]
aside = 0.013 * STATS_max
set autoscale xfixmax
set offsets 0, graph 0.03, 0, 0
plot for [i = 0:blocks - 1] data index blocks + i using ($1 - aside):2 with points ls style(i) pt 7 ps 0.5 notitle, \
	for [i = 0:blocks - 1] data index i using 1:2:(inside($3)):(inside($4)) with yerrorlines ls style(i) lw width(i) title columnheader(1), \
	for [i = 0:blocks - 1] data index i using ($1 * upward($4, $6)):2:(0):(inside($4) - $2) with vectors filled ls style(i) lw 1 notitle, \
	for [i = 0:blocks - 1] data index i using ($1 * downward($3, $5)):2:(0):(inside($3) - $2) with vectors filled ls style(i) lw 1 notitle
