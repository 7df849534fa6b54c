// SPDX-License-Identifier: GPL-2.0
/* Delays that are known, seen through clocks that are not one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delay.h"

#define N 10000
#define GAP_NS 500000ULL	/* 5 s in all */
#define SOURCE_S 1800000000U	/* of its clock, at the first datagram */
#define HERE_NS 77000000000ULL	/* of ours */

#define assert_near(got, wanted, within) assert_true(fabs((got) - (wanted)) <= (within))

static struct delay_sample sample[N];

/* The i-th datagram waits wait_us; our clock is fast by ppm. */
static void make(size_t i, double wait_us, double ppm)
{
	uint64_t sent = i * GAP_NS;

	sample[i].sent_s = SOURCE_S + sent / 1000000000;
	sample[i].sent_us = sent % 1000000000 / 1000;
	sample[i].at = HERE_NS + (sent + wait_us * 1000) * (1 + ppm * 1e-6);
}

static struct delay all_of(struct delay_line *line)
{
	*line = delay_line_of(sample, N);
	return delay_of(sample, N, line, 0, UINT64_MAX);
}

/* Every whole number of microseconds below 1000, each as often as the others, in a mixed order. */
static double even(size_t i)
{
	return i * 7919 % 1000;
}

static void quantiles_are_exact(void **state)
{
	struct delay_line line;
	struct delay d;
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		make(i, even(i), 0);
	d = all_of(&line);
	assert_near(line.slope, 0, 1e-6);
	/* the first 0.1 s, 200 of them, is left out; the line is the fifth lowest */
	assert_near(d.p50, 499, 3);
	assert_near(d.p99, 989, 3);
	assert_near(d.p999, 998, 3);
}

static void drift_is_removed(void **state)
{
	static const double ppm[] = { -400, -50, -1, 1, 50, 400 };
	struct delay_line line;
	struct delay d;
	size_t i, k;

	(void)state;
	for (k = 0; k < sizeof(ppm) / sizeof(ppm[0]); k++) {
		for (i = 0; i < N; i++)
			make(i, even(i), ppm[k]);
		d = all_of(&line);
		assert_near(line.slope * 1e6, ppm[k], 0.5);
		assert_near(d.p50, 499, 5);
		assert_near(d.p99, 989, 5);
	}
}

/* A ring that fills once, as in an overload, is not drift: the whole queue counts. */
static void full_queue_stays(void **state)
{
	struct delay_line line;
	struct delay d;
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		make(i, i < 80 ? 37.5 * i : 3000 - even(i) / 20, 0);
	d = all_of(&line);
	assert_near(d.p50, 2975 - 150, 20);
	assert_near(d.p99, 3000 - 150, 20);
	/* and one that is emptied in the end */
	for (i = 0; i < N; i++)
		make(i, i > N - 80 ? 0 : 3000 - even(i) / 20, 0);
	d = all_of(&line);
	assert_near(d.p50, 2975, 20);
}

static void growing_queue_stays(void **state)
{
	struct delay_line line;
	struct delay d;
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		make(i, 10.0 * i, 0);	/* 20 ms in a second: no clock */
	d = all_of(&line);
	assert_true(line.slope == 0);
	assert_near(d.p50, 51000, 100);
}

/* Time stamps with a bit turned over, seen before the checksum is verified. */
static void damaged_stamps_lower_nothing(void **state)
{
	struct delay_line line;
	struct delay d;
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		make(i, even(i), 0);
	for (i = 0; i < 4; i++)
		sample[1000 + 2100 * i].sent_us ^= 1 << (8 + 3 * i);
	d = all_of(&line);
	assert_near(d.p50, 499, 3);
	assert_near(d.p99, 989, 3);
	/* a second that is years off */
	sample[5000].sent_s ^= 1 << 28;
	sample[5001].sent_s ^= 1 << 29;
	d = all_of(&line);
	assert_near(d.p99, 989, 3);
}

/* A slot's own, above the line of the whole stream. */
static void slots_are_apart(void **state)
{
	struct delay_line line;
	struct delay d;
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		make(i, i / 1000 % 2 ? 700 : 0, 0);
	line = delay_line_of(sample, N);
	d = delay_of(sample, N, &line, sample[3000].at, sample[3999].at);
	assert_near(d.p50, 700, 1);
	d = delay_of(sample, N, &line, sample[4000].at, sample[4999].at);
	assert_near(d.p50, 0, 1);
}

static void few_are_not_known(void **state)
{
	struct delay_line line;
	struct delay d;
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		make(i, even(i), 0);
	line = delay_line_of(sample, N);
	d = delay_of(sample, N, &line, sample[4000].at, sample[4998].at);
	assert_true(isnan(d.p999) && !isnan(d.p99));
	d = delay_of(sample, N, &line, sample[4000].at, sample[4098].at);
	assert_true(isnan(d.p99) && !isnan(d.p50));
	d = delay_of(sample, N, &line, 1, 2);
	assert_true(isnan(d.p50));
	d = delay_of(sample, 0, &line, 0, UINT64_MAX);
	assert_true(isnan(d.p50));
	line = delay_line_of(sample, 1);
	assert_true(line.low == 0 && line.slope == 0);
}

/* The share fits, and each place of a burst is met as often. */
static void picks_are_even(void **state)
{
	size_t place[64] = { 0 }, picked = 0, i;
	uint32_t share = delay_share(4e6);

	(void)state;
	assert_int_equal(delay_share(1000), DELAY_SHARES);
	assert_true(delay_is_picked(UINT32_MAX, DELAY_SHARES));
	for (i = 1; i <= 4000000; i++) {
		bool is = delay_is_picked(i, share);

		picked += is;
		place[i % 64] += is;
	}
	assert_in_range(picked, 0.79 * DELAY_ROOM, 0.81 * DELAY_ROOM);
	for (i = 0; i < 64; i++)
		assert_in_range(place[i], 0.97 * picked / 64, 1.03 * picked / 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_exact),
		cmocka_unit_test(drift_is_removed),
		cmocka_unit_test(full_queue_stays),
		cmocka_unit_test(growing_queue_stays),
		cmocka_unit_test(damaged_stamps_lower_nothing),
		cmocka_unit_test(slots_are_apart),
		cmocka_unit_test(few_are_not_known),
		cmocka_unit_test(picks_are_even),
	};

	return cmocka_run_group_tests_name("delay", tests, NULL, NULL);
}
