// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <string.h>

#include "base.h"
#include "paired.h"

const char *const objective_names[OBJECTIVES] = { "rate", "latency", "cpu" };

int objective_find(const char *name)
{
	int i;

	for (i = 0; i < OBJECTIVES; i++)
		if (!strcmp(name, objective_names[i]))
			return i;
	return -1;
}

void paired_add(struct paired *p, double a, double b)
{
	if (isnan(a) || isnan(b))
		return;
	p->a[p->n] = a;
	p->b[p->n++] = b;
}

void paired_compare(struct paired *p, double confidence)
{
	double a = 0, b = 0;
	size_t i;

	for (i = 0; i < p->n; i++) {
		a += p->a[i];
		b += p->b[i];
	}
	p->ratio = b > 0 ? a / b : NAN;
	p->ci = (struct interval){ NAN, NAN };
	p->tested = p->n > 1 && stratum_paired(&p->s, p->a, p->b, p->n);
	if (p->tested && confidence > 0)
		p->ci = ratio_interval(&p->s, 1, confidence);
}

enum paired_answer paired_decide(const struct paired *rate, const struct paired *cost,
				 enum objective objective, double margin, double confidence)
{
	double alpha = 1 - confidence, tests[2] = { NAN, NAN };
	bool not_worse;

	if (!rate->tested)
		return PAIRED_UNKNOWN;
	if (objective == OBJECTIVE_RATE)
		tests[0] = p_better(&rate->s, 1, margin, true);
	not_worse = p_not_worse(&rate->s, 1, margin, true) < alpha;
	if (cost->tested) {
		struct contrast c = contrast_at(&cost->s, 1, 1 - margin);

		tests[1] = p_below(&c, 0);
	}
	if (holm(tests, 2))
		must(NULL);
	return not_worse && (tests[0] < alpha || tests[1] < alpha) ? PAIRED_CHANGE : PAIRED_KEEP;
}

bool paired_worse(const struct paired *rate, double margin, double alpha)
{
	struct contrast c;

	if (!rate->tested)
		return false;
	c = contrast_at(&rate->s, 1, 1 - margin);
	return p_below(&c, 0) < alpha;
}
