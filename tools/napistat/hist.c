// SPDX-License-Identifier: GPL-2.0
/* hist.csv: the driver's histograms, summed over the trials of a cell. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "napistat.h"

/*
 * The driver's buckets: 0..256 one each, above that 32 to a power of two.
 * A row names its lower bound; this is the greatest value it may hold.
 */
double bucket_top(double lower)
{
	double step;

	if (lower <= 256)
		return lower;
	step = exp2(floor(log2(lower))) / 32;
	return (floor(lower / step) + 1) * step - 1;
}

static int by_lower(const void *a, const void *b)
{
	const struct hist_row *x = a, *y = b;

	return (x->lower > y->lower) - (x->lower < y->lower);
}

static int by_trial(const void *key, const void *row)
{
	size_t x = *(const size_t *)key, y = ((const struct hist_row *)row)->trial;

	return (x > y) - (x < y);
}

struct hist_row *hist_of_cell(const struct data *d, const struct cell *c,
			      const char *name, size_t *n)
{
	struct hist_row *sum = NULL, *r, *end = d->hist + d->n_hist;
	size_t i, k, m = 0, room = 0;

	for (i = 0; i < c->n; i++) {
		r = d->n_hist ? bsearch(&d->order[c->first + i], d->hist, d->n_hist,
					sizeof(*r), by_trial) : NULL;
		while (r && r > d->hist && r[-1].trial == r->trial)
			r--;
		for (; r && r < end && r->trial == d->order[c->first + i]; r++) {
			if (strcmp(r->name, name))
				continue;
			sum = grow(sum, m, &room, sizeof(*sum));
			sum[m++] = *r;
		}
	}
	if (m)
		qsort(sum, m, sizeof(*sum), by_lower);
	for (i = 0, k = 0; i < m; i++) {
		if (k && sum[k - 1].lower == sum[i].lower)
			sum[k - 1].count += sum[i].count;
		else
			sum[k++] = sum[i];
	}
	*n = k;
	return sum;
}

static bool is_time(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && !strcmp(name + n - 3, "_ns");
}

static double count_of(const struct hist_row *r, size_t n)
{
	double count = 0;
	size_t i;

	for (i = 0; i < n; i++)
		count += r[i].count;
	return count;
}

/* of a wide bucket the middle: the CSV does not keep the exact sum */
static double sum_of(const struct hist_row *r, size_t n)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += r[i].count * (r[i].lower + bucket_top(r[i].lower)) / 2;
	return sum;
}

static void escaped(const char *s)
{
	for (; *s; s++) {
		if (*s == '\\' || *s == '"')
			putchar('\\');
		if (*s == '\n')
			fputs("\\n", stdout);
		else
			putchar(*s);
	}
}

static void prometheus_labels(const struct data *d, const struct trial *t)
{
	int i;

	fputs("folder=\"", stdout);
	escaped(d->folders[t->folder].label);
	putchar('"');
	for (i = 0; i < N_SETTINGS; i++) {
		printf(",%s=\"", column_name(run_settings[i]));
		escaped(word(t, run_settings[i]));
		putchar('"');
	}
	printf(",offered_bps=\"%.12g\",weight=\"%.0f\"", number(t, COL_offered_bps),
	       number(t, COL_weight));
}

/*
 * Prometheus wants the same limits in every series, inclusive: one below each
 * power of two is where a bucket of the driver's ends, so the counts stay
 * exact. Times go out in seconds, as Prometheus has it.
 */
