# SPDX-License-Identifier: GPL-2.0
# each trial against the mean of its cell, in the order of the trials; steal below it
set xrange [0:*]
set autoscale xfixmax
set offsets 0, graph 0.03, 0, 0
set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lc rgb "#808080"
plot for [i = 0:blocks - 1] data index i using 1:(inside($2)) with points ls style(i) pt 7 ps 0.5 title columnheader(1), \
	data index blocks using 1:2 with lines ls style(0) lw 2 notitle
