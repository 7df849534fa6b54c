/* SPDX-License-Identifier: GPL-2.0 */
/* A healthy guest for the tests of doctor, and questions to its diagnosis. */
#ifndef DOCTOR_PATIENT_H
#define DOCTOR_PATIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

#include <cmocka.h>	/* last: it makes a macro of fail() */

/* Ten seconds of a guest with two CPUs that lacks nothing: 10 000 packets by CPU 0. */
static struct exam_cpu cpus_before[2], cpus_after[2];
static struct exam_peak peaks[2];

static inline struct patient healthy(void)
{
	struct patient p = {
		.facts = { .interface = "eth0", .driver = "e1000_napi", .up = true, .carrier = true,
			   .root = true, .weight = 64, .ring = 256, .ring_most = 4096, .budget = 300,
			   .budget_usecs = 8000, .backlog = 1000, .rmem_default = 212992, .rmem_max = 212992,
			   .conntrack_most = 65536, .online = 2, .clock = "tsc", .hypervisor = "" },
		.before = { .cpus = 2, .cpu = cpus_before },
		.after = { .mono = 10 * NSEC, .received = 10000, .sent = 100, .ip_packets = 10000, .cpus = 2,
			   .cpu = cpus_after },
		.peak = peaks, .sockets_told = true,
	};

	memset(cpus_before, 0, sizeof(cpus_before));
	cpus_after[0] = (struct exam_cpu){ .here = true, .processed = 10000, .all = 1000, .idle = 900,
					   .softirq = 50 };
	cpus_after[1] = (struct exam_cpu){ .here = true, .processed = 10, .all = 1000, .idle = 1000 };
	peaks[0] = (struct exam_peak){ 0.1, 0.05 };
	peaks[1] = (struct exam_peak){ 0.01, 0 };
	return p;
}

static inline struct diagnosis of(const struct patient *p)
{
	struct diagnosis d;

	diagnose(&d, p);
	return d;
}

/* The most important finding. */
static inline void first_is(const struct patient *p, const char *place, const char *limit, const char *next)
{
	struct diagnosis d = of(p);

	assert_true(d.wrong);
	assert_string_equal(d.finding[0].place, place);
	assert_string_equal(d.finding[0].limit ? d.finding[0].limit : "", limit);
	if (strncmp(d.finding[0].next, next, strlen(next)))
		assert_string_equal(d.finding[0].next, next);
}

static inline void only_harmless(const struct patient *p, const char *place)
{
	struct diagnosis d = of(p);

	assert_false(d.wrong);
	assert_int_equal(d.count, *place ? 1 : 0);
	if (*place)
		assert_string_equal(d.finding[0].place, place);
}

#endif
