// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "search.h"

#define TRIALS_PER_CELL 25	/* for the estimate of time only */
#define HINT_WIDTHS 4		/* widths that short trials narrow down to */
#define MOST_TRIALS 200		/* of a cell: what will not be classified ends too */

static double between(double lower, double upper)
{
	return floor(sqrt(lower * upper) / 1000) * 1000;
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
	mlr_bounds(goal, trials, count, false, &s->lower, &s->upper);
	mlr_bounds(goal, trials, count, true, &hint_lower, &hint_upper);

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
	if (s->lower)
		s->conditional_throughput = mlr_conditional(goal, trials, count, s->lower);
}

void search_state(const struct goal *goal, const struct trial_result *trials, size_t count,
		  struct search_state *s)
{
	struct trial_result *kept = xcalloc(count + 1, sizeof(*kept));

	state_of(goal, kept, mlr_drop_stalls(trials, count, kept), s);
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

/*
 * Rows of the same search of a cell; settings the probes chose do not tell cells apart.
 * A cell that is searched more than once has the number of the search as its repetition.
 */
static bool of_cell(const struct plan *plan, const struct row *row, const struct row *cell)
{
	int col;

	if (plan->reps > 1 && !row_same(row, cell, COL_rep))
		return false;
	for (col = 0; col < plan->columns; col++)
		if (plan->axis[col].count > 1 && col != COL_offered_bps && col != COL_protocol &&
		    !row_is(cell, col, "auto") && !row_same(row, cell, col))
			return false;
	return true;
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

/* The n-th search: every repetition has its own order of cells. */
static void cell_of(const struct plan *plan, size_t n, bool shuffled, struct row *cell)
{
	size_t cells = plan_cells(plan, COL_offered_bps), rep = n / cells, pick = n % cells;

	plan_cell(plan, shuffled ? plan_shuffled(plan, rep, 0, cells, pick) : pick,
		  COL_offered_bps, cell);
	row_set(cell, COL_rep, "%zu", rep + 1);
}

size_t search_trials(const struct plan *plan)
{
	return plan_cells(plan, COL_offered_bps) * plan->reps * TRIALS_PER_CELL;
}

/*
 * The cells of a repetition take turns, the one with the fewest trials first, so that
 * what drifts while they are searched falls on all of them alike.
 */
int search_next(const struct plan *plan, const struct journal *runs, struct todo *todo)
{
	size_t cells = plan_cells(plan, COL_offered_bps), i, count, left = 0;
	size_t fewest = SIZE_MAX, first_rep = SIZE_MAX;
	struct goal goal = goal_of(plan);
	struct search_state state;

	for (i = 0; i < cells * plan->reps; i++) {
		struct trial_result *results;
		struct row cell;

		cell_of(plan, i, true, &cell);
		results = results_of(plan, runs, &cell, &count);
		search_state(&goal, results, count, &state);
		free(results);
		if (state.done)
			continue;
		left += count < TRIALS_PER_CELL ? TRIALS_PER_CELL - count : 1;
		if (first_rep == SIZE_MAX)
			first_rep = i / cells;
		if (i / cells != first_rep || count >= fewest)
			continue;
		fewest = count;
		todo->spec = cell;
		row_set_number(&todo->spec, COL_offered_bps, state.load);
		if (plan->reps == 1)
			row_set(&todo->spec, COL_rep, "%zu", count + 1);
		todo->seconds = state.seconds;
	}
	row_set(&todo->spec, COL_trial, "%zu", runs->count + 1);
	todo->done = runs->count;
	todo->total = runs->count + left;
	todo->left_s = left * (plan->goal_final_trial_s + 1);
	return left > 0;
}

void search_report(const struct plan *plan, const struct journal *runs, FILE *out)
{
	size_t cells = plan_cells(plan, COL_offered_bps), i, count;
	struct goal goal = goal_of(plan);
	int col;

	for (col = 0; col < plan->columns; col++)
		if (col == COL_weight || (plan->axis[col].count > 1 && col != COL_offered_bps))
			fprintf(out, "%s,", column_name(col));
	if (plan->reps > 1)
		fprintf(out, "rep,");
	fprintf(out, "relevant_lower_bound_bps,relevant_upper_bound_bps,conditional_throughput_bps,trials,done,source_limit\n");
	for (i = 0; i < cells * plan->reps; i++) {
		struct trial_result *results;
		struct search_state s;
		struct row cell;

		cell_of(plan, i, false, &cell);
		results = results_of(plan, runs, &cell, &count);
		search_state(&goal, results, count, &s);
		free(results);
		for (col = 0; col < plan->columns; col++)
			if (col == COL_weight ||
			    (plan->axis[col].count > 1 && col != COL_offered_bps))
				fprintf(out, "%s,", row_text(&cell, col));
		if (plan->reps > 1)
			fprintf(out, "%s,", row_text(&cell, COL_rep));
		fprintf(out, "%.0f,%.0f,%.0f,%zu,%d,%d\n", s.lower, s.upper, s.conditional_throughput,
		       count, s.done, s.source_limit);
	}
}
