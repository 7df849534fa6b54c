/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sequence numbers of iperf's datagrams as they come from the driver. iperf
 * itself tells at its end only, and then neither how often the source repeated its
 * last datagram nor what was left unread.
 */
#ifndef NAPIMETER_ARRIVALS_H
#define NAPIMETER_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

#include "delay.h"

#define ARRIVALS_NEAR 65536	/* numbers in a row, with what was lost between them */
#define ARRIVALS_STEP 1024	/* the same, of a number that none confirms */

/* Written by the filter in the kernel. */
struct arrivals_page {
	uint64_t data;		/* datagrams */
	uint64_t first;		/* sequence number of the first of them; 0: none yet */
	uint64_t highest;	/* that the number after it, or before it, confirms */
	uint64_t newest;	/* as it came, of data or an end */
	uint64_t ends;		/* last datagrams, which have negative numbers */
	uint64_t end;		/* the number of the first one sent; 0: none came */
	uint64_t began, last;	/* when data came first and last; the kernel's jiffies */
	/* when the source sent these two, by its own clock, as it writes into each */
	uint64_t sent_first_s, sent_first_us, sent_last_s, sent_last_us;
	uint64_t samples;
	struct delay_sample sample[DELAY_ROOM];	/* CLOCK_MONOTONIC */
};

struct arrivals {
	int watch_fd;
	const volatile struct arrivals_page *page;	/* NULL: nothing is watched */
	uint32_t share;	/* of the datagrams that are samples of delay */
	int socket_fd;	/* a copy of the watched socket, which lives as long; -1: none */
};

/*
 * To this UDP socket, which is connected. On failure nothing is watched, and that is all. Only
 * `share` is kept of what *a was.
 */
void arrivals_watch(struct arrivals *a, int socket_fd);
void arrivals_stop(struct arrivals *a);
/* Have any come? Else all other figures say nothing. */
bool arrivals_known(const struct arrivals *a);
/* The newest of the data, which no corrupted datagram can raise by more than a step. */
double arrivals_highest(const struct arrivals *a);
/* Data that came, those too that came before the watch began. */
double arrivals_data(const struct arrivals *a);
/* From the first to the last of them, to a tick of the kernel: 1 to 10 ms. */
double arrivals_seconds(const struct arrivals *a);
/* The seconds between sending these two, by the clock of the source. */
double arrivals_source_seconds(const struct arrivals *a);

#endif
