/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a results folder holds, in memory.
 *
 * A trial is one row of runs.csv. Settings that only tell cells apart
 * (protocol, buffer, CPUs, ...) are kept as interned words: equal settings
 * are equal pointers. Everything that is computed with is a double, NAN
 * where the field was empty ("not measured").
 *
 * order[] sorts the usable trials by folder, settings, load, weight,
 * repetition and block. In that order a cell (all equal but repetition) is a
 * run of trials, a group (one load, all weights) a run of cells, and a curve
 * (all loads, all weights) a run of groups.
 */
#ifndef NAPISTAT_DATA_H
#define NAPISTAT_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum setting {
	S_METHOD, S_PRESET, S_PROTOCOL, S_DATAGRAM, S_RCVBUF, S_APP_CPU,
	S_IRQ_CPU, S_RX_USECS, S_GRO, S_THREADED, S_BURST,
	N_SETTINGS
};

extern const char *const setting_names[N_SETTINGS];

enum number {
	/* these four come first: they are the rest of the sorting key */
	V_OFFERED, V_WEIGHT, V_REP, V_BLOCK,
	V_STARTED, V_SECONDS,
	V_SENT, V_RECEIVED, V_LOST, V_LOST_BEFORE_NIC, V_LOST_RING,
	V_LOST_BACKLOG, V_LOST_SOCKET, V_LOST_APP, V_REMAINDER,
	V_REMAINDER_HIGH,
	V_BANDWIDTH, V_JITTER, V_RX_PACKETS, V_IRQS, V_POLLS,
	V_POLLS_WHOLE, V_POLLS_EMPTY, V_POLLS_TX, V_POLLS_KSOFTIRQD,
	V_TIME_SQUEEZE, V_RX_PER_POLL, V_RX_PER_IRQ,
	V_CPU_TOTAL, V_CPU_SOFTIRQ, V_CPU_SYSTEM, V_CPU_STEAL, V_HOST_CPU,
	N_NUMBERS
};

enum status { STATUS_OK, STATUS_WARN, STATUS_FAILED };

struct trial {
	uint64_t id;
	unsigned int line;
	unsigned int folder;
	enum status status;
	const char *reason;
	const char *set[N_SETTINGS];
	double v[N_NUMBERS];
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
	const char *hypervisor;
	bool stand_in;
	size_t first, n; /* in data.trials, by id once the folder is read */
	size_t failed, warned, high_remainder;
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
	void *words;
};

/* why a file was refused: "FILE:LINE:COLUMN: FIELD: reason" */
struct problem {
	char text[1024];
};

/* the readers: 0, or -1 with the problem filled in */
int read_runs(struct data *d, const char *name, const char *buf, size_t len,
	      struct problem *why);
int read_hist(struct data *d, const char *name, const char *buf, size_t len,
	      struct problem *why);
int read_meta(struct data *d, const char *name, const char *buf, size_t len,
	      struct problem *why);

/* a folder is begun, its files are read into it, then all are arranged */
void data_begin_folder(struct data *d, const char *path);
int data_read_folder(struct data *d, const char *path, struct problem *why);
void data_arrange(struct data *d);
void data_free(struct data *d);

const char *intern(struct data *d, const char *word);
int refuse(struct problem *why, const char *name, size_t line, size_t column,
	   const char *format, ...) __attribute__((format(printf, 5, 6)));
void *must(void *p);
void *grow(void *array, size_t n, size_t *room, size_t size);
bool is_count(const char *s);

#define cell_trial(d, c) (&(d)->trials[(d)->order[(c)->first]])
#define cell_offered(d, c) (cell_trial(d, c)->v[V_OFFERED])
#define cell_weight(d, c) (cell_trial(d, c)->v[V_WEIGHT])

bool same_curve(const struct trial *a, const struct trial *b);
bool same_load(const struct trial *a, const struct trial *b);
/* the end of the run of cells from `from` that share its curve, or its load */
size_t curve_end(const struct data *d, size_t from);
size_t load_end(const struct data *d, size_t from);

#endif
