// SPDX-License-Identifier: GPL-2.0
/* runs.csv, hist.csv and meta.json, each checked as far as it can be. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csvfile.h"

enum kind {
	K_TRIAL, K_STATUS, K_REASON, K_WORD, K_METHOD, K_PROTOCOL, K_RCVBUF,
	K_COUNT_WORD, K_FLAG_WORD, K_COUNT, K_FLAG, K_WEIGHT, K_TIME, K_SIGNED,
	K_REAL, K_SECONDS,
};

/* runs.csv, column by column; need: may not be empty */
static const struct column {
	const char *name;
	enum kind kind;
	int to; /* enum setting or enum number */
	bool need;
} columns[] = {
	{ "trial", K_TRIAL, 0, true },
	{ "rep", K_COUNT, V_REP, true },
	{ "block", K_COUNT, V_BLOCK, false },
	{ "status", K_STATUS, 0, true },
	{ "reason", K_REASON, 0, false },
	{ "method", K_METHOD, S_METHOD, true },
	{ "preset", K_WORD, S_PRESET, false },
	{ "protocol", K_PROTOCOL, S_PROTOCOL, true },
	{ "offered_bps", K_COUNT, V_OFFERED, true },
	{ "datagram", K_COUNT_WORD, S_DATAGRAM, false },
	{ "weight", K_WEIGHT, V_WEIGHT, true },
	{ "rcvbuf", K_RCVBUF, S_RCVBUF, false },
	{ "app_cpu", K_WORD, S_APP_CPU, false },
	{ "irq_cpu", K_WORD, S_IRQ_CPU, false },
	{ "rx_usecs", K_WORD, S_RX_USECS, false },
	{ "gro", K_FLAG_WORD, S_GRO, false },
	{ "threaded", K_FLAG_WORD, S_THREADED, false },
	{ "burst", K_COUNT_WORD, S_BURST, false },
	{ "started_ns", K_TIME, V_STARTED, false },
	{ "seconds", K_SECONDS, V_SECONDS, false },
	{ "sent", K_COUNT, V_SENT, false },
	{ "received", K_COUNT, V_RECEIVED, false },
	{ "lost", K_SIGNED, V_LOST, false },
	{ "lost_before_nic", K_SIGNED, V_LOST_BEFORE_NIC, false },
	{ "lost_ring", K_COUNT, V_LOST_RING, false },
	{ "lost_backlog", K_COUNT, V_LOST_BACKLOG, false },
	{ "lost_socket", K_COUNT, V_LOST_SOCKET, false },
	{ "lost_app", K_SIGNED, V_LOST_APP, false },
	{ "remainder", K_SIGNED, V_REMAINDER, false },
	{ "remainder_high", K_FLAG, V_REMAINDER_HIGH, false },
	{ "bandwidth_bps", K_REAL, V_BANDWIDTH, false },
	{ "jitter_us", K_REAL, V_JITTER, false },
	{ "rx_packets", K_COUNT, V_RX_PACKETS, false },
	{ "irqs", K_COUNT, V_IRQS, false },
	{ "polls", K_COUNT, V_POLLS, false },
	{ "polls_whole_budget", K_COUNT, V_POLLS_WHOLE, false },
	{ "polls_empty", K_COUNT, V_POLLS_EMPTY, false },
	{ "polls_tx_unfinished", K_COUNT, V_POLLS_TX, false },
	{ "polls_ksoftirqd", K_COUNT, V_POLLS_KSOFTIRQD, false },
	{ "time_squeeze", K_COUNT, V_TIME_SQUEEZE, false },
	{ "rx_per_poll", K_REAL, V_RX_PER_POLL, false },
	{ "rx_per_irq", K_REAL, V_RX_PER_IRQ, false },
	{ "cpu_total", K_REAL, V_CPU_TOTAL, false },
	{ "cpu_softirq", K_REAL, V_CPU_SOFTIRQ, false },
	{ "cpu_system", K_REAL, V_CPU_SYSTEM, false },
	{ "cpu_steal", K_REAL, V_CPU_STEAL, false },
	{ "host_cpu", K_REAL, V_HOST_CPU, false },
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))
#define MAX_FIELDS 256
#define MAX_COUNT 9007199254740992.0 /* above it a double skips whole numbers */

