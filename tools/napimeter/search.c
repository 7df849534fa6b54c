// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "search.h"

#define TRIALS_PER_CELL 25	/* for the estimate of time only */
#define HINT_WIDTHS 4		/* short trials narrow down to so many widths */
#define MOST_TRIALS 200		/* of a cell: what will not be classified ends too */
#define SHORT_OF_LOAD 0.98	/* below: the source did not send what was asked */
#define STALLED 0.8		/* and below this share of the most that it sent: it stood still */
#define MOST_STALLS 2		/* of a load; with more it is no stall */

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

/*
 * Relevant bounds: the smallest upper bound, and the largest lower bound below
 * it. Hints are the same from single trials, short ones too.
 */
static void find_bounds(const struct goal *goal, const struct trial_result *trials, size_t count,
			bool hints, double *lower, double *upper)
{
	int pass;
	size_t i;

	*lower = *upper = 0;
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < count; i++) {
			const struct trial_result *t = &trials[i];
			enum load_class class = classify_load(goal, trials, count, t->load);

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

static double between(double lower, double upper)
{
	return floor(sqrt(lower * upper) / 1000) * 1000;
}

/*
 * Less than was asked, and much less than it can: a source that was held up, on a busy
 * host say. Such a trial tells nothing of the load, and is made again; but if it is so
 * three times, it counts.
 */
static bool stalled(const struct trial_result *t, double most)
{
	return t->reached < SHORT_OF_LOAD && t->load * t->reached < STALLED * most;
}

static size_t drop_stalls(const struct trial_result *trials, size_t count,
			  struct trial_result *kept)
{
	double most = 0;
	size_t i, j, n = 0;

	for (i = 0; i < count; i++)
		most = fmax(most, trials[i].load * trials[i].reached);
	for (i = 0; i < count; i++) {
		size_t times = 0;

		for (j = 0; j < count; j++)
			times += same(trials[j].load, trials[i].load) && stalled(&trials[j], most);
		if (!stalled(&trials[i], most) || times > MOST_STALLS)
			kept[n++] = trials[i];
	}
	return n;
}

static void state_of(const struct goal *goal, const struct trial_result *trials, size_t count,
		     struct search_state *s)
{
	double hint_lower, hint_upper, max_load = goal->max_load, step = 1 + goal->width;
	size_t i;

	*s = (struct search_state){ .seconds = goal->final_trial_s };
	/* no loss, but the source did not send that much: that is where the search ends */
	for (i = 0; i < count; i++)
		if (trials[i].loss_ratio <= goal->loss_ratio && trials[i].reached < SHORT_OF_LOAD)
			max_load = fmin(max_load, trials[i].load);
	find_bounds(goal, trials, count, false, &s->lower, &s->upper);
	find_bounds(goal, trials, count, true, &hint_lower, &hint_upper);

	if (s->lower && s->upper && s->upper <= s->lower * step * 1.0001) {
		s->done = true;
	} else if (s->lower >= max_load * 0.9999) {
		s->done = s->source_limit = true;
	} else if (s->upper && s->upper <= goal->min_load * 1.0001) {
		s->done = true;
	} else if (!count) {
		s->load = max_load;
		s->seconds = goal->initial_trial_s;
	} else if (count == 1 && hint_upper) {
		/* what passed at the highest load is the next guess */
		s->load = fmax(goal->min_load, floor(hint_upper * trials[0].reached *
						     (1 - trials[0].loss_ratio) / 1000) * 1000);
		s->seconds = goal->initial_trial_s;
	} else if (hint_upper && !hint_lower && hint_upper > goal->min_load * 1.0001) {
		s->load = fmax(goal->min_load, floor(hint_upper / 2 / 1000) * 1000);
		s->seconds = goal->initial_trial_s;
	} else if (hint_upper && hint_lower && !s->lower && !s->upper &&
		   hint_upper / hint_lower > 1 + HINT_WIDTHS * goal->width) {
		s->load = between(hint_lower, hint_upper);
		s->seconds = goal->initial_trial_s;
	} else if (s->lower && s->upper) {
		s->load = between(s->lower, s->upper);
	} else if (s->upper) {
		/* the hint was too high: down, in growing steps */
		s->load = hint_lower && hint_lower < s->upper ? hint_lower :
			  fmax(goal->min_load, floor(s->upper / step / step / 1000) * 1000);
	} else if (s->lower) {
		s->load = hint_upper && hint_upper > s->lower ? hint_upper :
			  fmin(max_load, floor(s->lower * step * step / 1000) * 1000);
		/* a hint may be far up: do not spend long trials there */
		if (s->load > s->lower * step * step)
			s->load = floor(s->lower * step / 1000) * 1000;
	} else {
		s->load = hint_lower ? hint_lower : fmax(goal->min_load, hint_upper);
	}
	if (s->lower)	/* what passed, where the source sent less than asked */
		s->conditional_throughput = s->lower *
			(1 - quantile_loss(goal, trials, count, s->lower)) *
			mean_reached(trials, count, s->lower);
}

void search_state(const struct goal *goal, const struct trial_result *trials, size_t count,
		  struct search_state *s)
{
	struct trial_result *kept = xcalloc(count + 1, sizeof(*kept));

	state_of(goal, kept, drop_stalls(trials, count, kept), s);
	if (count >= MOST_TRIALS)
		s->done = true;
	free(kept);
}

static struct goal goal_of(const struct plan *p)
{
	return (struct goal){
		.loss_ratio = p->goal_loss_ratio, .exceed_ratio = p->goal_exceed_ratio,
		.width = p->goal_width, .initial_trial_s = p->goal_initial_trial_s,
		.final_trial_s = p->goal_final_trial_s, .duration_sum_s = p->goal_duration_sum_s,
		.min_load = p->min_load, .max_load = p->max_load,
	};
}

/* Rows of the same cell; settings the probes chose do not tell cells apart. */
static bool of_cell(const struct plan *plan, const struct row *row, const struct row *cell)
{
	int col;

	for (col = 0; col < plan->columns; col++)
		if (plan->axis[col].count > 1 && col != COL_offered_bps && col != COL_protocol &&
		    !row_is(cell, col, "auto") && !row_same(row, cell, col))
			return false;
	return true;
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
	/* one burst is sent in no time: what counts is for how long it is the load */
	t.seconds = fmax(row_number(row, COL_seconds), bits / t.load);
	t.loss_ratio = row_number(row, COL_lost) / sent;
	t.reached = bits / t.seconds / t.load;
	return t;
}

static struct trial_result *results_of(const struct plan *plan, const struct journal *runs,
				       const struct row *cell, size_t *count)
{
	struct trial_result *results = xcalloc(runs->count + 1, sizeof(*results));
	struct goal goal = goal_of(plan);
	size_t i;

	*count = 0;
	for (i = 0; i < runs->count; i++) {
		const struct row *row = &runs->rows[i];

		if (of_cell(plan, row, cell))
			results[(*count)++] = trial_result_of(&goal, row);
	}
	return results;
}

int search_next(const struct plan *plan, const struct journal *runs, struct todo *todo)
{
	size_t cells = plan_cells(plan, COL_offered_bps);
	struct goal goal = goal_of(plan);
	struct search_state state;
	size_t i, count, left = 0, found = 0;

	for (i = 0; i < cells; i++) {
		struct trial_result *results;
		struct row cell;

		plan_cell(plan, plan_shuffled(plan, 0, 0, cells, i), COL_offered_bps, &cell);
		results = results_of(plan, runs, &cell, &count);
		search_state(&goal, results, count, &state);
		free(results);
		if (state.done)
			continue;
		left += count < TRIALS_PER_CELL ? TRIALS_PER_CELL - count : 1;
		if (found++)
			continue;
		todo->spec = cell;
		row_set_number(&todo->spec, COL_offered_bps, state.load);
		row_set(&todo->spec, COL_rep, "%zu", count + 1);
		todo->seconds = state.seconds;
	}
	row_set(&todo->spec, COL_trial, "%zu", runs->count + 1);
	todo->done = runs->count;
	todo->total = runs->count + left;
	todo->left_s = left * (plan->goal_final_trial_s + 1);
	return found > 0;
}

void search_report(const struct plan *plan, const struct journal *runs)
{
	size_t cells = plan_cells(plan, COL_offered_bps), i, count;
	struct goal goal = goal_of(plan);
	int col;

	for (col = 0; col < plan->columns; col++)
		if (col == COL_weight || (plan->axis[col].count > 1 && col != COL_offered_bps))
			printf("%s,", column_name(col));
	printf("relevant_lower_bound_bps,relevant_upper_bound_bps,conditional_throughput_bps,trials,done,source_limit\n");
	for (i = 0; i < cells; i++) {
		struct trial_result *results;
		struct search_state s;
		struct row cell;

		plan_cell(plan, i, COL_offered_bps, &cell);
		results = results_of(plan, runs, &cell, &count);
		search_state(&goal, results, count, &s);
		free(results);
		for (col = 0; col < plan->columns; col++)
			if (col == COL_weight ||
			    (plan->axis[col].count > 1 && col != COL_offered_bps))
				printf("%s,", row_text(&cell, col));
		printf("%.0f,%.0f,%.0f,%zu,%d,%d\n", s.lower, s.upper, s.conditional_throughput,
		       count, s.done, s.source_limit);
	}
}
