# SPDX-License-Identifier: GPL-2.0
# as load.gp, for figures that span powers of ten
set logscale y
set yrange [0.5:2 * high]
set xrange [0:*]
set autoscale xfixmax
set offsets 0, graph 0.03, 0, 0
plot for [i = 0:blocks - 1] data index i using 1:2:3:4 with yerrorlines ls style(i) lw width(i) title columnheader(1)
