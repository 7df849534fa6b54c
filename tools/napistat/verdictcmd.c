// SPDX-License-Identifier: GPL-2.0
/* The verdict as a command: one paragraph for people, one line for scripts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

static const char *const actions[] = { "cannot_say", "keep", "change" };

/* the same paragraph, its first sentence large and its limits apart */
static void print_html(const struct verdict *v, const char *text, size_t head, size_t body)
{
	char *part = must(strndup(text, head - 1));

	printf("<div class=\"verdict\" data-action=\"%s\"><p><strong>", actions[v->action]);
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

enum { FOLDER, ACTION, WEIGHT, REFERENCE, RIVAL, EFFECT, LO, HI, COST, COST_LO,
       COST_HI, COST_SIDE, EQUAL, MARGIN, CONFIDENCE, RCVBUF, RING, CPUS, LOADS, MIN_N,
       TRIALS, WARNED, FAILED, MISSING, REPS_NEEDED, DETECTABLE, STAND_IN, CONFIRMED, DRIFT,
       DRIFT_LO, DRIFT_HI, STEAL, DELAY, DELAY_LO, DELAY_HI, TEXT, N_FIELDS };

static const char *const fields[N_FIELDS] = {
	"folder", "action", "weight", "reference", "compared", "effect_pct",
	"lo_pct", "hi_pct", "cost_pct", "cost_lo_pct", "cost_hi_pct", "cost_side",
	"equal", "margin_pct", "confidence_pct", "rcvbuf", "ring", "cpus", "loads",
	"min_n", "trials", "warned", "failed", "missing", "reps_needed",
	"detectable_pct", "stand_in", "confirmed", "drift_pct",
	"drift_lo_pct", "drift_hi_pct", "steal_pct", "delay_pct",
	"delay_lo_pct", "delay_hi_pct", "text",
};

static void fill(struct table *t, const struct data *d, const struct verdict *v,
		 size_t folder, const struct options *o, const char *text)
{
	const struct rival none = { .weight = NAN, .effect = NAN,
				    .cost_effect = NAN, .delay_effect = NAN,
				    .delay_ci = { NAN, NAN }, .ci = { NAN, NAN },
				    .cost_ci = { NAN, NAN } };
	const struct rival *r = v->shown ? v->shown : &none;
	const struct advice *a = &v->a;
	size_t i, warned = v->ref.warned, failed = v->ref.failed, missing = v->without_ref;

	for (i = 0; i < v->n; i++) {
		warned += v->rivals[i].seen.warned;
		failed += v->rivals[i].seen.failed;
		missing += v->loads - v->rivals[i].rate.n;
	}
	table_row(t);
	table_text(t, FOLDER, "%s", d->folders[folder].label);
	table_text(t, ACTION, "%s", actions[v->action]);
	table_number(t, WEIGHT, v->winner ? v->winner->weight : verdict_kept(v), 1, 0);
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
	table_text(t, RING, "%s", *folder_ring(&d->folders[folder]) ?
		   folder_ring(&d->folders[folder]) : "unknown");
	table_text(t, CPUS, "%s", !a->two_compared ? "unknown" :
		   a->place == PLACE_TWO ? "two" : "one");
	table_number(t, LOADS, v->loads, 1, 0);
	table_number(t, MIN_N, v->trials ? v->min_n : 0, 1, 0);
	table_number(t, TRIALS, v->trials, 1, 0);
	table_number(t, WARNED, warned, 1, 0);
	table_number(t, FAILED, failed, 1, 0);
	table_number(t, MISSING, missing, 1, 0);
	table_number(t, REPS_NEEDED, v->action == CANNOT_SAY ? v->reps_needed : NAN, 1, 0);
	table_number(t, DETECTABLE, 100 * v->detectable, 1, 2);
	table_text(t, STAND_IN, "%s", d->folders[folder].stand_in ? "yes" : "no");
	table_text(t, CONFIRMED, "%s", !v->fresh.there ? "not_tried" : v->fresh.shown ? "yes" : "no");
	table_number(t, DRIFT, 100 * v->drift.slope, 1, 2);
	table_number(t, DRIFT_LO, 100 * v->drift.ci.lo, 1, 2);
	table_number(t, DRIFT_HI, 100 * v->drift.ci.hi, 1, 2);
	table_number(t, STEAL, v->drift.steal, 1, 2);
	table_number(t, DELAY, 100 * r->delay_effect, 1, 2);
	table_number(t, DELAY_LO, 100 * r->delay_ci.lo, 1, 2);
	table_number(t, DELAY_HI, 100 * r->delay_ci.hi, 1, 2);
	table_text(t, TEXT, "%s", text);
}

int cmd_verdict(const struct data *d, const struct options *o)
{
	struct table *t = table_new("verdict");
	size_t i;

	for (i = 0; i < N_FIELDS; i++)
		table_column(t, i == FOLDER ? U_LABEL : U_VALUE, fields[i], fields[i]);
	for (i = 0; i < d->n_folders; i++) {
		struct verdict v = verdict_of(d, i, o);
		struct problem why;
		size_t head, body;
		char *text;

		if (verdict_confirm(&v, d->folders[i].path, o, &why)) {
			fprintf(stderr, "napistat: %s\n", why.text);
			verdict_free(&v);
			table_free(t);
			return 1;
		}
		text = verdict_text(d, &v, i, o, &head, &body);
		fill(t, d, &v, i, o, text);
		if (o->format == F_TEXT) {
			printf("%s%s\n\n", i ? "\n" : "", text);
			table_line(t, stdout, TEXT);
		} else if (o->format == F_MARKDOWN) {
			fputs(i ? "\n" : "", stdout);
			markdown_escaped(stdout, text);
			fputc('\n', stdout);
		} else if (o->format == F_HTML) {
			print_html(&v, text, head, body);
		}
		free(text);
		verdict_free(&v);
	}
	if (o->format != F_TEXT && o->format != F_MARKDOWN && o->format != F_HTML)
		return finish(t, o);
	table_free(t);
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
