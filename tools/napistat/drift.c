// SPDX-License-Identifier: GPL-2.0
/*
 * Drift: change with the order of the trials and not with their settings: a machine that gets
 * busier, a guest that gets warmer. Each trial is compared with the mean of its own cell, so
 * that neither loads nor weights matter, and a line is fitted through these differences over
 * the order. Its slope over the whole sweep is the drift.
 *
 * Trials of one session, or slots of one stream, share a shift without any drift. Where sessions
 * or streams were repeated, the line goes through their means. The t test has as many degrees
 * of freedom as there are points, less one for each centre (all sessions have one, the streams
 * of a load, the trials of a cell) and one for the slope.
 */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "drift.h"
#include "figures.h"

static int by_start(const void *a, const void *b)
{
	const struct order_point *x = a, *y = b;

	return (x->started > y->started) - (x->started < y->started);
}

/* Every trial of the folder whose cell has two or more values, in order. */
size_t order_points(const struct data *d, size_t folder, const struct metric *m,
		    struct order_point **list)
{
	size_t i, k, n = 0;

	*list = must(calloc(d->n_order + 1, sizeof(**list)));
	for (i = 0; i < d->n_cells; i++) {
		const struct cell *c = &d->cells[i];
		double sum = 0;
		size_t first = n;

		if (cell_trial(d, c)->folder != folder || is_search(cell_trial(d, c)))
			continue;
		for (k = 0; k < c->n; k++) {
			const struct trial *t = &d->trials[d->order[c->first + k]];
			double v = m->of(t);

			if (isnan(v) || row_empty(&t->row, COL_started_ns))
				continue;
			sum += v;
			(*list)[n++] = (struct order_point){ .cell = i, .value = v, .trial = t,
				.started = row_integer(&t->row, COL_started_ns, 0),
				.steal = number(t, COL_cpu_steal) };
		}
		if (n - first < 2 || !(sum > 0)) {
			n = first;
			continue;
		}
		for (k = first; k < n; k++)
			(*list)[k].off = (*list)[k].value * (n - first) / sum - 1;
	}
	qsort(*list, n, sizeof(**list), by_start);
	for (i = 0; i < n; i++)
		(*list)[i].at = n > 1 ? (double)i / (n - 1) : 0;
	return n;
}

/* A trial, or the mean of a stream or session. */
struct unit {
	size_t centre; /* a place in the cells */
	double number; /* of the stream or session; NAN: a trial */
	double at, off;
	size_t n;
};

static bool has_sessions(const struct data *d, const struct order_point *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (cell_sessions(d, &d->cells[p[i].cell]) > 1)
			return true;
	return false;
}

static struct unit unit_of(const struct data *d, const struct order_point *p, bool sessions)
{
	const struct cell *c = &d->cells[p->cell];
	struct unit u = { .centre = p->cell, .number = NAN };

	if (sessions) {
		u.centre = 0;
		u.number = number(p->trial, COL_session);
	} else if (cell_streams(d, c) > 1) {
		while (u.centre && same_load(cell_trial(d, &d->cells[u.centre - 1]), p->trial))
			u.centre--;
		u.number = number(p->trial, COL_rep);
	}
	return u;
}

static size_t units_of(const struct data *d, const struct order_point *p, size_t n,
		       struct unit *list)
{
	bool sessions = has_sessions(d, p, n);
	size_t i, k, many = 0;

	for (i = 0; i < n; i++) {
		struct unit u = unit_of(d, &p[i], sessions);

		/* units follow each other in time, so the one that is looked for is near the end */
		for (k = many; k && !isnan(u.number); k--)
			if (list[k - 1].centre == u.centre && list[k - 1].number == u.number)
				break;
		if (isnan(u.number) || !k) {
			list[many] = u;
			k = ++many;
		}
		list[k - 1].at += p[i].at;
		list[k - 1].off += p[i].off;
		list[k - 1].n++;
	}
	for (i = 0; i < many; i++) {
		list[i].at /= list[i].n;
		list[i].off /= list[i].n;
	}
	return many;
}

