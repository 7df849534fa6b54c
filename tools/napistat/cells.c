// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "napistat.h"

int label_columns(struct table *t)
{
	int first = table_column(t, U_LABEL, "folder", "hypervisor");
	int i;

	for (i = 0; i < N_SETTINGS; i++) {
		const char *name = column_name(run_settings[i]);

		table_column(t, U_LABEL, name, name);
	}
	table_column(t, U_LABEL, "offered_bps", "offered Mbit/s");
	table_column(t, U_LABEL, "weight", "weight");
	return first;
}

void label_row(struct table *t, int first, const struct data *d,
	       const struct trial *trial)
{
	double offered = number(trial, COL_offered_bps);
	int i;

	table_text(t, first, "%s", d->folders[trial->folder].label);
	for (i = 0; i < N_SETTINGS; i++)
		table_text(t, first + 1 + i, "%s", word(trial, run_settings[i]));
	i = first + 1 + N_SETTINGS;
	table_number(t, i, offered, 1e-6, offered >= 1e7 ? 0 : 2);
	if (!offered)
		table_shown(t, i, "full");
	table_number(t, i + 1, number(trial, COL_weight), 1, 0);
}

void no_weight(struct table *t, int first)
{
	table_number(t, first + N_LABELS - 1, NAN, 1, 0);
}

void no_load(struct table *t, int first)
{
	table_number(t, first + N_LABELS - 2, NAN, 1, 0);
	table_shown(t, first + N_LABELS - 2, "all");
}

static const struct trial *trial_at(const struct data *d, const struct cell *c, size_t i)
{
	return &d->trials[d->order[c->first + i]];
}

/* how many different values a column has in the cell; an empty cell is one too */
static size_t count_of(const struct data *d, const struct cell *c, enum column col)
{
	size_t i, n = 1;

	for (i = 1; i < c->n; i++)
		n += !row_same(&trial_at(d, c, i)->row, &trial_at(d, c, i - 1)->row, col);
	return n;
}

size_t cell_sessions(const struct data *d, const struct cell *c)
{
	return count_of(d, c, COL_session);
}

/* of interleave: its streams, if it has one session; 0 for other methods */
size_t cell_streams(const struct data *d, const struct cell *c)
{
	return strcmp(word(cell_trial(d, c), COL_method), "interleave") ? 0 :
	       count_of(d, c, COL_rep);
}

/* the column that numbers the highest level that was repeated */
static enum column level_of(const struct data *d, const struct cell *c)
{
	return cell_sessions(d, c) > 1 ? COL_session :
	       cell_streams(d, c) > 1 ? COL_rep : COL_trial;
}

/*
 * One value for each repetition of the highest level that was repeated: for each session,
 * else each stream of interleaved trials if there are several, else each trial.
 */
size_t cell_values(const struct data *d, const struct cell *c,
		   const struct metric *m, double *to)
{
	enum column level = level_of(d, c);
	size_t i, k, many, n = 0;
	double sum, v;

	for (i = 0; i < c->n; i = k) {
		for (k = i, sum = 0, many = 0; k < c->n &&
		     row_same(&trial_at(d, c, k)->row, &trial_at(d, c, i)->row, level); k++) {
			v = m->of(trial_at(d, c, k));
			sum += isnan(v) ? 0 : v;
			many += !isnan(v);
		}
		to[n] = sum / many;
		n += many > 0;
	}
	return n;
}

/* what its values are one for each of */
const char *cell_level(const struct data *d, const struct cell *c)
{
	enum column level = level_of(d, c);

	return level == COL_session ? "session" : level == COL_rep ? "stream" :
	       cell_streams(d, c) ? "block" : "trial";
}

/* of equality: a share of the mean, or percentage points; for losses what counts as none */
double margin_of(const struct options *o, const struct metric *m)
{
	return strncmp(m->name, "loss", 4) ? o->margin : o->loss;
}

struct sample cell_sample(const struct data *d, const struct cell *c,
			  const struct metric *m)
{
	double *x = must(calloc(c->n + 1, sizeof(*x)));
	struct sample s = sample_of(x, cell_values(d, c, m, x));

	free(x);
	return s;
}

static int weight_order(const void *a, const void *b, void *arg)
{
	const struct data *d = arg;
	const struct cell *x = *(const struct cell *const *)a;
	const struct cell *y = *(const struct cell *const *)b;
	double wx = cell_weight(d, x), wy = cell_weight(d, y);

	if (wx != wy)
		return wx < wy ? -1 : 1;
	return (x > y) - (x < y);
}

