// SPDX-License-Identifier: GPL-2.0
/* doctor's judgement of what is behind the driver: queue, filters, checksums, sockets. */
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "doctorjudge.h"

#define DEFAULT_BACKLOG 1000
#define FULL 0.5		/* of the looks: the share that it loses, if packets come evenly */

static void judge_wire(struct diagnosis *d, const struct patient *p)
{
	double sums = fmax(GREW(p, bad_sums), GREW(p, bad_sums_ip));
	struct finding *f;

	if (GREW(p, damaged) > 0)
		finding_next(finding_add(d, "wire", GREW(p, damaged), "Frames came damaged: their CRC was wrong."),
		     "ethtool -S %s | grep -i -e crc -e align", p->facts.interface);
	if (!(sums > 0))
		return;
	f = finding_add(d, "checksum", sums, "Their checksum was bad: they were damaged on their way, or the NIC's offload judges wrongly. If it goes on without the offload, it is the way.");
	finding_next(f, "ethtool -K %s rx off", p->facts.interface);
	judge_shared(f, p, GREW(p, bad_sums));
}

static void judge_backlog(struct diagnosis *d, const struct patient *p, double *dropped)
{
	size_t i, worst = 0;
	double most = 0, all = 0;
	struct finding *f;

	for (i = 0; i < p->after.cpus; i++) {
		double here = p->after.cpu[i].dropped - exam_cpu_before(p, i)->dropped;

		all += here;
		if (here > most) {
			most = here;
			worst = i;
		}
	}
	*dropped = all;
	if (!(all > 0))
		return;
	f = finding_add(d, "backlog", all, "The queue between CPUs (RPS, or a virtual device) was full, of CPU %zu most of all.",
		worst);
	if (p->facts.backlog >= 10 * DEFAULT_BACKLOG && p->peak[worst].busy >= BUSY) {
		limit_of_cpu(f, p, worst);
	} else {
		finding_limit(f, "backlog", " It holds net.core.netdev_max_backlog=%.0f.", p->facts.backlog);
		finding_next(f, "sysctl -w net.core.netdev_max_backlog=%.0f",
			     fmax(DEFAULT_BACKLOG, 10 * p->facts.backlog));
	}
	/* rx_dropped of the NIC counts its own of them too */
	judge_shared(f, p, GREW(p, unwanted));
}

/* A loss that a counter of all interfaces tells; harmless where it is small. NULL: there is none. */
static struct finding *add_shared(struct diagnosis *d, const struct patient *p, const char *place,
				  double packets, const char *text)
{
	struct finding *f;

	if (!(packets > 0))
		return NULL;
	f = finding_add(d, place, packets, "%s", text);
	f->harmless = packets <= few_packets(p);
	return f;
}

static void judge_filters(struct diagnosis *d, const struct patient *p)
{
	/* multicast that no socket joined is dropped without a counter too */
	double taken = GREW(p, filtered) - GREW(p, multicast);
	const char *interface = p->facts.interface;
	struct finding *f;

	if (GREW(p, ingress) > 0)
		finding_next(finding_add(d, "tc", GREW(p, ingress), "A rule of tc drops them as they come in, before IP."),
		     "tc -s filter show dev %s ingress", interface);
	if (GREW(p, conntrack) > 0) {
		f = finding_add(d, "conntrack", GREW(p, conntrack),
			"The table of connections is full (net.netfilter.nf_conntrack_max=%.0f).",
			p->facts.conntrack_most);
		finding_next(f, "sysctl -w net.netfilter.nf_conntrack_max=%.0f", 4 * p->facts.conntrack_most);
		judge_shared(f, p, 0);
	}
	f = add_shared(d, p, "reverse-path", GREW(p, reverse_path),
		       "Their source is reached by another interface, and rp_filter drops such packets.");
	if (f) {
		finding_next(f, "sysctl -w net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.%s.rp_filter=2", interface);
		judge_shared(f, p, 0);
	}
	f = add_shared(d, p, "no-route", GREW(p, no_route),
		       "This guest has no route for them, or not their address.");
	if (f) {
		finding_next(f, "ip route; ip addr show dev %s", interface);
		judge_shared(f, p, 0);
	}
	taken -= fmax(GREW(p, conntrack), 0);
	f = add_shared(d, p, "filter", taken >= 1 ? taken : 0,
		       "They came to IP and not further, as where a firewall drops them.");
	if (f) {
		finding_next(f, "nft list ruleset | grep -w -e drop -e reject -e limit");
		judge_shared(f, p, 0);
	}
	f = add_shared(d, p, "no-socket", GREW(p, no_port), "They came to UDP ports that no program has open.");
	if (f) {
		finding_next(f, "tcpdump -c 20 -ni %s 'icmp[icmptype] == icmp-unreach'", interface);
		judge_shared(f, p, 0);
	}
}

/* ---- sockets ---- */

static bool is_stopped(const struct exam_socket *s)
{
	return s->state == 'T' || s->state == 't';
}

static void judge_listen(struct finding *f, const struct exam_socket *s)
{
	finding_limit(f, is_stopped(s) ? "reader" : "queue", "%s", is_stopped(s) ? " The process is stopped." : "");
	finding_next(f, "ss -ltn sport = :%u; sysctl net.core.somaxconn", s->port);
}

