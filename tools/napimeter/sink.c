// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "send.h"
#include "sink.h"

#define BATCH 64
#define DATAGRAM_MAX 65536
#define QUIET_NS (100 * 1000000LL)
#define LAST_NS (3 * NSEC)
#define TICK_MS 20

int pin_to_cpu(const char *cpu)
{
	int number = parse_int(cpu, 0, CPU_SETSIZE - 1);
	cpu_set_t set;

	if (!*cpu)
		return 0;
	if (number < 0)
		return -1;
	CPU_ZERO(&set);
	CPU_SET(number, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return fail("CPU %s: %s", cpu, strerror(errno));
	return 0;
}

int sink_socket(unsigned int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd, off = 0;

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
		if (!bind(fd, (struct sockaddr *)&any, sizeof(any)))
			return fd;
		close(fd);
	} else {
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && !bind(fd, (struct sockaddr *)&any4, sizeof(any4)))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return fail("UDP port %u: %s", port, strerror(errno));
}

static void update_drops(struct sink_page *page, int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (!getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		page->drops = info[SK_MEMINFO_DROPS];
}

static void take_sample(struct sink_page *page, int64_t now, const struct datagram_header *h)
{
	uint64_t n = page->samples;

	if (!delay_is_picked(ntohl(h->sequence), page->share) || n >= DELAY_ROOM)
		return;
	page->sample[n] = (struct delay_sample){ now, ntohl(h->sec), ntohl(h->usec) };
	page->samples = n + 1;
}

static void count(struct sink_page *page, const char *data, size_t len)
{
	static int64_t last_transit;
	struct datagram_header h;
	int64_t now, sent, transit, sequence;

	now = real_ns();
	memcpy(&h, data, sizeof(h));
	if (len < sizeof(h) || ntohl(h.magic) != PKTGEN_MAGIC) {
		page->others++;
		if (send_is_end(data, len, &sequence))
			page->announced = sequence;
		return;
	}
	sent = ntohl(h.sec) * NSEC + ntohl(h.usec) * 1000LL;
	if (!page->first_ns) {
		page->first_ns = now;
		page->sent_first_ns = sent;
	}
	page->last_ns = now;
	page->sent_last_ns = sent;
	sequence = ntohl(h.sequence);
	if (sequence > page->highest)
		page->highest = sequence;
	take_sample(page, now, &h);
	/* the two clocks may differ: only changes of their difference count */
	transit = now - sent;
	if (page->received)
		page->jitter_ns += (llabs(transit - last_transit) - page->jitter_ns) / 16;
	last_transit = transit;
	page->received++;
	page->bytes += len;
}

/*
 * An epoll that polls the NIC itself and asks for its interrupts to stay off, with the weight's
 * default as budget: 64 is also the most that needs no privilege. Linux 6.9 and newer.
 */
static int polling_epoll(int fd)
{
	struct { /* struct epoll_params of linux/eventpoll.h, which older headers lack */
		uint32_t usecs;
		uint16_t budget;
		uint8_t prefer, pad;
	} params = { .usecs = 50, .budget = 64, .prefer = 1 };
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ||
	    ioctl(epoll, _IOW(0x8A, 0x01, params), &params)) {
		fail("this kernel's epoll does not poll NICs: %s", strerror(errno));
		if (epoll >= 0)
			close(epoll);
		return -1;
	}
	return epoll;
}

/* epoll: polls before each read; -1: the read waits by itself */
static void receive(struct sink_page *page, int fd, int epoll)
{
	static char data[BATCH][DATAGRAM_MAX];
	struct mmsghdr msgs[BATCH] = { 0 };
	struct iovec iov[BATCH];
	struct epoll_event event;
	int i, got;

	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ data[i], DATAGRAM_MAX };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	while (!page->stop) {
		if (epoll >= 0 && epoll_wait(epoll, &event, 1, TICK_MS) <= 0)
			continue;
		got = recvmmsg(fd, msgs, BATCH, epoll >= 0 ? MSG_DONTWAIT : MSG_WAITFORONE, NULL);
		for (i = 0; i < got; i++)
			count(page, data[i], msgs[i].msg_len);
		update_drops(page, fd);
	}
	update_drops(page, fd);
}

int sink_buffer(int fd, const char *rcvbuf)
{
	int size = strcmp(rcvbuf, "default") ? parse_int(rcvbuf, 0, INT_MAX) : 0;

	if (size < 0)
		return -1;
	/* FORCE: not capped by net.core.rmem_max; twice as much is accounted, as for anybody */
	if (strcmp(rcvbuf, "default") &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		return fail("SO_RCVBUF %s: %s", rcvbuf, strerror(errno));
	return 0;
}

int sink_start(struct sink *sink, int fd, const char *rcvbuf, const char *cpu, uint32_t share)
{
	/* so that the process sees `stop` while nothing comes */
	struct timeval tick = { .tv_usec = TICK_MS * 1000 };
	int epoll = -1;

	if (sink_buffer(fd, rcvbuf))
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
	sink->page = mmap(NULL, sizeof(*sink->page), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sink->page == MAP_FAILED)
		return fail("mmap: %s", strerror(errno));
	if (sink->polls && (epoll = polling_epoll(fd)) < 0)
		return -1;
	sink->page->share = share;
	sink->page->highest = -1;
	sink->page->announced = -1;
	sink->pid = fork_with(SIGKILL);
	if (sink->pid == 0) {
		signal(SIGINT, SIG_IGN);
		if (pin_to_cpu(cpu))
			warning("%s", failure());
		receive(sink->page, fd, epoll);
		_exit(0);
	}
	if (epoll >= 0)
		close(epoll);
	return sink->pid < 0 ? fail("fork: %s", strerror(errno)) : 0;
}

void sink_stop(struct sink *sink)
{
	int64_t end = mono_ns() + LAST_NS, seen = -1;

	if (sink->pid <= 0)
		return;
	while (mono_ns() < end && seen != sink->page->received) {
		seen = sink->page->received;
		sleep_ns(QUIET_NS);
	}
	sink->page->stop = 1;
	waitpid(sink->pid, NULL, 0);
	sink->pid = 0;
}

void sink_free(struct sink *sink)
{
	if (sink->pid > 0) {
		kill(sink->pid, SIGKILL);
		waitpid(sink->pid, NULL, 0);
	}
	if (sink->page)
		munmap(sink->page, sizeof(*sink->page));
	memset(sink, 0, sizeof(*sink));
}

int cmd_sink(int argc, char *argv[])
{
	const char *port = argc > 0 ? argv[0] : "";
	const char *seconds = argc > 1 ? argv[1] : "";
	const char *rcvbuf = argc > 2 ? argv[2] : "default";
	const char *cpu = argc > 3 ? argv[3] : "";
	struct sink sink = { 0 };
	double duration;
	int fd;

	if (parse_int(port, 1, 65535) < 0 || !is_real(seconds, &duration) || duration <= 0 ||
	    duration > SECONDS_MAX || argc > 4)
		die(EXIT_BAD_USAGE, "usage: napimeter sink PORT SECONDS [RCVBUF|default [CPU]]");
	fd = sink_socket(parse_int(port, 1, 65535));
	if (fd < 0 || sink_start(&sink, fd, rcvbuf, cpu, 0))
		die(EXIT_FAILED, "%s", failure());
	sleep_ns(duration * NSEC);
	sink_stop(&sink);
	printf("received %lld bytes %lld socket_drops %lld\n", (long long)sink.page->received,
	       (long long)sink.page->bytes, (long long)sink.page->drops);
	sink_free(&sink);
	return EXIT_OK;
}
