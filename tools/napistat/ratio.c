// SPDX-License-Identifier: GPL-2.0
/* ratio: two columns of numbers measured in turn; is the first as large as the second? */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "napistat.h"

#define MOST 1e50

static bool read_pairs(const char *path, double **x, double **y, size_t *n)
{
	size_t room_x = 0, room_y = 0, number = 0, size = 0;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO would wait for a writer */
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	struct stat st;
	char *line = NULL, extra;

	*x = *y = NULL;
	*n = 0;
	if (!f) {
		fprintf(stderr, "napistat: %s: cannot be read\n", path);
		return false;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		fprintf(stderr, "napistat: %s: not a regular file\n", path);
		fclose(f);
		return false;
	}
	while (getline(&line, &size, f) > 0) {
		double a, b;

		number++;
		/* squares of larger ones overflow; negated, so that nan is refused too */
		if (sscanf(line, "%lf %lf %c", &a, &b, &extra) != 2 || !(fabs(a) <= MOST) ||
		    !(fabs(b) <= MOST)) {
			fprintf(stderr, "napistat: %s:%zu: not two numbers, of 1e50 at most\n",
				path, number);
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
		/* nothing is as large as nothing */
		p = s.m2 > 0 ? p_equal(&s, 1, o->margin, true) : NAN;
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
