// SPDX-License-Identifier: GPL-2.0
/* The verdict in words: buffer and CPUs, and the limits of these data. */
#include <math.h>
#include <stdlib.h>

#include "verdict.h"

#define LOSSY_MOST 6 /* weights that are named */

/*
 * The buffer was chosen at the reference weight: name the others that lose packets in it, with
 * the mean of their worst load.
 */
static void say_buffer(FILE *out, const struct data *d, const struct verdict *v,
		       const struct options *o)
{
	const struct metric *m = metric_find("loss_socket");
	const struct cell **cells = by_weight(d, v->a.from, v->a.to);
	size_t i, k, n = v->a.to - v->a.from, lossy = 0;
	double worst, loss;
	char *text = NULL;
	size_t size;
	FILE *list = must(open_memstream(&text, &size));

	for (i = 0; i < n; i = k) {
		worst = 0;
		for (k = i; k < n && cell_weight(d, cells[k]) == cell_weight(d, cells[i]); k++) {
			if (!is_udp(cell_trial(d, cells[k])) || !advised(&v->a, cell_trial(d, cells[k])))
				continue;
			loss = cell_sample(d, cells[k], m).mean;
			worst = loss > worst ? loss : worst;
		}
		if (worst > o->loss && lossy++ < LOSSY_MOST)
			fprintf(list, "%s %.0f (up to %.*f %%)", lossy > 1 ? "," : "",
				cell_weight(d, cells[i]), worst < 0.1 ? 2 : 0, 100 * worst);
	}
	if (lossy > LOSSY_MOST)
		fprintf(list, " and %zu more weights", lossy - LOSSY_MOST);
	fclose(list);
	if (v->a.n_buffers < 2)
		fprintf(out, "Socket buffer: only %s was tried, and no more than %.4g %% is lost in it",
			v->a.rcvbuf, 100 * o->loss);
	else
		fprintf(out, "Socket buffer: %s, the smallest of %zu in which no more than %.4g %% is lost",
			v->a.rcvbuf, v->a.n_buffers, 100 * o->loss);
	if (lossy)
		fprintf(out, " at weight %.0f; more is lost at%s", v->a.reference, (char *)must(text));
	fputs(". ", out);
	free(text);
	free(cells);
}

void say_place(FILE *out, const struct data *d, const struct verdict *v,
	       const struct folder *f, const struct options *o)
{
	const struct advice *a = &v->a;
	const char *ring = folder_ring(f);

	if (*ring)
		fprintf(out, "Receive ring: %s descriptors. ", ring);
	if (!a->rcvbuf)
		fputs("Socket buffer: not measured. ", out);
	else if (a->n_buffers < 2 && a->socket_loss)
		fprintf(out, "Socket buffer: only %s was tried, and packets are lost in it. ", a->rcvbuf);
	else if (a->socket_loss)
		fprintf(out, "Socket buffer: all of the %zu that were tried lose packets, %s the fewest. ",
			a->n_buffers, a->rcvbuf);
	else
		say_buffer(out, d, v, o);
	if (a->two_compared)
		fprintf(out, a->place == PLACE_TWO ?
			"CPUs: two; with the application beside the softirq packets are lost in the socket%s. " :
			"CPUs: no need to give the application one of its own%s. ",
			v->min_n < 2 ? ", by one repetition" : "");
	else
		fprintf(out, "CPUs: not compared (%s). ",
			a->place_measured[PLACE_TWO] ? "application and softirq were always apart" :
			"application and softirq were never put on two");
}

static void say_unit(FILE *out, const struct verdict *v, const struct folder *f)
{
	if (v->sessions > 1) {
		fputs(v->sessions == 2 ? "two sessions make wide intervals; " : "", out);
		if (folder_boots(f) < 2)
			fputs("all sessions were of one boot, which says nothing of another; ", out);
		return;
	}
	if (v->streams == 1)
		fputs("one stream says nothing of another; ", out);
	else if (v->streams == 2)
		fputs("two streams make wide intervals; ", out);
	else if (!v->streams && v->tested && v->min_n < 3)
		fputs("two repetitions make wide intervals; ", out);
	if (folder_boots(f) < 2)
		fputs("all trials were of one load of the module (--sessions makes several) and one boot, which says nothing of another; ", out);
}

void say_limits(FILE *out, const struct verdict *v, const struct folder *f,
		const struct options *o)
{
	const struct drift *drift = &v->drift;

	fputs("What these data cannot say: ", out);
	if (!isnan(v->a.reference) && !verdict_measured(v, DEFAULT_WEIGHT))
		fprintf(out, "%.0f itself was not measured, %.0f stands for it; ",
			DEFAULT_WEIGHT, v->a.reference);
	if (f->stand_in)
		fputs("this is a stand-in, not that hypervisor; ", out);
	say_unit(out, v, f);
	if (v->a.host_missing && v->a.host_missing < v->a.host_asked)
		fprintf(out, "host CPU is missing in %zu of %zu trials, so the guest's is used; ",
			v->a.host_missing, v->a.host_asked);
	else if (v->a.host_missing)
		fputs("host CPU was not measured; ", out);
	if (v->loads == 1)
		fputs("one load tells nothing of others; ", out);
	if (v->without_ref)
		fprintf(out, "at %zu more loads %.0f was not measured; ", v->without_ref,
			v->a.reference);
	if (v->tested && v->action != CHANGE && !isnan(v->detectable))
		fprintf(out, v->detectable < 1 ?
			"a gain below %.1f %% at one load could have been missed; " :
			"even a doubling at one load could have been missed; ",
			100 * v->detectable);
	if (v->until)
		fputs("--until chose the number of repetitions by what they showed; ", out);
	if (f->short_source)
		fprintf(out, "in %zu of %zu trials the source sent less than it was asked; ",
			f->short_source, f->n);
	if (f->high_remainder)
		fprintf(out, "in %zu of %zu trials packets are missing without a place; ",
			f->high_remainder, f->n);
	if (f->failed)
		fprintf(out, "%zu of %zu trials failed; ", f->failed, f->n);
	if (v->left_out.n) {
		say_left_out(out, &v->left_out);
		fputs("; ", out);
	}
	if (drift->p < DRIFT_P)
		fprintf(out, "bandwidth drifted by %+.1f %% [%+.1f, %+.1f] from the first trial to the last; ",
			tenths(drift->slope), tenths(drift->ci.lo), tenths(drift->ci.hi));
	if (drift->stolen)
		fprintf(out, "in %zu of %zu trials the host took over %.0f %% of a CPU (at most %.1f %%); ",
			drift->stolen, drift->n, STEAL_MUCH, drift->steal);
	fprintf(out, "anything of another machine, kernel or traffic. Intervals are %.4g %%.",
		100 * o->confidence);
}
