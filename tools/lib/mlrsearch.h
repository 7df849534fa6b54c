/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The highest load that passes without loss, in the terms of RFC 9971 (MLRsearch):
 * the classification of loads, the relevant bounds, the conditional throughput.
 * napimeter's search asks it for the next trial, napistat for the result.
 */
#ifndef LIB_MLRSEARCH_H
#define LIB_MLRSEARCH_H

#include "run.h"

#define SHORT_OF_LOAD 0.98 /* below: the source did not send what was asked */

enum load_class { LOAD_UNDECIDED, LOAD_LOWER, LOAD_UPPER };

struct goal {
	double loss_ratio, exceed_ratio, width;
	double initial_trial_s, final_trial_s, duration_sum_s;
	double min_load, max_load;
};

struct trial_result {
	double load;			/* intended, bit/s */
	double seconds;
	double loss_ratio;
	double reached;			/* of the load, by the source */
};

/* Of a trial that was made; a failed one is a bad one. */
struct trial_result trial_result_of(const struct goal *goal, const struct row *row);
enum load_class classify_load(const struct goal *goal, const struct trial_result *trials,
			      size_t count, double load);
/*
 * Relevant bounds: the smallest upper bound, and the largest lower bound below
 * it; 0: none. Hints are the same from single trials, short ones too.
 */
void mlr_bounds(const struct goal *goal, const struct trial_result *trials, size_t count,
		bool hints, double *lower, double *upper);
/* The rate that passes at the relevant lower bound, also where the source sent less than asked. */
double mlr_conditional(const struct goal *goal, const struct trial_result *trials,
		       size_t count, double lower);
/*
 * Trials of a source that was held up, on a busy host say, tell nothing of the load: all
 * others go to kept, and their number is returned. What happens three times counts.
 */
size_t mlr_drop_stalls(const struct trial_result *trials, size_t count,
		       struct trial_result *kept);

#endif
