// SPDX-License-Identifier: GPL-2.0
/*
 * libcsv does not tell where a field stands, so each byte at which a field may
 * end is fed alone: whatever it reports then ends at that byte.
 */
#include <csv.h>
#include <string.h>

#include "csvfile.h"

struct state {
	struct csv_reader *r;
	struct csv_field next; /* where the field being read began */
	size_t line, column; /* of the byte being read */
	size_t row_bytes;
	bool failed;
};

static int no_space(unsigned char c)
{
	(void)c;
	return 0;
}

/* the first byte that is not well-formed UTF-8, or NULL */
static const char *bad_utf8(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i = 0, k, more;

	while (i < len) {
		unsigned int c = p[i], least;

		if (c < 0x80)
			more = 0, least = 0;
		else if (c >= 0xc2 && c < 0xe0)
			more = 1, least = 0x80, c &= 0x1f;
		else if (c >= 0xe0 && c < 0xf0)
			more = 2, least = 0x800, c &= 0x0f;
		else if (c >= 0xf0 && c < 0xf5)
			more = 3, least = 0x10000, c &= 0x07;
		else
			return s + i;
		for (k = 1; k <= more; k++) {
			if (i + k >= len || (p[i + k] & 0xc0) != 0x80)
				return s + i;
			c = c << 6 | (p[i + k] & 0x3f);
		}
		if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return s + i;
		i += more + 1;
	}
	return NULL;
}

static void on_field(void *text, size_t len, void *arg)
{
	struct state *st = arg;
	struct csv_field *f = &st->next;
	const char *bad;

	if (st->failed)
		return;
	f->text = text ? text : "";
	bad = text ? bad_utf8(text, len) : NULL;
	if (bad || memchr(f->text, 0, len)) {
		refuse(st->r->why, st->r->name, f->line, f->column,
		       bad ? "byte 0x%02x is not UTF-8 text" :
			     "a zero byte (0x%02x) in the text: was the file cut by a crash?",
		       bad ? (unsigned char)*bad : 0);
		st->failed = true;
		return;
	}
	st->failed = st->r->field(st->r, f) != 0;
	f->index++;
	f->line = st->line;
	f->column = st->column + 1;
}

static void on_row(int end, void *arg)
{
	struct state *st = arg;
	struct csv_field *f = &st->next;

	(void)end;
	st->row_bytes = 0;
	if (st->failed)
		return;
	st->failed = st->r->row_end(st->r, f->row, f->index, st->line) != 0;
	f->row++;
	f->index = 0;
}

static bool is_special(char c)
{
	return c == ',' || c == '"' || c == '\r' || c == '\n';
}

static int read_bytes(struct csv_parser *p, struct state *st, const char *buf,
		      size_t len)
{
	struct csv_reader *r = st->r;
	size_t i, n, taken;

	for (i = 0; i < len && !st->failed; i += n) {
		char c = buf[i];

		for (n = 1; !is_special(c) && i + n < len && !is_special(buf[i + n]); n++)
			;
		if (c == '\r' && (i + 1 == len || buf[i + 1] != '\n'))
			return refuse(r->why, r->name, st->line, st->column,
				      "a carriage return without a line feed");
		if (c != '\r' && c != '\n')
			st->row_bytes += n;
		else if (c == '\n' && !st->row_bytes &&
			 (i == 0 || buf[i - 1] == '\n' ||
			  (buf[i - 1] == '\r' && (i == 1 || buf[i - 2] == '\n'))))
			return refuse(r->why, r->name, st->line, 1, "an empty line");
		taken = csv_parse(p, buf + i, n, on_field, on_row, st);
		if (taken != n)
			return refuse(r->why, r->name, st->line, st->column + taken,
				      "%s", csv_error(p) == CSV_EPARSE ?
				      "a quote in a place where none may be" :
				      csv_strerror(csv_error(p)));
		if (c == '\n') {
			st->line++;
			st->column = 1;
			if (!st->row_bytes) {
				st->next.line = st->line;
				st->next.column = 1;
			}
		} else {
			st->column += n;
		}
	}
	return st->failed ? -1 : 0;
}

int csv_read(struct csv_reader *r, const char *buf, size_t len)
{
	struct state st = { .r = r, .next = { .line = 1, .column = 1 },
			    .line = 1, .column = 1 };
	struct csv_parser p;
	int err;

	if (!len)
		return refuse(r->why, r->name, 1, 1, "the file is empty");
	if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL))
		return refuse(r->why, r->name, 1, 1, "libcsv cannot start");
	csv_set_space_func(&p, no_space);
	err = read_bytes(&p, &st, buf, len);
	/* only a quoted field goes over a line's end */
	if (!err && st.row_bytes && st.next.line != st.line)
		err = refuse(r->why, r->name, st.next.line, st.next.column,
			     "the quote that opens here is never closed");
	else if (!err && st.row_bytes)
		err = refuse(r->why, r->name, st.line, st.column,
			     "the last line has no end: half written? Delete the line, or let the sweep resume");
	csv_free(&p);
	return err;
}
