// SPDX-License-Identifier: GPL-2.0
/*
 * The maximum loss-free receive rate of a weight. lib/mlrsearch.c has the rule (RFC
 * 9971); here it is asked about the trials of a grid, where every repetition offers
 * all loads, and of a search, whose trials are one search and not repetitions.
 *
 * The rate of one repetition is known to lie between two loads. In a grid these are found
 * by the number of loads that passed (Spearman 1908, Kaerber 1931): a trial that loses by
 * chance below others that pass moves them by one step, and the smallest upper bound, which
 * is low by selection where trials scatter, is not taken. In a search they are its bounds.
 * lib/censored.c fits the mean over repetitions to them. A search that was made once has no
 * interval: its bounds hold for its trials.
 */
#include <math.h>
#include <stdlib.h>

#include "../lib/mlrsearch.h"
#include "advice.h"

struct seen {
	double session, rep;
	struct trial_result result;
};

static int by_number(double a, double b)
{
	return (a > b) - (a < b);
}

static int by_load(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int c = by_number(x->result.load, y->result.load);

	return c ? c : by_number(x->result.loss_ratio, y->result.loss_ratio);
}

static int by_repetition(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int c = by_number(x->session, y->session);

	c = c ? c : by_number(x->rep, y->rep);
	return c ? c : by_load(a, b);
}

/* The search's goal, from sweep.json; of a grid every trial counts alike. */
static struct goal goal_of(const struct data *d, const struct trial *t, const struct options *o)
{
	const struct folder *f = &d->folders[t->folder];
	struct goal g = { .loss_ratio = o->loss, .exceed_ratio = 0.5 };

	if (!is_search(t))
		return g;
	if (!o->loss_given)
		g.loss_ratio = asked_number(f, "goal_loss_ratio", o->loss);
	g.exceed_ratio = asked_number(f, "goal_exceed_ratio", 0.5);
	g.final_trial_s = asked_number(f, "goal_final_trial_s", 2);
	g.duration_sum_s = asked_number(f, "goal_duration_sum_s", 6);
	return g;
}

/* NAN where there is none */
static void find(const struct goal *goal, const struct seen *s, size_t n, struct mlfrr *found)
{
	struct trial_result *all = must(calloc(2 * n + 1, sizeof(*all))), *kept = all + n;
	size_t i, m;

	for (i = 0; i < n; i++)
		all[i] = s[i].result;
	m = mlr_drop_stalls(all, n, kept);
	mlr_bounds(goal, kept, m, false, &found->lower, &found->upper);
	found->conditional = found->lower ? mlr_conditional(goal, kept, m, found->lower) : NAN;
	for (i = 0; i < m; i++)
		found->short_source |= kept[i].reached < SHORT_OF_LOAD;
	if (!found->lower)
		found->lower = NAN;
	if (!found->upper)
		found->upper = NAN;
	free(all);
}

static struct interval bracket_of_search(const struct goal *goal, const struct seen *s, size_t n)
{
	struct mlfrr one = { 0 };

	find(goal, s, n, &one);
	return (struct interval){ isnan(one.lower) ? -INFINITY : one.lower,
				  isnan(one.upper) ? INFINITY : one.upper };
}

/* The loads of one repetition of a grid, and which of them passed. */
struct steps {
	double *load;
	bool *passed;
	size_t n, n_passed;
};

/*
 * Trials s are sorted by load. One that passed because its source sent less than asked says
 * nothing of its load.
 */
static struct steps steps_of(const struct goal *goal, const struct seen *s, size_t n, bool *less)
{
	struct steps p = { must(calloc(n + 1, sizeof(double))), must(calloc(n + 1, sizeof(bool))), 0, 0 };
	size_t i, k;

