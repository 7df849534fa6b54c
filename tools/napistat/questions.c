// SPDX-License-Identifier: GPL-2.0
/*
 * table: the study's table 4.27, each question answered from the data.
 *
 * A question is asked at every load (or weight) that was measured; each gives
 * yes, no or unclear, and the cell says where. "unclear" means that the
 * repetitions scatter too much to tell, "not measured" that no trial asks.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"

#define MBIT 1e6

struct asked {
	double at; /* bit/s offered, or a weight */
	enum answer is;
};

struct answers {
	struct asked *list;
	size_t n, room;
	bool by_weight;
};

struct ask {
	const struct data *d;
	const struct options *o;
	struct advice a;
	double w60, w200; /* 60 and 200, or 64 and 256; NAN: not there */
};

/* how two answers about one load become one */
enum merge { MERGE_ANY, MERGE_ALL };

static void add(struct answers *l, double at, enum answer is, enum merge merge)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (l->list[i].at != at)
			continue;
		if (merge == MERGE_ANY ? is > l->list[i].is : is < l->list[i].is)
			l->list[i].is = is;
		return;
	}
	l->list = grow(l->list, l->n, &l->room, sizeof(*l->list));
	l->list[l->n++] = (struct asked){ at, is };
}

static int by_at(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;

	/* full speed, written 0, is above every other load */
	if (!x->at || !y->at)
		return !x->at - !y->at;
	return (x->at > y->at) - (x->at < y->at);
}

static void say_at(FILE *out, const struct answers *l, double at)
{
	if (l->by_weight)
		fprintf(out, "weight %.0f", at);
	else if (!at)
		fputs("full speed", out);
	else
		fprintf(out, "%.4g Mbit/s", at / MBIT);
}

static void say(FILE *out, struct answers *l)
{
	size_t i, yes = 0, unclear = 0, first = 0, last = 0;

	if (l->n)
		qsort(l->list, l->n, sizeof(*l->list), by_at);
	for (i = 0; i < l->n; i++) {
		unclear += l->list[i].is == A_UNCLEAR;
		if (l->list[i].is != A_YES)
			continue;
		if (!yes++)
			first = i;
		last = i;
	}
	if (!l->n) {
		fputs("not measured", out);
	} else if (!yes && !unclear) {
		fputs("no", out);
	} else if (!yes) {
		fprintf(out, unclear == l->n ? "unclear" : "unclear at %zu of %zu %s",
			unclear, l->n, l->by_weight ? "weights" : "loads");
	} else if (yes == l->n) {
		fputs("yes", out);
	} else if (yes == 1 && last < l->n - 1) {
		fputs("at ", out);
		say_at(out, l, l->list[first].at);
		fputs(" only", out);
	} else if (last == l->n - 1 && last - first + 1 == yes) {
		fputs(l->by_weight ? "at " : "yes, from ", out);
		say_at(out, l, l->list[first].at);
	} else {
		fprintf(out, "at %zu of %zu %s, ", yes, l->n,
			l->by_weight ? "weights" : "loads");
		say_at(out, l, l->list[first].at);
		fputs(" to ", out);
		say_at(out, l, l->list[last].at);
	}
	if (l->n == 1 && !l->by_weight) {
		fputs(" (", out);
		say_at(out, l, l->list[0].at);
		fputs(" only)", out);
	}
}

static bool has(const struct data *d, const struct cell *c,
		const struct metric *m)
{
	return cell_sample(d, c, m).n > 0;
}

static const struct metric *driver_loss(const struct ask *q)
{
	const struct metric *m = metric_find("loss_driver");

	return measured(q->d, q->a.from, q->a.to, m) ? m : metric_find("loss");
}

static void loss_at_weight(const struct ask *q, double w, struct answers *l)
{
	const struct metric *m = driver_loss(q);
	size_t i;

	for (i = q->a.from; i < q->a.to; i++) {
		const struct cell *c = &q->d->cells[i];

		if (cell_weight(q->d, c) == w && advised(&q->a, cell_trial(q->d, c)) &&
		    has(q->d, c, m))
			add(l, cell_offered(q->d, c), loses(q->d, c, m, q->o),
			    MERGE_ANY);
	}
}

