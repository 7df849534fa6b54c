/* SPDX-License-Identifier: GPL-2.0 */
/* A stream of traffic towards this guest, from any of the three sources. */
#ifndef NAPIMETER_STREAM_H
#define NAPIMETER_STREAM_H

#include "arrivals.h"
#include "counters.h"
#include "plan.h"
#include "sink.h"

struct stream {
	const struct plan *plan;
	const struct row *spec;
	double seconds;
	int64_t started, heard;		/* monotonic: the start, and when the last packet was seen */
	uint64_t highest;		/* its number */
	struct cpu_times cpu_at_end;	/* then, once the end is near */
	struct sink sink;		/* not with iperf, which receives itself */
	int ask_fd;			/* napimeter: to the source */
	pid_t child;			/* pktgen's starter, or iperf */
	struct arrivals arrivals;	/* iperf, UDP */
	double drops, unread, unread_ends;	/* of its socket, at its end; NaN: not known */
	int out_fd;			/* pktgen: its statistics; iperf: what it prints */
	char text[4096];		/* read from it */
};

int stream_start(struct stream *s, const struct plan *plan, const struct row *spec,
		 double seconds);
/*
 * So far, both at one moment; NaN where only the end will tell (iperf without arrivals).
 * With iperf, received is what the driver handed on, that which no buffer had room for too.
 */
void stream_so_far(struct stream *s, double *sent, double *received);
/* Drops of our socket so far; NaN: not known. */
double stream_drops(const struct stream *s);
/* Has the last packet been sent? */
bool stream_over(struct stream *s);
/*
 * Wait until the last packet is sent and all are received, then take the counts. cpu_at_end is
 * the CPU time at the last packet: waiting for a lost last datagram takes idle seconds.
 */
int stream_wait(struct stream *s);
int stream_result(struct stream *s, struct traffic *traffic);
/*
 * Of the datagrams that came between these two moments, or from the first to the last; it is
 * called when the stream is over.
 */
struct delay stream_delay(const struct stream *s, const struct cpu_times *from,
			  const struct cpu_times *to);
/* Ends whatever still runs. */
void stream_free(struct stream *s);

/* For the tests. */
int reach_socket_of(pid_t pid, int rcvbuf, struct arrivals *arrivals);
void shut_socket_of(pid_t pid);
int check_traffic(struct traffic *t, const struct row *spec, double seconds);
int parse_iperf(const char *text, const struct row *spec, struct traffic *traffic);
int parse_pktgen(const char *text, double *sent, double *seconds);

#endif
