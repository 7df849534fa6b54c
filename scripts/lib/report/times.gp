# SPDX-License-Identifier: GPL-2.0
# share of all polls up to a time, a line per weight
set logscale x
set autoscale xfix
set offsets graph 0.03, graph 0.03, 0, 0
set yrange [0:105]
plot for [i = 0:blocks - 1] data index i using 1:2 with steps ls style(i) lw width(i) title columnheader(1)
