// SPDX-License-Identifier: GPL-2.0
/* The verdict in words: no sentence is stronger than its evidence. */
#include <math.h>
#include <stdlib.h>

#include "verdict.h"

static void say_effect(FILE *out, double effect, const struct interval *ci)
{
	fprintf(out, "%+.1f %%", tenths(effect));
	if (ci->hi > SHARE_MOST)
		fprintf(out, " [%+.1f, not known]", tenths(ci->lo));
	else if (!isnan(ci->lo))
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
	if (v->sessions > 1)
		fprintf(out, " with %zu sessions each", v->sessions);
	else if (v->streams > 1)
		fprintf(out, " with %zu streams each", v->streams);
	else if (v->streams)
		fprintf(out, " with %zu blocks of one stream", v->min_n);
	else if (v->min_n == v->max_n)
		fprintf(out, " with %zu repetitions each", v->min_n);
	else
		fprintf(out, " with %zu to %zu repetitions", v->min_n, v->max_n);
}

static void say_pair(FILE *out, const struct verdict *v, double effect, const struct interval *ci,
		     double cost_effect, const struct interval *cost_ci)
{
	fputs("delivers ", out);
	if (isnan(effect))
		fputs("an unknown share of the", out);
	else
		say_effect(out, effect, ci);
	fputs(" bandwidth", out);
	if (isnan(cost_effect))
		return;
	fputs(" at ", out);
	say_effect(out, cost_effect, cost_ci);
	fprintf(out, " CPU per packet (%s)", v->a.cost == metric_find("host_cost") ?
		"seen by the host" : "in the guest");
}

static void say_numbers(FILE *out, const struct verdict *v, const struct rival *r)
{
	say_pair(out, v, r->effect, &r->ci, r->cost_effect, &r->cost_ci);
	if (isnan(r->delay_effect))
		return;
	fputs(isnan(r->cost_effect) ? " with " : " and ", out);
	say_effect(out, r->delay_effect, &r->delay_ci);
	fputs(" delay (99th percentile)", out);
}

/* Result of fresh trials of the two, at the same loads. */
static void say_fresh(FILE *out, const struct verdict *v)
{
	const struct fresh *f = &v->fresh;

	fprintf(out, "In fresh trials of %.0f and %.0f alone, %zu %s", v->a.reference,
		v->shown->weight, f->reps, f->unit);
	if (f->failed)
		fprintf(out, ", %zu of which failed", f->failed);
	fputs(f->shown ? ", which confirm it, it " : ", which do not show it, it ", out);
	say_pair(out, v, f->effect, &f->ci, f->cost_effect, &f->cost_ci);
	fputs(". ", out);
}

/* why the rival is neither better nor shown not to be */
static void say_open(FILE *out, const struct verdict *v, const struct rival *r)
{
	fprintf(out, "%.0f ", r->weight);
	if (!r->rate.n) {
		fputs("has no cell of two repetitions", out);
		return;
	}
	say_numbers(out, v, r);
	if (r->rate.n < v->loads)
		fprintf(out, ", not measured at %zu of %zu loads", v->loads - r->rate.n, v->loads);
	if (r->seen.failed)
		fprintf(out, ", %zu of its trials failed", r->seen.failed);
}

static void say_undecided(FILE *out, const struct verdict *v, const struct options *o)
{
	size_t i, n = 0, left = 0;

	fprintf(out, "Against %.0f ", v->a.reference);
	say_range(out, v);
	fputs(", ", out);
	for (i = 0; i < v->n; i++) {
		const struct rival *r = &v->rivals[i];

		left += !excluded(r) && r != v->shown;
	}
	say_open(out, v, v->shown ? v->shown : &v->rivals[0]);
	if (left)
		fprintf(out, "; %zu more of the %zu other weights %s open too", left, v->n,
			left == 1 ? "is" : "are");
	for (i = 0; i < v->n; i++)
		n += v->rivals[i].gains || v->rivals[i].saves;
	if (v->until && n)
		fputs(". --until stopped where the means looked steady, which makes differences look surer than they are", out);
	fprintf(out, v->shown && v->shown->equal ?
		". Bandwidth is equal within %.4g %% at every load; a saving of CPU is neither shown nor excluded" :
		". Neither a gain nor equality within %.4g %% is shown", 100 * o->margin);
	if (v->shown && !v->shown->complete)
		fputs("; what is missing or failed has to be measured first", out);
	else if (v->streams == 1 && v->sessions < 2)
		fputs("; blocks of one stream decide nothing, --reps 3 makes three streams", out);
	else if (v->until)
		fputs("; a sweep without --until can decide", out);
	else if (!isnan(v->reps_needed))
		fprintf(out, v->reps_needed <= 10000 ?
			"; about %.0f %s of each cell would decide it, if the weights are equal and the scatter stays" :
			"; more than 10000 repetitions of each cell would be needed to decide it, even if the weights are equal",
			v->reps_needed, v->sessions > 1 ? "sessions" : v->streams > 1 ? "streams" :
			v->streams ? "blocks" : "repetitions");
	fputs(". ", out);
}

/* why there is nothing to compare */
static void say_no_rate(FILE *out, const struct verdict *v, const struct folder *f)
{
	if (v->loads)
		fprintf(out, "No trial of weight %.0f has a delivered rate above 0, so no other can be compared with it. ",
			v->a.reference);
	else if (f->n)
		fprintf(out, "No trial can be used, %zu of %zu failed. ", f->failed, f->n);
	else
		fputs("No trial was made. ", out);
}

