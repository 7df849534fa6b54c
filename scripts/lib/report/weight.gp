# SPDX-License-Identifier: GPL-2.0
# mean and interval against the weight, a line per load
set logscale x
set autoscale xfix
set offsets graph 0.03, graph 0.03, 0, 0
set xtics (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 4000)
plot for [i = 0:blocks - 1] data index blocks + i using (0.96 * $1):2 with points ls style(i) pt 7 ps 0.5 notitle, \
	for [i = 0:blocks - 1] data index i using 1:2:3:(inside($4)) with yerrorlines ls style(i) lw width(i) title columnheader(1), \
	for [i = 0:blocks - 1] data index i using ($1 * upward($4, $6)):2:(0):(inside($4) - $2) with vectors filled ls style(i) lw 1 notitle, \
	for [i = 0:blocks - 1] data index i using ($1 * downward($3, $5)):2:(0):(inside($3) - $2) with vectors filled ls style(i) lw 1 notitle
