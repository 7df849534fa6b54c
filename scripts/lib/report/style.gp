# SPDX-License-Identifier: GPL-2.0
# Shared by all figures. The colours are told apart with any eyesight; points
# and dashes differ too, for print and where one line lies on another.
# report.sh trades the colours for CSS variables.
reset
set style line 1 lc rgb "#0072b2" pt 7 ps 0.6
set style line 2 lc rgb "#d55e00" pt 5 ps 0.6
set style line 3 lc rgb "#009e73" pt 9 ps 0.7
set style line 4 lc rgb "#cc79a7" dt (9, 5) pt 13 ps 0.8
set style line 5 lc rgb "#e69f00" dt (3, 4) pt 11 ps 0.7
set style line 6 lc rgb "#56b4e9" dt (9, 4, 2, 4) pt 4 ps 0.7
set border 3 lw 1
set rmargin 4
set tics nomirror out
set grid ytics lw 1 lc rgb "#c8c8c8" dt 1
set key outside top center horizontal samplen 2
set xlabel xname
set ylabel yname
set yrange [low:high + 0.06 * (high - low)]
set tics font small
blocks = words(styles)
style(i) = int(word(styles, i + 1))
# later lines are thinner, so that equal ones can both be seen
width(i) = 1.6 + 0.9 * (blocks - 1 - i)
# an interval that leaves the scale, or what is possible, ends in an arrow there
top = high + 0.06 * (high - low)
bottom = low
inside(y) = y < bottom ? bottom : y > top ? top : y
upward(to, cut) = cut != 0 || to > top ? 1 : NaN
downward(from, cut) = cut != 0 || from < bottom ? 1 : NaN
