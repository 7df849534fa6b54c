// SPDX-License-Identifier: GPL-2.0
/*
 * One folder against another, cell by cell: before and after a change, two kernels, two
 * hypervisors. Cells are the same when all settings, load and weight are.
 *
 * Trials of the two were not made in turn, so the test is Welch's, over the repetitions
 * of each; Holm's correction is over all cells of one figure.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "napistat.h"

static bool same_cell(const struct trial *a, const struct trial *b)
{
	size_t i;

	for (i = 0; i < N_SETTINGS; i++)
		if (!row_same(&a->row, &b->row, run_settings[i]))
			return false;
	return row_same(&a->row, &b->row, COL_offered_bps) &&
	       row_same(&a->row, &b->row, COL_weight);
}

/* The cell of this folder that is the same as a; NULL: it has none. */
static const struct cell *partner(const struct data *d, const struct cell *a, size_t folder)
{
	size_t i;

	for (i = 0; i < d->n_cells; i++)
		if (cell_trial(d, &d->cells[i])->folder == folder &&
		    same_cell(cell_trial(d, &d->cells[i]), cell_trial(d, a)))
			return &d->cells[i];
	return NULL;
}

static bool compare_folders(const struct data *d, const struct options *o,
			    const struct metric *m, struct comparison *c)
{
	double *x = must(calloc(c->a->n + 1, sizeof(*x)));
	double *y = must(calloc(c->b->n + 1, sizeof(*y)));
	size_t na = cell_values(d, c->a, m, x), nb = cell_values(d, c->b, m, y);
	struct contrast k;

	c->metric = m;
	c->p = c->p_equal = NAN;
	/* the second folder against the first */
	if (stratum_welch(&c->s, y, nb, x, na)) {
		k = contrast_at(&c->s, 1, 1);
		c->p = p_differs(&k);
		c->p_equal = p_equal(&c->s, 1, margin_of(o, m), m->relative);
	}
	free(x);
	free(y);
	return na && nb;
}

static void correct(struct comparison *c, size_t n)
{
	double *p = must(calloc(2 * n + 1, sizeof(*p)));
	size_t i;

	for (i = 0; i < n; i++) {
		p[i] = c[i].p;
		p[n + i] = c[i].p_equal;
	}
	if (holm(p, n) || holm(p + n, n))
		must(NULL);
	for (i = 0; i < n; i++) {
		c[i].p_holm = p[i];
		c[i].p_equal_holm = p[n + i];
	}
	free(p);
}

static void show(struct table *t, const struct data *d, const struct comparison *c,
		 const struct options *o)
{
	const struct metric *m = c->metric;
	struct interval ci = { NAN, NAN };
	double effect = NAN;
	int at = N_LABELS;

	if (c->s.n1 && c->s.n2)
		effect_of(&c->s, 1, m, o->confidence, &effect, &ci);
	table_row(t);
	label_row(t, 0, d, cell_trial(d, c->b));
	table_text(t, at++, "%s", m->name);
	if (strcmp(cell_level(d, c->a), cell_level(d, c->b)))
		table_text(t, at++, "%s, %s", cell_level(d, c->a), cell_level(d, c->b));
	else
		table_text(t, at++, "%s", cell_level(d, c->a));
	table_number(t, at++, c->s.n2, 1, 0);
	table_number(t, at++, c->s.n1, 1, 0);
	table_number(t, at++, c->s.m2, m->scale, m->decimals);
	table_number(t, at++, c->s.m1, m->scale, m->decimals);
	table_text(t, at, "%s", m->unit);
	table_shown(t, at++, m->shown_unit);
	table_number(t, at++, effect, 100, 2);
	table_number(t, at++, ci.lo, 100, 2);
	share_end(t, at++, ci.hi);
	table_probability(t, at++, c->p_holm);
	table_probability(t, at++, c->p_equal_holm);
	table_text(t, at++, "%s", result_of(c, o));
}

/* ---- many folders, one after the other ---- */

