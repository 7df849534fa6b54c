// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "mlrsearch.h"

#define STALLED 0.8 /* below this share of the most that the source sent, it stood still */
#define MOST_STALLS 2 /* of a load; with more it is not a stall */

static bool same(double a, double b)
{
	return fabs(a - b) < 0.5;
}

/* RFC 9971, appendix "Load Classification"; its names where C lets us. */
enum load_class classify_load(const struct goal *goal, const struct trial_result *trials,
			      size_t count, double load)
{
	double good_long_s = 0, bad_long_s = 0, good_short_s = 0, bad_short_s = 0;
	double balance_s, effective_bad_s, effective_whole_s, quantile_duration_s;
	bool optimistic_is_lower, pessimistic_is_lower;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct trial_result *t = &trials[i];
		bool is_long = t->seconds >= 0.9 * goal->final_trial_s;
		bool good = t->loss_ratio <= goal->loss_ratio;

		if (!same(t->load, load))
			continue;
		*(is_long ? good ? &good_long_s : &bad_long_s :
		  good ? &good_short_s : &bad_short_s) += t->seconds;
	}
	balance_s = good_short_s * goal->exceed_ratio / (1 - goal->exceed_ratio);
	effective_bad_s = bad_long_s + fmax(0, bad_short_s - balance_s);
	/* trials end a little early or late: 90 % of the sum is the sum */
	effective_whole_s = fmax(good_long_s + effective_bad_s, 0.9 * goal->duration_sum_s);
	quantile_duration_s = effective_whole_s * goal->exceed_ratio;
	optimistic_is_lower = effective_bad_s <= quantile_duration_s;
	pessimistic_is_lower = effective_whole_s - good_long_s <= quantile_duration_s;
	if (optimistic_is_lower != pessimistic_is_lower)
		return LOAD_UNDECIDED;
	return optimistic_is_lower ? LOAD_LOWER : LOAD_UPPER;
}

void mlr_bounds(const struct goal *goal, const struct trial_result *trials, size_t count,
			bool hints, double *lower, double *upper)
{
	int pass;
	size_t i;

	*lower = *upper = 0;
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < count; i++) {
			const struct trial_result *t = &trials[i];
			enum load_class class;

			/* trials that are sorted by load ask once for each */
			if (!hints && i && same(t->load, trials[i - 1].load))
				continue;
			class = classify_load(goal, trials, count, t->load);
			if (hints && class == LOAD_UNDECIDED)
				class = t->loss_ratio <= goal->loss_ratio ? LOAD_LOWER : LOAD_UPPER;
			if (pass == 0 && class == LOAD_UPPER && (!*upper || t->load < *upper))
				*upper = t->load;
			if (pass == 1 && class == LOAD_LOWER && t->load > *lower &&
			    (!*upper || t->load < *upper))
				*lower = t->load;
		}
	}
}

/* The goal's exceed ratio of the time may be worse than this. */
static double quantile_loss(const struct goal *goal, const struct trial_result *trials,
			    size_t count, double load)
{
	double whole = 0, best = 0;
	size_t i, j;

	for (i = 0; i < count; i++)
		if (same(trials[i].load, load))
			whole += trials[i].seconds;
	for (i = 0; i < count; i++) {
		double worse = 0;

		if (!same(trials[i].load, load))
			continue;
		for (j = 0; j < count; j++)
			if (same(trials[j].load, load) &&
			    trials[j].loss_ratio > trials[i].loss_ratio)
				worse += trials[j].seconds;
		if (worse <= goal->exceed_ratio * whole &&
		    (!best || trials[i].loss_ratio < best - 1))
			best = trials[i].loss_ratio + 1;	/* 0: none yet */
	}
	return best ? best - 1 : 0;
}

static double mean_reached(const struct trial_result *trials, size_t count, double load)
{
	double sum = 0, mean;
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		if (same(trials[i].load, load)) {
			sum += trials[i].reached;
			n++;
		}
	mean = sum / n;
	return mean < SHORT_OF_LOAD ? mean : 1;
}

/* Less than was asked, and much less than it can. */
static bool stalled(const struct trial_result *t, double most)
{
	return t->reached < SHORT_OF_LOAD && t->load * t->reached < STALLED * most;
}

size_t mlr_drop_stalls(const struct trial_result *trials, size_t count,
			  struct trial_result *kept)
{
	double most = 0;
	size_t i, j, n = 0;

	for (i = 0; i < count; i++)
		most = fmax(most, trials[i].load * trials[i].reached);
	for (i = 0; i < count; i++) {
		size_t times = 0;

		for (j = 0; j < count && stalled(&trials[i], most); j++)
			times += same(trials[j].load, trials[i].load) && stalled(&trials[j], most);
		if (!stalled(&trials[i], most) || times > MOST_STALLS)
			kept[n++] = trials[i];
	}
	return n;
}

double mlr_conditional(const struct goal *goal, const struct trial_result *trials,
		       size_t count, double lower)
{
	return lower * (1 - quantile_loss(goal, trials, count, lower)) *
	       mean_reached(trials, count, lower);
}

struct trial_result trial_result_of(const struct goal *goal, const struct row *row)
{
	double sent = row_number(row, COL_sent), bits;
	struct trial_result t = { .load = row_number(row, COL_offered_bps) };

	if (!(sent > 0)) {
		/* a failed trial is a bad one, or the search would never end */
		t.seconds = goal->final_trial_s;
		t.loss_ratio = 1;
		t.reached = 1;
		return t;
	}
	bits = sent * 8 * row_number(row, COL_datagram);
	/* sending one burst takes no time: count the time for which it is the load */
	t.seconds = fmax(row_source_seconds(row), bits / t.load);
	t.loss_ratio = row_number(row, COL_lost) / sent;
	t.reached = bits / t.seconds / t.load;
	return t;
}
