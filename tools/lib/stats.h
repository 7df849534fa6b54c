/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The statistics, and nothing else: no files, no printing, no global state.
 *
 * Assumed throughout: repetitions of one cell are independent and their
 * means are near enough to normal for a t distribution. A figure that cannot
 * be had (too few values, no variation) is NAN, never a guess.
 */
#ifndef LIB_STATS_H
#define LIB_STATS_H

#include <stdbool.h>
#include <stddef.h>

struct sample {
	size_t n;
	double mean;
	double var; /* of one value, n - 1 below; NAN when n < 2 */
};

struct interval {
	double lo;
	double hi;
};

struct sample sample_of(const double *x, size_t n);
double sample_sd(const struct sample *s);
struct interval mean_interval(const struct sample *s, double confidence);

/*
 * The mean of n values that are known to lie in brackets only, ends of which may be
 * infinite; see censored.c. An end of ci, and then the mean too, is infinite where the
 * brackets say nothing of it; all are NAN when n < 2 or no end is finite.
 */
struct censored {
	double mean;
	struct interval ci;
};

struct censored censored_mean(const struct interval *x, size_t n, double confidence);

struct correlation {
	double r;
	double p; /* two-sided, of r = 0 */
	struct interval ci; /* Fisher's z; NAN when n < 4 */
};

struct correlation pearson(const double *x, const double *y, size_t n,
			   double confidence);

/*
 * One place where two weights are compared: the same load and settings,
 * n1 and n2 repetitions. Paired: n1 = n2 blocks, cov their covariance.
 */
struct stratum {
	bool paired;
	size_t n1, n2;
	double m1, m2;
	double v1, v2;
	double cov;
};

bool stratum_welch(struct stratum *s, const double *a, size_t n1,
		   const double *b, size_t n2);
bool stratum_paired(struct stratum *s, const double *a, const double *b,
		    size_t n);

/*
 * The contrast sum(mean1) - ratio * sum(mean2) over k strata, with its
 * standard error and Satterthwaite's degrees of freedom. k = 1 and ratio = 1
 * is Welch's test (or the paired t test); other ratios ask "is the first
 * more than ratio times the second?" without taking the second as known.
 */
struct contrast {
	double est;
	double se;
	double df;
	size_t least_n; /* of any sample in it */
};

struct contrast contrast_at(const struct stratum *s, size_t k, double ratio);
double contrast_t(const struct contrast *c);
double p_differs(const struct contrast *c);
double p_above(const struct contrast *c, double than);
double p_below(const struct contrast *c, double than);

/* an interval of sum(mean1) - sum(mean2) */
struct interval difference_interval(const struct stratum *s, size_t k,
				    double confidence);
/* of sum(mean1) / sum(mean2): every ratio that the test above lets stand */
struct interval ratio_interval(const struct stratum *s, size_t k,
			       double confidence);

/*
 * Two one-sided tests: a small p says the two are equal within the margin.
 * relative: margin is a share of the second; else in the metric's own unit.
 */
double p_equal(const struct stratum *s, size_t k, double margin, bool relative);
/* the one-sided halves of it: better than / not worse than by more than margin */
double p_better(const struct stratum *s, size_t k, double margin, bool relative);
double p_not_worse(const struct stratum *s, size_t k, double margin,
		   bool relative);
double p_not_better(const struct stratum *s, size_t k, double margin,
		    bool relative);
/* of a cost: a small p says the first is not lower by more than the margin */
double p_not_cheaper(const struct stratum *s, size_t k, double margin);

/* Holm's correction, in place; NANs are not tests and stay NAN */
int holm(double *p, size_t n);

#endif
