// SPDX-License-Identifier: GPL-2.0
/*
 * Two settings against each other, measured in turn: of the folders named, the
 * first, third, … are the reference's, the second, fourth, … the rival's, and
 * two that follow each other are a pair. A folder of a search (method mlfrr)
 * counts as one loss-free rate, any other as one mean CPU cost of a packet.
 *
 * The rival is better only if its rate is not lower by more than the margin, and
 * is higher by more than the margin or has packets that are cheaper by more than
 * the margin (Holm's correction over these two). With --objective cpu or latency only
 * packets that are cheaper, or come sooner, make it better. Pairs have to be trials that
 * no choice was made from: the best of many looks better than it is.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "../lib/paired.h"

struct pairs {
	struct paired rate, cost;
	const struct metric *cost_metric;
	const char *cost_name;
	bool limited; /* the source could send no more than some search took */
};

enum { ACTION, PAIRS, RATE_A, RATE_B, RATE, RATE_LO, RATE_HI, COST_A, COST_B,
       COST, COST_LO, COST_HI, COST_SIDE, MARGIN, CONFIDENCE, LIMITED, TEXT,
       N_FIELDS };

static const char *const fields[N_FIELDS] = {
	"action", "pairs", "rate_bps", "reference_rate_bps", "rate_ratio",
	"rate_lo", "rate_hi", "cost", "reference_cost", "cost_ratio", "cost_lo",
	"cost_hi", "cost_side", "margin_pct", "confidence_pct", "source_limited",
	"text",
};

/* the cells of a folder; false: it has none that can be used */
static bool cells_of(const struct data *d, size_t folder, size_t *from, size_t *to)
{
	for (*from = 0; *from < d->n_cells; (*from)++)
		if (cell_trial(d, &d->cells[*from])->folder == folder)
			break;
	for (*to = *from; *to < d->n_cells; (*to)++)
		if (cell_trial(d, &d->cells[*to])->folder != folder)
			break;
	return *to > *from;
}

static double rate_of(const struct data *d, size_t from, size_t to,
		      const struct options *o, bool *limited)
{
	const struct cell **cells = by_weight(d, from, to);
	struct mlfrr m = mlfrr_of(d, cells, to - from, o);

	free(cells);
	*limited |= isnan(m.upper) || m.short_source;
	/* it lost packets even at the lowest load */
	return isnan(m.lower) && !isnan(m.upper) ? 0 : m.conditional;
}

static double cost_of(const struct data *d, size_t from, size_t to,
		      const struct metric *m)
{
	double sum = 0;
	size_t i, n = 0;

	for (i = from; i < to; i++) {
		struct sample s = cell_sample(d, &d->cells[i], m);

		if (s.n) {
			sum += s.mean * s.n;
			n += s.n;
		}
	}
	return n ? sum / n : NAN;
}

static void gather(const struct data *d, const struct options *o, struct pairs *p)
{
	size_t i, n = d->n_folders / 2;

	p->rate.a = must(calloc(n + 1, sizeof(double)));
	p->rate.b = must(calloc(n + 1, sizeof(double)));
	p->cost.a = must(calloc(n + 1, sizeof(double)));
	p->cost.b = must(calloc(n + 1, sizeof(double)));
	p->cost_name = "CPU per packet";
	if (o->objective == OBJECTIVE_LATENCY) {
		p->cost_metric = metric_find("delay_p99_us");
		p->cost_name = "99th percentile of delay";
	} else {
		p->cost_metric = metric_find(measured(d, 0, d->n_cells, metric_find("host_cost")) ?
					     "host_cost" : "guest_cost");
	}
	for (i = 0; i < n; i++) {
		size_t from_a, to_a, from_b, to_b;

		if (!cells_of(d, 2 * i, &from_b, &to_b) ||
		    !cells_of(d, 2 * i + 1, &from_a, &to_a))
			continue;
		if (is_search(cell_trial(d, &d->cells[from_b])))
			paired_add(&p->rate, rate_of(d, from_a, to_a, o, &p->limited),
				   rate_of(d, from_b, to_b, o, &p->limited));
		else
			paired_add(&p->cost, cost_of(d, from_a, to_a, p->cost_metric),
				   cost_of(d, from_b, to_b, p->cost_metric));
	}
}

static const char *side_of(const struct pairs *p)
{
	return p->cost_metric == metric_find("delay_p99_us") ? "delay_p99_us" :
	       p->cost_metric == metric_find("host_cost") ? "host" : "guest";
}

static double mean_of(const double *x, size_t n)
{
	return sample_of(x, n).mean;
}

