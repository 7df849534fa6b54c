// SPDX-License-Identifier: GPL-2.0
/*
 * The mean of values of which only brackets are known. The values are taken as normal;
 * the likelihood of a bracket is its probability (Turnbull 1976, the parametric case).
 * The interval holds every mean whose profile likelihood, sigma being free, is near
 * enough to the best. The bound on the log-likelihood ratio is n * log(1 + t^2 / (n - 1)),
 * t with n - 1 degrees of freedom: for exact values that is the t interval itself.
 */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "stats.h"

#define SIGMAS 24	/* tried, evenly in log sigma, before the best is refined */
#define NO_SIGMA 1e-4	/* of a bracket: as good as none */
#define REFINE 16	/* golden sections; each narrows by 0.62 */
#define BISECT 40
#define FINE 1e-6	/* of the width: an end of the interval */
#define NEVER 1e4	/* an end is open if it is farther off, in widths */
#define FLAT 1e-3	/* of deviance: means that fit alike */

struct fit {
	struct interval *x;	/* those that differ, and how often each is there */
	double *times;
	size_t n;
	double from, to;	/* all finite ends lie here */
	double width;		/* of that, never 0 */
	double narrow;		/* narrowest bracket */
	double best;		/* log-likelihood */
};

static double log_likelihood(const struct fit *f, double mean, double sigma)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < f->n; i++) {
		double lo = (f->x[i].lo - mean) / sigma, hi = (f->x[i].hi - mean) / sigma, p;

		/* in the upper tail, where P is 1 to the last digit, by Q */
		p = lo > 0 ? gsl_cdf_ugaussian_Q(lo) - gsl_cdf_ugaussian_Q(hi) :
			     gsl_cdf_ugaussian_P(hi) - gsl_cdf_ugaussian_P(lo);
		if (!(p > 0))
			return -1e300;
		sum += f->times[i] * log(p);
	}
	return sum;
}

/* the highest over sigma */
static double profile(const struct fit *f, double mean)
{
	double from = log(f->narrow * NO_SIGMA), to, step, a, b, best = -1e300, at, l, u, v, lu, lv;
	const double golden = 0.6180339887498949;
	int i;

	to = log(10 * (f->width + fmax(fabs(mean - f->from), fabs(mean - f->to))));
	step = (to - from) / (SIGMAS - 1);
	at = from;
	for (i = 0; i < SIGMAS; i++) {
		l = log_likelihood(f, mean, exp(from + i * step));
		if (l > best) {
			best = l;
			at = from + i * step;
		}
	}
	a = at - step;
	b = at + step;
	u = b - golden * (b - a);
	v = a + golden * (b - a);
	lu = log_likelihood(f, mean, exp(u));
	lv = log_likelihood(f, mean, exp(v));
	for (i = 0; i < REFINE; i++) {
		if (lu > lv) {
			b = v;
			v = u;
			lv = lu;
			u = b - golden * (b - a);
			lu = log_likelihood(f, mean, exp(u));
		} else {
			a = u;
			u = v;
			lu = lv;
			v = a + golden * (b - a);
			lv = log_likelihood(f, mean, exp(v));
		}
		best = fmax(best, fmax(lu, lv));
	}
	return best;
}

/* from the mean at, towards sign: where the deviance passes limit; infinite if nowhere */
static double edge(const struct fit *f, double at, int sign, double limit)
{
	double in = 0, out = f->width / 16, mid;
	int i;

	while (2 * (f->best - profile(f, at + sign * out)) <= limit) {
		in = out;
		out *= 2;
		if (out > NEVER * f->width)
			return sign * INFINITY;
	}
	for (i = 0; i < BISECT && out - in > FINE * f->width; i++) {
		mid = (in + out) / 2;
		*(2 * (f->best - profile(f, at + sign * mid)) <= limit ? &in : &out) = mid;
	}
	return at + sign * in;
}

static void gather(struct fit *f, const struct interval *x, size_t n)
{
	size_t i, k;

	f->x = calloc(n, sizeof(*f->x));
	f->times = calloc(n, sizeof(*f->times));
	if (!f->x || !f->times)
		exit(1);
	for (i = 0; i < n; i++) {
		for (k = 0; k < f->n; k++)
			if (f->x[k].lo == x[i].lo && f->x[k].hi == x[i].hi)
				break;
		if (k == f->n)
			f->x[f->n++] = x[i];
		f->times[k]++;
	}
}

struct censored censored_mean(const struct interval *x, size_t n, double confidence)
{
	struct censored c = { NAN, { NAN, NAN } };
	struct fit f = { NULL, NULL, 0, INFINITY, -INFINITY, 0, INFINITY, -INFINITY };
	double a, b, t, limit, at, sum;
	struct interval alike;
	size_t i;
	int k;

	for (i = 0; i < n; i++) {
		double ends[2] = { x[i].lo, x[i].hi };

		for (k = 0; k < 2; k++)
			if (isfinite(ends[k])) {
				f.from = fmin(f.from, ends[k]);
				f.to = fmax(f.to, ends[k]);
			}
		if (isfinite(x[i].hi - x[i].lo))
			f.narrow = fmin(f.narrow, x[i].hi - x[i].lo);
	}
	if (n < 2 || !(f.from <= f.to))
		return c;
	gather(&f, x, n);
	f.width = f.to > f.from ? f.to - f.from : fmax(1e-6 * fabs(f.to), 1e-6);
	if (!isfinite(f.narrow) || f.narrow <= 0)
		f.narrow = f.width / 100;
	/* unimodal, perhaps flat on top or at one end */
	a = f.from - f.width;
	b = f.to + f.width;
	for (k = 0; k < BISECT; k++) {
		double u = a + (b - a) / 3, v = b - (b - a) / 3;

		if (profile(&f, u) > profile(&f, v))
			b = v;
		else
			a = u;
	}
	at = (a + b) / 2;
	f.best = profile(&f, at);
	t = gsl_cdf_tdist_Pinv((1 + confidence) / 2, n - 1);
	limit = n * log1p(t * t / (n - 1));
	/*
	 * The fit leans to a load that divides the brackets when they are wide; their middles
	 * do not, but an open one has none.
	 */
	for (i = 0, sum = 0; i < n; i++)
		sum += (x[i].lo + x[i].hi) / 2;
	if (isfinite(sum)) {
		c.mean = sum / n;
	} else {
		alike.lo = edge(&f, at, -1, FLAT);
		alike.hi = edge(&f, at, 1, FLAT);
		c.mean = (alike.lo + alike.hi) / 2;
	}
	c.ci.lo = edge(&f, at, -1, limit);
	c.ci.hi = edge(&f, at, 1, limit);
	free(f.x);
	free(f.times);
	return c;
}
