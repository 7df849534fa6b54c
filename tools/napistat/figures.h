/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the figures: their data files and content. */
#ifndef NAPISTAT_FIGURES_H
#define NAPISTAT_FIGURES_H

#include <stdio.h>

#include "advice.h"

#define MAX_LINES 6 /* in one figure; more cannot be told apart */

struct figure {
	const char *kind, *title, *xlabel, *ylabel, *see;
	char *subtitle, *here;
	double lo, hi;
	unsigned int folder;
	size_t n_min, n_max; /* of what a mean is made of */
	const char *level;
	size_t blocks;
	int styles[MAX_LINES];
};

struct figures {
	const struct data *d;
	const struct options *o;
	struct figure *list;
	size_t n, room;
	double *weights; /* those that have a line style of their own */
	size_t n_weights;
	FILE *now, *raw; /* raw: the values behind the means, which follow them */
	char *raw_text;
	bool failed;
};

extern const double studied[4]; /* weights that are always shown */
char *path_of(const struct figures *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void figure_failed(struct figures *f, const char *path);
struct figure *figure_begin(struct figures *f, const struct trial *t,
			    const char *kind, const char *title,
			    const char *xlabel, const char *ylabel,
			    const char *see);
void figure_put(struct figures *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void figure_block(struct figures *f, struct figure *g, const char *title);
void figure_weight(struct figures *f, struct figure *g, double weight);
void figure_reach(struct figure *g, double y);
void figure_end(struct figures *f);
size_t thin_out(double *list, size_t n, const double *wanted, size_t n_wanted);
size_t distinct_values(const struct data *d, size_t from, size_t to, bool loads,
		       double **list);
size_t weights_of(const struct data *d, size_t from, size_t to, double **list);
const struct cell *figure_cell(const struct data *d, size_t from, size_t to,
			       double load, double weight);
void figure_point(struct figures *f, struct figure *g, double x,
		  const struct cell *c, const struct metric *m, double *mean);
/* A mean of this figure is of n values, each of a `level`. */
void figure_of(struct figure *g, size_t n, const char *level);
void say_value(FILE *here, size_t n, const char *load, double weight,
	       double mean, const struct metric *m);
void draw_load(struct figures *f, size_t from, size_t to,
	       const struct metric *m, const char *see);
void draw_weight(struct figures *f, size_t from, size_t to,
		 const struct metric *m, const char *see);
void draw_hist(struct figures *f, size_t from, size_t to);
void draw_times(struct figures *f, size_t from, size_t to, const char *name,
		const char *title, const char *see);
void draw_loss(struct figures *f, size_t from, size_t to);
void draw_order(struct figures *f, size_t folder);
void draw_mlfrr(struct figures *f, size_t from, size_t to);
void draw_paired(struct figures *f, size_t from, size_t to);

#endif
