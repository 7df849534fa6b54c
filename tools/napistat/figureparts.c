// SPDX-License-Identifier: GPL-2.0
/* The data files that the report gives to gnuplot. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"

char *path_of(const struct figures *f, const char *format, ...)
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

void figure_failed(struct figures *f, const char *path)
{
	fprintf(stderr, "napistat: %s: %s\n", path, strerror(errno));
	f->failed = true;
}

struct figure *figure_begin(struct figures *f, const struct trial *t,
			    const char *kind, const char *title,
			    const char *xlabel, const char *ylabel,
			    const char *see)
{
	char *path = path_of(f, "%03zu.dat", f->n + 1);
	char *settings = settings_text(f->d, t);
	struct figure *g;
	static size_t raw_size;

	f->list = grow(f->list, f->n, &f->room, sizeof(*f->list));
	g = &f->list[f->n++];
	*g = (struct figure){ .kind = kind,
			      .title = title,
			      .xlabel = xlabel,
			      .ylabel = ylabel,
			      .see = see,
			      .folder = t->folder };
	if (asprintf(&g->subtitle, "%s, %s", f->d->folders[t->folder].label,
		     settings) < 0)
		must(NULL);
	f->now = fopen(path, "w");
	if (!f->now)
		figure_failed(f, path);
	f->raw = must(open_memstream(&f->raw_text, &raw_size));
	free(settings);
	free(path);
	return g;
}

void figure_put(struct figures *f, const char *format, ...)
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

void figure_block(struct figures *f, struct figure *g, const char *title)
{
	int style = 1;

	while (style_taken(g, style) && style < MAX_LINES)
		style++;
	figure_put(f, "%s\"%s\"\n", g->blocks ? "\n\n" : "", title);
	fputs("\n\n# values\n", f->raw);
	if (g->blocks < MAX_LINES)
		g->styles[g->blocks] = style;
	g->blocks++;
}

/* a block of one weight, in that weight's own style */
void figure_weight(struct figures *f, struct figure *g, double weight)
{
	char title[40];
	size_t i;

	snprintf(title, sizeof(title), "weight %.0f", weight);
	figure_block(f, g, title);
	for (i = 0; i < f->n_weights; i++)
		if (f->weights[i] == weight)
			g->styles[g->blocks - 1] = i + 1;
}

void figure_reach(struct figure *g, double y)
{
	g->hi = fmax(g->hi, y);
	g->lo = fmin(g->lo, y);
}

/* "n = 3 to 5 trials": for the caption */
static void say_level(struct figure *g)
{
	char range[48], *all;

	if (!g->level)
		return;
	snprintf(range, sizeof(range), g->n_min < g->n_max ? "%zu to %zu" : "%zu", g->n_min, g->n_max);
	if (asprintf(&all, "%s%sn = %s %s%s.", g->here ? g->here : "", g->here && *g->here ? " " : "",
		     range, g->level, g->n_max == 1 ? "" : "s") < 0)
		must(NULL);
	free(g->here);
	g->here = all;
}

void figure_end(struct figures *f)
{
	struct figure *g = &f->list[f->n - 1];

	say_level(g);
	if (fclose(f->raw))
		must(NULL);
	figure_put(f, "%s", f->raw_text);
	free(f->raw_text);
	if (f->now && fclose(f->now)) {
		fprintf(stderr, "napistat: %s: %s\n", f->o->out,
			strerror(errno));
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
size_t thin_out(double *list, size_t n, const double *wanted, size_t n_wanted)
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
size_t distinct_values(const struct data *d, size_t from, size_t to, bool loads,
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

const double studied[4] = { 2, 60, 64, 200 };

size_t weights_of(const struct data *d, size_t from, size_t to, double **list)
{
	size_t n = distinct_values(d, from, to, false, list);

	return thin_out(*list, n, studied, 4);
}

const struct cell *figure_cell(const struct data *d, size_t from, size_t to,
			       double load, double weight)
{
	for (; from < to; from++)
		if (cell_offered(d, &d->cells[from]) == load &&
		    cell_weight(d, &d->cells[from]) == weight)
			return &d->cells[from];
	return NULL;
}

void figure_of(struct figure *g, size_t n, const char *level)
{
	g->n_min = g->level && g->n_min < n ? g->n_min : n;
	g->n_max = g->n_max > n ? g->n_max : n;
	g->level = level;
}

/* Upper bound of a value, in the unit shown; INFINITY: none. */
static double bound_of(const struct data *d, const struct cell *c, const struct metric *m)
{
	return !m->relative ? 100 : strcmp(m->name, "rx_per_poll") ? INFINITY : cell_weight(d, c);
}

/*
 * x, mean, from, to, and whether the interval goes on below and above what can be; with one
 * value the interval is the point itself. The scale is that of the values: what an interval
 * of two repetitions reaches would make all of them flat.
 */
void figure_point(struct figures *f, struct figure *g, double x,
		  const struct cell *c, const struct metric *m, double *mean)
{
	double *values = must(calloc(c->n + 1, sizeof(*values)));
	size_t i, n = cell_values(f->d, c, m, values);
	struct sample s = cell_sample(f->d, c, m);
	struct interval ci = mean_interval(&s, f->o->confidence);
	double most = bound_of(f->d, c, m), top = 0;

	*mean = s.mean;
	if (isnan(ci.lo))
		ci.lo = ci.hi = s.mean;
	figure_put(f, "%.9g %.9g %.9g %.9g %d %d\n", x, s.mean * m->scale,
		   fmax(ci.lo, 0) * m->scale, fmin(ci.hi * m->scale, most),
		   ci.lo < 0 && s.mean >= 0, ci.hi * m->scale > most);
	for (i = 0; i < n; i++) {
		top = fmax(top, values[i] * m->scale);
		if (n > 1)
			fprintf(f->raw, "%.9g %.9g\n", x, values[i] * m->scale);
	}
	figure_reach(g, fmin(fmin(ci.hi * m->scale, most), fmax(1.25 * top, g->hi)));
	figure_reach(g, top);
	figure_of(g, s.n, cell_level(f->d, c));
	free(values);
}

/* "At LOAD: MEAN UNIT (weight W), MEAN (W), ..." */
void say_value(FILE *here, size_t n, const char *load, double weight,
	       double mean, const struct metric *m)
{
	int decimals = mean * m->scale >= 100 ? 0 : m->decimals;

	if (n)
		fprintf(here, ", %.*f (%.0f)", decimals, mean * m->scale,
			weight);
	else
		fprintf(here, "At %s: %.*f %s (weight %.0f)", load, decimals,
			mean * m->scale, m->shown_unit, weight);
}
