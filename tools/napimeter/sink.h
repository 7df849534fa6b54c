/* SPDX-License-Identifier: GPL-2.0 */
/* The receiving application: a process that reads a UDP socket and counts. */
#ifndef NAPIMETER_SINK_H
#define NAPIMETER_SINK_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "delay.h"
#include "util.h"

/*
 * Shared with the process: it writes (stop excepted), others read at any time.
 * A datagram starts as pktgen's do: magic, sequence number from 1 (pktgen: from
 * 0), seconds and microseconds of sending, all 32 bit big endian.
 */
struct sink_page {
	_Atomic int64_t received;
	_Atomic int64_t bytes;
	_Atomic int64_t others;		/* datagrams that are not data */
	_Atomic int64_t highest;	/* sequence number seen, -1: none yet */
	_Atomic int64_t drops;		/* by this socket: its buffer was full */
	_Atomic int64_t first_ns;
	_Atomic int64_t last_ns;
	_Atomic int64_t sent_first_ns;	/* when these two were sent, by the source's clock */
	_Atomic int64_t sent_last_ns;
	_Atomic int64_t jitter_ns;	/* RFC 3550, 6.4.1 */
	_Atomic int64_t announced;	/* by the source at its end; -1: not yet */
	_Atomic int stop;
	uint32_t share;			/* of the datagrams that are samples of delay */
	_Atomic uint64_t samples;
	struct delay_sample sample[DELAY_ROOM];	/* CLOCK_REALTIME */
};

struct sink {
	struct sink_page *page;
	pid_t pid;
	bool polls;		/* set before the start: reads as irq-suspend-timeout needs it */
};

#define PKTGEN_MAGIC 0xbe9be955u

struct datagram_header {
	uint32_t magic;
	uint32_t sequence;
	uint32_t sec;
	uint32_t usec;
};

/*
 * The socket's buffer: bytes or "default". Before the source is asked, since the first burst
 * comes at once. 0, or -1 with the reason kept.
 */
int sink_buffer(int fd, const char *rcvbuf);
/* rcvbuf: bytes or "default"; cpu: number or ""; share: of samples of delay. */
int sink_start(struct sink *sink, int fd, const char *rcvbuf, const char *cpu, uint32_t share);
/* A UDP socket on this port of all addresses, -1 with the reason kept. */
int sink_socket(unsigned int port);
/* Ends it when nothing came for 100 ms (at most 3 s); what it counted stays. */
void sink_stop(struct sink *sink);
void sink_free(struct sink *sink);

int cmd_sink(int argc, char *argv[]);

int pin_to_cpu(const char *cpu);	/* "" leaves it */

#endif
