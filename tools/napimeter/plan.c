// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "folder.h"
#include "plan.h"
#include "probe.h"
#include "search.h"
#include "../lib/stats.h"

#define SEED_MASK ((1ULL << 53) - 1)	/* what a JSON reader keeps exactly */
#define AXIS_MAX 4096
#define TRIALS_MAX 100000	/* a week of five seconds each */
#define UNTIL_LEAST 3	/* repetitions, before an interval is believed */
#define UNTIL_REPS 20	/* repetitions at most, if nothing else is asked for */

enum scale { SCALE_NONE, SCALE_RATE, SCALE_MEMORY, SCALE_WORD };

/* The settings a grid can be made over, and what stands for "not given". */
static const struct setting {
	enum column col;
	enum scale scale;
	const char *preset;
	double min, max;
} settings[] = {
	{ COL_protocol, SCALE_WORD, "udp", 0, 0 },
	{ COL_offered_bps, SCALE_RATE, "0", 0, 1e12 },
	{ COL_datagram, SCALE_NONE, "1470", 16, 65507 },
	{ COL_weight, SCALE_NONE, "64", 1, 4096 },
	{ COL_rcvbuf, SCALE_MEMORY, "default", 1, 1 << 30 },
	{ COL_app_cpu, SCALE_NONE, "", 0, 4095 },
	{ COL_irq_cpu, SCALE_NONE, "", 0, 4095 },
	{ COL_rx_usecs, SCALE_NONE, "", 0, 10000 },
	{ COL_gro, SCALE_NONE, "", 0, 1 },
	{ COL_threaded, SCALE_NONE, "", 0, 1 },
	{ COL_burst, SCALE_NONE, "1", 1, 4096 },
	{ COL_netdev_budget, SCALE_NONE, "", 1, 1e6 },
	{ COL_netdev_budget_usecs, SCALE_NONE, "", 1, 1e9 },
	{ COL_defer_hard_irqs, SCALE_NONE, "", 0, 1e6 },
	{ COL_gro_flush_timeout, SCALE_NONE, "", 0, 1e12 },
};

static const char *const other_keys[] = {
	"method", "preset", "quick", "seed", "interface", "source", "server", "port", "netns", "peer",
	"host", "reps", "seconds", "until", "blocks", "slot_s", "settle_s", "goal_loss_ratio",
	"goal_width", "goal_exceed_ratio", "goal_initial_trial_s", "goal_final_trial_s",
	"goal_duration_sum_s", "min_load", "max_load",
};

static const struct setting *find_setting(const char *key)
{
	int col = column_find(key);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if ((int)settings[i].col == col)
			return &settings[i];
	return NULL;
}

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

size_t plan_shuffled(const struct plan *plan, uint64_t a, uint64_t b, size_t n, size_t pos)
{
	/* asked for one position after the other */
	static uint64_t kept_state;
	static size_t *order, kept_n;
	uint64_t state = mix(mix(mix(plan->seed) ^ a) ^ b);
	size_t i;

	if (order && kept_state == state && kept_n == n)
		return order[pos];
	kept_state = state;
	kept_n = n;
	free(order);
	order = xcalloc(n, sizeof(*order));
	for (i = 0; i < n; i++) {
		size_t other;

		state = mix(state);
		other = state % (i + 1);
		order[i] = order[other];
		order[other] = i;
	}
	return order[pos];
}

static int add_value(struct axis *axis, const char *text)
{
	if (axis->count == AXIS_MAX)
		return fail("more than %d values", AXIS_MAX);
	axis->value = realloc(axis->value, (axis->count + 1) * sizeof(*axis->value));
	if (!axis->value)
		die(EXIT_FAILED, "out of memory");
	snprintf(axis->value[axis->count++], sizeof(*axis->value), "%s", text);
	return 0;
}

static int number_of(const struct setting *set, const char *word, uint64_t *number)
{
	const unsigned int unit = set->scale == SCALE_RATE ? 1000 :
				  set->scale == SCALE_MEMORY ? 1024 : 1;

	if (parse_scaled(word, unit, number))
		return -1;
	if (unit == 1 && word[strspn(word, "0123456789")])
		return fail("\"%s\" is not a whole number", word);
	if (*number < set->min || *number > set->max)
		return fail("%s is not in %.0f..%.0f", word, set->min, set->max);
	return 0;
}

