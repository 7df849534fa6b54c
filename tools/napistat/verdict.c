// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict: which weight, which buffer, how many CPUs.
 *
 * The rule, in order. The buffer is the smallest without loss in the socket
 * and the CPUs are the fewest that do, both at the reference weight (64, or
 * the measured weight nearest to it). Under these settings a weight takes the
 * reference's place only if
 *   - at no load does it deliver less by more than the margin (tested at each
 *     load, all must pass), and
 *   - at some load it delivers more by more than the margin (Holm's correction
 *     over all weights and loads), or it costs less CPU per packet by more
 *     than the margin over all loads together (corrected over the weights).
 * Anything else is equal evidence, or none: the default stays.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"

struct rival {
	double weight;
	struct stratum *s, *cost; /* one for each load, against the reference */
	const struct cell **at;
	size_t n, n_cost;
	double *better, *worse; /* p of more, of less, by more than the margin */
	double cheaper; /* p of it */
	bool not_worse, equal, gains, saves;
	size_t n_worse;
	double effect, cost_effect;
	struct interval ci, cost_ci;
};

struct verdict {
	struct advice a;
	struct rival *rivals;
	size_t n;
	const struct rival *winner, *shown; /* shown: its effect is reported */
	size_t loads, curves, min_n, max_n, trials;
	double lowest, highest;
	bool tested;
};

