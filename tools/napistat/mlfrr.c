// SPDX-License-Identifier: GPL-2.0
/*
 * The maximum loss-free receive rate of a weight, in the terms of RFC 9971
 * (MLRsearch): a load is an upper bound when more than half of the seconds
 * spent on it (the goal exceed ratio) lost more than the goal loss ratio,
 * else a lower bound. The relevant upper bound is the smallest upper bound,
 * the relevant lower bound the greatest lower bound below it; the conditional
 * throughput is that load less the loss that half of its seconds stayed under.
 */
#include <math.h>
#include <stdlib.h>

#include "napistat.h"

#define EXCEED_RATIO 0.5
#define NOT_REACHED 0.98 /* of the asked load: below it the source fell short */
#define STALLED 0.8 /* of the most that it sent: it was held up, which tells nothing */
#define MOST_STALLS 2 /* of a load; with more it is no stall */

/* one trial, with what the search asks of it */
struct seen {
	double rep, load, loss, seconds;
	double sent; /* the load, or what the source sent where that is less */
};

static int by_number(double a, double b)
{
	return (a > b) - (a < b);
}

static int by_load(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int c = by_number(x->load, y->load);

	return c ? c : by_number(x->loss, y->loss);
}

static int by_repetition(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int c = by_number(x->rep, y->rep);

	return c ? c : by_load(a, b);
}

static bool see(const struct trial *t, const struct metric *loss, struct seen *s)
{
	double sent;

	*s = (struct seen){ number(t, COL_rep), number(t, COL_offered_bps), loss->of(t),
			    number(t, COL_seconds), number(t, COL_offered_bps) };
	if (isnan(s->loss) || !s->load)
		return false;
	sent = number(t, COL_sent) * number(t, COL_datagram) * 8 / s->seconds;
	if (sent < NOT_REACHED * s->load)
		s->sent = sent;
	return true;
}

static bool stalled(const struct seen *s, double most)
{
	return s->sent < s->load && s->sent < STALLED * most;
}

/* as napimeter's search does; over n trials sorted by load */
static size_t drop_stalls(struct seen *s, size_t n)
{
	size_t from, to, i, kept = 0;
	double most = 0;

	for (i = 0; i < n; i++)
		most = fmax(most, s[i].sent);
	for (from = 0; from < n; from = to) {
		size_t times = 0;

		for (to = from; to < n && s[to].load == s[from].load; to++)
			times += stalled(&s[to], most);
		for (i = from; i < to; i++)
			if (!stalled(&s[i], most) || times > MOST_STALLS)
				s[kept++] = s[i];
	}
	return kept;
}

/* over n trials sorted by load, then loss */
static void search(const struct seen *s, size_t n, double goal,
		   struct mlfrr *found)
{
	size_t from, to, k;

	found->lower = found->upper = found->conditional = NAN;
	for (from = 0; from < n && isnan(found->upper); from = to) {
		double all = 0, bad = 0, sum = 0, under = 0, load;

		for (to = from; to < n && s[to].load == s[from].load; to++) {
			all += s[to].seconds;
			bad += s[to].loss > goal ? s[to].seconds : 0;
			sum += s[to].sent;
			found->short_source |= s[to].sent < s[to].load;
		}
		load = sum / (to - from);
		if (bad > EXCEED_RATIO * all) {
			found->upper = load;
			continue;
		}
		for (k = from; k < to - 1; k++) {
			under += s[k].seconds;
			if (under >= (1 - EXCEED_RATIO) * all)
				break;
		}
		found->lower = load;
		found->conditional = load * (1 - fmax(0, s[k].loss));
	}
}

