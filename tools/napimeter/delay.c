// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdlib.h>

#include "delay.h"
#include "util.h"

#define LOWEST 5		/* how many a low value needs at or below it */
#define MOST_DRIFT 500e-6	/* of two clocks: a kernel slews by no more */
#define START_NS (100 * 1000000LL)	/* the receiver may still be starting */

uint32_t delay_share(double datagrams)
{
	double most = 0.8 * DELAY_ROOM;

	return datagrams > most ? DELAY_SHARES * most / datagrams : DELAY_SHARES;
}

/* Since the first sample, by our clock, by the source's, and the difference. */
static double since(const struct delay_sample *s, size_t i)
{
	return (int64_t)(s[i].at - s[0].at);
}

static double transit(const struct delay_sample *s, size_t i)
{
	double sent = ((int64_t)s[i].sent_s - s[0].sent_s) * 1e9 +
		      ((int64_t)s[i].sent_us - s[0].sent_us) * 1e3;

	return since(s, i) - sent;
}

struct low {
	double at, value;
};

/*
 * A low sample, less the drift. Not the lowest one: a damaged time stamp, read before its
 * checksum is verified, may be too low.
 */
static struct low lowest(const struct delay_sample *s, size_t from, size_t to, double slope)
{
	struct low low[LOWEST];
	size_t i, k;

	for (k = 0; k < LOWEST; k++)
		low[k] = (struct low){ 0, INFINITY };
	for (i = from; i < to; i++) {
		struct low one = { since(s, i), transit(s, i) - slope * since(s, i) };

		if (one.value >= low[LOWEST - 1].value)
			continue;
		for (k = LOWEST - 1; k && low[k - 1].value > one.value; k--)
			low[k] = low[k - 1];
		low[k] = one;
	}
	return low[LOWEST - 1];
}

static double slope_of(struct low a, struct low b)
{
	return b.at > a.at ? (b.value - a.value) / (b.at - a.at) : 0;
}

/*
 * The drift between the clocks: what the lowest of the three thirds agree on. A queue that
 * fills once lifts one third only, and then the flatter of the two slopes is near 0. A steeper
 * slope than clocks have is a queue that grows.
 */
static double drift_of(const struct delay_sample *s, size_t n)
{
	double drift = 0;
	int i;

	/* drift hides which samples are lowest: each round sees them with less of it */
	for (i = 0; i < 4; i++) {
		struct low a = lowest(s, 0, n / 3, drift);
		struct low b = lowest(s, n / 3, 2 * n / 3, drift);
		struct low c = lowest(s, 2 * n / 3, n, drift);
		double first = slope_of(a, b), second = slope_of(b, c);

		if (first * second > 0)
			drift += fabs(first) < fabs(second) ? first : second;
		if (fabs(drift) > MOST_DRIFT)
			return 0;
	}
	return drift;
}

struct delay_line delay_line_of(const struct delay_sample *s, size_t n)
{
	struct delay_line line = { 0, 0 };

	if (n >= 3 * LOWEST) {
		line.slope = drift_of(s, n);
		line.low = lowest(s, 0, n, line.slope).value;
	}
	return line;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* In microseconds. It needs one value above it. */
static double quantile(const double *sorted, size_t n, double q)
{
	return n * (1 - q) >= 1 - 1e-9 ? sorted[(size_t)ceil(n * q - 1e-9) - 1] / 1000 : NAN;
}

struct delay delay_of(const struct delay_sample *s, size_t n, const struct delay_line *line,
		      uint64_t from, uint64_t to)
{
	double *all = xcalloc(n + 1, sizeof(*all));
	struct delay d;
	size_t i, have = 0;

	for (i = 0; i < n; i++) {
		if (s[i].at < from || s[i].at > to || since(s, i) < START_NS)
			continue;
		all[have++] = fmax(0, transit(s, i) - line->low - line->slope * since(s, i));
	}
	qsort(all, have, sizeof(*all), by_size);
	d = (struct delay){ quantile(all, have, 0.5), quantile(all, have, 0.99),
			    quantile(all, have, 0.999) };
	free(all);
	return d;
}