static const struct cell *of_weight(const struct data *d, size_t from, size_t to,
				    double w)
{
	for (; from < to; from++)
		if (cell_weight(d, &d->cells[from]) == w)
			return &d->cells[from];
	return NULL;
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
	*r = (struct rival){ .weight = w };
	r->s = must(calloc(loads, sizeof(*r->s)));
	r->cost = must(calloc(loads, sizeof(*r->cost)));
	r->at = must(calloc(loads, sizeof(*r->at)));
	r->better = must(calloc(loads, sizeof(*r->better)));
	r->worse = must(calloc(loads, sizeof(*r->worse)));
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

static void note_cell(struct verdict *v, const struct cell *c)
{
	v->min_n = c->n < v->min_n ? c->n : v->min_n;
	v->max_n = c->n > v->max_n ? c->n : v->max_n;
	v->trials += c->n;
}

/* every load at which the reference and another weight were measured */
static void gather(const struct data *d, struct verdict *v)
{
	const struct advice *a = &v->a;
	const struct cell *ref, *last = NULL;
	size_t from, to, i, loads = 0;

	for (from = a->from; from < a->to; from = load_end(d, from))
		loads++;
	for (from = a->from; from < a->to; from = to) {
		to = load_end(d, from);
		ref = of_weight(d, from, to, a->reference);
		if (!ref || to - from < 2 || !advised(d, a, ref))
			continue;
		note_load(d, v, ref, last);
		note_cell(v, ref);
		last = ref;
		for (i = from; i < to; i++) {
			const struct cell *c = &d->cells[i];
			struct rival *r;

			if (c == ref)
				continue;
			r = rival_of(v, cell_weight(d, c), loads);
			note_cell(v, c);
			if (compare_cells(d, c, ref, a->delivered, &r->s[r->n]))
				r->at[r->n++] = c;
			if (compare_cells(d, c, ref, a->cost, &r->cost[r->n_cost]))
				r->n_cost++;
		}
	}
}

/* Holm over one array per rival, handed over as one family */
static void correct(struct verdict *v, size_t offset)
{
	double *p, *one;
	size_t i, n = 0;

	for (i = 0; i < v->n; i++)
		n += v->rivals[i].n;
	p = must(calloc(n + 1, sizeof(*p)));
	for (i = 0, n = 0; i < v->n; n += v->rivals[i++].n) {
		one = *(double **)((char *)&v->rivals[i] + offset);
		memcpy(p + n, one, v->rivals[i].n * sizeof(*p));
	}
	if (holm(p, n))
		must(NULL);
	for (i = 0, n = 0; i < v->n; n += v->rivals[i++].n) {
		one = *(double **)((char *)&v->rivals[i] + offset);
		memcpy(one, p + n, v->rivals[i].n * sizeof(*p));
	}
	free(p);
}

static void test(struct verdict *v, const struct options *o)
{
	double alpha = 1 - o->confidence, *cheaper;
	size_t i, k;

	for (i = 0; i < v->n; i++) {
		struct rival *r = &v->rivals[i];

		r->not_worse = r->equal = r->n > 0;
		r->effect = r->cost_effect = NAN;
		r->ci = r->cost_ci = (struct interval){ NAN, NAN };
		for (k = 0; k < r->n; k++) {
			struct contrast c = contrast_at(&r->s[k], 1, 1 - o->margin);

			v->tested = true;
			r->better[k] = p_better(&r->s[k], 1, o->margin, true);
			r->worse[k] = p_below(&c, 0);
			r->not_worse &= p_not_worse(&r->s[k], 1, o->margin, true) < alpha;
			r->equal &= p_equal(&r->s[k], 1, o->margin, true) < alpha;
		}
		if (r->n)
			effect_of(r->s, r->n, v->a.delivered, o->confidence,
				  &r->effect, &r->ci);
		if (r->n_cost)
			effect_of(r->cost, r->n_cost, v->a.cost, o->confidence,
				  &r->cost_effect, &r->cost_ci);
	}
	correct(v, offsetof(struct rival, better));
	correct(v, offsetof(struct rival, worse));
	cheaper = must(calloc(v->n + 1, sizeof(*cheaper)));
	for (i = 0; i < v->n; i++) {
		struct rival *r = &v->rivals[i];
		struct contrast c = contrast_at(r->cost, r->n_cost, 1 - o->margin);

		cheaper[i] = r->n_cost ? p_below(&c, 0) : NAN;
		for (k = 0; k < r->n; k++) {
			r->gains |= r->better[k] < alpha;
			r->n_worse += r->worse[k] < alpha;
		}
	}
	if (holm(cheaper, v->n))
		must(NULL);
	for (i = 0; i < v->n; i++) {
		v->rivals[i].cheaper = cheaper[i];
		v->rivals[i].saves = cheaper[i] < alpha;
	}
	free(cheaper);
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
	size_t i;

	for (i = 0; i < v->n; i++) {
		const struct rival *r = &v->rivals[i];

		if (!r->n)
			continue;
		if (!v->shown || preferred(r, v->shown, o->margin))
			v->shown = r;
		if (r->not_worse && (r->gains || r->saves) &&
		    (!v->winner || preferred(r, v->winner, o->margin)))
			v->winner = r;
	}
	if (v->winner)
		v->shown = v->winner;
}

/* percent with one decimal, and no "-0.0" */
static double tenths(double share)
{
	return round(1000 * share) / 10 + 0.0;
}

static void say_effect(FILE *out, double effect, const struct interval *ci)
{
	fprintf(out, "%+.1f %%", tenths(effect));
	if (!isnan(ci->lo))
		fprintf(out, " [%+.1f, %+.1f]", tenths(ci->lo), tenths(ci->hi));
}

static void say_range(FILE *out, const struct verdict *v)
{
	fprintf(out, "over %zu %s%s", v->loads, v->loads == 1 ? "load" : "loads",
		v->curves > 1 ? " and settings" : "");
	if (v->highest > v->lowest)
		fprintf(out, " (%.4g to %.4g Mbit/s)", v->lowest / 1e6,
			v->highest / 1e6);
	else if (v->highest > 0)
		fprintf(out, " (%.4g Mbit/s)", v->highest / 1e6);
	if (v->min_n == v->max_n)
		fprintf(out, " with %zu repetitions each", v->min_n);
	else
		fprintf(out, " with %zu to %zu repetitions", v->min_n, v->max_n);
}

static void say_weight(FILE *out, const struct verdict *v,
		       const struct options *o)
{
	const struct rival *r = v->shown;
	const char *seen = v->a.cost == metric_find("host_cost") ?
			   "seen by the host" : "in the guest";

	if (!v->tested) {
		fputs(v->n ? "No cell has two repetitions, so nothing can be tested. " :
			     "No other weight was measured beside the reference. ", out);
		return;
	}
	if (v->winner) {
		fprintf(out, "Against %.0f it delivers ", v->a.reference);
		say_effect(out, r->effect, &r->ci);
		fputs(" bandwidth ", out);
	} else {
		fprintf(out, "No weight is better than %.0f ", v->a.reference);
	}
	say_range(out, v);
	if (!v->winner) {
		fprintf(out, ": the best of the others, %.0f, delivers ", r->weight);
		say_effect(out, r->effect, &r->ci);
		fprintf(out, r->equal ?
			" and is equal within the margin of %.4g %% at every load" :
			"; equality within %.4g %% is not shown at every load",
			100 * o->margin);
	}
	if (!isnan(r->cost_effect)) {
		fputs(", at ", out);
		say_effect(out, r->cost_effect, &r->cost_ci);
		fprintf(out, " CPU per packet (%s)", seen);
	}
	fputs(". ", out);
}

static void say_others(FILE *out, const struct verdict *v)
{
	size_t i;
	int n = 0;

	for (i = 0; i < v->n; i++) {
		const struct rival *r = &v->rivals[i];

		if (!r->n_worse)
			continue;
		if (n++ >= 6)
			continue;
		fprintf(out, "%s%.0f (%+.0f %%", n == 1 ?
			"Less is delivered at weight " : ", ", r->weight,
			100 * r->effect);
		if (r->n > 1)
			fprintf(out, " in all, at %zu of %zu loads", r->n_worse, r->n);
		fputc(')', out);
	}
	if (n > 6)
		fprintf(out, " and %d more", n - 6);
	if (n)
		fputs(". ", out);
}

static void say_place(FILE *out, const struct advice *a)
{
	if (!a->rcvbuf)
		fputs("Socket buffer: not measured. ", out);
	else if (a->n_buffers < 2)
		fprintf(out, "Socket buffer: only %s was tried, %s. ", a->rcvbuf,
			a->socket_loss ? "and packets are lost in it" :
					 "and nothing is lost in it");
	else
		fprintf(out, a->socket_loss ?
			"Socket buffer: all of the %2$zu that were tried lose packets, %1$s the fewest. " :
			"Socket buffer: %s, the smallest of %zu in which nothing is lost. ",
			a->rcvbuf, a->n_buffers);
	if (a->two_compared)
		fputs(a->place == PLACE_TWO ?
		      "CPUs: two; with the application beside the softirq packets are lost in the socket. " :
		      "CPUs: no need to give the application one of its own. ", out);
	else
		fprintf(out, "CPUs: not compared (%s). ",
			a->place_measured[PLACE_TWO] ? "application and softirq were always apart" :
			"application and softirq were never put on two");
}

static void say_limits(FILE *out, const struct data *d, const struct verdict *v,
		       const struct folder *f, const struct options *o)
{
	const struct rival *r = v->shown;

	fputs("What these data cannot say: ", out);
	if (v->a.reference != DEFAULT_WEIGHT)
		fprintf(out, "%.0f itself was not measured, %.0f stands for it; ",
			DEFAULT_WEIGHT, v->a.reference);
	if (f->stand_in)
		fputs("this is a stand-in, not that hypervisor; ", out);
	if (v->tested && v->min_n < 3)
		fputs("two repetitions make wide intervals; ", out);
	if (!measured(d, v->a.from, v->a.to, metric_find("host_cpu")))
		fputs("host CPU was not measured; ", out);
	if (v->loads == 1)
		fputs("one load tells nothing of others; ", out);
	if (r && !v->winner && !r->equal && !isnan(r->ci.lo))
		fprintf(out, "a difference smaller than %.1f %% would not have been seen; ",
			100 * (r->ci.hi - r->ci.lo) / 2);
	if (f->high_remainder)
		fprintf(out, "in %zu of %zu trials packets are missing without a place; ",
			f->high_remainder, f->n);
	if (f->failed)
		fprintf(out, "%zu of %zu trials failed; ", f->failed, f->n);
	fprintf(out, "anything of another machine, kernel or traffic. Intervals are %.4g %%.",
		100 * o->confidence);
}

static char *paragraph(const struct data *d, const struct verdict *v, size_t folder,
		       const struct options *o, size_t *head, size_t *body)
{
	char *text = NULL;
	size_t size;
	FILE *out = must(open_memstream(&text, &size));

	fprintf(out, "%s: ", d->folders[folder].label);
	fprintf(out, v->winner ? "use %.0f" : "keep %.0f",
		v->winner ? v->winner->weight : DEFAULT_WEIGHT);
	fputs(v->tested ? ". " : ", for want of evidence. ", out);
	*head = ftell(out);
	say_weight(out, v, o);
	if (v->tested)
		say_others(out, v);
	say_place(out, &v->a);
	*body = ftell(out);
	say_limits(out, d, v, &d->folders[folder], o);
	fclose(out);
	return must(text);
}

/* the same paragraph, its first sentence large and its limits apart */
static void print_html(const char *text, size_t head, size_t body)
{
	char *part = must(strndup(text, head - 1));

	fputs("<div class=\"verdict\"><p><strong>", stdout);
	html_escaped(stdout, part);
	free(part);
	part = must(strndup(text + head, body - head - 1));
	fputs("</strong></p>\n<p>", stdout);
	html_escaped(stdout, part);
	free(part);
	fputs("</p>\n<p class=\"soft\">", stdout);
	html_escaped(stdout, text + body);
	fputs("</p></div>\n", stdout);
}

static void verdict_free(struct verdict *v)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		free(v->rivals[i].s);
		free(v->rivals[i].cost);
		free(v->rivals[i].at);
		free(v->rivals[i].better);
		free(v->rivals[i].worse);
	}
	free(v->rivals);
}

