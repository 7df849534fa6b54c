// SPDX-License-Identifier: GPL-2.0
/* Everything that is computed from one trial, by name. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "napistat.h"

static double rate(const struct trial *t, enum column what)
{
	return number(t, what) / number(t, COL_seconds);
}

static double share(const struct trial *t, enum column what, enum column of)
{
	return number(t, of) > 0 ? number(t, what) / number(t, of) : NAN;
}

/*
 * Rate that reached the application. pktgen has no receiver that counts bytes:
 * there it is packets times the datagram's size.
 */
static double delivered(const struct trial *t)
{
	double packets = number(t, COL_received);

	if (!isnan(number(t, COL_bandwidth_bps)))
		return number(t, COL_bandwidth_bps);
	if (isnan(packets))
		packets = number(t, COL_rx_packets);
	return packets * number(t, COL_datagram) * 8 / number(t, COL_seconds);
}

#define NUMBER(name, what) \
	static double name(const struct trial *t) { return number(t, what); }
#define RATE(name, what) \
	static double name(const struct trial *t) { return rate(t, what); }
#define SHARE(name, what, of) \
	static double name(const struct trial *t) { return share(t, what, of); }

RATE(packets, COL_rx_packets)
SHARE(loss, COL_lost, COL_sent)
SHARE(loss_before_nic, COL_lost_before_nic, COL_sent)
SHARE(loss_ring, COL_lost_ring, COL_sent)
SHARE(loss_backlog, COL_lost_backlog, COL_sent)
SHARE(loss_socket, COL_lost_socket, COL_sent)
SHARE(loss_app, COL_lost_app, COL_sent)
SHARE(loss_unplaced, COL_remainder, COL_sent)
RATE(irqs, COL_irqs)
RATE(polls, COL_polls)
NUMBER(rx_per_poll, COL_rx_per_poll)
NUMBER(rx_per_irq, COL_rx_per_irq)
SHARE(whole_budget, COL_polls_whole_budget, COL_polls)
SHARE(empty, COL_polls_empty, COL_polls)
SHARE(ksoftirqd, COL_polls_ksoftirqd, COL_polls)
RATE(squeeze, COL_time_squeeze)
NUMBER(jitter, COL_jitter_us)
NUMBER(delay_p50, COL_delay_p50_us)
NUMBER(delay_p99, COL_delay_p99_us)
NUMBER(delay_p999, COL_delay_p999_us)
NUMBER(cpu_total, COL_cpu_total)
NUMBER(cpu_softirq, COL_cpu_softirq)
NUMBER(cpu_system, COL_cpu_system)
NUMBER(cpu_steal, COL_cpu_steal)
NUMBER(host_cpu, COL_host_cpu)

/*
 * Lost before the socket: what the weight can be blamed for. A socket buffer
 * that runs over, or an application too slow for it, is counted apart.
 */
static double loss_driver(const struct trial *t)
{
	double lost = number(t, COL_lost_before_nic) + number(t, COL_lost_ring) +
		      number(t, COL_lost_backlog) + number(t, COL_remainder);

	return number(t, COL_sent) > 0 ? lost / number(t, COL_sent) : NAN;
}

static double guest_cost(const struct trial *t)
{
	return row_cost(&t->row, COL_cpu_total);
}

static double host_cost(const struct trial *t)
{
	return row_cost(&t->row, COL_host_cpu);
}

/* the host's figure holds the guest's: only the difference is the host's own */
static double overhead_cost(const struct trial *t)
{
	return host_cost(t) - guest_cost(t);
}

