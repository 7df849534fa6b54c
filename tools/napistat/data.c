// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data.h"

void data_begin_folder(struct data *d, const char *path)
{
	struct folder *f;
	size_t n = d->n_folders;

	d->folders = must(reallocarray(d->folders, n + 1, sizeof(*d->folders)));
	f = &d->folders[n];
	*f = (struct folder){ .path = must(strdup(path)), .first = d->n_trials };
	d->n_folders = n + 1;
	/* DIR and DIR/ are one folder and have one name */
	while (strlen(f->path) > 1 && f->path[strlen(f->path) - 1] == '/')
		f->path[strlen(f->path) - 1] = 0;
}

#define FILE_MOST (1L << 30) /* bytes; a sweep of a week has some tens of megabytes */

/* the whole of DIR/file; NULL with errno */
static char *slurp(const char *name, size_t *len)
{
	size_t room = 1 << 16;
	/* O_NONBLOCK: a FIFO would wait for a writer */
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	FILE *in = fd < 0 ? NULL : fdopen(fd, "rb");
	struct stat st;
	char *buf;

	if (!in)
		return NULL;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		fclose(in);
		errno = S_ISDIR(st.st_mode) ? EISDIR : ENOTSUP;
		return NULL;
	}
	if (st.st_size > FILE_MOST) {
		fclose(in);
		errno = EFBIG;
		return NULL;
	}
	buf = must(malloc(room));
	*len = 0;
	while (!feof(in) && !ferror(in)) {
		if (*len == room)
			buf = must(realloc(buf, room *= 2));
		*len += fread(buf + *len, 1, room - *len, in);
	}
	if (ferror(in)) {
		int err = errno;

		free(buf);
		buf = NULL;
		errno = err;
	}
	fclose(in);
	return buf;
}

static int read_file(struct data *d, const char *path, const char *file,
		     bool optional,
		     int (*reader)(struct data *, const char *, const char *,
				   size_t, struct problem *),
		     struct problem *why)
{
	char *name, *buf;
	size_t len;
	int err;

	if (asprintf(&name, "%s/%s", path, file) < 0)
		must(NULL);
	errno = 0;
	buf = slurp(name, &len);
	if (buf) {
		err = reader(d, name, buf, len, why);
	} else if (optional && errno == ENOENT) {
		err = 0;
	} else {
		snprintf(why->text, sizeof(why->text),
			 "%s: %s (a results folder holds runs.csv and meta.json)",
			 name, errno == ENOTSUP ? "not a regular file" : strerror(errno));
		err = -1;
	}
	free(buf);
	free(name);
	return err;
}

int data_read_folder(struct data *d, const char *path, struct problem *why)
{
	data_begin_folder(d, path);
	path = d->folders[d->n_folders - 1].path;
	if (read_file(d, path, "meta.json", false, read_meta, why) ||
	    read_file(d, path, "sweep.json", true, read_asked, why) ||
	    read_file(d, path, "runs.csv", false, read_runs, why))
		return -1;
	return read_file(d, path, "hist.csv", true, read_hist, why);
}

/* a name for people: printable text only, as it goes into tables and HTML */
static char *label_of(const struct folder *f, const char *more)
{
	char *label, *c;

	/* a folder "qemu" of qemu needs no second name beside others of qemu */
	if (more && f->hypervisor && !strcasecmp(more, f->hypervisor))
		more = NULL;
	if (asprintf(&label, "%s%s%s%s", f->hypervisor ? f->hypervisor : "?",
		     f->stand_in ? " (stand-in)" : "", more ? ": " : "",
		     more ? more : "") < 0)
		must(NULL);
	for (c = label; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			*c = '?';
	return label;
}

static bool label_taken(const struct data *d, size_t i)
{
	size_t k;

	for (k = 0; k < d->n_folders; k++)
		if (k != i && !strcmp(d->folders[k].label, d->folders[i].label))
			return true;
	return false;
}

/* the hypervisor's name; where two folders share it, their own names too */
static void label_folders(struct data *d)
{
	bool *twice = must(calloc(d->n_folders, sizeof(*twice)));
	struct folder *f;
	size_t i, pass;

	for (i = 0; i < d->n_folders; i++)
		d->folders[i].label = label_of(&d->folders[i], NULL);
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < d->n_folders; i++)
			twice[i] = label_taken(d, i);
		for (i = 0; i < d->n_folders; i++) {
			const char *base;

			if (!twice[i])
				continue;
			f = &d->folders[i];
			base = strrchr(f->path, '/');
			free(f->label);
			f->label = label_of(f, pass || !base ? f->path : base + 1);
		}
	}
	free(twice);
}

static int by_number(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(b) - isnan(a);
	return (a > b) - (a < b);
}

