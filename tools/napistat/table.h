/* SPDX-License-Identifier: GPL-2.0 */
/* One table, and the six ways to print it. */
#ifndef NAPISTAT_TABLE_H
#define NAPISTAT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

enum format { F_TEXT, F_CSV, F_JSON, F_MARKDOWN, F_HTML, F_PROMETHEUS };

enum column_use {
	U_LABEL = 1, /* tells rows apart; hidden for people where it never changes */
	U_VALUE = 2,
	U_DETAIL = 4, /* for machines only */
};

struct table;

struct table *table_new(const char *name);
int table_column(struct table *t, unsigned int use, const char *name,
		 const char *shown);
void table_row(struct table *t);
void table_text(struct table *t, int column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* tables for reading may use another unit than CSV */
void table_shown(struct table *t, int column, const char *shown);
/* shown to people as v * scale with this many decimals */
void table_number(struct table *t, int column, double v, double scale,
		  int decimals);
void table_probability(struct table *t, int column, double p);
void table_note(struct table *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int table_print(const struct table *t, enum format format, FILE *out);
/* the last row as one line of name=value for scripts, without one column */
void table_line(const struct table *t, FILE *out, int without);
void table_free(struct table *t);

void markdown_escaped(FILE *out, const char *s);
void html_escaped(FILE *out, const char *s);

#endif
