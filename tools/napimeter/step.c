// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "host.h"
#include "judge.h"
#include "step.h"
#include "stream.h"
#include "tune.h"

#define LEAD_S 0.3	/* a stream runs this long before its first slot */
#define EDGE_S 0.03	/* reading all counters twice, in a slow guest */
#define LINK_NS (10 * NSEC)
#define SPARE_S 0.5	/* the source's clock is not ours */

/*
 * A reset of the NIC (ethtool -G, -K, MTU) takes the link away for up to two seconds, and the
 * driver reads no counters of the NIC without it: what was lost before would be this trial's.
 */
static int wait_for_link(const char *interface)
{
	char *path = xasprintf("/sys/class/net/%s/carrier", interface), line[8] = "";
	int64_t end = mono_ns() + LINK_NS;
	bool up;

	while (!(up = !read_line(path, line, sizeof(line)) && *line == '1') && mono_ns() < end)
		sleep_ns(20 * 1000000);
	free(path);
	return up ? 0 : fail("%s has no link, for %lld s now", interface, LINK_NS / NSEC);
}

/* After a change of settings, and after the traffic, let queues drain. */
static void settle(void)
{
	sleep_ns(50 * 1000000);
}

static void say(const struct row *row)
{
	double sent = row_number(row, COL_sent);
	double lost = row_number(row, COL_lost);

	printf("%.1f Mbit/s", row_number(row, COL_bandwidth_bps) / 1e6);
	if (sent > 0)
		printf(", %s of %s packets (%.3g %% lost)", row_text(row, COL_received),
		       row_text(row, COL_sent), 100 * lost / sent);
	printf(", %.1f per poll, CPU %.0f %%%s%s\n", row_number(row, COL_rx_per_poll),
	       row_number(row, COL_cpu_total), row_empty(row, COL_reason) ? "" : "; ",
	       row_text(row, COL_reason));
}

static int weight_in_force(const struct row *spec, const struct counters *c)
{
	if (c->nic.weight != (uint64_t)row_integer(spec, COL_weight, 64))
		return fail("the weight became %llu during the trial",
			    (unsigned long long)c->nic.weight);
	return 0;
}

/* Without the host the row lacks one figure; that is not a reason to lose the others. */
static void measure_host(const struct plan *plan, struct row *row,
			 const struct cpu_times *before, const struct cpu_times *after)
{
	struct host_clock clock;
	double cpu;

	if (!*plan->host)
		return;
	if (host_clock(plan->host, &clock) ||
	    host_cpu(plan->host, before->real, after->real, &clock, &cpu))
		warning("host_cpu: %s", failure());
	else
		row_set_number(row, COL_host_cpu, cpu);
}

static int trial(const struct plan *plan, struct row *row, double seconds, char **hist)
{
	struct counters before = { 0 }, after = { 0 };
	struct stream stream = { .ask_fd = -1, .out_fd = -1 };
	struct traffic traffic;
	bool begun;
	int err;

	if (judge_bad(row, tune_apply(plan->interface, row) || wait_for_link(plan->interface)))
		return -1;
	settle();
	row_set(row, COL_started_ns, "%lld", (long long)real_ns());
	/* CPU time is that of the traffic; packets are counted until all have come */
	begun = !counters_read(&before, plan->interface);
	err = !begun || stream_start(&stream, plan, row, seconds) || cpu_read(&before.cpu) ||
	      stream_wait(&stream) || stream_result(&stream, &traffic);
	if (!err)
		traffic.delay = stream_delay(&stream, NULL, NULL);
	stream_free(&stream);
	err = judge_bad(row, err);
	if (err) {
		if (begun && !counters_read(&after, plan->interface))
			judge_traffic(row, &before, &after, plan->interface, plan->source);
	} else {
		settle();
		err = judge_bad(row, counters_read(&after, plan->interface));
	}
	if (!err) {
		after.cpu = stream.cpu_at_end;
		/* each of them may be a reason */
		err = judge_bad(row, measure(row, &before, &after, &traffic, hist));
		if (!err)
			err = judge_bad(row, judge_path(row, &traffic, plan->interface));
		err = judge_bad(row, weight_in_force(row, &after)) || err;
		err = judge_bad(row, tune_check(plan->interface, row)) || err;
	}
	if (!err) {
		measure_host(plan, row, &before.cpu, &after.cpu);
		judge(row, &traffic, &before, &after);
	} else {
		fail("%s", row_text(row, COL_reason));
	}
	counters_free(&before);
	counters_free(&after);
	return err ? -1 : 0;
}

static int step_trial(const struct plan *plan, struct journal *journal, const struct todo *todo,
		      bool last_try, bool *lost_journal)
{
	struct row row = todo->spec;
	char *hist = NULL;
	int err, put;

	err = trial(plan, &row, todo->seconds, &hist);
	if (!err || last_try) {
		put = journal_append(journal, &row, hist);
		*lost_journal = put;
		err = put ? put : err;
	}
	free(hist);
	if (!err)
		say(&row);
	return err;
}

/* ---- interleave: one stream, many slots ---- */

struct slot {
	struct row row;
	struct counters before, after;
	double sent, received, drops;
	struct delay delay;
};

