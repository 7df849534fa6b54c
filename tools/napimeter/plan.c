// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"
#include "probe.h"
#include "search.h"
#include "../lib/stats.h"

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

size_t plan_shuffled(const struct plan *plan, uint64_t a, uint64_t b, size_t n, size_t pos)
{
	/* asked for one position after the other */
	static uint64_t kept_state;
	static size_t *order, kept_n;
	uint64_t state = mix(mix(mix(plan->seed) ^ a) ^ b);
	size_t i;

	if (order && kept_state == state && kept_n == n)
		return order[pos];
	kept_state = state;
	kept_n = n;
	free(order);
	order = xcalloc(n, sizeof(*order));
	for (i = 0; i < n; i++) {
		size_t other;

		state = mix(state);
		other = state % (i + 1);
		order[i] = order[other];
		order[other] = i;
	}
	return order[pos];
}

size_t plan_cells(const struct plan *plan, enum column without)
{
	size_t cells = 1;
	enum column col;

	for (col = 0; col < COL_COUNT; col++)
		if (is_axis(col) && col != without)
			cells *= plan->axis[col].count;
	return cells;
}

void plan_cell(const struct plan *plan, size_t cell, enum column without, struct row *spec)
{
	enum column col;

	memset(spec, 0, sizeof(*spec));
	row_set(spec, COL_method, "%s", plan->method);
	row_set(spec, COL_preset, "%s", plan->preset);
	for (col = 0; col < COL_COUNT; col++) {
		const struct axis *axis = &plan->axis[col];

		if (!is_axis(col) || col == without)
			continue;
		row_set(spec, col, "%s", axis->value[cell % axis->count]);
		cell /= axis->count;
	}
	if (!strcmp(plan->source, "pktgen"))
		row_set(spec, COL_protocol, "pktgen");
}

size_t plan_stream_slots(const struct plan *plan)
{
	return plan->blocks * plan->axis[COL_weight].count;
}

size_t plan_trials(const struct plan *plan)
{
	if (!strcmp(plan->method, "interleave"))
		return plan_cells(plan, COL_weight) * plan->reps * plan_stream_slots(plan);
	return plan_cells(plan, COL_COUNT) * plan->reps;
}

static size_t grid_cell(const struct plan *plan, size_t trial)
{
	size_t cells = plan_cells(plan, COL_COUNT);

	return plan_shuffled(plan, trial / cells, 0, cells, trial % cells);
}

/* trial counts from 0 here, from 1 in the files */
void plan_trial(const struct plan *plan, size_t trial, struct row *spec)
{
	if (!strcmp(plan->method, "interleave")) {
		const struct axis *weight = &plan->axis[COL_weight];
		size_t cells = plan_cells(plan, COL_weight);
		size_t stream = trial / plan_stream_slots(plan);
		size_t slot = trial % plan_stream_slots(plan);
		size_t block = slot / weight->count;
		size_t cell = plan_shuffled(plan, stream / cells, 0, cells, stream % cells);
		size_t pick = plan_shuffled(plan, stream, block + 1, weight->count,
					    slot % weight->count);

		plan_cell(plan, cell, COL_weight, spec);
		row_set(spec, COL_rep, "%zu", stream / cells + 1);
		row_set(spec, COL_block, "%zu", block + 1);
		row_set(spec, COL_weight, "%s", weight->value[pick]);
	} else {
		plan_cell(plan, grid_cell(plan, trial), COL_COUNT, spec);
		row_set(spec, COL_rep, "%zu", trial / plan_cells(plan, COL_COUNT) + 1);
	}
	row_set(spec, COL_trial, "%zu", trial + 1);
}

/* The rows are of this plan: nobody has changed the one or the other. */
int plan_check(const struct plan *plan, const struct journal *runs)
{
	size_t i, total = plan_trials(plan);

	if (!strcmp(plan->method, "mlfrr"))
		return 0;
	for (i = 0; i < runs->count; i++) {
		const struct row *row = &runs->rows[i];
		int64_t trial = row_integer(row, COL_trial, 0);
		enum column col;
		struct row spec;

		if (trial < 1 || (uint64_t)trial > total)
			return fail("runs.csv has trial %lld, sweep.json only %zu: somebody has edited one of them; put it right, or give another --out",
				    (long long)trial, total);
		plan_trial(plan, trial - 1, &spec);
		for (col = 0; col < (enum column)plan->columns; col++)
			if (is_axis(col) && !row_is(&spec, col, "auto") &&
			    !row_same(&spec, row, col))
				return fail("runs.csv says %s %s of trial %lld, sweep.json %s: somebody has edited one of them; put it right, or give another --out",
					    column_name(col), row_text(row, col), (long long)trial,
					    row_text(&spec, col));
	}
	return 0;
}

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

double plan_estimate(const struct plan *plan)
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
		size_t cell = grid_cell(plan, row_integer(&runs->rows[i], COL_trial, 1) - 1);
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
		if (journal_has(runs, i + 1) || known[grid_cell(plan, i)])
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
	if (more)
		return more;
	todo->journal = "runs.csv";
	if (!strcmp(plan->method, "mlfrr"))
		more = search_next(plan, runs, todo);
	else
		more = next_of_grid(plan, runs, todo);
	if (more > 0)
		probe_choose(plan, probes, &todo->spec);
	return more;
}