static void prometheus_cell(const struct data *d, const struct cell *c,
			    const char *name, const char *metric)
{
	size_t n, i = 0, k, limits = is_time(name) ? 30 : 13;
	struct hist_row *r = hist_of_cell(d, c, name, &n);
	double unit = is_time(name) ? 1e-9 : 1, sum = 0;
	const struct trial *t = cell_trial(d, c);

	for (k = is_time(name) ? 8 : 0; n && k <= limits; k++) {
		double limit = exp2(k) - 1;

		for (; i < n && r[i].lower <= limit; i++)
			sum += r[i].count;
		printf("%s_bucket{", metric);
		prometheus_labels(d, t);
		printf(",le=\"%.10g\"} %.0f\n", limit * unit, sum);
	}
	if (n) {
		printf("%s_bucket{", metric);
		prometheus_labels(d, t);
		printf(",le=\"+Inf\"} %.0f\n%s_sum{", count_of(r, n), metric);
		prometheus_labels(d, t);
		printf("} %.12g\n%s_count{", sum_of(r, n) * unit, metric);
		prometheus_labels(d, t);
		printf("} %.0f\n", count_of(r, n));
	}
	free(r);
}

static int prometheus(const struct data *d, const char *const *names, size_t n)
{
	char *metric, *c;
	size_t i, k;

	for (i = 0; i < n; i++) {
		bool time = is_time(names[i]);

		if (asprintf(&metric, "e1000_napi_%.*s%s",
			     (int)strlen(names[i]) - 3 * time, names[i],
			     time ? "_seconds" : "") < 0)
			must(NULL);
		for (c = metric; *c; c++)
			if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *c))
				*c = '_';
		printf("# HELP %s Histogram %s of the driver, from hist.csv; the sum takes the middle of wide buckets\n"
		       "# TYPE %s histogram\n", metric, names[i], metric);
		for (k = 0; k < d->n_cells; k++)
			prometheus_cell(d, &d->cells[k], names[i], metric);
		free(metric);
	}
	return fflush(stdout) || ferror(stdout);
}

static int print_rows(const struct data *d, const struct options *o,
		      const char *const *names, size_t n_names)
{
	struct table *t = table_new("hist");
	int label = label_columns(t);
	int histogram = table_column(t, U_LABEL, "histogram", "histogram");
	int lower = table_column(t, U_VALUE, "lower", "from");
	int upper = table_column(t, U_VALUE, "upper", "to");
	int count = table_column(t, U_VALUE, "count", "count");
	int share = table_column(t, U_VALUE, "share", "share %");
	int up_to = table_column(t, U_VALUE, "up_to", "up to here %");
	size_t i, k, j, n;

	for (i = 0; i < n_names; i++) {
		for (k = 0; k < d->n_cells; k++) {
			struct hist_row *r = hist_of_cell(d, &d->cells[k],
							  names[i], &n);
			double all = count_of(r, n), sum = 0;

			for (j = 0; j < n; j++) {
				sum += r[j].count;
				table_row(t);
				label_row(t, label, d, cell_trial(d, &d->cells[k]));
				table_text(t, histogram, "%s", names[i]);
				table_number(t, lower, r[j].lower, 1, 0);
				table_number(t, upper, bucket_top(r[j].lower), 1, 0);
				table_number(t, count, r[j].count, 1, 0);
				table_number(t, share, r[j].count / all, 100, 2);
				table_number(t, up_to, sum / all, 100, 2);
			}
			free(r);
		}
	}
	if (!d->n_hist)
		table_note(t, "no histograms: no folder has a hist.csv");
	note_folders(t, d);
	return finish(t, o);
}

int cmd_hist(const struct data *d, const struct options *o)
{
	const char **names = NULL;
	size_t i, k, n = 0, room = 0;
	int err;

	for (i = 0; i < d->n_hist; i++) {
		for (k = 0; k < n; k++)
			if (names[k] == d->hist[i].name)
				break;
		if (k < n || (o->histogram && strcmp(o->histogram, d->hist[i].name)))
			continue;
		names = grow(names, n, &room, sizeof(*names));
		names[n++] = d->hist[i].name;
	}
	err = o->format == F_PROMETHEUS ? prometheus(d, names, n) :
					  print_rows(d, o, names, n);
	free(names);
	return err;
}
