// SPDX-License-Identifier: GPL-2.0
/* iperf 2.1, pulled with -R. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drops.h"
#include "source.h"

#define IPERF_CONTROL 201	/* its last datagram, sent until answered, at most this often */
#define SILENCE_NS (500 * 1000000LL)
#define PULL_GAP_NS (500 * 1000000LL)	/* between two UDP pulls of one server, at least */
#define FULL_SPEED "10000000000"	/* iperf has no word for it: more than e1000 can carry */

static int64_t pull_ended;	/* a UDP pull, the newest; 0: none */

bool iperf_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return !waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid == pid;
}

/* A copy of the one socket that iperf talks through; -1: it has none (yet). */
static int socket_of(int pidfd, pid_t pid)
{
	char *path = xasprintf("/proc/%d/fd", pid);
	DIR *dir = opendir(path);
	struct dirent *entry;
	int found = -1;

	free(path);
	while (dir && found < 0 && (entry = readdir(dir))) {
		int fd = syscall(SYS_pidfd_getfd, pidfd, atoi(entry->d_name), 0);
		int domain = 0;
		socklen_t len = sizeof(domain);

		if (fd < 0)
			continue;
		if (!getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) &&
		    (domain == AF_INET || domain == AF_INET6))
			found = fd;
		else
			close(fd);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Without a way to watch, this is not a failure. False: not connected yet. */
static bool ready(int fd, int rcvbuf, struct arrivals *arrivals)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	if (rcvbuf && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf, sizeof(rcvbuf)))
		return false;
	if (arrivals && getpeername(fd, (struct sockaddr *)&peer, &len))
		return false;
	if (arrivals)
		arrivals_watch(arrivals, fd);
	return true;
}

/*
 * iperf's -w means the send buffer when -R is given, so it is done from here.
 * rcvbuf 0 leaves it; arrivals may be NULL.
 */
int reach_socket_of(pid_t pid, int rcvbuf, struct arrivals *arrivals)
{
	int64_t end = mono_ns() + 5 * NSEC;
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	bool found = false;

	if (pidfd < 0)
		return rcvbuf ? fail("pidfd_open: %s", strerror(errno)) : 0;
	while (!found && mono_ns() < end) {
		int fd = socket_of(pidfd, pid);

		if (fd >= 0) {
			found = ready(fd, rcvbuf, arrivals);
			close(fd);
		}
		if (!found && iperf_ended(pid))
			break;
		sleep_ns(500000);
	}
	close(pidfd);
	/* an iperf that ended at once says why when its output is read */
	return found || iperf_ended(pid) || !rcvbuf ? 0 :
	       fail("the socket buffer of iperf could not be set");
}

/* iperf reads what is in its buffer yet, then sees the end. */
void shut_socket_of(pid_t pid)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int fd = pidfd < 0 ? -1 : socket_of(pidfd, pid);

	if (fd >= 0) {
		shutdown(fd, SHUT_RD);
		close(fd);
	}
	if (pidfd >= 0)
		close(pidfd);
}

int iperf_start(struct stream *s)
{
	char *number[] = {
		xasprintf("%u", s->plan->port),
		xasprintf("%.3f", s->seconds),
	};
	bool udp = row_is(s->spec, COL_protocol, "udp");
	bool full = row_number(s->spec, COL_offered_bps) == 0;
	const char *rcvbuf = row_text(s->spec, COL_rcvbuf);
	const char *argv[32] = {
		"iperf", "-c", s->plan->server, "-p", number[0], "-R", "-t", number[1], "-y", "C",
	};
	size_t n = 10;
	int out[2], size;

	if (strchr(s->plan->server, ':'))
		argv[n++] = "-V";
	if (udp) {
		argv[n++] = "-u";
		argv[n++] = "-l";
		argv[n++] = (char *)row_text(s->spec, COL_datagram);
	}
	if (udp || !full) {
		argv[n++] = "-b";
		argv[n++] = full ? FULL_SPEED : (char *)row_text(s->spec, COL_offered_bps);
	}
	/* iperf 2.1.8 frees a client's report before it forgets the client: the next would use it */
	if (udp && pull_ended)
		sleep_until(pull_ended + PULL_GAP_NS);
	if (pipe2(out, O_CLOEXEC))
		return fail("pipe: %s", strerror(errno));
	s->out_fd = out[0];
	s->child = fork_with(SIGKILL);
	if (s->child == 0) {
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		if (pin_to_cpu(row_text(s->spec, COL_app_cpu)))
			printf("%s\n", failure());
		execvp(argv[0], (char *const *)argv);
		printf("iperf: %s\n", strerror(errno));
		fflush(stdout);
		_exit(127);
	}
	close(out[1]);
	free(number[0]);
	free(number[1]);
	if (s->child < 0)
		return fail("fork: %s", strerror(errno));
	size = strcmp(rcvbuf, "default") ? parse_int(rcvbuf, 0, INT_MAX) : 0;
	if (size < 0)
		return -1;
	return udp || size ? reach_socket_of(s->child, size, udp ? &s->arrivals : NULL) : 0;
}

/* iperf 2.1.8 sometimes crashes at the end of a pulled UDP stream. */
#define RESTART "there: while :; do iperf -s%s; sleep 1; done"

/* The server's word for a number: neither "inf" nor more than a double counts exactly. */
static bool is_amount(double value)
{
	return value >= 0 && value <= 0x1p53;
}

