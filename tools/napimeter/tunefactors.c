// SPDX-License-Identifier: GPL-2.0
/* The arguments of a search: factors, their values, and the sweep's options for them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "tunefolder.h"

struct tune_asked tune_asked;

/* A factor's value is one of words, or one number for each column, with colons between. */
static const struct kind {
	const char *name;
	const char *words[4];
	enum column column[2];
	size_t columns;
	const char *option[2];
} kinds[] = {
	{ "rcvbuf", { "default" }, { COL_rcvbuf }, 1, { "--rcvbuf" } },
	{ "ring", { NULL }, { COL_rx_ring }, 1, { "--rx-ring" } },
	{ "cpus", { "free", "one", "two" }, { 0 }, 0, { "--cpus" } },
	{ "weight", { NULL }, { COL_weight }, 1, { "--weight" } },
	{ "rx-usecs", { NULL }, { COL_rx_usecs }, 1, { "--rx-usecs" } },
	{ "gro", { NULL }, { COL_gro }, 1, { "--gro" } },
	{ "threaded", { NULL }, { COL_threaded }, 1, { "--threaded" } },
	{ "defer", { NULL }, { COL_defer_hard_irqs, COL_gro_flush_timeout }, 2,
	  { "--defer-hard-irqs", "--gro-flush-timeout" } },
	{ "budget", { NULL }, { COL_netdev_budget }, 1, { "--netdev-budget" } },
	{ "budget-usecs", { NULL }, { COL_netdev_budget_usecs }, 1, { "--netdev-budget-usecs" } },
	{ "rps", { NULL }, { COL_rps_cpus }, 1, { "--rps-cpus" } },
	{ "backlog", { NULL }, { COL_netdev_max_backlog }, 1, { "--netdev-max-backlog" } },
	{ "busy-read", { NULL }, { COL_busy_read }, 1, { "--busy-read" } },
};

static const struct kind *kind_of(const char *factor)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, factor))
			return &kinds[i];
	return NULL;
}

/* Digits, without a leading zero; of memory with K, M or G after them. */
static bool is_plain(const char *word, bool memory)
{
	char digits[24];
	size_t n = strspn(word, "0123456789");

	if (n >= sizeof(digits) || (word[n] && !(memory && strchr("KMG", word[n]) && !word[n + 1])))
		return false;
	memcpy(digits, word, n);
	digits[n] = '\0';
	return is_count(digits);
}

int tune_check_value(const char *factor, const char *value)
{
	const struct kind *k = kind_of(factor);
	char *copy, *rest, *word;
	size_t i;
	int err = 0;

	if (!k)
		return fail("no factor '%s'", factor);
	for (i = 0; i < ARRAY_SIZE(k->words) && k->words[i]; i++)
		if (!strcmp(k->words[i], value))
			return 0;
	copy = rest = xasprintf("%s", value);
	for (i = 0; !err && i < k->columns; i++) {
		word = i + 1 < k->columns ? strsep(&rest, ":") : rest;
		if (!word || !is_plain(word, k->column[i] == COL_rcvbuf))
			err = fail("%s cannot be '%s'", factor, value);
		else if (axis_check(k->column[i], word))
			err = fail("%s cannot be '%s': %s", factor, value, failure());
	}
	free(copy);
	return k->columns ? err : fail("%s cannot be '%s'", factor, value);
}

void tune_print_options(const struct tune *t, const struct tune_config *config)
{
	size_t i;

	for (i = 0; i < t->factors; i++) {
		const struct kind *k = kind_of(t->factor[i].name);
		const char *value = config->value[i], *colon = strchr(value, ':');

		if (k->columns == 2)
			printf(" %s %.*s %s %s", k->option[0], (int)(colon - value), value,
			       k->option[1], colon + 1);
		else if (strcmp(value, "free"))
			printf(" %s %s", k->option[0], value);
	}
}

/* "VALUE,VALUE" */
static int parse_values(struct tune_factor *f, char *rest)
{
	const char *value;
	size_t i;

	while (rest && *rest) {
		value = intern(strsep(&rest, ","));
		if (tune_check_value(f->name, value))
			return -1;
		for (i = 0; i < f->values; i++)
			if (!strcmp(f->value[i], value))
				return fail("%s: %s is there twice", f->name, value);
		if (f->values == TUNE_VALUES)
			return fail("%s: more than %d values", f->name, TUNE_VALUES);
		/* what is to be beaten is measured anyway */
		if (strcmp(value, f->base))
			f->value[f->values++] = value;
	}
	return 0;
}

