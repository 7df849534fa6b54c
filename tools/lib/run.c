// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

#define TEXT_MAX 600 /* of a cell, in bytes */
#define MAX_COUNT 9007199254740992.0 /* above it a double skips whole numbers */

enum { MAY, NEED };

const struct column_info run_columns[COL_COUNT] = {
#define X(name, type, unit, role, need) \
	[COL_##name] = { #name, T_##type, unit, R_##role, need },
	RUN_COLUMNS(X) RUN_EXTRA_COLUMNS(X) RUN_SESSION_COLUMNS(X)
#undef X
};

#define OF_KEY(name)
#define OF_STATE(name)
#define OF_AXIS(name)
#define OF_SETTING(name) COL_##name,
#define OF_MEASURE(name)
const enum column run_settings[N_SETTINGS] = {
#define X(name, type, unit, role, need) OF_##role(name)
	RUN_COLUMNS(X) RUN_EXTRA_COLUMNS(X)
#undef X
};

static const char *const status_names[] = { "ok", "warn", "failed" };

const char *type_text(enum type type)
{
	static const char *const names[] = {
		"trial", "status", "text", "method", "protocol", "rcvbuf", "cpu", "count",
		"flag", "weight", "time", "signed", "real", "seconds",
	};

	return names[type];
}

const char *role_text(enum role role)
{
	static const char *const names[] = { "key", "state", "axis", "setting", "measure" };

	return names[role];
}

const char *column_name(enum column col)
{
	return run_columns[col].name;
}

int column_find(const char *name)
{
	int i;

	for (i = 0; i < COL_COUNT; i++)
		if (!strcmp(run_columns[i].name, name))
			return i;
	return -1;
}

bool is_word(enum column col)
{
	enum type type = run_columns[col].type;

	return type >= T_TEXT && type <= T_CPU;
}

bool is_whole(enum column col)
{
	enum type type = run_columns[col].type;

	return type == T_TRIAL || type == T_TIME || type == T_STATUS;
}

double row_odd_number(const struct row *row, enum column col)
{
	if (is_whole(col))
		return row->cell[col].whole;
	return is_count(row->cell[col].word) ? strtod(row->cell[col].word, NULL) : (double)NAN;
}

int64_t row_integer(const struct row *row, enum column col, int64_t if_empty)
{
	if (row_empty(row, col))
		return if_empty;
	return is_whole(col) ? row->cell[col].whole :
	       is_word(col) ? strtoll(row->cell[col].word, NULL, 10) :
			      (int64_t)row->cell[col].number;
}

/* The cell as the file has it, in text unless it is a word. */
static const char *cell_text(const struct row *row, enum column col, char text[32])
{
	*text = '\0';
	if (row_empty(row, col))
		return text;
	if (is_word(col))
		return row->cell[col].word;
	if (col == COL_status)
		return status_names[row->cell[col].whole];
	if (is_whole(col))
		snprintf(text, 32, "%lld", (long long)row->cell[col].whole);
	else if (row->cell[col].number == floor(row->cell[col].number))
		snprintf(text, 32, "%.0f", row->cell[col].number + 0.0);
	else
		snprintf(text, 32, "%.4f", row->cell[col].number);
	return text;
}

const char *row_text(const struct row *row, enum column col)
{
	char text[32];

	return intern(cell_text(row, col, text));
}

bool row_is(const struct row *row, enum column col, const char *text)
{
	return !strcmp(row_text(row, col), text);
}

enum status row_status(const struct row *row)
{
	return row_integer(row, COL_status, STATUS_OK);
}

bool row_same(const struct row *a, const struct row *b, enum column col)
{
	if (row_empty(a, col) || row_empty(b, col))
		return row_empty(a, col) == row_empty(b, col);
	if (is_word(col))
		return a->cell[col].word == b->cell[col].word;
	return is_whole(col) ? a->cell[col].whole == b->cell[col].whole :
			       a->cell[col].number == b->cell[col].number;
}

int row_order(const struct row *a, const struct row *b, enum column col)
{
	double x, y;

	if (row_same(a, b, col))
		return 0;
	if (row_empty(a, col) || row_empty(b, col))
		return row_empty(a, col) ? -1 : 1;
	x = row_number(a, col);
	y = row_number(b, col);
	if (isnan(x) && isnan(y))
		return strcmp(a->cell[col].word, b->cell[col].word);
	if (isnan(x) || isnan(y))
		return isnan(x) ? 1 : -1;
	return x < y ? -1 : 1;
}

static bool one_of(const char *s, const char *a, const char *b, const char *c)
{
	return !strcmp(s, a) || !strcmp(s, b) || !strcmp(s, c);
}

static const char *read_word(union run_cell *cell, enum type type, const char *s)
{
	const char *wanted = NULL;

	if (type == T_METHOD && !one_of(s, "grid", "interleave", "mlfrr"))
		wanted = "grid, interleave or mlfrr";
	if (type == T_PROTOCOL && !one_of(s, "udp", "tcp", "pktgen"))
		wanted = "udp, tcp or pktgen";
	if (type == T_RCVBUF && strcmp(s, "default") && !is_count(s))
		wanted = "bytes or \"default\"";
	/* keep it anyway: a plan says "auto", a probe has its own method */
	cell->word = intern(s);
	return wanted;
}

static const char *read_whole(union run_cell *cell, enum type type, const char *s)
{
	int64_t i;

	if (type == T_STATUS) {
		for (i = 0; i < 3; i++)
			if (!strcmp(s, status_names[i])) {
				cell->whole = i;
				return NULL;
			}
		return "ok, warn or failed";
	}
	if (!is_count(s) || (type == T_TRIAL && *s == '0'))
		return type == T_TRIAL ? "a trial's number, from 1" : "a time in nanoseconds";
	cell->whole = strtoll(s, NULL, 10);
	return NULL;
}

static const char *read_number(double *to, enum type type, const char *s)
{
	switch (type) {
	case T_COUNT:
		*to = is_count(s) ? strtod(s, NULL) : NAN;
		return *to <= MAX_COUNT ? NULL : "a whole number from 0 to 2^53";
	case T_FLAG:
		*to = s[0] - '0';
		return !strcmp(s, "0") || !strcmp(s, "1") ? NULL : "0 or 1";
	case T_WEIGHT:
		*to = is_count(s) ? strtod(s, NULL) : 0;
		return *to >= 1 && *to <= 4096 ? NULL : "a weight from 1 to 4096";
	case T_SIGNED:
		*to = is_count(s + (s[0] == '-')) ? strtod(s, NULL) : NAN;
		return fabs(*to) <= MAX_COUNT ? NULL : "a whole number within 2^53";
	case T_REAL:
		return is_real(s, to) && *to >= 0 && *to < MAX_COUNT ? NULL :
			"a number from 0 to 2^53";
	default:
		return is_real(s, to) && *to > 0 && *to < MAX_COUNT ? NULL : "a time above 0 s";
	}
}

const char *row_read(struct row *row, enum column col, const char *text)
{
	enum type type = run_columns[col].type;
	union run_cell *cell = &row->cell[col];
	const char *wanted = NULL;

	row->has &= ~(1ULL << col);
	if (!*text)
		return NULL;
	if (is_word(col))
		wanted = read_word(cell, type, text);
	else if (is_whole(col))
		wanted = read_whole(cell, type, text);
	else
		wanted = read_number(&cell->number, type, text);
	if (!wanted || is_word(col))
		row->has |= 1ULL << col;
	return wanted;
}

void row_set(struct row *row, enum column col, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* a line of the file is a row, whatever a program printed */
	clean_text(text);
	row_read(row, col, text);
}

void row_set_number(struct row *row, enum column col, double value)
{
	row->has &= ~(1ULL << col);
	if (!isfinite(value))
		return;
	if (is_word(col))
		row_set(row, col, "%.0f", value);
	else if (is_whole(col))
		row->cell[col].whole = value;
	else
		row->cell[col].number = value;
	row->has |= 1ULL << col;
}

double row_source_seconds(const struct row *row)
{
	return row_number(row, row_empty(row, COL_source_seconds) ? COL_seconds :
								    COL_source_seconds);
}

double row_cost(const struct row *row, enum column cpu)
{
	double packets = row_number(row, COL_received);

	if (isnan(packets))
		packets = row_number(row, COL_rx_packets);
	if (!(packets > 0))
		return NAN;
	return row_number(row, cpu) / 100 * row_number(row, COL_seconds) / packets * 1e6;
}

void row_copy(struct row *to, const struct row *from, enum column col)
{
	to->has = (to->has & ~(1ULL << col)) | (from->has & 1ULL << col);
	to->cell[col] = from->cell[col];
}

char *run_header(int columns)
{
	char *text = NULL;
	size_t size;
	FILE *out = must(open_memstream(&text, &size));
	int i;

	for (i = 0; i < columns; i++)
		fprintf(out, "%s%s", i ? "," : "", run_columns[i].name);
	fputc('\n', out);
	fclose(out);
	return must(text);
}

char *run_line(const struct row *row, int columns)
{
	char *line = NULL;
	size_t size;
	FILE *out = must(open_memstream(&line, &size));
	const char *p;
	int i;

	for (i = 0; i < columns; i++) {
		char text[32];
		/* not interned: a sweep writes millions of numbers */
		const char *cell = cell_text(row, i, text);
		bool quote = strpbrk(cell, ",\"");

		if (i)
			fputc(',', out);
		if (quote)
			fputc('"', out);
		for (p = cell; *p; p++) {
			if (*p == '"')
				fputc('"', out);
			fputc(*p, out);
		}
		if (quote)
			fputc('"', out);
	}
	fputc('\n', out);
	fclose(out);
	return must(line);
}