static int by_columns(const struct trial *x, const struct trial *y, const enum column *key, int n)
{
	int i, c = 0;

	for (i = 0; i < n && !c; i++)
		c = by_number(number(x, key[i]), number(y, key[i]));
	return c;
}

int unit_order(const struct trial *a, const struct trial *b)
{
	static const enum column key[] = { COL_session, COL_rep, COL_block };

	return by_columns(a, b, key, 3);
}

static int by_key(const void *a, const void *b, void *arg)
{
	static const enum column key[] = { COL_offered_bps, COL_weight };
	const struct data *d = arg;
	const struct trial *x = &d->trials[*(const size_t *)a];
	const struct trial *y = &d->trials[*(const size_t *)b];
	int i, c;

	if (x->folder != y->folder)
		return x->folder < y->folder ? -1 : 1;
	for (i = 0; i < N_SETTINGS; i++) {
		c = row_order(&x->row, &y->row, run_settings[i]);
		if (c)
			return c;
	}
	c = by_columns(x, y, key, 2);
	c = c ? c : unit_order(x, y);
	if (c)
		return c;
	return x->line < y->line ? -1 : x->line > y->line;
}

bool same_curve(const struct trial *a, const struct trial *b)
{
	int i;

	for (i = 0; i < N_SETTINGS; i++)
		if (!row_same(&a->row, &b->row, run_settings[i]))
			return false;
	return a->folder == b->folder;
}

bool same_load(const struct trial *a, const struct trial *b)
{
	return same_curve(a, b) && number(a, COL_offered_bps) == number(b, COL_offered_bps);
}

size_t curve_end(const struct data *d, size_t from)
{
	size_t i = from;

	while (i < d->n_cells && same_curve(cell_trial(d, &d->cells[from]),
					    cell_trial(d, &d->cells[i])))
		i++;
	return i;
}

size_t load_end(const struct data *d, size_t from)
{
	size_t i = from;

	while (i < d->n_cells && same_load(cell_trial(d, &d->cells[from]),
					   cell_trial(d, &d->cells[i])))
		i++;
	return i;
}

static int by_trial(const void *a, const void *b)
{
	const struct hist_row *x = a, *y = b;

	if (x->trial != y->trial)
		return x->trial < y->trial ? -1 : 1;
	return by_number(x->lower, y->lower);
}

void data_arrange(struct data *d)
{
	struct cell *c = NULL;
	const struct trial *t;
	size_t i;

	label_folders(d);
	if (d->n_hist)
		qsort(d->hist, d->n_hist, sizeof(*d->hist), by_trial);
	d->order = must(calloc(d->n_trials + 1, sizeof(*d->order)));
	d->cells = must(calloc(d->n_trials + 1, sizeof(*d->cells)));
	for (i = 0; i < d->n_trials; i++)
		if (row_status(&d->trials[i].row) != STATUS_FAILED)
			d->order[d->n_order++] = i;
	qsort_r(d->order, d->n_order, sizeof(*d->order), by_key, d);
	for (i = 0; i < d->n_order; i++) {
		t = &d->trials[d->order[i]];
		if (!c || !same_load(cell_trial(d, c), t) ||
		    cell_weight(d, c) != number(t, COL_weight)) {
			c = &d->cells[d->n_cells++];
			c->first = i;
		}
		c->n++;
	}
}

const struct trial *data_copy(const struct data *d, const struct trial **of)
{
	size_t i;

	for (i = 1; i < d->n_order; i++) {
		const struct trial *a = &d->trials[d->order[i - 1]];
		const struct trial *b = &d->trials[d->order[i]];

		*of = a;
		if (!row_empty(&a->row, COL_started_ns) &&
		    row_same(&a->row, &b->row, COL_started_ns) &&
		    row_same(&a->row, &b->row, COL_rep) &&
		    row_same(&a->row, &b->row, COL_block) &&
		    row_same(&a->row, &b->row, COL_weight) && same_load(a, b))
			return b;
	}
	return NULL;
}

void data_free(struct data *d)
{
	size_t i;

	for (i = 0; i < d->n_folders; i++) {
		free(d->folders[i].path);
		free(d->folders[i].label);
		json_decref(d->folders[i].meta);
		json_decref(d->folders[i].sweep);
	}
	free(d->folders);
	free(d->trials);
	free(d->hist);
	free(d->order);
	free(d->cells);
	memset(d, 0, sizeof(*d));
}

int data_check_folders(char *const *dirs)
{
	struct stat a, b;
	size_t i, k;

	for (i = 0; dirs[i]; i++)
		for (k = 0; k < i; k++)
			if (!stat(dirs[i], &a) && !stat(dirs[k], &b) && a.st_ino == b.st_ino &&
			    a.st_dev == b.st_dev)
				return fprintf(stderr, "napistat: %s and %s are the same folder\n",
					       dirs[k], dirs[i]);
	return 0;
}
