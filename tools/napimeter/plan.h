/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The plan of a sweep. sweep.json in the results folder keeps what was asked
 * and the seed; everything else follows from these two and from the rows
 * that are there already, so a sweep can stop anywhere and go on.
 */
#ifndef NAPIMETER_PLAN_H
#define NAPIMETER_PLAN_H

#include <jansson.h>

#include "journal.h"
#include "../lib/run.h"
#include "util.h"

#define UNTIL_LEAST 3	/* repetitions, before an interval is believed */

struct axis {
	size_t count;
	char (*value)[32];
};

struct plan {
	const char *dir;
	json_t *json;
	uint64_t seed;
	const char *method;		/* grid, interleave, mlfrr */
	const char *interface;
	const char *source;		/* iperf, pktgen, napimeter */
	const char *server;
	unsigned int port;
	const char *netns;		/* pktgen: where its device is, "" for here */
	const char *peer;		/* pktgen: its device */
	const char *preset;
	const char *host;		/* ADDR:PORT of scripts/host/cpu.sh, or "" */
	unsigned int sessions;		/* of reps each; the module is loaded again between them */
	unsigned int reps;
	double seconds;
	double until;			/* grid: half the interval's width that is enough, as a ratio; 0: all reps */
	struct axis axis[COL_COUNT];	/* of the columns that are settings */
	int columns;
	/* interleave */
	unsigned int blocks;
	double slot_s, settle_s;
	/* mlfrr: RFC 9971 names */
	double goal_loss_ratio, goal_width, goal_exceed_ratio;
	double goal_initial_trial_s, goal_final_trial_s, goal_duration_sum_s;
	double min_load, max_load;
};

/* The next thing to do: one trial, or with interleave the rest of one stream. */
struct todo {
	struct row spec;
	double seconds;
	const char *journal;		/* runs.csv, or probes.csv before it */
	size_t total, done;		/* trials; total is an upper bound for mlfrr and until */
	double left_s;
};

/* A setting that a grid can be made over; cells are numbered in the order of the file. */
static inline bool is_axis(int col)
{
	return col >= 0 && col != COL_method && col != COL_preset &&
	       (run_columns[col].role == R_AXIS || run_columns[col].role == R_SETTING);
}

/* The option of sweep.sh that sets this key, for messages; valid until the next call. */
const char *plan_option(const char *key);
/* Every axis, as asked or its default, and whether the sweep has the extra columns. */
int plan_parse_axes(struct plan *p, json_t *asked);
/* Can an axis have this single number? 0, or -1 with the range kept as the reason. */
int axis_check(enum column col, const char *value);

/* words: KEY=VALUE, NULL at the end. The same as in sweep.json, or it fails. */
int plan_make(const char *dir, char *const words[]);
int plan_load(struct plan *plan, const char *dir);
/* The text of a sweep.json, which may have been edited. */
int plan_parse(struct plan *plan, const char *dir, const char *text, size_t len);
/* The rows there are have to be trials of this plan. */
int plan_check(const struct plan *plan, const struct journal *runs);
void plan_free(struct plan *plan);

/* How the rows of an interleaved stream are numbered, from the first trial of the stream. */
size_t plan_stream_slots(const struct plan *plan);
/* The row of a trial, whole settings; for grid and interleave. */
void plan_trial(const struct plan *plan, size_t trial, struct row *spec);
size_t plan_trials(const struct plan *plan);
/* The cell of a trial of a grid; trial counts from 0. */
size_t plan_grid_cell(const struct plan *plan, size_t trial);

/* Cells of the grid without one axis (COL_COUNT: with all). */
size_t plan_cells(const struct plan *plan, enum column without);
void plan_cell(const struct plan *plan, size_t cell, enum column without, struct row *spec);
/* A permutation of 0..n-1 that depends on the seed, a and b only. */
size_t plan_shuffled(const struct plan *plan, uint64_t a, uint64_t b, size_t n, size_t pos);

#endif
