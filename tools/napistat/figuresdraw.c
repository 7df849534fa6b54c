// SPDX-License-Identifier: GPL-2.0
/* One function for each kind of figure. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"

void draw_load(struct figures *f, size_t from, size_t to,
	       const struct metric *m, const char *see)
{
	const struct data *d = f->d;
	double *loads, *weights;
	size_t n_loads = distinct_values(d, from, to, true, &loads);
	size_t n_weights = weights_of(d, from, to, &weights), i, k, size,
	       said = 0;
	char *load = load_text(loads[n_loads - 1]);
	struct figure *g;
	FILE *here;

	/* with hardly any interrupts left, packets for each go up a
	 * thousandfold */
	g = figure_begin(f, cell_trial(d, &d->cells[from]),
			 strcmp(m->name, "rx_per_irq") ? "load" : "loadlog",
			 m->title, "offered load (Mbit/s)", m->shown_unit, see);
	here = must(open_memstream(&g->here, &size));
	for (i = 0; i < n_weights; i++) {
		size_t points = 0;

		for (k = 0; k < n_loads; k++) {
			const struct cell *c =
				figure_cell(d, from, to, loads[k], weights[i]);
			double mean;

			if (!c || !cell_sample(d, c, m).n || !loads[k])
				continue;
			if (!points++)
				figure_weight(f, g, weights[i]);
			figure_point(f, g, loads[k] / 1e6, c, m, &mean);
			if (k == n_loads - 1)
				say_value(here, said++, load, weights[i],
					  mean, m);
		}
	}
	fputs(said ? "." : "", here);
	fclose(here);
	figure_end(f);
	free(load);
	free(loads);
	free(weights);
}

void draw_weight(struct figures *f, size_t from, size_t to,
		 const struct metric *m, const char *see)
{
	const struct data *d = f->d;
	double *loads, *weights;
	size_t n_loads = distinct_values(d, from, to, true, &loads);
	size_t n_weights = distinct_values(d, from, to, false, &weights);
	size_t i, k, size, said = 0;
	char *title;
	struct figure *g;
	FILE *here;

	n_loads = thin_out(loads, n_loads, NULL, 0);
	g = figure_begin(f, cell_trial(d, &d->cells[from]), "weight", m->title,
			 "weight", m->shown_unit, see);
	here = must(open_memstream(&g->here, &size));
	for (i = 0; i < n_loads; i++) {
		size_t points = 0;

		title = load_text(loads[i]);
		for (k = 0; k < n_weights; k++) {
			const struct cell *c =
				figure_cell(d, from, to, loads[i], weights[k]);
			double mean;

			if (!c || !cell_sample(d, c, m).n)
				continue;
			if (!points++)
				figure_block(f, g, title);
			figure_point(f, g, weights[k], c, m, &mean);
			if (i == n_loads - 1 && (n_weights <= MAX_LINES || !k ||
						 k == n_weights - 1))
				say_value(here, said++, title, weights[k],
					  mean, m);
		}
		free(title);
	}
	fputs(said ? "." : "", here);
	fclose(here);
	figure_end(f);
	free(loads);
	free(weights);
}

/* the study shows 700, 800 and 1000 Mbit/s; else the three highest */
static size_t hist_loads(const struct data *d, size_t from, size_t to,
			 double **loads)
{
	static const double want[] = { 700e6, 800e6, 1000e6 };
	size_t n = distinct_values(d, from, to, true, loads), i, k, found = 0;

	for (i = 0; i < n; i++)
		for (k = 0; k < 3; k++)
			found += (*loads)[i] == want[k];
	if (found == 3)
		memcpy(*loads, want, sizeof(want));
	else if (n > 3)
		memmove(*loads, *loads + n - 3, 3 * sizeof(**loads));
	return n < 3 ? n : 3;
}

void draw_hist(struct figures *f, size_t from, size_t to)
{
	const struct data *d = f->d;
	double w = nearest_weight(d, from, to, 60), *loads, mean, all;
	size_t n, i, k, m, size;
	struct figure *g;
	char *title;
	FILE *here;

	if (is_search(cell_trial(d, &d->cells[from])))
		return;
	n = hist_loads(d, from, to, &loads);

	g = figure_begin(
		f, cell_trial(d, &d->cells[from]), "hist", "Packets per poll",
		"packets taken by one poll", "% of polls",
		"Each curve is one load. When it moves right, polls take more packets each: fewer polls, fewer interrupts, less CPU for the same packets. A peak at the weight itself means polls are cut off by it.");
	here = must(open_memstream(&g->here, &size));
	fprintf(here, "Weight %.0f. Mean packets per poll: ", w);
	for (i = 0; i < n; i++) {
		const struct cell *c = figure_cell(d, from, to, loads[i], w);
		struct hist_row *r =
			c ? hist_of_cell(d, c, "rx_per_poll", &m) : NULL;

		if (r)
			figure_of(g, c->n, "trial");
		title = load_text(loads[i]);
		for (k = 0, mean = all = 0; r && k < m; k++) {
			all += r[k].count;
			mean += r[k].count * r[k].lower;
		}
		for (k = 0; r && k < m; k++) {
			double share = 100 * r[k].count / all;

			if (!k)
				figure_block(f, g, title);
			/* a gap between buckets is a zero, not a slope */
			if (k && r[k].lower > bucket_top(r[k - 1].lower) + 1)
				figure_put(f, "%.9g 0\n%.9g 0\n",
					   bucket_top(r[k - 1].lower) + 1,
					   r[k].lower - 1);
			figure_put(f, "%.9g %.9g\n", r[k].lower, share);
			figure_reach(g, share);
		}
		if (r)
			fprintf(here, "%s%.1f at %s", g->blocks > 1 ? ", " : "",
				mean / all, title);
		free(title);
		free(r);
	}
	fputc('.', here);
	fclose(here);
	figure_end(f);
	free(loads);
}