enum { FOLDER, ACTION, WEIGHT, REFERENCE, RIVAL, EFFECT, LO, HI, COST, COST_LO,
       COST_HI, COST_SIDE, EQUAL, MARGIN, CONFIDENCE, RCVBUF, CPUS, LOADS, MIN_N,
       TRIALS, STAND_IN, TEXT, N_FIELDS };

static const char *const fields[N_FIELDS] = {
	"folder", "action", "weight", "reference", "compared", "effect_pct",
	"lo_pct", "hi_pct", "cost_pct", "cost_lo_pct", "cost_hi_pct", "cost_side",
	"equal", "margin_pct", "confidence_pct", "rcvbuf", "cpus", "loads",
	"min_n", "trials", "stand_in", "text",
};

static void fill(struct table *t, const struct data *d, const struct verdict *v,
		 size_t folder, const struct options *o, const char *text)
{
	const struct rival none = { .weight = NAN, .effect = NAN,
				    .cost_effect = NAN, .ci = { NAN, NAN },
				    .cost_ci = { NAN, NAN } };
	const struct rival *r = v->shown ? v->shown : &none;
	const struct advice *a = &v->a;

	table_row(t);
	table_text(t, FOLDER, "%s", d->folders[folder].label);
	table_text(t, ACTION, "%s", !v->tested ? "unknown" :
		   v->winner ? "change" : "keep");
	table_number(t, WEIGHT, v->winner ? v->winner->weight : DEFAULT_WEIGHT, 1, 0);
	table_number(t, REFERENCE, a->reference, 1, 0);
	table_number(t, RIVAL, r->weight, 1, 0);
	table_number(t, EFFECT, 100 * r->effect, 1, 2);
	table_number(t, LO, 100 * r->ci.lo, 1, 2);
	table_number(t, HI, 100 * r->ci.hi, 1, 2);
	table_number(t, COST, 100 * r->cost_effect, 1, 2);
	table_number(t, COST_LO, 100 * r->cost_ci.lo, 1, 2);
	table_number(t, COST_HI, 100 * r->cost_ci.hi, 1, 2);
	table_text(t, COST_SIDE, "%s",
		   a->cost == metric_find("host_cost") ? "host" : "guest");
	table_text(t, EQUAL, "%s", !v->shown ? "unknown" : r->equal ? "yes" :
		   r->gains || r->n_worse ? "no" : "not_shown");
	table_number(t, MARGIN, 100 * o->margin, 1, 2);
	table_number(t, CONFIDENCE, 100 * o->confidence, 1, 2);
	table_text(t, RCVBUF, "%s", a->rcvbuf ? a->rcvbuf : "unknown");
	table_text(t, CPUS, "%s", !a->two_compared ? "unknown" :
		   a->place == PLACE_TWO ? "two" : "one");
	table_number(t, LOADS, v->loads, 1, 0);
	table_number(t, MIN_N, v->trials ? v->min_n : 0, 1, 0);
	table_number(t, TRIALS, v->trials, 1, 0);
	table_text(t, STAND_IN, "%s", d->folders[folder].stand_in ? "yes" : "no");
	table_text(t, TEXT, "%s", text);
}

int cmd_verdict(const struct data *d, const struct options *o)
{
	struct table *t = table_new("verdict");
	size_t i;

	for (i = 0; i < N_FIELDS; i++)
		table_column(t, i == FOLDER ? U_LABEL : U_VALUE, fields[i], fields[i]);
	for (i = 0; i < d->n_folders; i++) {
		struct verdict v = { .a = advise(d, i, o), .lowest = INFINITY,
				     .min_n = SIZE_MAX };
		size_t head, body;
		char *text;

		gather(d, &v);
		test(&v, o);
		choose(&v, o);
		text = paragraph(d, &v, i, o, &head, &body);
		fill(t, d, &v, i, o, text);
		if (o->format == F_TEXT) {
			printf("%s%s\n\n", i ? "\n" : "", text);
			table_line(t, stdout, TEXT);
		} else if (o->format == F_MARKDOWN) {
			printf("%s%s\n", i ? "\n" : "", text);
		} else if (o->format == F_HTML) {
			print_html(text, head, body);
		}
		free(text);
		verdict_free(&v);
	}
	if (o->format != F_TEXT && o->format != F_MARKDOWN && o->format != F_HTML)
		return finish(t, o);
	table_free(t);
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
