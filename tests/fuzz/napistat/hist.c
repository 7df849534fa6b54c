// SPDX-License-Identifier: GPL-2.0
/* Any bytes as hist.csv beside three trials. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "napistat.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct data d = { 0 };
	struct problem why = { "" };
	struct hist_row *r;
	size_t i, n;

	data_begin_folder(&d, "fuzz");
	for (i = 1; i <= 3; i++) {
		struct trial t = { 0 };

		row_set_number(&t.row, COL_trial, i);
		row_set_number(&t.row, COL_weight, 64);
		d.trials = grow(d.trials, d.n_trials, &d.room_trials, sizeof(t));
		d.trials[d.n_trials++] = t;
	}
	d.folders[0].n = 3;
	if (read_hist(&d, "hist.csv", (const char *)bytes, len, &why)) {
		if (strncmp(why.text, "hist.csv:", 9) || !strchr(why.text + 9, ':'))
			abort();
	} else {
		data_arrange(&d);
		for (i = 0; i < d.n_hist && i < 5; i++) {
			r = hist_of_cell(&d, &d.cells[0], d.hist[i].name, &n);
			if (n && bucket_top(r[n - 1].lower) < r[n - 1].lower)
				abort();
			free(r);
		}
	}
	data_free(&d);
	intern_free();
	return 0;
}
