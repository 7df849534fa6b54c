/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The next step of a sweep, and how long the rest takes: the probes, then the grid, the
 * streams or the search. Only this calls all of them.
 */
#ifndef NAPIMETER_NEXT_H
#define NAPIMETER_NEXT_H

#include "plan.h"

/* 1: *todo is to be done; 0: nothing left; -1: failed. */
int plan_next(const struct plan *plan, const struct journal *runs, const struct journal *probes,
	      struct todo *todo);

#endif
