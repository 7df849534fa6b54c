// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict: which weight, which buffer, how many CPUs.
 *
 * The buffer is the smallest without loss in the socket and the CPUs are the fewest
 * that do, both at the reference weight (64, or the measured weight nearest to it).
 * Under these settings the verdict on the weight is one of three.
 *
 * change: one rival was measured at every load, none of its trials failed; at no load
 *   does it deliver less by more than the margin; and at some load it delivers more by
 *   more than the margin, or it costs less CPU per packet by more than the margin over
 *   all loads together.
 * keep: every rival is shown to deliver less by more than the margin at some load, or
 *   to be better by no more than the margin at any load and in cost.
 * cannot say: all else.
 *
 * With E the error that the confidence leaves, the gains of all rivals, loads and costs
 * are one family (Holm, E/2), and so are the losses (Holm, E/2); a rival is not worse
 * when every load says so at E/2 over the number of rivals. So a false change and a
 * false keep each happen in at most E of the sweeps. Trials that failed are not evidence
 * for anything, and neither is a load at which a weight was not measured.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

static const struct cell *of_weight(const struct data *d, size_t from, size_t to,
				    double w)
{
	for (; from < to; from++)
		if (cell_weight(d, &d->cells[from]) == w)
			return &d->cells[from];
	return NULL;
}

static void over_begin(struct over *v, size_t loads)
{
	v->at = must(calloc(loads + 1, sizeof(*v->at)));
	v->s = must(calloc(loads + 1, sizeof(*v->s)));
	v->sum = must(calloc(loads + 1, sizeof(*v->sum)));
}

static void over_free(struct over *v)
{
	free(v->at);
	free(v->s);
	free(v->sum);
}

static void over_add(const struct data *d, struct over *v, const struct cell *c,
		     const struct cell *ref, const struct metric *m)
{
	if (!compare_cells(d, c, ref, m, &v->s[v->n]))
		return;
	v->at[v->n++] = (struct place){ c, ref };
}

static struct rival *rival_of(struct verdict *v, double w, size_t loads)
{
	struct rival *r;
	size_t i;

	for (i = 0; i < v->n; i++)
		if (v->rivals[i].weight == w)
			return &v->rivals[i];
	v->rivals = must(reallocarray(v->rivals, v->n + 1, sizeof(*v->rivals)));
	r = &v->rivals[v->n++];
	*r = (struct rival){ .weight = w, .effect = NAN, .cost_effect = NAN,
			     .delay_effect = NAN, .ci = { NAN, NAN }, .cost_ci = { NAN, NAN },
			     .delay_ci = { NAN, NAN } };
	over_begin(&r->rate, loads);
	over_begin(&r->cost, loads);
	over_begin(&r->delay, loads);
	r->better = must(calloc(loads + 1, sizeof(*r->better)));
	r->worse = must(calloc(loads + 1, sizeof(*r->worse)));
	return r;
}

static void note_load(const struct data *d, struct verdict *v,
		      const struct cell *c, const struct cell *last)
{
	double load = cell_offered(d, c);

	v->loads++;
	v->curves += !last || !same_curve(cell_trial(d, c), cell_trial(d, last));
	if (load) {
		v->lowest = fmin(v->lowest, load);
		v->highest = fmax(v->highest, load);
	}
}

static void note_cell(const struct data *d, struct verdict *v, const struct cell *c,
		      struct evidence *e)
{
	size_t i, streams = cell_streams(d, c), sessions = cell_sessions(d, c);

	v->min_n = c->n < v->min_n ? c->n : v->min_n;
	v->max_n = c->n > v->max_n ? c->n : v->max_n;
	v->trials += c->n;
	if (streams && (!v->streams || streams < v->streams))
		v->streams = streams;
	if (!v->sessions || sessions < v->sessions)
		v->sessions = sessions;
	e->loads++;
	e->trials += c->n;
	for (i = 0; i < c->n; i++)
		e->warned += row_status(&d->trials[d->order[c->first + i]].row) ==
			     STATUS_WARN;
}

static void add_up(const struct data *d, struct verdict *v, struct over *x, const struct metric *m)
{
	x->n_sum = strata_sum(d, x->at, x->n, m, x->s, x->sum, &v->left_out);
}

