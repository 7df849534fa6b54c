// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <csv.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "data.h"
#include "table.h"

#define PROBABILITY -1 /* decimals of a p value */

struct value {
	char *text; /* NULL: a number */
	char *shown;
	double v, scale;
	int decimals;
};

struct tcolumn {
	unsigned int use;
	const char *name, *shown;
};

struct table {
	const char *name;
	struct tcolumn *columns;
	size_t n_columns, room_columns;
	struct value *values; /* row after row */
	size_t n_values, room_values;
	char **notes;
	size_t n_notes, room_notes;
};

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

static size_t rows(const struct table *t)
{
	return t->n_columns ? t->n_values / t->n_columns : 0;
}

static const struct value *at(const struct table *t, size_t row, size_t column)
{
	return &t->values[row * t->n_columns + column];
}

/* as people see it; NULL: nothing was measured */
static const char *shown(const struct value *v, char *buf, size_t size)
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

static bool constant(const struct table *t, size_t column)
{
	char a[400], b[400];
	const char *x, *y;
	size_t i;

	for (i = 1; i < rows(t); i++) {
		x = shown(at(t, 0, column), a, sizeof(a));
		y = shown(at(t, i, column), b, sizeof(b));
		if (!x != !y || (x && strcmp(x, y)))
			return false;
	}
	return true;
}

/* which columns people see; what never changes is said once, above */
static bool *visible(const struct table *t)
{
	bool *see = must(calloc(t->n_columns + 1, sizeof(*see)));
	char buf[400];
	size_t i, k;

	for (i = 0; i < t->n_columns; i++) {
		unsigned int use = t->columns[i].use;

		if (use & U_DETAIL)
			continue;
		if (use & U_LABEL) {
			see[i] = rows(t) < 2 || !constant(t, i);
			if (rows(t) == 1)
				see[i] = shown(at(t, 0, i), buf, sizeof(buf));
			continue;
		}
		for (k = 0; k < rows(t); k++)
			if (at(t, k, i)->text || !isnan(at(t, k, i)->v))
				see[i] = true;
	}
	return see;
}

static char *common(const struct table *t, const bool *see)
{
	char buf[400], *line = NULL;
	const char *s;
	size_t i, size;
	FILE *out = must(open_memstream(&line, &size));
	int n = 0;

	for (i = 0; i < t->n_columns && rows(t) > 1; i++) {
		if (see[i] || t->columns[i].use != U_LABEL)
			continue;
		s = shown(at(t, 0, i), buf, sizeof(buf));
		if (s)
			fprintf(out, "%s%s %s", n++ ? ", " : "In every row: ",
				t->columns[i].shown, s);
	}
	fclose(out);
	return line;
}

/* letters a terminal shows, not bytes */
static int width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* puts s into its column; what stands left is padded by the next column */
static int padded(FILE *out, const char *s, int to, bool right, int gap)
{
	int pad = to - width(s);

	fprintf(out, "%*s%s", gap + (right ? pad : 0), "", s);
	return 2 + (right ? 0 : pad);
}

static bool is_text(const struct table *t, size_t column)
{
	size_t i;

	for (i = 0; i < rows(t); i++)
		if (at(t, i, column)->text && !is_count(at(t, i, column)->text))
			return true;
	return false;
}

static void print_text(const struct table *t, FILE *out)
{
	bool *see = visible(t);
	char *above = common(t, see), buf[400];
	int *wide = must(calloc(t->n_columns + 1, sizeof(*wide)));
	const char *s;
	size_t i, k;
	int w, gap;

	for (k = 0; k < t->n_columns; k++) {
		wide[k] = width(t->columns[k].shown);
		for (i = 0; i < rows(t); i++) {
			s = shown(at(t, i, k), buf, sizeof(buf));
			w = s ? width(s) : 1;
			wide[k] = w > wide[k] ? w : wide[k];
		}
	}
	if (above[0])
		fprintf(out, "%s\n\n", above);
	for (i = 0; i <= rows(t) && rows(t); i++) {
		for (k = 0, gap = 0; k < t->n_columns; k++) {
			if (!see[k])
				continue;
			s = !i ? t->columns[k].shown :
				 shown(at(t, i - 1, k), buf, sizeof(buf));
			gap = padded(out, s ? s : "-", wide[k], !is_text(t, k), gap);
		}
		fputc('\n', out);
	}
	for (i = 0; i < t->n_notes; i++)
		fprintf(out, "%s* %s\n", i ? "" : "\n", t->notes[i]);
	free(wide);
	free(above);
	free(see);
}

static void markdown_escaped(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (strchr("|*_`<>\\[]", *s))
			fputc('\\', out);
		fputc(*s == '\n' || *s == '\r' ? ' ' : *s, out);
	}
}

static void print_markdown(const struct table *t, FILE *out)
{
	bool *see = visible(t);
	char *above = common(t, see), buf[400];
	const char *s;
	size_t i, k;

	if (above[0]) {
		markdown_escaped(out, above);
		fputs("\n\n", out);
	}
	for (k = 0; k < t->n_columns && rows(t); k++) {
		if (!see[k])
			continue;
		fputs("| ", out);
		markdown_escaped(out, t->columns[k].shown);
		fputc(' ', out);
	}
	if (rows(t))
		fputs("|\n", out);
	for (k = 0; k < t->n_columns && rows(t); k++)
		if (see[k])
			fputs(is_text(t, k) ? "| --- " : "| ---: ", out);
	if (rows(t))
		fputs("|\n", out);
	for (i = 0; i < rows(t); i++) {
		for (k = 0; k < t->n_columns; k++) {
			if (!see[k])
				continue;
			s = shown(at(t, i, k), buf, sizeof(buf));
			fputs("| ", out);
			markdown_escaped(out, s ? s : "-");
			fputc(' ', out);
		}
		fputs("|\n", out);
	}
	for (i = 0; i < t->n_notes; i++) {
		fputs(i ? "- " : "\n- ", out);
		markdown_escaped(out, t->notes[i]);
		fputc('\n', out);
	}
	free(above);
	free(see);
}

