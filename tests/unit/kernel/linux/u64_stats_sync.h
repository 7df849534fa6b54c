/* SPDX-License-Identifier: GPL-2.0 */
#ifndef UNIT_LINUX_U64_STATS_SYNC_H
#define UNIT_LINUX_U64_STATS_SYNC_H

#include <linux/types.h>

typedef struct { u64 v; } u64_stats_t;

static inline u64 u64_stats_read(const u64_stats_t *p) { return p->v; }
/* The kernel's takes an unsigned long; 32 bits of it is what all can rely on */
static inline void u64_stats_add(u64_stats_t *p, u32 val) { p->v += val; }
static inline void u64_stats_inc(u64_stats_t *p) { p->v++; }

#endif