/* One element of a list: a word, a number, or a range FIRST..LAST[+STEP]. */
static int add_element(struct axis *axis, const struct setting *set, char *word)
{
	uint64_t first, last, step = 1;
	char *dots, *plus, text[32];

	if (set->scale == SCALE_WORD) {
		if (strcmp(word, "udp") && strcmp(word, "tcp"))
			return fail("\"%s\" is not udp or tcp", word);
		return add_value(axis, word);
	}
	if (!*word || (set->scale == SCALE_MEMORY && !strcmp(word, "default")) ||
	    (set->col == COL_rcvbuf && !strcmp(word, "auto")) ||
	    ((set->col == COL_app_cpu || set->col == COL_irq_cpu) && !strcmp(word, "auto")))
		return add_value(axis, word);
	dots = strstr(word, "..");
	plus = dots ? strchr(dots, '+') : NULL;
	if (plus)
		*plus++ = '\0';
	if (dots)
		*dots = '\0';
	if (number_of(set, word, &first) || number_of(set, dots ? dots + 2 : word, &last))
		return -1;
	if (plus && (parse_scaled(plus, set->scale == SCALE_MEMORY ? 1024 : 1000, &step) || !step))
		return fail("\"%s\" is not a step", plus);
	if (last < first)
		return fail("%s..%s goes down", word, dots + 2);
	for (; first <= last; first += step) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)first);
		if (add_value(axis, text))
			return -1;
	}
	return 0;
}

static int parse_axis(struct axis *axis, const struct setting *set, const char *list)
{
	char *copy = strdup(list), *rest = copy, *word;
	size_t i, j;
	int err = 0;

	while (!err && (word = strsep(&rest, ",")))
		err = add_element(axis, set, word);
	free(copy);
	if (err)
		return fail("%s: %s", column_name(set->col), failure());
	for (i = 0; i < axis->count; i++)
		for (j = 0; j < i; j++)
			if (!strcmp(axis->value[i], axis->value[j]))
				return fail("%s: %s is there twice", column_name(set->col),
					    axis->value[i]);
	return 0;
}

static const char *word_of(json_t *asked, const char *key, const char *preset)
{
	const char *text = json_string_value(json_object_get(asked, key));

	return text ? text : preset;
}

static int number_key(json_t *asked, const char *key, double preset, double min, double max,
		      double *value)
{
	const char *text = word_of(asked, key, NULL);
	char *end;

	*value = text ? strtod(text, &end) : preset;
	if (text && end != text && *end) {
		/* a load, as 500M */
		uint64_t scaled;

		if (!parse_scaled(text, 1000, &scaled)) {
			*value = scaled;
			end = strchr(text, '\0');
		}
	}
	if (text && (end == text || *end || !(*value >= min && *value <= max)))
		return fail("%s: \"%s\" is not a number in %g..%g", key, text, min, max);
	return 0;
}

static int parse_numbers(struct plan *p, json_t *asked)
{
	double port, reps, blocks;

	if (number_key(asked, "until", 0, 0.01, 100, &p->until) ||
	    number_key(asked, "port", !strcmp(p->source, "iperf") ? 5001 : 5003, 1, 65535, &port) ||
	    number_key(asked, "reps", p->until > 0 ? UNTIL_REPS : 1, 1, 10000, &reps) ||
	    number_key(asked, "seconds", 5, 0.01, 86400, &p->seconds) ||
	    number_key(asked, "blocks", 20, 1, 100000, &blocks) ||
	    number_key(asked, "slot_s", 0.3, 0.01, 3600, &p->slot_s) ||
	    number_key(asked, "settle_s", 0.05, 0, 60, &p->settle_s) ||
	    number_key(asked, "goal_loss_ratio", 0.001, 0, 0.99, &p->goal_loss_ratio) ||
	    number_key(asked, "goal_width", 0.01, 0.0001, 0.5, &p->goal_width) ||
	    number_key(asked, "goal_exceed_ratio", 0.5, 0, 0.99, &p->goal_exceed_ratio) ||
	    number_key(asked, "goal_initial_trial_s", 1, 0.01, 3600, &p->goal_initial_trial_s) ||
	    number_key(asked, "goal_final_trial_s", 2, 0.01, 3600, &p->goal_final_trial_s) ||
	    number_key(asked, "goal_duration_sum_s", 6, 0.01, 36000, &p->goal_duration_sum_s) ||
	    number_key(asked, "min_load", 1e6, 1e3, 1e12, &p->min_load) ||
	    number_key(asked, "max_load", 1e9, 1e3, 1e12, &p->max_load))
		return -1;
	p->until /= 100;
	p->port = port;
	p->reps = reps;
	p->blocks = blocks;
	if (!strcmp(word_of(asked, "quick", "0"), "1")) {
		p->seconds /= 10;
		if (!p->until)
			p->reps = reps < 3 ? reps : 3;
		p->blocks = (blocks + 1) / 2;
	}
	if (p->min_load >= p->max_load)
		return fail("min_load is not below max_load");
	if (p->until > 0 && p->reps < UNTIL_LEAST)
		return fail("until: an interval wants at least %d repetitions, reps allows %u", UNTIL_LEAST,
			    p->reps);
	return 0;
}

