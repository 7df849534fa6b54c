/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The run format: what a row of runs.csv holds. This table is the only place that
 * knows the columns; napimeter writes them, napistat reads them, and
 * `napistat columns` prints them.
 */
#ifndef LIB_RUN_H
#define LIB_RUN_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base.h"

/* The type of a column: what its text must be. */
enum type {
	T_TRIAL,	/* the number of a trial, from 1 */
	T_STATUS,	/* ok, warn, failed */
	T_TEXT,
	T_METHOD,	/* grid, interleave, mlfrr */
	T_PROTOCOL,	/* udp, tcp, pktgen */
	T_RCVBUF,	/* bytes or "default" */
	T_CPU,		/* the number of a CPU, or a word */
	T_COUNT,	/* whole, from 0 */
	T_FLAG,		/* 0 or 1 */
	T_WEIGHT,	/* 1 to 4096 */
	T_TIME,		/* nanoseconds since 1970 */
	T_SIGNED,	/* whole */
	T_REAL,		/* from 0 */
	T_SECONDS,	/* above 0 */
};

/* The role of a column: what it does to the trials. */
enum role {
	R_KEY,		/* tells trials of a cell apart */
	R_STATE,	/* how the trial went */
	R_AXIS,		/* a setting that figures are drawn along */
	R_SETTING,	/* a setting; trials that differ in one are of different cells */
	R_MEASURE,
};

/* name, type, unit, role, may it be empty? In the order of the file. */
#define RUN_COLUMNS(X) \
	X(trial, TRIAL, "", KEY, NEED) \
	X(rep, COUNT, "", KEY, NEED) \
	X(block, COUNT, "", KEY, MAY) \
	X(status, STATUS, "", STATE, NEED) \
	X(reason, TEXT, "", STATE, MAY) \
	X(method, METHOD, "", SETTING, NEED) \
	X(preset, TEXT, "", SETTING, MAY) \
	X(protocol, PROTOCOL, "", SETTING, NEED) \
	X(offered_bps, COUNT, "bit/s", AXIS, NEED) \
	X(datagram, COUNT, "bytes", SETTING, MAY) \
	X(weight, WEIGHT, "packets", AXIS, NEED) \
	X(rcvbuf, RCVBUF, "bytes", SETTING, MAY) \
	X(app_cpu, CPU, "", SETTING, MAY) \
	X(irq_cpu, CPU, "", SETTING, MAY) \
	X(rx_usecs, COUNT, "us", SETTING, MAY) \
	X(gro, FLAG, "", SETTING, MAY) \
	X(threaded, FLAG, "", SETTING, MAY) \
	X(burst, COUNT, "packets", SETTING, MAY) \
	X(started_ns, TIME, "ns", MEASURE, MAY) \
	X(seconds, SECONDS, "s", MEASURE, MAY) \
	X(sent, COUNT, "packets", MEASURE, MAY) \
	X(received, COUNT, "packets", MEASURE, MAY) \
	X(lost, SIGNED, "packets", MEASURE, MAY) \
	X(lost_before_nic, SIGNED, "packets", MEASURE, MAY) \
	X(lost_ring, COUNT, "packets", MEASURE, MAY) \
	X(lost_backlog, COUNT, "packets", MEASURE, MAY) \
	X(lost_socket, COUNT, "packets", MEASURE, MAY) \
	X(lost_app, SIGNED, "packets", MEASURE, MAY) \
	X(remainder, SIGNED, "packets", MEASURE, MAY) \
	X(remainder_high, FLAG, "", MEASURE, MAY) \
	X(bandwidth_bps, REAL, "bit/s", MEASURE, MAY) \
	X(jitter_us, REAL, "us", MEASURE, MAY) \
	X(rx_packets, COUNT, "packets", MEASURE, MAY) \
	X(irqs, COUNT, "interrupts", MEASURE, MAY) \
	X(polls, COUNT, "polls", MEASURE, MAY) \
	X(polls_whole_budget, COUNT, "polls", MEASURE, MAY) \
	X(polls_empty, COUNT, "polls", MEASURE, MAY) \
	X(polls_tx_unfinished, COUNT, "polls", MEASURE, MAY) \
	X(polls_ksoftirqd, COUNT, "polls", MEASURE, MAY) \
	X(time_squeeze, COUNT, "rounds", MEASURE, MAY) \
	X(rx_per_poll, REAL, "packets", MEASURE, MAY) \
	X(rx_per_irq, REAL, "packets", MEASURE, MAY) \
	X(cpu_total, REAL, "%", MEASURE, MAY) \
	X(cpu_softirq, REAL, "%", MEASURE, MAY) \
	X(cpu_system, REAL, "%", MEASURE, MAY) \
	X(cpu_steal, REAL, "%", MEASURE, MAY) \
	X(host_cpu, REAL, "%", MEASURE, MAY) \
	X(lost_checksum, COUNT, "packets", MEASURE, MAY) \
	X(lost_filter, COUNT, "packets", MEASURE, MAY) \
	X(source_seconds, SECONDS, "s", MEASURE, MAY) \
	X(delay_p50_us, REAL, "us", MEASURE, MAY) \
	X(delay_p99_us, REAL, "us", MEASURE, MAY) \
	X(delay_p999_us, REAL, "us", MEASURE, MAY)

