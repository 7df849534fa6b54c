/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A search on disk: DIR/tune keeps what was asked, each measurement's folder has the
 * sweeps and two files, rate.took and cost.took, with the seconds they needed. DIR may be a
 * user's, and root reads it: what is not as written is refused.
 */
#ifndef NAPIMETER_TUNEFOLDER_H
#define NAPIMETER_TUNEFOLDER_H

#include <stdio.h>

#include "tunesearch.h"

/* words: KEY=VALUE, as scripts/tune.sh gives them; 0, or -1 with the reason kept. */
int tune_parse(struct tune *t, char *const words[], size_t count);
/* The sweep's own words (--server …) and its interface, from tune_parse(). */
struct tune_asked {
	const char *interface, *sweep;
};
extern struct tune_asked tune_asked;

/* Can this factor have this value? 0, or -1 with the reason kept. */
int tune_check_value(const char *factor, const char *value);
/* scripts/sweep.sh's options for it, each with a space before it. */
void tune_print_options(const struct tune *t, const struct tune_config *config);

/* Write DIR/tune, or check that it is the same search. */
int tune_begin(struct tune *t, int dir, const char *path, char *const words[], size_t count);
int tune_load(struct tune *t, int dir);

int tune_look(int dir, const struct tune *t, const char *place, struct tune_result *result);
int tune_took(int dir, const char *place, bool rate, double seconds, bool possible,
	      const char *why);
int tune_forget(int dir, const char *place);
int tune_fix_pairs(int dir, unsigned int *pairs);
/* The last line of DIR/log, as far as it can be shown. */
void tune_said(int dir, char *text, size_t size);

/* FACTOR=VALUE …: what is not as in what was to be beaten; with all, each factor. */
void tune_print_config(FILE *out, const struct tune *t, const struct tune_config *config, bool all);
/*
 * Write DIR/answer, DIR/answer.csv (napistat's, read from this file) and print the answer.
 * 1: change; 0: keep; -1: failed.
 */
int tune_write_answer(const struct tune *t, const struct tune_answer *answer, int dir, int from);

#endif
