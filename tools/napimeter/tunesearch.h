/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The search of scripts/tune.sh: which configuration is measured next, and which one is
 * found. Nothing is kept between two calls: the same measurements lead to the same next one.
 */
#ifndef NAPIMETER_TUNESEARCH_H
#define NAPIMETER_TUNESEARCH_H

#include "../lib/paired.h"
#include "util.h"

#define TUNE_FACTORS 16
#define TUNE_VALUES 32

/* A setting: what is to be beaten, and the values that are tried against it. */
struct tune_factor {
	const char *name, *base;
	const char *value[TUNE_VALUES];
	size_t values;
};

struct tune {
	struct tune_factor factor[TUNE_FACTORS];
	size_t factors;
	enum objective objective;
	uint64_t seed;
	double minutes, trial_s;
	double margin;			/* a ratio */
	unsigned int rounds;		/* of screening, at most */
	unsigned int least_pairs, most_pairs;	/* of the confirmation */
	double width, width_confirm;	/* of a search, relative */
};

/* One value of each factor, in the order of struct tune. */
struct tune_config {
	const char *value[TUNE_FACTORS];
};

enum tune_state {
	TUNE_RATE,	/* its loss-free rate is to be measured */
	TUNE_COST,	/* its CPU per packet is */
	TUNE_MEASURED,
	TUNE_NOT_POSSIBLE,
};

struct tune_result {
	enum tune_state state;
	double seconds;		/* spent so far */
	double rate;		/* bit/s, 0: it loses packets at the lowest load */
	double cost;		/* CPU seconds per million packets, or delay; NAN: not known */
	char why[128];		/* of what is not possible */
};

/* Where measurements come from: the results folder, or a test's made-up NIC. */
struct tune_world {
	/* Results of the configuration measured in this place; -1: failed. */
	int (*look)(struct tune_world *w, const char *place, const struct tune_config *config,
		    struct tune_result *result);
	/* Fix the number of pairs before the first one: what was fixed earlier, else n. */
	int (*fix_pairs)(struct tune_world *w, unsigned int *n);
	/* Progress, for people: a line, or the beginning of one that its result ends. */
	void (*say)(struct tune_world *w, const char *text);
	/* A measurement that ended was seen; text is its line. */
	void (*ended)(struct tune_world *w, const char *text);
	/* May be NULL. What failed where the search cannot do without it: it is tried again. */
	int (*forget)(struct tune_world *w, const char *place);
};

/* The next measurement. */
struct tune_step {
	char place[128];	/* a folder: 0, weight/2/128, confirm/3/found */
	char about[160];	/* for people, with the time left */
	struct tune_config config;
	enum tune_state state;	/* TUNE_RATE or TUNE_COST */
	double width;		/* of the search */
	double load;		/* bit/s, of the cost */
	double seconds;		/* after which it is to be stopped */
};

struct tune_answer {
	struct tune_config found;
	bool differs;		/* from what was to be beaten */
	unsigned int pair[64];	/* the confirmation's pairs that were measured */
	size_t pairs;
	char missed[512];	/* " F=V …" for which there was no time */
};

/*
 * 1: *step is next. 0: nothing is left to do, *answer says what was found. -1: it cannot
 * go on, with the reason kept; TUNE_TOO_SHORT if the minutes are not enough.
 */
#define TUNE_TOO_SHORT (-2)
int tune_search(const struct tune *t, struct tune_world *w, struct tune_step *step,
		struct tune_answer *answer);

/* How often everything is measured, as far as can be said before the first measurement. */
struct tune_schedule {
	unsigned int rounds, pairs;
	size_t measurements;
	double seconds;		/* for one of them */
};

/* 0, or TUNE_TOO_SHORT with the minutes that are needed kept as the reason. */
int tune_schedule(const struct tune *t, struct tune_schedule *to);

/* How long a trial of CPU per packet takes: CPU time is counted in ticks of 10 ms. */
double tune_cost_s(const struct tune *t);
/* "45 s", "7 min"; in a buffer of its own */
const char *tune_minutes(double seconds);

#endif
