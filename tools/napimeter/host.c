// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"
#include "privileges.h"
#include "sink.h"
#include "util.h"

#define PROBES 8
#define CPU_MAX (100.0 * 65536)	/* per cent of one CPU, of a machine larger than any */
#define ANSWER_MS 300
#define LATER_TRIES 30		/* a sampler may be some seconds behind */
#define WAIT_S 60		/* for the sampler to start, on a busy host too */

/* ---- guest ---- */

static int host_socket(const char *address)
{
	const char *colon = strrchr(address, ':');
	struct sockaddr_storage sa;
	char text[64];
	int port, len, fd;

	if (!colon || (size_t)(colon - address) >= sizeof(text))
		return fail("\"%s\" is not ADDR:PORT", address);
	snprintf(text, sizeof(text), "%.*s", (int)(colon - address), address);
	if (text[0] == '[' && strchr(text, ']')) {
		*strchr(text, ']') = '\0';
		memmove(text, text + 1, strlen(text));
	}
	port = parse_int(colon + 1, 1, 65535);
	len = port < 0 ? -1 : parse_address(text, port, &sa);
	if (len < 0)
		return -1;
	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&sa, len))
		return fd;
	fail("%s: %s", address, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int ask(int fd, const char *question, char *answer, size_t len)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t got = -1;

	if (send(fd, question, strlen(question), 0) >= 0 && poll(&pfd, 1, ANSWER_MS) > 0)
		got = recv(fd, answer, len - 1, MSG_DONTWAIT);
	if (got < 0)
		return fail("no answer from the host: is scripts/host/cpu.sh running there?");
	answer[got] = '\0';
	return 0;
}

/* Times and loads come from another machine: those that no sum of two can overflow. */
static bool is_time(int64_t ns)
{
	return ns >= 0 && ns < INT64_MAX / 2;
}

static bool is_cpu(double percent)
{
	return percent >= 0 && percent <= CPU_MAX;
}

int host_clock(const char *address, struct host_clock *clock)
{
	int fd = host_socket(address), i, answers = 0;
	char question[64], answer[128];

	if (fd < 0)
		return -1;
	for (i = 0; i < PROBES; i++) {
		int64_t t1 = real_ns(), echo, t2, t3, t4, round_trip;

		snprintf(question, sizeof(question), "clock %" PRId64, t1);
		if (ask(fd, question, answer, sizeof(answer)))
			continue;
		t4 = real_ns();
		if (sscanf(answer, "clock %" SCNd64 " %" SCNd64 " %" SCNd64, &echo, &t2, &t3) != 3 ||
		    echo != t1 || !is_time(t2) || !is_time(t3))
			continue;
		/* the quickest probe is the one least delayed on either way */
		round_trip = (t4 - t1) - (t3 - t2);
		if (!answers++ || round_trip < clock->round_trip) {
			clock->round_trip = round_trip;
			clock->offset = ((t2 - t1) + (t3 - t4)) / 2;
		}
	}
	close(fd);
	return answers ? 0 : -1;
}

int host_wait(const char *address)
{
	int64_t end = mono_ns() + WAIT_S * NSEC;
	int fd = host_socket(address);
	bool said = false;
	char answer[128];

	if (fd < 0)
		return -1;
	/* a time before all samples: "none" once there are some, "later" until then */
	while (ask(fd, "cpu 0 1", answer, sizeof(answer)) || strcmp(answer, "cpu none")) {
		if (mono_ns() > end) {
			close(fd);
			return fail("no CPU samples from the host: start scripts/host/cpu.sh there, or leave out --host (it was asked at %s for %d s)",
				    address, WAIT_S);
		}
		if (!said) {
			printf("waiting for scripts/host/cpu.sh at %s, at most %d s\n", address,
			       WAIT_S);
			fflush(stdout);
			said = true;
		}
		sleep_ns(NSEC / 5);
	}
	close(fd);
	return 0;
}

int host_cpu(const char *address, int64_t from, int64_t to, const struct host_clock *clock,
	     double *cpu)
{
	char question[64], answer[128];
	int fd = host_socket(address), tries, err = -1;

	if (fd < 0)
		return -1;
	snprintf(question, sizeof(question), "cpu %" PRId64 " %" PRId64, from + clock->offset,
		 to + clock->offset);
	for (tries = 0; tries < LATER_TRIES; tries++) {
		if (ask(fd, question, answer, sizeof(answer)))
			continue;
		if (sscanf(answer, "cpu %lf", cpu) == 1) {
			err = is_cpu(*cpu) ? 0 : fail("the host says that the VM used %g %% of a CPU", *cpu);
			break;
		}
		if (strcmp(answer, "cpu later")) {
			fail("the host has no CPU samples of that time");
			break;
		}
		sleep_ns(100 * 1000000);
		fail("the host's CPU samples come too late");
	}
	close(fd);
	return err;
}

