// SPDX-License-Identifier: GPL-2.0
/*
 * The statistics against published values (NIST StRD) and against R 4.2.2
 * (the R call stands beside each number), then properties on random data.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "napistat.h"

static int failures;

static void near(const char *what, double got, double want, double digits)
{
	double off = want ? fabs(got / want - 1) : fabs(got);

	if (off <= pow(10, -digits))
		return;
	printf("FAIL %s: got %.16g, want %.16g\n", what, got, want);
	failures++;
}

static void ensure(const char *what, bool ok)
{
	if (ok)
		return;
	printf("FAIL %s\n", what);
	failures++;
}

/* NIST StRD, univariate: the certified mean and standard deviation */
static void nist_univariate(void)
{
	static const struct {
		const char *name;
		double first, low, high, mean, sd;
		double digits; /* the data themselves are rounded to doubles */
	} sets[] = {
		{ "NumAcc2", 1.2, 1.1, 1.3, 1.2, 0.1, 13 },
		{ "NumAcc3", 1000000.2, 1000000.1, 1000000.3, 1000000.2, 0.1, 8 },
		{ "NumAcc4", 10000000.2, 10000000.1, 10000000.3, 10000000.2, 0.1, 7 },
	};
	static const double acc1[] = { 10000001, 10000003, 10000002 };
	double x[1001];
	struct sample s = sample_of(acc1, 3);
	size_t i, k;

	near("NumAcc1 mean", s.mean, 10000002, 15);
	near("NumAcc1 sd", sample_sd(&s), 1, 15);
	for (i = 0; i < 3; i++) {
		x[0] = sets[i].first;
		for (k = 1; k < 1001; k++)
			x[k] = k % 2 ? sets[i].low : sets[i].high;
		s = sample_of(x, 1001);
		near(sets[i].name, s.mean, sets[i].mean, 15);
		near(sets[i].name, sample_sd(&s), sets[i].sd, sets[i].digits);
	}
}

/* NIST StRD, linear regression, Norris: certified R squared */
static void nist_norris(void)
{
	static const double xy[][2] = {
		{ 0.2, 0.1 }, { 337.4, 338.8 }, { 118.2, 118.1 }, { 884.6, 888.0 },
		{ 10.1, 9.2 }, { 226.5, 228.1 }, { 666.3, 668.5 }, { 996.3, 998.5 },
		{ 448.6, 449.1 }, { 777.0, 778.9 }, { 558.2, 559.2 }, { 0.4, 0.3 },
		{ 0.6, 0.1 }, { 775.5, 778.1 }, { 666.9, 668.8 }, { 338.0, 339.3 },
		{ 447.5, 448.9 }, { 11.6, 10.8 }, { 556.0, 557.7 }, { 228.1, 228.3 },
		{ 995.8, 998.0 }, { 887.6, 888.8 }, { 120.2, 119.6 }, { 0.3, 0.3 },
		{ 0.3, 0.6 }, { 556.8, 557.6 }, { 339.1, 339.3 }, { 887.2, 888.0 },
		{ 999.0, 998.5 }, { 779.0, 778.9 }, { 11.1, 10.2 }, { 118.3, 117.6 },
		{ 229.2, 228.9 }, { 669.1, 668.4 }, { 448.9, 449.2 }, { 0.5, 0.2 },
	};
	double x[36], y[36];
	struct correlation c;
	size_t i;

	for (i = 0; i < 36; i++) {
		x[i] = xy[i][0];
		y[i] = xy[i][1];
	}
	c = pearson(x, y, 36, 0.95);
	near("Norris R squared", c.r * c.r, 0.999993745883712, 14);
}

static const double a[] = { 587.2, 590.1, 585.7, 588.9, 586.4 };
static const double b[] = { 580.3, 592.2, 579.8, 585.1, 588.8, 583.0 };

