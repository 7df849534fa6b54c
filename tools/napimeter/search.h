/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The highest load that each weight takes without loss (method mlfrr), in the
 * terms of RFC 9971. The search keeps nothing: the rows measured so far say
 * what comes next, so it can stop anywhere and go on.
 */
#ifndef NAPIMETER_SEARCH_H
#define NAPIMETER_SEARCH_H

#include <stdio.h>

#include "../lib/mlrsearch.h"
#include "plan.h"

struct search_state {
	bool done;
	double load, seconds;		/* the next trial, if not done */
	double lower, upper;		/* relevant bounds; 0: none */
	double conditional_throughput;	/* at the relevant lower bound */
	bool source_limit;		/* lower is as much as can be sent, or was asked */
};

void search_state(const struct goal *goal, const struct trial_result *trials, size_t count,
		  struct search_state *state);

/* As plan_next(). */
int search_next(const struct plan *plan, const struct journal *runs, struct todo *todo);
/* The approximate number of trials. */
size_t search_trials(const struct plan *plan);
/* mlfrr.csv: what is found so far. */
void search_report(const struct plan *plan, const struct journal *runs, FILE *out);

#endif
