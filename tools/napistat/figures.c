// SPDX-License-Identifier: GPL-2.0
/*
 * figures: what report.sh draws. Each figure is a file of gnuplot blocks
 * (two blank lines between; the first line of a block is its title) and a
 * line in index.tsv, fields between tabs:
 *
 *   id kind title subtitle xlabel ylabel ymin ymax styles see here
 *
 * kind names the gnuplot script; styles is a line style for each block, where a
 * weight has the same one in every figure; ymin and ymax are the same for all figures of
 * one title, so that folders can be compared by eye. Only what was measured
 * becomes a figure.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "advice.h"

#define MAX_LINES 6 /* in one figure; more cannot be told apart */

struct figure {
	const char *kind, *title, *xlabel, *ylabel, *see;
	char *subtitle, *here;
	double lo, hi;
	size_t blocks;
	int styles[MAX_LINES];
};

struct figures {
	const struct data *d;
	const struct options *o;
	struct figure *list;
	size_t n, room;
	double *weights; /* those that have a line style of their own */
	size_t n_weights;
	FILE *now;
	bool failed;
};

static char *path_of(const struct figures *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static char *path_of(const struct figures *f, const char *format, ...)
{
	char *name, *path;
	va_list args;

	va_start(args, format);
	if (vasprintf(&name, format, args) < 0)
		must(NULL);
	va_end(args);
	if (asprintf(&path, "%s/%s", f->o->out, name) < 0)
		must(NULL);
	free(name);
	return path;
}

static void failed(struct figures *f, const char *path)
{
	fprintf(stderr, "napistat: %s: %s\n", path, strerror(errno));
	f->failed = true;
}

static struct figure *begin(struct figures *f, const struct trial *t,
			    const char *kind, const char *title,
			    const char *xlabel, const char *ylabel,
			    const char *see)
{
	char *path = path_of(f, "%03zu.dat", f->n + 1);
	char *settings = settings_text(f->d, t);
	struct figure *g;

	f->list = grow(f->list, f->n, &f->room, sizeof(*f->list));
	g = &f->list[f->n++];
	*g = (struct figure){ .kind = kind, .title = title, .xlabel = xlabel,
			      .ylabel = ylabel, .see = see };
	if (asprintf(&g->subtitle, "%s, %s", f->d->folders[t->folder].label,
		     settings) < 0)
		must(NULL);
	f->now = fopen(path, "w");
	if (!f->now)
		failed(f, path);
	free(settings);
	free(path);
	return g;
}

static void out(struct figures *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void out(struct figures *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (f->now && vfprintf(f->now, format, args) < 0)
		f->failed = true;
	va_end(args);
}

static bool style_taken(const struct figure *g, int style)
{
	size_t i;

	for (i = 0; i < g->blocks; i++)
		if (g->styles[i] == style)
			return true;
	return false;
}

static void block(struct figures *f, struct figure *g, const char *title)
{
	int style = 1;

	while (style_taken(g, style) && style < MAX_LINES)
		style++;
	out(f, "%s\"%s\"\n", g->blocks ? "\n\n" : "", title);
	if (g->blocks < MAX_LINES)
		g->styles[g->blocks] = style;
	g->blocks++;
}

/* a block of one weight, in that weight's own style */
static void weight_block(struct figures *f, struct figure *g, double weight)
{
	char title[40];
	size_t i;

	snprintf(title, sizeof(title), "weight %.0f", weight);
	block(f, g, title);
	for (i = 0; i < f->n_weights; i++)
		if (f->weights[i] == weight)
			g->styles[g->blocks - 1] = i + 1;
}

static void reach(struct figure *g, double y)
{
	g->hi = fmax(g->hi, y);
	g->lo = fmin(g->lo, y);
}

static void end(struct figures *f)
{
	struct figure *g = &f->list[f->n - 1];

	if (f->now && fclose(f->now)) {
		fprintf(stderr, "napistat: %s: %s\n", f->o->out, strerror(errno));
		f->failed = true;
	}
	f->now = NULL;
	if (!g->blocks) { /* nothing was measured */
		free(g->subtitle);
		free(g->here);
		f->n--;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* at most MAX_LINES of n: the ends, the wanted ones, and some between */
static size_t thin(double *list, size_t n, const double *wanted, size_t n_wanted)
{
	double keep[MAX_LINES];
	size_t i, k, m = 0;

	if (n <= MAX_LINES)
		return n;
	keep[m++] = list[0];
	keep[m++] = list[n - 1];
	for (k = 0; k < n_wanted; k++)
		for (i = 1; i < n - 1 && m < MAX_LINES; i++)
			if (list[i] == wanted[k])
				keep[m++] = list[i];
	for (k = 1; m < MAX_LINES && k < MAX_LINES; k++) {
		double v = list[k * (n - 1) / MAX_LINES];

		for (i = 0; i < m; i++)
			if (keep[i] == v)
				break;
		if (i == m)
			keep[m++] = v;
	}
	qsort(keep, m, sizeof(*keep), by_value);
	memcpy(list, keep, m * sizeof(*keep));
	return m;
}

/* the distinct loads or weights of the cells [from, to), rising */
static size_t distinct(const struct data *d, size_t from, size_t to, bool loads,
		       double **list)
{
	size_t i, n = 0, m = 0;

	*list = must(calloc(to - from + 1, sizeof(**list)));
	for (i = from; i < to; i++)
		(*list)[n++] = loads ? cell_offered(d, &d->cells[i]) :
				       cell_weight(d, &d->cells[i]);
	qsort(*list, n, sizeof(**list), by_value);
	for (i = 0; i < n; i++)
		if (!m || (*list)[i] != (*list)[m - 1])
			(*list)[m++] = (*list)[i];
	return m;
}

static const double studied[] = { 2, 60, 64, 200 };

static size_t weights_of(const struct data *d, size_t from, size_t to,
			 double **list)
{
	size_t n = distinct(d, from, to, false, list);

	return thin(*list, n, studied, 4);
}

static const struct cell *find(const struct data *d, size_t from, size_t to,
			       double load, double weight)
{
	for (; from < to; from++)
		if (cell_offered(d, &d->cells[from]) == load &&
		    cell_weight(d, &d->cells[from]) == weight)
			return &d->cells[from];
	return NULL;
}

/* x, mean, from, to; with one value the interval is the point itself */
static void point(struct figures *f, struct figure *g, double x,
		  const struct sample *s, const struct metric *m)
{
	struct interval ci = mean_interval(s, f->o->confidence);

	if (isnan(ci.lo))
		ci.lo = ci.hi = s->mean;
	out(f, "%.9g %.9g %.9g %.9g\n", x, s->mean * m->scale, ci.lo * m->scale,
	    ci.hi * m->scale);
	reach(g, ci.hi * m->scale);
}

static const struct {
	const char *metric, *see;
} against_load[] = {
	{ "delivered_bps", "A weight that keeps up follows the diagonal; where its line bends away, packets are lost from there on." },
	{ "packets_per_s", "Packets that the driver took from the NIC. Where this bends but the NIC was sent more, the loss is before the driver's poll." },
	{ "loss", "Share of the sent packets that never reached the application. Flat at zero is what one wants; the first load above it is where the weight gives up." },
	{ "host_cpu", "What the whole VM costs its host; 100 % is one thread. The study believed this figure where guest and host disagreed." },
	{ "cpu_total", "What the guest believes it uses; 100 % is one thread. Compare with the host's figure: they need not agree." },
	{ "cpu_softirq", "The part of the guest's CPU that goes into receiving. At 100 % one CPU does nothing else, and more load means loss." },
	{ "irqs_per_s", "When the load grows and this falls to nothing, the driver never leaves polling: ksoftirqd owns a CPU." },
	{ "rx_per_irq", "How many packets each interrupt is worth. It rises where polling takes over from interrupts." },
	{ "rx_per_poll", "It cannot exceed the weight: a line that lies on its weight polls as much as it may each time." },
};

static const struct {
	const char *metric, *see;
} against_weight[] = {
	{ "delivered_bps", "If the line rises and then is flat, small weights hold bandwidth back and large ones change nothing. If it falls, packets die in the socket buffer instead." },
	{ "packets_per_s", "Packets that the driver took. The study found it to follow bandwidth closely with TCP, and to go against it with UDP and a small socket buffer." },
	{ "host_cpu", "CPU of the VM as its host sees it; 100 % is one thread. The best weight is where this is low and bandwidth is not." },
	{ "cpu_total", "CPU in the guest; 100 % is one thread. The best weight is where this is low and bandwidth is not." },
	{ "irqs_per_s", "Hardware interrupts. Close to none means that the driver never leaves polling." },
	{ "rx_per_poll", "Packets that one poll takes on average. Where it stays below the weight, a larger weight changes nothing." },
};

/* "At LOAD: MEAN UNIT (weight W), MEAN (W), ..." */
static void say_value(FILE *here, size_t n, const char *load, double weight,
		      double mean, const struct metric *m)
{
	int decimals = mean * m->scale >= 100 ? 0 : m->decimals;

	if (n)
		fprintf(here, ", %.*f (%.0f)", decimals, mean * m->scale, weight);
	else
		fprintf(here, "At %s: %.*f %s (weight %.0f)", load, decimals,
			mean * m->scale, m->shown_unit, weight);
}

static void draw_load(struct figures *f, size_t from, size_t to,
		      const struct metric *m, const char *see)
{
	const struct data *d = f->d;
	double *loads, *weights;
	size_t n_loads = distinct(d, from, to, true, &loads);
	size_t n_weights = weights_of(d, from, to, &weights), i, k, size, said = 0;
	char *load = load_text(loads[n_loads - 1]);
	struct figure *g;
	FILE *here;

	/* with hardly any interrupts left, packets for each go up a thousandfold */
	g = begin(f, cell_trial(d, &d->cells[from]),
		  strcmp(m->name, "rx_per_irq") ? "load" : "loadlog", m->title,
		  "offered load (Mbit/s)", m->shown_unit, see);
	here = must(open_memstream(&g->here, &size));
	for (i = 0; i < n_weights; i++) {
		size_t points = 0;

		for (k = 0; k < n_loads; k++) {
			const struct cell *c = find(d, from, to, loads[k], weights[i]);
			struct sample s = { 0 };

			if (c)
				s = cell_sample(d, c, m);
			if (!s.n || !loads[k])
				continue;
			if (!points++)
				weight_block(f, g, weights[i]);
			point(f, g, loads[k] / 1e6, &s, m);
			if (k == n_loads - 1)
				say_value(here, said++, load, weights[i], s.mean, m);
		}
	}
	fputs(said ? "." : "", here);
	fclose(here);
	end(f);
	free(load);
	free(loads);
	free(weights);
}

static void draw_weight(struct figures *f, size_t from, size_t to,
			const struct metric *m, const char *see)
{
	const struct data *d = f->d;
	double *loads, *weights;
	size_t n_loads = distinct(d, from, to, true, &loads);
	size_t n_weights = distinct(d, from, to, false, &weights);
	size_t i, k, size, said = 0;
	char *title;
	struct figure *g;
	FILE *here;

	n_loads = thin(loads, n_loads, NULL, 0);
	g = begin(f, cell_trial(d, &d->cells[from]), "weight", m->title, "weight",
		  m->shown_unit, see);
	here = must(open_memstream(&g->here, &size));
	for (i = 0; i < n_loads; i++) {
		size_t points = 0;

		title = load_text(loads[i]);
		for (k = 0; k < n_weights; k++) {
			const struct cell *c = find(d, from, to, loads[i], weights[k]);
			struct sample s = { 0 };

			if (c)
				s = cell_sample(d, c, m);
			if (!s.n)
				continue;
			if (!points++)
				block(f, g, title);
			point(f, g, weights[k], &s, m);
			if (i == n_loads - 1 && (n_weights <= MAX_LINES || !k ||
						 k == n_weights - 1))
				say_value(here, said++, title, weights[k], s.mean, m);
		}
		free(title);
	}
	fputs(said ? "." : "", here);
	fclose(here);
	end(f);
	free(loads);
	free(weights);
}

/* the study shows 700, 800 and 1000 Mbit/s; else the three highest */
static size_t hist_loads(const struct data *d, size_t from, size_t to,
			 double **loads)
{
	static const double want[] = { 700e6, 800e6, 1000e6 };
	size_t n = distinct(d, from, to, true, loads), i, k, found = 0;

	for (i = 0; i < n; i++)
		for (k = 0; k < 3; k++)
			found += (*loads)[i] == want[k];
	if (found == 3)
		memcpy(*loads, want, sizeof(want));
	else if (n > 3)
		memmove(*loads, *loads + n - 3, 3 * sizeof(**loads));
	return n < 3 ? n : 3;
}

static void draw_hist(struct figures *f, size_t from, size_t to)
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

	g = begin(f, cell_trial(d, &d->cells[from]), "hist", "Packets per poll",
		  "packets taken by one poll", "% of polls",
		  "Each curve is one load. When it moves right, polls take more packets each: fewer polls, fewer interrupts, less CPU for the same packets. A peak at the weight itself means polls are cut off by it.");
	here = must(open_memstream(&g->here, &size));
	fprintf(here, "Weight %.0f. Mean packets per poll: ", w);
	for (i = 0; i < n; i++) {
		const struct cell *c = find(d, from, to, loads[i], w);
		struct hist_row *r = c ? hist_of_cell(d, c, "rx_per_poll", &m) : NULL;

		title = load_text(loads[i]);
		for (k = 0, mean = all = 0; r && k < m; k++) {
			all += r[k].count;
			mean += r[k].count * r[k].lower;
		}
		for (k = 0; r && k < m; k++) {
			double share = 100 * r[k].count / all;

			if (!k)
				block(f, g, title);
			/* a gap between buckets is a zero, not a slope */
			if (k && r[k].lower > bucket_top(r[k - 1].lower) + 1)
				out(f, "%.9g 0\n%.9g 0\n",
				    bucket_top(r[k - 1].lower) + 1, r[k].lower - 1);
			out(f, "%.9g %.9g\n", r[k].lower, share);
			reach(g, share);
		}
		if (r)
			fprintf(here, "%s%.1f at %s", g->blocks > 1 ? ", " : "",
				mean / all, title);
		free(title);
		free(r);
	}
	fputc('.', here);
	fclose(here);
	end(f);
	free(loads);
}

/* share of polls that took no longer than x, a line per weight */
static void draw_times(struct figures *f, size_t from, size_t to,
		       const char *name, const char *title, const char *see)
{
	const struct data *d = f->d;
	double *loads, *weights, sum, all;
	size_t n_loads = distinct(d, from, to, true, &loads);
	size_t n = weights_of(d, from, to, &weights), i, k, m, size;
	char *load = load_text(loads[n_loads - 1]);
	struct figure *g;
	FILE *here;

	g = begin(f, cell_trial(d, &d->cells[from]), "times", title,
		  "microseconds", "% of them up to here", see);
	here = must(open_memstream(&g->here, &size));
	fprintf(here, "At %s, half take at most: ", load);
	g->hi = 100;
	for (i = 0; i < n; i++) {
		const struct cell *c = find(d, from, to, loads[n_loads - 1], weights[i]);
		struct hist_row *r = c ? hist_of_cell(d, c, name, &m) : NULL;
		double half = NAN;

		for (k = 0, all = 0; r && k < m; k++)
			all += r[k].count;
		for (k = 0, sum = 0; r && k < m; k++) {
			double top = fmax(1, bucket_top(r[k].lower)) / 1000;

			if (!k)
				weight_block(f, g, weights[i]);
			sum += r[k].count;
			if (isnan(half) && sum >= all / 2)
				half = top;
			out(f, "%.9g %.9g\n", top, 100 * sum / all);
		}
		if (r)
			fprintf(here, g->blocks > 1 ? ", %.3g (%.0f)" :
				"%.3g us (weight %.0f)", half, weights[i]);
		free(r);
	}
	fputc('.', here);
	fclose(here);
	end(f);
	free(load);
	free(loads);
	free(weights);
}

static void draw_loss(struct figures *f, size_t from, size_t to)
{
	static const char *const places[] = {
		"loss_before_nic", "loss_ring", "loss_backlog", "loss_socket",
		"loss_app", "loss_unplaced",
	};
	const struct data *d = f->d;
	double *loads, *weights;
	size_t n_loads = distinct(d, from, to, true, &loads);
	size_t n = distinct(d, from, to, false, &weights), i, k, size;
	/* full speed, written 0, comes first but is the highest */
	double load = loads[0] ? loads[n_loads - 1] : 0, total;
	char *at = load_text(load);
	struct figure *g;
	FILE *here;

	n = n > 12 ? thin(weights, n, studied, 4) : n;
	g = begin(f, cell_trial(d, &d->cells[from]), "loss",
		  "Where packets are lost", "weight", "% of the packets sent",
		  "The height is all loss at the highest load, the colour says where. Ring and before the NIC: the driver came too late. Socket: the driver did its part, the application did not.");
	here = must(open_memstream(&g->here, &size));
	fprintf(here, "At %s, lost in all: ", at);
	for (i = 0; i < n; i++) {
		const struct cell *c = find(d, from, to, load, weights[i]);
		double lost = c ? cell_sample(d, c, metric_find("loss")).mean : NAN;

		if (isnan(lost))
			continue;
		if (!g->blocks)
			block(f, g, "loss");
		out(f, "\"%.0f\"", weights[i]);
		for (k = 0, total = 0; k < 6; k++) {
			double part = cell_sample(d, c, metric_find(places[k])).mean;

			/* a negative remainder (counted twice somewhere) has no height */
			part = part > 0 ? 100 * part : 0;
			total += part;
			out(f, " %.9g", part);
		}
		out(f, "\n");
		reach(g, total);
		fprintf(here, g->blocks && i ? ", %.2f (%.0f)" : "%.2f %% (weight %.0f)",
			100 * lost, weights[i]);
	}
	fputc('.', here);
	fclose(here);
	end(f);
	free(at);
	free(loads);
	free(weights);
}

static void draw_mlfrr(struct figures *f, size_t from, size_t to)
{
	const struct data *d = f->d;
	const struct cell **cells;
	struct figure *g;
	size_t i, k, size;
	FILE *here;

	if (!mlfrr_possible(d, from, to))
		return;
	cells = by_weight(d, from, to);
	g = begin(f, cell_trial(d, &d->cells[from]), "mlfrr", "Loss-free rate",
		  "weight", "Mbit/s",
		  "The highest load that each weight takes without loss. The line on a bar is the interval over repetitions; where there was one search only, it goes from the last load without loss to the first with loss, which is not an interval.");
	here = must(open_memstream(&g->here, &size));
	for (i = 0; i < to - from; i = k) {
		struct interval ci;
		struct mlfrr r;
		double mean;

		for (k = i; k < to - from; k++)
			if (cell_weight(d, cells[k]) != cell_weight(d, cells[i]))
				break;
		r = mlfrr_of(d, cells + i, k - i, f->o);
		mean = r.over_reps.n > 1 ? r.over_reps.mean : r.conditional;
		ci = r.ci;
		if (isnan(ci.lo))
			ci = (struct interval){ r.lower, r.upper };
		if (isnan(ci.hi))
			ci.hi = mean;
		if (isnan(mean)) /* loss at the lowest load already */
			mean = ci.lo = ci.hi = 0;
		if (!g->blocks)
			block(f, g, "mlfrr");
		out(f, "\"%.0f\" %.9g %.9g %.9g\n", cell_weight(d, cells[i]),
		    mean / 1e6, ci.lo / 1e6, ci.hi / 1e6);
		reach(g, ci.hi / 1e6);
		fprintf(here, "%s%.0f%s (%s%.0f)",
			isnan(r.upper) && !isnan(r.lower) ? "at least " : "",
			mean / 1e6, i ? "" : " Mbit/s", i ? "" : "weight ",
			cell_weight(d, cells[i]));
		fputs(k < to - from ? ", " : ".", here);
	}
	fclose(here);
	end(f);
	free(cells);
}

static void draw_paired(struct figures *f, size_t from, size_t to)
{
	const struct metric *m = metric_find("delivered_bps");
	const struct data *d = f->d;
	double ref = nearest_weight(d, from, to, f->o->reference), *weights, *loads;
	size_t n = weights_of(d, from, to, &weights), i, k;
	size_t n_loads = distinct(d, from, to, true, &loads);
	struct figure *g;

	g = begin(f, cell_trial(d, &d->cells[from]), "paired",
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
			const struct cell *a = find(d, from, to, loads[k], weights[i]);
			const struct cell *b = find(d, from, to, loads[k], ref);
			struct interval ci;
			struct stratum s;
			double effect, far;

			if (!a || !b || !compare_cells(d, a, b, m, &s))
				continue;
			effect_of(&s, 1, m, f->o->confidence, &effect, &ci);
			if (isnan(ci.lo))
				continue;
			if (!points++)
				weight_block(f, g, weights[i]);
			out(f, "%.9g %.9g %.9g %.9g %.9g\n", loads[k] / 1e6,
			    100 * effect, 100 * ci.lo, 100 * ci.hi,
			    100 * f->o->margin);
			far = 1000 * f->o->margin;
			reach(g, fmax(-far, fmin(far, 100 * ci.lo)));
			reach(g, fmax(-far, fmin(far, 100 * ci.hi)));
		}
	}
	end(f);
	free(weights);
	free(loads);
}

static void each_curve(struct figures *f,
		       void (*draw)(struct figures *f, size_t from, size_t to))
{
	size_t from, to;

	for (from = 0; from < f->d->n_cells; from = to) {
		to = curve_end(f->d, from);
		draw(f, from, to);
	}
}

static size_t count(const struct data *d, size_t from, size_t to, bool loads)
{
	double *list;
	size_t n = distinct(d, from, to, loads, &list);

	free(list);
	return n;
}

static void all_loads(struct figures *f, size_t i)
{
	size_t from, to;

	for (from = 0; from < f->d->n_cells; from = to) {
		to = curve_end(f->d, from);
		if (count(f->d, from, to, true) > 1 &&
		    !is_search(cell_trial(f->d, &f->d->cells[from])))
			draw_load(f, from, to, metric_find(against_load[i].metric),
				  against_load[i].see);
	}
}

static void all_weights(struct figures *f, size_t i)
{
	size_t from, to, n;

	for (from = 0; from < f->d->n_cells; from = to) {
		to = curve_end(f->d, from);
		n = count(f->d, from, to, false);
		if (is_search(cell_trial(f->d, &f->d->cells[from])))
			continue;
		if (n > MAX_LINES || (n > 1 && count(f->d, from, to, true) == 1))
			draw_weight(f, from, to, metric_find(against_weight[i].metric),
				    against_weight[i].see);
	}
}

static void loss_of_curve(struct figures *f, size_t from, size_t to)
{
	if (!is_search(cell_trial(f->d, &f->d->cells[from])))
		draw_loss(f, from, to);
}

static void poll_times(struct figures *f, size_t from, size_t to)
{
	if (is_search(cell_trial(f->d, &f->d->cells[from])))
		return;
	draw_times(f, from, to, "poll_ns", "Duration of a poll",
		   "How long one poll holds the CPU, at the highest load. A line further right belongs to a weight that lets polls run longer; its packets get through in fewer of them.");
}

static void poll_latency(struct figures *f, size_t from, size_t to)
{
	if (is_search(cell_trial(f->d, &f->d->cells[from])))
		return;
	draw_times(f, from, to, "irq_to_poll_ns", "From interrupt to poll",
		   "How long a packet waits until the driver is allowed to look, at the highest load. A long tail means that the softirq had to stand in line.");
}

static void paired_curve(struct figures *f, size_t from, size_t to)
{
	if (!strcmp(word(cell_trial(f->d, &f->d->cells[from]), COL_method),
		    "interleave"))
		draw_paired(f, from, to);
}

static void write_index(struct figures *f)
{
	char *path = path_of(f, "index.tsv");
	FILE *index = fopen(path, "w");
	size_t i, k;

	if (!index) {
		failed(f, path);
		free(path);
		return;
	}
	for (i = 0; i < f->n; i++) {
		struct figure *g = &f->list[i];
		double lo = g->lo, hi = g->hi;

		for (k = 0; k < f->n; k++)
			if (!strcmp(f->list[k].title, g->title) &&
			    !strcmp(f->list[k].kind, g->kind)) {
				lo = fmin(lo, f->list[k].lo);
				hi = fmax(hi, f->list[k].hi);
			}
		fprintf(index, "%03zu\t%s\t%s%s\t%s\t%s\t%s\t%.6g\t%.6g\t",
			i + 1, g->kind, g->title,
			!strncmp(g->kind, "load", 4) ? " against load" :
			!strcmp(g->kind, "weight") ? " against weight" : "",
			g->subtitle, g->xlabel,
			g->ylabel, lo, hi > 0 ? hi : 1);
		for (k = 0; k < g->blocks && k < MAX_LINES; k++)
			fprintf(index, "%s%d", k ? " " : "", g->styles[k]);
		fprintf(index, "\t%s\t%s\n", g->see,
			g->here && g->here[0] ? g->here : "-");
	}
	if (fclose(index))
		failed(f, path);
	free(path);
}

int cmd_figures(const struct data *d, const struct options *o)
{
	struct figures f = { .d = d, .o = o };
	size_t i;

	if (!o->out) {
		fputs("napistat: --out DIR is missing\n", stderr);
		return 1;
	}
	if (mkdir(o->out, 0777) && errno != EEXIST)
		failed(&f, o->out);
	f.n_weights = weights_of(d, 0, d->n_cells, &f.weights);
	for (i = 0; i < sizeof(against_load) / sizeof(against_load[0]); i++)
		all_loads(&f, i);
	for (i = 0; i < sizeof(against_weight) / sizeof(against_weight[0]); i++)
		all_weights(&f, i);
	each_curve(&f, loss_of_curve);
	each_curve(&f, draw_mlfrr);
	each_curve(&f, paired_curve);
	each_curve(&f, draw_hist);
	each_curve(&f, poll_times);
	each_curve(&f, poll_latency);
	if (!f.failed)
		write_index(&f);
	for (i = 0; i < f.n; i++) {
		free(f.list[i].subtitle);
		free(f.list[i].here);
	}
	free(f.list);
	free(f.weights);
	return f.failed;
}