/*
 * Was the remedy (another CPU, a larger buffer) needed? Yes where all without
 * it lose in the socket and one with it does not.
 */
static void needed(const struct ask *q, FILE *out,
		   bool (*remedy)(const struct ask *q, const struct trial *t),
		   const char *with)
{
	const struct metric *m = metric_find("loss_socket");
	struct answers without = { 0 }, under = { 0 }, need = { 0 };
	size_t i, k, cures = 0;

	for (i = q->a.from; i < q->a.to; i++) {
		const struct cell *c = &q->d->cells[i];
		const struct trial *t = cell_trial(q->d, c);

		if (cell_weight(q->d, c) == q->a.reference && is_udp(t) &&
		    !is_search(t) && has(q->d, c, m))
			add(remedy(q, t) ? &under : &without, cell_offered(q->d, c),
			    loses(q->d, c, m, q->o), MERGE_ALL);
	}
	for (i = 0; i < without.n; i++) {
		enum answer cure = A_UNCLEAR;

		for (k = 0; k < under.n; k++)
			if (under.list[k].at == without.list[i].at) {
				cures++;
				cure = under.list[k].is == A_NO ? A_YES : A_UNCLEAR;
			}
		add(&need, without.list[i].at,
		    without.list[i].is == A_YES ? cure : without.list[i].is,
		    MERGE_ANY);
	}
	if (!without.n && under.n) {
		fprintf(out, "not measured (always %s)", with);
	} else {
		say(out, &need);
		for (i = 0, k = 0; i < need.n; i++)
			k += without.list[i].is == A_YES;
		if (k && !cures)
			fprintf(out, ": lost in the socket, never tried %s", with);
	}
	free(without.list);
	free(under.list);
	free(need.list);
}

static bool on_two(const struct ask *q, const struct trial *t)
{
	(void)q;
	return placement_of(t) == PLACE_TWO;
}

static bool larger_buffer(const struct ask *q, const struct trial *t)
{
	(void)q;
	return strcmp(word(t, COL_rcvbuf), "default") != 0;
}

static void q_affinity(const struct ask *q, FILE *out)
{
	needed(q, out, on_two, "on a CPU of its own");
}

static void q_buffer(const struct ask *q, FILE *out)
{
	needed(q, out, larger_buffer, "with a larger buffer");
}

static void q_loss_1(const struct ask *q, FILE *out)
{
	struct answers l = { 0 };

	loss_at_weight(q, 1, &l);
	say(out, &l);
	free(l.list);
}

static void q_loss_2(const struct ask *q, FILE *out)
{
	struct answers l = { 0 };

	loss_at_weight(q, 2, &l);
	say(out, &l);
	free(l.list);
}

/* 60 and 200 are the study's; 64 and 256 are their neighbours */
static void say_which(const struct ask *q, FILE *out)
{
	bool other = (!isnan(q->w60) && q->w60 != 60) ||
		     (!isnan(q->w200) && q->w200 != 200);

	if (isnan(q->w60) != isnan(q->w200))
		fprintf(out, " (weight %.0f only)",
			isnan(q->w60) ? q->w200 : q->w60);
	else if (other)
		fprintf(out, " (weights %.0f, %.0f)", q->w60, q->w200);
}

static void q_loss_60_200(const struct ask *q, FILE *out)
{
	struct answers l = { 0 };

	loss_at_weight(q, q->w60, &l);
	loss_at_weight(q, q->w200, &l);
	say(out, &l);
	if (l.n)
		say_which(q, out);
	free(l.list);
}

static double burst_of(const struct trial *t)
{
	return row_empty(&t->row, COL_burst) ? 1 : number(t, COL_burst);
}

static bool high_weight(const struct ask *q, const struct cell *c)
{
	double w = cell_weight(q->d, c);

	return w == q->w60 || w == q->w200;
}

static bool any_bursts(const struct ask *q)
{
	size_t i;

	for (i = q->a.from; i < q->a.to; i++)
		if (burst_of(cell_trial(q->d, &q->d->cells[i])) > 1)
			return true;
	return false;
}

#define BURSTS_NOT_SET " (burst length not set: as the source made them)"

