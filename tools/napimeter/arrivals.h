/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sequence numbers of iperf's datagrams as they reach its socket. iperf itself
 * tells at its end only, and then neither how often the source repeated its last
 * datagram nor what was left in the queue.
 */
#ifndef NAPIMETER_ARRIVALS_H
#define NAPIMETER_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

/* Written by the filter in the kernel. */
struct arrivals_page {
	uint64_t data;		/* datagrams */
	uint64_t first;		/* sequence number of the first of them; 0: none yet */
	uint64_t highest;
	uint64_t ends;		/* last datagrams, which have negative numbers */
	uint64_t end;		/* the number of the first one sent; 0: none came */
};

struct arrivals {
	int program_fd;
	const volatile struct arrivals_page *page;	/* NULL: this kernel cannot */
};

/* On failure nothing is counted, and that is all. */
void arrivals_open(struct arrivals *a);
void arrivals_close(struct arrivals *a);
bool arrivals_attach(const struct arrivals *a, int socket_fd);
/* Data that came, those too that came before the filter was there. */
double arrivals_data(const volatile struct arrivals_page *page);

#endif
