// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"

enum placement placement_of(const struct trial *t)
{
	const char *app = word(t, COL_app_cpu), *irq = word(t, COL_irq_cpu);

	if (!is_count(app) || !is_count(irq))
		return PLACE_FREE;
	return strcmp(app, irq) ? PLACE_TWO : PLACE_ONE;
}

bool is_search(const struct trial *t)
{
	return !strcmp(word(t, COL_method), "mlfrr");
}

bool is_udp(const struct trial *t)
{
	return !strcmp(word(t, COL_protocol), "udp");
}

bool measured(const struct data *d, size_t from, size_t to,
	      const struct metric *m)
{
	size_t i;

	for (i = from; i < to; i++)
		if (cell_sample(d, &d->cells[i], m).n)
			return true;
	return false;
}

static double most_of(const struct data *d, const struct cell *c, const struct metric *m)
{
	double most = -INFINITY, v;
	size_t i;

	for (i = 0; i < c->n; i++) {
		v = m->of(&d->trials[d->order[c->first + i]]);
		most = v > most ? v : most;
	}
	return most;
}

enum answer loses(const struct data *d, const struct cell *c,
		  const struct metric *m, const struct options *o)
{
	struct sample s = cell_sample(d, c, m);
	/* one-sided: how little may the mean be? */
	struct interval ci = mean_interval(&s, 2 * o->confidence - 1);

	if (s.n < 2)
		return s.mean > o->loss ? A_YES : A_NO;
	if (s.mean > o->loss)
		return ci.lo > o->loss ? A_YES : A_UNCLEAR;
	/* losses are rare and large: one trial above the limit is enough to doubt */
	return most_of(d, c, m) > o->loss ? A_UNCLEAR : A_NO;
}

/* In bytes; of "default" what the kernel had as the sweep began, or Linux's own value. */
static double buffer_size(const struct folder *f, const char *rcvbuf)
{
	const char *had;

	if (is_count(rcvbuf))
		return strtod(rcvbuf, NULL);
	had = json_string_value(json_object_get(json_object_get(f->meta, "conditions"),
						"rmem_default"));
	return had && is_count(had) ? strtod(had, NULL) : 212992;
}

/* the worst mean loss in the socket over the loads, per buffer and placement */
struct tried {
	const char *rcvbuf;
	bool seen[N_PLACES];
	double worst[N_PLACES];
};

static size_t buffers(const struct data *d, const struct advice *a,
		      struct tried *list, size_t max)
{
	const struct metric *socket = metric_find("loss_socket");
	size_t i, k, n = 0;

	for (i = a->from; i < a->to; i++) {
		const struct cell *c = &d->cells[i];
		const struct trial *t = cell_trial(d, c);
		enum placement p = placement_of(t);
		double loss = cell_sample(d, c, socket).mean;

		if (!is_udp(t) || is_search(t) || isnan(loss) ||
		    cell_weight(d, c) != a->reference || !word(t, COL_rcvbuf)[0])
			continue;
		for (k = 0; k < n; k++)
			if (list[k].rcvbuf == word(t, COL_rcvbuf))
				break;
		if (k == max)
			continue;
		if (k == n)
			list[n++] = (struct tried){ .rcvbuf = word(t, COL_rcvbuf) };
		list[k].worst[p] = fmax(list[k].worst[p], loss);
		list[k].seen[p] = true;
	}
	return n;
}

static double least_worst(const struct tried *b)
{
	double least = INFINITY;
	int p;

	for (p = 0; p < N_PLACES; p++)
		if (b->seen[p])
			least = fmin(least, b->worst[p]);
	return least;
}

static void choose_buffer(const struct data *d, struct advice *a,
			  const struct options *o)
{
	const struct folder *f = &d->folders[cell_trial(d, &d->cells[a->from])->folder];
	struct tried list[64], *best = NULL;
	size_t i;

	a->n_buffers = buffers(d, a, list, 64);
	for (i = 0; i < a->n_buffers; i++) {
		struct tried *b = &list[i];
		bool fits = least_worst(b) <= o->loss;
		bool best_fits = best && least_worst(best) <= o->loss;

		if (!best || (fits && !best_fits) ||
		    (fits && buffer_size(f, b->rcvbuf) < buffer_size(f, best->rcvbuf)) ||
		    (!fits && !best_fits && least_worst(b) < least_worst(best)))
			best = b;
	}
	if (!best)
		return;
	a->rcvbuf = best->rcvbuf;
	a->socket_loss = least_worst(best) > o->loss;
	/* two CPUs only where one does not do */
	if (best->seen[PLACE_TWO]) {
		for (i = PLACE_FREE; i < PLACE_TWO; i++)
			a->two_compared |= best->seen[i];
		a->place = PLACE_TWO;
		for (i = PLACE_TWO; i-- > PLACE_FREE;)
			if (best->seen[i] &&
			    (best->worst[i] <= o->loss ||
			     best->worst[i] <= best->worst[PLACE_TWO]))
				a->place = i;
	} else {
		a->place = best->seen[PLACE_ONE] ? PLACE_ONE : PLACE_FREE;
	}
}

bool advised(const struct advice *a, const struct trial *t)
{
	if (is_search(t))
		return false;
	if (!is_udp(t) || !a->rcvbuf)
		return true;
	return word(t, COL_rcvbuf) == a->rcvbuf && placement_of(t) == a->place;
}

struct advice advise(const struct data *d, size_t folder,
		     const struct options *o)
{
	struct advice a = { .reference = NAN };
	size_t i, k;

	while (a.from < d->n_cells &&
	       cell_trial(d, &d->cells[a.from])->folder < folder)
		a.from++;
	for (a.to = a.from; a.to < d->n_cells; a.to++)
		if (cell_trial(d, &d->cells[a.to])->folder != folder)
			break;
	a.reference = nearest_weight(d, a.from, a.to, o->reference);
	for (i = a.from; i < a.to; i++)
		a.place_measured[placement_of(cell_trial(d, &d->cells[i]))] = true;
	choose_buffer(d, &a, o);
	a.cpu = metric_find("host_cpu");
	a.cost = metric_find("host_cost");
	for (i = a.from; i < a.to; i++) {
		const struct cell *c = &d->cells[i];

		if (!advised(&a, cell_trial(d, c)))
			continue;
		a.host_asked += c->n;
		for (k = 0; k < c->n; k++)
			a.host_missing += row_empty(&d->trials[d->order[c->first + k]].row,
						    COL_host_cpu);
	}
	if (a.host_missing || !a.host_asked) {
		a.cpu = metric_find("cpu_total");
		a.cost = metric_find("guest_cost");
	}
	a.delivered = metric_find("delivered_bps");
	if (!measured(d, a.from, a.to, a.delivered))
		a.delivered = metric_find("packets_per_s");
	return a;
}