/* every load at which the reference and another weight were measured */
static void gather(const struct data *d, struct verdict *v, size_t loads)
{
	const struct advice *a = &v->a;
	const struct cell *ref, *last = NULL;
	size_t from, to, i;

	for (from = a->from; from < a->to; from = to) {
		to = load_end(d, from);
		ref = of_weight(d, from, to, a->reference);
		if (!advised(a, cell_trial(d, &d->cells[from])))
			continue;
		v->without_ref += !ref;
		if (!ref)
			continue;
		note_load(d, v, ref, last);
		note_cell(d, v, ref, &v->ref);
		v->ref_rate += fmax(0, cell_sample(d, ref, a->delivered).mean);
		last = ref;
		for (i = from; i < to; i++) {
			const struct cell *c = &d->cells[i];
			struct rival *r;

			if (c == ref)
				continue;
			r = rival_of(v, cell_weight(d, c), loads);
			note_cell(d, v, c, &r->seen);
			over_add(d, &r->rate, c, ref, a->delivered);
			over_add(d, &r->cost, c, ref, a->cost);
			over_add(d, &r->delay, c, ref, metric_find("delay_p99_us"));
		}
	}
}

static void add_up_all(const struct data *d, struct verdict *v)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		add_up(d, v, &v->rivals[i].rate, v->a.delivered);
		add_up(d, v, &v->rivals[i].cost, v->a.cost);
		add_up(d, v, &v->rivals[i].delay, metric_find("delay_p99_us"));
	}
}

/* a weight all of whose trials failed is a rival too: one that nothing is known of */
static void gather_failed(const struct data *d, struct verdict *v, size_t folder, size_t loads)
{
	const struct folder *f = &d->folders[folder];
	size_t i;

	for (i = f->first; i < f->first + f->n; i++) {
		const struct trial *t = &d->trials[i];

		if (row_status(&t->row) != STATUS_FAILED || !advised(&v->a, t))
			continue;
		if (number(t, COL_weight) == v->a.reference)
			v->ref.failed++;
		else
			rival_of(v, number(t, COL_weight), loads)->seen.failed++;
	}
	for (i = 0; i < v->n; i++) {
		struct rival *r = &v->rivals[i];

		r->complete = r->rate.n == v->loads && !r->seen.failed && !v->without_ref;
	}
}

/* gains and savings of all rivals as one family; losses as another */
static void correct(struct verdict *v)
{
	size_t i, k, n = 0, m;
	double *gain, *loss;

	for (i = 0; i < v->n; i++)
		n += v->rivals[i].rate.n + 1;
	gain = must(calloc(2 * n + 1, sizeof(*gain)));
	loss = gain + n;
	for (i = 0, m = 0; i < v->n; i++) {
		const struct rival *r = &v->rivals[i];

		for (k = 0; k < r->rate.n; k++, m++) {
			gain[m] = r->better[k];
			loss[m] = r->worse[k];
		}
		gain[m] = r->cheaper;
		loss[m++] = NAN;
	}
	if (holm(gain, n) || holm(loss, n))
		must(NULL);
	for (i = 0, m = 0; i < v->n; i++) {
		struct rival *r = &v->rivals[i];

		for (k = 0; k < r->rate.n; k++, m++) {
			r->better[k] = gain[m];
			r->worse[k] = loss[m];
		}
		r->cheaper = gain[m++];
	}
	free(gain);
}

static void test_rival(struct verdict *v, struct rival *r, const struct options *o)
{
	double alpha = (1 - o->confidence) / 2;
	size_t k;

	r->not_worse = r->equal = r->no_gain = r->rate.n > 0;
	r->cheaper = NAN;
	for (k = 0; k < r->rate.n; k++) {
		struct stratum *s = &r->rate.s[k];
		struct contrast less = contrast_at(s, 1, 1 - o->margin);

		v->tested = true;
		v->paired |= s->paired;
		r->better[k] = p_better(s, 1, o->margin, true);
		r->worse[k] = p_below(&less, 0);
		r->not_worse &= p_not_worse(s, 1, o->margin, true) < alpha / v->n;
		r->no_gain &= p_not_better(s, 1, o->margin, true) < alpha;
		r->equal &= p_equal(s, 1, o->margin, true) < alpha;
	}
	if (r->cost.n && r->cost.n == r->rate.n) {
		struct contrast c = contrast_at(r->cost.sum, r->cost.n_sum, 1 - o->margin);

		r->cheaper = p_below(&c, 0);
		r->no_gain &= p_not_cheaper(r->cost.sum, r->cost.n_sum, o->margin) < alpha;
	}
	if (r->rate.n)
		effect_of(r->rate.sum, r->rate.n_sum, v->a.delivered, 1 - 2 * alpha / v->n,
			  &r->effect, &r->ci);
	if (r->cost.n)
		effect_of(r->cost.sum, r->cost.n_sum, v->a.cost, 1 - 2 * alpha / v->n,
			  &r->cost_effect, &r->cost_ci);
	if (r->delay.n && r->delay.n == r->rate.n)
		effect_of(r->delay.sum, r->delay.n_sum, metric_find("delay_p99_us"),
			  1 - 2 * alpha / v->n, &r->delay_effect, &r->delay_ci);
}

