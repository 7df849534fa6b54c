// SPDX-License-Identifier: GPL-2.0
/* The driver's histogram, built in userspace: edges, bounds, sums. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hist.h"

static struct e1000_hist hist;
static struct e1000_hist_totals totals;

static void add(u64 value)
{
	e1000_hist_add(&hist, value);
	e1000_hist_total(&hist, &totals);
}

static int begin(void **state)
{
	(void)state;
	memset(&hist, 0, sizeof(hist));
	return 0;
}

static void nothing_counted(void **state)
{
	(void)state;
	e1000_hist_total(&hist, &totals);
	assert_int_equal(totals.count, 0);
	assert_int_equal(totals.sum, 0);
	assert_int_equal(totals.max, 0);
}

static void empty_polls_count(void **state)
{
	(void)state;
	add(0);
	assert_int_equal(hist.cell[0], 1);
	assert_int_equal(totals.count, 1);
	assert_int_equal(totals.sum, 0);
	assert_int_equal(totals.max, 0);
}

static void exact_up_to_256(void **state)
{
	u64 v;

	(void)state;
	for (v = 0; v <= 256; v++) {
		assert_int_equal(e1000_hist_index(v), v);
		assert_int_equal(e1000_hist_lower(v), v);
		add(v);
		assert_int_equal(hist.cell[v], 1);
		assert_int_equal(totals.max, v);
	}
	assert_int_equal(totals.count, 257);
	assert_int_equal(totals.sum, 256 * 257 / 2);
	assert_int_equal(hist.over_sum, 0);
}

static void edge_257(void **state)
{
	(void)state;
	add(256);
	add(257);
	assert_int_equal(hist.cell[256], 1);
	assert_int_equal(hist.cell[257], 1);
	assert_int_equal(e1000_hist_lower(257), 257);
	/* the first wide cell ends with 263, the next begins with 264 */
	assert_int_equal(e1000_hist_index(263), 257);
	assert_int_equal(e1000_hist_index(264), 258);
	assert_int_equal(e1000_hist_lower(258), 264);
	assert_int_equal(totals.sum, 513);
	assert_int_equal(totals.max, 257);
}

static void edge_u32_max(void **state)
{
	const u64 max = 4294967295ULL;

	(void)state;
	assert_int_equal(e1000_hist_index(max), E1000_HIST_CELLS - 1);
	add(max);
	assert_int_equal(hist.cell[E1000_HIST_CELLS - 1], 1);
	assert_true(totals.sum == max);
	assert_true(totals.max == max);
	/* beyond: the last cell, but sum and maximum stay exact */
	add(max + 1);
	add(10 * max);
	assert_int_equal(hist.cell[E1000_HIST_CELLS - 1], 3);
	assert_true(totals.sum == 12 * max + 1);
	assert_true(totals.max == 10 * max);
	assert_int_equal(e1000_hist_index(~0ULL), E1000_HIST_CELLS - 1);
}

static void bounds_are_inverse(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < E1000_HIST_CELLS; i++) {
		assert_int_equal(e1000_hist_index(e1000_hist_lower(i)), i);
		if (!i)
			continue;
		assert_true(e1000_hist_lower(i) > e1000_hist_lower(i - 1));
		assert_int_equal(e1000_hist_index(e1000_hist_lower(i) - 1), i - 1);
		/* no cell is wider than 1/32 of its lower bound */
		assert_true(e1000_hist_lower(i) - e1000_hist_lower(i - 1) <=
			    1 + e1000_hist_lower(i - 1) / 32);
	}
}

/* Against the plainest model: count, sum and maximum kept apart */
static void random_values(void **state)
{
	u64 count = 0, sum = 0, max = 0, v, cells = 0;
	unsigned int i;

	(void)state;
	srandom(1);
	for (i = 0; i < 200000; i++) {
		v = (u64)random() >> (random() % 31);
		e1000_hist_add(&hist, v);
		count++;
		sum += v;
		max = v > max ? v : max;
	}
	e1000_hist_total(&hist, &totals);
	assert_true(totals.count == count);
	assert_true(totals.sum == sum);
	assert_true(totals.max == max);
	for (i = 0; i < E1000_HIST_CELLS; i++)
		cells += hist.cell[i];
	assert_true(cells == count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_counted, begin),
		cmocka_unit_test_setup(empty_polls_count, begin),
		cmocka_unit_test_setup(exact_up_to_256, begin),
		cmocka_unit_test_setup(edge_257, begin),
		cmocka_unit_test_setup(edge_u32_max, begin),
		cmocka_unit_test_setup(bounds_are_inverse, begin),
		cmocka_unit_test_setup(random_values, begin),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("hist", tests, NULL, NULL);
}
