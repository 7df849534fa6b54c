# SPDX-License-Identifier: GPL-2.0
# loss-free rate, a bar per weight with its interval
set style fill solid 0.7 noborder
set boxwidth 0.6
set key off
set xrange [-0.6:*]
plot data skip 1 using 0:2:xtic(1) with boxes ls 1, \
	data skip 1 using 0:2:3:4 with yerrorbars lc rgb "#000000" lw 2 pt 0
