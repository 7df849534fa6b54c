/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the questions of the study's table. */
#ifndef NAPISTAT_QUESTIONS_H
#define NAPISTAT_QUESTIONS_H

#include <stdio.h>

#include "advice.h"

#define MBIT 1e6

struct asked {
	double at; /* bit/s offered, or a weight */
	enum answer is;
};

struct answers {
	struct asked *list;
	size_t n, room;
	bool by_weight;
};

struct ask {
	const struct data *d;
	const struct options *o;
	struct advice a;
	double w60, w200; /* 60 and 200, or 64 and 256; NAN: not there */
};

/* how two answers about one load become one */
enum merge { MERGE_ANY, MERGE_ALL };

#define BURSTS_NOT_SET " (burst length not set: as the source made them)"

void add_answer(struct answers *l, double at, enum answer is, enum merge merge);
void say_answers(FILE *out, struct answers *l);
bool cell_has(const struct data *d, const struct cell *c,
		const struct metric *m);
void say_which(const struct ask *q, FILE *out);
double burst_of(const struct trial *t);
bool high_weight(const struct ask *q, const struct cell *c);
bool any_bursts(const struct ask *q);
void q_cpu_1(const struct ask *q, FILE *out);
void q_cpu_2(const struct ask *q, FILE *out);
void q_cpu_high(const struct ask *q, FILE *out);
void q_cpu_same(const struct ask *q, FILE *out);
void q_cpu_most(const struct ask *q, FILE *out);
void q_cpu_700_800(const struct ask *q, FILE *out);
void q_cpu_bursts(const struct ask *q, FILE *out);

#endif
