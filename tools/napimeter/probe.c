// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

#define PROBE_SECONDS 2
#define RCVBUF_START (128 * 1024)
#define RCVBUF_LEAST (8 * 1024)
#define RCVBUF_MOST (64 * 1024 * 1024)
#define RCVBUF_AMPLE "8388608"	/* the study's, while others are looked for */
#define RCVBUF_WIDTH 1.1	/* found to 10 % */
#define CLEAN_TRIALS 3		/* trials without loss that make a size good */
#define CPU_TRIALS 3		/* of each placement */
#define CPU_MARGIN 1.05		/* dearer by less than this is not dearer */
#define MORE_LOSS 0.001
#define FAILED_MOST 3

static bool is_auto(const struct plan *plan, enum column col)
{
	const struct axis *axis = &plan->axis[col];
	size_t i;

	for (i = 0; i < axis->count; i++)
		if (!strcmp(axis->value[i], "auto"))
			return true;
	return false;
}

static size_t failed(const struct journal *probes, const char *method)
{
	size_t i, n = 0;

	for (i = 0; probes->rows && probes->rows && i < probes->count; i++)
		n += row_is(&probes->rows[i], COL_method, method) &&
		     row_is(&probes->rows[i], COL_status, "failed");
	return n;
}

static bool is_of(const struct row *row, const char *method)
{
	return row_is(row, COL_method, method) && !row_is(row, COL_status, "failed");
}

/* ---- self-test of the source ---- */

static double highest_load(const struct plan *plan)
{
	const struct axis *loads = &plan->axis[COL_offered_bps];
	double highest = 0;
	size_t i;

	if (!strcmp(plan->method, "mlfrr"))
		return plan->max_load;
	for (i = 0; i < loads->count; i++) {
		double load = strtod(loads->value[i], NULL);

		if (load == 0)
			return 0;	/* full speed */
		highest = fmax(highest, load);
	}
	return highest;
}

static bool has_udp(const struct plan *plan)
{
	const struct axis *protocols = &plan->axis[COL_protocol];
	size_t i;

	for (i = 0; i < protocols->count; i++)
		if (!strcmp(protocols->value[i], "udp"))
			return true;
	return false;
}

static const struct row *self_test(const struct journal *probes)
{
	size_t i;

	for (i = 0; probes->rows && probes->rows && i < probes->count; i++)
		if (row_is(&probes->rows[i], COL_method, "selftest"))
			return &probes->rows[i];
	return NULL;
}

/* ---- one CPU or two ---- */

struct placement {
	size_t trials;
	double loss, cpu_per_packet;	/* means */
};

static struct placement placed(const struct journal *probes, const char *app_cpu)
{
	struct placement p = { 0 };
	size_t i;

	for (i = 0; probes->rows && i < probes->count; i++) {
		const struct row *row = &probes->rows[i];
		double received = row_number(row, COL_received);

		if (!is_of(row, "cpus") || !row_is(row, COL_app_cpu, app_cpu) ||
		    !(received > 0))
			continue;
		p.trials++;
		p.loss += 1 - received / row_number(row, COL_sent);
		p.cpu_per_packet += row_number(row, COL_cpu_total) *
				    row_number(row, COL_seconds) / received;
	}
	p.loss /= p.trials;
	p.cpu_per_packet /= p.trials;
	return p;
}

/* "0" or "1", the CPU for the application when softirq is on CPU 0; NULL: leave both. */
static const char *choose_cpus(const struct journal *probes, char *why, size_t len)
{
	struct placement one = placed(probes, "0"), two = placed(probes, "1");

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		snprintf(why, len, "there is one CPU only");
		return NULL;
	}
	if (!one.trials || !two.trials) {
		snprintf(why, len, "the trials failed; left as they were");
		return NULL;
	}
	snprintf(why, len, "one CPU loses %.3g %% at %.3g us of CPU per packet, two lose %.3g %% at %.3g us",
		 100 * one.loss, 1e4 * one.cpu_per_packet, 100 * two.loss,
		 1e4 * two.cpu_per_packet);
	if (one.loss > two.loss + MORE_LOSS)
		return "1";
	if (two.loss > one.loss + MORE_LOSS)
		return "0";
	return one.cpu_per_packet > CPU_MARGIN * two.cpu_per_packet ? "1" : "0";
}

