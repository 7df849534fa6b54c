// SPDX-License-Identifier: GPL-2.0
/* The run format: its table of columns, its writer and its reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "run.h"

static void header_is_the_format(void **state)
{
	char *line = run_header(COL_COUNT_PLAIN);

	(void)state;
	assert_string_equal(line,
		"trial,rep,block,status,reason,method,preset,protocol,offered_bps,datagram,weight,"
		"rcvbuf,app_cpu,irq_cpu,rx_usecs,gro,threaded,burst,started_ns,seconds,sent,"
		"received,lost,lost_before_nic,lost_ring,lost_backlog,lost_socket,lost_app,"
		"remainder,remainder_high,bandwidth_bps,jitter_us,rx_packets,irqs,polls,"
		"polls_whole_budget,polls_empty,polls_tx_unfinished,polls_ksoftirqd,time_squeeze,"
		"rx_per_poll,rx_per_irq,cpu_total,cpu_softirq,cpu_system,cpu_steal,host_cpu,"
		"lost_checksum,lost_filter,source_seconds,delay_p50_us,delay_p99_us,delay_p999_us\n");
	free(line);
}

static void settings_are_those_of_the_table(void **state)
{
	size_t i, n = 0;

	(void)state;
	for (i = 0; i < COL_COUNT; i++)
		if (run_columns[i].role == R_SETTING)
			assert_int_equal(run_settings[n++], i);
	assert_int_equal(n, N_SETTINGS);
}

static int keep(struct run_reader *r, const struct row *row, size_t line)
{
	*(struct row *)r->to = *row;
	return line == 2 ? 0 : -1;
}

/* The value that each type has in the round trip, and one that it refuses. */
static const struct {
	enum type type;
	const char *good, *bad;
} values[] = {
	{ T_TRIAL, "9007199254740993", "0" },
	{ T_STATUS, "warn", "fine" },
	{ T_TEXT, "it said \"no\", twice", NULL },
	{ T_METHOD, "interleave", "guess" },
	{ T_PROTOCOL, "pktgen", "sctp" },
	{ T_RCVBUF, "8388608", "lots" },
	{ T_CPU, "1", NULL },
	{ T_COUNT, "123456789012", "-1" },
	{ T_FLAG, "1", "2" },
	{ T_WEIGHT, "4096", "4097" },
	{ T_TIME, "1700000000000000123", "-5" },
	{ T_SIGNED, "-12", "1e308" },
	{ T_REAL, "1.2500", "1e308" },
	{ T_SECONDS, "0.1250", "0" },
};

static const char *value_of(enum type type, bool bad)
{
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (values[i].type == type)
			return bad ? values[i].bad : values[i].good;
	fail_msg("type %s has no value here", type_text(type));
	return NULL;
}

static void every_column_goes_round(void **state)
{
	struct row row = { 0 }, back;
	struct problem why;
	struct run_reader r = { .name = "runs.csv", .why = &why, .to = &back, .row = keep };
	char *header = run_header(COL_COUNT), *line, *text;
	size_t i;

	(void)state;
	for (i = 0; i < COL_COUNT; i++)
		row_set(&row, i, "%s", value_of(run_columns[i].type, false));
	line = run_line(&row, COL_COUNT);
	assert_true(asprintf(&text, "%s%s", header, line) > 0);
	if (run_read(&r, text, strlen(text)))
		fail_msg("%s", why.text);
	for (i = 0; i < COL_COUNT; i++) {
		assert_true(row_same(&row, &back, i));
		assert_string_equal(row_text(&back, i), value_of(run_columns[i].type, false));
	}
	free(text);
	free(line);
	free(header);
}

static void every_type_refuses(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COL_COUNT; i++) {
		const char *bad = value_of(run_columns[i].type, true);
		struct row row = { 0 };

		if (bad && !row_read(&row, i, bad))
			fail_msg("%s took %s", column_name(i), bad);
		assert_null(row_read(&row, i, ""));
		assert_true(row_empty(&row, i));
		assert_string_equal(row_text(&row, i), "");
	}
}

static void breaks_and_escapes_are_spaces_and_marks(void **state)
{
	struct row row = { 0 };

	(void)state;
	row_set(&row, COL_reason, "two\nlines\033[2J");
	assert_string_equal(row_text(&row, COL_reason), "two lines?[2J");
	row_set_number(&row, COL_jitter_us, (double)NAN);
	assert_true(row_empty(&row, COL_jitter_us));
	assert_int_equal(row_integer(&row, COL_rep, -1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_is_the_format),
		cmocka_unit_test(settings_are_those_of_the_table),
		cmocka_unit_test(every_column_goes_round),
		cmocka_unit_test(every_type_refuses),
		cmocka_unit_test(breaks_and_escapes_are_spaces_and_marks),
	};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests_name("run", tests, NULL, NULL);

	intern_free();
	return failed;
}
