// SPDX-License-Identifier: GPL-2.0
/*
 * Strata: the repetitions of two weights that are compared, at one load and over all loads.
 *
 * A session's module load shifts a weight at every load alike, so the loads of one session are
 * not independent. Over several loads they are first summed within each session; the test is
 * over these sums, as one stratum. Without sessions each load is a stratum of its own.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "napistat.h"

static double unit_mean(const struct data *d, const struct cell *c, size_t *i,
			const struct metric *m)
{
	const struct trial *first = &d->trials[d->order[c->first + *i]];
	double sum = 0, v;
	size_t many = 0;

	for (; *i < c->n && !unit_order(&d->trials[d->order[c->first + *i]], first); ++*i) {
		v = m->of(&d->trials[d->order[c->first + *i]]);
		sum += isnan(v) ? 0 : v;
		many += !isnan(v);
	}
	return sum / many;
}

/*
 * Interleaved trials come in blocks with every weight, and sessions in repetitions: the
 * difference of two means of one block removes whatever the host did to both.
 */
static size_t pair_units(const struct data *d, const struct cell *a, const struct cell *b,
			 const struct metric *m, double *x, double *y, const struct trial **of)
{
	size_t i = 0, k = 0, n = 0;

	while (i < a->n && k < b->n) {
		const struct trial *p = &d->trials[d->order[a->first + i]];
		const struct trial *q = &d->trials[d->order[b->first + k]];
		int order = unit_order(p, q);

		if (order) {
			i += order < 0;
			k += order > 0;
			continue;
		}
		x[n] = unit_mean(d, a, &i, m);
		y[n] = unit_mean(d, b, &k, m);
		of[n] = p;
		n += !isnan(x[n]) && !isnan(y[n]);
	}
	return n;
}

/* The highest level that either cell repeats; COL_trial: none above its units. */
static enum column pair_level(const struct data *d, const struct cell *a, const struct cell *b)
{
	if (cell_sessions(d, a) > 1 || cell_sessions(d, b) > 1)
		return COL_session;
	return cell_streams(d, a) > 1 || cell_streams(d, b) > 1 ? COL_rep : COL_trial;
}

/*
 * Trials of one session share what the module's load did to a weight, blocks of one stream
 * what the stream did: one pair for each, of the highest of these that was repeated.
 */
static size_t pair_levels(double *x, double *y, const struct trial **of, size_t n,
			  enum column level)
{
	size_t i, k, levels = 0;

	if (level == COL_trial)
		return n;
	for (i = 0; i < n; i = k) {
		double a = 0, b = 0;

		for (k = i; k < n && row_same(&of[k]->row, &of[i]->row, level); k++) {
			a += x[k];
			b += y[k];
		}
		x[levels] = a / (k - i);
		y[levels] = b / (k - i);
		of[levels++] = of[i];
	}
	return levels;
}

/* Room for pairs of two cells. */
struct room {
	double *x, *y;
	const struct trial **of;
};

static struct room room_for(const struct cell *a, const struct cell *b)
{
	size_t n = a->n + b->n + 2;

	return (struct room){ must(calloc(n, sizeof(double))), must(calloc(n, sizeof(double))),
			      must(calloc(n, sizeof(struct trial *))) };
}

static void room_free(struct room *r)
{
	free(r->x);
	free(r->y);
	free(r->of);
}

static bool in_blocks(const struct data *d, const struct cell *c)
{
	const struct trial *t = cell_trial(d, c);

	return !strcmp(word(t, COL_method), "interleave") && !row_empty(&t->row, COL_block);
}

static size_t pairs_of(const struct data *d, const struct cell *a, const struct cell *b,
		       const struct metric *m, struct room *r)
{
	size_t n = pair_units(d, a, b, m, r->x, r->y, r->of);

	return pair_levels(r->x, r->y, r->of, n, pair_level(d, a, b));
}

bool compare_cells(const struct data *d, const struct cell *a,
		   const struct cell *b, const struct metric *m,
		   struct stratum *s)
{
	struct room r = room_for(a, b);
	bool ok;

	if (pair_level(d, a, b) == COL_session || (in_blocks(d, a) && in_blocks(d, b)))
		ok = stratum_paired(s, r.x, r.y, pairs_of(d, a, b, m, &r));
	else
		ok = stratum_welch(s, r.x, cell_values(d, a, m, r.x), r.y,
				   cell_values(d, b, m, r.y));
	room_free(&r);
	return ok;
}

/* ---- over several loads ---- */

/* The loads of one session, or of one repetition, added up. */
struct sum {
	double unit, a, b;
	size_t loads;
};

