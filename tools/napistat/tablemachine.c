// SPDX-License-Identifier: GPL-2.0
/* A table for machines: CSV, JSON, Prometheus. */
#include <csv.h>
#include <ctype.h>

#include "tableparts.h"

void print_csv(const struct table *t, FILE *out)
{
	char buf[40];
	const struct value *v;
	const char *s;
	double number;
	bool words;
	size_t i, k;

	for (i = 0; i <= rows(t); i++) {
		for (k = 0; k < t->n_columns; k++) {
			if (k)
				fputc(',', out);
			words = true;
			s = t->columns[k].name;
			if (i) {
				v = at(t, i - 1, k);
				s = v->text;
				words = s;
				if (!s) {
					snprintf(buf, sizeof(buf), "%.12g", v->v);
					s = isnan(v->v) ? "" : buf;
				}
			}
			/* a spreadsheet would take it for a formula */
			if (words && *s && strchr("=+-@", *s) && !is_real(s, &number)) {
				fprintf(out, "\"'");
				for (; *s; s++)
					fprintf(out, *s == '"' ? "\"\"" : "%c", *s);
				fputc('"', out);
				continue;
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

int print_json(const struct table *t, FILE *out)
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
void print_prometheus(const struct table *t, FILE *out)
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
