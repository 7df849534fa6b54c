/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A row of runs.csv. A trial that is still to be done is a row too, one whose
 * measured cells are empty; so there is one place that knows the columns.
 */
#ifndef NAPIMETER_ROW_H
#define NAPIMETER_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

/* The order is the file format: docs/sweep.md describes every one. */
#define COLUMNS(X) \
	X(trial) X(rep) X(block) X(status) X(reason) X(method) X(preset) \
	X(protocol) X(offered_bps) X(datagram) X(weight) X(rcvbuf) X(app_cpu) \
	X(irq_cpu) X(rx_usecs) X(gro) X(threaded) X(burst) X(started_ns) \
	X(seconds) X(sent) X(received) X(lost) X(lost_before_nic) X(lost_ring) \
	X(lost_backlog) X(lost_socket) X(lost_app) X(remainder) \
	X(remainder_high) X(bandwidth_bps) X(jitter_us) X(rx_packets) X(irqs) \
	X(polls) X(polls_whole_budget) X(polls_empty) X(polls_tx_unfinished) \
	X(polls_ksoftirqd) X(time_squeeze) X(rx_per_poll) X(rx_per_irq) \
	X(cpu_total) X(cpu_softirq) X(cpu_system) X(cpu_steal) X(host_cpu)

/* Only there if the sweep varies or sets one of them. */
#define EXTRA_COLUMNS(X) \
	X(netdev_budget) X(netdev_budget_usecs) X(defer_hard_irqs) \
	X(gro_flush_timeout)

enum column {
#define X(name) COL_##name,
	COLUMNS(X)
	COL_COUNT_PLAIN,
	COL_BEFORE_EXTRA = COL_COUNT_PLAIN - 1,
	EXTRA_COLUMNS(X)
#undef X
	COL_COUNT,
};

#define CELL_MAX 200

struct row {
	char cell[COL_COUNT][CELL_MAX];
};

const char *column_name(enum column col);
int column_find(const char *name);	/* -1: no such column */

void row_set(struct row *row, enum column col, const char *fmt, ...) PRINTF(3, 4);
/* A measured number: nothing is written for NaN or infinity, no fraction if it has none. */
void row_set_number(struct row *row, enum column col, double value);
double row_number(const struct row *row, enum column col);	/* NaN if empty */
int64_t row_integer(const struct row *row, enum column col, int64_t if_empty);
/* As a sweep writes them: numbers where they have to be, and the number of a trial. */
int row_check(const struct row *row, int columns);
bool row_empty(const struct row *row, enum column col);

/* One CSV line with its newline (RFC 4180 quoting); returns its length. */
size_t csv_header(char *line, size_t len, int columns);
size_t csv_format(const struct row *row, char *line, size_t len, int columns);
/* The inverse; line may end in a newline. */
int csv_parse(struct row *row, const char *line, int columns);

#endif