static bool next_cpus(const struct journal *probes, struct row *spec)
{
	size_t one = placed(probes, "0").trials, two = placed(probes, "1").trials;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2 || failed(probes, "cpus") >= FAILED_MOST)
		return false;
	if (one >= CPU_TRIALS && two >= CPU_TRIALS)
		return false;
	/* in turn, so that a drift of the host's load hits both */
	row_set(spec, COL_app_cpu, "%d", one > two);
	row_set(spec, COL_irq_cpu, "0");
	return true;
}

/* ---- the smallest buffer without loss in the socket ---- */

struct sizes {
	double bad;		/* largest with loss, 0: none */
	double good;		/* smallest without, 0: none */
	double unsure;		/* smallest above bad with too few trials yet, 0: none */
};

static struct sizes sizes_of(const struct journal *probes)
{
	struct sizes s = { 0 };
	size_t i, j;

	for (i = 0; probes->rows && i < probes->count; i++)
		if (is_of(&probes->rows[i], "rcvbuf") &&
		    row_number(&probes->rows[i], COL_lost_socket) > 0)
			s.bad = fmax(s.bad, row_number(&probes->rows[i], COL_rcvbuf));
	for (i = 0; probes->rows && probes->rows && i < probes->count; i++) {
		double size = row_number(&probes->rows[i], COL_rcvbuf);
		size_t clean = 0;

		if (!is_of(&probes->rows[i], "rcvbuf") || size <= s.bad)
			continue;
		for (j = 0; j < probes->count; j++)
			clean += is_of(&probes->rows[j], "rcvbuf") &&
				 row_number(&probes->rows[j], COL_rcvbuf) == size;
		if (clean >= CLEAN_TRIALS && (!s.good || size < s.good))
			s.good = size;
		if (clean < CLEAN_TRIALS && (!s.unsure || size < s.unsure))
			s.unsure = size;
	}
	return s;
}

static double rounded(double size)
{
	return floor(size / 4096) * 4096;
}

static bool next_rcvbuf(const struct journal *probes, struct row *spec)
{
	struct sizes s = sizes_of(probes);
	double next;

	if (failed(probes, "rcvbuf") >= FAILED_MOST)
		return false;
	if (s.unsure && (!s.good || s.unsure < s.good))
		next = s.unsure;
	else if (!s.good)
		next = s.bad ? s.bad * 2 : RCVBUF_START;
	else if (!s.bad)
		next = s.good / 2;
	else
		next = rounded(sqrt(s.bad * s.good));
	if (next > RCVBUF_MOST || next < RCVBUF_LEAST ||
	    (s.good && s.bad && s.good <= s.bad * RCVBUF_WIDTH) || next <= s.bad)
		return false;
	row_set_number(spec, COL_rcvbuf, next);
	return true;
}

static double choose_rcvbuf(const struct journal *probes, char *why, size_t len)
{
	struct sizes s = sizes_of(probes);

	if (!s.good) {
		snprintf(why, len, "no buffer up to %d bytes is enough for the application",
			 RCVBUF_MOST);
		return strtod(RCVBUF_AMPLE, NULL);
	}
	snprintf(why, len, "no loss in the socket at %.0f bytes, loss at %.0f", s.good, s.bad);
	return s.good;
}

/* ---- all of it ---- */

static const char *largest(const struct plan *plan, enum column col)
{
	const struct axis *axis = &plan->axis[col];
	const char *value = axis->value[0];
	size_t i;

	for (i = 1; i < axis->count; i++)
		if (strtod(axis->value[i], NULL) > strtod(value, NULL))
			value = axis->value[i];
	return value;
}