void html_escaped(FILE *out, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*s, out);
		}
}

static void html_cell(FILE *out, const char *tag, bool right, const char *s)
{
	fprintf(out, "<%s%s>", tag, right ? " class=\"n\"" : "");
	html_escaped(out, s ? s : "–");
	fprintf(out, "</%.2s>", tag);
}

static void print_html(const struct table *t, FILE *out)
{
	bool *see = visible(t), first;
	char *above = common(t, see), buf[400];
	const char *s;
	size_t i, k;

	if (above[0]) {
		fputs("<p class=\"above\">", out);
		html_escaped(out, above);
		fputs("</p>\n", out);
	}
	if (rows(t)) {
		fputs("<div class=\"wide\"><table>\n<thead><tr>", out);
		for (k = 0; k < t->n_columns; k++)
			if (see[k])
				html_cell(out, "th scope=\"col\"", !is_text(t, k),
					  t->columns[k].shown);
		fputs("</tr></thead>\n<tbody>\n", out);
		for (i = 0; i < rows(t); i++) {
			fputs("<tr>", out);
			for (k = 0, first = true; k < t->n_columns; k++) {
				if (!see[k])
					continue;
				s = shown(at(t, i, k), buf, sizeof(buf));
				html_cell(out, first ? "th scope=\"row\"" : "td",
					  !is_text(t, k), s);
				first = false;
			}
			fputs("</tr>\n", out);
		}
		fputs("</tbody></table></div>\n", out);
	}
	for (i = 0; i < t->n_notes; i++) {
		fputs("<p class=\"note\">", out);
		html_escaped(out, t->notes[i]);
		fputs("</p>\n", out);
	}
	free(above);
	free(see);
}

static void print_csv(const struct table *t, FILE *out)
{
	char buf[40];
	const struct value *v;
	const char *s;
	size_t i, k;

	for (i = 0; i <= rows(t); i++) {
		for (k = 0; k < t->n_columns; k++) {
			if (k)
				fputc(',', out);
			s = t->columns[k].name;
			if (i) {
				v = at(t, i - 1, k);
				s = v->text;
				if (!s) {
					snprintf(buf, sizeof(buf), "%.12g", v->v);
					s = isnan(v->v) ? "" : buf;
				}
			}
			if (s[strcspn(s, ",\"\r\n")])
				csv_fwrite(out, s, strlen(s));
			else
				fputs(s, out);
		}
		fputc('\n', out);
	}
	for (i = 0; i < t->n_notes; i++)
		fprintf(stderr, "napistat: note: %s\n", t->notes[i]);
}

static int print_json(const struct table *t, FILE *out)
{
	json_t *all = must(json_object()), *list = must(json_array()), *row;
	const struct value *v;
	size_t i, k;
	int err;

	json_object_set_new(all, "format", json_integer(1));
	json_object_set_new(all, "command", json_string(t->name));
	for (i = 0; i < rows(t); i++) {
		row = must(json_object());
		for (k = 0; k < t->n_columns; k++) {
			v = at(t, i, k);
			json_object_set_new(row, t->columns[k].name,
					    v->text ? json_string(v->text) :
					    isfinite(v->v) ? json_real(v->v) :
					    json_null());
		}
		json_array_append_new(list, row);
	}
	json_object_set_new(all, "rows", list);
	list = must(json_array());
	for (i = 0; i < t->n_notes; i++)
		json_array_append_new(list, json_string(t->notes[i]));
	json_object_set_new(all, "notes", list);
	err = json_dumpf(all, out, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	fputc('\n', out);
	json_decref(all);
	return err;
}

static void print_labels(const struct table *t, size_t row, FILE *out)
{
	const char *s;
	size_t k;
	int n = 0;
	char buf[40];

	for (k = 0; k < t->n_columns; k++) {
		const struct value *v = at(t, row, k);

		if (!(t->columns[k].use & U_LABEL) || (!v->text && isnan(v->v)))
			continue;
		snprintf(buf, sizeof(buf), "%.12g", v->v);
		s = v->text ? v->text : buf;
		fprintf(out, "%s%s=\"", n++ ? "," : "", t->columns[k].name);
		for (; *s; s++) {
			if (*s == '\\' || *s == '"')
				fputc('\\', out);
			if (*s == '\n')
				fputs("\\n", out);
			else
				fputc(*s, out);
		}
		fputc('"', out);
	}
}

/* one gauge for every column of numbers; the labels are the label columns */
static void print_prometheus(const struct table *t, FILE *out)
{
	/* "summary" is a type of theirs and may not be in a name */
	const char *name = strcmp(t->name, "summary") ? t->name : "cell";
	size_t i, k;
	bool any;

	for (k = 0; k < t->n_columns; k++) {
		if (t->columns[k].use & U_LABEL)
			continue;
		for (i = 0, any = false; i < rows(t); i++) {
			if (at(t, i, k)->text || isnan(at(t, i, k)->v))
				continue;
			if (!any)
				fprintf(out,
					"# HELP e1000_napi_%s_%s %s, from napistat %s\n"
					"# TYPE e1000_napi_%s_%s gauge\n",
					name, t->columns[k].name,
					t->columns[k].shown, t->name, name,
					t->columns[k].name);
			any = true;
			fprintf(out, "e1000_napi_%s_%s{", name,
				t->columns[k].name);
			print_labels(t, i, out);
			fprintf(out, "} %.12g\n", at(t, i, k)->v);
		}
	}
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
