// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "privileges.h"
#include "send.h"
#include "sink.h"

#define ASK_MAGIC 0x6e617031u		/* nap1 */
#define COOKIE_MAGIC 0x6e617032u
#define END_MAGIC 0x6e617033u
#define CANCEL_MAGIC 0x6e617034u
#define BATCH 64
#define SPIN_NS 60000			/* a sleep may end this late */
#define LATE_NS 5000000			/* later than this: missed, not made up for */
#define COOKIE_NS (10 * (int64_t)NSEC)	/* how long a cookie is good */

/* Everything big endian. */
struct control {
	uint32_t magic;
	uint32_t datagram;
	uint64_t cookie;
	uint64_t bps;			/* 0: as fast as possible */
	uint64_t duration_ns;
	uint32_t burst;
	uint32_t late;			/* in END: times the schedule was given up */
	uint64_t sent;
};

bool send_is_end(const char *data, size_t len, int64_t *sent)
{
	struct control c;

	if (len != sizeof(c))
		return false;
	memcpy(&c, data, sizeof(c));
	*sent = be64toh(c.sent);
	return be32toh(c.magic) == END_MAGIC;
}

int send_ask(int fd, const struct row *spec, double seconds)
{
	struct control c = {
		.magic = htobe32(ASK_MAGIC),
		.datagram = htobe32(row_integer(spec, COL_datagram, 1470)),
		.bps = htobe64(row_integer(spec, COL_offered_bps, 0)),
		.duration_ns = htobe64((uint64_t)(seconds * NSEC)),
		.burst = htobe32(row_integer(spec, COL_burst, 1)),
	}, answer;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int tries;

	/* twice: the first answer is a cookie, which proves that the address is ours */
	for (tries = 0; tries < 10; tries++) {
		if (send(fd, &c, sizeof(c), 0) < 0 && errno != ECONNREFUSED)
			return fail("asking the source: %s", strerror(errno));
		if (poll(&pfd, 1, 200) <= 0)
			continue;
		if (recv(fd, &answer, sizeof(answer), MSG_DONTWAIT) == sizeof(answer) &&
		    be32toh(answer.magic) == COOKIE_MAGIC) {
			c.cookie = answer.cookie;
			if (send(fd, &c, sizeof(c), 0) == sizeof(c))
				return 0;
		}
	}
	return fail("no answer from the source: is it running? there: while :; do napimeter serve; sleep 1; done");
}

void send_cancel(int fd)
{
	struct control c = { .magic = htobe32(CANCEL_MAGIC) };

	if (send(fd, &c, sizeof(c), MSG_DONTWAIT) < 0)
		warning("cancelling the source: %s", strerror(errno));
}

static bool cancelled(int fd)
{
	struct control c;

	return recv(fd, &c, sizeof(c), MSG_DONTWAIT) == sizeof(c) &&
	       be32toh(c.magic) == CANCEL_MAGIC;
}

static void wait_for(int64_t when)
{
	if (when - mono_ns() > 2 * SPIN_NS)
		sleep_until(when - SPIN_NS);
	while (mono_ns() < when)
		;
}

static void stamp(char *data, uint32_t sequence)
{
	int64_t now = real_ns();
	struct datagram_header h = {
		.magic = htobe32(PKTGEN_MAGIC),
		.sequence = htobe32(sequence),
		.sec = htobe32(now / NSEC),
		.usec = htobe32(now % NSEC / 1000),
	};

	memcpy(data, &h, sizeof(h));
}

/*
 * One burst; returns how many the kernel took. *refused: no program receives there any more,
 * says the receiver's host.
 */
static uint32_t send_burst(int fd, uint32_t burst, size_t len, uint32_t sequence, bool *refused)
{
	static char data[BATCH][65536];
	struct mmsghdr msgs[BATCH] = { 0 };
	struct iovec iov[BATCH];
	uint32_t done = 0, i, n;
	int put;

	while (done < burst) {
		n = burst - done < BATCH ? burst - done : BATCH;
		for (i = 0; i < n; i++) {
			stamp(data[i], sequence + done + i);
			iov[i] = (struct iovec){ data[i], len };
			msgs[i].msg_hdr.msg_iov = &iov[i];
			msgs[i].msg_hdr.msg_iovlen = 1;
		}
		put = sendmmsg(fd, msgs, n, 0);
		if (put <= 0) {
			*refused = *refused || errno == ECONNREFUSED;
			break;
		}
		done += put;
	}
	return done;
}