/* share of polls that took no longer than x, a line per weight */
void draw_times(struct figures *f, size_t from, size_t to, const char *name,
		const char *title, const char *see)
{
	const struct data *d = f->d;
	double *loads, *weights, sum, all;
	size_t n_loads = distinct_values(d, from, to, true, &loads);
	size_t n = weights_of(d, from, to, &weights), i, k, m, size;
	char *load = load_text(loads[n_loads - 1]);
	struct figure *g;
	FILE *here;

	g = figure_begin(f, cell_trial(d, &d->cells[from]), "times", title,
			 "microseconds", "% of them up to here", see);
	here = must(open_memstream(&g->here, &size));
	fprintf(here, "At %s, half take at most: ", load);
	g->hi = 100;
	for (i = 0; i < n; i++) {
		const struct cell *c = figure_cell(
			d, from, to, loads[n_loads - 1], weights[i]);
		struct hist_row *r = c ? hist_of_cell(d, c, name, &m) : NULL;
		double half = NAN;

		if (r)
			figure_of(g, c->n, "trial");
		for (k = 0, all = 0; r && k < m; k++)
			all += r[k].count;
		for (k = 0, sum = 0; r && k < m; k++) {
			double top = fmax(1, bucket_top(r[k].lower)) / 1000;

			if (!k)
				figure_weight(f, g, weights[i]);
			sum += r[k].count;
			if (isnan(half) && sum >= all / 2)
				half = top;
			figure_put(f, "%.9g %.9g\n", top, 100 * sum / all);
		}
		if (r)
			fprintf(here,
				g->blocks > 1 ? ", %.3g (%.0f)" :
						"%.3g us (weight %.0f)",
				half, weights[i]);
		free(r);
	}
	fputc('.', here);
	fclose(here);
	figure_end(f);
	free(load);
	free(loads);
	free(weights);
}

void draw_loss(struct figures *f, size_t from, size_t to)
{
	static const char *const places[] = {
		"loss_before_nic", "loss_ring", "loss_backlog",
		"loss_socket",	   "loss_app",	"loss_unplaced",
	};
	const struct data *d = f->d;
	double *loads, *weights;
	size_t n_loads = distinct_values(d, from, to, true, &loads);
	size_t n = distinct_values(d, from, to, false, &weights), i, k, size;
	/* full speed, written 0, comes first but is the highest */
	double load = loads[0] ? loads[n_loads - 1] : 0, total;
	char *at = load_text(load);
	struct figure *g;
	FILE *here;

	n = n > 12 ? thin_out(weights, n, studied, 4) : n;
	g = figure_begin(
		f, cell_trial(d, &d->cells[from]), "loss",
		"Where packets are lost", "weight", "% of the packets sent",
		"The height is all loss at the highest load, the colour says where. Ring and before the NIC: the driver came too late. Socket: the driver did its part, the application did not.");
	here = must(open_memstream(&g->here, &size));
	fprintf(here, "At %s, lost in all: ", at);
	for (i = 0; i < n; i++) {
		const struct cell *c =
			figure_cell(d, from, to, load, weights[i]);
		double lost =
			c ? cell_sample(d, c, metric_find("loss")).mean : NAN;

		if (isnan(lost))
			continue;
		figure_of(g, cell_sample(d, c, metric_find("loss")).n, cell_level(d, c));
		if (!g->blocks)
			figure_block(f, g, "loss");
		figure_put(f, "\"%.0f\"", weights[i]);
		for (k = 0, total = 0; k < 6; k++) {
			double part =
				cell_sample(d, c, metric_find(places[k])).mean;

			/* a negative remainder (counted twice somewhere) has no
			 * height */
			part = part > 0 ? 100 * part : 0;
			total += part;
			figure_put(f, " %.9g", part);
		}
		figure_put(f, "\n");
		figure_reach(g, total);
		fprintf(here,
			g->blocks && i ? ", %.2f (%.0f)" :
					 "%.2f %% (weight %.0f)",
			100 * lost, weights[i]);
	}
	fputc('.', here);
	fclose(here);
	figure_end(f);
	free(at);
	free(loads);
	free(weights);
}

