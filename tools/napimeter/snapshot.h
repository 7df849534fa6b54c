/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver's debugfs file `snapshot`: counters and histograms of one
 * instant. They only grow; a trial is the difference of two of them.
 */
#ifndef NAPIMETER_SNAPSHOT_H
#define NAPIMETER_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#define SNAP_COUNTERS 32
#define SNAP_HISTOGRAMS 8
#define SNAP_NAME 24

struct histogram {
	char name[SNAP_NAME];
	uint64_t count;
	uint64_t sum;
	uint64_t max;
	size_t rows;
	uint64_t (*row)[2];		/* lower bound, count */
};

struct snapshot {
	uint64_t now_ns;
	uint64_t weight;
	size_t counters;
	char counter_name[SNAP_COUNTERS][SNAP_NAME];
	uint64_t counter[SNAP_COUNTERS];
	size_t histograms;
	struct histogram histogram[SNAP_HISTOGRAMS];
};

int snapshot_parse(struct snapshot *s, const char *text);
/* *delta = after - before; -1 if something went back (module loaded again). */
int snapshot_delta(struct snapshot *delta, const struct snapshot *before,
		   const struct snapshot *after);
void snapshot_free(struct snapshot *s);
/* NaN if there is no such counter. */
double snapshot_counter(const struct snapshot *s, const char *name);
/* Lines for hist.csv (caller frees). */
char *snapshot_csv(const struct snapshot *s, long long trial);

#endif
