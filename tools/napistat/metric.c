// SPDX-License-Identifier: GPL-2.0
/* Everything that is computed from one trial, by name. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "napistat.h"

static double rate(const struct trial *t, enum number what)
{
	return t->v[what] / t->v[V_SECONDS];
}

static double share(const struct trial *t, enum number what, enum number of)
{
	return t->v[of] > 0 ? t->v[what] / t->v[of] : NAN;
}

/*
 * What reached the application. pktgen has no receiver that counts bytes:
 * there it is packets times the datagram's size.
 */
static double delivered(const struct trial *t)
{
	const char *datagram = t->set[S_DATAGRAM];
	double packets = t->v[V_RECEIVED];

	if (!isnan(t->v[V_BANDWIDTH]))
		return t->v[V_BANDWIDTH];
	if (isnan(packets))
		packets = t->v[V_RX_PACKETS];
	return datagram[0] ? packets * strtod(datagram, NULL) * 8 /
			     t->v[V_SECONDS] : NAN;
}

/* CPU seconds per million packets that got through */
static double cost(const struct trial *t, enum number cpu)
{
	double packets = t->v[V_RECEIVED];

	if (isnan(packets))
		packets = t->v[V_RX_PACKETS];
	return packets > 0 ? t->v[cpu] / 100 * t->v[V_SECONDS] / packets * 1e6 :
			     NAN;
}

#define NUMBER(name, what) \
	static double name(const struct trial *t) { return t->v[what]; }
#define RATE(name, what) \
	static double name(const struct trial *t) { return rate(t, what); }
#define SHARE(name, what, of) \
	static double name(const struct trial *t) { return share(t, what, of); }

RATE(packets, V_RX_PACKETS)
SHARE(loss, V_LOST, V_SENT)
SHARE(loss_before_nic, V_LOST_BEFORE_NIC, V_SENT)
SHARE(loss_ring, V_LOST_RING, V_SENT)
SHARE(loss_backlog, V_LOST_BACKLOG, V_SENT)
SHARE(loss_socket, V_LOST_SOCKET, V_SENT)
SHARE(loss_app, V_LOST_APP, V_SENT)
SHARE(loss_unplaced, V_REMAINDER, V_SENT)
RATE(irqs, V_IRQS)
RATE(polls, V_POLLS)
NUMBER(rx_per_poll, V_RX_PER_POLL)
NUMBER(rx_per_irq, V_RX_PER_IRQ)
SHARE(whole_budget, V_POLLS_WHOLE, V_POLLS)
SHARE(empty, V_POLLS_EMPTY, V_POLLS)
SHARE(ksoftirqd, V_POLLS_KSOFTIRQD, V_POLLS)
RATE(squeeze, V_TIME_SQUEEZE)
NUMBER(jitter, V_JITTER)
NUMBER(cpu_total, V_CPU_TOTAL)
NUMBER(cpu_softirq, V_CPU_SOFTIRQ)
NUMBER(cpu_system, V_CPU_SYSTEM)
NUMBER(cpu_steal, V_CPU_STEAL)
NUMBER(host_cpu, V_HOST_CPU)

/*
 * Lost before the socket: what the weight can be blamed for. A socket buffer
 * that runs over, or an application too slow for it, is counted apart.
 */
static double loss_driver(const struct trial *t)
{
	double lost = t->v[V_LOST_BEFORE_NIC] + t->v[V_LOST_RING] +
		      t->v[V_LOST_BACKLOG] + t->v[V_REMAINDER];

	return t->v[V_SENT] > 0 ? lost / t->v[V_SENT] : NAN;
}

static double guest_cost(const struct trial *t)
{
	return cost(t, V_CPU_TOTAL);
}

static double host_cost(const struct trial *t)
{
	return cost(t, V_HOST_CPU);
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
