// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "stats.h"

#define STILL_LEAST 5 /* repetitions that agree to the last digit: no chance */

static const struct interval no_interval = { NAN, NAN };

/*
 * Two passes in long double: the second takes away the mean, so that a small
 * spread on a large mean (NIST's NumAcc4) keeps its digits; the sum of the
 * deviations fixes what rounding left in the mean.
 */
struct sample sample_of(const double *x, size_t n)
{
	struct sample s = { .n = n, .mean = NAN, .var = NAN };
	long double sum = 0, dev = 0, sq = 0, mean;
	size_t i;

	if (!n)
		return s;
	for (i = 0; i < n; i++)
		sum += x[i];
	mean = sum / n;
	for (i = 0; i < n; i++) {
		long double d = x[i] - mean;

		dev += d;
		sq += d * d;
	}
	s.mean = mean + dev / n;
	if (n > 1)
		s.var = fmaxl(0, (sq - dev * dev / n) / (n - 1));
	return s;
}

double sample_sd(const struct sample *s)
{
	return sqrt(s->var);
}

struct interval mean_interval(const struct sample *s, double confidence)
{
	double half;

	if (s->n < 2)
		return no_interval;
	half = gsl_cdf_tdist_Pinv((1 + confidence) / 2, s->n - 1) *
	       sqrt(s->var / s->n);
	return (struct interval){ s->mean - half, s->mean + half };
}

struct correlation pearson(const double *x, const double *y, size_t n,
			   double confidence)
{
	struct correlation c = { NAN, NAN, no_interval };
	struct sample sx = sample_of(x, n), sy = sample_of(y, n);
	long double xx = 0, yy = 0, xy = 0;
	double t, half;
	size_t i;

	for (i = 0; i < n; i++) {
		long double dx = x[i] - sx.mean, dy = y[i] - sy.mean;

		xx += dx * dx;
		yy += dy * dy;
		xy += dx * dy;
	}
	if (n < 2 || xx <= 0 || yy <= 0)
		return c;
	c.r = fmax(-1, fmin(1, xy / (sqrtl(xx) * sqrtl(yy))));
	if (n < 3)
		return c;
	t = fabs(c.r) * sqrt((n - 2) / (1 - c.r * c.r));
	c.p = isinf(t) ? 0 : 2 * gsl_cdf_tdist_Q(t, n - 2);
	if (n < 4)
		return c;
	half = gsl_cdf_ugaussian_Pinv((1 + confidence) / 2) / sqrt(n - 3);
	c.ci.lo = tanh(atanh(c.r) - half);
	c.ci.hi = tanh(atanh(c.r) + half);
	return c;
}

bool stratum_welch(struct stratum *s, const double *a, size_t n1,
		   const double *b, size_t n2)
{
	struct sample x = sample_of(a, n1), y = sample_of(b, n2);

	*s = (struct stratum){ .n1 = n1, .n2 = n2, .m1 = x.mean, .m2 = y.mean,
			       .v1 = x.var, .v2 = y.var };
	return n1 > 1 && n2 > 1;
}

bool stratum_paired(struct stratum *s, const double *a, const double *b,
		    size_t n)
{
	long double cov = 0;
	size_t i;

	stratum_welch(s, a, n, b, n);
	s->paired = true;
	if (n < 2)
		return false;
	for (i = 0; i < n; i++)
		cov += ((long double)a[i] - s->m1) * (b[i] - s->m2);
	s->cov = cov / (n - 1);
	return true;
}

struct contrast contrast_at(const struct stratum *s, size_t k, double ratio)
{
	struct contrast c = { 0, 0, NAN, SIZE_MAX };
	double u = 0, below = 0, scale = 0;
	size_t i;

	for (i = 0; i < k; i++, s++) {
		double u1 = s->v1 / s->n1;
		double u2 = ratio * ratio * s->v2 / s->n2;

		c.est += s->m1 - ratio * s->m2;
		c.least_n = s->n1 < c.least_n ? s->n1 : c.least_n;
		c.least_n = s->n2 < c.least_n ? s->n2 : c.least_n;
		scale += fabs(s->m1) + fabs(ratio * s->m2);
		if (s->paired) {
			u1 = fmax(0, u1 + u2 - 2 * ratio * s->cov / s->n1);
			u += u1;
			below += u1 * u1 / (s->n1 - 1);
		} else {
			u += u1 + u2;
			below += u1 * u1 / (s->n1 - 1) + u2 * u2 / (s->n2 - 1);
		}
	}
	/* what is left when equal figures are taken from each other is not a spread */
	c.se = sqrt(u);
	if (c.se <= 1e-12 * scale)
		c.se = 0;
	if (fabs(c.est) <= 1e-12 * scale)
		c.est = 0;
	if (c.se > 0)
		c.df = u * u / below;
	return c;
}

double contrast_t(const struct contrast *c)
{
	return c->est / c->se;
}

/*
 * No spread at all. With many repetitions (a deterministic lab) the sign decides. Few may
 * agree by chance, where the figure is coarse: then there is nothing to test against.
 */
static double p_still(const struct contrast *c, bool beyond)
{
	return !beyond ? 1 : c->least_n >= STILL_LEAST ? 0 : NAN;
}