static void against_r(void)
{
	double p[] = { 0.01, 0.04, 0.03, NAN, 0.005, 0.5 };
	struct sample s = sample_of(a, 5);
	struct interval ci = mean_interval(&s, 0.95);
	struct correlation r = pearson(a, b, 5, 0.95);
	struct stratum w, q;
	struct contrast c;

	/* t.test(a)$conf.int */
	near("t interval", ci.lo, 585.4102227004876, 12);
	near("t interval", ci.hi, 589.9097772995124, 12);
	/* t.test(a, b) */
	stratum_welch(&w, a, 5, b, 6);
	c = contrast_at(&w, 1, 1);
	near("Welch t", contrast_t(&c), 1.297652138600383, 11);
	near("Welch df", c.df, 6.563604247221248, 11);
	near("Welch p", p_differs(&c), 0.2381462788761166, 11);
	ci = difference_interval(&w, 1, 0.95);
	near("Welch interval", ci.lo, -2.366185705239854, 10);
	near("Welch interval", ci.hi, 7.952852371906442, 10);
	/* t.test(a, .98 * b, alternative = "greater"), (a, 1.02 * b, "less") */
	near("not worse", p_not_worse(&w, 1, 0.02, true), 0.0001551194622963921, 10);
	near("equal", p_equal(&w, 1, 0.02, true), 0.002781646561642445, 10);
	/* t.test(a, 1.02 * b, alternative = "greater") */
	near("better", p_better(&w, 1, 0.02, true), 0.9972183534383576, 10);
	/* max of t.test(a, b, mu = -4, "greater") and (mu = 4, "less") */
	near("equal, absolute", p_equal(&w, 1, 4, false), 0.2968520002124967, 10);
	/* uniroot(function(r) t.test(a, r * b, alternative = ...)$p.value - 0.025) */
	ci = ratio_interval(&w, 1, 0.95);
	near("ratio interval", ci.lo, 0.9959880444831997, 10);
	near("ratio interval", ci.hi, 1.013713158992003, 10);
	/* t.test(a, b[1:5], paired = TRUE) */
	stratum_paired(&q, a, b, 5);
	c = contrast_at(&q, 1, 1);
	near("paired t", contrast_t(&c), 1.227398959588477, 11);
	near("paired df", c.df, 4, 12);
	near("paired p", p_differs(&c), 0.2869675772631171, 11);
	/* t.test(a - .98 * b[1:5], "greater"), (a - 1.02 * b[1:5], "less") */
	near("paired not worse", p_not_worse(&q, 1, 0.02, true),
	     0.0009202813145385094, 10);
	near("paired equal", p_equal(&q, 1, 0.02, true), 0.005005575184012351, 10);
	/* cor.test(a, b[1:5]) */
	near("r", r.r, 0.6495842665136053, 13);
	near("p of r", r.p, 0.2354771632331725, 11);
	near("interval of r", r.ci.lo, -0.5450588934055065, 11);
	near("interval of r", r.ci.hi, 0.9737743759249928, 11);
	/* p.adjust(p, "holm") */
	ensure("holm runs", !holm(p, 6));
	near("holm", p[0], 0.04, 14);
	near("holm", p[1], 0.09, 14);
	near("holm", p[2], 0.09, 14);
	ensure("holm leaves what is not a test", isnan(p[3]));
	near("holm", p[4], 0.025, 14);
	near("holm", p[5], 0.5, 14);
}

