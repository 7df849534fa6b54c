// SPDX-License-Identifier: GPL-2.0
/*
 * Where a packet was lost: sent -> (before the NIC) -> ring -> backlog -> filter ->
 * checksum -> socket -> application. Each place has its own counter except the first,
 * which is what the NIC never saw. Most counters are those of the whole guest, so
 * a guest that does other things meanwhile shows in the remainder.
 */
#include <math.h>

#include "counters.h"

static double at_least_zero(double value)
{
	return value > 0 ? value : 0;
}

/* Where packets were lost, once they were on the wire to us. */
struct place {
	double before_nic, ring, backlog, filter, checksum, sock, app;
};

double ring_loss(const struct counters *before, const struct counters *after)
{
	if (after->missed_kept > 0)
		return at_least_zero(after->missed_kept - before->missed_kept);
	return at_least_zero(after->missed - before->missed);
}

static void measure_cpu(struct row *row, const struct cpu_times *before,
			const struct cpu_times *after)
{
	double seconds = (after->mono - before->mono) / 1e9;
	double steal = after->steal - before->steal;
	double busy = after->cpus * seconds - (after->idle - before->idle) - steal;

	/* idle time is exact to a tick of 10 ms, the others are sampled */
	row_set_number(row, COL_cpu_total, 100 * at_least_zero(busy) / seconds);
	row_set_number(row, COL_cpu_softirq, 100 * (after->softirq - before->softirq) / seconds);
	row_set_number(row, COL_cpu_system, 100 * (after->system - before->system) / seconds);
	row_set_number(row, COL_cpu_steal, 100 * steal / seconds);
}

static void measure_nic(struct row *row, const struct snapshot *nic)
{
	static const struct {
		enum column col;
		const char *name;
	} map[] = {
		{ COL_rx_packets, "rx_packets" },
		{ COL_irqs, "irqs" },
		{ COL_polls, "polls" },
		{ COL_polls_whole_budget, "polls_whole_budget" },
		{ COL_polls_empty, "polls_empty" },
		{ COL_polls_tx_unfinished, "polls_tx_unfinished" },
		{ COL_polls_ksoftirqd, "polls_ksoftirqd" },
	};
	double packets = snapshot_counter(nic, "rx_packets");
	double polls = snapshot_counter(nic, "polls");
	double irqs = snapshot_counter(nic, "irqs");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		row_set_number(row, map[i].col, snapshot_counter(nic, map[i].name));
	if (polls > 0)
		row_set_number(row, COL_rx_per_poll, packets / polls);
	if (irqs > 0)
		row_set_number(row, COL_rx_per_irq, packets / irqs);
}

/*
 * Packets that came to the driver, minus those that the application counted or our socket dropped.
 * It was read and not counted or left unread, which is the application's; or it never came to
 * the socket: a filter took it.
 */
static void after_the_driver(struct place *p, const struct counters *before,
			     const struct counters *after, const struct traffic *t,
			     double handed_on)
{
	double read = after->udp_delivered - before->udp_delivered - t->received;
	double no_port = after->udp_no_port - before->udp_no_port;
	double missing;

	if (isnan(t->arrived)) {
		p->app = at_least_zero(read - t->control) + no_port;
		return;
	}
	/* whether the first numbers were missed by us or lost, only the driver can tell */
	missing = at_least_zero(fmin(t->arrived, handed_on) - t->received - p->sock - p->checksum);
	read = at_least_zero(read - (t->control - t->unread_ends));
	p->app = fmin(missing, t->unread + read);
	p->filter = at_least_zero(missing - p->app - t->unseen);
}

/*
 * Of a stream whose end is lost the NIC has still counted what it missed after the newest
 * packet that came. That much was sent too, at the same pace.
 */
static void count_lost_end(struct traffic *t, const struct snapshot *nic, double ring)
{
	double seen = snapshot_counter(nic, "rx_packets") - t->control + ring;

	if (!t->open_end || !(seen > t->sent))
		return;
	t->seconds *= seen / t->sent;
	t->source_seconds *= seen / t->sent;
	t->sent = seen;
}

static void measure_loss(struct row *row, const struct counters *before,
			 const struct counters *after, const struct snapshot *nic,
			 const struct traffic *t)
{
	struct place p = {
		.ring = ring_loss(before, after),
		.backlog = after->backlog_dropped - before->backlog_dropped,
	};
	double errors = after->udp_errors - before->udp_errors;
	/* of the whole guest, where our socket cannot be asked */
	double drops = isnan(t->socket_drops) ? errors : t->socket_drops;
	double control = isnan(t->arrived) ? t->others : t->control;
	/* the driver's count is of another moment; at a slot's edges that makes a difference */
	double taken = t->is_slot && !isnan(t->arrived) ? t->arrived + p.backlog :
		       snapshot_counter(nic, "rx_packets") - control;
	double rest;

	p.checksum = fmin(after->udp_csum - before->udp_csum, drops);
	p.sock = drops - p.checksum;
	p.before_nic = at_least_zero(t->sent - taken - p.ring);
	after_the_driver(&p, before, after, t, taken - p.backlog);
	rest = t->sent - t->received - p.before_nic - p.ring - p.backlog - p.filter -
	       p.checksum - p.sock - p.app;
	/* IP's own counters are those of the whole guest: they explain a remainder, no more */
	if (rest > 0 && after->filtered > before->filtered) {
		double more = fmin(rest, after->filtered - before->filtered);

		p.filter += more;
		rest -= more;
	}
	row_set_number(row, COL_sent, t->sent);
	row_set_number(row, COL_received, t->received);
	row_set_number(row, COL_lost, t->sent - t->received);
	row_set_number(row, COL_lost_before_nic, p.before_nic);
	row_set_number(row, COL_lost_ring, p.ring);
	row_set_number(row, COL_lost_backlog, p.backlog);
	row_set_number(row, COL_lost_socket, p.sock);
	row_set_number(row, COL_lost_app, p.app);
	row_set_number(row, COL_lost_checksum, p.checksum);
	row_set_number(row, COL_lost_filter, p.filter);
	row_set_number(row, COL_remainder, rest);
	row_set_number(row, COL_remainder_high, fabs(rest) > t->sent / 1000);
}

int measure(struct row *row, const struct counters *before, const struct counters *after,
	    struct traffic *t, char **hist)
{
	struct snapshot nic;

	if (after->carrier_changes != before->carrier_changes)
		return fail("the link went down during the trial");
	if (snapshot_delta(&nic, &before->nic, &after->nic))
		return -1;
	count_lost_end(t, &nic, ring_loss(before, after));
	row_set_number(row, COL_seconds, t->seconds);
	row_set_number(row, COL_source_seconds, t->source_seconds);
	row_set_number(row, COL_bandwidth_bps, floor(t->bytes * 8 / t->seconds));
	row_set_number(row, COL_jitter_us, t->jitter_us);
	row_set_number(row, COL_delay_p50_us, t->delay.p50);
	row_set_number(row, COL_delay_p99_us, t->delay.p99);
	row_set_number(row, COL_delay_p999_us, t->delay.p999);
	row_set_number(row, COL_time_squeeze, after->time_squeeze - before->time_squeeze);
	measure_nic(row, &nic);
	measure_cpu(row, &before->cpu, &after->cpu);
	if (!t->only_packets_at_nic)
		measure_loss(row, before, after, &nic, t);
	*hist = snapshot_csv(&nic, row_integer(row, COL_trial, 0));
	snapshot_free(&nic);
	return 0;
}
