// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "folder.h"
#include "tunefolder.h"
#include "../lib/mlrsearch.h"

#define MAX_WORDS (TUNE_FACTORS + 16)

static int edited(const char *file)
{
	return fail("%s: %s; the file was edited", file, failure());
}

/* Arguments in which two calls of the same search may differ. */
static bool is_free(const char *word)
{
	return !strncmp(word, "minutes=", 8) || !strncmp(word, "seed=", 5);
}

/* The next word that must not change, or NULL. */
static const char *next_word(char *const words[], size_t count, size_t *at)
{
	while (*at < count && is_free(words[*at]))
		(*at)++;
	return *at < count ? words[(*at)++] : NULL;
}

static bool same_words(char *const a[], size_t na, char *const b[], size_t nb)
{
	const char *x, *y;
	size_t i = 0, k = 0;

	do {
		x = next_word(a, na, &i);
		y = next_word(b, nb, &k);
	} while (x && y && !strcmp(x, y));
	return !x && !y;
}

/* DIR/tune as words, for intern_free(); none: there is no such file. */
static int read_words(int dir, char *words[MAX_WORDS], size_t *count)
{
	ssize_t len;
	char *text = folder_read_at(dir, "tune", "tune", &len), *rest = text, *line;
	int err = 0;

	*count = 0;
	if (!text)
		return len ? -1 : 0;
	if (strlen(text) != (size_t)len)
		err = fail("a zero byte");
	while (!err && (line = strsep(&rest, "\n"))) {
		if (!*line && !rest)
			break;
		if (*count == MAX_WORDS)
			err = fail("more than %d lines", MAX_WORDS);
		else
			words[(*count)++] = (char *)intern(line);
	}
	free(text);
	return err ? edited("tune") : 0;
}

int tune_load(struct tune *t, int dir)
{
	char *words[MAX_WORDS];
	size_t count;

	if (read_words(dir, words, &count))
		return -1;
	if (!count)
		return fail("there is no search here");
	return tune_parse(t, words, count) ? edited("tune") : 0;
}

static int write_words(int dir, char *const words[], size_t count, uint64_t seed)
{
	char *text = NULL;
	size_t len, i;
	FILE *out = must(open_memstream(&text, &len));
	int err;

	for (i = 0; i < count; i++)
		if (strncmp(words[i], "seed=", 5))
			fprintf(out, "%s\n", words[i]);
	fprintf(out, "seed=%llu\n", (unsigned long long)seed);
	fclose(out);
	err = folder_put(dir, "tune", text, len);
	free(text);
	return err;
}