static void q_loss_bursts(const struct ask *q, FILE *out)
{
	const struct metric *m = driver_loss(q);
	bool set = any_bursts(q);
	struct answers l = { 0 };
	size_t i;

	for (i = q->a.from; i < q->a.to; i++) {
		const struct cell *c = &q->d->cells[i];
		const struct trial *t = cell_trial(q->d, c);

		if (high_weight(q, c) && advised(&q->a, cell_trial(q->d, c)) &&
		    number(t, COL_offered_bps) > 800.5 * MBIT && has(q->d, c, m) &&
		    (!set || burst_of(t) > 1))
			add(&l, number(t, COL_offered_bps), loses(q->d, c, m, q->o), MERGE_ANY);
	}
	say(out, &l);
	if (l.n && !set)
		fputs(BURSTS_NOT_SET, out);
	free(l.list);
}

/* is the figure of a above that of b? p: corrected for how many are asked */
static enum answer above(const struct ask *q, const struct cell *a,
			 const struct cell *b, size_t asked)
{
	double alpha = 1 - q->o->confidence;
	struct stratum s;
	struct contrast c;

	if (!compare_cells(q->d, a, b, q->a.cpu, &s))
		return A_UNCLEAR;
	c = contrast_at(&s, 1, 1);
	if (p_above(&c, 0) * asked < alpha)
		return A_YES;
	if (p_below(&c, 0) < alpha ||
	    p_equal(&s, 1, q->o->margin, true) < alpha)
		return A_NO;
	return A_UNCLEAR;
}

/*
 * At every load: does weight w use more CPU than each of the others? One
 * Bonferroni share for each question asked at once (Holm's first step).
 */
static void cpu_above(const struct ask *q, double w, const double *others,
		      size_t n, struct answers *l)
{
	size_t from, to, i, k, loads = 0;

	for (from = q->a.from; from < q->a.to; from = load_end(q->d, from))
		loads++;
	for (from = q->a.from; from < q->a.to; from = to) {
		const struct cell *a = NULL;
		enum answer all = A_YES;
		size_t compared = 0;

		to = load_end(q->d, from);
		for (i = from; i < to; i++)
			if (cell_weight(q->d, &q->d->cells[i]) == w)
				a = &q->d->cells[i];
		if (!a || !advised(&q->a, cell_trial(q->d, a)) || !has(q->d, a, q->a.cpu))
			continue;
		for (i = from; i < to; i++) {
			const struct cell *b = &q->d->cells[i];
			enum answer is;

			for (k = 0; k < n; k++)
				if (cell_weight(q->d, b) == others[k])
					break;
			if (k == n || b == a || !has(q->d, b, q->a.cpu))
				continue;
			compared++;
			is = above(q, a, b, loads);
			all = is < all ? is : all;
		}
		if (compared)
			add(l, cell_offered(q->d, a), all, MERGE_ANY);
	}
}

static void q_cpu_1(const struct ask *q, FILE *out)
{
	double others[] = { 2, q->w60, q->w200 };
	struct answers l = { 0 };

	cpu_above(q, 1, others, 3, &l);
	say(out, &l);
	free(l.list);
}

static void q_cpu_2(const struct ask *q, FILE *out)
{
	double others[] = { q->w60, q->w200 };
	struct answers l = { 0 };

	cpu_above(q, 2, others, 2, &l);
	say(out, &l);
	free(l.list);
}

static void q_cpu_high(const struct ask *q, FILE *out)
{
	double others[] = { 1, 2 };
	struct answers l = { 0 };

	cpu_above(q, q->w60, others, 2, &l);
	cpu_above(q, q->w200, others, 2, &l);
	say(out, &l);
	if (l.n)
		say_which(q, out);
	free(l.list);
}

