/* SPDX-License-Identifier: GPL-2.0 */
/* The sources of a stream, each in a file of its own; only stream.c calls them. */
#ifndef NAPIMETER_SOURCE_H
#define NAPIMETER_SOURCE_H

#include "stream.h"

#define PKTGEN_PORT 9

/*
 * Called over and over with the highest number that has come. The source's last word may
 * be lost, so each new one near the end may be the last.
 */
int heed(struct stream *s, uint64_t highest);

int pktgen_start(struct stream *s);
/* Its statistics, into text. */
int pktgen_text(struct stream *s);
bool pktgen_ended(struct stream *s);
int pktgen_wait(struct stream *s);

int iperf_start(struct stream *s);
bool iperf_ended(pid_t pid);
int iperf_wait(struct stream *s);
/* Its process has ended: the next pull waits until the server has noticed. */
void iperf_free(const struct stream *s);
int iperf_result(struct stream *s, struct traffic *t);

#endif
