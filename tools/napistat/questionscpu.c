// SPDX-License-Identifier: GPL-2.0
/* The questions of the study's table that ask about CPU. */
#include <math.h>
#include <stdlib.h>

#include "questions.h"

/* is the figure of a above that of b? p: corrected for how many are asked */
static enum answer above(const struct ask *q, const struct cell *a,
			 const struct cell *b, size_t asked)
{
	double alpha = 1 - q->o->confidence;
	struct stratum s;
	struct contrast c;

	if (!compare_cells(q->d, a, b, q->a.cpu, &s))
		return A_UNCLEAR;
	c = contrast_at(&s, 1, 1);
	if (p_above(&c, 0) * asked < alpha)
		return A_YES;
	if (p_below(&c, 0) < alpha ||
	    p_equal(&s, 1, q->o->margin, true) < alpha)
		return A_NO;
	return A_UNCLEAR;
}

/*
 * At every load: does weight w use more CPU than each of the others? One
 * Bonferroni share for each question asked at once (Holm's first step).
 */
static void cpu_above(const struct ask *q, double w, const double *others,
		      size_t n, struct answers *l)
{
	size_t from, to, i, k, loads = 0;

	for (from = q->a.from; from < q->a.to; from = load_end(q->d, from))
		loads++;
	for (from = q->a.from; from < q->a.to; from = to) {
		const struct cell *a = NULL;
		enum answer all = A_YES;
		size_t compared = 0;

		to = load_end(q->d, from);
		for (i = from; i < to; i++)
			if (cell_weight(q->d, &q->d->cells[i]) == w)
				a = &q->d->cells[i];
		if (!a || !advised(&q->a, cell_trial(q->d, a)) || !cell_has(q->d, a, q->a.cpu))
			continue;
		for (i = from; i < to; i++) {
			const struct cell *b = &q->d->cells[i];
			enum answer is;

			for (k = 0; k < n; k++)
				if (cell_weight(q->d, b) == others[k])
					break;
			if (k == n || b == a || !cell_has(q->d, b, q->a.cpu))
				continue;
			compared++;
			is = above(q, a, b, loads);
			all = is < all ? is : all;
		}
		if (compared)
			add_answer(l, cell_offered(q->d, a), all, MERGE_ANY);
	}
}

void q_cpu_1(const struct ask *q, FILE *out)
{
	double others[] = { 2, q->w60, q->w200 };
	struct answers l = { 0 };

	cpu_above(q, 1, others, 3, &l);
	say_answers(out, &l);
	free(l.list);
}

void q_cpu_2(const struct ask *q, FILE *out)
{
	double others[] = { q->w60, q->w200 };
	struct answers l = { 0 };

	cpu_above(q, 2, others, 2, &l);
	say_answers(out, &l);
	free(l.list);
}

void q_cpu_high(const struct ask *q, FILE *out)
{
	double others[] = { 1, 2 };
	struct answers l = { 0 };

	cpu_above(q, q->w60, others, 2, &l);
	cpu_above(q, q->w200, others, 2, &l);
	say_answers(out, &l);
	if (l.n)
		say_which(q, out);
	free(l.list);
}

void q_cpu_same(const struct ask *q, FILE *out)
{
	double alpha = 1 - q->o->confidence;
	struct answers l = { 0 };
	size_t from, to, i;

	for (from = q->a.from; from < q->a.to; from = to) {
		const struct cell *a = NULL, *b = NULL;
		struct stratum s;
		struct contrast c;
		enum answer is = A_UNCLEAR;

		to = load_end(q->d, from);
		for (i = from; i < to; i++) {
			if (cell_weight(q->d, &q->d->cells[i]) == q->w60)
				a = &q->d->cells[i];
			if (cell_weight(q->d, &q->d->cells[i]) == q->w200)
				b = &q->d->cells[i];
		}
		if (!a || !b || !advised(&q->a, cell_trial(q->d, a)) || !cell_has(q->d, a, q->a.cpu) ||
		    !cell_has(q->d, b, q->a.cpu))
			continue;
		if (compare_cells(q->d, a, b, q->a.cpu, &s)) {
			c = contrast_at(&s, 1, 1);
			if (p_equal(&s, 1, q->o->margin, true) < alpha)
				is = A_YES;
			else if (p_differs(&c) < alpha)
				is = A_NO;
		}
		add_answer(&l, cell_offered(q->d, a), is, MERGE_ALL);
	}
	say_answers(out, &l);
	free(l.list);
}

