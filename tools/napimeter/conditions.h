/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Under what a sweep runs: what an axis could set, and what else would make trials differ. A
 * sweep that goes on must find the same.
 */
#ifndef NAPIMETER_CONDITIONS_H
#define NAPIMETER_CONDITIONS_H

#include "plan.h"

/* Does the sweep set this axis in every trial? */
bool plan_sets(const struct plan *plan, enum column col);
/* As meta.json has them under "conditions". */
json_t *conditions_now(const char *interface);
/*
 * 0, or -1 with the first difference kept. What the sweep sets itself may differ, and what
 * either of both does not have, as a meta.json of an older version.
 */
int conditions_same(const struct plan *plan, json_t *before, json_t *now);

#endif
