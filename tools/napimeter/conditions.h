/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Conditions of a sweep: settings that an axis could set, and whatever else would make trials
 * differ. A continued sweep requires the same conditions.
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
