// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"

static const char *const names[COL_COUNT] = {
#define X(name) [COL_##name] = #name,
	COLUMNS(X) EXTRA_COLUMNS(X)
#undef X
};

const char *column_name(enum column col)
{
	return names[col];
}

int column_find(const char *name)
{
	int i;

	for (i = 0; i < COL_COUNT; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

void row_set(struct row *row, enum column col, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(row->cell[col], CELL_MAX, fmt, ap);
	va_end(ap);
	/* a line of the file is a row, whatever a program printed */
	clean_text(row->cell[col]);
}

void row_set_number(struct row *row, enum column col, double value)
{
	if (!isfinite(value))
		row_set(row, col, "%s", "");
	else if (fabs(value) < 1e15 && value == floor(value))
		row_set(row, col, "%.0f", value + 0.0);
	else
		row_set(row, col, "%.4f", value);
}

double row_number(const struct row *row, enum column col)
{
	return row_empty(row, col) ? (double)NAN : strtod(row->cell[col], NULL);
}

int64_t row_integer(const struct row *row, enum column col, int64_t if_empty)
{
	return row_empty(row, col) ? if_empty : strtoll(row->cell[col], NULL, 10);
}

int row_check(const struct row *row, int columns)
{
	static const enum column words[] = {
		COL_status, COL_reason, COL_method, COL_preset, COL_protocol, COL_rcvbuf,
	};
	int i;

	for (i = 0; i < columns; i++) {
		const char *cell = row->cell[i];
		size_t j = 0;
		char *end;

		while (j < ARRAY_SIZE(words) && (int)words[j] != i)
			j++;
		if (j < ARRAY_SIZE(words) || !*cell)
			continue;
		if (!isfinite(strtod(cell, &end)) || *end)
			return fail("%s is \"%.60s\", which is no number", names[i], cell);
	}
	if (row_integer(row, COL_trial, 0) < 1 ||
	    row->cell[COL_trial][strspn(row->cell[COL_trial], "0123456789")])
		return fail("trial is \"%.60s\", which is no number of a trial",
			    row->cell[COL_trial]);
	return 0;
}

bool row_empty(const struct row *row, enum column col)
{
	return !row->cell[col][0];
}

size_t csv_header(char *line, size_t len, int columns)
{
	size_t used = 0;
	int i;

	for (i = 0; i < columns && used < len; i++)
		used += snprintf(line + used, len - used, "%s%s", i ? "," : "", names[i]);
	if (used + 1 < len)
		used += snprintf(line + used, len - used, "\n");
	return used;
}

size_t csv_format(const struct row *row, char *line, size_t len, int columns)
{
	size_t used = 0;
	const char *p;
	int i;

	/* a cell doubles at most (quotes), and gains two quotes and a comma */
	for (i = 0; i < columns && used + 2 * CELL_MAX + 4 < len; i++) {
		bool quote = strpbrk(row->cell[i], ",\"");

		if (i)
			line[used++] = ',';
		if (quote)
			line[used++] = '"';
		for (p = row->cell[i]; *p; p++) {
			if (*p == '"')
				line[used++] = '"';
			line[used++] = *p;
		}
		if (quote)
			line[used++] = '"';
	}
	line[used++] = '\n';
	line[used] = '\0';
	return used;
}

int csv_parse(struct row *row, const char *line, int columns)
{
	int i;

	memset(row, 0, sizeof(*row));
	for (i = 0; i < columns; i++) {
		size_t used = 0;
		bool quoted = *line == '"';

		line += quoted;
		while (*line && (quoted || (*line != ',' && *line != '\n' && *line != '\r'))) {
			if (quoted && *line == '"') {
				line++;
				if (*line != '"')
					break;
			}
			if (used + 1 < CELL_MAX)
				row->cell[i][used++] = *line;
			line++;
		}
		if (i + 1 < columns) {
			if (*line != ',')
				return fail("a row has %d cells, %d expected", i + 1, columns);
			line++;
		}
	}
	if (*line == '\r')
		line++;
	if (*line == '\n')
		line++;
	return *line ? fail("a row has more than %d cells", columns) : 0;
}