int tune_begin(struct tune *t, int dir, const char *path, char *const words[], size_t count)
{
	char *old[MAX_WORDS];
	bool given = false;
	size_t n, i;
	uint64_t seed;
	struct tune was;

	for (i = 0; i < count; i++) {
		if (strchr(words[i], '\n'))
			return fail("a line break in \"%s\"", words[i]);
		given |= !strncmp(words[i], "seed=", 5);
	}
	if (read_words(dir, old, &n))
		return -1;
	if (n && tune_parse(&was, old, n))
		return edited("tune");
	if (tune_parse(t, words, count))
		return -1;
	seed = t->seed;
	if (n && (!same_words(words, count, old, n) || (given && was.seed != seed)))
		return fail("%s holds another search: give another --out, or the options it was started with",
			    path);
	if (n)
		seed = was.seed;
	else if (!given && getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return fail("no random numbers: %s", strerror(errno));
	t->seed = given ? seed : seed % 4294967296;
	return write_words(dir, words, count, t->seed);
}

/* A small file of ours; NULL: *missing, or the reason is kept. */
static char *read_small(int dir, const char *path, bool *missing)
{
	ssize_t len;
	char *text;
	int at = -1;
	const char *slash = strrchr(path, '/');
	char *sub = xasprintf("%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");

	*missing = faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT;
	if (!*missing)
		at = folder_below(dir, sub, false);
	free(sub);
	if (at < 0)
		return NULL;
	text = folder_read_at(at, slash ? slash + 1 : path, path, &len);
	close(at);
	return text;
}

/* "SECONDS yes" or "SECONDS no REASON"; 0: there is none, 1: there is. */
static int read_took(int dir, const char *place, const char *what, double *seconds, bool *possible,
		     char *why, size_t size)
{
	char *path = xasprintf("%s/%s.took", place, what), *rest, *word;
	bool missing;
	char *text = read_small(dir, path, &missing);
	int err = 1;

	if (!text) {
		free(path);
		return missing ? 0 : -1;
	}
	rest = text;
	word = strsep(&rest, " ");
	rest = rest ? rest : word + strlen(word);
	if (!is_count(word) || strlen(word) > 9 || (strcmp(rest, "yes\n") && strncmp(rest, "no ", 3))) {
		clean_text(text);
		fail("'%.40s' is not the seconds that it took", text);
		err = edited(path);
	} else {
		*seconds += strtod(word, NULL);
		*possible = *rest == 'y';
		rest[strcspn(rest, "\n")] = '\0';
		clean_text(rest);
		snprintf(why, size, "%s", *possible ? "" : rest + 3);
	}
	free(text);
	free(path);
	return err;
}

struct rows {
	struct row *row;
	size_t n, room;
};

static int add_row(struct run_reader *r, const struct row *row, size_t line)
{
	struct rows *rows = r->to;

	(void)line;
	rows->row = grow(rows->row, rows->n, &rows->room, sizeof(*row));
	rows->row[rows->n++] = *row;
	return 0;
}

static int read_runs(int dir, const char *place, const char *what, struct rows *rows)
{
	char *path = xasprintf("%s/%s/runs.csv", place, what);
	struct problem why;
	struct run_reader reader = { .name = path, .why = &why, .to = rows, .row = add_row };
	bool missing;
	char *text = read_small(dir, path, &missing);
	int err = 0;

	if (!text)
		err = missing ? fail("%s is missing; give another --out", path) : -1;
	else if (run_read(&reader, text, strlen(text))) {
		clean_text(why.text);
		err = fail("%s; the file was edited", why.text);
	}
	free(text);
	free(path);
	return err;
}

/* As napistat has it: the conditional throughput of one search. */
static int read_rate(int dir, const struct tune *t, const char *place, double *rate)
{
	struct goal goal = { .loss_ratio = 0.001, .exceed_ratio = 0.5, .width = t->width,
			     .final_trial_s = t->trial_s, .duration_sum_s = t->trial_s };
	struct rows rows = { 0 };
	struct trial_result *all;
	double lower, upper;
	size_t i, n;
	int err = read_runs(dir, place, "rate", &rows);

	all = xcalloc(2 * rows.n + 1, sizeof(*all));
	for (i = 0; i < rows.n; i++)
		all[i] = trial_result_of(&goal, &rows.row[i]);
	n = mlr_drop_stalls(all, rows.n, all + rows.n);
	mlr_bounds(&goal, all + rows.n, n, false, &lower, &upper);
	*rate = lower > 0 ? mlr_conditional(&goal, all + rows.n, n, lower) : 0;
	free(all);
	free(rows.row);
	return err;
}

static double cost_of(const struct tune *t, const struct row *row)
{
	enum column cpu = strstr(tune_asked.sweep, "--host ") ? COL_host_cpu : COL_cpu_total;

	if (row_status(row) == STATUS_FAILED)
		return NAN;
	return t->objective == OBJECTIVE_LATENCY ? row_number(row, COL_delay_p99_us) :
						   row_cost(row, cpu);
}

static int read_cost(int dir, const struct tune *t, const char *place, double *cost)
{
	struct rows rows = { 0 };
	int err = read_runs(dir, place, "cost", &rows);
	double sum = 0, one;
	size_t i, n = 0;

	for (i = 0; i < rows.n; i++) {
		one = cost_of(t, &rows.row[i]);
		if (isnan(one))
			continue;
		sum += one;
		n++;
	}
	*cost = n ? sum / n : NAN;
	free(rows.row);
	return err;
}

int tune_look(int dir, const struct tune *t, const char *place, struct tune_result *result)
{
	bool possible = true;
	int have;

	*result = (struct tune_result){ .cost = NAN };
	have = read_took(dir, place, "rate", &result->seconds, &possible, result->why,
			 sizeof(result->why));
	if (have <= 0)
		return have;
	result->state = TUNE_NOT_POSSIBLE;
	if (!possible)
		return 0;
	if (read_rate(dir, t, place, &result->rate))
		return -1;
	have = read_took(dir, place, "cost", &result->seconds, &possible, result->why,
			 sizeof(result->why));
	if (have < 0 || (have && possible && read_cost(dir, t, place, &result->cost)))
		return -1;
	result->state = !have ? TUNE_COST : possible ? TUNE_MEASURED : TUNE_NOT_POSSIBLE;
	return 0;
}

int tune_took(int dir, const char *place, bool rate, double seconds, bool possible,
	      const char *why)
{
	char *name = xasprintf("%s/%s.took", place, rate ? "rate" : "cost");
	char *text = xasprintf("%.0f %s%s\n", seconds, possible ? "yes" : "no ", possible ? "" : why);
	int err = folder_put(dir, name, text, strlen(text));

	free(text);
	free(name);
	return err;
}

int tune_forget(int dir, const char *place)
{
	int at = folder_below(dir, place, false);

	if (at < 0)
		return -1;
	unlinkat(at, "rate.took", 0);
	unlinkat(at, "cost.took", 0);
	close(at);
	return 0;
}

int tune_fix_pairs(int dir, unsigned int *pairs)
{
	bool missing;
	char *text = read_small(dir, "confirm/pairs", &missing);
	char line[16];

	if (!text && !missing)
		return -1;
	if (!text) {
		snprintf(line, sizeof(line), "%u\n", *pairs);
		return folder_put(dir, "confirm/pairs", line, strlen(line));
	}
	text[strcspn(text, "\n")] = '\0';
	if (!is_count(text) || strlen(text) > 4 || !strtoul(text, NULL, 10)) {
		fail("'%.40s' is not a number of pairs", text);
		free(text);
		return edited("confirm/pairs");
	}
	*pairs = strtoul(text, NULL, 10);
	free(text);
	return 0;
}

void tune_said(int dir, char *text, size_t size)
{
	int fd = folder_open_at(dir, "log", O_RDONLY, "log");
	char tail[2048], *line;
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t got = -1;

	if (fd >= 0) {
		got = pread(fd, tail, sizeof(tail) - 1, end > 2000 ? end - 2000 : 0);
		close(fd);
	}
	tail[got > 0 ? got : 0] = '\0';
	for (line = tail + strlen(tail); line > tail && line[-1] == '\n';)
		*--line = '\0';
	line = strrchr(tail, '\n');
	line = line ? line + 1 : tail;
	clean_text(line);
	snprintf(text, size, "%s", got > 0 ? line : "see log");
}