static int run_slot(const struct plan *plan, struct stream *stream, struct slot *slot)
{
	double sent, received, drops, sent_after, received_after;

	if (tune_weight(plan->interface, row_integer(&slot->row, COL_weight, 64)))
		return -1;
	sleep_ns(plan->settle_s * NSEC);
	row_set(&slot->row, COL_started_ns, "%lld", (long long)real_ns());
	drops = stream_drops(stream);
	stream_so_far(stream, &sent, &received);
	if (counters_read(&slot->before, plan->interface))
		return -1;
	sleep_until(slot->before.mono + (int64_t)(plan->slot_s * NSEC));
	slot->drops = stream_drops(stream) - drops;
	stream_so_far(stream, &sent_after, &received_after);
	slot->sent = sent_after - sent;
	slot->received = received_after - received;
	if (counters_read(&slot->after, plan->interface))
		return -1;
	return weight_in_force(&slot->row, &slot->after);
}

static int finish_slot(const struct plan *plan, struct slot *slot, const struct traffic *whole,
		       char **hist)
{
	double seconds = (slot->after.mono - slot->before.mono) / 1e9;
	struct traffic t = { .sent = slot->sent, .received = slot->received, .seconds = seconds,
			     .source_seconds = NAN, .jitter_us = NAN, .arrived = NAN, .socket_drops = slot->drops,
			     .is_slot = true, .delay = slot->delay };

	if (!strcmp(plan->source, "iperf") && !isnan(t.sent)) {
		/* what the socket took: the queue is the next reader's, whatever its weight */
		t.arrived = t.received;
		t.received -= isnan(t.socket_drops) ?
			      slot->after.udp_errors - slot->before.udp_errors : t.socket_drops;
	} else if (isnan(t.sent)) {
		/* a kernel without that: the mean rate, and what the kernel handed out */
		t.sent = floor(whole->sent / whole->seconds * seconds + 0.5);
		t.received = slot->after.udp_delivered - slot->before.udp_delivered;
	}
	t.bytes = t.received * row_number(&slot->row, COL_datagram);
	if (measure(&slot->row, &slot->before, &slot->after, &t, hist))
		return -1;
	if (judge_path(&slot->row, &t, plan->interface))
		return -1;
	judge(&slot->row, whole, &slot->before, &slot->after);
	return 0;
}

/*
 * *done: slots that were measured, whole blocks only. It is less than count where
 * reading the counters took so long that the stream ended first; the next stream
 * does the rest.
 */
static int run_stream(const struct plan *plan, struct slot *slots, size_t count, size_t *done,
		      struct traffic *whole)
{
	struct stream stream = { .ask_fd = -1, .out_fd = -1 };
	double seconds = LEAD_S + count * (plan->slot_s + plan->settle_s + EDGE_S) + SPARE_S;
	size_t i;
	int err;

	if (tune_apply(plan->interface, &slots[0].row) || wait_for_link(plan->interface))
		return -1;
	err = stream_start(&stream, plan, &slots[0].row, seconds);
	if (!err)
		sleep_ns(LEAD_S * NSEC);
	for (i = 0; i < count && !err; i++) {
		err = run_slot(plan, &stream, &slots[i]);
		/* the word that it is over may be lost */
		if (!err && (stream_over(&stream) || slots[i].sent == 0))
			break;
	}
	*done = i - i % plan->axis[COL_weight].count;
	if (!err && !*done)
		err = fail("the stream ended before each weight had its slot");
	if (!err)
		err = stream_wait(&stream) || stream_result(&stream, whole);
	for (i = 0; i < *done && !err; i++)
		slots[i].delay = stream_delay(&stream, &slots[i].before.cpu, &slots[i].after.cpu);
	stream_free(&stream);
	return err;
}

static int step_stream(const struct plan *plan, struct journal *journal, const struct todo *todo,
		       bool last_try, bool *lost_journal)
{
	size_t per_stream = plan_stream_slots(plan);
	size_t first = row_integer(&todo->spec, COL_trial, 1) - 1;
	size_t count = per_stream - first % per_stream, done = 0;
	struct slot *slots = xcalloc(count, sizeof(*slots));
	struct traffic whole;
	size_t i;
	int err;

	for (i = 0; i < count; i++) {
		struct row spec;

		/* what the probes chose holds for the whole stream */
		plan_trial(plan, first + i, &spec);
		slots[i].row = todo->spec;
		row_copy(&slots[i].row, &spec, COL_trial);
		row_copy(&slots[i].row, &spec, COL_block);
		row_copy(&slots[i].row, &spec, COL_weight);
	}
	err = run_stream(plan, slots, count, &done, &whole);
	for (i = 0; i < (err ? count : done) && (!err || last_try); i++) {
		char *hist = NULL;
		int bad = err || finish_slot(plan, &slots[i], &whole, &hist);

		if (bad && !last_try) {
			err = -1;
			break;
		}
		if (bad) {
			row_set(&slots[i].row, COL_status, "failed");
			row_set(&slots[i].row, COL_reason, "%s", failure());
		}
		*lost_journal = journal_append(journal, &slots[i].row, hist);
		free(hist);
		if (*lost_journal) {
			err = -1;
			break;
		}
	}
	if (!err)
		printf("%zu slots of %.0f ms\n", done, plan->slot_s * 1000);
	for (i = 0; i < count; i++) {
		counters_free(&slots[i].before);
		counters_free(&slots[i].after);
	}
	free(slots);
	return err;
}

int step(const struct plan *plan, struct journal *journal, const struct todo *todo,
	 bool last_try, bool *lost_journal)
{
	*lost_journal = false;
	if (!strcmp(plan->method, "interleave") && !strcmp(todo->journal, "runs.csv"))
		return step_stream(plan, journal, todo, last_try, lost_journal);
	return step_trial(plan, journal, todo, last_try, lost_journal);
}
