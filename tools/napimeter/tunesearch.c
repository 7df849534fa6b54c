// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "tunesearch.h"

#define SCREENING 0.6	/* of the time at most, if one round needs no more */
#define LOAD 0.7	/* of the loss-free rate: where CPU is compared */
#define DROP_ERROR 0.05	/* of a value that is not worse */
#define CALIBRATED 2	/* pairs at least, once it is known how long they take */
#define MOST_ROUNDS 16

struct search {
	const struct tune *t;
	struct tune_world *w;
	struct tune_step *step;
	struct tune_answer *answer;
	struct tune_config base, best;
	double budget, pace, spent;	/* seconds; pace: of one measurement */
	unsigned int least, measures, rounds, pairs;
	size_t count, total;		/* measurements */
	double cost_load;
};

double tune_cost_s(const struct tune *t)
{
	return fmax(1, 2 * t->trial_s);
}

const char *tune_minutes(double seconds)
{
	static char text[24];

	if (seconds < 60)
		snprintf(text, sizeof(text), "%.0f s", seconds);
	else
		snprintf(text, sizeof(text), "%.0f min", floor((seconds + 30) / 60));
	return text;
}

/*
 * How often to measure everything. pace 0: use a rule of thumb for the time of one
 * measurement; once it is known, there may be fewer pairs.
 */
static int schedule(struct search *s, double pace)
{
	const struct tune *t = s->t;
	double fit, confirms;
	size_t i;

	s->least = pace > 0 && t->least_pairs > CALIBRATED ? CALIBRATED : t->least_pairs;
	/* a search is some nine trials; each has a second around it */
	s->pace = pace > 0 ? pace : round(9 * (t->trial_s + 0.8) + 2 * tune_cost_s(t) + 3.5);
	s->budget = round(60 * t->minutes);
	s->measures = 0;
	for (i = 0; i < t->factors; i++)
		if (t->factor[i].values)
			s->measures += 1 + t->factor[i].values;
	fit = floor(s->budget / s->pace) - 1;
	s->rounds = fit > 0 ? fit * SCREENING / s->measures : 0;
	while (s->rounds > 1 && s->rounds * s->measures + 2 * t->least_pairs > fit)
		s->rounds--;
	s->rounds = s->rounds < 1 ? 1 : s->rounds < t->rounds ? s->rounds : t->rounds;
	confirms = floor((fit - s->rounds * s->measures) / 2);
	if (confirms < s->least) {
		fail("%g minutes are too short for this: --minutes %.0f, a shorter --trial, or fewer factors (--try)",
		     t->minutes, ceil((1 + s->measures + 2 * t->least_pairs) * s->pace / 60));
		return TUNE_TOO_SHORT;
	}
	s->pairs = fmin(confirms, t->most_pairs);
	s->total = 1 + s->rounds * s->measures + 2 * s->pairs;
	return 0;
}

static void begin(struct search *s, const struct tune *t)
{
	size_t i;

	s->t = t;
	for (i = 0; i < t->factors; i++)
		s->base.value[i] = s->best.value[i] = t->factor[i].base;
}

int tune_schedule(const struct tune *t, struct tune_schedule *to)
{
	struct search s = { 0 };
	int err;

	begin(&s, t);
	err = schedule(&s, 0);
	*to = (struct tune_schedule){ s.rounds, s.pairs, s.total, s.pace };
	return err;
}

static bool time_for(const struct search *s, unsigned int measurements)
{
	return s->spent + measurements * s->pace <= s->budget;
}

static void say(struct search *s, const char *fmt, ...) PRINTF(2, 3);

static void say(struct search *s, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->w->say(s->w, text);
}

/*
 * The loss-free rate, and CPU per packet at one load for all. 0: measured or not possible,
 * as *result says; 1: it is next; -1. needed: the search cannot continue without it.
 */
static int measure(struct search *s, const char *place, const struct tune_config *config,
		   const char *about, double width, bool needed, struct tune_result *result)
{
	double left = fmax(0, s->budget - s->spent) + s->pace;
	char text[512];

	s->count++;
	snprintf(s->step->about, sizeof(s->step->about), "[%zu/%zu, %s left] %s", s->count, s->total,
		 tune_minutes((s->total - s->count + 1) * s->pace), about);
	*result = (struct tune_result){ .cost = NAN };
	if (s->w->look(s->w, place, config, result))
		return -1;
	if (needed && result->state == TUNE_NOT_POSSIBLE && s->w->forget) {
		if (s->w->forget(s->w, place))
			return -1;
		*result = (struct tune_result){ .cost = NAN };
	}
	if (result->state == TUNE_RATE || result->state == TUNE_COST) {
		snprintf(s->step->place, sizeof(s->step->place), "%s", place);
		s->step->config = *config;
		s->step->state = result->state;
		s->step->width = width;
		s->step->load = s->cost_load > 0 ? s->cost_load : floor(LOAD * result->rate + 0.5);
		s->step->seconds = fmax(1, left - result->seconds);
		if (result->state == TUNE_COST && !(s->step->load > 0))
			return fail("the defaults lose packets at the lowest load already: give a lower --min-load");
		return 1;
	}
	s->spent += result->seconds;
	s->pace = fmax(1, floor(s->spent / s->count + 0.5));
	if (result->state == TUNE_MEASURED)
		snprintf(text, sizeof(text), "%s: %.1f Mbit/s", s->step->about, result->rate / 1e6);
	else
		snprintf(text, sizeof(text), "%s: not possible: %s", s->step->about, result->why);
	s->w->ended(s->w, text);
	return 0;
}