static void say_weight(FILE *out, const struct verdict *v, const struct folder *f,
		       const struct options *o)
{
	const struct rival *r = v->shown;
	size_t i, part;

	if (verdict_no_rate(v)) {
		say_no_rate(out, v, f);
		return;
	}
	if (!v->n) {
		fputs("No other weight was measured beside the reference. ", out);
		return;
	}
	if (!v->tested) {
		fputs("No cell has two repetitions, so nothing can be tested. ", out);
		return;
	}
	if (v->fresh.there && !v->fresh.shown) {
		fprintf(out, "Against %.0f ", v->a.reference);
		say_range(out, v);
		fprintf(out, ", %.0f looked better: it ", r->weight);
		say_numbers(out, v, r);
		fputs(". ", out);
		say_fresh(out, v);
		return;
	}
	if (v->action == CANNOT_SAY) {
		say_undecided(out, v, o);
		return;
	}
	if (v->action == KEEP) {
		fprintf(out, "No other weight is better by more than %.4g %% ", 100 * o->margin);
		say_range(out, v);
		fprintf(out, ": that is shown for %s%zu", v->n > 1 ? "all " : "the ", v->n);
		for (i = 0, part = 0; i < v->n; i++)
			part += v->rivals[i].rate.n < v->loads;
		if (part)
			fprintf(out, ", %zu of which %s less at the loads where %s measured", part,
				part > 1 ? "deliver" : "delivers", part > 1 ? "they were" : "it was");
		fprintf(out, ". The best of them, %.0f, ", r->weight);
	} else {
		fprintf(out, "Against %.0f ", v->a.reference);
		say_range(out, v);
		fputs(" it ", out);
	}
	say_numbers(out, v, r);
	fputs(". ", out);
	if (v->fresh.there)
		say_fresh(out, v);
	else if (v->action == CHANGE)
		fprintf(out, "It was chosen among %zu by these same trials, which the intervals allow for; no fresh trials of it and %.0f alone confirm it yet. ",
			v->n + 1, v->a.reference);
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
		fprintf(out, "%s%.0f (", n == 1 ? "Less is delivered at weight " : ", ", r->weight);
		if (!isnan(r->effect))
			fprintf(out, "%+.0f %%%s", 100 * r->effect, r->rate.n > 1 ? " in all, " : "");
		if (r->rate.n > 1 || isnan(r->effect))
			fprintf(out, "at %zu of %zu loads", r->n_worse, r->rate.n);
		fputc(')', out);
	}
	if (n > 6)
		fprintf(out, " and %d more", n - 6);
	if (n)
		fputs(". ", out);
}

static void say_seen(FILE *out, const struct verdict *v, double weight, size_t compared,
		     const struct evidence *e)
{
	if (e->trials && !compared)
		fprintf(out, "%.0f: %zu %s, too few to compare at any load", weight, e->trials,
			e->trials == 1 ? "trial" : "trials");
	else
		fprintf(out, "%.0f: %zu of %zu loads, %zu %s", weight, compared, v->loads, e->trials,
			e->trials == 1 ? "trial" : "trials");
	if (e->warned)
		fprintf(out, ", %zu with a warning", e->warned);
	if (e->failed)
		fprintf(out, ", %zu failed", e->failed);
}

/* each rival's own evidence, where it is not the same for all */
static void say_evidence(FILE *out, const struct verdict *v)
{
	size_t i, shown = 0, more = 0;
	bool odd = v->ref.warned || v->ref.failed;

	for (i = 0; i < v->n; i++)
		odd |= !v->rivals[i].complete || v->rivals[i].seen.warned;
	if (!odd || !v->n)
		return;
	fputs("Measured: ", out);
	say_seen(out, v, v->a.reference, v->loads, &v->ref);
	for (i = 0; i < v->n; i++) {
		const struct rival *r = &v->rivals[i];

		if (shown == 8) {
			more++;
			continue;
		}
		fputs("; ", out);
		say_seen(out, v, r->weight, r->rate.n, &r->seen);
		shown++;
	}
	if (more)
		fprintf(out, "; and %zu more weights", more);
	fputs(". ", out);
}

char *verdict_text(const struct data *d, const struct verdict *v, size_t folder,
		   const struct options *o, size_t *head, size_t *body)
{
	char *text = NULL;
	size_t size;
	FILE *out = must(open_memstream(&text, &size));

	fprintf(out, "%s: ", d->folders[folder].label);
	if (v->action == CHANGE)
		fprintf(out, "use %.0f. ", v->winner->weight);
	else if (v->action == KEEP)
		fprintf(out, "keep %.0f. ", verdict_kept(v));
	else
		fprintf(out, "cannot say whether another weight than %.0f is better. ",
			verdict_kept(v));
	*head = ftell(out);
	say_weight(out, v, &d->folders[folder], o);
	if (v->tested && !verdict_no_rate(v))
		say_others(out, v);
	if (!isnan(v->a.reference))
		say_evidence(out, v);
	say_place(out, d, v, &d->folders[folder], o);
	*body = ftell(out);
	say_limits(out, v, &d->folders[folder], o);
	fclose(out);
	return must(text);
}
