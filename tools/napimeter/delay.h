/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long datagrams took from their source to here: each carries the time of its sending. The
 * two clocks are not one, so a delay is what a datagram took longer than the quickest ones.
 */
#ifndef NAPIMETER_DELAY_H
#define NAPIMETER_DELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DELAY_ROOM 131072		/* samples of a stream */
#define DELAY_SHARES (1 << 24)
#define DELAY_HASH 0x9e3779b1u

/* One datagram. Written by the BPF program too: its offsets are in arrivals.c. */
struct delay_sample {
	uint64_t at;			/* ns, by a clock of ours */
	uint32_t sent_s, sent_us;	/* as the datagram has it, by the source's clock */
};

/* The transit time of a datagram that waits nowhere, in ns relative to the first sample. */
struct delay_line {
	double low, slope;
};

/* Microseconds; NaN where there are too few samples. */
struct delay {
	double p50, p99, p999;
};

#define DELAY_UNKNOWN ((struct delay){ NAN, NAN, NAN })

/*
 * Of so many datagrams, the share to sample, in parts of DELAY_SHARES. A hash of the sequence
 * number picks them: every n-th would always meet the same place of a burst.
 */
uint32_t delay_share(double datagrams);

static inline bool delay_is_picked(uint32_t sequence, uint32_t share)
{
	return sequence * DELAY_HASH >> 8 < share;
}

/* From all samples of a stream. */
struct delay_line delay_line_of(const struct delay_sample *s, size_t n);
/* Of the samples that came from `from` to `to`, ns by the samples' clock. */
struct delay delay_of(const struct delay_sample *s, size_t n, const struct delay_line *line,
		      uint64_t from, uint64_t to);

#endif
