// SPDX-License-Identifier: GPL-2.0
/* Number of repetitions that would decide, and the gain that these data would have shown. */
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "verdict.h"

#define POWER 0.9

/*
 * How many repetitions show the equality of equal weights, or a gain of twice the
 * margin, in 9 of 10 sweeps; and the gain that these data would have shown so often.
 */
void plan_more(struct verdict *v, const struct options *o)
{
	double alpha = (1 - o->confidence) / 2, tests = 0;
	double far;
	size_t i, k, open = 0;

	v->reps_needed = v->detectable = NAN;
	for (i = 0; i < v->n; i++) {
		tests += v->rivals[i].rate.n + !isnan(v->rivals[i].cheaper);
		open += !excluded(&v->rivals[i]);
	}
	/* all tests have to pass at once */
	far = gsl_cdf_ugaussian_Qinv(alpha / v->n) + gsl_cdf_ugaussian_Qinv((1 - POWER) / tests);
	for (i = 0; i < v->n; i++) {
		const struct rival *r = &v->rivals[i];

		for (k = 0; k <= r->rate.n; k++) {
			bool last = k == r->rate.n;
			const struct stratum *s = last ? r->cost.sum : &r->rate.s[k];
			size_t many = last ? r->cost.n_sum : 1, j;
			struct contrast c;
			double base = 0, reps;

			if (!many || (last && r->cost.n != r->rate.n))
				continue;
			c = contrast_at(s, many, 1);
			for (j = 0; j < many; j++)
				base += s[j].m2;
			if (!(base > 0) || !(c.se > 0))
				continue;
			if (!last && (!excluded(r) || open == 0))
				v->detectable = fmax(v->detectable, o->margin + c.se / base *
					(gsl_cdf_tdist_Qinv(alpha / tests, c.df) +
					 gsl_cdf_tdist_Pinv(POWER, c.df)));
			reps = s->n1 * pow(far * c.se / base / o->margin, 2);
			if (!excluded(r))
				v->reps_needed = fmax(v->reps_needed, ceil(fmax(reps, s->n1 + 1)));
		}
	}
}
