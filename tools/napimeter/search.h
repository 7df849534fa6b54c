/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is searched for, not swept: the loss-free load of each weight (mlfrr),
 * and what comes before the sweep itself: the source's self-test, --rcvbuf
 * auto and --cpus auto. All of it follows from the rows measured so far.
 */
#ifndef NAPIMETER_SEARCH_H
#define NAPIMETER_SEARCH_H

#include "plan.h"

/* As plan_next(). */
int probe_next(const struct plan *plan, const struct journal *probes, struct todo *todo);
int search_next(const struct plan *plan, const struct journal *runs, struct todo *todo);

/* Put what the probes have found where the sweep says "auto". */
void probe_choose(const struct plan *plan, const struct journal *probes, struct row *spec);

#endif
