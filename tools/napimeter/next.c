// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "next.h"
#include "probe.h"
#include "search.h"
#include "../lib/stats.h"

/* Of a trial, without and with what is around it. */
static double trial_seconds(const struct plan *plan)
{
	return strcmp(plan->method, "interleave") ? plan->seconds : plan->slot_s;
}

static double trial_pace(const struct plan *plan)
{
	return strcmp(plan->method, "interleave") ? plan->seconds + 1 :
	       plan->slot_s + plan->settle_s;
}

static double estimate(const struct plan *plan)
{
	return strcmp(plan->method, "mlfrr") ? plan_trials(plan) * trial_pace(plan) :
		search_trials(plan) * (plan->goal_final_trial_s + 1);
}

/* Seconds from one trial's start to the next one's, as seen so far. */
static double seen_pace(const struct journal *j, double pace)
{
	double sum = 0;
	size_t i, n = 0;

	for (i = j->count; i-- > 1 && n < 20;) {
		double gap = (row_number(&j->rows[i], COL_started_ns) -
			      row_number(&j->rows[i - 1], COL_started_ns)) / 1e9;

		/* not across a pause of the sweep */
		if (gap > 0 && gap < 3 * (pace + 5)) {
			sum += gap;
			n++;
		}
	}
	return n ? sum / n : pace;
}

/* Per second; within one cell packets are as good as bits. NaN if the trial failed. */
static double delivered(const struct row *row)
{
	double rate = row_number(row, COL_bandwidth_bps);

	if (row_is(row, COL_status, "failed"))
		return NAN;
	if (isnan(rate))
		rate = row_number(row, COL_received) / row_number(row, COL_seconds);
	return isnan(rate) ? row_number(row, COL_rx_packets) / row_number(row, COL_seconds) : rate;
}

/*
 * Of every cell: is its mean known well enough? Follows from the rows alone, so that a
 * sweep that is taken up again decides the same.
 */
static bool *cells_known(const struct plan *plan, const struct journal *runs)
{
	size_t i, cells = plan_cells(plan, COL_COUNT);
	double *rate = xcalloc(cells * plan->reps, sizeof(*rate));
	size_t *count = xcalloc(cells, sizeof(*count));
	bool *known = xcalloc(cells, sizeof(*known));

	for (i = 0; i < runs->count; i++) {
		size_t cell = plan_grid_cell(plan, row_integer(&runs->rows[i], COL_trial, 1) - 1);
		double value = delivered(&runs->rows[i]);

		if (!isnan(value) && count[cell] < plan->reps)
			rate[cell * plan->reps + count[cell]++] = value;
	}
	for (i = 0; i < cells; i++) {
		struct sample sample = sample_of(&rate[i * plan->reps], count[i]);
		struct interval ci = mean_interval(&sample, 0.95);

		known[i] = count[i] >= UNTIL_LEAST && (ci.hi - ci.lo) / 2 <= plan->until * sample.mean;
	}
	free(rate);
	free(count);
	return known;
}

static int next_until(const struct plan *plan, const struct journal *runs, struct todo *todo)
{
	bool *known = cells_known(plan, runs);
	size_t i, left = 0;

	for (i = 0; i < plan_trials(plan); i++) {
		if (journal_has(runs, i + 1) || known[plan_grid_cell(plan, i)])
			continue;
		if (!left++)
			plan_trial(plan, i, &todo->spec);
	}
	free(known);
	todo->done = runs->count;
	todo->total = runs->count + left;
	todo->seconds = trial_seconds(plan);
	todo->left_s = left * seen_pace(runs, trial_pace(plan));
	return left > 0;
}

static int next_of_grid(const struct plan *plan, const struct journal *runs, struct todo *todo)
{
	size_t i;

	if (plan->until > 0)
		return next_until(plan, runs, todo);
	todo->total = plan_trials(plan);
	todo->done = runs->count;
	if (todo->done >= todo->total)
		return 0;
	/* rows are in the order of trials, but let a hole be filled too */
	for (i = 0; i < todo->total && journal_has(runs, i + 1); i++)
		;
	plan_trial(plan, i, &todo->spec);
	todo->seconds = trial_seconds(plan);
	todo->left_s = (todo->total - todo->done) * seen_pace(runs, trial_pace(plan));
	return 1;
}

int plan_next(const struct plan *plan, const struct journal *runs, const struct journal *probes,
	      struct todo *todo)
{
	int more;

	memset(todo, 0, sizeof(*todo));
	todo->journal = "probes.csv";
	more = probe_next(plan, probes, todo);
	if (more) {
		todo->left_s += estimate(plan);
		return more;
	}
	todo->journal = "runs.csv";
	if (!strcmp(plan->method, "mlfrr"))
		more = search_next(plan, runs, todo);
	else
		more = next_of_grid(plan, runs, todo);
	if (more > 0)
		probe_choose(plan, probes, &todo->spec);
	return more;
}