static bool is_name(const char *text, size_t most)
{
	return strlen(text) <= most && strcmp(text, ".") && strcmp(text, "..") && *text != '-' &&
	       !text[strcspn(text, "/ \t\r\n")];
}

static bool is_preset(const char *text)
{
	return !text[strspn(text, "abcdefghijklmnopqrstuvwxyz-")];
}

static int check(const struct plan *p, json_t *asked)
{
	static const char *const methods[] = { "grid", "interleave", "mlfrr" };
	static const char *const sources[] = { "iperf", "pktgen", "napimeter" };
	const struct axis *protocol = &p->axis[COL_protocol];
	struct sockaddr_storage address;
	size_t i, found = 0;
	double trials = !strcmp(p->method, "interleave") ? (double)p->reps * p->blocks : p->reps;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		trials *= p->axis[settings[i].col].count;
	if (trials > TRIALS_MAX)
		return fail("these are %.3g trials; at most %d can be done", trials, TRIALS_MAX);
	for (i = 0; i < 3; i++)
		found += !strcmp(p->method, methods[i]) + 4 * !strcmp(p->source, sources[i]);
	if (found != 5)
		return fail("method %s with source %s: methods are grid, interleave, mlfrr; sources are iperf, pktgen, napimeter",
			    p->method, p->source);
	if (p->until > 0 && strcmp(p->method, "grid"))
		return fail("until goes with method grid only");
	if (!*p->interface)
		return fail("no interface given");
	/* these become parts of paths */
	if (!is_name(p->interface, 15) || (*p->peer && !is_name(p->peer, 15)) ||
	    (*p->netns && !is_name(p->netns, 255)))
		return fail("interface \"%s\", peer \"%s\", netns \"%s\": one of them is no name",
			    p->interface, p->peer, p->netns);
	if (!is_preset(word_of(asked, "preset", "")))
		return fail("preset \"%s\" is no name", word_of(asked, "preset", ""));
	if (strcmp(p->source, "pktgen") && !*p->server)
		return fail("source %s needs a server: on the other host run `iperf -s -u` and `iperf -s` (or `napimeter serve`) and give its address",
			    p->source);
	if (*p->server && parse_address(p->server, p->port, &address) < 0)
		return -1;
	for (i = 0; i < protocol->count; i++)
		if (!strcmp(protocol->value[i], "tcp") &&
		    (strcmp(p->source, "iperf") || strcmp(p->method, "grid")))
			return fail("tcp goes with source iperf and method grid only");
	for (i = 0; i < p->axis[COL_burst].count; i++)
		if (!strcmp(p->source, "iperf") && strcmp(p->axis[COL_burst].value[i], "1"))
			return fail("iperf sends no bursts of a set length over UDP: use --source napimeter (`napimeter serve` on the other host) or pktgen");
	return 0;
}

static bool is_known(const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(other_keys); i++)
		if (!strcmp(key, other_keys[i]))
			return true;
	return find_setting(key);
}