/* In every folder, with two repetitions or more. */
static bool is_common(const struct data *d, const struct cell *c)
{
	size_t i;

	for (i = 0; i < d->n_folders; i++) {
		const struct cell *other = partner(d, c, i);

		if (!other || other->n < 2)
			return false;
	}
	return true;
}

/* All common cells of one folder against those of another, together; *strata: of their sum */
static size_t strata_of(const struct data *d, const struct options *o, const struct metric *m,
			size_t folder, size_t before, struct stratum *s, size_t *strata,
			struct left_out *left)
{
	struct place *at = must(calloc(d->n_cells + 1, sizeof(*at)));
	struct stratum *each = must(calloc(d->n_cells + 1, sizeof(*each)));
	size_t i, n = 0;

	for (i = 0; i < d->n_cells; i++) {
		struct comparison c = { .b = &d->cells[i] };

		if (cell_trial(d, c.b)->folder != folder || !is_common(d, c.b))
			continue;
		c.a = partner(d, c.b, before);
		if (c.a && compare_folders(d, o, m, &c) && c.s.n1 && c.s.n2) {
			/* the later folder comes first, as in each stratum */
			at[n] = (struct place){ c.b, c.a };
			each[n++] = c.s;
		}
	}
	*strata = strata_apart(d, at, n, m, each, s, &left[folder], &left[before]);
	free(at);
	free(each);
	return n;
}

static void show_step(struct table *t, const struct data *d, const struct options *o,
		      const struct comparison *step, size_t folder, size_t cells,
		      double effect, const struct interval *ci)
{
	int at = 0;

	table_row(t);
	table_text(t, at++, "%s", d->folders[folder].path);
	table_text(t, at++, "%s", step->metric->name);
	table_number(t, at++, cells, 1, 0);
	table_number(t, at++, 100 * effect, 1, 2);
	table_number(t, at++, 100 * ci->lo, 1, 2);
	table_number(t, at, 100 * ci->hi, 1, 2);
	if (ci->hi > SHARE_MOST)
		table_shown(t, at, "not known");
	at++;
	table_probability(t, at++, step->p_holm);
	table_text(t, at++, "%s", result_of(step, o));
}

static void note_left_out(struct table *t, const struct data *d, const struct left_out *left)
{
	size_t i, size;

	for (i = 0; i < d->n_folders; i++) {
		char *text = NULL;
		FILE *out;

		if (!left[i].n)
			continue;
		out = must(open_memstream(&text, &size));
		say_left_out(out, &left[i]);
		fclose(out);
		table_note(t, "%s: %s", d->folders[i].path, (char *)must(text));
		free(text);
	}
}

