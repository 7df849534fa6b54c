/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's settings. The first time one is changed, what it was is written
 * to a state file and synced BEFORE the change, so that `restore` can put
 * everything back whatever happened to the sweep.
 */
#ifndef NAPIMETER_TUNE_H
#define NAPIMETER_TUNE_H

#include "../lib/run.h"
#include "util.h"

#define TUNE_STATE "/run/e1000_napi/sweep.state"

/* Put a trial's settings in force; empty cells leave things alone. */
int tune_apply(const char *interface, const struct row *spec);
/* After a trial: no other program has changed the interrupt's CPU. */
int tune_check(const char *interface, const struct row *spec);
int tune_weight(const char *interface, int64_t weight);
/* Undo all of it; 0 also if there is nothing to undo. */
int tune_restore(void);

/* For the tests: the state file's lines, and where they are kept. */
int tune_file(const char *state, const char *path, const char *value);
int tune_undo(const char *state);
int tune_check_state(const char *text, size_t len);

#endif
