/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Probes before the sweep: whether the source reaches the highest load
 * asked, and where the sweep says "auto", one CPU or two and how large a
 * socket buffer. Trials of its own, kept in probes.csv.
 */
#ifndef NAPIMETER_PROBE_H
#define NAPIMETER_PROBE_H

#include "plan.h"

/* As plan_next(). */
int probe_next(const struct plan *plan, const struct journal *probes, struct todo *todo);
/* Put what was found where the sweep says "auto". */
void probe_choose(const struct plan *plan, const struct journal *probes, struct row *spec);
/* The same for meta.json, with the reasons. */
json_t *probe_report(const struct plan *plan, const struct journal *probes);

#endif