/*
 * The last line of `-y C`: time, addresses (4), id, interval, bytes, bit/s and
 * for UDP jitter (ms), lost, total, per cent, out of order.
 */
int parse_iperf(const char *text, const struct row *spec, struct traffic *t)
{
	bool udp = row_is(spec, COL_protocol, "udp");
	const char *line, *last = NULL;
	double bps, total = 0, jitter = 0;
	int found;

	for (line = text; line && *line; line = next_line(line))
		if (strspn(line, "0123456789") >= 8)
			last = line;
	found = last ? sscanf(last, "%*[^,],%*[^,],%*[^,],%*[^,],%*[^,],%*[^,],%*[^,],%lf,%lf,%lf,%*[^,],%lf",
			      &t->bytes, &bps, &jitter, &total) : 0;
	if (found < (udp ? 4 : 2) || !is_amount(t->bytes) || !t->bytes || !is_amount(bps) || !bps ||
	    (udp && (!is_amount(jitter) || !is_amount(total))))
		return fail("iperf received nothing%s%.*s", last || !*text ? "" : ": ",
			    last ? 0 : (int)strcspn(text, "\n"), text);
	t->seconds = t->bytes * 8 / bps;
	t->only_packets_at_nic = !udp;
	if (udp) {
		t->sent = total;
		/* not total - lost: those before the first that came are in total only */
		t->received = floor(t->bytes / row_number(spec, COL_datagram) + 0.5);
		t->jitter_us = jitter * 1000;
		t->control = IPERF_CONTROL;
	}
	return 0;
}

/*
 * The source says that it is over in one burst. If all of that is lost, where most is lost,
 * iperf waits for another half of its time, idle.
 */
static bool is_silent(const struct stream *s)
{
	int64_t now = mono_ns();

	return s->highest && now > s->started + (int64_t)(s->seconds * NSEC) &&
	       now > s->heard + SILENCE_NS;
}

void iperf_free(const struct stream *s)
{
	if (row_is(s->spec, COL_protocol, "udp"))
		pull_ended = mono_ns();
}

int iperf_wait(struct stream *s)
{
	int64_t end = mono_ns() + (int64_t)(1.5 * s->seconds * NSEC) + 10 * NSEC;
	bool told = false;
	size_t used = 0;

	while (used + 1 < sizeof(s->text)) {
		struct pollfd pfd = { .fd = s->out_fd, .events = POLLIN };
		ssize_t got;

		if (mono_ns() > end)
			return fail("iperf does not end, as when the source died; " RESTART,
				    row_is(s->spec, COL_protocol, "udp") ? " -u" : "");
		if (s->arrivals.page && heed(s, s->arrivals.page->highest))
			return -1;
		if (!told && is_silent(s)) {
			shut_socket_of(s->child);
			told = true;
		}
		if (poll(&pfd, 1, 25) <= 0)
			continue;
		got = read(s->out_fd, s->text + used, sizeof(s->text) - 1 - used);
		if (got <= 0)
			break;
		used += got;
	}
	s->text[used] = '\0';
	/* it has closed its socket: what comes now is to find none, as without us */
	if (s->arrivals.socket_fd >= 0) {
		s->drops = drops_of(s->arrivals.socket_fd);
		drops_unread(s->arrivals.socket_fd, &s->unread, &s->unread_ends);
		close(s->arrivals.socket_fd);
		s->arrivals.socket_fd = -1;
	}
	if (s->highest && !s->arrivals.page->ends &&
	    (s->heard - s->started) / 1e9 < 0.9 * s->seconds - 0.3)
		return fail("the source died, or the network did, after %.1f of %.1f s; " RESTART,
			    (s->heard - s->started) / 1e9, s->seconds, " -u");
	return 0;
}

/*
 * Sequence numbers seen on the way override iperf's count: `sent` is the number of
 * the first of the last datagrams, which counts itself (the source repeats it until
 * answered).
 */
int iperf_result(struct stream *s, struct traffic *t)
{
	const volatile struct arrivals_page *seen = s->arrivals.page;

	if (parse_iperf(s->text, s->spec, t))
		return -1;
	if (t->only_packets_at_nic && t->seconds < 0.9 * s->seconds - 0.5)
		return fail("the source died, or the network did, after %.1f of %.1f s; " RESTART,
			    t->seconds, s->seconds, "");
	t->socket_drops = s->drops;
	if (t->only_packets_at_nic || !arrivals_known(&s->arrivals))
		return 0;
	t->open_end = !seen->ends;
	t->sent = t->open_end ? arrivals_highest(&s->arrivals) : seen->end;
	t->control = seen->ends ? seen->ends - 1 : 0;
	t->unseen = seen->first - 1;
	t->arrived = arrivals_data(&s->arrivals) + (seen->ends > 0);
	t->unread = s->unread;
	t->unread_ends = s->unread_ends;
	/*
	 * iperf's own time includes its wait for a lost final datagram. The source's pace is
	 * even, so packets before the first that came, or before we could look, took as long
	 * each as the others.
	 */
	if (seen->highest > seen->first && arrivals_seconds(&s->arrivals) > 0) {
		double all = t->sent / (seen->highest - seen->first);

		t->seconds = arrivals_seconds(&s->arrivals) * all;
		t->source_seconds = arrivals_source_seconds(&s->arrivals) * all;
	}
	return 0;
}
