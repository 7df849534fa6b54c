// SPDX-License-Identifier: GPL-2.0
/* Weight against weight, at one load and under the same settings. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "napistat.h"

/* with more weights than this only the reference is compared with */
#define MAX_PAIRED_WEIGHTS 40

/* the difference as a share of the second, or in the metric's own unit */
void effect_of(const struct stratum *s, size_t k, const struct metric *m,
	       double confidence, double *effect, struct interval *ci)
{
	double m1 = 0, m2 = 0;
	size_t i;

	for (i = 0; i < k; i++) {
		m1 += s[i].m1;
		m2 += s[i].m2;
	}
	if (m->relative) {
		*effect = m2 > 0 ? m1 / m2 - 1 : NAN;
		*ci = ratio_interval(s, k, confidence);
		ci->lo -= 1;
		ci->hi -= 1;
		return;
	}
	*effect = m1 - m2;
	*ci = difference_interval(s, k, confidence);
}

/* all tests of one figure under the same settings, every load, are one family */
static void correct(struct comparison *c, size_t n, const struct data *d)
{
	double *p = must(calloc(2 * n + 1, sizeof(*p)));
	size_t i, k, m;

	for (i = 0; i < n; i += m) {
		/* a family stands together */
		for (m = 0; i + m < n; m++)
			if (c[i + m].metric != c[i].metric ||
			    !same_curve(cell_trial(d, c[i + m].a),
					cell_trial(d, c[i].a)))
				break;
		for (k = 0; k < m; k++) {
			p[k] = c[i + k].p;
			p[n + k] = c[i + k].p_equal;
		}
		if (holm(p, m) || holm(p + n, m))
			must(NULL);
		for (k = 0; k < m; k++) {
			c[i + k].p_holm = p[k];
			c[i + k].p_equal_holm = p[n + k];
		}
	}
	free(p);
}

static void compare_one(const struct data *d, const struct options *o,
			const struct cell *a, const struct cell *b,
			double reference, const struct metric *m,
			struct comparison *c)
{
	struct contrast k;

	/* b is the reference; between two others, the greater weight */
	if (cell_weight(d, a) == reference) {
		const struct cell *swap = a;

		a = b;
		b = swap;
	}
	*c = (struct comparison){ .a = a, .b = b, .metric = m, .p = NAN,
				  .p_equal = NAN };
	if (!compare_cells(d, a, b, m, &c->s))
		return;
	k = contrast_at(&c->s, 1, 1);
	c->p = p_differs(&k);
	c->p_equal = p_equal(&c->s, 1, margin_of(o, m), m->relative);
}

/* every pair of weights at every load; trials of a search are not repetitions */
struct comparison *compare_all(const struct data *d, const struct options *o,
			       size_t *n, bool *cut)
{
	struct comparison *list = NULL;
	size_t room = 0, from, to, i, k, m;

	*n = 0;
	*cut = false;
	for (m = 0; m < o->n_metrics; m++) {
		for (from = 0; from < d->n_cells; from = to) {
			const struct trial *t = cell_trial(d, &d->cells[from]);
			double ref;
			bool all;

			to = load_end(d, from);
			ref = nearest_weight(d, from, to, o->reference);
			all = !o->only_reference && to - from <= MAX_PAIRED_WEIGHTS;
			*cut |= !o->only_reference && !all;
			if (!strcmp(word(t, COL_method), "mlfrr"))
				continue;
			for (i = from; i < to; i++) {
				for (k = i + 1; k < to; k++) {
					if (!all && cell_weight(d, &d->cells[i]) != ref &&
					    cell_weight(d, &d->cells[k]) != ref)
						continue;
					list = grow(list, *n, &room, sizeof(*list));
					compare_one(d, o, &d->cells[i], &d->cells[k],
						    ref, o->metrics[m], &list[*n]);
					/* neither was measured: no row */
					*n += list[*n].s.n1 && list[*n].s.n2;
				}
			}
		}
	}
	if (*n)
		correct(list, *n, d);
	return list;
}

const char *result_of(const struct comparison *c, const struct options *o)
{
	double alpha = 1 - o->confidence;
	bool differs = c->p_holm < alpha, equal = c->p_equal_holm < alpha;

	if (isnan(c->p))
		return "too few repetitions to say";
	if (differs && equal)
		return "differs, but within the margin";
	return differs ? "differs" : equal ? "equal" : "cannot say";
}