	for (i = 0; i < n; i = k) {
		size_t good = 0, bad = 0;

		for (k = i; k < n && s[k].result.load == s[i].result.load; k++) {
			if (s[k].result.loss_ratio > goal->loss_ratio)
				bad++;
			else if (s[k].result.reached >= SHORT_OF_LOAD)
				good++;
			else
				*less = true;
		}
		if (!good && !bad)
			continue;
		p.load[p.n] = s[i].result.load;
		p.passed[p.n++] = good > bad;
		p.n_passed += good > bad;
	}
	return p;
}

/* As many loads passed as there are below the rate. */
static struct interval bracket_of_steps(const struct steps *p)
{
	return (struct interval){ p->n_passed ? p->load[p->n_passed - 1] : -INFINITY,
				  p->n_passed < p->n ? p->load[p->n_passed] : INFINITY };
}

static bool ragged(const struct steps *p)
{
	size_t i;

	for (i = 0; i < p->n_passed; i++)
		if (!p->passed[i])
			return true;
	return false;
}

/*
 * Counting asks for loads from where all pass to where none does. Where some repetition
 * passes the highest, a loss by chance below it lowers the count and no load above can
 * raise it: the upper end is not known then. Likewise at the lowest.
 */
static void find_open_ends(const struct steps *p, size_t n, struct mlfrr *all)
{
	bool odd = false;
	size_t i;

	for (i = 0; i < n; i++)
		odd |= ragged(&p[i]);
	for (i = 0; i < n && odd; i++) {
		all->open_top |= p[i].n && p[i].passed[p[i].n - 1];
		all->open_bottom |= p[i].n && !p[i].passed[0];
	}
}

/* Sessions are what was repeated where there are several: each counts as its mean. */
static size_t over_sessions(struct interval *b, const double *session, size_t n)
{
	size_t i, k, m = 0;

	if (!n || session[0] == session[n - 1])
		return n;
	for (i = 0; i < n; i = k, m++) {
		struct interval sum = { 0, 0 };

		for (k = i; k < n && session[k] == session[i]; k++) {
			sum.lo += b[k].lo;
			sum.hi += b[k].hi;
		}
		b[m] = (struct interval){ sum.lo / (k - i), sum.hi / (k - i) };
	}
	return m;
}

static void over_repetitions(const struct goal *goal, struct seen *s, size_t m,
			     const struct options *o, struct mlfrr *all)
{
	struct interval *b = must(calloc(m, sizeof(*b)));
	struct steps *p = must(calloc(m, sizeof(*p)));
	double *session = must(calloc(m, sizeof(*session)));
	struct censored fitted;
	size_t i, k, n = 0;

	qsort(s, m, sizeof(*s), by_repetition);
	for (i = 0; i < m; i = k, n++) {
		for (k = i; k < m && s[k].session == s[i].session && s[k].rep == s[i].rep; k++)
			;
		p[n] = steps_of(goal, s + i, k - i, &all->short_source);
		b[n] = all->search ? bracket_of_search(goal, s + i, k - i) : bracket_of_steps(&p[n]);
		session[n] = s[i].session;
	}
	if (!all->search)
		find_open_ends(p, n, all);
	for (i = 0; i < n; i++) {
		free(p[i].load);
		free(p[i].passed);
	}
	free(p);
	all->n = over_sessions(b, session, n);
	fitted = censored_mean(b, all->n, o->confidence);
	if (isfinite(fitted.mean))
		all->mean = fmax(0, fitted.mean);
	/* few that all are open at the same end bound neither */
	if (isfinite(fitted.ci.lo) || isfinite(fitted.ci.hi))
		all->ci.lo = fmax(0, fitted.ci.lo);
	if (isfinite(fitted.ci.hi))
		all->ci.hi = fitted.ci.hi;
	if (all->open_top || all->open_bottom)
		all->mean = NAN;
	if (all->open_bottom && !isnan(all->ci.lo))
		all->ci.lo = 0;
	if (all->open_top)
		all->ci.hi = NAN;
	free(session);
	free(b);
}

static size_t add(struct seen **s, size_t n, size_t *room, const struct goal *goal,
		  const struct trial *t)
{
	double session = number(t, COL_session);

	*s = grow(*s, n, room, sizeof(**s));
	(*s)[n] = (struct seen){ isnan(session) ? 1 : session, number(t, COL_rep),
				 trial_result_of(goal, &t->row) };
	return n + 1;
}

