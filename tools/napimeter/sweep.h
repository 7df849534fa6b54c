/* SPDX-License-Identifier: GPL-2.0 */
/* A sweep from its first trial, or the one it was stopped at, to its last. */
#ifndef NAPIMETER_SWEEP_H
#define NAPIMETER_SWEEP_H

#include "plan.h"

/* Read what a results folder holds, or end the program. */
void sweep_load(const char *dir, struct plan *plan, struct journal *runs,
		struct journal *probes);

/* Only one process holds it; waits for another up to this time, then ends the program. */
void sweep_lock(double seconds);

int cmd_run(int argc, char *argv[]);
int cmd_list(int argc, char *argv[]);

#endif
