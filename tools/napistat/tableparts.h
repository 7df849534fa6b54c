/* SPDX-License-Identifier: GPL-2.0 */
/* Inside of a table: for the files that print one. */
#ifndef NAPISTAT_TABLE_PARTS_H
#define NAPISTAT_TABLE_PARTS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "table.h"

#define PROBABILITY -1 /* instead of a number of decimals */

struct value {
	char *text; /* NULL: a number */
	char *shown;
	double v, scale;
	int decimals;
};

struct tcolumn {
	unsigned int use;
	const char *name, *shown;
};

struct table {
	const char *name;
	struct tcolumn *columns;
	size_t n_columns, room_columns;
	struct value *values; /* row after row */
	size_t n_values, room_values;
	char **notes;
	size_t n_notes, room_notes;
};

static inline size_t rows(const struct table *t)
{
	return t->n_columns ? t->n_values / t->n_columns : 0;
}

static inline const struct value *at(const struct table *t, size_t row, size_t column)
{
	return &t->values[row * t->n_columns + column];
}

/* as people see it; NULL: nothing was measured */
const char *shown(const struct value *v, char *buf, size_t size);
bool table_is_text(const struct table *t, size_t column);

void print_text(const struct table *t, FILE *out);
void print_markdown(const struct table *t, FILE *out);
void print_html(const struct table *t, FILE *out);
void print_csv(const struct table *t, FILE *out);
int print_json(const struct table *t, FILE *out);
void print_prometheus(const struct table *t, FILE *out);

#endif
