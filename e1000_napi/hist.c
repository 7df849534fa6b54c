// SPDX-License-Identifier: GPL-2.0
/* The parts of the histogram that are not in every poll; see hist.h. */

#include "hist.h"

#define NAPI_HIST_SUB_MASK	((1u << NAPI_HIST_SUB_BITS) - 1)

/**
 * napi_hist_lower() - the smallest value that a cell counts
 * @index: the cell, below NAPI_HIST_CELLS
 *
 * Inverse of napi_hist_index(). The first cell above the exact ones would
 * begin with NAPI_HIST_EXACT, which has its own cell: it begins one later.
 *
 * Return: the lower bound, in the values' unit.
 */
u64 napi_hist_lower(unsigned int index)
{
	unsigned int octave, sub;

	if (index <= NAPI_HIST_EXACT + 1)
		return index;

	index -= NAPI_HIST_EXACT + 1;
	octave = NAPI_HIST_OCTAVE + (index >> NAPI_HIST_SUB_BITS);
	sub = index & NAPI_HIST_SUB_MASK;

	return (u64)((1u << NAPI_HIST_SUB_BITS) + sub)
	       << (octave - NAPI_HIST_SUB_BITS);
}

/**
 * napi_hist_add_over() - count a value above NAPI_HIST_EXACT
 * @hist: histogram that the caller alone writes now
 * @value: the value, above NAPI_HIST_EXACT
 */
void napi_hist_add_over(struct napi_hist *hist, u64 value)
{
	napi_hist_add_large(hist, value);
}

/**
 * napi_hist_total() - number, sum and maximum of all values
 * @copy: a histogram that nobody writes now
 * @totals: filled in
 */
void napi_hist_total(const struct napi_hist *copy,
		     struct napi_hist_totals *totals)
{
	unsigned int i;
	u64 times;

	totals->count = 0;
	totals->sum = u64_stats_read(&copy->over_sum);
	totals->max = 0;

	for (i = 0; i < NAPI_HIST_CELLS; i++) {
		times = u64_stats_read(&copy->cell[i]);
		totals->count += times;
		if (i > NAPI_HIST_EXACT || !times)
			continue;
		totals->sum += i * times;
		totals->max = i;
	}
	if (u64_stats_read(&copy->over_max))
		totals->max = u64_stats_read(&copy->over_max);
}
