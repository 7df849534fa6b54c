/* SPDX-License-Identifier: GPL-2.0 */
/*
 * runs.csv and hist.csv as a journal: a trial's histograms are written first,
 * its row last, so a row in runs.csv means that the trial is whole. After a
 * kill -9 or a power cut, opening the journal cuts off a half-written row
 * and the histograms of a trial that has no row.
 */
#ifndef NAPIMETER_JOURNAL_H
#define NAPIMETER_JOURNAL_H

#include "../lib/run.h"
#include "util.h"

struct journal {
	int runs_fd;
	int hist_fd;		/* -1: this journal keeps no histograms */
	int columns;
	struct row *rows;
	size_t count;
};

/* runs and hist are file names in dir; hist may be NULL. */
int journal_open(struct journal *j, const char *dir, const char *runs, const char *hist,
		 int columns);
/* The same for reading only: cuts nothing, a missing file is an empty one. */
int journal_read(struct journal *j, const char *dir, const char *runs, int columns);
/* hist_text: whole lines for hist.csv, or NULL. */
int journal_append(struct journal *j, const struct row *row, const char *hist_text);
void journal_close(struct journal *j);
bool journal_has(const struct journal *j, int64_t trial);

#endif