static void test(struct verdict *v, const struct options *o)
{
	double alpha = (1 - o->confidence) / 2;
	size_t i, k;

	for (i = 0; i < v->n; i++)
		test_rival(v, &v->rivals[i], o);
	correct(v);
	for (i = 0; i < v->n; i++) {
		struct rival *r = &v->rivals[i];

		for (k = 0; k < r->rate.n; k++) {
			r->gains |= r->better[k] < alpha;
			r->n_worse += r->worse[k] < alpha;
		}
		r->saves = r->cheaper < alpha;
		/* what was not measured, or failed, may differ */
		r->equal &= r->complete;
	}
}

static double far_from_default(const struct rival *r)
{
	return fabs(log(r->weight / DEFAULT_WEIGHT));
}

/* more delivered first, then less CPU, then nearer to the default */
static bool preferred(const struct rival *r, const struct rival *than,
		      double margin)
{
	double gain = r->effect - than->effect;
	double cost = r->cost_effect - than->cost_effect;

	if (fabs(gain) > margin)
		return gain > 0;
	if (fabs(cost) > margin)
		return cost < 0;
	return far_from_default(r) < far_from_default(than);
}

static void choose(struct verdict *v, const struct options *o)
{
	/* blocks of one stream say nothing of another, so none of the others does either */
	bool one = v->streams == 1 && v->sessions < 2;
	size_t i, out = 0;

	for (i = 0; i < v->n; i++) {
		const struct rival *r = &v->rivals[i];

		out += excluded(r);
		if (!r->rate.n)
			continue;
		if (!v->shown || (excluded(v->shown) && !excluded(r)) ||
		    (excluded(v->shown) == excluded(r) && preferred(r, v->shown, o->margin)))
			v->shown = r;
		if (r->complete && r->not_worse && (r->gains || r->saves) && !v->until && !one &&
		    (!v->winner || preferred(r, v->winner, o->margin)))
			v->winner = r;
	}
	if (verdict_no_rate(v))
		v->winner = v->shown = NULL;
	if (v->winner)
		v->shown = v->winner;
	v->action = v->winner ? CHANGE :
		    v->tested && out == v->n && !v->without_ref && !one &&
			!verdict_no_rate(v) ? KEEP : CANNOT_SAY;
}

struct verdict verdict_of(const struct data *d, size_t folder, const struct options *o)
{
	struct verdict v = { .a = advise(d, folder, o), .lowest = INFINITY,
			     .min_n = SIZE_MAX };
	size_t from, loads = 0;

	for (from = v.a.from; from < v.a.to; from = load_end(d, from))
		loads++;
	v.until = *asked_text(&d->folders[folder], "until");
	v.drift = drift_of(d, folder, metric_find("delivered_bps"), o->confidence);
	gather(d, &v, loads);
	add_up_all(d, &v);
	gather_failed(d, &v, folder, loads);
	test(&v, o);
	plan_more(&v, o);
	choose(&v, o);
	return v;
}

/* 64 is what a guest has, but keep what was shown to be kept, or what was asked about */
double verdict_kept(const struct verdict *v)
{
	if (isnan(v->a.reference))
		return DEFAULT_WEIGHT;
	return v->action == KEEP || verdict_measured(v, DEFAULT_WEIGHT) ? v->a.reference :
									   DEFAULT_WEIGHT;
}

bool verdict_measured(const struct verdict *v, double weight)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (v->rivals[i].weight == weight)
			return true;
	return v->a.reference == weight;
}

void verdict_free(struct verdict *v)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		over_free(&v->rivals[i].rate);
		over_free(&v->rivals[i].cost);
		over_free(&v->rivals[i].delay);
		free(v->rivals[i].better);
		free(v->rivals[i].worse);
	}
	free(v->rivals);
}