struct runs_state {
	struct data *d;
	struct trial now;
	int column_of[MAX_FIELDS]; /* which column a field is, or -1 */
	size_t n_fields;
};

static int refuse_field(struct csv_reader *r, const struct csv_field *f,
			const char *name, const char *what)
{
	bool cut = strlen(f->text) > 40;

	return refuse(r->why, r->name, f->line, f->column,
		      "%s: \"%.40s%s\" is not %s", name, f->text,
		      cut ? "..." : "", what);
}

bool is_count(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && n < 20 && !s[n] && (s[0] != '0' || n == 1);
}

static bool read_real(const char *s, double *to)
{
	char *end;

	if (!s[0] || s[strspn(s, "0123456789.eE+-")])
		return false;
	*to = strtod(s, &end);
	return !*end && isfinite(*to);
}

static bool one_of(const char *s, const char *a, const char *b, const char *c)
{
	return !strcmp(s, a) || !strcmp(s, b) || !strcmp(s, c);
}

static const char *number_wanted(enum kind kind, const char *s, double *to)
{
	switch (kind) {
	case K_COUNT:
		*to = is_count(s) ? strtod(s, NULL) : NAN;
		return *to <= MAX_COUNT ? NULL : "a whole number from 0 to 2^53";
	case K_FLAG:
		*to = s[0] - '0';
		return !strcmp(s, "0") || !strcmp(s, "1") ? NULL : "0 or 1";
	case K_WEIGHT:
		*to = is_count(s) ? strtod(s, NULL) : 0;
		return *to >= 1 && *to <= 4096 ? NULL : "a weight from 1 to 4096";
	case K_TIME:
		*to = is_count(s) ? strtod(s, NULL) : NAN;
		return isnan(*to) ? "a time in nanoseconds" : NULL;
	case K_SIGNED:
		*to = is_count(s + (s[0] == '-')) ? strtod(s, NULL) : NAN;
		return fabs(*to) <= MAX_COUNT ? NULL :
					       "a whole number within 2^53";
	case K_REAL:
		return read_real(s, to) && *to >= 0 ? NULL :
						    "a number of 0 or more";
	case K_SECONDS:
		return read_real(s, to) && *to > 0 ? NULL : "a time above 0 s";
	default:
		return NULL;
	}
}

static const char *word_wanted(enum kind kind, const char *s)
{
	switch (kind) {
	case K_METHOD:
		return one_of(s, "grid", "interleave", "mlfrr") ? NULL :
			"grid, interleave or mlfrr";
	case K_PROTOCOL:
		return one_of(s, "udp", "tcp", "pktgen") ? NULL :
			"udp, tcp or pktgen";
	case K_RCVBUF:
		return !strcmp(s, "default") || is_count(s) ? NULL :
			"bytes or \"default\"";
	case K_COUNT_WORD:
		return is_count(s) ? NULL : "a whole number";
	case K_FLAG_WORD:
		return !strcmp(s, "0") || !strcmp(s, "1") ? NULL : "0 or 1";
	default:
		return NULL;
	}
}

static const char *status_names[] = { "ok", "warn", "failed" };

static int runs_header(struct csv_reader *r, const struct csv_field *f)
{
	struct runs_state *st = r->to;
	size_t i;

	if (f->index >= MAX_FIELDS)
		return refuse(r->why, r->name, f->line, f->column,
			      "more than %d columns", MAX_FIELDS);
	st->column_of[f->index] = -1;
	for (i = 0; i < N_COLUMNS; i++)
		if (!strcmp(f->text, columns[i].name))
			st->column_of[f->index] = i;
	/* columns of a later format are left alone; twice the same is damage */
	for (i = 0; i < f->index && st->column_of[f->index] >= 0; i++)
		if (st->column_of[i] == st->column_of[f->index])
			return refuse(r->why, r->name, f->line, f->column,
				      "column %s is there twice", f->text);
	return 0;
}