struct sums {
	struct sum *list;
	size_t n, room;
};

static void add(struct sums *s, const struct trial *t, enum column level, double a, double b)
{
	double unit = row_empty(&t->row, level) ? 1 : number(t, level);
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->list[i].unit == unit)
			break;
	if (i == s->n) {
		s->list = grow(s->list, s->n, &s->room, sizeof(*s->list));
		s->list[s->n++] = (struct sum){ .unit = unit };
	}
	s->list[i].a += a;
	s->list[i].b += b;
	s->list[i].loads++;
}

static void leave_out(struct left_out *l, double session)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->session[i] == session)
			return;
	if (l->n < LEFT_OUT_MOST)
		l->session[l->n++] = session;
}

/* The sums that have every load; of the others, the session is left out. */
static size_t whole(const struct sums *s, size_t loads, double *a, double *b, struct left_out *l)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++) {
		if (s->list[i].loads < loads) {
			leave_out(l, s->list[i].unit);
			continue;
		}
		a[n] = s->list[i].a;
		b[n++] = s->list[i].b;
	}
	return n;
}

static bool over_sessions(const struct data *d, const struct place *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (cell_sessions(d, p[i].a) > 1 || cell_sessions(d, p[i].b) > 1)
			return true;
	return false;
}

size_t strata_sum(const struct data *d, const struct place *p, size_t n, const struct metric *m,
		  const struct stratum *each, struct stratum *to, struct left_out *l)
{
	struct sums s = { 0 };
	double *a, *b;
	size_t i, k;

	if (n < 2 || !over_sessions(d, p, n)) {
		for (i = 0; i < n; i++)
			to[i] = each[i];
		return n;
	}
	for (i = 0; i < n; i++) {
		struct room r = room_for(p[i].a, p[i].b);
		size_t pairs = pairs_of(d, p[i].a, p[i].b, m, &r);

		for (k = 0; k < pairs; k++)
			add(&s, r.of[k], COL_session, r.x[k], r.y[k]);
		room_free(&r);
	}
	a = must(calloc(2 * s.n + 1, sizeof(*a)));
	b = a + s.n;
	stratum_paired(to, a, b, whole(&s, n, a, b, l));
	free(a);
	free(s.list);
	return 1;
}

/* Of one side of the places. */
static size_t side_sums(const struct data *d, const struct place *p, size_t n, bool second,
			const struct metric *m, double **to, struct left_out *l)
{
	enum column level = COL_rep;
	struct sums s = { 0 };
	size_t i, k, next, units;

	for (i = 0; i < n; i++)
		if (cell_sessions(d, second ? p[i].b : p[i].a) > 1)
			level = COL_session;
	for (i = 0; i < n; i++) {
		const struct cell *c = second ? p[i].b : p[i].a;

		for (k = 0; k < c->n; k = next) {
			const struct trial *t = &d->trials[d->order[c->first + k]];
			double sum = 0;
			size_t many = 0;

			for (next = k; next < c->n; next++) {
				const struct trial *u = &d->trials[d->order[c->first + next]];
				double v = m->of(u);

				if (!row_same(&u->row, &t->row, level))
					break;
				sum += isnan(v) ? 0 : v;
				many += !isnan(v);
			}
			if (many)
				add(&s, t, level, sum / many, 0);
		}
	}
	*to = must(calloc(2 * s.n + 1, sizeof(**to)));
	l->of_reps = level == COL_rep;
	units = whole(&s, n, *to, *to + s.n, l);
	free(s.list);
	return units;
}

size_t strata_apart(const struct data *d, const struct place *p, size_t n, const struct metric *m,
		    const struct stratum *each, struct stratum *to, struct left_out *la,
		    struct left_out *lb)
{
	double *a, *b;
	size_t i, na, nb;

	if (n < 2 || !over_sessions(d, p, n)) {
		for (i = 0; i < n; i++)
			to[i] = each[i];
		return n;
	}
	na = side_sums(d, p, n, false, m, &a, la);
	nb = side_sums(d, p, n, true, m, &b, lb);
	stratum_welch(to, a, na, b, nb);
	free(a);
	free(b);
	return 1;
}

void say_left_out(FILE *out, const struct left_out *l)
{
	size_t i;

	fprintf(out, "%s%s ", l->of_reps ? "repetition" : "session", l->n == 1 ? "" : "s");
	for (i = 0; i < l->n; i++)
		fprintf(out, "%s%.0f", i ? ", " : "", l->session[i]);
	fputs(l->n == 1 ? " lacks a load and is left out of what is summed over loads" :
			  " lack a load and are left out of what is summed over loads", out);
}
