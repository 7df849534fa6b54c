// SPDX-License-Identifier: GPL-2.0
/* Any bytes as runs.csv: read or refused, and what is read can be used. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "napistat.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct data d = { 0 };
	struct problem why = { "" };
	struct options o = { .confidence = 0.95, .margin = 0.02, .loss = 0.001,
			     .reference = DEFAULT_WEIGHT };
	struct comparison *list;
	size_t i, k, n;
	bool cut;

	o.metrics[o.n_metrics++] = metric_find("delivered_bps");
	o.metrics[o.n_metrics++] = metric_find("loss");
	data_begin_folder(&d, "fuzz");
	if (read_runs(&d, "runs.csv", (const char *)bytes, len, &why)) {
		/* a refusal says where: file, line and column */
		if (strncmp(why.text, "runs.csv:", 9) || !strchr(why.text + 9, ':'))
			abort();
	} else {
		data_arrange(&d);
		for (i = 0; i < d.n_cells; i++)
			for (k = 0; metric_at(k); k++)
				cell_sample(&d, &d.cells[i], metric_at(k));
		if (d.n_cells < 50) {
			list = compare_all(&d, &o, &n, &cut);
			for (i = 0; i < n; i++) {
				struct interval ci;
				double effect;

				effect_of(&list[i].s, 1, list[i].metric, 0.95,
					  &effect, &ci);
			}
			free(list);
		}
	}
	data_free(&d);
	intern_free();
	return 0;
}