/* ---- host ---- */

double mean_cpu(const struct host_sample *samples, size_t count, int64_t from, int64_t to)
{
	double sum = 0;
	size_t i;

	if (count < 2 || from >= to || from < samples[0].time || to > samples[count - 1].time)
		return NAN;
	for (i = 1; i < count; i++) {
		int64_t start = samples[i - 1].time > from ? samples[i - 1].time : from;
		int64_t end = samples[i].time < to ? samples[i].time : to;

		if (end > start)
			sum += samples[i].cpu * (end - start);
	}
	return sum / (to - from);
}

static struct host_sample samples[HOST_SAMPLES];
static size_t sample_count;

size_t add_sample(struct host_sample *list, size_t count, const char *line)
{
	struct host_sample s;

	/* "time_ns,cpu", and a header line before */
	if (sscanf(line, "%" SCNd64 ",%lf", &s.time, &s.cpu) != 2 || !is_time(s.time) ||
	    !is_cpu(s.cpu))
		return count;
	if (count && s.time <= list[count - 1].time)
		count = 0;
	if (count == HOST_SAMPLES)
		memmove(list, list + 1, --count * sizeof(*list));
	list[count] = s;
	return count + 1;
}

static void answer(int fd)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char question[64], text[128];
	int64_t arrival, t1, t2;
	int end = 0;
	double cpu;
	ssize_t got;

	got = recvfrom(fd, question, sizeof(question) - 1, MSG_DONTWAIT,
		       (struct sockaddr *)&from, &len);
	arrival = real_ns();
	if (got < 0)
		return;
	question[got] = '\0';
	/* nothing behind it: an answer is not a question, or two hosts could be set on each other */
	if (sscanf(question, "clock %" SCNd64 "%n", &t1, &end) == 1 && end == got) {
		snprintf(text, sizeof(text), "clock %" PRId64 " %" PRId64 " %" PRId64, t1, arrival,
			 real_ns());
	} else if (sscanf(question, "cpu %" SCNd64 " %" SCNd64 "%n", &t1, &t2, &end) == 2 && end == got) {
		cpu = mean_cpu(samples, sample_count, t1, t2);
		if (!isnan(cpu))
			snprintf(text, sizeof(text), "cpu %.1f", cpu);
		else if (!sample_count || t2 > samples[sample_count - 1].time)
			snprintf(text, sizeof(text), "cpu later");
		else
			snprintf(text, sizeof(text), "cpu none");
	} else {
		return;
	}
	sendto(fd, text, strlen(text), MSG_DONTWAIT, (struct sockaddr *)&from, len);
}

int cmd_hostcpu(int argc, char *argv[])
{
	struct pollfd pfd[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
				 { .events = POLLIN } };
	char text[4096];
	int port = argc == 1 ? parse_int(argv[0], 1, 65535) : -1;
	size_t used = 0;

	if (port < 0)
		die(EXIT_BAD_USAGE, "usage: napimeter hostcpu PORT <SAMPLES");
	pfd[1].fd = sink_socket(port);
	if (pfd[1].fd < 0)
		die(EXIT_FAILED, "%s", failure());
	privileges_none();
	for (;;) {
		if (poll(pfd, 2, -1) < 0 && errno != EINTR)
			die(EXIT_FAILED, "poll: %s", strerror(errno));
		if (pfd[1].revents & POLLIN)
			answer(pfd[1].fd);
		if (pfd[0].revents & (POLLIN | POLLHUP)) {
			ssize_t got = read(STDIN_FILENO, text + used, sizeof(text) - 1 - used);
			char *line, *end;

			if (got <= 0)
				return EXIT_OK;	/* the sampler ended: the VM is gone */
			used += got;
			text[used] = '\0';
			for (line = text; (end = strchr(line, '\n')); line = end + 1)
				sample_count = add_sample(samples, sample_count, line);
			used = strlen(line);
			memmove(text, line, used + 1);
			if (used == sizeof(text) - 1)
				used = 0;	/* no line is that long */
		}
	}
}