static const struct metric metrics[] = {
	{ "delivered_bps", "Bandwidth that reached the application", "bit/s",
	  "Mbit/s", 1e-6, 1, true, delivered },
	{ "packets_per_s", "Packets taken by the driver", "packets/s",
	  "packets/s", 1, 0, true, packets },
	{ "loss", "Packets lost", "ratio", "%", 100, 2, false, loss },
	{ "loss_driver", "Packets lost before the socket", "ratio", "%", 100, 2,
	  false, loss_driver },
	{ "loss_before_nic", "Lost before the NIC", "ratio", "%", 100, 2, false,
	  loss_before_nic },
	{ "loss_ring", "Lost in the NIC's ring", "ratio", "%", 100, 2, false,
	  loss_ring },
	{ "loss_backlog", "Lost in the backlog", "ratio", "%", 100, 2, false,
	  loss_backlog },
	{ "loss_socket", "Lost in the socket buffer", "ratio", "%", 100, 2, false,
	  loss_socket },
	{ "loss_app", "Lost in the application", "ratio", "%", 100, 2, false,
	  loss_app },
	{ "loss_unplaced", "Missing without a place", "ratio", "%", 100, 2, false,
	  loss_unplaced },
	{ "cpu_total", "CPU in the guest", "%", "% CPU", 1, 1, true, cpu_total },
	{ "cpu_softirq", "Softirq CPU in the guest", "%", "% CPU", 1, 1, true,
	  cpu_softirq },
	{ "cpu_system", "System CPU in the guest", "%", "% CPU", 1, 1, true,
	  cpu_system },
	{ "cpu_steal", "CPU stolen from the guest", "%", "% CPU", 1, 1, true,
	  cpu_steal },
	{ "host_cpu", "CPU of the VM, seen by the host", "%", "% CPU", 1, 1, true,
	  host_cpu },
	{ "guest_cost", "CPU cost in the guest", "s/Mpacket", "s/Mpacket", 1, 2,
	  true, guest_cost },
	{ "host_cost", "CPU cost seen by the host", "s/Mpacket", "s/Mpacket", 1, 2,
	  true, host_cost },
	{ "overhead_cost", "CPU cost of the host alone", "s/Mpacket", "s/Mpacket",
	  1, 2, true, overhead_cost },
	{ "irqs_per_s", "Hardware interrupts", "irqs/s", "irqs/s", 1, 0, true,
	  irqs },
	{ "polls_per_s", "Polls", "polls/s", "polls/s", 1, 0, true, polls },
	{ "rx_per_poll", "Packets per poll", "packets", "packets", 1, 2, true,
	  rx_per_poll },
	{ "rx_per_irq", "Packets per interrupt", "packets", "packets", 1, 2, true,
	  rx_per_irq },
	{ "whole_budget", "Polls that used the whole weight", "ratio", "%", 100, 1,
	  false, whole_budget },
	{ "empty", "Polls that found nothing", "ratio", "%", 100, 1, false, empty },
	{ "ksoftirqd", "Polls run by ksoftirqd", "ratio", "%", 100, 1, false,
	  ksoftirqd },
	{ "squeeze_per_s", "Softirq rounds cut short", "1/s", "1/s", 1, 1, true,
	  squeeze },
	{ "jitter_us", "Jitter", "us", "us", 1, 1, true, jitter },
	{ "delay_p50_us", "Median of delay", "us", "us", 1, 1, true, delay_p50 },
	{ "delay_p99_us", "99th percentile of delay", "us", "us", 1, 1, true, delay_p99 },
	{ "delay_p999_us", "99.9th percentile of delay", "us", "us", 1, 1, true, delay_p999 },
};

const struct metric *metric_at(size_t i)
{
	return i < sizeof(metrics) / sizeof(metrics[0]) ? &metrics[i] : NULL;
}

const struct metric *metric_find(const char *name)
{
	size_t i;

	for (i = 0; metric_at(i); i++)
		if (!strcmp(metrics[i].name, name))
			return &metrics[i];
	return NULL;
}

void metric_list(void)
{
	const struct metric *m;
	size_t i;

	for (i = 0; (m = metric_at(i)); i++)
		printf("%-16s %s [%s]\n", m->name, m->title, m->unit);
}