/* Only there if the sweep varies or sets one of them. */
#define RUN_EXTRA_COLUMNS(X) \
	X(netdev_budget, COUNT, "packets", SETTING, MAY) \
	X(netdev_budget_usecs, COUNT, "us", SETTING, MAY) \
	X(defer_hard_irqs, COUNT, "", SETTING, MAY) \
	X(gro_flush_timeout, COUNT, "ns", SETTING, MAY) \
	X(rx_ring, COUNT, "descriptors", SETTING, MAY) \
	X(rps_cpus, COUNT, "CPUs", SETTING, MAY) \
	X(netdev_max_backlog, COUNT, "packets", SETTING, MAY) \
	X(busy_read, COUNT, "us", SETTING, MAY) \
	X(mtu, COUNT, "bytes", SETTING, MAY) \
	X(irq_suspend_timeout, COUNT, "ns", SETTING, MAY)

/* Only there if the module is loaded again between sessions. */
#define RUN_SESSION_COLUMNS(X) \
	X(session, COUNT, "", KEY, MAY)

enum column {
#define X(name, ...) COL_##name,
	RUN_COLUMNS(X)
	COL_COUNT_PLAIN,
	COL_COUNT_FIRST = COL_lost_checksum, /* what the first version had; others may be missing */
	COL_BEFORE_EXTRA = COL_COUNT_PLAIN - 1,
	RUN_EXTRA_COLUMNS(X)
	COL_COUNT_EXTRA,
	COL_BEFORE_SESSION = COL_COUNT_EXTRA - 1,
	RUN_SESSION_COLUMNS(X)
#undef X
	COL_COUNT,
};

enum {
#define X(name, type, unit, role, need) + (R_##role == R_SETTING)
	N_SETTINGS = 0 RUN_COLUMNS(X) RUN_EXTRA_COLUMNS(X)
#undef X
};

struct column_info {
	const char *name;
	enum type type;
	const char *unit;
	enum role role;
	bool need; /* no field of a results folder's row may be empty */
};

extern const struct column_info run_columns[COL_COUNT];
/* The columns that tell cells apart, besides the axes. */
extern const enum column run_settings[N_SETTINGS];
const char *type_text(enum type type);
const char *role_text(enum role role);
const char *column_name(enum column col);
int column_find(const char *name); /* -1: no such column */

enum status { STATUS_OK, STATUS_WARN, STATUS_FAILED };

union run_cell {
	double number;
	int64_t whole; /* T_TRIAL, T_TIME, T_STATUS: exact beyond 2^53 */
	const char *word; /* interned */
};

/* All zero is a row of empty cells. */
struct row {
	uint64_t has; /* one bit for each column that is not empty */
	union run_cell cell[COL_COUNT];
};

static inline bool row_empty(const struct row *row, enum column col)
{
	return !(row->has >> col & 1);
}

bool is_word(enum column col);
bool is_whole(enum column col);

/* A number; NAN if the cell is empty or holds a word that is not a number. */
static inline double row_number(const struct row *row, enum column col)
{
	extern double row_odd_number(const struct row *row, enum column col);
	enum type type = run_columns[col].type;

	if (row_empty(row, col))
		return (double)NAN;
	if (type < T_COUNT || type == T_TIME)
		return row_odd_number(row, col);
	return row->cell[col].number;
}

int64_t row_integer(const struct row *row, enum column col, int64_t if_empty);
/* The cell as the file has it; "" if empty. Never freed by the caller. */
const char *row_text(const struct row *row, enum column col);
bool row_is(const struct row *row, enum column col, const char *text);
enum status row_status(const struct row *row);
bool row_same(const struct row *a, const struct row *b, enum column col);
/* Order by one setting: numbers by size, then words by letter; empty first. */
int row_order(const struct row *a, const struct row *b, enum column col);

/*
 * Set a cell from text, which the type of the column decides how to read. What does
 * not fit leaves the cell empty and returns what was wanted; else NULL.
 */
const char *row_read(struct row *row, enum column col, const char *text);
/* The same, formatted; control characters become "?". */
void row_set(struct row *row, enum column col, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* NaN and infinity empty the cell. */
void row_set_number(struct row *row, enum column col, double value);

/* CPU seconds per million packets that got through; cpu: a column in per cent of one CPU. */
double row_cost(const struct row *row, enum column cpu);
/* For how long the source sent: by its own clock, or else as the packets came. */
double row_source_seconds(const struct row *row);

void row_copy(struct row *to, const struct row *from, enum column col);

/* ---- the file ---- */

/* One CSV line (RFC 4180 quoting) with its newline; to be freed. */
char *run_header(int columns);
char *run_line(const struct row *row, int columns);

struct run_reader {
	const char *name; /* of the file, for messages */
	struct problem *why;
	bool lenient; /* of napimeter: probes and half-filled rows are rows too */
	void *to;
	/* 0, or -1 with the problem filled in */
	int (*row)(struct run_reader *r, const struct row *row, size_t line);
};

/* Every row below the header, in its order; 0, or -1 with the problem filled in. */
int run_read(struct run_reader *r, const char *buf, size_t len);

#endif
