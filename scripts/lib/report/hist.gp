# SPDX-License-Identifier: GPL-2.0
# packets taken by one poll, a curve per load
plot for [i = 0:blocks - 1] data index i using 1:2 with histeps ls style(i) lw width(i) title columnheader(1)
