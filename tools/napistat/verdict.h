/* SPDX-License-Identifier: GPL-2.0 */
/* The verdict on one folder: what was tested, and what follows from it. */
#ifndef NAPISTAT_VERDICT_H
#define NAPISTAT_VERDICT_H

#include <math.h>
#include <stdio.h>

#include "advice.h"
#include "drift.h"

enum action { CANNOT_SAY, KEEP, CHANGE };

/* Data of one weight, at the loads of the verdict. */
struct evidence {
	size_t loads, trials, warned, failed;
};

/* One metric of a rival against the reference: at each load, and over all of them. */
struct over {
	struct place *at;
	struct stratum *s, *sum;
	size_t n, n_sum;
};

struct rival {
	double weight;
	struct evidence seen;
	bool complete; /* no load is missing and no trial failed */
	struct over rate, cost, delay;
	double *better, *worse; /* p of more, of less, by more than the margin */
	double cheaper; /* p of it */
	bool not_worse, equal, gains, saves;
	bool no_gain; /* shown at every load, and no saving either */
	size_t n_worse;
	double effect, cost_effect, delay_effect;
	struct interval ci, cost_ci, delay_ci; /* wider the more weights there are to choose from */
};

/* Result of the fresh trials of the winner and the reference; see confirm.c. */
struct fresh {
	bool there, shown;
	size_t reps, failed;
	const char *unit; /* of reps */
	double effect, cost_effect;
	struct interval ci, cost_ci;
};

struct verdict {
	struct advice a;
	enum action action;
	struct rival *rivals;
	size_t n;
	struct evidence ref;
	const struct rival *winner, *shown; /* shown: its effect is reported */
	size_t loads, curves, without_ref, min_n, max_n, trials;
	double lowest, highest;
	bool tested, paired, until;
	double ref_rate; /* the reference's, the sum over its loads */
	size_t sessions; /* the fewest of a cell */
	size_t streams; /* of interleave, the fewest of a cell; 0: another method */
	double reps_needed; /* to decide, if the scatter stays; NAN: not known */
	struct left_out left_out;
	double detectable; /* a gain above this is seen in 9 of 10 sweeps */
	struct fresh fresh;
	struct drift drift;
};

/* Has this rival been shown to be no better? */
static inline bool excluded(const struct rival *r)
{
	return r->n_worse || (r->complete && r->no_gain);
}

struct verdict verdict_of(const struct data *d, size_t folder, const struct options *o);
/* power.c: fill in reps_needed and detectable */
void plan_more(struct verdict *v, const struct options *o);
void verdict_free(struct verdict *v);
/* Nothing can be compared: no trial was usable, or the reference received nothing. */
static inline bool verdict_no_rate(const struct verdict *v)
{
	return isnan(v->a.reference) || (v->loads && !(v->ref_rate > 0));
}

/* The weight that stays where the verdict is not a change. */
double verdict_kept(const struct verdict *v);
bool verdict_measured(const struct verdict *v, double weight);
/*
 * Of a verdict of change: look for fresh trials in the folder, and take it back if they do
 * not show it. -1 with the problem filled in if they cannot be read.
 */
int verdict_confirm(struct verdict *v, const char *folder, const struct options *o,
		    struct problem *why);

/* The paragraph; *head and *body: where its first sentence and its limits end and begin. */
char *verdict_text(const struct data *d, const struct verdict *v, size_t folder,
		   const struct options *o, size_t *head, size_t *body);

/* percent with one decimal, and no "-0.0" */
static inline double tenths(double share)
{
	return round(1000 * share) / 10 + 0.0;
}

/* verdictlimits.c */
void say_place(FILE *out, const struct data *d, const struct verdict *v,
	       const struct folder *f, const struct options *o);
void say_limits(FILE *out, const struct verdict *v, const struct folder *f,
		const struct options *o);

#endif