static int parse(struct plan *p, json_t *asked)
{
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach(asked, key, value)
		if (!is_known(key) || !json_is_string(value))
			return fail("\"%s\" is no setting of a sweep, or has no text", key);
	p->method = word_of(asked, "method", "grid");
	p->interface = word_of(asked, "interface", "");
	p->source = word_of(asked, "source", "iperf");
	p->server = word_of(asked, "server", "");
	p->netns = word_of(asked, "netns", "");
	p->peer = word_of(asked, "peer", "");
	p->host = word_of(asked, "host", "");
	p->columns = COL_COUNT_PLAIN;
	if (parse_numbers(p, asked))
		return -1;
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		enum column col = settings[i].col;
		const char *list = word_of(asked, column_name(col), NULL);

		if (list && col >= COL_COUNT_PLAIN)
			p->columns = COL_COUNT;
		if (parse_axis(&p->axis[col], &settings[i], list ? list : settings[i].preset))
			return -1;
	}
	return check(p, asked);
}

void plan_free(struct plan *plan)
{
	size_t i;

	for (i = 0; i < COL_COUNT; i++)
		free(plan->axis[i].value);
	json_decref(plan->json);
	memset(plan, 0, sizeof(*plan));
}

static int plan_from_json(struct plan *plan, const char *dir, json_t *json)
{
	json_t *asked = json_object_get(json, "asked");

	memset(plan, 0, sizeof(*plan));
	plan->dir = dir;
	plan->json = json;
	plan->seed = json_integer_value(json_object_get(json, "seed"));
	if (json_integer_value(json_object_get(json, "format")) != 1 || !json_is_object(asked)) {
		plan_free(plan);
		return fail("it is not of this version");
	}
	if (parse(plan, asked)) {
		plan_free(plan);
		return -1;
	}
	return 0;
}

int plan_parse(struct plan *plan, const char *dir, const char *text, size_t len)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (!json)
		return fail("sweep.json, line %d: %s", error.line, error.text);
	if (plan_from_json(plan, dir, json))
		return fail("sweep.json: %s", failure());
	return 0;
}

int plan_load(struct plan *plan, const char *dir)
{
	ssize_t len;
	char *text = folder_read(dir, "sweep.json", &len);
	int err;

	if (!text)
		return len ? -1 : fail("%s has no sweep.json: it is no results folder of a sweep", dir);
	err = plan_parse(plan, dir, text, len);
	free(text);
	return err;
}

static int ask(json_t *asked, const char *word)
{
	const char *value = strchr(word, '=');
	char *key = value ? strndup(word, value - word) : NULL;
	int err;

	if (!key || !is_known(key))
		err = fail("\"%s\" is no setting of a sweep", word);
	else
		err = json_object_set_new(asked, key, json_string(value + 1));
	free(key);
	return err;
}

int plan_make(const char *dir, char *const words[])
{
	json_t *asked = json_object(), *json = NULL;
	uint64_t seed = 0;
	struct plan old;
	ssize_t len;
	char *text;
	int err = 0;

	while (*words && !err)
		err = ask(asked, *words++);
	if (err)
		goto out;
	text = folder_read(dir, "sweep.json", &len);
	if (text || len < 0) {
		err = text ? plan_parse(&old, dir, text, len) : -1;
		free(text);
		if (err)
			goto out;
		if (!json_equal(asked, json_object_get(old.json, "asked")))
			err = fail("%s holds another sweep: give another --out, or the options it was started with to go on with it",
				   dir);
		plan_free(&old);
		goto out;
	}
	if (word_of(asked, "seed", NULL)) {
		err = parse_scaled(word_of(asked, "seed", ""), 1, &seed);
		if (err)
			goto out;
	} else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
		err = fail("getrandom: %s", strerror(errno));
		goto out;
	}
	json = json_pack("{sisIsO}", "format", 1, "seed", (json_int_t)(seed & SEED_MASK), "asked",
			 asked);
	err = plan_from_json(&old, dir, json_incref(json));
	if (err)
		goto out;
	plan_free(&old);
	text = json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS);
	err = folder_replace(dir, "sweep.json", text);
	free(text);
out:
	json_decref(json);
	json_decref(asked);
	return err;
}

size_t plan_cells(const struct plan *plan, enum column without)
{
	size_t i, cells = 1;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].col != without)
			cells *= plan->axis[settings[i].col].count;
	return cells;
}

