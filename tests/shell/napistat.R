# SPDX-License-Identifier: GPL-2.0
# Computes from runs.csv what napistat computes, and compares with its CSV.
# Rscript napistat.R RUNS SUMMARY COMPARE CORRELATE
file <- commandArgs(TRUE)
runs <- read.csv(file[1], colClasses = c(rcvbuf = "character"))
runs <- runs[runs$status != "failed", ]
figures <- list(
  delivered_bps = function(t) t$bandwidth_bps,
  loss = function(t) t$lost / t$sent,
  cpu_total = function(t) t$cpu_total,
  host_cost = function(t)
    t$host_cpu / 100 * t$seconds / ifelse(is.na(t$received), t$rx_packets, t$received) * 1e6
)
margin <- 0.02
limit <- 0.001 # of losses
worst <- 0
near <- function(what, got, want) {
  if (is.na(got) && is.na(want)) return(invisible())
  off <- if (isTRUE(want == 0)) abs(got) else abs(got / want - 1)
  if (is.na(off) || off > 1e-8) {
    cat(sprintf("FAIL %s: napistat %.12g, R %.12g\n", what, got, want))
    quit(status = 1)
  }
  worst <<- max(worst, off)
}
of <- function(m, preset, method, load, weight)
  runs[runs$preset == preset & runs$method == method & runs$offered_bps == load &
         runs$weight == weight, ]
flat <- function(x) var(x) <= (1e-12 * mean(x))^2

s <- read.csv(file[2])
for (i in seq_len(nrow(s))) with(s[i, ], {
  x <- figures[[metric]](of(metric, preset, method, offered_bps, weight))
  near("n", n, length(x))
  near("mean", mean, base::mean(x))
  if (n > 1) {
    near("sd", sd, stats::sd(x))
    if (stats::sd(x) > 0) {
      ci <- t.test(x)$conf.int
      near("lo", lo, ci[1])
      near("hi", hi, ci[2])
    }
  }
})

cmp <- read.csv(file[3])
tests <- 0
for (i in seq_len(nrow(cmp))) {
  c <- cmp[i, ]
  ta <- of(c$metric, c$preset, c$method, c$offered_bps, c$weight_a)
  tb <- of(c$metric, c$preset, c$method, c$offered_bps, c$weight_b)
  pair <- c$test == "paired"
  if (pair) {
    ta <- ta[order(ta$block), ]
    tb <- tb[order(tb$block), ]
  }
  a <- figures[[c$metric]](ta)
  b <- figures[[c$metric]](tb)
  # R refuses data without spread; napistat has a rule of its own for them
  if (if (pair) flat(a - b + 1) else flat(a) && flat(b)) next
  t <- t.test(a, b, paired = pair)
  near("t", c$t, t$statistic)
  near("df", c$df, t$parameter)
  near("p", c$p, t$p.value)
  test <- function(k, ...) if (pair) t.test(a - k * b, ...) else t.test(a, k * b, ...)
  equal <- if (c$metric == "loss")
    max(t.test(a, b, paired = pair, mu = -limit, alternative = "greater")$p.value,
        t.test(a, b, paired = pair, mu = limit, alternative = "less")$p.value)
  else
    max(test(1 - margin, alternative = "greater")$p.value,
        test(1 + margin, alternative = "less")$p.value)
  near("p_equal", c$p_equal, equal)
  tests <- tests + 1
}
for (f in split(cmp, list(cmp$metric, cmp$preset, cmp$method), drop = TRUE)) {
  for (k in c("p", "p_equal")) {
    want <- p.adjust(f[[k]], "holm")
    for (i in seq_along(want)) near("Holm", f[[paste0(k, "_holm")]][i], want[i])
  }
}

r <- read.csv(file[4])
for (i in seq_len(nrow(r))) {
  t <- runs[runs$preset == r$preset[i] & runs$method == r$method[i] &
              runs$offered_bps == r$offered_bps[i], ]
  m <- aggregate(cbind(rx_packets / seconds, bandwidth_bps) ~ weight, t, mean)
  if (is.na(r$r[i])) next
  want <- cor.test(m[[2]], m[[3]])
  near("r", r$r[i], want$estimate)
  if (nrow(m) > 3) {
    near("r lo", r$lo[i], want$conf.int[1])
    near("r hi", r$hi[i], want$conf.int[2])
  }
}
cat(sprintf("%d means, %d tests, %d correlations agree; the worst by %.1g\n",
            nrow(s), tests, nrow(r), worst))
if (tests < 100) quit(status = 1)
