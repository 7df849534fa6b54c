# SPDX-License-Identifier: GPL-2.0
# difference from the reference in percent, points side by side at each load
set yrange [*:*]
stats data using 1 nooutput
aside = 0.008 * (STATS_max - STATS_min)
stats data using 5 nooutput
margin = STATS_max
set yrange [1.05 * low:1.05 * high]
inside(y) = y < low ? low : y > high ? high : y
set object 1 rectangle from graph 0, first -margin to graph 1, first margin \
	fillcolor rgb "#c8c8c8" fillstyle solid 0.5 noborder behind
set autoscale xfix
set offsets graph 0.05, graph 0.05, 0, 0
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lc rgb "#808080"
plot for [i = 0:blocks - 1] data index i \
	using ($1 + aside * (i - (blocks - 1) / 2.0)):(inside($2)):(inside($3)):(inside($4)) \
	with yerrorbars ls style(i) lw 2 title columnheader(1)
