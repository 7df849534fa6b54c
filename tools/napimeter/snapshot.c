// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"
#include "util.h"

static int add_bucket(struct histogram *h, uint64_t lower, uint64_t count)
{
	if (!(h->rows & (h->rows - 1))) {
		h->row = realloc(h->row, (h->rows ? h->rows * 2 : 1) * sizeof(*h->row));
		if (!h->row)
			die(EXIT_FAILED, "out of memory");
	}
	h->row[h->rows][0] = lower;
	h->row[h->rows++][1] = count;
	return 0;
}

static int parse_header(struct snapshot *s, const char *line)
{
	struct histogram h = { .rows = 0 };

	if (sscanf(line, "# now_ns %" SCNu64, &s->now_ns) == 1)
		return 0;
	if (sscanf(line, "# weight %" SCNu64, &s->weight) == 1)
		return 0;
	if (strncmp(line, "# histogram ", 12))
		return 0;
	if (sscanf(line, "# histogram %23s %*s %" SCNu64 " %" SCNu64 " %" SCNu64,
		   h.name, &h.count, &h.sum, &h.max) != 4)
		return fail("snapshot: cannot read \"%.60s\"", line);
	if (s->histograms == SNAP_HISTOGRAMS)
		return fail("snapshot: more than %d histograms", SNAP_HISTOGRAMS);
	s->histogram[s->histograms++] = h;
	return 0;
}

static int parse_line(struct snapshot *s, const char *line)
{
	uint64_t lower, value;
	char name[SNAP_NAME];
	char rest;

	if (*line == '#')
		return parse_header(s, line);
	if (s->histograms) {
		if (sscanf(line, "%" SCNu64 " %" SCNu64 "%c", &lower, &value, &rest) != 2)
			return fail("snapshot: cannot read \"%.60s\"", line);
		return add_bucket(&s->histogram[s->histograms - 1], lower, value);
	}
	if (sscanf(line, "%23s %" SCNu64 "%c", name, &value, &rest) != 2)
		return fail("snapshot: cannot read \"%.60s\"", line);
	if (s->counters == SNAP_COUNTERS)
		return fail("snapshot: more than %d counters", SNAP_COUNTERS);
	memcpy(s->counter_name[s->counters], name, SNAP_NAME);
	s->counter[s->counters++] = value;
	return 0;
}

int snapshot_parse(struct snapshot *s, const char *text)
{
	static const char magic[] = "# e1000_napi 2 snapshot\n";
	char *copy, *line, *save = NULL;
	int err = 0;

	memset(s, 0, sizeof(*s));
	if (strncmp(text, magic, sizeof(magic) - 1))
		return fail("not a snapshot of e1000_napi in format 2; take the driver and the tools of one version");
	copy = strdup(text);
	if (!copy)
		die(EXIT_FAILED, "out of memory");
	for (line = strtok_r(copy, "\n", &save); line && !err; line = strtok_r(NULL, "\n", &save))
		err = parse_line(s, line);
	free(copy);
	if (err)
		snapshot_free(s);
	return err;
}

static const struct histogram *find_histogram(const struct snapshot *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->histograms; i++)
		if (!strcmp(s->histogram[i].name, name))
			return &s->histogram[i];
	return NULL;
}

static int delta_histogram(struct histogram *d, const struct histogram *before,
			   const struct histogram *after)
{
	size_t i, old = 0;

	*d = (struct histogram){ .count = after->count - before->count,
				 .sum = after->sum - before->sum, .max = after->max };
	memcpy(d->name, after->name, SNAP_NAME);
	if (after->count < before->count || after->sum < before->sum)
		return -1;
	/* both are in order, and a bucket that had a count still has one */
	for (i = 0; i < after->rows; i++) {
		uint64_t lower = after->row[i][0];
		uint64_t count = after->row[i][1];

		if (old < before->rows && before->row[old][0] == lower) {
			if (count < before->row[old][1])
				return -1;
			count -= before->row[old++][1];
		}
		if (count)
			add_bucket(d, lower, count);
	}
	return old == before->rows ? 0 : -1;
}

/* Exact, also beyond 2^53. */
static const uint64_t *find_counter(const struct snapshot *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->counters; i++)
		if (!strcmp(s->counter_name[i], name))
			return &s->counter[i];
	return NULL;
}

int snapshot_delta(struct snapshot *delta, const struct snapshot *before,
		   const struct snapshot *after)
{
	size_t i;

	memset(delta, 0, sizeof(*delta));
	delta->now_ns = after->now_ns;
	delta->weight = after->weight;
	for (i = 0; i < after->counters; i++) {
		const uint64_t *old = find_counter(before, after->counter_name[i]);

		if (!old || after->counter[i] < *old)
			goto went_back;
		memcpy(delta->counter_name[i], after->counter_name[i], SNAP_NAME);
		delta->counter[i] = after->counter[i] - *old;
		delta->counters++;
	}
	for (i = 0; i < after->histograms; i++) {
		const struct histogram *old = find_histogram(before, after->histogram[i].name);

		delta->histograms++;
		if (!old || delta_histogram(&delta->histogram[i], old, &after->histogram[i]))
			goto went_back;
	}
	return 0;

went_back:
	snapshot_free(delta);
	return fail("the driver's counters went back: it was loaded again during the trial");
}

void snapshot_free(struct snapshot *s)
{
	size_t i;

	for (i = 0; i < s->histograms; i++)
		free(s->histogram[i].row);
	memset(s, 0, sizeof(*s));
}

double snapshot_counter(const struct snapshot *s, const char *name)
{
	const uint64_t *value = find_counter(s, name);

	return value ? *value : NAN;
}

char *snapshot_csv(const struct snapshot *s, long long trial)
{
	size_t i, j, rows = 0, used = 0, len;
	char *text;

	for (i = 0; i < s->histograms; i++)
		rows += s->histogram[i].rows;
	len = rows * (SNAP_NAME + 64) + 1;
	text = xcalloc(len, 1);
	for (i = 0; i < s->histograms; i++) {
		const struct histogram *h = &s->histogram[i];

		for (j = 0; j < h->rows; j++)
			used += snprintf(text + used, len - used, "%lld,%s,%" PRIu64 ",%" PRIu64 "\n",
					 trial, h->name, h->row[j][0], h->row[j][1]);
	}
	return text;
}
