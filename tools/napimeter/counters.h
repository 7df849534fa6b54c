/* SPDX-License-Identifier: GPL-2.0 */
/* Everything in the guest that counts packets or CPU time, read at one moment. */
#ifndef NAPIMETER_COUNTERS_H
#define NAPIMETER_COUNTERS_H

#include <stdint.h>

#include "../lib/run.h"
#include "delay.h"
#include "util.h"
#include "snapshot.h"

/* /proc/stat, in seconds, all CPUs together. */
struct cpu_times {
	int64_t mono, real;
	double idle, softirq, system, steal;
	int cpus;
};

struct counters {
	int64_t mono;
	struct snapshot nic;
	/* MPC, packets the NIC had no room for: as ethtool -S says, and 0 or MPC again */
	double missed, missed_kept;
	double backlog_dropped;		/* softnet_stat, all CPUs */
	double time_squeeze;
	double udp_delivered;		/* InDatagrams: read by an application */
	double udp_errors;		/* InErrors, which holds RcvbufErrors */
	double udp_no_port;
	double udp_csum;		/* InCsumErrors, in InErrors too */
	double filtered;		/* by IP itself: reverse path, no route, discarded */
	double carrier_changes;
	bool carrier;
	struct cpu_times cpu;
};

/* Counts of the traffic source and the receiving application. */
struct traffic {
	double sent;
	double received;
	double seconds;			/* of traffic, as it came: what waited in a queue comes late */
	double source_seconds;		/* of sending, by the source's clock; NaN: not known */
	double bytes;			/* received, payload */
	double jitter_us;
	double arrived;			/* data that the driver handed on; NaN: not known */
	double unseen;			/* of it, at most: before the first number that was seen */
	double socket_drops;		/* by our socket alone; NaN: not known */
	double unread, unread_ends;	/* left in it: data, and repeated ends */
	struct delay delay;
	double control;			/* datagrams that are not data; at most, if not known */
	double others;			/* of those, counted at the NIC; where `arrived` is not known */
	bool is_slot;			/* a part of a stream */
	bool open_end;			/* its last word did not come: sent is the newest that did */
	bool only_packets_at_nic;	/* a TCP stream: bytes, no datagrams */
};

int cpu_read(struct cpu_times *cpu);
int counters_read(struct counters *c, const char *interface);
void counters_free(struct counters *c);

/*
 * Fill the measured columns, and what of the traffic only the counters know; *hist gets the
 * lines for hist.csv (caller frees).
 */
int measure(struct row *row, const struct counters *before, const struct counters *after,
	    struct traffic *traffic, char **hist);

/* The parts of counters_read() that read text, apart for the tests. */
void parse_softnet(struct counters *c, const char *text);
double parse_snmp(const char *text, const char *protocol, const char *name);
double parse_snmp6(const char *text, const char *name);
int parse_stat(struct cpu_times *cpu, const char *text, double ticks_per_second);

double ring_loss(const struct counters *before, const struct counters *after);

/*
 * Packets that the NIC had no room for: *missed as ethtool -S says, which counts them again and
 * again where the NIC does not clear its register, and what that register holds, or 0.
 */
void read_missed(const char *interface, double *missed, double *kept);

#endif
