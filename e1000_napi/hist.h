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
 * Assumptions: one writer at a time; readers copy the cells first (under what
 * u64_stats_sync is the user's business) and work on the copy.
 * No driver type is known here: the same file is built and tested in
 * userspace (tests/unit).
 */
#ifndef E1000_NAPI_HIST_H
#define E1000_NAPI_HIST_H

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>

#define NAPI_HIST_EXACT		256	/* the largest value with its own cell */
#define NAPI_HIST_OCTAVE	8	/* log2(NAPI_HIST_EXACT) */
#define NAPI_HIST_SUB_BITS	5	/* 2^5 = 32 cells for a power of two */
#define NAPI_HIST_CELLS \
	(NAPI_HIST_EXACT + 1 + ((32 - NAPI_HIST_OCTAVE) << NAPI_HIST_SUB_BITS))

/**
 * struct napi_hist - number of times that each value was seen
 * @over_sum: sum of the values above NAPI_HIST_EXACT, in the values' unit
 * @over_max: largest value above NAPI_HIST_EXACT, 0 if there was none
 * @cell: times seen; cell i counts values from napi_hist_lower(i) up to the
 *	next cell's lower bound, exclusive
 *
 * u64_stats_t only, so that it can be copied and cleared word by word.
 */
struct napi_hist {
	u64_stats_t over_sum;
	u64_stats_t over_max;
	u64_stats_t cell[NAPI_HIST_CELLS];
};

/**
 * struct napi_hist_totals - what a whole histogram says
 * @count: number of values
 * @sum: their sum, in the values' unit
 * @max: the largest of them, 0 if there is none
 */
struct napi_hist_totals {
	u64 count;
	u64 sum;
	u64 max;
};

void napi_hist_add_over(struct napi_hist *hist, u64 value);
u64 napi_hist_lower(unsigned int index);
void napi_hist_total(const struct napi_hist *copy,
		     struct napi_hist_totals *totals);

/**
 * napi_hist_write() - give a word any value
 * @word: a word that the caller alone writes now
 * @value: the value
 *
 * u64_stats_add() takes an unsigned long, which on 32 bit is half of this, and
 * u64_stats_set() is younger than some of the kernels.
 */
static inline void napi_hist_write(u64_stats_t *word, u64 value)
{
	WRITE_ONCE(*(u64 *)word, value);
}

/**
 * napi_hist_index() - the cell that counts a value
 * @value: the value, any
 *
 * Log-linear: the octave (position of the highest set bit) picks the group,
 * the NAPI_HIST_SUB_BITS bits below it pick the cell in the group, as in HDR
 * histograms (G. Tene, hdrhistogram.org).
 *
 * Return: an index below NAPI_HIST_CELLS.
 */
static inline unsigned int napi_hist_index(u64 value)
{
	unsigned int octave;
	u32 v;

	if (value <= NAPI_HIST_EXACT)
		return value;

	v = value > U32_MAX ? U32_MAX : value;
	octave = __fls(v);

	/* The shift leaves the highest set bit above those that pick the cell:
	 * it is in the sum once too often
	 */
	return NAPI_HIST_EXACT + 1 - (1 << NAPI_HIST_SUB_BITS) +
	       ((octave - NAPI_HIST_OCTAVE) << NAPI_HIST_SUB_BITS) +
	       (v >> (octave - NAPI_HIST_SUB_BITS));
}

/**
 * napi_hist_add_exact() - count one value that has a cell of its own
 * @hist: histogram that the caller alone writes now
 * @value: the value, at most NAPI_HIST_EXACT
 */
static inline void napi_hist_add_exact(struct napi_hist *hist, u32 value)
{
	u64_stats_inc(&hist->cell[value]);
}

/**
 * napi_hist_add() - count one value
 * @hist: histogram that the caller alone writes now
 * @value: the value, any
 *
 * In the common case a comparison and an increment in memory.
 */
static inline void napi_hist_add(struct napi_hist *hist, u64 value)
{
	if (likely(value <= NAPI_HIST_EXACT))
		napi_hist_add_exact(hist, value);
	else
		napi_hist_add_over(hist, value);
}

/**
 * napi_hist_add_large() - count one value that is likely above NAPI_HIST_EXACT
 * @hist: histogram that the caller alone writes now
 * @value: the value, any
 *
 * As napi_hist_add(), with no call, for nanoseconds.
 */
static __always_inline void napi_hist_add_large(struct napi_hist *hist,
						u64 value)
{
	u64_stats_inc(&hist->cell[napi_hist_index(value)]);
	if (likely(value > NAPI_HIST_EXACT)) {
		napi_hist_write(&hist->over_sum,
				u64_stats_read(&hist->over_sum) + value);
		if (value > u64_stats_read(&hist->over_max))
			napi_hist_write(&hist->over_max, value);
	}
}

#endif /* E1000_NAPI_HIST_H */
