/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two settings that were measured in turn, a rival and the reference, pair by pair:
 * which one is better, and is the rival worth another trial? napistat answers with it,
 * and the tuner's search screens with it.
 */
#ifndef LIB_PAIRED_H
#define LIB_PAIRED_H

#include "stats.h"

struct paired {
	double *a, *b;	/* the rival's, the reference's; the caller's memory */
	size_t n;
	struct stratum s;
	bool tested;	/* two pairs at least */
	double ratio;	/* of the sums; NAN if the reference's is 0 */
	struct interval ci;
};

enum paired_answer { PAIRED_UNKNOWN, PAIRED_KEEP, PAIRED_CHANGE };

/* A search improves one of these. None of them accepts a lower rate. */
enum objective {
	OBJECTIVE_RATE,		/* the rate, or the CPU per packet */
	OBJECTIVE_LATENCY,	/* cost is the 99th percentile of delay */
	OBJECTIVE_CPU,
	OBJECTIVES,
};

extern const char *const objective_names[OBJECTIVES];
/* -1: no objective is called that */
int objective_find(const char *name);

/* Append a pair, unless one of it is NAN. There must be room. */
void paired_add(struct paired *p, double a, double b);
/*
 * Fill in everything below n. One pair gives a ratio, but no interval and no test; a
 * confidence of 0 wants no interval.
 */
void paired_compare(struct paired *p, double confidence);
/*
 * Is the rival better? Its rate must not be lower by more than margin (0.02: 2 %), and its cost
 * must be lower by more than it; for OBJECTIVE_RATE, either that or a rate that is higher by
 * more than it (Holm's correction). Holds for pairs from which no choice was made.
 */
enum paired_answer paired_decide(const struct paired *rate, const struct paired *cost,
				 enum objective objective, double margin, double confidence);
/* Is a rate shown to be lower than the reference's by more than margin? alpha: one-sided */
bool paired_worse(const struct paired *rate, double margin, double alpha);

#endif
