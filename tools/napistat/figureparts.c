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

	f->list = grow(f->list, f->n, &f->room, sizeof(*f->list));
	g = &f->list[f->n++];
	*g = (struct figure){ .kind = kind,
			      .title = title,
			      .xlabel = xlabel,
			      .ylabel = ylabel,
			      .see = see };
	if (asprintf(&g->subtitle, "%s, %s", f->d->folders[t->folder].label,
		     settings) < 0)
		must(NULL);
	f->now = fopen(path, "w");
	if (!f->now)
		figure_failed(f, path);
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

void figure_end(struct figures *f)
{
	struct figure *g = &f->list[f->n - 1];

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

/* x, mean, from, to; with one value the interval is the point itself */
void figure_point(struct figures *f, struct figure *g, double x,
		  const struct sample *s, const struct metric *m)
{
	struct interval ci = mean_interval(s, f->o->confidence);

	if (isnan(ci.lo))
		ci.lo = ci.hi = s->mean;
	figure_put(f, "%.9g %.9g %.9g %.9g\n", x, s->mean * m->scale,
		   ci.lo * m->scale, ci.hi * m->scale);
	figure_reach(g, ci.hi * m->scale);
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