static double normal(double mean, double sd)
{
	double u = (rand() + 1.0) / (RAND_MAX + 2.0);
	double v = (rand() + 1.0) / (RAND_MAX + 2.0);

	return mean + sd * sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

static void fill(double *x, size_t n, double mean, double sd)
{
	size_t i;

	for (i = 0; i < n; i++)
		x[i] = normal(mean, sd);
}

/* with a seed of its own, so that a failure can be had again */
static void properties(void)
{
	size_t i, k, n, m, covered = 0, false_alarm = 0, false_equal = 0;
	double x[30], y[30], z[30], p[30];
	const size_t rounds = 4000;

	srand(20130101);
	for (i = 0; i < rounds; i++) {
		struct stratum s, back, two[2];
		struct contrast c, d;
		struct interval ci, wide;
		struct correlation r, q;
		struct sample one;
		double ratio;

		n = 2 + rand() % 20;
		m = 2 + rand() % 20;
		fill(x, n, 800, 20);
		fill(y, m, 800, 5);
		one = sample_of(x, n);
		ci = mean_interval(&one, 0.95);
		covered += ci.lo <= 800 && ci.hi >= 800;
		stratum_welch(&s, x, n, y, m);
		stratum_welch(&back, y, m, x, n);
		c = contrast_at(&s, 1, 1);
		d = contrast_at(&back, 1, 1);
		near("the other way round", contrast_t(&c), -contrast_t(&d), 9);
		near("the same p", p_differs(&c), p_differs(&d), 9);
		false_alarm += p_differs(&c) < 0.05;
		near("two halves of p", p_above(&c, 0) + p_below(&c, 0), 1, 9);
		ratio = s.m1 / s.m2;
		ci = ratio_interval(&s, 1, 0.9);
		ensure("the ratio is in its interval", ci.lo <= ratio && ratio <= ci.hi);
		/* TOST at 5 % and the 90 % interval must say the same */
		if (!isnan(ci.lo) && fabs(p_equal(&s, 1, 0.02, true) - 0.05) > 1e-9)
			ensure("TOST agrees with the interval",
			       (p_equal(&s, 1, 0.02, true) < 0.05) ==
			       (ci.lo > 0.98 && ci.hi < 1.02));
		wide = ratio_interval(&s, 1, 0.99);
		ensure("surer is wider", isnan(wide.lo) ||
		       (wide.lo <= ci.lo && wide.hi >= ci.hi));
		two[0] = s;
		two[1] = s;
		d = contrast_at(two, 2, 1);
		near("twice the same is twice as much", d.est, 2 * c.est, 9);
		near("and twice the freedom", d.df, 2 * c.df, 9);
		/* at the very margin "equal" may be said 5 times in 100, not more */
		for (k = 0; k < m; k++)
			z[k] = y[k] / 1.02;
		stratum_welch(&s, x, n, z, m);
		false_equal += p_equal(&s, 1, 0.02, true) < 0.05;

		fill(y, n, 3, 1);
		r = pearson(x, y, n, 0.95);
		for (k = 0; k < n; k++)
			z[k] = 7 - 2 * y[k];
		q = pearson(z, x, n, 0.95);
		ensure("r is within 1", fabs(r.r) <= 1);
		if (fabs(r.r) > 1e-6)
			near("r only turns over", q.r, -r.r, 8);
		ensure("no interval of r below 4 points", (n < 4) == isnan(r.ci.lo));

		for (k = 0; k < n; k++)
			p[k] = x[k] = rand() / (double)RAND_MAX;
		holm(p, n);
		for (k = 0; k < n; k++) {
			ensure("Holm only raises p", p[k] >= x[k] && p[k] <= 1);
			ensure("Holm keeps the order",
			       k == 0 || (x[k] < x[k - 1] ? p[k] <= p[k - 1] :
							    p[k] >= p[k - 1]));
		}
	}
	/* 5 standard deviations of a binomial of 4000 are 1.7 % */
	ensure("95 % intervals hold 95 % of the time",
	       fabs(covered / (double)rounds - 0.95) < 0.017);
	ensure("no more than 5 % false alarms", false_alarm / (double)rounds < 0.067);
	ensure("no more than 5 % false equals", false_equal / (double)rounds < 0.067);
}

/* brackets of nearly no width are values; wide ones tell no more than they hold */
static void censored(void)
{
	static const double x[] = { 301, 322, 333, 340, 351.5 };
	struct interval narrow[5], one[5], open[5], t;
	struct sample s = sample_of(x, 5);
	struct censored c;
	int i;

	for (i = 0; i < 5; i++) {
		narrow[i] = (struct interval){ x[i] - 0.005, x[i] + 0.005 };
		one[i] = (struct interval){ 300, 400 };
		open[i] = (struct interval){ i ? 300 : -INFINITY, i == 4 ? INFINITY : 400 };
	}
	t = mean_interval(&s, 0.95);
	c = censored_mean(narrow, 5, 0.95);
	near("mean of narrow brackets", c.mean, s.mean, 6);
	near("their interval, from", c.ci.lo, t.lo, 5);
	near("to", c.ci.hi, t.hi, 5);
	c = censored_mean(one, 5, 0.95);
	ensure("one bracket five times: its middle", fabs(c.mean - 350) < 0.1);
	ensure("no narrower than the bracket", c.ci.lo <= 300.1 && c.ci.hi >= 399.9);
	ensure("nor wider than two", c.ci.lo > 250 && c.ci.hi < 450);
	t = c.ci;
	c = censored_mean(open, 5, 0.95);
	ensure("open brackets widen it", c.ci.lo < t.lo && c.ci.hi > t.hi && isfinite(c.mean));
	for (i = 0; i < 5; i++)
		open[i] = (struct interval){ 400, INFINITY };
	c = censored_mean(open, 5, 0.95);
	ensure("at least this", isinf(c.ci.hi) && fabs(c.ci.lo - 400) < 0.1 && !isfinite(c.mean));
	for (i = 0; i < 5; i++)
		open[i] = (struct interval){ -INFINITY, 100 };
	c = censored_mean(open, 5, 0.95);
	ensure("at most this", isinf(c.ci.lo) && fabs(c.ci.hi - 100) < 0.1);
	ensure("three that are open say nothing", isinf(censored_mean(open, 3, 0.95).ci.hi));
	ensure("one bracket alone has none", isnan(censored_mean(one, 1, 0.95).ci.lo));
}

static void edges(void)
{
	static const double same[] = { 5, 5, 5, 5, 5 }, zero[] = { 0, 0, 0, 0, 0 },
			    six[] = { 6, 6, 6, 6, 6 };
	struct sample s = sample_of(same, 1);
	struct stratum w;
	struct contrast c;

	ensure("one value has no interval", isnan(mean_interval(&s, 0.95).lo));
	s = sample_of(same, 0);
	ensure("no value has no mean", isnan(s.mean));
	ensure("what does not vary has no r", isnan(pearson(same, a, 3, 0.95).r));
	ensure("one value makes no test", !stratum_welch(&w, a, 1, b, 5));
	c = contrast_at(&w, 1, 1);
	ensure("and no p", isnan(p_differs(&c)) && isnan(p_equal(&w, 1, 0.02, true)));
	/* a deterministic lab: no spread at all */
	stratum_welch(&w, same, 5, same, 5);
	c = contrast_at(&w, 1, 1);
	ensure("the same is the same", p_differs(&c) == 1 &&
	       p_equal(&w, 1, 0.02, true) == 0);
	stratum_welch(&w, zero, 5, zero, 5);
	ensure("nothing equals nothing", p_equal(&w, 1, 0.02, true) == 0);
	stratum_welch(&w, zero, 4, zero, 4);
	ensure("but four that agree may do so by chance", isnan(p_equal(&w, 1, 0.02, true)));
	stratum_welch(&w, same, 3, six, 3);
	c = contrast_at(&w, 1, 1);
	ensure("three that agree may do so by chance", isnan(p_differs(&c)) &&
	       isnan(p_equal(&w, 1, 0.2, true)));
	stratum_welch(&w, same, 5, six, 5);
	c = contrast_at(&w, 1, 1);
	ensure("5 is not 6", p_differs(&c) == 0 && p_equal(&w, 1, 0.02, true) == 1);
	ensure("5 is 6 within 20 %", p_equal(&w, 1, 0.2, true) == 0);
	stratum_welch(&w, same, 3, zero, 3);
	ensure("no ratio to nothing", isnan(ratio_interval(&w, 1, 0.95).lo));
}

/* the driver's buckets: exact to 256, then 32 to each power of two */
static void buckets(void)
{
	double v, top, step;

	for (v = 0; v <= 256; v++)
		near("exact bucket", bucket_top(v), v, 15);
	for (v = 257; v < 70000; v = top + 1) {
		top = bucket_top(v);
		step = exp2(floor(log2(v))) / 32;
		ensure("a bucket ends below a multiple of its width",
		       fmod(top + 1, step) == 0 && top >= v && top - v < step);
	}
}

int main(void)
{
	nist_univariate();
	nist_norris();
	against_r();
	properties();
	edges();
	censored();
	buckets();
	if (failures)
		printf("%d failures\n", failures);
	return failures ? 1 : 0;
}