static int calibrate(struct search *s)
{
	struct tune_result r;
	int err = measure(s, "0", &s->base, "the defaults", s->t->width, true, &r);

	if (err)
		return err;
	if (r.state != TUNE_MEASURED)
		return fail("the defaults cannot be measured: %s", r.why);
	if (!(r.rate > 0))
		return fail("the defaults lose packets at the lowest load already: give a lower --min-load");
	if (isnan(r.cost) && s->t->objective == OBJECTIVE_LATENCY)
		return fail("no delay can be measured here: the datagrams have no time of sending, or the kernel is older than 5.6");
	s->cost_load = floor(LOAD * r.rate + 0.5);
	/* now it is known how long one takes */
	return schedule(s, s->pace);
}

/* One factor's values, the best so far first. */
struct screen {
	const struct tune_factor *factor;
	size_t at, n;
	const char *value[TUNE_VALUES + 1];
	bool out[TUNE_VALUES + 1];
	struct tune_result r[MOST_ROUNDS][TUNE_VALUES + 1];
};

static void pairs_of(const struct screen *c, size_t i, size_t rounds, struct paired *rate,
		     struct paired *cost)
{
	size_t k;

	for (k = 0; k < rounds; k++) {
		if (c->r[k][0].state != TUNE_MEASURED || c->r[k][i].state != TUNE_MEASURED)
			continue;
		paired_add(rate, c->r[k][i].rate, c->r[k][0].rate);
		paired_add(cost, c->r[k][i].cost, c->r[k][0].cost);
	}
	paired_compare(rate, 0);
	paired_compare(cost, 0);
}

/*
 * A value shown to be worse is not tried again; bad luck alone does not drop it. The
 * error is shared by the looks, one after each round from the second on.
 */
static void drop_worse(struct search *s, struct screen *c, size_t rounds)
{
	double a[MOST_ROUNDS], b[MOST_ROUNDS], ca[MOST_ROUNDS], cb[MOST_ROUNDS];
	size_t i;

	if (s->rounds < 2)
		return;
	for (i = 1; i < c->n; i++) {
		struct paired rate = { .a = a, .b = b }, cost = { .a = ca, .b = cb };

		if (c->out[i])
			continue;
		pairs_of(c, i, rounds, &rate, &cost);
		if (!paired_worse(&rate, s->t->margin, DROP_ERROR / (s->rounds - 1)))
			continue;
		c->out[i] = true;
		say(s, "%s %s: shown to be slower, rate %.3f of that of %s; not tried again",
		    c->factor->name, c->value[i], rate.ratio, c->value[0]);
	}
}

static int screen_round(struct search *s, struct screen *c, size_t round)
{
	struct plan order = { .seed = s->t->seed };
	size_t k, i;

	for (k = 0; k < c->n; k++) {
		struct tune_config config = s->best;
		struct tune_result r = { 0 };
		char place[128], about[96];
		int err;

		i = plan_shuffled(&order, 1 + c->at, round, c->n, k);
		if (c->out[i]) {
			s->total--;
			continue;
		}
		snprintf(place, sizeof(place), "%s/%zu/%s", c->factor->name, round + 1, c->value[i]);
		config.value[c->at] = c->value[i];
		if (s->w->look(s->w, place, &config, &r))
			return -1;
		if (r.state == TUNE_RATE &&
		    !time_for(s, 1 + 2 * (round ? s->t->least_pairs : s->least))) {
			say(s, "%s %s, round %zu: left out, time for the confirmation",
			    c->factor->name, c->value[i], round + 1);
			s->total--;
			if (!round && i)
				snprintf(s->answer->missed + strlen(s->answer->missed),
					 sizeof(s->answer->missed) - strlen(s->answer->missed),
					 " %s=%s", c->factor->name, c->value[i]);
			continue;
		}
		snprintf(about, sizeof(about), "%s %s, round %zu of %u", c->factor->name, c->value[i],
			 round + 1, s->rounds);
		err = measure(s, place, &config, about, s->t->width, i == 0, &c->r[round][i]);
		if (err)
			return err;
		c->out[i] = c->r[round][i].state == TUNE_NOT_POSSIBLE;
		if (c->out[0])
			return fail("the best so far cannot be measured any more: %s",
				    c->r[round][0].why);
	}
	return 0;
}

