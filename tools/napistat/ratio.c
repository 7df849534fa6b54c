// SPDX-License-Identifier: GPL-2.0
/* ratio: two columns of numbers measured in turn; is the first as large as the second? */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "napistat.h"

static bool read_pairs(const char *path, double **x, double **y, size_t *n)
{
	size_t room_x = 0, room_y = 0, number = 0, size = 0;
	FILE *f = fopen(path, "r");
	char *line = NULL, extra;

	*x = *y = NULL;
	*n = 0;
	if (!f) {
		fprintf(stderr, "napistat: %s: cannot be read\n", path);
		return false;
	}
	while (getline(&line, &size, f) > 0) {
		double a, b;

		number++;
		if (sscanf(line, "%lf %lf %c", &a, &b, &extra) != 2 || !isfinite(a) ||
		    !isfinite(b)) {
			fprintf(stderr, "napistat: %s:%zu: not two numbers\n", path, number);
			break;
		}
		*x = grow(*x, *n, &room_x, sizeof(**x));
		*y = grow(*y, *n, &room_y, sizeof(**y));
		(*x)[*n] = a;
		(*y)[(*n)++] = b;
	}
	if (number == *n && *n < 2)
		fprintf(stderr, "napistat: %s: fewer than two pairs\n", path);
	free(line);
	fclose(f);
	return number == *n && *n >= 2;
}

int cmd_ratio(const char *path, const struct options *o)
{
	static const char *const names[] = { "pairs", "ratio", "ratio_lo", "ratio_hi",
					     "p_equal", "equal" };
	struct table *t;
	struct interval ci;
	struct stratum s;
	double *x, *y, p;
	size_t i, n;
	int err = 1;

	if (read_pairs(path, &x, &y, &n)) {
		stratum_paired(&s, x, y, n);
		ci = ratio_interval(&s, 1, o->confidence);
		p = p_equal(&s, 1, o->margin, true);
		t = table_new("ratio");
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			table_column(t, U_VALUE, names[i], names[i]);
		table_row(t);
		table_number(t, 0, n, 1, 0);
		table_number(t, 1, s.m1 / s.m2, 1, 4);
		table_number(t, 2, ci.lo, 1, 4);
		table_number(t, 3, ci.hi, 1, 4);
		table_probability(t, 4, p);
		table_text(t, 5, "%s", p < 1 - o->confidence ? "yes" : "not shown");
		err = finish(t, o);
	}
	free(x);
	free(y);
	return err;
}
