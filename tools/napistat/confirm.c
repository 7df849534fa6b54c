// SPDX-License-Identifier: GPL-2.0
/*
 * Fresh trials, in DIR/confirm: the best rival and the reference alone, their number fixed
 * before. The sweep chose that rival by the trials it then estimates it from; the fresh
 * trials did not take part in the choice, so their interval needs no allowance for it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verdict.h"

/* Fresh trials count at the same loads and in the same buffer only. */
static bool same_places(const struct verdict *a, const struct verdict *b)
{
	return a->loads == b->loads && a->lowest == b->lowest && a->highest == b->highest &&
	       !strcmp(a->a.rcvbuf ? a->a.rcvbuf : "", b->a.rcvbuf ? b->a.rcvbuf : "");
}

static void take(struct verdict *v, const struct data *d, const struct options *o)
{
	struct verdict fresh = verdict_of(d, 0, o);
	const struct rival *r = fresh.n == 1 ? &fresh.rivals[0] : NULL;
	const struct folder *f = &d->folders[0];
	double sessions = fmax(1, asked_number(f, "sessions", 1));
	size_t reps = fresh.streams ? fresh.streams : fresh.min_n;

	/* their number was fixed before: until all are there, they say nothing */
	if (r && r->weight == v->winner->weight && fresh.a.reference == v->a.reference &&
	    fresh.trials && fresh.sessions >= sessions && same_places(&fresh, v) &&
	    reps >= asked_number(f, "reps", 1) * (fresh.streams ? 1 : sessions)) {
		v->fresh = (struct fresh){
			.there = true, .shown = fresh.winner,
			.reps = sessions > 1 ? fresh.sessions : reps,
			.unit = sessions > 1 ? "sessions" :
				fresh.streams ? "streams" : "repetitions",
			.failed = fresh.ref.failed + r->seen.failed,
			.effect = r->effect, .cost_effect = r->cost_effect,
			.ci = r->ci, .cost_ci = r->cost_ci,
		};
	}
	verdict_free(&fresh);
}

int verdict_confirm(struct verdict *v, const char *folder, const struct options *o,
		    struct problem *why)
{
	struct data d = { 0 };
	char *path;
	int err = 0;

	if (v->action != CHANGE)
		return 0;
	if (asprintf(&path, "%s/confirm/runs.csv", folder) < 0)
		must(NULL);
	if (!access(path, F_OK)) {
		path[strlen(path) - strlen("/runs.csv")] = '\0';
		err = data_read_folder(&d, path, why);
		if (!err) {
			data_arrange(&d);
			take(v, &d, o);
		}
		data_free(&d);
	}
	free(path);
	if (v->fresh.there && !v->fresh.shown) {
		v->winner = NULL;
		v->action = CANNOT_SAY;
	}
	return err;
}