/* The rate first, then the CPU; or the objective, at no lower rate. Ratios to the best so far. */
static bool better(const struct tune *t, double rate, double cost, double than, double than_cost)
{
	double margin = t->margin;

	if (t->objective != OBJECTIVE_RATE)
		return rate >= 1 - margin && cost < than_cost - margin;
	return rate > than + margin || (rate >= than - margin && cost < than_cost - margin);
}

/* A factor's values beside the best so far; the best is the best from then on. */
static int screen(struct search *s, size_t at)
{
	double a[MOST_ROUNDS], b[MOST_ROUNDS], ca[MOST_ROUNDS], cb[MOST_ROUNDS];
	struct screen c = { .factor = &s->t->factor[at], .at = at };
	double best_rate = 1, best_cost = 1;
	size_t i, round, chosen = 0;
	int err;

	c.n = 1 + c.factor->values;
	c.value[0] = s->best.value[at];
	memcpy(c.value + 1, c.factor->value, c.factor->values * sizeof(c.value[0]));
	for (round = 0; round < s->rounds; round++) {
		err = screen_round(s, &c, round);
		if (err)
			return err;
		drop_worse(s, &c, round + 1);
	}
	for (i = 1; i < c.n; i++) {
		struct paired rate = { .a = a, .b = b }, cost = { .a = ca, .b = cb };

		pairs_of(&c, i, s->rounds, &rate, &cost);
		if (c.out[i] || !rate.n || isnan(rate.ratio))
			continue;
		if (isnan(cost.ratio))
			say(s, "%s %s: rate %.3f of that of %s", c.factor->name, c.value[i],
			    rate.ratio, c.value[0]);
		else
			say(s, "%s %s: rate %.3f, %s %.3f of that of %s",
			    c.factor->name, c.value[i], rate.ratio,
			    s->t->objective == OBJECTIVE_LATENCY ? "delay" : "CPU per packet",
			    cost.ratio, c.value[0]);
		if (!better(s->t, rate.ratio, cost.ratio, best_rate, best_cost))
			continue;
		chosen = i;
		best_rate = rate.ratio;
		best_cost = cost.ratio;
	}
	if (chosen)
		say(s, "%s: %s goes on", c.factor->name, c.value[chosen]);
	s->best.value[at] = c.value[chosen];
	return 0;
}

/*
 * Fresh trials of both, so that luck in the screening counts for nothing. Their number is
 * fixed before the first, so that no result decides how many there are.
 */
static int confirm(struct search *s)
{
	struct plan order = { .seed = s->t->seed };
	unsigned int round, side, most = ARRAY_SIZE(s->answer->pair);
	double fit = floor((s->budget - s->spent) / (2 * s->pace));
	int err;

	s->pairs = fmax(s->least, fmin(fit, s->pairs));
	if (s->w->fix_pairs(s->w, &s->pairs))
		return -1;
	if (s->pairs > most)
		s->pairs = most;
	s->total = s->count + 2 * s->pairs;
	for (round = 0; round < s->pairs; round++) {
		struct tune_result r[2] = { { 0 }, { 0 } };

		for (side = 0; side < 2; side++) {
			bool found = plan_shuffled(&order, 0, round, 2, side);
			const char *name = found ? "found" : "defaults";
			char place[64], about[96];

			snprintf(place, sizeof(place), "confirm/%u/%s", round + 1, name);
			if (!side && round >= 2 && !time_for(s, 2)) {
				struct tune_result known = { 0 };

				if (s->w->look(s->w, place, found ? &s->best : &s->base, &known))
					return -1;
				if (known.state == TUNE_RATE) {
					say(s, "the time is over after %u of %u pairs", round, s->pairs);
					return 0;
				}
			}
			snprintf(about, sizeof(about), "confirming, %s, pair %u of %u", name,
				 round + 1, s->pairs);
			err = measure(s, place, found ? &s->best : &s->base, about,
				      s->t->width_confirm, true, &r[side]);
			if (err)
				return err;
		}
		if (r[0].state == TUNE_MEASURED && r[1].state == TUNE_MEASURED)
			s->answer->pair[s->answer->pairs++] = round + 1;
	}
	return 0;
}

int tune_search(const struct tune *t, struct tune_world *w, struct tune_step *step,
		struct tune_answer *answer)
{
	struct search s = { .w = w, .step = step, .answer = answer };
	size_t i;
	int err;

	*step = (struct tune_step){ .width = 0 };
	*answer = (struct tune_answer){ .differs = false };
	begin(&s, t);
	err = schedule(&s, 0);
	if (!err)
		err = calibrate(&s);
	for (i = 0; !err && i < t->factors; i++)
		if (t->factor[i].values)
			err = screen(&s, i);
	answer->found = s.best;
	for (i = 0; i < t->factors; i++)
		answer->differs |= strcmp(s.best.value[i], s.base.value[i]) != 0;
	if (!err && answer->differs)
		err = confirm(&s);
	return err;
}
