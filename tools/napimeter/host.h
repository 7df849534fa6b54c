/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CPU use of this VM as its host sees it. scripts/host/cpu.sh on the host feeds
 * samples to `napimeter hostcpu`, which the guest asks over UDP. The two
 * clocks are not assumed to agree: their offset is measured as NTP does.
 *
 * One line each way: "clock T1" -> "clock T1 T2 T3" (ns; T2, T3 the host's clock at
 * arrival and answer), "cpu FROM TO" (host's clock) -> "cpu PERCENT", "cpu
 * later" (not sampled yet) or "cpu none".
 */
#ifndef NAPIMETER_HOST_H
#define NAPIMETER_HOST_H

#include <stddef.h>
#include <stdint.h>

struct host_sample {
	int64_t time;		/* end of the interval, the next one's start */
	double cpu;		/* percent, 100 = one CPU thread */
};

struct host_clock {
	int64_t offset;		/* host minus guest, ns */
	int64_t round_trip;	/* of the probe that told it: the error is at most half */
};

/* address: ADDR:PORT or [ADDR]:PORT. -1 with the reason kept. */
int host_clock(const char *address, struct host_clock *clock);
/* Until the host has samples, at most a minute. -1 with the reason kept. */
int host_wait(const char *address);
/* Mean over [from, to] of the guest's CLOCK_REALTIME. -1 with the reason kept. */
int host_cpu(const char *address, int64_t from, int64_t to, const struct host_clock *clock,
	     double *cpu);

#define HOST_SAMPLES 3600	/* an hour, if one comes each second */

/*
 * Adds the sample that a line "time_ns,cpu" tells to the list, which has room for HOST_SAMPLES,
 * and returns how many there are then: as many as before when the line tells none. After a step
 * back of the clock the list begins again, so its times always rise. For the tests.
 */
size_t add_sample(struct host_sample *list, size_t count, const char *line);
/* Mean of samples over an interval; NaN if it is not all sampled. For the tests. */
double mean_cpu(const struct host_sample *samples, size_t count, int64_t from, int64_t to);

int cmd_hostcpu(int argc, char *argv[]);

#endif
