// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>

#include "tableparts.h"

struct table *table_new(const char *name)
{
	struct table *t = must(calloc(1, sizeof(*t)));

	t->name = name;
	return t;
}

int table_column(struct table *t, unsigned int use, const char *name,
		 const char *shown)
{
	t->columns = grow(t->columns, t->n_columns, &t->room_columns,
			  sizeof(*t->columns));
	t->columns[t->n_columns] = (struct tcolumn){ use, name, shown };
	return t->n_columns++;
}

void table_row(struct table *t)
{
	size_t i;

	for (i = 0; i < t->n_columns; i++) {
		t->values = grow(t->values, t->n_values, &t->room_values,
				 sizeof(*t->values));
		t->values[t->n_values++] = (struct value){ .v = NAN };
	}
}

static struct value *last(struct table *t, int column)
{
	return &t->values[t->n_values - t->n_columns + column];
}

void table_text(struct table *t, int column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vasprintf(&last(t, column)->text, format, args) < 0)
		must(NULL);
	va_end(args);
	clean_text(last(t, column)->text);
}

void table_shown(struct table *t, int column, const char *shown)
{
	last(t, column)->shown = must(strdup(shown));
}

void table_number(struct table *t, int column, double v, double scale,
		  int decimals)
{
	*last(t, column) = (struct value){ .v = v, .scale = scale,
					   .decimals = decimals };
}

void table_probability(struct table *t, int column, double p)
{
	table_number(t, column, p, 1, PROBABILITY);
}

void table_note(struct table *t, const char *format, ...)
{
	va_list args;

	t->notes = grow(t->notes, t->n_notes, &t->room_notes, sizeof(*t->notes));
	va_start(args, format);
	if (vasprintf(&t->notes[t->n_notes++], format, args) < 0)
		must(NULL);
	va_end(args);
}

/* as people see it; NULL: nothing was measured */
const char *shown(const struct value *v, char *buf, size_t size)
{
	if (v->shown)
		return v->shown;
	if (v->text)
		return v->text[0] ? v->text : NULL;
	if (isnan(v->v))
		return NULL;
	if (v->decimals != PROBABILITY)
		snprintf(buf, size, "%.*f", v->decimals, v->v * v->scale);
	else if (v->v < 0.001)
		snprintf(buf, size, "<0.001");
	else
		snprintf(buf, size, "%.3f", v->v);
	return buf;
}

bool table_is_text(const struct table *t, size_t column)
{
	size_t i;

	for (i = 0; i < rows(t); i++)
		if (at(t, i, column)->text && !is_count(at(t, i, column)->text))
			return true;
	return false;
}

void table_line(const struct table *t, FILE *out, int without)
{
	const struct value *v = &t->values[t->n_values - t->n_columns];
	size_t k;

	fputs(t->name, out);
	for (k = 0; k < t->n_columns; k++, v++) {
		if ((int)k == without || (!v->text && isnan(v->v)))
			continue;
		if (!v->text)
			fprintf(out, " %s=%.*f", t->columns[k].name, v->decimals, v->v);
		else if (v->text[strcspn(v->text, " \"=\\")])
			fprintf(out, " %s=\"%s\"", t->columns[k].name, v->text);
		else
			fprintf(out, " %s=%s", t->columns[k].name, v->text);
	}
	fputc('\n', out);
}

int table_print(const struct table *t, enum format format, FILE *out)
{
	switch (format) {
	case F_TEXT:
		print_text(t, out);
		break;
	case F_CSV:
		print_csv(t, out);
		break;
	case F_JSON:
		if (print_json(t, out))
			return -1;
		break;
	case F_MARKDOWN:
		print_markdown(t, out);
		break;
	case F_HTML:
		print_html(t, out);
		break;
	case F_PROMETHEUS:
		print_prometheus(t, out);
		break;
	}
	return fflush(out) || ferror(out) ? -1 : 0;
}

void table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->n_values; i++) {
		free(t->values[i].text);
		free(t->values[i].shown);
	}
	for (i = 0; i < t->n_notes; i++)
		free(t->notes[i]);
	free(t->values);
	free(t->columns);
	free(t->notes);
	free(t);
}
