// SPDX-License-Identifier: GPL-2.0
/* A table for people: on a terminal, in Markdown, in HTML. */
#include "tableparts.h"

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

/* columns to show; constant ones are printed once, above the table */
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

void print_text(const struct table *t, FILE *out)
{
	bool *see = visible(t);
	char *above = common(t, see), buf[400];
	int *wide = must(calloc(t->n_columns + 1, sizeof(*wide)));
	bool *right = must(calloc(t->n_columns + 1, sizeof(*right)));
	const char *s;
	size_t i, k;
	int w, gap;

	for (k = 0; k < t->n_columns; k++) {
		wide[k] = width(t->columns[k].shown);
		right[k] = !table_is_text(t, k);
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
			gap = padded(out, s ? s : "-", wide[k], right[k], gap);
		}
		fputc('\n', out);
	}
	for (i = 0; i < t->n_notes; i++)
		fprintf(out, "%s* %s\n", i ? "" : "\n", t->notes[i]);
	free(right);
	free(wide);
	free(above);
	free(see);
}

void markdown_escaped(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (strchr("|*_`<>\\[]", *s))
			fputc('\\', out);
		fputc(*s == '\n' || *s == '\r' ? ' ' : *s, out);
	}
}

void print_markdown(const struct table *t, FILE *out)
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
			fputs(table_is_text(t, k) ? "| --- " : "| ---: ", out);
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

void print_html(const struct table *t, FILE *out)
{
	bool *see = visible(t), *right = must(calloc(t->n_columns + 1, sizeof(*right))), first;
	char *above = common(t, see), buf[400];
	const char *s;
	size_t i, k;

	for (k = 0; k < t->n_columns; k++)
		right[k] = !table_is_text(t, k);
	if (above[0]) {
		fputs("<p class=\"above\">", out);
		html_escaped(out, above);
		fputs("</p>\n", out);
	}
	if (rows(t)) {
		fputs("<div class=\"wide\"><table>\n<thead><tr>", out);
		for (k = 0; k < t->n_columns; k++)
			if (see[k])
				html_cell(out, "th scope=\"col\"", right[k],
					  t->columns[k].shown);
		fputs("</tr></thead>\n<tbody>\n", out);
		for (i = 0; i < rows(t); i++) {
			fputs("<tr>", out);
			for (k = 0, first = true; k < t->n_columns; k++) {
				if (!see[k])
					continue;
				s = shown(at(t, i, k), buf, sizeof(buf));
				html_cell(out, first ? "th scope=\"row\"" : "td",
					  right[k], s);
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
	free(right);
	free(see);
}