static int runs_field(struct csv_reader *r, const struct csv_field *f)
{
	struct runs_state *st = r->to;
	const struct column *c;
	const char *wanted = NULL;
	size_t i;

	if (f->row == 0)
		return runs_header(r, f);
	if (f->index >= st->n_fields)
		return refuse(r->why, r->name, f->line, f->column,
			      "more fields than the header's %zu", st->n_fields);
	if (st->column_of[f->index] < 0)
		return 0;
	c = &columns[st->column_of[f->index]];
	if (!f->text[0])
		return c->need ? refuse_field(r, f, c->name,
					      "there; this field may not be empty") : 0;
	switch (c->kind) {
	case K_TRIAL:
		if (!is_count(f->text) || f->text[0] == '0')
			wanted = "a trial's number, from 1";
		st->now.id = strtoull(f->text, NULL, 10);
		break;
	case K_STATUS:
		wanted = "ok, warn or failed";
		for (i = 0; i < 3; i++)
			if (!strcmp(f->text, status_names[i])) {
				st->now.status = i;
				wanted = NULL;
			}
		break;
	case K_REASON:
		st->now.reason = intern(st->d, f->text);
		break;
	case K_WORD:
	case K_METHOD:
	case K_PROTOCOL:
	case K_RCVBUF:
	case K_COUNT_WORD:
	case K_FLAG_WORD:
		wanted = word_wanted(c->kind, f->text);
		if (!wanted)
			st->now.set[c->to] = intern(st->d, f->text);
		break;
	default:
		wanted = number_wanted(c->kind, f->text, &st->now.v[c->to]);
	}
	return wanted ? refuse_field(r, f, c->name, wanted) : 0;
}

static void trial_clear(struct data *d, struct trial *t)
{
	size_t i;

	memset(t, 0, sizeof(*t));
	t->reason = intern(d, "");
	for (i = 0; i < N_SETTINGS; i++)
		t->set[i] = intern(d, "");
	for (i = 0; i < N_NUMBERS; i++)
		t->v[i] = NAN;
}

static int runs_header_end(struct csv_reader *r, size_t fields)
{
	struct runs_state *st = r->to;
	size_t i, k;

	st->n_fields = fields;
	for (i = 0; i < N_COLUMNS; i++) {
		for (k = 0; k < fields; k++)
			if (st->column_of[k] == (int)i)
				break;
		if (k == fields)
			return refuse(r->why, r->name, 1, 1,
				      "column %s is missing", columns[i].name);
	}
	return 0;
}

/* every packet is somewhere: sent = received + the places + remainder */
static int check_sum(struct csv_reader *r, const struct trial *t, size_t line)
{
	double sum = t->v[V_RECEIVED] + t->v[V_REMAINDER];
	int i;

	for (i = V_LOST_BEFORE_NIC; i <= V_LOST_APP; i++)
		sum += t->v[i];
	if (isnan(sum) || isnan(t->v[V_SENT]) || sum == t->v[V_SENT])
		return 0;
	return refuse(r->why, r->name, line, 1,
		      "trial %llu: sent is %.0f, but received, the places of loss and the remainder add up to %.0f",
		      (unsigned long long)t->id, t->v[V_SENT], sum);
}

