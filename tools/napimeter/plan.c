// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

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
	size_t reps = (size_t)plan->sessions * plan->reps;

	if (!strcmp(plan->method, "interleave"))
		return plan_cells(plan, COL_weight) * reps * plan_stream_slots(plan);
	return plan_cells(plan, COL_COUNT) * reps;
}

size_t plan_grid_cell(const struct plan *plan, size_t trial)
{
	size_t cells = plan_cells(plan, COL_COUNT);

	return plan_shuffled(plan, trial / cells, 0, cells, trial % cells);
}

/* rep counts from 0, through all sessions */
static void set_rep(const struct plan *plan, size_t rep, struct row *spec)
{
	row_set(spec, COL_rep, "%zu", rep % plan->reps + 1);
	if (plan->sessions > 1)
		row_set(spec, COL_session, "%zu", rep / plan->reps + 1);
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
		set_rep(plan, stream / cells, spec);
		row_set(spec, COL_block, "%zu", block + 1);
		row_set(spec, COL_weight, "%s", weight->value[pick]);
	} else {
		plan_cell(plan, plan_grid_cell(plan, trial), COL_COUNT, spec);
		set_rep(plan, trial / plan_cells(plan, COL_COUNT), spec);
	}
	row_set(spec, COL_trial, "%zu", trial + 1);
}

/* The rows are of this plan: neither was changed. */
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
			return fail("runs.csv has trial %lld, sweep.json only %zu: one of them was edited; put it right, or give another --out",
				    (long long)trial, total);
		plan_trial(plan, trial - 1, &spec);
		for (col = 0; col < (enum column)plan->columns; col++)
			if (is_axis(col) && !row_is(&spec, col, "auto") &&
			    !row_same(&spec, row, col))
				return fail("runs.csv says %s %s of trial %lld, sweep.json %s: one of them was edited; put it right, or give another --out",
					    column_name(col), row_text(row, col), (long long)trial,
					    row_text(&spec, col));
	}
	return 0;
}
