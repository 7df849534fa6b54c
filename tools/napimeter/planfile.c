// SPDX-License-Identifier: GPL-2.0
/* The request for a sweep: KEY=VALUE words, stored in sweep.json. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "folder.h"
#include "conditions.h"
#include "plan.h"

#define SEED_MASK ((1ULL << 53) - 1)	/* what a JSON reader keeps exactly */
#define TRIALS_MAX 100000	/* a week of five seconds each */
#define UNTIL_REPS 20	/* repetitions at most, if nothing else is asked for */

static const char *const other_keys[] = {
	"method", "preset", "quick", "seed", "interface", "source", "server", "port", "netns", "peer",
	"host", "sessions", "reps", "seconds", "until", "blocks", "slot_s", "settle_s", "goal_loss_ratio",
	"goal_width", "goal_exceed_ratio", "goal_initial_trial_s", "goal_final_trial_s",
	"goal_duration_sum_s", "min_load", "max_load",
};

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
		return fail("%s: \"%s\" is not a number in %g..%g", plan_option(key), text, min, max);
	return 0;
}

static int parse_numbers(struct plan *p, json_t *asked)
{
	double port, sessions, reps, blocks;

	if (number_key(asked, "until", 0, 0.01, 100, &p->until) ||
	    number_key(asked, "port", !strcmp(p->source, "iperf") ? 5001 : 5003, 1, 65535, &port) ||
	    number_key(asked, "reps", p->until > 0 ? UNTIL_REPS : 1, 1, 10000, &reps) ||
	    number_key(asked, "sessions", 1, 1, 1000, &sessions) ||
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
	p->sessions = sessions;
	p->reps = reps;
	p->blocks = blocks;
	if (!strcmp(word_of(asked, "quick", "0"), "1")) {
		p->seconds /= 10;
		if (!p->until)
			p->reps = reps < 3 ? reps : 3;
		p->blocks = (blocks + 1) / 2;
	}
	if (p->min_load >= p->max_load)
		return fail("--min-load is not below --max-load");
	if (p->until > 0 && p->reps < UNTIL_LEAST)
		return fail("--until: an interval requires at least %d repetitions, --reps allows %u", UNTIL_LEAST,
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
	double trials = (double)p->sessions * p->reps *
			(!strcmp(p->method, "interleave") ? p->blocks : 1);

	for (i = 0; i < COL_COUNT; i++)
		trials *= is_axis(i) ? p->axis[i].count : 1;
	if (trials > TRIALS_MAX)
		return fail("these are %.3g trials; at most %d can be done", trials, TRIALS_MAX);
	for (i = 0; i < 3; i++)
		found += !strcmp(p->method, methods[i]) + 4 * !strcmp(p->source, sources[i]);
	if (found != 5)
		return fail("method %s with source %s: methods are grid, interleave, mlfrr; sources are iperf, pktgen, napimeter",
			    p->method, p->source);
	if (p->until > 0 && strcmp(p->method, "grid"))
		return fail("--until goes with --method grid only");
	if (p->sessions > 1 && (p->until > 0 || !strcmp(p->method, "mlfrr")))
		return fail("--sessions goes with --method grid or interleave only, and without --until");
	if (!*p->interface)
		return fail("no interface given");
	/* these become parts of paths */
	if (!is_name(p->interface, 15) || (*p->peer && !is_name(p->peer, 15)) ||
	    (*p->netns && !is_name(p->netns, 255)))
		return fail("interface \"%s\", peer \"%s\", netns \"%s\": one of them is not a name",
			    p->interface, p->peer, p->netns);
	if (!is_preset(word_of(asked, "preset", "")))
		return fail("preset \"%s\" is not a name", word_of(asked, "preset", ""));
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
	if (!strcmp(p->source, "iperf") && plan_sets(p, COL_irq_suspend_timeout))
		return fail("--irq-suspend-timeout acts while an application polls the NIC, which iperf does not: use --source napimeter (`napimeter serve` on the other host) or pktgen");
	return 0;
}

static bool is_known(const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(other_keys); i++)
		if (!strcmp(key, other_keys[i]))
			return true;
	return is_axis(column_find(key));
}

static int parse(struct plan *p, json_t *asked)
{
	const char *key;
	json_t *value;

	json_object_foreach(asked, key, value)
		if (!is_known(key) || !json_is_string(value))
			return fail("\"%s\" is not a setting of a sweep, or has no text", key);
	p->method = word_of(asked, "method", "grid");
	p->interface = word_of(asked, "interface", "");
	p->source = word_of(asked, "source", "iperf");
	p->server = word_of(asked, "server", "");
	p->netns = word_of(asked, "netns", "");
	p->peer = word_of(asked, "peer", "");
	p->host = word_of(asked, "host", "");
	p->preset = word_of(asked, "preset", "");
	p->columns = COL_COUNT_PLAIN;
	if (parse_numbers(p, asked))
		return -1;
	if (plan_parse_axes(p, asked))
		return -1;
	if (p->sessions > 1)
		p->columns = COL_COUNT;
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
		return len ? -1 : fail("%s has no sweep.json: it is not a results folder of a sweep", dir);
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
		err = fail("\"%s\" is not a setting of a sweep", word);
	else
		err = json_object_set_new(asked, key, json_string(value + 1));
	free(key);
	return err;
}

int plan_make(const char *dir, char *const words[])
{
	json_t *asked = json_object(), *json = NULL;
	uint64_t seed = 0;
	struct plan old = { 0 };
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