int cmd_trend(const struct data *d, const struct options *o)
{
	struct table *t = table_new("trend");
	struct comparison *step = must(calloc(d->n_folders + 1, sizeof(*step)));
	struct interval *ci = must(calloc(d->n_folders + 1, sizeof(*ci)));
	double *effect = must(calloc(d->n_folders + 1, sizeof(*effect)));
	struct stratum *s = must(calloc(d->n_cells + 1, sizeof(*s)));
	struct left_out *left = must(calloc(d->n_folders + 1, sizeof(*left)));
	size_t i, k, n = 0, *cells = must(calloc(d->n_folders + 1, sizeof(*cells)));
	struct contrast c;
	bool compared = false;
	double many;

	table_column(t, U_LABEL, "folder", "folder");
	table_column(t, U_LABEL, "metric", "figure");
	table_column(t, U_VALUE, "cells", "cells");
	table_column(t, U_VALUE, "difference", "difference %");
	table_column(t, U_VALUE, "lo", "from");
	table_column(t, U_VALUE, "hi", "to");
	table_column(t, U_VALUE, "p_holm", "p (Holm)");
	table_column(t, U_VALUE, "result", "result");
	for (k = 0; k < o->n_metrics; k++) {
		const struct metric *m = o->metrics[k];

		for (i = 1; i < d->n_folders; i++) {
			cells[i] = strata_of(d, o, m, i, i - 1, s, &n, left);
			step[i] = (struct comparison){ .metric = m, .p = NAN, .p_equal = NAN };
			effect[i] = NAN;
			ci[i] = (struct interval){ NAN, NAN };
			if (!cells[i])
				continue;
			c = contrast_at(s, n, 1);
			compared = true;
			step[i].s = s[0];
			step[i].p = p_differs(&c);
			/* shares of losses are not summed but averaged */
			many = m->relative ? 1 : cells[i];
			step[i].p_equal = p_equal(s, n, many * margin_of(o, m), m->relative);
			effect_of(s, n, m, o->confidence, &effect[i], &ci[i]);
			effect[i] /= many;
			ci[i].lo /= many;
			ci[i].hi /= many;
		}
		correct(step + 1, d->n_folders - 1);
		for (i = 1; i < d->n_folders; i++)
			if (cells[i])
				show_step(t, d, o, &step[i], i, cells[i], effect[i], &ci[i]);
	}
	free(step);
	free(ci);
	free(effect);
	free(cells);
	free(s);
	table_note(t, "each folder against the one before it, over the cells that all of them have twice or more: their sum, of losses their mean, in percentage points; with its %.4g %% interval",
		   100 * o->confidence);
	note_left_out(t, d, left);
	free(left);
	if (!compared)
		table_note(t, "nothing to compare: no cell is in all of the folders with two repetitions or more");
	table_note(t, "from, to: each interval for itself; Holm's correction is in p and result only, so an interval without 0 can stand beside \"cannot say\"");
	note_until(t, d);
	table_note(t, "Holm's correction over all steps of one figure; \"differs\" is where something changed");
	note_folders(t, d);
	return finish(t, o);
}

int cmd_between(const struct data *d, const struct options *o)
{
	struct table *t = table_new("compare");
	struct comparison *list = must(calloc(d->n_cells + 1, sizeof(*list)));
	size_t i, k, n, alone = d->n_cells;

	label_columns(t);
	table_column(t, U_LABEL, "metric", "figure");
	table_column(t, U_LABEL, "level", "each a");
	table_column(t, U_VALUE, "n_before", "n before");
	table_column(t, U_VALUE, "n_after", "n after");
	table_column(t, U_VALUE, "mean_before", "before");
	table_column(t, U_VALUE, "mean_after", "after");
	table_column(t, U_LABEL, "unit", "unit");
	table_column(t, U_VALUE, "difference", "difference %");
	table_column(t, U_VALUE, "lo", "from");
	table_column(t, U_VALUE, "hi", "to");
	table_column(t, U_VALUE, "p_holm", "p (Holm)");
	table_column(t, U_VALUE, "p_equal_holm", "p equal (Holm)");
	table_column(t, U_VALUE, "result", "result");
	for (k = 0; k < o->n_metrics; k++) {
		for (i = 0, n = 0; i < d->n_cells; i++) {
			struct comparison c = { .a = &d->cells[i] };

			if (cell_trial(d, c.a)->folder)
				break;
			c.b = partner(d, c.a, 1);
			alone -= !k && c.b ? 2 : 0;
			if (c.b && compare_folders(d, o, o->metrics[k], &c))
				list[n++] = c;
		}
		correct(list, n);
		for (i = 0; i < n; i++)
			show(t, d, &list[i], o);
	}
	free(list);
	table_note(t, "before: %s; after: %s; difference: share of the mean before, with its %.4g %% interval; for losses, percentage points",
		   d->folders[0].path, d->folders[1].path, 100 * o->confidence);
	table_note(t, "equal: within %.4g %%, of losses %.4g percentage points; Holm's correction over all cells of one figure",
		   100 * o->margin, 100 * o->loss);
	table_note(t, "from, to: each interval for itself; Holm's correction is in p and result only, so an interval without 0 can stand beside \"cannot say\"");
	note_until(t, d);
	table_note(t, "each folder is one run: whatever else changed between the two is in the difference");
	if (alone)
		table_note(t, "%zu cells are in one of the two only and are left out", alone);
	note_folders(t, d);
	return finish(t, o);
}