int probe_next(const struct plan *plan, const struct journal *probes, struct todo *todo)
{
	bool cpus = is_auto(plan, COL_app_cpu), rcvbuf = is_auto(plan, COL_rcvbuf);
	double load = highest_load(plan);
	struct row *spec = &todo->spec;
	const char *what = NULL;

	if (!has_udp(plan))
		return 0;
	plan_cell(plan, 0, COL_weight, spec);
	row_set(spec, COL_protocol, !strcmp(plan->source, "pktgen") ? "pktgen" : "udp");
	/* most packets reach the socket where the ring loses none, and at once in a burst */
	row_set(spec, COL_weight, "%s", largest(plan, COL_weight));
	row_set(spec, COL_burst, "%s", largest(plan, COL_burst));
	row_set_number(spec, COL_offered_bps, load);
	if (load > 0 && strcmp(plan->source, "pktgen") && !self_test(probes)) {
		what = "selftest";
	} else if (cpus && next_cpus(probes, spec)) {
		what = "cpus";
	} else if (rcvbuf) {
		/* with the CPUs chosen by now, and a size instead of "auto" */
		probe_choose(plan, probes, spec);
		row_set(spec, COL_rcvbuf, "auto");
		if (next_rcvbuf(probes, spec))
			what = "rcvbuf";
	}
	if (!what)
		return 0;
	if (row_is(spec, COL_rcvbuf, "auto"))
		row_set(spec, COL_rcvbuf, RCVBUF_AMPLE);
	if (row_is(spec, COL_app_cpu, "auto"))
		row_set(spec, COL_app_cpu, "%s", "");
	if (row_is(spec, COL_irq_cpu, "auto"))
		row_set(spec, COL_irq_cpu, "%s", "");
	row_set(spec, COL_method, "%s", what);
	row_set(spec, COL_trial, "%zu", probes->count + 1);
	todo->seconds = PROBE_SECONDS;
	todo->done = probes->count;
	todo->total = probes->count + 1;
	/* of the probes, by rule of thumb */
	todo->left_s = (PROBE_SECONDS + 1) *
		       (1 + (cpus ? 2 * CPU_TRIALS : 0) + (rcvbuf ? 15 : 0));
	return 1;
}

void probe_choose(const struct plan *plan, const struct journal *probes, struct row *spec)
{
	const char *app;
	char why[256];

	(void)plan;
	if (row_is(spec, COL_app_cpu, "auto") || row_is(spec, COL_irq_cpu, "auto")) {
		app = choose_cpus(probes, why, sizeof(why));
		row_set(spec, COL_app_cpu, "%s", app ? app : "");
		row_set(spec, COL_irq_cpu, "%s", app ? "0" : "");
	}
	if (row_is(spec, COL_rcvbuf, "auto"))
		row_set_number(spec, COL_rcvbuf, choose_rcvbuf(probes, why, sizeof(why)));
}

json_t *probe_report(const struct plan *plan, const struct journal *probes)
{
	const struct row *test = self_test(probes);
	json_t *report = json_object();
	const char *app;
	char why[256];
	double size;

	if (test && !row_is(test, COL_status, "failed"))
		json_object_set_new(report, "self_test", json_pack("{sf sf}", "asked_bps",
			row_number(test, COL_offered_bps), "sent_bps",
			row_number(test, COL_sent) * 8 * row_number(test, COL_datagram) /
			row_source_seconds(test)));
	if (is_auto(plan, COL_app_cpu)) {
		app = choose_cpus(probes, why, sizeof(why));
		json_object_set_new(report, "cpus", json_pack("{ss ss}", "chosen",
			!app ? "as before" : *app == '0' ? "one" : "two", "why", why));
	}
	if (is_auto(plan, COL_rcvbuf)) {
		size = choose_rcvbuf(probes, why, sizeof(why));
		json_object_set_new(report, "rcvbuf", json_pack("{sf ss}", "chosen", size, "why",
								 why));
	}
	return report;
}