const struct cell **by_weight(const struct data *d, size_t from, size_t to)
{
	const struct cell **list = must(calloc(to - from + 1, sizeof(*list)));
	size_t i;

	for (i = from; i < to; i++)
		list[i - from] = &d->cells[i];
	qsort_r(list, to - from, sizeof(*list), weight_order, (void *)d);
	return list;
}

/* among the weights of these cells, the nearest to w in proportion */
double nearest_weight(const struct data *d, size_t from, size_t to, double w)
{
	double best = NAN, far = INFINITY, now;
	size_t i;

	for (i = from; i < to; i++) {
		now = fabs(log(cell_weight(d, &d->cells[i]) / w));
		if (now < far) {
			far = now;
			best = cell_weight(d, &d->cells[i]);
		}
	}
	return best;
}

/* the settings that tell this trial's curve from others of its folder */
char *settings_text(const struct data *d, const struct trial *t)
{
	char *text = NULL;
	size_t i, k, size;
	FILE *out = must(open_memstream(&text, &size));
	int n = 0;

	for (i = 0; i < N_SETTINGS; i++) {
		enum column col = run_settings[i];
		bool differs = col == COL_protocol;

		for (k = 0; k < d->n_cells && !differs; k++) {
			const struct trial *other = cell_trial(d, &d->cells[k]);

			differs = !row_same(&other->row, &t->row, col);
		}
		if (!differs || row_empty(&t->row, col))
			continue;
		fputs(n++ ? ", " : "", out);
		if (col == COL_method || col == COL_preset || col == COL_protocol)
			fputs(word(t, col), out);
		else
			fprintf(out, "%s %s", column_name(col), word(t, col));
	}
	fclose(out);
	/* a preset's name comes from a file; it goes into lines and titles */
	for (i = 0; text && text[i]; i++)
		if ((unsigned char)text[i] < ' ')
			text[i] = '?';
	return must(text);
}

char *load_text(double bps)
{
	char *text;

	if ((!bps ? asprintf(&text, "full speed") :
		    asprintf(&text, "%.4g Mbit/s", bps / 1e6)) < 0)
		must(NULL);
	return text;
}

/* A lab in QEMU that counts instructions: a second there is 10^9 of them, not a second */
static bool time_counted(const struct folder *f)
{
	const char *s = json_string_value(json_object_get(json_object_get(f->meta, "host"),
							  "time"));

	return s && !strcmp(s, "counted");
}

static void note_time(struct table *t, const struct data *d)
{
	size_t i, counted = 0;

	for (i = 0; i < d->n_folders; i++) {
		if (!time_counted(&d->folders[i]))
			continue;
		counted++;
		table_note(t, "%s: time was counted, an emulated instruction 1 ns; caches and TLBs cost nothing there, and exits too little",
			   d->folders[i].label);
	}
	if (counted && counted < d->n_folders)
		table_note(t, "counted and real time stand side by side here: compare shapes, not numbers");
}

void note_until(struct table *t, const struct data *d)
{
	size_t i;

	for (i = 0; i < d->n_folders; i++)
		if (*asked_text(&d->folders[i], "until"))
			table_note(t, "%s: --until chose the number of repetitions by what they showed: twice as many differences as stated may be chance",
				   d->folders[i].label);
}

void share_end(struct table *t, int column, double v)
{
	table_number(t, column, v, 100, 2);
	if (v > SHARE_MOST)
		table_shown(t, column, "not known");
}

/* what the reader must know of the data before any number */
void note_folders(struct table *t, const struct data *d)
{
	const struct folder *f;
	size_t i;

	note_time(t, d);

	for (i = 0; i < d->n_folders; i++) {
		f = &d->folders[i];
		if (f->stand_in)
			table_note(t, "%s stands in for that hypervisor: its figures are the stand-in's",
				   f->label);
		if (f->failed)
			table_note(t, "%s: %zu of %zu trials failed and are left out",
				   f->label, f->failed, f->n);
		if (f->high_remainder)
			table_note(t, "%s: in %zu of %zu trials more than 0.1 %% of the packets are missing without a place",
				   f->label, f->high_remainder, f->n);
		if (f->short_source)
			table_note(t, "%s: in %zu of %zu trials the source sent less than it was asked; they are used, and show less load than their label",
				   f->label, f->short_source, f->n);
		else if (f->warned && !f->high_remainder)
			table_note(t, "%s: %zu of %zu trials carry a warning; they are used",
				   f->label, f->warned, f->n);
	}
}

int finish(struct table *t, const struct options *o)
{
	int err = table_print(t, o->format, stdout);

	if (err)
		perror("napistat: standard output");
	table_free(t);
	return err ? 1 : 0;
}