void plan_cell(const struct plan *plan, size_t cell, enum column without, struct row *spec)
{
	const char *preset = word_of(json_object_get(plan->json, "asked"), "preset", "");
	size_t i;

	memset(spec, 0, sizeof(*spec));
	row_set(spec, COL_method, "%s", plan->method);
	row_set(spec, COL_preset, "%s", preset);
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct axis *axis = &plan->axis[settings[i].col];

		if (settings[i].col == without)
			continue;
		row_set(spec, settings[i].col, "%s", axis->value[cell % axis->count]);
		cell /= axis->count;
	}
	if (!strcmp(plan->source, "pktgen"))
		row_set(spec, COL_protocol, "pktgen");
}

size_t plan_stream_slots(const struct plan *plan)
{
	return plan->blocks * plan->axis[COL_weight].count;
}

size_t plan_trials(const struct plan *plan)
{
	if (!strcmp(plan->method, "interleave"))
		return plan_cells(plan, COL_weight) * plan->reps * plan_stream_slots(plan);
	return plan_cells(plan, COL_COUNT) * plan->reps;
}

static size_t grid_cell(const struct plan *plan, size_t trial)
{
	size_t cells = plan_cells(plan, COL_COUNT);

	return plan_shuffled(plan, trial / cells, 0, cells, trial % cells);
}

/* trial counts from 0 here, from 1 in the files */
void plan_trial(const struct plan *plan, size_t trial, struct row *spec)
{
	if (!strcmp(plan->method, "interleave")) {
		const struct axis *weight = &plan->axis[COL_weight];
		size_t cells = plan_cells(plan, COL_weight);
		size_t stream = trial / plan_stream_slots(plan);
		size_t slot = trial % plan_stream_slots(plan);
		size_t block = slot / weight->count;
		size_t cell = plan_shuffled(plan, stream / cells, 0, cells, stream % cells);
		size_t pick = plan_shuffled(plan, stream, block + 1, weight->count,
					    slot % weight->count);

		plan_cell(plan, cell, COL_weight, spec);
		row_set(spec, COL_rep, "%zu", stream / cells + 1);
		row_set(spec, COL_block, "%zu", block + 1);
		row_set(spec, COL_weight, "%s", weight->value[pick]);
	} else {
		plan_cell(plan, grid_cell(plan, trial), COL_COUNT, spec);
		row_set(spec, COL_rep, "%zu", trial / plan_cells(plan, COL_COUNT) + 1);
	}
	row_set(spec, COL_trial, "%zu", trial + 1);
}

/* The rows are of this plan: nobody has changed the one or the other. */
int plan_check(const struct plan *plan, const struct journal *runs)
{
	size_t i, j, total = plan_trials(plan);

	if (!strcmp(plan->method, "mlfrr"))
		return 0;
	for (i = 0; i < runs->count; i++) {
		const struct row *row = &runs->rows[i];
		int64_t trial = row_integer(row, COL_trial, 0);
		struct row spec;

		if (trial < 1 || (uint64_t)trial > total)
			return fail("runs.csv has trial %lld, sweep.json only %zu: somebody has edited one of them; put it right, or give another --out",
				    (long long)trial, total);
		plan_trial(plan, trial - 1, &spec);
		for (j = 0; j < ARRAY_SIZE(settings); j++) {
			enum column col = settings[j].col;

			if (!row_is(&spec, col, "auto") && col < (enum column)plan->columns &&
			    !row_same(&spec, row, col))
				return fail("runs.csv says %s %s of trial %lld, sweep.json %s: somebody has edited one of them; put it right, or give another --out",
					    column_name(col), row_text(row, col), (long long)trial,
					    row_text(&spec, col));
		}
	}
	return 0;
}

/* Of a trial, without and with what is around it. */
static double trial_seconds(const struct plan *plan)
{
	return strcmp(plan->method, "interleave") ? plan->seconds : plan->slot_s;
}

static double trial_pace(const struct plan *plan)
{
	return strcmp(plan->method, "interleave") ? plan->seconds + 1 :
	       plan->slot_s + plan->settle_s;
}