static void send_stream(int fd, const struct control *ask)
{
	size_t len = be32toh(ask->datagram);
	uint32_t burst = be32toh(ask->burst);
	uint64_t bps = be64toh(ask->bps);
	int64_t gap = bps ? (double)burst * len * 8 * NSEC / bps : 0;
	int64_t next = mono_ns(), end = next + be64toh(ask->duration_ns);
	struct control last = *ask;
	uint32_t sent = 0, late = 0;
	int64_t look = next;
	bool refused = false;
	int i;

	while (next < end && !refused) {
		if (gap)
			wait_for(next);
		sent += send_burst(fd, burst, len, sent + 1, &refused);
		next = gap ? next + gap : mono_ns();
		if (mono_ns() - next > LATE_NS) {
			next = mono_ns();
			late++;
		}
		if (mono_ns() - look > 50 * 1000000) {
			look = mono_ns();
			if (cancelled(fd))
				break;
		}
	}
	last.magic = htobe32(END_MAGIC);
	last.sent = htobe64(sent);
	last.late = htobe32(late);
	for (i = 0; i < 5; i++) {
		sleep_ns(20 * 1000000);
		if (send(fd, &last, sizeof(last), 0) < 0 && errno == ECONNREFUSED)
			break;
	}
	printf("sent %u datagrams, %u times late\n", sent, late);
	fflush(stdout);
}

/*
 * An asker proves that it receives at its address by sending back a random number. The
 * number is kept, not computed from the address, so nothing can be learned from others;
 * it is good once. The oldest gives way when askers are many.
 */
static struct asker {
	struct in6_addr addr;
	in_port_t port;
	int64_t when;			/* monotonic; 0: free */
	uint64_t cookie;
} askers[256];

static struct asker *asker_of(const struct sockaddr_in6 *from)
{
	size_t i;

	for (i = 0; i < sizeof(askers) / sizeof(askers[0]); i++)
		if (askers[i].when && askers[i].port == from->sin6_port &&
		    !memcmp(&askers[i].addr, &from->sin6_addr, sizeof(askers[i].addr)))
			return &askers[i];
	return NULL;
}

/* A new cookie for this address, or 0 if there is no randomness. */
static uint64_t cookie_for(const struct sockaddr_in6 *from)
{
	struct asker *a = asker_of(from);
	size_t i;

	if (!a)
		for (a = askers, i = 1; i < sizeof(askers) / sizeof(askers[0]); i++)
			if (askers[i].when < a->when)
				a = &askers[i];
	a->when = 0;
	if (getrandom(&a->cookie, sizeof(a->cookie), 0) != sizeof(a->cookie))
		return 0;
	a->addr = from->sin6_addr;
	a->port = from->sin6_port;
	a->when = mono_ns();
	return a->cookie;
}

/* Is this the cookie that the address got in the last seconds? It is used up. */
static bool cookie_take(const struct sockaddr_in6 *from, uint64_t cookie)
{
	struct asker *a = asker_of(from);
	bool good = a && a->cookie == cookie && mono_ns() - a->when < COOKIE_NS;

	if (good)
		a->when = 0;
	return good;
}

static bool sane(const struct control *c)
{
	return be32toh(c->magic) == ASK_MAGIC && be32toh(c->datagram) <= 65507 &&
	       be32toh(c->datagram) >= sizeof(struct datagram_header) && be32toh(c->burst) >= 1 &&
	       be32toh(c->burst) <= 4096 && be64toh(c->duration_ns) <= SECONDS_MAX * NSEC;
}

/* One stream at a time: two would disturb each other's cadence. */
int cmd_serve(int argc, char *argv[])
{
	struct sockaddr_in6 from = { 0 };
	struct sockaddr_in6 unconnected = { .sin6_family = AF_UNSPEC };
	struct control c = { 0 };
	int port = argc ? parse_int(argv[0], 1, 65535) : 5003;
	int fd;

	if (argc > 1 || port < 0)
		die(EXIT_BAD_USAGE, "usage: napimeter serve [PORT]");
	fd = sink_socket(port);
	if (fd < 0)
		die(EXIT_FAILED, "%s", failure());
	privileges_none();
	for (;;) {
		socklen_t len = sizeof(from);
		ssize_t got = recvfrom(fd, &c, sizeof(c), 0, (struct sockaddr *)&from, &len);

		if (got != sizeof(c) || len != sizeof(from) || !sane(&c))
			continue;
		if (!cookie_take(&from, c.cookie)) {
			/* no longer than what came, so that it cannot be used to flood others */
			c.magic = htobe32(COOKIE_MAGIC);
			c.cookie = cookie_for(&from);
			if (!c.cookie)
				die(EXIT_FAILED, "getrandom: %s", strerror(errno));
			sendto(fd, &c, sizeof(c), 0, (struct sockaddr *)&from, len);
			continue;
		}
		/* connected while it sends: only its own asker can cancel it */
		if (connect(fd, (struct sockaddr *)&from, len)) {
			warning("connect: %s", strerror(errno));
			continue;
		}
		send_stream(fd, &c);
		/* a socket that stays with one asker serves no other asker */
		if (connect(fd, (struct sockaddr *)&unconnected, sizeof(unconnected)))
			die(EXIT_FAILED, "connect: %s", strerror(errno));
	}
}