int cmd_compare(const struct data *d, const struct options *o)
{
	struct table *t = table_new("compare");
	int label = label_columns(t);
	int metric = table_column(t, U_LABEL, "metric", "figure");
	int a = table_column(t, U_LABEL, "weight_a", "weight");
	int b = table_column(t, U_LABEL, "weight_b", "against");
	int test = table_column(t, U_LABEL, "test", "test");
	int level = table_column(t, U_LABEL, "level", "each a");
	int na = table_column(t, U_VALUE, "n_a", "n");
	int nb = table_column(t, U_DETAIL, "n_b", "n against");
	int ma = table_column(t, U_VALUE, "mean_a", "mean");
	int mb = table_column(t, U_VALUE, "mean_b", "mean against");
	int unit = table_column(t, U_LABEL, "unit", "unit");
	int diff = table_column(t, U_VALUE, "difference", "difference %");
	int lo = table_column(t, U_VALUE, "lo", "from");
	int hi = table_column(t, U_VALUE, "hi", "to");
	int tt = table_column(t, U_DETAIL, "t", "t");
	int df = table_column(t, U_DETAIL, "df", "degrees of freedom");
	int p = table_column(t, U_DETAIL, "p", "p");
	int ph = table_column(t, U_VALUE, "p_holm", "p (Holm)");
	int pe = table_column(t, U_DETAIL, "p_equal", "p of equality");
	int peh = table_column(t, U_VALUE, "p_equal_holm", "p equal (Holm)");
	int result = table_column(t, U_VALUE, "result", "result");
	struct comparison *list;
	size_t i, n;
	bool cut, still = false;

	list = compare_all(d, o, &n, &cut);
	for (i = 0; i < n; i++) {
		const struct comparison *c = &list[i];
		const struct metric *m = c->metric;
		struct contrast k = contrast_at(&c->s, 1, 1);
		struct interval ci = { NAN, NAN };
		double effect = NAN;

		if (!isnan(c->p))
			effect_of(&c->s, 1, m, o->confidence, &effect, &ci);
		still |= k.se == 0;
		table_row(t);
		label_row(t, label, d, cell_trial(d, c->a));
		no_weight(t, label);
		table_text(t, metric, "%s", m->name);
		table_number(t, a, cell_weight(d, c->a), 1, 0);
		table_number(t, b, cell_weight(d, c->b), 1, 0);
		table_text(t, test, "%s", c->s.paired ? "paired" : "Welch");
		table_text(t, level, "%s", cell_level(d, c->a));
		table_number(t, na, c->s.n1, 1, 0);
		table_number(t, nb, c->s.n2, 1, 0);
		table_number(t, ma, c->s.m1, m->scale, m->decimals);
		table_number(t, mb, c->s.m2, m->scale, m->decimals);
		table_text(t, unit, "%s", m->unit);
		table_shown(t, unit, m->shown_unit);
		table_number(t, diff, effect, 100, 2);
		table_number(t, lo, ci.lo, 100, 2);
		share_end(t, hi, ci.hi);
		table_number(t, tt, k.se > 0 ? contrast_t(&k) : NAN, 1, 3);
		table_number(t, df, k.df, 1, 2);
		table_probability(t, p, c->p);
		table_probability(t, ph, c->p_holm);
		table_probability(t, pe, c->p_equal);
		table_probability(t, peh, c->p_equal_holm);
		table_text(t, result, "%s", result_of(c, o));
	}
	free(list);
	table_note(t, "difference: share of the second mean, with its %.4g %% interval; for losses, percentage points",
		   100 * o->confidence);
	table_note(t, "equal: both one-sided tests say that the difference is within %.4g %%, of losses %.4g percentage points; Holm's correction over all tests of one figure under the same settings, every load together",
		   100 * o->margin, 100 * o->loss);
	table_note(t, "n counts the highest level that was repeated (sessions; else trials, of interleave streams, or the blocks of a single stream)");
	for (i = 0; i < d->n_folders; i++)
		if (folder_boots(&d->folders[i]) < 2)
			table_note(t, "%s: no repetition is of another boot", d->folders[i].label);
	table_note(t, "from, to: each interval for itself; Holm's correction is in p and result only, so an interval without 0 can stand beside \"cannot say\"");
	note_until(t, d);
	if (cut)
		table_note(t, "more than %d weights: each is compared with the reference only",
			   MAX_PAIRED_WEIGHTS);
	if (still)
		table_note(t, "where repetitions agree to the last digit there is no spread to test against: of five or more (a deterministic lab) the means decide, of fewer nothing is said");
	note_folders(t, d);
	return finish(t, o);
}