/* A larger buffer helps; which setting gives one? */
static void judge_buffer(struct finding *f, const struct patient *p, const struct exam_socket *s)
{
	const struct exam_facts *x = &p->facts;

	finding_limit(f, "buffer", " At other times it had room: a larger buffer takes such bursts.");
	if (s->protocol == IPPROTO_TCP) {
		finding_next(f, "sysctl -w net.ipv4.tcp_rmem='4096 131072 16777216'");
	} else if (s->room == x->rmem_default) {
		finding_limit(f, f->limit, " Restart the program then: the default is for new sockets.");
		finding_next(f, "sysctl -w net.core.rmem_max=16777216 net.core.rmem_default=%.0f", 4 * s->room);
	} else if (s->room == 2 * x->rmem_max) {
		finding_limit(f, f->limit, " The program asked for one (SO_RCVBUF) and got as much as net.core.rmem_max allows: raise that, and restart it.");
		finding_next(f, "sysctl -w net.core.rmem_max=16777216");
	} else {
		finding_limit(f, f->limit, " The program set SO_RCVBUF itself, and no sysctl changes that.");
		finding_next(f, "in the settings of %s: a larger SO_RCVBUF, at most net.core.rmem_max (%.0f)",
			     s->pid ? s->command : "the program", x->rmem_max);
	}
}

static void judge_reader(struct finding *f, const struct exam_socket *s, const char *why)
{
	finding_limit(f, "reader", "%s", is_stopped(s) ? " The process is stopped." : why);
	if (is_stopped(s))
		finding_next(f, "kill -CONT %d", s->pid);
	else
		finding_next(f, s->pid ? "top -H -p %d" : "top", s->pid);
}

static void judge_socket(struct diagnosis *d, const struct patient *p, const struct exam_socket *s,
			 double lost)
{
	const char *protocol = s->protocol == IPPROTO_TCP ? "TCP" : "UDP";
	const char *busiest;
	char who[64], why[128];
	struct finding *f;

	snprintf(who, sizeof(who), s->pid ? "%s (process %d)" : "a program", s->command, s->pid);
	if (s->stuck) {
		f = finding_add(d, "socket", 0, "%s does not read its connection on TCP port %u: %.0f bytes wait. TCP loses nothing, and its sender waits.",
				who, s->port, s->waiting);
		judge_reader(f, s, " The program is stuck.");
		if (others_received(p, &busiest) > 0)
			finding_limit(f, f->limit, " Its sender may be behind another interface, such as %s.", busiest);
	} else if (s->listens) {
		f = finding_add(d, "listen", lost, "%s does not accept connections on port %u fast enough: its queue holds %.0f.",
			who, s->port, s->room);
		judge_listen(f, s);
	} else {
		f = finding_add(d, "socket", lost, "The buffer of %s, %s port %u, was full: %.0f bytes.", who, protocol,
			s->port, s->room);
		snprintf(why, sizeof(why), " It was full at %.0f of %.0f looks: the program does not keep up, and no buffer is large enough.",
			 s->full, s->looks);
		if (is_stopped(s) || (s->looks >= 5 && s->full >= FULL * s->looks))
			judge_reader(f, s, why);
		else
			judge_buffer(f, p, s);
	}
	f->socket = s;
	if (s->loopback && strcmp(p->facts.interface, "lo"))
		judge_elsewhere(f, "lo");
	else if (f->packets > 0)
		judge_shared(f, p, 0);
}

static void judge_sockets(struct diagnosis *d, const struct patient *p)
{
	/* a socket's drops are those without room and those of bad checksums */
	double full = GREW(p, socket_full), told = 0;
	struct finding *f;
	size_t i;

	for (i = 0; i < p->sockets && d->count < FINDINGS_MAX / 2; i++) {
		const struct exam_socket *s = &p->socket[i];
		double lost = s->dropped;

		if (s->protocol == IPPROTO_UDP) {
			lost = fmin(lost, full - told);
			told += lost;
		}
		if (lost > 0 || s->stuck)
			judge_socket(d, p, s, lost);
	}
	if (!(full - told >= 1))
		return;
	f = finding_add(d, "socket", full - told, p->sockets_told ?
		"UDP sockets that are gone meanwhile had no room for them." :
		"UDP sockets had no room for them; this kernel (udp_diag) does not tell which.");
	f->limit = "buffer";
	finding_next(f, "ss -uampn");
	judge_shared(f, p, 0);
}

static void judge_rest(struct diagnosis *d, const struct patient *p, double backlog)
{
	double squeezed = 0, unwanted = GREW(p, unwanted) - backlog;
	bool lost = false;
	size_t i;

	for (i = 0; i < d->count; i++)
		lost |= !strcmp(d->finding[i].place, "ring") || !strcmp(d->finding[i].place, "backlog");
	for (i = 0; i < p->after.cpus; i++)
		squeezed += p->after.cpu[i].squeezed - exam_cpu_before(p, i)->squeezed;
	if (squeezed > 0 && !lost)
		finding_add(d, "squeeze", 0, "Softirq ended %.0f rounds with work left (time_squeeze) and went on in the next: nothing is lost by it.",
		    squeezed)->harmless = true;
	/* tc's drops and the queue's are counted there as well */
	unwanted -= fmax(GREW(p, ingress), 0);
	if (unwanted > 0 && !p->before.overrun && !p->after.overrun)
		finding_add(d, "unwanted", 0, "rx_dropped grew by %.0f: frames of protocols that this guest does not speak.",
		    unwanted)->harmless = true;
}

void judge_behind(struct diagnosis *d, const struct patient *p)
{
	double backlog;

	judge_wire(d, p);
	judge_backlog(d, p, &backlog);
	judge_filters(d, p);
	judge_sockets(d, p);
	judge_rest(d, p, backlog);
}
