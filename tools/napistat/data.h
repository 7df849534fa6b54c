/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A results folder in memory.
 *
 * A trial is one row of runs.csv; number() is NAN where a field was empty ("not
 * measured").
 *
 * order[] sorts the usable trials by folder, settings, load, weight, session,
 * repetition and block. In that order a cell (all equal but these) is a run of trials, a group (one load, all weights) a run of cells, and a curve
 * (all loads, all weights) a run of groups.
 */
#ifndef NAPISTAT_DATA_H
#define NAPISTAT_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "../lib/run.h"

struct trial {
	struct row row;
	unsigned int line;
	unsigned int folder;
};

struct hist_row {
	size_t trial; /* its place in data.trials */
	const char *name;
	double lower;
	double count;
};

struct folder {
	char *path;
	char *label; /* what a reader sees; says "stand-in" of a stand-in */
	json_t *meta;
	json_t *sweep; /* sweep.json; NULL if there is none */
	const char *hypervisor;
	bool stand_in;
	size_t first, n; /* in data.trials, by id once the folder is read */
	size_t failed, warned, high_remainder, short_source;
};

struct cell {
	size_t first, n; /* in data.order */
};

struct data {
	struct folder *folders;
	size_t n_folders;
	struct trial *trials;
	size_t n_trials, room_trials;
	struct hist_row *hist;
	size_t n_hist, room_hist;
	size_t *order;
	size_t n_order;
	struct cell *cells;
	size_t n_cells;
};

/* the readers: 0, or -1 with the problem filled in */
int read_runs(struct data *d, const char *name, const char *buf, size_t len,
	      struct problem *why);
int read_hist(struct data *d, const char *name, const char *buf, size_t len,
	      struct problem *why);
int read_meta(struct data *d, const char *name, const char *buf, size_t len,
	      struct problem *why);

int read_asked(struct data *d, const char *name, const char *buf, size_t len,
	       struct problem *why);
/* what the sweep was asked for, as sweep.json has it; "" if it does not say */
const char *asked_text(const struct folder *f, const char *key);
double asked_number(const struct folder *f, const char *key, double otherwise);
/* how many boots the repetitions are of, as meta.json has it; 1 if it does not say */
unsigned int folder_boots(const struct folder *f);
/* descriptors of the receive ring, as the sweep was asked for or found it; "" if it does not say */
const char *folder_ring(const struct folder *f);

/* a folder is begun, its files are read into it, then all are arranged */
void data_begin_folder(struct data *d, const char *path);
/* Compared with itself, nothing would differ; in a pool, each trial would count twice. */
int data_check_folders(char *const *dirs);
int data_read_folder(struct data *d, const char *path, struct problem *why);
void data_arrange(struct data *d);
/* Not the interned words, which other data may share: intern_free(). */
void data_free(struct data *d);
/* a trial that is another one under a new number, if there is one */
const struct trial *data_copy(const struct data *d, const struct trial **of);

static inline double number(const struct trial *t, enum column col)
{
	return row_number(&t->row, col);
}

static inline const char *word(const struct trial *t, enum column col)
{
	return row_text(&t->row, col);
}

static inline long long trial_id(const struct trial *t)
{
	return t->row.cell[COL_trial].whole;
}

#define cell_trial(d, c) (&(d)->trials[(d)->order[(c)->first]])
#define cell_offered(d, c) number(cell_trial(d, c), COL_offered_bps)
#define cell_weight(d, c) number(cell_trial(d, c), COL_weight)

/* Order by session, then repetition, then block. */
int unit_order(const struct trial *a, const struct trial *b);
bool same_curve(const struct trial *a, const struct trial *b);
bool same_load(const struct trial *a, const struct trial *b);
/* the end of the run of cells from `from` that share its curve, or its load */
size_t curve_end(const struct data *d, size_t from);
size_t load_end(const struct data *d, size_t from);

#endif
