// SPDX-License-Identifier: GPL-2.0
/* pktgen: the kernel's own source, in this guest. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source.h"

#define PKTGEN_HEADERS 42		/* Ethernet, IPv4, UDP */

static int enter_netns(const char *name)
{
	char *path;
	int fd, err;

	if (!*name)
		return 0;
	path = xasprintf("/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	err = fd < 0 || setns(fd, CLONE_NEWNET) ? fail("%s: %s", path, strerror(errno)) : 0;
	if (fd >= 0)
		close(fd);
	free(path);
	return err;
}

static int own_ipv4(const char *interface, char *text, size_t len)
{
	struct ifaddrs *all, *ifa;
	int err = -1;

	if (getifaddrs(&all))
		return fail("getifaddrs: %s", strerror(errno));
	for (ifa = all; ifa && err; ifa = ifa->ifa_next)
		if (ifa->ifa_addr && ifa->ifa_addr->sa_family == AF_INET &&
		    !strcmp(ifa->ifa_name, interface))
			err = !inet_ntop(AF_INET, &((struct sockaddr_in *)ifa->ifa_addr)->sin_addr,
					 text, len);
	freeifaddrs(all);
	return err ? fail("%s has no IPv4 address", interface) : 0;
}

static int pgset(const char *file, const char *fmt, ...) PRINTF(2, 3);
static int pgset(const char *file, const char *fmt, ...)
{
	char *path = xasprintf("/proc/net/pktgen/%s", file);
	char text[128];
	int used, err;
	va_list ap;

	va_start(ap, fmt);
	used = vsnprintf(text, sizeof(text) - 1, fmt, ap);
	va_end(ap);
	if (used < 0 || (size_t)used >= sizeof(text) - 1) {
		free(path);
		return fail("pktgen: a setting is longer than %zu characters", sizeof(text) - 2);
	}
	memcpy(text + used, "\n", 2);	/* pgctrl cuts off the last byte */
	err = write_file(path, text);
	text[used] = '\0';
	if (err)
		fail("%s: \"%s\" is refused", path, text);
	free(path);
	return err;
}

static int pktgen_setup(const struct stream *s)
{
	const char *dev = s->plan->peer;
	int64_t datagram = row_integer(s->spec, COL_datagram, 1470);
	int64_t burst = row_integer(s->spec, COL_burst, 1);
	double bps = row_number(s->spec, COL_offered_bps);
	char ip[64], mac[32];
	char *path;
	int err;

	path = xasprintf("/sys/class/net/%s/address", s->plan->interface);
	err = read_line(path, mac, sizeof(mac));
	free(path);
	if (err || own_ipv4(s->plan->interface, ip, sizeof(ip)) || enter_netns(s->plan->netns))
		return -1;
	if (pgset("kpktgend_0", "rem_device_all") || pgset("kpktgend_0", "add_device %s", dev) ||
	    pgset(dev, "clone_skb 0") || pgset(dev, "dst %s", ip) ||
	    pgset(dev, "dst_mac %s", mac) || pgset(dev, "udp_dst_min %d", PKTGEN_PORT) ||
	    pgset(dev, "udp_dst_max %d", PKTGEN_PORT) ||
	    pgset(dev, "pkt_size %" PRId64, datagram + PKTGEN_HEADERS))
		return -1;
	if (burst > 1 && pgset(dev, "burst %" PRId64, burst))
		return -1;
	if (!(bps > 0))
		return pgset(dev, "count 0") || pgset(dev, "delay 0");
	/* the delay is between bursts */
	return pgset(dev, "count %.0f", s->seconds * bps / 8 / datagram) ||
	       pgset(dev, "delay %.0f", burst * datagram * 8 * 1e9 / bps);
}

/* In a process of its own: it has to live in the network namespace of the device. */
static void pktgen_child(const struct stream *s, int control)
{
	const char *why = failure();
	char go;

	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	if (pktgen_setup(s)) {
		if (write(control, why, strlen(why)) < 0)
			warning("pktgen: %s", why);
		_exit(1);
	}
	if (write(control, "", 1) != 1 || read(control, &go, 1) != 1)
		_exit(1);
	/* returns at the end of the traffic; SIGTERM ends that too */
	_exit(pgset("pgctrl", "start") ? 1 : 0);
}

int pktgen_start(struct stream *s)
{
	char *path, answer[256] = "no answer";
	int control[2], err = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control))
		return fail("socketpair: %s", strerror(errno));
	s->child = fork_with(SIGTERM);
	if (s->child == 0) {
		close(control[0]);
		pktgen_child(s, control[1]);
	}
	close(control[1]);
	/* an empty string, or why not */
	if (s->child < 0 || read(control[0], answer, sizeof(answer) - 1) < 1 || *answer) {
		err = fail("pktgen cannot be set up on %s: %s", s->plan->peer, answer);
	} else {
		path = xasprintf("/proc/%d/net/pktgen/%s", s->child, s->plan->peer);
		s->out_fd = open(path, O_RDONLY | O_CLOEXEC);
		free(path);
		if (s->out_fd < 0)
			err = fail("pktgen has no %s", s->plan->peer);
		else if (write(control[0], "g", 1) != 1)
			err = fail("pktgen: %s", strerror(errno));
	}
	close(control[0]);
	return err;
}

int pktgen_text(struct stream *s)
{
	ssize_t got = pread(s->out_fd, s->text, sizeof(s->text) - 1, 0);

	if (got <= 0)
		return fail("pktgen: %s", got ? strerror(errno) : "no statistics");
	s->text[got] = '\0';
	return 0;
}

int parse_pktgen(const char *text, double *sent, double *seconds)
{
	const char *sofar = strstr(text, "pkts-sofar: ");
	const char *result = strstr(text, "Result: OK: ");
	long long usec;
	char after;

	*seconds = NAN;
	if (!sofar)
		return fail("pktgen: cannot read its statistics");
	*sent = strtoll(sofar + strlen("pkts-sofar: "), NULL, 10);
	/* "OK: delay=5" is the answer to a setting, "OK: 5(c3+d2) usec" to a run */
	if (result && sscanf(result, "Result: OK: %lld%c", &usec, &after) == 2 && after == '(')
		*seconds = usec / 1e6;
	return 0;
}

bool pktgen_ended(struct stream *s)
{
	double sent, seconds;

	return !pktgen_text(s) && !parse_pktgen(s->text, &sent, &seconds) && !isnan(seconds);
}

/*
 * Not the starter's end: that comes late, up to two seconds, and the CPU's idle time until
 * then is not the traffic's. stream_free() waits for it.
 */
int pktgen_wait(struct stream *s)
{
	/* it ends by count; one that cannot keep up would go on until all are sent */
	bool full = row_number(s->spec, COL_offered_bps) == 0;
	int64_t end = mono_ns() + (int64_t)((full ? s->seconds : s->seconds * 1.05 + 0.5) * NSEC);
	int tries;

	while (mono_ns() < end) {
		if (pktgen_ended(s))
			return 0;
		sleep_ns(10 * 1000000);
	}
	kill(s->child, SIGTERM);
	for (tries = 0; tries < 200; tries++) {
		if (pktgen_ended(s))
			return 0;
		sleep_ns(10 * 1000000);
	}
	return fail("pktgen does not stop");
}