double p_above(const struct contrast *c, double than)
{
	double d = c->est - than;

	if (c->se > 0)
		return gsl_cdf_tdist_Q(d / c->se, c->df);
	return isnan(c->se) || isnan(d) ? NAN : p_still(c, d > 0);
}

double p_below(const struct contrast *c, double than)
{
	double d = c->est - than;

	if (c->se > 0)
		return gsl_cdf_tdist_P(d / c->se, c->df);
	return isnan(c->se) || isnan(d) ? NAN : p_still(c, d < 0);
}

double p_differs(const struct contrast *c)
{
	double above = p_above(c, 0), below = p_below(c, 0);

	return isnan(above) || isnan(below) ? NAN : fmin(1, 2 * fmin(above, below));
}

struct interval difference_interval(const struct stratum *s, size_t k,
				    double confidence)
{
	struct contrast c = contrast_at(s, k, 1);
	double half = 0;

	if (isnan(c.se) || (c.se == 0 && c.least_n < STILL_LEAST))
		return no_interval;
	if (c.se > 0)
		half = c.se * gsl_cdf_tdist_Pinv((1 + confidence) / 2, c.df);
	return (struct interval){ c.est - half, c.est + half };
}

/* the end of the interval of ratios that lies between inside and outside */
static double ratio_end(const struct stratum *s, size_t k, double alpha,
			double inside, double outside)
{
	int i;

	for (i = 0; i < 80; i++) {
		double mid = (inside + outside) / 2;
		struct contrast c = contrast_at(s, k, mid);

		if (fmin(p_above(&c, 0), p_below(&c, 0)) > alpha)
			inside = mid;
		else
			outside = mid;
	}
	return (inside + outside) / 2;
}

struct interval ratio_interval(const struct stratum *s, size_t k,
			       double confidence)
{
	double alpha = (1 - confidence) / 2, m1 = 0, m2 = 0, ratio, far;
	struct interval ci = no_interval;
	struct contrast c;
	size_t i;

	for (i = 0; i < k; i++) {
		m1 += s[i].m1;
		m2 += s[i].m2;
	}
	if (!(m2 > 0) || !(m1 >= 0))
		return ci;
	ratio = m1 / m2;
	c = contrast_at(s, k, ratio);
	if (isnan(c.se) || (c.se == 0 && c.least_n < STILL_LEAST))
		return ci;
	c = contrast_at(s, k, 0);
	/* below 0 no rate can be; the interval stops there */
	ci.lo = p_above(&c, 0) > alpha ? 0 : ratio_end(s, k, alpha, ratio, 0);
	far = ratio > 0 ? 2 * ratio : 1;
	while (far < 1e6 * (ratio + 1)) {
		c = contrast_at(s, k, far);
		if (p_below(&c, 0) <= alpha) {
			ci.hi = ratio_end(s, k, alpha, ratio, far);
			break;
		}
		far *= 2;
	}
	/* the second may be 0 for all we know: no upper end, so no interval */
	return isnan(ci.hi) ? no_interval : ci;
}

static bool same_and_still(const struct stratum *s, size_t k)
{
	struct contrast c = contrast_at(s, k, 1);

	return c.se <= 0 && c.est == 0;
}

/* p of "not different" where nothing scatters: as for any means, few say nothing */
static double p_same(const struct stratum *s, size_t k)
{
	return contrast_at(s, k, 1).least_n < STILL_LEAST ? NAN : 0;
}

double p_better(const struct stratum *s, size_t k, double margin, bool relative)
{
	struct contrast c = contrast_at(s, k, relative ? 1 + margin : 1);

	return p_above(&c, relative ? 0 : margin);
}

double p_not_worse(const struct stratum *s, size_t k, double margin,
		   bool relative)
{
	struct contrast c = contrast_at(s, k, relative ? 1 - margin : 1);

	if (same_and_still(s, k))
		return p_same(s, k);
	return p_above(&c, relative ? 0 : -margin);
}

double p_not_better(const struct stratum *s, size_t k, double margin,
		    bool relative)
{
	struct contrast c = contrast_at(s, k, relative ? 1 + margin : 1);

	if (same_and_still(s, k))
		return p_same(s, k);
	return p_below(&c, relative ? 0 : margin);
}

double p_not_cheaper(const struct stratum *s, size_t k, double margin)
{
	return p_not_worse(s, k, margin, true);
}

double p_equal(const struct stratum *s, size_t k, double margin, bool relative)
{
	double worse = p_not_worse(s, k, margin, relative);
	double better = p_not_better(s, k, margin, relative);

	return isnan(worse) || isnan(better) ? NAN : fmax(worse, better);
}

struct rank {
	double p;
	size_t at;
};

static int by_p(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	return (x->p > y->p) - (x->p < y->p);
}

int holm(double *p, size_t n)
{
	struct rank *r = malloc((n ? n : 1) * sizeof(*r));
	size_t i, m = 0;
	double least = 0;

	if (!r)
		return -1;
	for (i = 0; i < n; i++)
		if (!isnan(p[i]))
			r[m++] = (struct rank){ p[i], i };
	qsort(r, m, sizeof(*r), by_p);
	for (i = 0; i < m; i++) {
		least = fmin(1, fmax(least, (m - i) * r[i].p));
		p[r[i].at] = least;
	}
	free(r);
	return 0;
}