static void q_cpu_same(const struct ask *q, FILE *out)
{
	double alpha = 1 - q->o->confidence;
	struct answers l = { 0 };
	size_t from, to, i;

	for (from = q->a.from; from < q->a.to; from = to) {
		const struct cell *a = NULL, *b = NULL;
		struct stratum s;
		struct contrast c;
		enum answer is = A_UNCLEAR;

		to = load_end(q->d, from);
		for (i = from; i < to; i++) {
			if (cell_weight(q->d, &q->d->cells[i]) == q->w60)
				a = &q->d->cells[i];
			if (cell_weight(q->d, &q->d->cells[i]) == q->w200)
				b = &q->d->cells[i];
		}
		if (!a || !b || !advised(&q->a, cell_trial(q->d, a)) || !has(q->d, a, q->a.cpu) ||
		    !has(q->d, b, q->a.cpu))
			continue;
		if (compare_cells(q->d, a, b, q->a.cpu, &s)) {
			c = contrast_at(&s, 1, 1);
			if (p_equal(&s, 1, q->o->margin, true) < alpha)
				is = A_YES;
			else if (p_differs(&c) < alpha)
				is = A_NO;
		}
		add(&l, cell_offered(q->d, a), is, MERGE_ALL);
	}
	say(out, &l);
	free(l.list);
}

/* the highest mean, and the lowest load whose mean is within the margin of it */
static void q_cpu_most(const struct ask *q, FILE *out)
{
	double most = -1, rate = INFINITY, w = 0, mean;
	size_t i;

	for (i = q->a.from; i < q->a.to; i++)
		if (advised(&q->a, cell_trial(q->d, &q->d->cells[i]))) {
			mean = cell_sample(q->d, &q->d->cells[i], q->a.cpu).mean;
			most = mean > most ? mean : most;
		}
	if (most < 0) {
		fputs("not measured", out);
		return;
	}
	for (i = q->a.from; i < q->a.to; i++) {
		const struct cell *c = &q->d->cells[i];
		double load = cell_offered(q->d, c);

		mean = cell_sample(q->d, c, q->a.cpu).mean;
		if (!advised(&q->a, cell_trial(q->d, c)) || !(mean >= most * (1 - q->o->margin)))
			continue;
		load = load ? load : 1e300;
		if (load < rate || !w) {
			rate = load;
			w = cell_weight(q->d, c);
		}
	}
	fprintf(out, "%.0f %% at ", most);
	if (rate < 1e300)
		fprintf(out, "%.4g Mbit/s", rate / MBIT);
	else
		fputs("full speed", out);
	fprintf(out, " (weight %.0f)", w);
}

static bool near_load(double a, double b)
{
	return fabs(a - b) <= 0.01 * b;
}

static void q_cpu_700_800(const struct ask *q, FILE *out)
{
	struct answers l = { .by_weight = true };
	size_t i, k;

	for (i = q->a.from; i < q->a.to; i++) {
		const struct cell *a = &q->d->cells[i];

		if (!high_weight(q, a) || !advised(&q->a, cell_trial(q->d, a)) ||
		    !near_load(cell_offered(q->d, a), 700 * MBIT) ||
		    !has(q->d, a, q->a.cpu))
			continue;
		for (k = i; k < q->a.to; k++) {
			const struct cell *b = &q->d->cells[k];

			if (same_curve(cell_trial(q->d, a), cell_trial(q->d, b)) &&
			    cell_weight(q->d, a) == cell_weight(q->d, b) &&
			    near_load(cell_offered(q->d, b), 800 * MBIT))
				add(&l, cell_weight(q->d, a), above(q, a, b, 1),
				    MERGE_ANY);
		}
	}
	say(out, &l);
	free(l.list);
}

/* are a and b alike in all but one setting? */
static bool alike_but(const struct trial *a, const struct trial *b, enum column but)
{
	int i;

	for (i = 0; i < N_SETTINGS; i++)
		if (run_settings[i] != but && !row_same(&a->row, &b->row, run_settings[i]))
			return false;
	return a->folder == b->folder && number(a, COL_weight) == number(b, COL_weight);
}

