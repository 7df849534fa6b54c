// SPDX-License-Identifier: GPL-2.0
/* A hypervisor's host that lies: what a sweep with --host believes of its answers. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#undef fail /* of cmocka; ours keeps a reason */

#include "host.h"
#include "util.h"

static char address[32];
static pid_t pid;

/* Every question gets this answer; %s stands for the time in a question of the clock. */
static void answer_all(int fd, const char *answer)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char question[64], text[256], *time;
	ssize_t got;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while ((got = recvfrom(fd, question, sizeof(question) - 1, 0, (struct sockaddr *)&from, &len)) >= 0) {
		const char *mark = strstr(answer, "%s");

		question[got] = '\0';
		time = strchr(question, ' ');
		snprintf(text, sizeof(text), "%.*s%s%s", mark ? (int)(mark - answer) : 200, answer,
			 mark ? time + 1 : "", mark ? mark + 2 : "");
		sendto(fd, text, strlen(text), 0, (struct sockaddr *)&from, len);
	}
	_exit(0);
}

static void host_says(const char *answer)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(a);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(a.sin_port));
	pid = fork();
	if (pid == 0)
		answer_all(fd, answer);
	close(fd);
}

static void host_goes(void)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void cpu_in_range(void **state)
{
	static const char *const bad[] = {
		"cpu 1e300", "cpu -1", "cpu inf", "cpu nan", "cpu", "cpu x", "", "clock 1 2 3", "cpu none",
		"cpu 0x1p1000", "\033[2J", "cpu \033[2J", "$(id)"
	};
	const struct host_clock clock = { 0 };
	double cpu = NAN;
	size_t i;

	(void)state;
	host_says("cpu 73.5");
	assert_int_equal(host_cpu(address, 1, 2, &clock, &cpu), 0);
	assert_true(cpu == 73.5);
	host_goes();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		host_says(bad[i]);
		assert_int_equal(host_cpu(address, 1, 2, &clock, &cpu), -1);
		assert_null(strchr(failure(), '\033'));
		host_goes();
	}
}

static void clock_in_range(void **state)
{
	static const char *const bad[] = {
		"clock %s -1 5", "clock %s 5 -1", "clock %s 9223372036854775807 1",
		"clock %s 1 9223372036854775807", "clock %s -9223372036854775808 9223372036854775807",
		"clock 7 5 5", "clock %s 5", "clock %s", "clock", "", "cpu 5"
	};
	struct host_clock clock = { 0 };
	size_t i;

	(void)state;
	host_says("clock %s 5 5");
	assert_int_equal(host_clock(address, &clock), 0);
	assert_true(clock.offset < 0 && clock.round_trip > 0);
	host_goes();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		host_says(bad[i]);
		assert_int_equal(host_clock(address, &clock), -1);
		host_goes();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_in_range),
		cmocka_unit_test(clock_in_range),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
