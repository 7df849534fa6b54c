/* SPDX-License-Identifier: GPL-2.0 */
/* Doing what the plan says is next, and writing it down. */
#ifndef NAPIMETER_STEP_H
#define NAPIMETER_STEP_H

#include "plan.h"

/*
 * 0: the rows are in the journal, -1: failed with the reason kept. On the
 * last try a failure becomes rows too, with status failed. *lost_journal: the
 * journal cannot be written, so trying again is in vain.
 */
int step(const struct plan *plan, struct journal *journal, const struct todo *todo,
	 bool last_try, bool *lost_journal);

#endif
