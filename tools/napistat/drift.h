/* SPDX-License-Identifier: GPL-2.0 */
/* How results change with the order of the trials. */
#ifndef NAPISTAT_DRIFT_H
#define NAPISTAT_DRIFT_H

#include "napistat.h"

#define STEAL_MUCH 1.0 /* per cent of one CPU that the host took: above, it is said */
#define DRIFT_P 0.01 /* a slope less likely than this by chance is said */

struct order_point {
	const struct trial *trial;
	int64_t started; /* ns */
	size_t cell;
	double at; /* place in the order, 0 to 1 */
	double value;
	double off; /* from the mean of its cell, as a share of it */
	double steal; /* per cent of one CPU; NAN: not measured */
};

/* Every trial of the folder whose cell has two or more; *list is to be freed. */
size_t order_points(const struct data *d, size_t folder, const struct metric *m,
		    struct order_point **list);

struct drift {
	size_t n, stolen; /* trials; those with much steal */
	/* over the means of sessions or streams, where they were repeated */
	double slope, p; /* from the first to the last trial, as a share; NAN: not known */
	struct interval ci;
	double steal; /* the most */
};

struct drift drift_of(const struct data *d, size_t folder, const struct metric *m,
		      double confidence);

#endif
