// SPDX-License-Identifier: GPL-2.0
/*
 * Judge the counters of some seconds: what is wrong, what limits, what is harmless, and what to do
 * about it. docs/doctor.md explains every finding. Here: the NIC and the CPU that serves it.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctorjudge.h"

#define DEFAULT_RING 256	/* of e1000, as of most drivers */
#define DEFAULT_WEIGHT 64
#define SMALL_WEIGHT 16		/* below it, the polls' fixed price decides */
#define DEFAULT_BUDGET 300
#define WHOLE 0.5		/* of the polls: the weight ends them, not an empty ring */
#define STOLEN 0.1		/* of a CPU, by the host */

struct finding *finding_add(struct diagnosis *d, const char *place, double packets, const char *fmt, ...)
{
	struct finding *f = &d->finding[d->count < FINDINGS_MAX - 1 ? d->count++ : FINDINGS_MAX - 1];
	va_list ap;

	*f = (struct finding){ .place = place, .packets = packets };
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return f;
}

void finding_limit(struct finding *f, const char *what, const char *fmt, ...)
{
	size_t len = strlen(f->text);
	va_list ap;

	f->limit = what;
	va_start(ap, fmt);
	vsnprintf(f->text + len, sizeof(f->text) - len, fmt, ap);
	va_end(ap);
}

void finding_next(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->next, sizeof(f->next), fmt, ap);
	va_end(ap);
}

/* ---- the CPU that takes the packets ---- */

struct receiver {
	size_t cpu;
	double processed, squeezed;	/* packets, rounds */
	struct exam_peak peak;
	bool saturated;
};

const struct exam_cpu *exam_cpu_before(const struct patient *p, size_t n)
{
	static const struct exam_cpu none;

	return n < p->before.cpus ? &p->before.cpu[n] : &none;
}

static struct receiver receiver(const struct patient *p)
{
	struct receiver r = { 0 };
	size_t i;

	for (i = 0; i < p->after.cpus; i++) {
		const struct exam_cpu *a = &p->after.cpu[i], *b = exam_cpu_before(p, i);

		if (i && !(a->processed - b->processed > r.processed))
			continue;
		r = (struct receiver){ .cpu = i, .processed = a->processed - b->processed,
				       .squeezed = a->squeezed - b->squeezed, .peak = p->peak[i] };
		r.saturated = r.peak.busy >= BUSY;
	}
	return r;
}

/* One more CPU has to be there for that. */
static void spread(struct finding *f, const struct patient *p, size_t cpu)
{
	size_t cpus = p->facts.online < 32 ? p->facts.online : 32;
	unsigned int mask = (1ULL << cpus) - 1;

	if (cpu < 32)
		mask &= ~(1U << cpu);
	if (cpus > 1)
		finding_next(f, "echo %x >/sys/class/net/%s/queues/rx-0/rps_cpus", mask, p->facts.interface);
	else
		finding_next(f, "on the host: give this guest one more CPU; nproc says %zu", cpus);
}

void limit_of_cpu(struct finding *f, const struct patient *p, size_t cpu)
{
	const struct exam_cpu *a = &p->after.cpu[cpu], *b = exam_cpu_before(p, cpu);
	double stolen = a->all > b->all ? (a->steal - b->steal) / (a->all - b->all) : 0;

	if (stolen > STOLEN) {
		finding_limit(f, "host", " CPU %zu, which takes the packets, is busy, and its host gave %.0f %% of it to others.",
			      cpu, 100 * stolen);
		finding_next(f, "on the host: look which VMs share its CPUs (top, xentop, esxtop)");
		return;
	}
	finding_limit(f, "cpu", " CPU %zu, which takes the packets, was busy for %.0f %% of a second (softirq %.0f %%).",
		      cpu, 100 * p->peak[cpu].busy, 100 * p->peak[cpu].softirq);
	spread(f, p, cpu);
}

/* The softirq's own bounds, where they are below their defaults and were reached. */
static bool limit_of_round(struct finding *f, const struct patient *p, const struct receiver *r)
{
	double each = r->squeezed > 0 ? r->processed / r->squeezed : 0;
	const struct exam_facts *x = &p->facts;

	if (!(r->squeezed > 0))
		return false;
	if (x->budget < DEFAULT_BUDGET) {
		finding_limit(f, "budget", " netdev_budget is %.0f, and softirq ended %.0f rounds with work left.",
		      x->budget, r->squeezed);
		finding_next(f, "sysctl -w net.core.netdev_budget=%d", DEFAULT_BUDGET);
		return true;
	}
	/* a tick is 10 ms at most, and the default is two of them */
	if (x->budget_usecs < 2000 && each < x->budget) {
		finding_limit(f, "time", " netdev_budget_usecs is %.0f, and softirq ended %.0f rounds with work left.",
		      x->budget_usecs, r->squeezed);
		finding_next(f, "sysctl -w net.core.netdev_budget_usecs=8000");
		return true;
	}
	return false;
}

