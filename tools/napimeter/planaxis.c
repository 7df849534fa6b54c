// SPDX-License-Identifier: GPL-2.0
/* The axes of a grid: lists of values, as LIST or FIRST..LAST[+STEP]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

#define AXIS_MAX 4096

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
	{ COL_rx_ring, SCALE_NONE, "", 8, 65536 },
	{ COL_rps_cpus, SCALE_NONE, "", 0, 32 },
	{ COL_netdev_max_backlog, SCALE_NONE, "", 1, 1e6 },
	{ COL_busy_read, SCALE_NONE, "", 0, 1e6 },
	{ COL_mtu, SCALE_NONE, "", 576, 16110 },
	{ COL_irq_suspend_timeout, SCALE_NONE, "", 0, 4e9 },
};

const char *plan_option(const char *key)
{
	static char option[40];
	char *c;

	snprintf(option, sizeof(option), "--%s", !strcmp(key, "offered_bps") ? "load" : key);
	if (!strcmp(key, "slot_s") || !strcmp(key, "settle_s"))
		option[strlen(option) - 2] = '\0';
	for (c = option; *c; c++)
		*c = *c == '_' ? '-' : *c;
	return option;
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
	if (set->scale == SCALE_RATE && *number && *number < 1000)
		return fail("%s bit/s is less than one packet a second; did you mean %sM?", word, word);
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
		return fail("%s: %s", plan_option(column_name(set->col)), failure());
	for (i = 0; i < axis->count; i++)
		for (j = 0; j < i; j++)
			if (!strcmp(axis->value[i], axis->value[j]))
				return fail("%s: %s is there twice",
					    plan_option(column_name(set->col)), axis->value[i]);
	return 0;
}

int axis_check(enum column col, const char *value)
{
	uint64_t number;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].col == col)
			return number_of(&settings[i], value, &number);
	return fail("%s is not an axis", column_name(col));
}

int plan_parse_axes(struct plan *p, json_t *asked)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		enum column col = settings[i].col;
		const char *list = json_string_value(json_object_get(asked, column_name(col)));
		const char *preset = settings[i].preset;

		if (list && col >= COL_COUNT_PLAIN)
			p->columns = COL_COUNT_EXTRA;
		/* its header is longer; what iperf takes there too */
		if (col == COL_datagram && strchr(p->server, ':'))
			preset = "1450";
		if (parse_axis(&p->axis[col], &settings[i], list ? list : preset))
			return -1;
	}
	return 0;
}
