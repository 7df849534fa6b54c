// SPDX-License-Identifier: GPL-2.0
/* The parts of the histogram that readers use; see hist.h. */

#include "hist.h"

#define E1000_HIST_SUB_MASK	((1u << E1000_HIST_SUB_BITS) - 1)

/**
 * e1000_hist_lower() - the smallest value that a cell counts
 * @index: the cell, below E1000_HIST_CELLS
 *
 * Inverse of e1000_hist_index(). The first cell above the exact ones would
 * begin with E1000_HIST_EXACT, which has its own cell: it begins one later.
 *
 * Return: the lower bound, in the values' unit.
 */
u64 e1000_hist_lower(unsigned int index)
{
	unsigned int octave, sub;

	if (index <= E1000_HIST_EXACT + 1)
		return index;

	index -= E1000_HIST_EXACT + 1;
	octave = E1000_HIST_OCTAVE + (index >> E1000_HIST_SUB_BITS);
	sub = index & E1000_HIST_SUB_MASK;

	return (u64)((1u << E1000_HIST_SUB_BITS) + sub)
	       << (octave - E1000_HIST_SUB_BITS);
}

/**
 * e1000_hist_total() - number, sum and maximum of all values
 * @copy: a histogram without a writer
 * @totals: filled in
 */
void e1000_hist_total(const struct e1000_hist *copy,
		      struct e1000_hist_totals *totals)
{
	unsigned int i;
	u64 times;

	totals->count = 0;
	totals->sum = copy->over_sum;
	totals->max = 0;

	for (i = 0; i < E1000_HIST_CELLS; i++) {
		times = copy->cell[i];
		totals->count += times;
		if (i > E1000_HIST_EXACT || !times)
			continue;
		totals->sum += i * times;
		totals->max = i;
	}
	if (copy->over_max)
		totals->max = copy->over_max;
}

/**
 * e1000_hist_sum() - sum of all values
 * @copy: a histogram that no poll writes now
 *
 * Return: the sum, in the values' unit.
 */
u64 e1000_hist_sum(const struct e1000_hist *copy)
{
	struct e1000_hist_totals totals;

	e1000_hist_total(copy, &totals);

	return totals.sum;
}