/* the highest mean, and the lowest load whose mean is within the margin of it */
void q_cpu_most(const struct ask *q, FILE *out)
{
	double most = -1, rate = INFINITY, w = 0, mean;
	size_t i;

	for (i = q->a.from; i < q->a.to; i++)
		if (advised(&q->a, cell_trial(q->d, &q->d->cells[i]))) {
			mean = cell_sample(q->d, &q->d->cells[i], q->a.cpu).mean;
			most = mean > most ? mean : most;
		}
	if (most < 0) {
		fputs("not measured", out);
		return;
	}
	for (i = q->a.from; i < q->a.to; i++) {
		const struct cell *c = &q->d->cells[i];
		double load = cell_offered(q->d, c);

		mean = cell_sample(q->d, c, q->a.cpu).mean;
		if (!advised(&q->a, cell_trial(q->d, c)) || !(mean >= most * (1 - q->o->margin)))
			continue;
		load = load ? load : 1e300;
		if (load < rate || !w) {
			rate = load;
			w = cell_weight(q->d, c);
		}
	}
	fprintf(out, "%.0f %% at ", most);
	if (rate < 1e300)
		fprintf(out, "%.4g Mbit/s", rate / MBIT);
	else
		fputs("full speed", out);
	fprintf(out, " (weight %.0f)", w);
}

static bool near_load(double a, double b)
{
	return fabs(a - b) <= 0.01 * b;
}

void q_cpu_700_800(const struct ask *q, FILE *out)
{
	struct answers l = { .by_weight = true };
	size_t i, k;

	for (i = q->a.from; i < q->a.to; i++) {
		const struct cell *a = &q->d->cells[i];

		if (!high_weight(q, a) || !advised(&q->a, cell_trial(q->d, a)) ||
		    !near_load(cell_offered(q->d, a), 700 * MBIT) ||
		    !cell_has(q->d, a, q->a.cpu))
			continue;
		for (k = i; k < q->a.to; k++) {
			const struct cell *b = &q->d->cells[k];

			if (same_curve(cell_trial(q->d, a), cell_trial(q->d, b)) &&
			    cell_weight(q->d, a) == cell_weight(q->d, b) &&
			    near_load(cell_offered(q->d, b), 800 * MBIT))
				add_answer(&l, cell_weight(q->d, a), above(q, a, b, 1),
				    MERGE_ANY);
		}
	}
	say_answers(out, &l);
	free(l.list);
}

/* are a and b alike in all but one setting? */
static bool alike_but(const struct trial *a, const struct trial *b, enum column but)
{
	int i;

	for (i = 0; i < N_SETTINGS; i++)
		if (run_settings[i] != but && !row_same(&a->row, &b->row, run_settings[i]))
			return false;
	return a->folder == b->folder && number(a, COL_weight) == number(b, COL_weight);
}

/* a: short bursts; b: the same with longer ones, or above 800 Mbit/s */
void q_cpu_bursts(const struct ask *q, FILE *out)
{
	struct answers l = { .by_weight = true };
	bool set = any_bursts(q);
	size_t i, k;

	for (i = q->a.from; i < q->a.to; i++) {
		const struct cell *a = &q->d->cells[i];
		const struct trial *t = cell_trial(q->d, a);

		if (!high_weight(q, a) || !advised(&q->a, cell_trial(q->d, a)) ||
		    burst_of(t) > 1 || !cell_has(q->d, a, q->a.cpu) ||
		    (set ? number(t, COL_offered_bps) <= 800.5 * MBIT :
			   !near_load(number(t, COL_offered_bps), 800 * MBIT)))
			continue;
		for (k = q->a.from; k < q->a.to; k++) {
			const struct cell *b = &q->d->cells[k];
			const struct trial *u = cell_trial(q->d, b);

			if (!alike_but(t, u, COL_burst) || number(u, COL_offered_bps) <= 800.5 * MBIT)
				continue;
			if (set ? burst_of(u) > 1 && number(u, COL_offered_bps) == number(t, COL_offered_bps) :
				  true)
				add_answer(&l, number(t, COL_weight), above(q, a, b, 1), MERGE_ANY);
		}
	}
	say_answers(out, &l);
	if (l.n && !set)
		fputs(BURSTS_NOT_SET, out);
	free(l.list);
}
