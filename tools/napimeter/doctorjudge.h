/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the parts of doctor's judgement. */
#ifndef NAPIMETER_DOCTORJUDGE_H
#define NAPIMETER_DOCTORJUDGE_H

#include "doctor.h"

#define GREW(p, field) ((p)->after.field - (p)->before.field)
#define BUSY 0.95		/* of a CPU, in its busiest second */

/* Add a finding; finding_limit() may append to its text. */
struct finding *finding_add(struct diagnosis *d, const char *place, double packets, const char *fmt, ...)
	PRINTF(4, 5);
/* The limit that is too small or too slow, and how it shows. */
void finding_limit(struct finding *f, const char *limit, const char *fmt, ...) PRINTF(3, 4);
/* The command to try first. */
void finding_next(struct finding *f, const char *fmt, ...) PRINTF(2, 3);

/* Earlier counts of a CPU; all 0 if it was not there. */
const struct exam_cpu *exam_cpu_before(const struct patient *p, size_t n);
/* This CPU is too slow for what comes, or its host takes it away. */
void limit_of_cpu(struct finding *f, const struct patient *p, size_t cpu);

/* Packets that came on other interfaces, and the one that most of them came on. */
double others_received(const struct patient *p, const char **busiest);
/* Packets that all interfaces sent, besides lo. */
double links_sent(const struct patient *p);
/* Up to so many are not a fault: 1 %, or some a second. */
double few_packets(const struct patient *p);
/* Of the packets that came or should have, per cent. */
double share_lost(const struct patient *p, const struct finding *f);
/*
 * The finding's counter covers all interfaces: say so where others received packets, and state no
 * loss that cannot be this NIC's. So many are known to be.
 */
void judge_shared(struct finding *f, const struct patient *p, double sure);
/* This interface loses them instead. */
void judge_elsewhere(struct finding *f, const char *busiest);

/* Losses on the wire and behind the driver; after those in the NIC. */
void judge_behind(struct diagnosis *d, const struct patient *p);
/* XDP, losses before IP, forwarding, and the known faults of this hypervisor. */
void judge_around(struct diagnosis *d, const struct patient *p);

#endif
