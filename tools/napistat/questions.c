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

#include "questions.h"

void add_answer(struct answers *l, double at, enum answer is, enum merge merge)
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

void say_answers(FILE *out, struct answers *l)
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

bool cell_has(const struct data *d, const struct cell *c,
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
		    cell_has(q->d, c, m))
			add_answer(l, cell_offered(q->d, c), loses(q->d, c, m, q->o),
			    MERGE_ANY);
	}
}

/*
 * Was the remedy (another CPU, a larger buffer) needed? Yes where all without
 * it lose in the socket and one with it does not. compared: there is no answer without it.
 */
static void needed(const struct ask *q, FILE *out,
		   bool (*remedy)(const struct ask *q, const struct trial *t),
		   const char *with, bool compared)
{
	const struct metric *m = metric_find("loss_socket");
	struct answers without = { 0 }, under = { 0 }, need = { 0 };
	size_t i, k, cures = 0, lossy = 0;

	for (i = q->a.from; i < q->a.to; i++) {
		const struct cell *c = &q->d->cells[i];
		const struct trial *t = cell_trial(q->d, c);

		if (cell_weight(q->d, c) == q->a.reference && is_udp(t) &&
		    !is_search(t) && cell_has(q->d, c, m))
			add_answer(remedy(q, t) ? &under : &without, cell_offered(q->d, c),
			    loses(q->d, c, m, q->o), MERGE_ALL);
	}
	for (i = 0; i < without.n; i++) {
		enum answer cure = A_UNCLEAR;

		for (k = 0; k < under.n; k++)
			if (under.list[k].at == without.list[i].at) {
				cures++;
				cure = under.list[k].is == A_NO ? A_YES : A_UNCLEAR;
			}
		add_answer(&need, without.list[i].at,
		    without.list[i].is == A_YES ? cure : without.list[i].is,
		    MERGE_ANY);
	}
	for (i = 0; i < without.n; i++)
		lossy += without.list[i].is == A_YES;
	if (!without.n && under.n) {
		fprintf(out, "not measured (always %s)", with);
	} else if (compared && without.n && !under.n) {
		fprintf(out, "not measured (never put %s%s)", with,
			lossy ? "; packets are lost in the socket" : "");
	} else {
		say_answers(out, &need);
		if (lossy && !cures)
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
	needed(q, out, on_two, "on a CPU of its own", true);
}

static void q_buffer(const struct ask *q, FILE *out)
{
	needed(q, out, larger_buffer, "with a larger buffer", false);
}

static void q_loss_1(const struct ask *q, FILE *out)
{
	struct answers l = { 0 };

	loss_at_weight(q, 1, &l);
	say_answers(out, &l);
	free(l.list);
}

static void q_loss_2(const struct ask *q, FILE *out)
{
	struct answers l = { 0 };

	loss_at_weight(q, 2, &l);
	say_answers(out, &l);
	free(l.list);
}

/* 60 and 200 are the study's; 64 and 256 are their neighbours */
void say_which(const struct ask *q, FILE *out)
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
	say_answers(out, &l);
	if (l.n)
		say_which(q, out);
	free(l.list);
}

double burst_of(const struct trial *t)
{
	return row_empty(&t->row, COL_burst) ? 1 : number(t, COL_burst);
}

bool high_weight(const struct ask *q, const struct cell *c)
{
	double w = cell_weight(q->d, c);

	return w == q->w60 || w == q->w200;
}

bool any_bursts(const struct ask *q)
{
	size_t i;

	for (i = q->a.from; i < q->a.to; i++)
		if (burst_of(cell_trial(q->d, &q->d->cells[i])) > 1)
			return true;
	return false;
}

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
		    number(t, COL_offered_bps) > 800.5 * MBIT && cell_has(q->d, c, m) &&
		    (!set || burst_of(t) > 1))
			add_answer(&l, number(t, COL_offered_bps), loses(q->d, c, m, q->o), MERGE_ANY);
	}
	say_answers(out, &l);
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