static void fit(const struct unit *u, size_t n, size_t n_centres, double confidence,
		struct drift *r)
{
	double *mean = must(calloc(n_centres + 1, sizeof(*mean)));
	size_t *count = must(calloc(n_centres + 1, sizeof(*count)));
	double sxx = 0, sxy = 0, rest = 0, se, df, x;
	size_t i, centres = 0;

	for (i = 0; i < n; i++) {
		mean[u[i].centre] += u[i].at;
		centres += !count[u[i].centre]++;
	}
	for (i = 0; i < n; i++) {
		x = u[i].at - mean[u[i].centre] / count[u[i].centre];
		sxx += x * x;
		sxy += x * u[i].off;
	}
	df = (double)n - centres - 1;
	if (sxx > 0 && df >= 3) {
		r->slope = sxy / sxx;
		for (i = 0; i < n; i++) {
			x = u[i].at - mean[u[i].centre] / count[u[i].centre];
			rest += pow(u[i].off - r->slope * x, 2);
		}
		se = sqrt(rest / df / sxx);
		if (se > 0) {
			double far = gsl_cdf_tdist_Pinv(0.5 + confidence / 2, df);

			r->ci = (struct interval){ r->slope - far * se, r->slope + far * se };
			r->p = 2 * gsl_cdf_tdist_Q(fabs(r->slope) / se, df);
		}
	}
	free(mean);
	free(count);
}

struct drift drift_of(const struct data *d, size_t folder, const struct metric *m,
		      double confidence)
{
	struct drift r = { .slope = NAN, .ci = { NAN, NAN }, .p = NAN, .steal = 0 };
	struct order_point *p;
	struct unit *u;
	size_t i;

	r.n = order_points(d, folder, m, &p);
	for (i = 0; i < r.n; i++) {
		if (p[i].steal > STEAL_MUCH)
			r.stolen++;
		r.steal = fmax(r.steal, p[i].steal);
	}
	u = must(calloc(r.n + 1, sizeof(*u)));
	fit(u, units_of(d, p, r.n, u), d->n_cells, confidence, &r);
	free(u);
	free(p);
	return r;
}

void draw_order(struct figures *f, size_t folder)
{
	const struct metric *m = metric_find("delivered_bps");
	struct drift r = drift_of(f->d, folder, m, f->o->confidence);
	struct order_point *p;
	size_t i, n = order_points(f->d, folder, m, &p);
	struct figure *g;

	if (n < 6) {
		free(p);
		return;
	}
	g = figure_begin(f, &f->d->trials[f->d->folders[folder].first], "order",
			 "Bandwidth in the order of the trials", "trial, in order",
			 "% off its cell's mean",
			 "Each trial against the mean of its own load and weight. Points without a slope are what one wants: a machine that got busier meanwhile tilts them, and as the order is random it adds scatter to all weights alike.");
	g->lo = -1;
	g->hi = 1;
	figure_block(f, g, "trial");
	for (i = 0; i < n; i++) {
		figure_put(f, "%zu %.9g\n", i + 1, 100 * p[i].off);
		figure_reach(g, 100 * p[i].off);
	}
	if (r.stolen) {
		figure_block(f, g, "steal, % of one CPU");
		for (i = 0; i < n; i++) {
			if (isnan(p[i].steal))
				continue;
			figure_put(f, "%zu %.9g\n", i + 1, p[i].steal);
			figure_reach(g, p[i].steal);
		}
	}
	if (!isnan(r.slope))
		fprintf(f->raw, "1 %.9g\n%zu %.9g\n", -50 * r.slope, n, 50 * r.slope);
	if ((isnan(r.ci.lo) ?
	     asprintf(&g->here, "Too few repetitions to say whether it drifts. Steal at most %.1f %%.",
		      r.steal) :
	     asprintf(&g->here, "From the first to the last: %+.1f %% [%+.1f, %+.1f]. Steal at most %.1f %%.",
		      100 * r.slope, 100 * r.ci.lo, 100 * r.ci.hi, r.steal)) < 0)
		must(NULL);
	figure_of(g, n, "trial");
	figure_end(f);
	free(p);
}
