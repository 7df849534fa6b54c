/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A histogram of small counts and of nanoseconds, cheap enough for the poll.
 *
 * Values 0..256 have a cell each, so packets per poll are exact up to four
 * times the default weight. Above, every power of two is cut into 32 cells
 * (an error below 1/32 of the value), up to 2^32 - 1; larger values fall into
 * the last cell. Number, sum and maximum of all values are exact at any size:
 * for the exact cells they follow from the cells themselves, so the common
 * case is one increment, and only values above 256 keep a sum and a maximum.
 *
 * One writer at a time. Readers copy the words while it writes, with
 * READ_ONCE(), and detect by a sequence count of their own that a copy is
 * torn. No driver type is known here: the same file is built and tested in
 * userspace (tests/unit).
 */
#ifndef E1000_NAPI_HIST_H
#define E1000_NAPI_HIST_H

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/types.h>

#define E1000_HIST_EXACT	256	/* the largest value with its own cell */
#define E1000_HIST_OCTAVE	8	/* log2(E1000_HIST_EXACT) */
#define E1000_HIST_SUB_BITS	5	/* 2^5 = 32 cells for a power of two */
#define E1000_HIST_CELLS \
	(E1000_HIST_EXACT + 1 + \
	 ((32 - E1000_HIST_OCTAVE) << E1000_HIST_SUB_BITS))

/**
 * struct e1000_hist - number of times that each value was seen
 * @cell: times seen; cell i counts values from e1000_hist_lower(i) up to the
 *	next cell's lower bound, exclusive
 * @over_sum: sum of the values above E1000_HIST_EXACT, in the values' unit
 * @over_max: largest value above E1000_HIST_EXACT, 0 if there was none
 *
 * u64 only, so that it can be copied word by word.
 */
struct e1000_hist {
	u64 cell[E1000_HIST_CELLS];
	u64 over_sum;
	u64 over_max;
};

/**
 * struct e1000_hist_totals - what a whole histogram says
 * @count: number of values
 * @sum: their sum, in the values' unit
 * @max: the largest of them, 0 if there is none
 */
struct e1000_hist_totals {
	u64 count;
	u64 sum;
	u64 max;
};

u64 e1000_hist_lower(unsigned int index);
void e1000_hist_total(const struct e1000_hist *copy,
		      struct e1000_hist_totals *totals);
u64 e1000_hist_sum(const struct e1000_hist *copy);

/**
 * e1000_hist_grow() - add to a word that others may read at any time
 * @word: a word that the caller alone writes now
 * @by: how much
 *
 * A single writer needs no atomic, on any architecture; READ_ONCE() is for the
 * readers only.
 */
static __always_inline void e1000_hist_grow(u64 *word, u64 by)
{
	WRITE_ONCE(*word, *word + by);
}

/**
 * e1000_hist_index() - the cell that counts a value
 * @value: the value, any
 *
 * Log-linear: the octave (position of the highest set bit) picks the group,
 * the E1000_HIST_SUB_BITS bits below it pick the cell in the group, as in HDR
 * histograms (G. Tene, hdrhistogram.org).
 *
 * Return: an index below E1000_HIST_CELLS.
 */
static inline unsigned int e1000_hist_index(u64 value)
{
	unsigned int octave;
	u32 v;

	if (value <= E1000_HIST_EXACT)
		return value;

	v = value > U32_MAX ? U32_MAX : value;
	octave = __fls(v);

	/* The shift leaves the highest set bit above those that pick the cell:
	 * it is in the sum once too often
	 */
	return E1000_HIST_EXACT + 1 - (1 << E1000_HIST_SUB_BITS) +
	       ((octave - E1000_HIST_OCTAVE) << E1000_HIST_SUB_BITS) +
	       (v >> (octave - E1000_HIST_SUB_BITS));
}

/**
 * e1000_hist_add() - count one value
 * @hist: histogram that the caller alone writes now
 * @value: the value, any
 *
 * In the common case a comparison and an increment in memory. With no call in
 * it the poll saves no registers, which would cost as much as the counting.
 */
static __always_inline void e1000_hist_add(struct e1000_hist *hist, u64 value)
{
	if (likely(value <= E1000_HIST_EXACT)) {
		e1000_hist_grow(&hist->cell[value], 1);
		return;
	}

	e1000_hist_grow(&hist->cell[e1000_hist_index(value)], 1);
	e1000_hist_grow(&hist->over_sum, value);
	if (value > hist->over_max)
		WRITE_ONCE(hist->over_max, value);
}

#endif /* E1000_NAPI_HIST_H */
