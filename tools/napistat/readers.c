// SPDX-License-Identifier: GPL-2.0
/* runs.csv and hist.csv of a results folder, checked and read. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/csvfile.h"
#include "data.h"

#define BANDWIDTH_OFF 0.01 /* seconds are rounded, bytes may end in half a datagram */

/* every packet is somewhere: sent = received + the places + remainder */
static int check_sum(struct run_reader *r, const struct trial *t, size_t line)
{
	double sum = number(t, COL_received) + number(t, COL_remainder);
	int i;

	for (i = COL_lost_before_nic; i <= COL_lost_app; i++)
		sum += number(t, i);
	for (i = COL_lost_checksum; i <= COL_lost_filter; i++)
		if (!isnan(number(t, i)))
			sum += number(t, i);
	if (isnan(sum) || isnan(number(t, COL_sent)) || sum == number(t, COL_sent))
		return 0;
	return refuse(r->why, r->name, line, 1,
		      "trial %lld: sent is %.0f, but received, the places of loss and the remainder add up to %.0f",
		      trial_id(t), number(t, COL_sent), sum);
}

/* the same figure by two columns; nothing but damage makes them differ */
static int check_twice(struct run_reader *r, const struct trial *t, size_t line)
{
	double lost = number(t, COL_sent) - number(t, COL_received);
	double bps = number(t, COL_received) * number(t, COL_datagram) * 8 /
		     number(t, COL_seconds);

	if (!isnan(number(t, COL_lost)) && !isnan(lost) && number(t, COL_lost) != lost)
		return refuse(r->why, r->name, line, 1,
			      "trial %lld: lost is %.0f, but sent less received is %.0f",
			      trial_id(t), number(t, COL_lost), lost);
	if (fabs(number(t, COL_bandwidth_bps) - bps) > BANDWIDTH_OFF * bps + 1)
		return refuse(r->why, r->name, line, 1,
			      "trial %lld: bandwidth_bps is %.0f, but what was received makes %.0f",
			      trial_id(t), number(t, COL_bandwidth_bps), bps);
	return 0;
}

static int take_row(struct run_reader *r, const struct row *row, size_t line)
{
	struct data *d = r->to;
	struct trial t = { .row = *row, .line = line, .folder = d->n_folders - 1 };

	if (row_status(row) != STATUS_FAILED) {
		if (row_empty(row, COL_seconds))
			return refuse(r->why, r->name, line, 1,
				      "trial %lld: seconds is empty, yet the trial did not fail",
				      trial_id(&t));
		if (check_sum(r, &t, line) || check_twice(r, &t, line))
			return -1;
	}
	d->trials = grow(d->trials, d->n_trials, &d->room_trials, sizeof(t));
	d->trials[d->n_trials++] = t;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct trial *x = a, *y = b;

	if (trial_id(x) != trial_id(y))
		return trial_id(x) < trial_id(y) ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

int read_runs(struct data *d, const char *name, const char *buf, size_t len,
	      struct problem *why)
{
	struct folder *f = &d->folders[d->n_folders - 1];
	struct run_reader r = { .name = name, .why = why, .to = d, .row = take_row };
	struct trial *t;
	size_t i;

	if (run_read(&r, buf, len))
		return -1;
	f->n = d->n_trials - f->first;
	if (!f->n)
		return refuse(why, name, 1, 1, "no trial below the header");
	t = &d->trials[f->first];
	qsort(t, f->n, sizeof(*t), by_id);
	for (i = 0; i < f->n; i++) {
		if (i && trial_id(&t[i]) == trial_id(&t[i - 1]))
			return refuse(why, name, t[i].line, 1,
				      "trial %lld is there already, in line %u",
				      trial_id(&t[i]), t[i - 1].line);
		f->failed += row_status(&t[i].row) == STATUS_FAILED;
		f->warned += row_status(&t[i].row) == STATUS_WARN;
		f->short_source += !strncmp(word(&t[i], COL_reason), "the source sent", 15);
		f->high_remainder += number(&t[i], COL_remainder_high) == 1;
	}
	return 0;
}

struct hist_state {
	struct data *d;
	struct hist_row now;
};

static const char *const hist_columns[] = { "trial", "histogram", "lower", "count" };

static int hist_field(struct csv_reader *r, const struct csv_field *f)
{
	struct hist_state *st = r->to;
	struct data *d = st->d;
	const struct folder *in = &d->folders[d->n_folders - 1];
	const struct trial *found;
	long long id;
	double *to;

	if (f->index > 3)
		return refuse(r->why, r->name, f->line, f->column,
			      "more than 4 fields");
	if (f->row == 0)
		return strcmp(f->text, hist_columns[f->index]) ?
			refuse_field(r, f, "header", hist_columns[f->index]) : 0;
	switch (f->index) {
	case 0:
		id = is_count(f->text) ? strtoll(f->text, NULL, 10) : 0;
		for (size_t lo = 0, hi = in->n; lo < hi;) {
			size_t mid = (lo + hi) / 2;

			found = &d->trials[in->first + mid];
			if (trial_id(found) == id) {
				st->now.trial = in->first + mid;
				return 0;
			}
			if (trial_id(found) < id)
				lo = mid + 1;
			else
				hi = mid;
		}
		return refuse_field(r, f, "trial", "a trial of runs.csv");
	case 1:
		if (!f->text[0])
			return refuse_field(r, f, "histogram", "a name");
		st->now.name = intern(f->text);
		return 0;
	default:
		to = f->index == 2 ? &st->now.lower : &st->now.count;
		*to = is_count(f->text) ? strtod(f->text, NULL) : NAN;
		if (!(*to <= 9007199254740992.0))
			return refuse_field(r, f, hist_columns[f->index],
					    "a whole number from 0 to 2^53");
		return 0;
	}
}

static int hist_row_end(struct csv_reader *r, size_t row, size_t fields,
			size_t line)
{
	struct hist_state *st = r->to;
	struct data *d = st->d;
	const struct hist_row *last = d->n_hist ? &d->hist[d->n_hist - 1] : NULL;

	if (fields != 4)
		return refuse(r->why, r->name, line, 1,
			      "%zu fields where there are 4", fields);
	if (row == 0)
		return 0;
	if (row > 1 && last && last->trial == st->now.trial &&
	    last->name == st->now.name && st->now.lower <= last->lower)
		return refuse(r->why, r->name, line, 1,
			      "lower %.0f does not rise above the %.0f before it",
			      st->now.lower, last->lower);
	d->hist = grow(d->hist, d->n_hist, &d->room_hist, sizeof(*d->hist));
	d->hist[d->n_hist++] = st->now;
	return 0;
}

int read_hist(struct data *d, const char *name, const char *buf, size_t len,
	      struct problem *why)
{
	struct hist_state st = { .d = d };
	struct csv_reader r = { .name = name, .why = why, .to = &st,
				.field = hist_field, .row_end = hist_row_end };

	return csv_read(&r, buf, len);
}