/* a: short bursts; b: the same with longer ones, or above 800 Mbit/s */
static void q_cpu_bursts(const struct ask *q, FILE *out)
{
	struct answers l = { .by_weight = true };
	bool set = any_bursts(q);
	size_t i, k;

	for (i = q->a.from; i < q->a.to; i++) {
		const struct cell *a = &q->d->cells[i];
		const struct trial *t = cell_trial(q->d, a);

		if (!high_weight(q, a) || !advised(&q->a, cell_trial(q->d, a)) ||
		    burst_of(t) > 1 || !has(q->d, a, q->a.cpu) ||
		    (set ? number(t, COL_offered_bps) <= 800.5 * MBIT :
			   !near_load(number(t, COL_offered_bps), 800 * MBIT)))
			continue;
		for (k = q->a.from; k < q->a.to; k++) {
			const struct cell *b = &q->d->cells[k];
			const struct trial *u = cell_trial(q->d, b);

			if (!alike_but(t, u, COL_burst) || number(u, COL_offered_bps) <= 800.5 * MBIT)
				continue;
			if (set ? burst_of(u) > 1 && number(u, COL_offered_bps) == number(t, COL_offered_bps) :
				  true)
				add(&l, number(t, COL_weight), above(q, a, b, 1), MERGE_ANY);
		}
	}
	say(out, &l);
	if (l.n && !set)
		fputs(BURSTS_NOT_SET, out);
	free(l.list);
}

static const struct {
	const char *text;
	void (*answer)(const struct ask *q, FILE *out);
} questions[] = {
	{ "CPU affinity needed?", q_affinity },
	{ "Larger socket buffer needed?", q_buffer },
	{ "Loss at weight 1?", q_loss_1 },
	{ "Loss at weight 2?", q_loss_2 },
	{ "Loss at weights 60 and 200?", q_loss_60_200 },
	{ "Loss with the longer bursts above 800 Mbit/s?", q_loss_bursts },
	{ "CPU higher at weight 1 than at the others?", q_cpu_1 },
	{ "CPU higher at weight 2 than at 60 and 200?", q_cpu_2 },
	{ "Same CPU at 60 and 200?", q_cpu_same },
	{ "CPU higher at 60 or 200 than at 1 and 2?", q_cpu_high },
	{ "Highest CPU, and the lowest rate that reaches it", q_cpu_most },
	{ "CPU falls from 700 to 800 Mbit/s?", q_cpu_700_800 },
	{ "CPU falls with the longer bursts above 800 Mbit/s?", q_cpu_bursts },
};

static double either(const struct data *d, const struct advice *a, double w,
		     double else_w)
{
	double found = NAN;
	size_t i;

	for (i = a->from; i < a->to; i++) {
		if (cell_weight(d, &d->cells[i]) == w)
			return w;
		if (cell_weight(d, &d->cells[i]) == else_w)
			found = else_w;
	}
	return found;
}

int cmd_table(const struct data *d, const struct options *o)
{
	struct table *t = table_new("table");
	struct ask *q = must(calloc(d->n_folders, sizeof(*q)));
	size_t i, k, size;

	table_column(t, U_VALUE, "question", "question");
	for (i = 0; i < d->n_folders; i++) {
		table_column(t, U_VALUE, d->folders[i].label, d->folders[i].label);
		q[i] = (struct ask){ .d = d, .o = o, .a = advise(d, i, o) };
		q[i].w60 = either(d, &q[i].a, 60, 64);
		q[i].w200 = either(d, &q[i].a, 200, 256);
	}
	for (k = 0; k < sizeof(questions) / sizeof(questions[0]); k++) {
		table_row(t);
		table_text(t, 0, "%s", questions[k].text);
		for (i = 0; i < d->n_folders; i++) {
			char *text = NULL;
			FILE *out = must(open_memstream(&text, &size));

			questions[k].answer(&q[i], out);
			fclose(out);
			table_text(t, 1 + i, "%s", (char *)must(text));
			free(text);
		}
	}
	table_note(t, "loss: more than %.4g %% of what was sent, before the socket; yes where the repetitions leave no doubt at %.4g %%, or where there is only one",
		   100 * o->loss, 100 * o->confidence);
	for (i = 0; i < d->n_folders; i++)
		table_note(t, "%s: CPU is %s; 100 %% is one thread", d->folders[i].label,
			   q[i].a.cpu == metric_find("host_cpu") ?
			   "the VM's as its host sees it" :
			   "the guest's own count (the host's was not measured)");
	note_folders(t, d);
	free(q);
	return finish(t, o);
}