static void say(FILE *out, const char *what, const struct paired *s)
{
	fprintf(out, "%s %.3f times that of the reference", what, s->ratio);
	if (!isnan(s->ci.lo))
		fprintf(out, " [%.3f, %.3f]", s->ci.lo, s->ci.hi);
}

static char *paragraph(const struct pairs *p, const struct options *o, const char *action)
{
	char *text = NULL;
	size_t size;
	FILE *out = must(open_memstream(&text, &size));

	if (!p->rate.n)
		fputs("No loss-free rate to compare: these folders are grids, and pairs takes searches (--method mlfrr). ", out);
	else if (!strcmp(action, "unknown"))
		fputs("Too few pairs to say: it takes two searches of each side. ", out);
	else if (!strcmp(action, "change"))
		fputs("The rival is better. ", out);
	else
		fprintf(out, "Keep the reference: nothing is shown to be better by more than %.4g %%. ",
			100 * o->margin);
	if (p->rate.n)
		say(out, "Loss-free rate", &p->rate);
	if (p->cost.n && !isnan(p->cost.ratio)) {
		fputs(p->rate.n ? ", " : "", out);
		say(out, p->cost_name, &p->cost);
		if (o->objective != OBJECTIVE_LATENCY)
			fprintf(out, " (%s)", p->cost_metric == metric_find("host_cost") ?
				"seen by the host" : "in the guest");
	}
	fprintf(out, ", over %zu pairs, %.4g %% intervals.", p->rate.n ? p->rate.n : p->cost.n,
		100 * o->confidence);
	if (p->limited)
		fputs(" The source could send no more than some searches took: the true rates may be higher.",
		      out);
	fclose(out);
	return must(text);
}

static void fill(struct table *t, const struct pairs *p, const struct options *o,
		 const char *action, const char *text)
{
	table_row(t);
	table_text(t, ACTION, "%s", action);
	table_number(t, PAIRS, p->rate.n, 1, 0);
	table_number(t, RATE_A, mean_of(p->rate.a, p->rate.n), 1, 0);
	table_number(t, RATE_B, mean_of(p->rate.b, p->rate.n), 1, 0);
	table_number(t, RATE, p->rate.ratio, 1, 4);
	table_number(t, RATE_LO, p->rate.ci.lo, 1, 4);
	table_number(t, RATE_HI, p->rate.ci.hi, 1, 4);
	table_number(t, COST_A, mean_of(p->cost.a, p->cost.n), 1, 4);
	table_number(t, COST_B, mean_of(p->cost.b, p->cost.n), 1, 4);
	table_number(t, COST, p->cost.ratio, 1, 4);
	table_number(t, COST_LO, p->cost.ci.lo, 1, 4);
	table_number(t, COST_HI, p->cost.ci.hi, 1, 4);
	table_text(t, COST_SIDE, "%s", side_of(p));
	table_number(t, MARGIN, 100 * o->margin, 1, 2);
	table_number(t, CONFIDENCE, 100 * o->confidence, 1, 2);
	table_text(t, LIMITED, "%s", p->limited ? "yes" : "no");
	table_text(t, TEXT, "%s", text);
}

int cmd_pairs(const struct data *d, const struct options *o)
{
	static const char *const actions[] = {
		[PAIRED_UNKNOWN] = "unknown", [PAIRED_KEEP] = "keep", [PAIRED_CHANGE] = "change",
	};
	struct table *t = table_new("pairs");
	struct pairs p = { 0 };
	const char *action;
	char *text;
	int i, err = 0;

	if (d->n_folders % 2) {
		fputs("napistat: pairs requires an even number of folders: reference, rival, reference, …\n",
		      stderr);
		return 1;
	}
	for (i = 0; i < N_FIELDS; i++)
		table_column(t, U_VALUE, fields[i], fields[i]);
	gather(d, o, &p);
	paired_compare(&p.rate, o->confidence);
	paired_compare(&p.cost, o->confidence);
	action = actions[paired_decide(&p.rate, &p.cost, o->objective, o->margin,
				       o->confidence)];
	text = paragraph(&p, o, action);
	fill(t, &p, o, action, text);
	if (o->format == F_TEXT) {
		printf("%s\n\n", text);
		table_line(t, stdout, TEXT);
		err = fflush(stdout) || ferror(stdout);
		table_free(t);
	} else {
		err = finish(t, o);
	}
	free(text);
	free(p.rate.a);
	free(p.rate.b);
	free(p.cost.a);
	free(p.cost.b);
	return err;
}
