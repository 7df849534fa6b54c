// SPDX-License-Identifier: GPL-2.0
/* Reading runs.csv: columns by name, each field by the type of its column. */
#include <string.h>

#include "csvfile.h"
#include "run.h"

#define MAX_FIELDS 256

struct state {
	struct run_reader *r;
	struct row now;
	int column_of[MAX_FIELDS]; /* which column a field is, or -1 */
	size_t n_fields;
};

int refuse_field(struct csv_reader *r, const struct csv_field *f, const char *name,
		 const char *what)
{
	bool cut = strlen(f->text) > 40;

	return refuse(r->why, r->name, f->line, f->column, "%s: \"%.40s%s\" is not %s", name,
		      f->text, cut ? "..." : "", what);
}

static int header(struct csv_reader *r, const struct csv_field *f)
{
	struct state *st = r->to;
	size_t i;

	if (f->index >= MAX_FIELDS)
		return refuse(r->why, r->name, f->line, f->column, "more than %d columns",
			      MAX_FIELDS);
	/* columns of a later format are left alone; twice the same is damage */
	st->column_of[f->index] = column_find(f->text);
	for (i = 0; i < f->index && st->column_of[f->index] >= 0; i++)
		if (st->column_of[i] == st->column_of[f->index])
			return refuse(r->why, r->name, f->line, f->column,
				      "column %s is there twice", f->text);
	return 0;
}

static int field(struct csv_reader *r, const struct csv_field *f)
{
	struct state *st = r->to;
	const char *wanted;
	enum column col;

	if (f->row == 0)
		return header(r, f);
	if (f->index >= st->n_fields)
		return refuse(r->why, r->name, f->line, f->column,
			      "more fields than the header's %zu", st->n_fields);
	if (st->column_of[f->index] < 0)
		return 0;
	col = st->column_of[f->index];
	wanted = row_read(&st->now, col, f->text);
	if (col != COL_trial && st->r->lenient && (!*f->text || is_word(col)))
		return 0;
	if (!*f->text && run_columns[col].need)
		wanted = "there; this field may not be empty";
	return wanted ? refuse_field(r, f, column_name(col), wanted) : 0;
}

static int header_end(struct csv_reader *r, size_t fields)
{
	struct state *st = r->to;
	size_t i, k;

	st->n_fields = fields;
	for (i = 0; i < COL_COUNT_FIRST; i++) {
		for (k = 0; k < fields; k++)
			if (st->column_of[k] == (int)i)
				break;
		if (k == fields)
			return refuse(r->why, r->name, 1, 1, "column %s is missing",
				      column_name(i));
	}
	return 0;
}

static int row_end(struct csv_reader *r, size_t row, size_t fields, size_t line)
{
	struct state *st = r->to;
	int err;

	if (row == 0)
		return header_end(r, fields);
	if (fields != st->n_fields)
		return refuse(r->why, r->name, line, 1, "%zu fields where the header has %zu",
			      fields, st->n_fields);
	err = st->r->row(st->r, &st->now, line);
	memset(&st->now, 0, sizeof(st->now));
	return err;
}

int run_read(struct run_reader *r, const char *buf, size_t len)
{
	struct state st = { .r = r };
	struct csv_reader csv = { .name = r->name, .why = r->why, .to = &st, .field = field,
				  .row_end = row_end };

	return csv_read(&csv, buf, len);
}