/* "NAME/BASE/VALUE,VALUE" */
static int parse_factor(struct tune *t, const char *word)
{
	struct tune_factor *f = &t->factor[t->factors];
	char *copy = xasprintf("%s", word), *rest = copy;
	const char *name = intern(strsep(&rest, "/")), *base = strsep(&rest, "/");
	size_t i;
	int err = 0;

	if (t->factors == TUNE_FACTORS)
		err = fail("more than %d factors", TUNE_FACTORS);
	else if (!base || !rest)
		err = fail("\"%s\" is not a factor to be tried", word);
	for (i = 0; !err && i < t->factors; i++)
		if (!strcmp(t->factor[i].name, name))
			err = fail("the factor %s is there twice", name);
	if (!err) {
		*f = (struct tune_factor){ .name = name, .base = intern(base) };
		err = tune_check_value(name, base) || parse_values(f, rest);
	}
	free(copy);
	t->factors += !err;
	return err ? -1 : 0;
}

static int parse_real(const char *key, const char *text, double least, double most, double *to)
{
	if (!is_real(text, to) || !(*to >= least && *to <= most) || *text == '-' || *text == '+')
		return fail("--%s requires a number from %g to %g, not '%s'", key, least, most, text);
	return 0;
}

static int parse_two(const char *text, unsigned int most, unsigned int *a, unsigned int *b)
{
	int end = 0;

	if (sscanf(text, "%u-%u%n", a, b, &end) != 2 || text[end] || !*a || *a > *b || *b > most)
		return fail("\"%s\" is not a range of numbers up to %u", text, most);
	return 0;
}

static int parse_word(struct tune *t, const char *word)
{
	double percent = 100 * t->margin, rounds = t->rounds;
	const struct {
		const char *key;
		double least, most, *to;
	} numbers[] = {
		{ "minutes", 0.01, 1e5, &t->minutes }, { "trial", 0.01, 3600, &t->trial_s },
		{ "margin", 0.001, 99, &percent }, { "rounds", 1, 16, &rounds },
		{ "width", 1e-4, 1, &t->width }, { "confirm-width", 1e-4, 1, &t->width_confirm },
	};
	const char *value = strchr(word, '=');
	char key[16];
	size_t i;

	if (!value || value - word >= (int)sizeof(key))
		return fail("\"%s\" is not a word of a search", word);
	memcpy(key, word, value - word);
	key[value++ - word] = '\0';
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!strcmp(key, numbers[i].key)) {
			if (parse_real(key, value, numbers[i].least, numbers[i].most, numbers[i].to))
				return -1;
			t->margin = percent / 100;
			t->rounds = rounds;
			return 0;
		}
	if (!strcmp(key, "try"))
		return parse_factor(t, value);
	if (!strcmp(key, "objective")) {
		int found = objective_find(value);

		if (found < 0)
			return fail("--objective takes rate, latency or cpu, not '%s'", value);
		t->objective = found;
		return 0;
	}
	if (!strcmp(key, "pairs"))
		return parse_two(value, 64, &t->least_pairs, &t->most_pairs);
	if (!strcmp(key, "interface")) {
		tune_asked.interface = intern(value);
	} else if (!strcmp(key, "sweep")) {
		tune_asked.sweep = intern(value);
	} else if (!strcmp(key, "seed")) {
		if (!is_count(value))
			return fail("--seed requires a whole number, not '%s'", value);
		t->seed = strtoull(value, NULL, 10);
	} else {
		return fail("\"%s\" is not a word of a search", word);
	}
	return 0;
}

int tune_parse(struct tune *t, char *const words[], size_t count)
{
	size_t i, tried = 0;

	*t = (struct tune){ .minutes = 30, .trial_s = 1, .margin = 0.02, .rounds = 3,
			    .least_pairs = 4, .most_pairs = 10, .width = 0.02, .width_confirm = 0.01 };
	tune_asked = (struct tune_asked){ "", "" };
	for (i = 0; i < count; i++)
		if (parse_word(t, words[i]))
			return -1;
	for (i = 0; i < t->factors; i++)
		tried += t->factor[i].values;
	return tried ? 0 : fail("there is nothing to try");
}