struct mlfrr mlfrr_of(const struct data *d, const struct cell **cells, size_t n,
		      const struct options *o)
{
	struct mlfrr all = { .ci = { NAN, NAN }, .mean = NAN };
	const struct trial *first = cell_trial(d, cells[0]), *t;
	const struct folder *f = &d->folders[first->folder];
	struct goal goal = goal_of(d, first, o);
	struct seen *s = NULL;
	size_t i, k, m = 0, room = 0;

	all.search = is_search(first);
	if (all.search) /* to a search a failed trial is a bad one */
		for (i = f->first; i < f->first + f->n; i++) {
			t = &d->trials[i];
			if (same_curve(t, first) && row_same(&t->row, &first->row, COL_weight))
				m = add(&s, m, &room, &goal, t);
		}
	for (i = 0; i < n && !all.search; i++)
		for (k = 0; k < cells[i]->n; k++) {
			t = &d->trials[d->order[cells[i]->first + k]];
			if (cell_offered(d, cells[i]) && !isnan(number(t, COL_lost)) &&
			    number(t, COL_sent) > 0)
				m = add(&s, m, &room, &goal, t);
		}
	if (m)
		qsort(s, m, sizeof(*s), by_load);
	if (all.search && asked_number(f, "reps", 1) > 1)
		all.searches = asked_number(f, "reps", 1);
	find(&goal, s, m, &all);
	/* a search that was made once has no repetitions: its rows count its trials */
	if (m && (!all.search || all.searches))
		over_repetitions(&goal, s, m, o, &all);
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
	return loads > 1 || (loads && is_search(cell_trial(d, &d->cells[from])));
}

static const char *note_of(const struct mlfrr *f)
{
	if (f->open_top || f->open_bottom)
		return f->open_top && f->open_bottom ? "the loads reach neither far enough up nor down" :
		       f->open_top ? "the loads do not reach far enough up" :
				     "the loads do not reach far enough down";
	/* the bounds are of most repetitions; where there is a mean, not of all */
	if (isnan(f->lower))
		return isnan(f->mean) ? "loses at the lowest load already" :
					"most repetitions lose at the lowest load already";
	if (isnan(f->upper))
		return isnan(f->mean) ? "no loss at any load: at least this" :
					"most repetitions lose at no load";
	if (f->search && !f->searches)
		return "one search: its bounds are not an interval";
	return f->n < 2 ? "one repetition: no interval" : "";
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
	bool any = false, searches = false;

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
			searches |= f.searches > 0;
			table_row(t);
			label_row(t, label, d, cell_trial(d, cells[i]));
			no_load(t, label);
			table_number(t, lower, f.lower, 1e-6, 1);
			table_number(t, upper, f.upper, 1e-6, 1);
			table_number(t, cond, f.conditional, 1e-6, 1);
			table_number(t, n, f.n, 1, 0);
			table_number(t, mean, f.mean, 1e-6, 1);
			table_number(t, lo, f.ci.lo, 1e-6, 1);
			table_number(t, hi, f.ci.hi, 1e-6, 1);
			table_text(t, note, "%s%s%s", note_of(&f),
				   f.short_source && *note_of(&f) ? "; " : "",
				   f.short_source ? "the source sent less than asked" : "");
		}
		free(cells);
	}
	if (!any)
		table_note(t, "no loss-free rate: it needs trials that count losses, at two loads or more");
	table_note(t, "loss up to %.4g %% counts as none, in a search what its goal says; terms of RFC 9971; mean, from, to: of repetitions, fitted to the loads between which each lies, %.4g %%",
		   100 * o->loss, 100 * o->confidence);
	if (searches)
		table_note(t, "searches are low where single trials scatter: the first load with loss ends them; compare weights, not their size");
	note_folders(t, d);
	return finish(t, o);
}
