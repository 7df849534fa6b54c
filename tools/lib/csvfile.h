/* SPDX-License-Identifier: GPL-2.0 */
/* libcsv with positions: each field is handed on with its line and column. */
#ifndef LIB_CSVFILE_H
#define LIB_CSVFILE_H

#include "base.h"

struct csv_field {
	const char *text;
	size_t line, column; /* of its first byte, both from 1 */
	size_t index; /* in its row, from 0 */
	size_t row; /* from 0, the header */
};

struct csv_reader {
	const char *name;
	struct problem *why;
	void *to;
	int (*field)(struct csv_reader *r, const struct csv_field *f);
	int (*row_end)(struct csv_reader *r, size_t row, size_t fields,
		       size_t line);
};

/* refuse(): this field is not `what` */
int refuse_field(struct csv_reader *r, const struct csv_field *f, const char *name,
		 const char *what);

int csv_read(struct csv_reader *r, const char *buf, size_t len);

#endif
