/* SPDX-License-Identifier: GPL-2.0 */
/* Whether a trial is sound: its status, and every reason why it is not. */
#ifndef NAPIMETER_JUDGE_H
#define NAPIMETER_JUDGE_H

#include "counters.h"

/*
 * Set status and reason of a measured row. whole is the traffic of the whole stream; the row
 * may be a slot of it.
 */
void judge(struct row *row, const struct traffic *whole, const struct counters *before,
	   const struct counters *after);

/* Mark the row as failed if err, with failure() as one more of its reasons; returns err. */
int judge_bad(struct row *row, int err);

/* Of a trial whose traffic failed: what the counters say about why. source: of the sweep. */
void judge_traffic(struct row *row, const struct counters *before, const struct counters *after,
		   const char *interface, const char *source);

/*
 * Did the traffic come through this NIC? 0, or -1 with the reason kept. Guests have several
 * NICs, and routes of their own.
 */
int judge_path(const struct row *row, const struct traffic *t, const char *interface);

#endif