static int runs_row_end(struct csv_reader *r, size_t row, size_t fields,
			size_t line)
{
	struct runs_state *st = r->to;
	struct data *d = st->d;
	struct trial *t = &st->now;

	if (row == 0) {
		trial_clear(d, t);
		return runs_header_end(r, fields);
	}
	if (fields != st->n_fields)
		return refuse(r->why, r->name, line, 1,
			      "%zu fields where the header has %zu", fields,
			      st->n_fields);
	t->line = line;
	t->folder = d->n_folders - 1;
	if (t->status != STATUS_FAILED) {
		if (isnan(t->v[V_SECONDS]))
			return refuse(r->why, r->name, line, 1,
				      "trial %llu: seconds is empty, yet the trial did not fail",
				      (unsigned long long)t->id);
		if (check_sum(r, t, line))
			return -1;
	}
	d->trials = grow(d->trials, d->n_trials, &d->room_trials, sizeof(*t));
	d->trials[d->n_trials++] = *t;
	trial_clear(d, t);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct trial *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

int read_runs(struct data *d, const char *name, const char *buf, size_t len,
	      struct problem *why)
{
	struct folder *f = &d->folders[d->n_folders - 1];
	struct runs_state st = { .d = d };
	struct csv_reader r = { .name = name, .why = why, .to = &st,
				.field = runs_field, .row_end = runs_row_end };
	struct trial *t;
	size_t i;

	if (csv_read(&r, buf, len))
		return -1;
	f->n = d->n_trials - f->first;
	if (!f->n)
		return refuse(why, name, 1, 1, "no trial below the header");
	t = &d->trials[f->first];
	qsort(t, f->n, sizeof(*t), by_id);
	for (i = 0; i < f->n; i++) {
		if (i && t[i].id == t[i - 1].id)
			return refuse(why, name, t[i].line, 1,
				      "trial %llu is there already, in line %u",
				      (unsigned long long)t[i].id, t[i - 1].line);
		f->failed += t[i].status == STATUS_FAILED;
		f->warned += t[i].status == STATUS_WARN;
		f->high_remainder += t[i].v[V_REMAINDER_HIGH] == 1;
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
	struct trial key, *found;
	double *to;

	if (f->index > 3)
		return refuse(r->why, r->name, f->line, f->column,
			      "more than 4 fields");
	if (f->row == 0)
		return strcmp(f->text, hist_columns[f->index]) ?
			refuse_field(r, f, "header", hist_columns[f->index]) : 0;
	switch (f->index) {
	case 0:
		key.id = is_count(f->text) ? strtoull(f->text, NULL, 10) : 0;
		for (size_t lo = 0, hi = in->n; lo < hi;) {
			size_t mid = (lo + hi) / 2;

			found = &d->trials[in->first + mid];
			if (found->id == key.id) {
				st->now.trial = in->first + mid;
				return 0;
			}
			if (found->id < key.id)
				lo = mid + 1;
			else
				hi = mid;
		}
		return refuse_field(r, f, "trial", "a trial of runs.csv");
	case 1:
		if (!f->text[0])
			return refuse_field(r, f, "histogram", "a name");
		st->now.name = intern(d, f->text);
		return 0;
	default:
		to = f->index == 2 ? &st->now.lower : &st->now.count;
		if (number_wanted(K_COUNT, f->text, to))
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
	if (row > 1 && last->trial == st->now.trial &&
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

/*
 * Where the key of the outermost object stands. The text is JSON by now
 * (jansson read it), so strings and brackets are all there is to follow.
 */
static void find_key(const char *buf, size_t len, const char *key, size_t *line,
		     size_t *column)
{
	size_t i, at = 0, start = 0, deep = 0, k = strlen(key);
	bool string = false;

	*line = 1;
	for (i = 0; i < len; i++) {
		char c = buf[i];

		*column = i - start + 1;
		if (string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				string = false;
		} else if (c == '"') {
			at = i + 1;
			string = true;
			if (deep == 1 && at + k < len && !memcmp(buf + at, key, k) &&
			    buf[at + k] == '"')
				return;
		} else if (c == '\n') {
			++*line;
			start = i + 1;
		} else {
			deep += c == '{' || c == '[';
			deep -= c == '}' || c == ']';
		}
	}
	*line = *column = 1;
}

int read_meta(struct data *d, const char *name, const char *buf, size_t len,
	      struct problem *why)
{
	struct folder *f = &d->folders[d->n_folders - 1];
	const char *wrong = NULL, *key = NULL;
	size_t line, column;
	json_error_t err;
	json_t *v;

	f->meta = json_loadb(buf, len, JSON_REJECT_DUPLICATES, &err);
	if (!f->meta)
		return refuse(why, name, err.line > 0 ? err.line : 1,
			      err.column > 0 ? err.column : 1, "%s", err.text);
	if (!json_is_object(f->meta))
		return refuse(why, name, 1, 1, "not a JSON object");
	v = json_object_get(f->meta, key = "format");
	if (!json_is_integer(v) || json_integer_value(v) != 1)
		wrong = "must be 1, the format that this program knows";
	if (!wrong) {
		v = json_object_get(f->meta, key = "hypervisor");
		if (!json_is_string(v) || !json_string_length(v))
			wrong = "must be the hypervisor's name";
	}
	if (!wrong) {
		f->hypervisor = json_string_value(v);
		v = json_object_get(f->meta, key = "stand_in");
		if (!json_is_boolean(v))
			wrong = "must be true or false";
		f->stand_in = json_is_true(v);
	}
	if (!wrong)
		return 0;
	if (!v)
		return refuse(why, name, 1, 1, "%s is missing; it %s", key, wrong);
	find_key(buf, len, key, &line, &column);
	return refuse(why, name, line, column, "%s %s", key, wrong);
}
