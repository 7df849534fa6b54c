// SPDX-License-Identifier: GPL-2.0
/* summary, cost and correlate: figures of single cells. */
#include <math.h>
#include <stdlib.h>

#include "napistat.h"

int cmd_summary(const struct data *d, const struct options *o)
{
	struct table *t = table_new("summary");
	int label = label_columns(t);
	int metric = table_column(t, U_LABEL, "metric", "figure");
	int unit = table_column(t, U_LABEL, "unit", "unit");
	int level = table_column(t, U_LABEL, "level", "each a");
	int n = table_column(t, U_VALUE, "n", "n");
	int mean = table_column(t, U_VALUE, "mean", "mean");
	int sd = table_column(t, U_VALUE, "sd", "sd");
	int lo = table_column(t, U_VALUE, "lo", "from");
	int hi = table_column(t, U_VALUE, "hi", "to");
	int note = table_column(t, U_VALUE, "note", "note");
	size_t i, k;

	for (i = 0; i < d->n_cells; i++) {
		const struct cell *c = &d->cells[i];

		for (k = 0; k < o->n_metrics; k++) {
			const struct metric *m = o->metrics[k];
			struct sample s = cell_sample(d, c, m);
			struct interval ci = mean_interval(&s, o->confidence);

			if (!s.n)
				continue;
			table_row(t);
			label_row(t, label, d, cell_trial(d, c));
			table_text(t, metric, "%s", m->name);
			table_text(t, unit, "%s", m->unit);
			table_shown(t, unit, m->shown_unit);
			table_text(t, level, "%s", cell_level(d, c));
			table_number(t, n, s.n, 1, 0);
			table_number(t, mean, s.mean, m->scale, m->decimals);
			table_number(t, sd, sample_sd(&s), m->scale, m->decimals);
			table_number(t, lo, ci.lo, m->scale, m->decimals);
			table_number(t, hi, ci.hi, m->scale, m->decimals);
			if (s.n < 2)
				table_text(t, note, "n = 1: no interval");
		}
	}
	table_note(t, "from, to: %.4g %% t interval of the mean",
		   100 * o->confidence);
	note_folders(t, d);
	return finish(t, o);
}

int cmd_cost(const struct data *d, const struct options *o)
{
	static const char *const names[] = { "guest_cost", "host_cost",
					     "overhead_cost" };
	static const char *const columns[3][3] = {
		{ "guest", "guest_lo", "guest_hi" },
		{ "host", "host_lo", "host_hi" },
		{ "overhead", "overhead_lo", "overhead_hi" },
	};
	struct table *t = table_new("cost");
	int label = label_columns(t);
	int n = table_column(t, U_VALUE, "n", "n");
	int at[3][3], host = 0, below = 0;
	size_t i, k, j;

	for (k = 0; k < 3; k++)
		for (j = 0; j < 3; j++)
			at[k][j] = table_column(t, U_VALUE, columns[k][j],
						j == 0 ? columns[k][0] :
						j == 1 ? "from" : "to");
	for (i = 0; i < d->n_cells; i++) {
		const struct cell *c = &d->cells[i];

		table_row(t);
		label_row(t, label, d, cell_trial(d, c));
		table_number(t, n, cell_sample(d, c, metric_find(names[0])).n, 1, 0);
		for (k = 0; k < 3; k++) {
			const struct metric *m = metric_find(names[k]);
			struct sample s = cell_sample(d, c, m);
			struct interval ci = mean_interval(&s, o->confidence);

			host += k == 1 && s.n;
			below += k == 2 && s.mean < 0;
			table_number(t, at[k][0], s.mean, 1, m->decimals);
			table_number(t, at[k][1], ci.lo, 1, m->decimals);
			table_number(t, at[k][2], ci.hi, 1, m->decimals);
		}
	}
	table_note(t, "CPU seconds per million packets received, with %.4g %% t intervals (none where n = 1)",
		   100 * o->confidence);
	if (host)
		table_note(t, "host: the whole VM as its host sees it, the guest's time included; overhead: host less guest, what virtualisation adds");
	else
		table_note(t, "host CPU was not measured");
	if (below)
		table_note(t, "overhead below 0 in %d rows: this guest counts time that its host took (steal) as its own, so the difference is not what virtualisation adds",
			   below);
	note_folders(t, d);
	return finish(t, o);
}

static void correlate_row(struct table *t, const struct data *d,
			  const struct options *o, const struct cell **cells,
			  size_t n)
{
	double *x = must(calloc(n + 1, sizeof(*x)));
	double *y = must(calloc(n + 1, sizeof(*y)));
	struct correlation c;
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		x[k] = cell_sample(d, cells[i], o->x).mean;
		y[k] = cell_sample(d, cells[i], o->y).mean;
		k += !isnan(x[k]) && !isnan(y[k]);
	}
	if (k > 1) {
		c = pearson(x, y, k, o->confidence);
		table_row(t);
		label_row(t, 0, d, cell_trial(d, cells[0]));
		if (o->over_load)
			no_load(t, 0);
		else
			no_weight(t, 0);
		table_text(t, N_LABELS, "%s", o->x->name);
		table_text(t, N_LABELS + 1, "%s", o->y->name);
		table_number(t, N_LABELS + 2, k, 1, 0);
		table_number(t, N_LABELS + 3, c.r, 1, 4);
		table_number(t, N_LABELS + 4, c.ci.lo, 1, 4);
		table_number(t, N_LABELS + 5, c.ci.hi, 1, 4);
		table_probability(t, N_LABELS + 6, c.p);
		if (isnan(c.r))
			table_text(t, N_LABELS + 7, "one of the two does not vary");
		else if (k < 4)
			table_text(t, N_LABELS + 7, "%zu points: no interval", k);
	}
	free(x);
	free(y);
}

int cmd_correlate(const struct data *d, const struct options *o)
{
	struct table *t = table_new("correlate");
	const struct cell **cells;
	size_t from, to, i, k;

	label_columns(t);
	table_column(t, U_LABEL, "x", "x");
	table_column(t, U_LABEL, "y", "y");
	table_column(t, U_VALUE, "n", "points");
	table_column(t, U_VALUE, "r", "r");
	table_column(t, U_VALUE, "lo", "from");
	table_column(t, U_VALUE, "hi", "to");
	table_column(t, U_VALUE, "p", "p");
	table_column(t, U_VALUE, "note", "note");
	for (from = 0; from < d->n_cells; from = to) {
		to = o->over_load ? curve_end(d, from) : load_end(d, from);
		cells = by_weight(d, from, to);
		for (i = 0; i < to - from; i = k) {
			for (k = i; k < to - from; k++)
				if (o->over_load && cell_weight(d, cells[k]) !=
						    cell_weight(d, cells[i]))
					break;
			correlate_row(t, d, o, cells + i, k - i);
		}
		free(cells);
	}
	table_note(t, "Pearson's r of the cells' means over the %s, with Fisher's %.4g %% interval; p: of no correlation",
		   o->over_load ? "loads" : "weights", 100 * o->confidence);
	note_folders(t, d);
	return finish(t, o);
}
