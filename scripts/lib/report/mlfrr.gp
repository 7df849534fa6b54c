# SPDX-License-Identifier: GPL-2.0
# loss-free rate, a bar per weight with its interval
set style fill solid 0.6 border -1
set boxwidth 0.6
set key off
set xrange [-0.6:*]
set autoscale xfixmax
set offsets 0, 0.6, 0, 0
plot data index 0 skip 1 using 0:2:3:(inside($4)):(0.6):xtic(1) with boxerrorbars ls 1, \
	data index 0 skip 1 using ($0 * upward($4, 0)):2:(0):(inside($4) - $2) with vectors filled ls 1 notitle
