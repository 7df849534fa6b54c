/* SPDX-License-Identifier: GPL-2.0 */
/* Questions of both the verdict and table 4.27 to one folder. */
#ifndef NAPISTAT_ADVICE_H
#define NAPISTAT_ADVICE_H

#include "napistat.h"

/* where the application runs, seen from the CPU that takes the interrupts */
enum placement { PLACE_FREE, PLACE_ONE, PLACE_TWO, N_PLACES };

/* three answers, for "nothing was seen" is not "no" */
enum answer { A_NO, A_UNCLEAR, A_YES };

struct advice {
	size_t from, to; /* the folder's cells */
	double reference; /* 64, or the measured weight nearest to it */
	/* the smallest buffer without loss in the socket, or the least lossy */
	const char *rcvbuf;
	size_t n_buffers;
	bool socket_loss; /* even so */
	enum placement place;
	bool place_measured[N_PLACES];
	bool two_compared;
	const struct metric *cpu, *cost; /* the host's if every trial has it */
	size_t host_missing, host_asked; /* trials without it, and all */
	const struct metric *delivered;
};

enum placement placement_of(const struct trial *t);
struct advice advise(const struct data *d, size_t folder,
		     const struct options *o);
/* was it made under the settings that the advice chose? */
bool advised(const struct advice *a, const struct trial *t);
bool is_search(const struct trial *t);
bool is_udp(const struct trial *t);
bool measured(const struct data *d, size_t from, size_t to,
	      const struct metric *m);
/* does the cell lose more than counts as none? */
enum answer loses(const struct data *d, const struct cell *c,
		  const struct metric *m, const struct options *o);

#endif
