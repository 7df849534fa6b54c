// SPDX-License-Identifier: GPL-2.0
/* Any bytes as sweep.json: refused with its name, or a plan whose trials can be listed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "next.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct journal none = { .runs_fd = -1, .hist_fd = -1 };
	struct todo todo;
	struct plan plan;
	size_t i, trials;

	if (plan_parse(&plan, "fuzz", (const char *)bytes, len)) {
		if (strncmp(failure(), "sweep.json", 10))
			abort();
		return 0;
	}
	/* it becomes a part of paths under /sys */
	if (strchr(plan.interface, '/') || !strcmp(plan.interface, ".."))
		abort();
	none.columns = plan.columns;
	plan_next(&plan, &none, &none, &todo);
	trials = strcmp(plan.method, "mlfrr") ? plan_trials(&plan) : 0;
	for (i = 0; i < trials && i < 5; i++)
		plan_trial(&plan, i, &todo.spec);
	plan_free(&plan);
	return 0;
}