double plan_estimate(const struct plan *plan)
{
	return strcmp(plan->method, "mlfrr") ? plan_trials(plan) * trial_pace(plan) : 0;
}

/* Seconds from one trial's start to the next one's, as seen so far. */
static double seen_pace(const struct journal *j, double pace)
{
	double sum = 0;
	size_t i, n = 0;

	for (i = j->count; i-- > 1 && n < 20;) {
		double gap = (row_number(&j->rows[i], COL_started_ns) -
			      row_number(&j->rows[i - 1], COL_started_ns)) / 1e9;

		/* not across a pause of the sweep */
		if (gap > 0 && gap < 3 * (pace + 5)) {
			sum += gap;
			n++;
		}
	}
	return n ? sum / n : pace;
}

/* Per second; within one cell packets are as good as bits. NaN if the trial failed. */
static double delivered(const struct row *row)
{
	double rate = row_number(row, COL_bandwidth_bps);

	if (row_is(row, COL_status, "failed"))
		return NAN;
	if (isnan(rate))
		rate = row_number(row, COL_received) / row_number(row, COL_seconds);
	return isnan(rate) ? row_number(row, COL_rx_packets) / row_number(row, COL_seconds) : rate;
}

/*
 * Of every cell: is its mean known well enough? Follows from the rows alone, so that a
 * sweep that is taken up again decides the same.
 */
static bool *cells_known(const struct plan *plan, const struct journal *runs)
{
	size_t i, cells = plan_cells(plan, COL_COUNT);
	double *rate = xcalloc(cells * plan->reps, sizeof(*rate));
	size_t *count = xcalloc(cells, sizeof(*count));
	bool *known = xcalloc(cells, sizeof(*known));

	for (i = 0; i < runs->count; i++) {
		size_t cell = grid_cell(plan, row_integer(&runs->rows[i], COL_trial, 1) - 1);
		double value = delivered(&runs->rows[i]);

		if (!isnan(value) && count[cell] < plan->reps)
			rate[cell * plan->reps + count[cell]++] = value;
	}
	for (i = 0; i < cells; i++) {
		struct sample sample = sample_of(&rate[i * plan->reps], count[i]);
		struct interval ci = mean_interval(&sample, 0.95);

		known[i] = count[i] >= UNTIL_LEAST && (ci.hi - ci.lo) / 2 <= plan->until * sample.mean;
	}
	free(rate);
	free(count);
	return known;
}

static int next_until(const struct plan *plan, const struct journal *runs, struct todo *todo)
{
	bool *known = cells_known(plan, runs);
	size_t i, left = 0;

	for (i = 0; i < plan_trials(plan); i++) {
		if (journal_has(runs, i + 1) || known[grid_cell(plan, i)])
			continue;
		if (!left++)
			plan_trial(plan, i, &todo->spec);
	}
	free(known);
	todo->done = runs->count;
	todo->total = runs->count + left;
	todo->seconds = trial_seconds(plan);
	todo->left_s = left * seen_pace(runs, trial_pace(plan));
	return left > 0;
}

static int next_of_grid(const struct plan *plan, const struct journal *runs, struct todo *todo)
{
	size_t i;

	if (plan->until > 0)
		return next_until(plan, runs, todo);
	todo->total = plan_trials(plan);
	todo->done = runs->count;
	if (todo->done >= todo->total)
		return 0;
	/* rows are in the order of trials, but let a hole be filled too */
	for (i = 0; i < todo->total && journal_has(runs, i + 1); i++)
		;
	plan_trial(plan, i, &todo->spec);
	todo->seconds = trial_seconds(plan);
	todo->left_s = (todo->total - todo->done) * seen_pace(runs, trial_pace(plan));
	return 1;
}

int plan_next(const struct plan *plan, const struct journal *runs, const struct journal *probes,
	      struct todo *todo)
{
	int more;

	memset(todo, 0, sizeof(*todo));
	todo->journal = "probes.csv";
	more = probe_next(plan, probes, todo);
	if (more)
		return more;
	todo->journal = "runs.csv";
	if (!strcmp(plan->method, "mlfrr"))
		more = search_next(plan, runs, todo);
	else
		more = next_of_grid(plan, runs, todo);
	if (more > 0)
		probe_choose(plan, probes, &todo->spec);
	return more;
}