/* Share of the polls that took a whole weight; NaN where the driver does not tell. */
static double whole_polls(const struct patient *p)
{
	struct snapshot delta;
	double share;

	if (!p->before.has_nap || !p->after.has_nap ||
	    snapshot_delta(&delta, &p->before.nap, &p->after.nap))
		return NAN;
	share = snapshot_counter(&delta, "polls_whole_budget") / snapshot_counter(&delta, "polls");
	snapshot_free(&delta);
	return share;
}

static void judge_nic(struct diagnosis *d, const struct patient *p, const struct receiver *r)
{
	const struct exam_facts *x = &p->facts;
	double whole = whole_polls(p), lost, more;
	struct finding *f;

	lost = p->after.missed_kept > 0 ? GREW(p, missed_kept) : x->qemu ? 0 : GREW(p, missed);
	lost = fmax(lost, 0) + fmax(GREW(p, overrun), 0);
	if (x->qemu && GREW(p, missed) > 0 && !lost) {
		f = finding_add(d, "qemu", 0, "rx_missed_errors of ethtool -S grows without a loss: QEMU's e1000 does not clear this counter when it is read, and the driver adds it again.");
		f->harmless = true;
	}
	if (!(lost > 0))
		return;
	f = finding_add(d, "ring", lost, "%s had no room for them: its ring was full.", x->interface);
	more = fmin(fmax(1024, 4 * x->ring), x->ring_most);
	if (x->ring < DEFAULT_RING && x->ring_most > x->ring) {
		finding_limit(f, "ring", " The ring has %.0f descriptors, fewer than the usual %d: it is the ring, not the weight.",
		      x->ring, DEFAULT_RING);
		finding_next(f, "ethtool -G %s rx %.0f", x->interface, more);
	} else if (r->saturated && x->weight < SMALL_WEIGHT && whole > WHOLE) {
		finding_limit(f, "weight", " A weight of %.0f ended %.0f %% of the polls, and CPU %zu was busy for %.0f %% of a second.",
		      x->weight, 100 * whole, r->cpu, 100 * r->peak.busy);
		finding_next(f, "ethtool -C %s rx-frames-irq %d", x->interface, DEFAULT_WEIGHT);
	} else if (limit_of_round(f, p, r)) {
		;
	} else if (r->saturated) {
		limit_of_cpu(f, p, r->cpu);
		if (!strcmp(x->clock, "hpet") || !strcmp(x->clock, "acpi_pm"))
			finding_limit(f, f->limit, " It reads its clock from %s, which costs an exit to the hypervisor each time.",
			      x->clock);
	} else if (x->ring_most > x->ring) {
		finding_limit(f, "ring", " No CPU was busy, so bursts are longer than the %.0f descriptors.", x->ring);
		finding_next(f, "ethtool -G %s rx %.0f", x->interface, more);
	} else {
		finding_limit(f, "bursts", " No CPU was busy, and the ring cannot be larger: bursts are too long.");
		finding_next(f, "tc qdisc add dev DEV root fq maxrate 500mbit   # on the host that sends");
	}
}

static void judge_link(struct diagnosis *d, const struct patient *p)
{
	const struct exam_facts *x = &p->facts;
	struct finding *f;

	if (!x->up)
		finding_next(finding_add(d, "link", 0, "%s is down.", x->interface), "ip link set dev %s up", x->interface);
	else if (!x->carrier)
		finding_next(finding_add(d, "link", 0, "%s has no link: its cable is out, at the host.", x->interface),
		     "on the host: connect the virtual cable (VBoxManage controlvm VM setlinkstate1 on)");
	else if (GREW(p, link_changes) > 0)
		finding_next(finding_add(d, "link", 0, "%s lost its link, or got it back: %.0f changes.", x->interface,
			 GREW(p, link_changes)), "dmesg | grep -w %s", x->interface);
	if (p->after.hangs > 0 || x->hang_messages) {
		f = finding_add(d, "transmitter", 0, "The transmitter hung %.0f times since the driver was loaded, %s; the kernel's log reports %zu.",
			p->after.hangs, GREW(p, hangs) > 0 ? "and it hangs now" : "not just now",
			x->hang_messages);
		finding_limit(f, "host", " Each time the driver resets the NIC. In virtual machines it helps to leave segmentation to the kernel.");
		finding_next(f, "ethtool -K %s tso off gso off", x->interface);
	}
}

static int rank(const struct finding *f)
{
	return f->elsewhere ? 3 : f->harmless ? 4 : !strcmp(f->place, "link") ? 0 : !strcmp(f->place, "transmitter") ? 1 : 2;
}

static int by_weight(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	return (y->packets > x->packets) - (y->packets < x->packets);
}

void diagnose(struct diagnosis *d, const struct patient *p)
{
	struct receiver r = receiver(p);
	size_t i;

	*d = (struct diagnosis){ 0 };
	judge_link(d, p);
	judge_nic(d, p, &r);
	judge_behind(d, p);
	judge_around(d, p);
	qsort(d->finding, d->count, sizeof(d->finding[0]), by_weight);
	for (i = 0; i < d->count; i++)
		d->wrong |= !d->finding[i].harmless;
}