struct mlfrr mlfrr_of(const struct data *d, const struct cell **cells, size_t n,
		      const struct options *o)
{
	const struct metric *loss = metric_find("loss");
	struct mlfrr all = { 0 }, one = { 0 };
	struct seen *s = NULL;
	double *rates;
	size_t i, k, m = 0, room = 0;

	for (i = 0; i < n; i++)
		for (k = 0; k < cells[i]->n; k++) {
			s = grow(s, m, &room, sizeof(*s));
			m += see(&d->trials[d->order[cells[i]->first + k]], loss,
				 &s[m]);
		}
	if (m)
		qsort(s, m, sizeof(*s), by_load);
	m = drop_stalls(s, m);
	rates = must(calloc(m + 1, sizeof(*rates)));
	search(s, m, o->loss, &all);
	if (m)
		qsort(s, m, sizeof(*s), by_repetition);
	/* a repetition with loss at every load has no loss-free rate to average */
	for (i = 0, n = 0; i < m; i = k) {
		for (k = i; k < m && s[k].rep == s[i].rep; k++)
			;
		search(s + i, k - i, o->loss, &one);
		if (!isnan(one.conditional))
			rates[n++] = one.conditional;
	}
	all.over_reps = sample_of(rates, n);
	all.ci = mean_interval(&all.over_reps, o->confidence);
	free(rates);
	free(s);
	return all;
}

bool mlfrr_possible(const struct data *d, size_t from, size_t to)
{
	const struct metric *loss = metric_find("loss");
	double last = NAN;
	size_t i, loads = 0;

	for (i = from; i < to; i++) {
		double load = cell_offered(d, &d->cells[i]);

		if (load == last || !load ||
		    isnan(cell_sample(d, &d->cells[i], loss).mean))
			continue;
		last = load;
		loads++;
	}
	return loads > 1;
}

int cmd_mlfrr(const struct data *d, const struct options *o)
{
	struct table *t = table_new("mlfrr");
	int label = label_columns(t);
	int lower = table_column(t, U_VALUE, "lower_bps", "lower bound Mbit/s");
	int upper = table_column(t, U_VALUE, "upper_bps", "upper bound Mbit/s");
	int cond = table_column(t, U_VALUE, "conditional_bps",
				"conditional throughput Mbit/s");
	int n = table_column(t, U_VALUE, "n", "repetitions");
	int mean = table_column(t, U_VALUE, "mean_bps", "mean Mbit/s");
	int lo = table_column(t, U_VALUE, "lo_bps", "from");
	int hi = table_column(t, U_VALUE, "hi_bps", "to");
	int note = table_column(t, U_VALUE, "note", "note");
	const struct cell **cells;
	size_t from, to, i, k;
	bool any = false;

	for (from = 0; from < d->n_cells; from = to) {
		to = curve_end(d, from);
		if (!mlfrr_possible(d, from, to))
			continue;
		any = true;
		cells = by_weight(d, from, to);
		for (i = 0; i < to - from; i = k) {
			struct mlfrr f;

			for (k = i; k < to - from; k++)
				if (cell_weight(d, cells[k]) != cell_weight(d, cells[i]))
					break;
			f = mlfrr_of(d, cells + i, k - i, o);
			table_row(t);
			label_row(t, label, d, cell_trial(d, cells[i]));
			no_load(t, label);
			table_number(t, lower, f.lower, 1e-6, 1);
			table_number(t, upper, f.upper, 1e-6, 1);
			table_number(t, cond, f.conditional, 1e-6, 1);
			table_number(t, n, f.over_reps.n, 1, 0);
			table_number(t, mean, f.over_reps.mean, 1e-6, 1);
			table_number(t, lo, f.ci.lo, 1e-6, 1);
			table_number(t, hi, f.ci.hi, 1e-6, 1);
			table_text(t, note, "%s%s",
				   isnan(f.lower) ? "loses at the lowest load already" :
				   isnan(f.upper) ? "no loss at any load: at least this" :
				   f.over_reps.n < 2 ? "one repetition: the bounds are the interval" : "",
				   f.short_source ? "; the source sent less than asked" : "");
		}
		free(cells);
	}
	if (!any)
		table_note(t, "no loss-free rate: it needs trials that count losses, at two loads or more");
	table_note(t, "loss up to %.4g %% counts as none; terms of RFC 9971, goal exceed ratio %.1f; mean, from, to: over repetitions, %.4g %% t interval",
		   100 * o->loss, EXCEED_RATIO, 100 * o->confidence);
	note_folders(t, d);
	return finish(t, o);
}