void draw_mlfrr(struct figures *f, size_t from, size_t to)
{
	const struct data *d = f->d;
	const struct cell **cells;
	struct figure *g;
	size_t i, k, size;
	FILE *here;

	if (!mlfrr_possible(d, from, to))
		return;
	cells = by_weight(d, from, to);
	g = figure_begin(
		f, cell_trial(d, &d->cells[from]), "mlfrr", "Loss-free rate",
		"weight", "Mbit/s",
		"The highest load that each weight takes without loss. The line on a bar is the interval over repetitions; where there was one search only, it goes from the last load without loss to the first with loss, which is not an interval.");
	here = must(open_memstream(&g->here, &size));
	for (i = 0; i < to - from; i = k) {
		struct interval ci;
		struct mlfrr r;
		double mean;

		for (k = i; k < to - from; k++)
			if (cell_weight(d, cells[k]) !=
			    cell_weight(d, cells[i]))
				break;
		r = mlfrr_of(d, cells + i, k - i, f->o);
		mean = isnan(r.mean) ? r.conditional : r.mean;
		ci = r.ci;
		if (isnan(ci.lo))
			ci = (struct interval){ r.lower, r.upper };
		if (isnan(ci.hi))
			ci.hi = mean;
		if (isnan(mean)) /* loss at the lowest load already */
			mean = ci.lo = ci.hi = 0;
		if (!g->blocks)
			figure_block(f, g, "mlfrr");
		figure_put(f, "\"%.0f\" %.9g %.9g %.9g\n",
			   cell_weight(d, cells[i]), mean / 1e6, fmax(ci.lo, 0) / 1e6,
			   ci.hi / 1e6);
		figure_reach(g, fmin(ci.hi, 2 * mean) / 1e6);
		figure_of(g, r.n > 1 ? r.n : 1, "repetition");
		fprintf(here, "%s%.0f%s (%s%.0f)",
			isnan(r.lower) && isnan(r.mean) ? "below " :
			isnan(r.upper) && isnan(r.mean) ? "at least " : "",
			(isnan(r.lower) && isnan(r.mean) ? r.upper : mean) / 1e6, i ? "" : " Mbit/s", i ? "" : "weight ",
			cell_weight(d, cells[i]));
		fputs(k < to - from ? ", " : ".", here);
	}
	fclose(here);
	figure_end(f);
	free(cells);
}

void draw_paired(struct figures *f, size_t from, size_t to)
{
	const struct metric *m = metric_find("delivered_bps");
	const struct data *d = f->d;
	double ref = nearest_weight(d, from, to, f->o->reference), *weights,
	       *loads;
	size_t n = weights_of(d, from, to, &weights), i, k;
	size_t n_loads = distinct_values(d, from, to, true, &loads);
	struct figure *g;

	g = figure_begin(
		f, cell_trial(d, &d->cells[from]), "paired",
		"Paired differences of interleaved weights",
		"offered load (Mbit/s)", "% of the reference's bandwidth",
		"Each point is a weight against the reference, block by block in one stream, so that the host's noise is in both. The grey band is the margin: an interval inside it means equal, one outside it means a real difference. What lies far below is drawn on the lower edge.");
	if (asprintf(&g->here, "Against weight %.0f; margin %.4g %%.", ref,
		     100 * f->o->margin) < 0)
		must(NULL);
	g->lo = -200 * f->o->margin;
	g->hi = 200 * f->o->margin;
	for (i = 0; i < n; i++) {
		size_t points = 0;

		for (k = 0; k < n_loads && weights[i] != ref; k++) {
			const struct cell *a =
				figure_cell(d, from, to, loads[k], weights[i]);
			const struct cell *b =
				figure_cell(d, from, to, loads[k], ref);
			struct interval ci;
			struct stratum s;
			double effect, far;

			if (!a || !b || !compare_cells(d, a, b, m, &s))
				continue;
			effect_of(&s, 1, m, f->o->confidence, &effect, &ci);
			if (isnan(ci.lo))
				continue;
			figure_of(g, s.n1, cell_level(d, a));
			if (!points++)
				figure_weight(f, g, weights[i]);
			figure_put(f, "%.9g %.9g %.9g %.9g %.9g\n",
				   loads[k] / 1e6, 100 * effect, 100 * ci.lo,
				   100 * ci.hi, 100 * f->o->margin);
			far = 1000 * f->o->margin;
			figure_reach(g, fmax(-far, fmin(far, 100 * ci.lo)));
			figure_reach(g, fmax(-far, fmin(far, 100 * ci.hi)));
		}
	}
	figure_end(f);
	free(weights);
	free(loads);
}
