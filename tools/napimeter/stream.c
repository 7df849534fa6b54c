// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "send.h"
#include "stream.h"

#define PKTGEN_PORT 9
#define PKTGEN_HEADERS 42		/* Ethernet, IPv4, UDP */
#define IPERF_CONTROL 201	/* its last datagram, sent until answered, at most so often */
#define SILENCE_NS (500 * 1000000LL)
#define FULL_SPEED "10000000000"	/* iperf has no word for it: more than e1000 can carry */

static bool is_source(const struct stream *s, const char *source)
{
	return !strcmp(s->plan->source, source);
}

/* ---- pktgen: the kernel's own source, in this guest ---- */

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

static int pktgen_start(struct stream *s)
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

static int pktgen_text(struct stream *s)
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

static bool pktgen_ended(struct stream *s)
{
	double sent, seconds;

	return !pktgen_text(s) && !parse_pktgen(s->text, &sent, &seconds) && !isnan(seconds);
}

/*
 * Not the starter's end: that comes late, up to two seconds, and the CPU's idle time until
 * then is not the traffic's. stream_free() waits for it.
 */
static int pktgen_wait(struct stream *s)
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

/*
 * Called over and over with the highest number that has come. The source's last word may
 * be lost, so each new one near the end may be the last.
 */
static int heed(struct stream *s, uint64_t highest)
{
	int64_t now = mono_ns();

	if (highest == s->highest)
		return 0;
	s->highest = highest;
	s->heard = now;
	/* reading it costs CPU time: not often */
	if (now < s->started + (int64_t)(0.8 * s->seconds * NSEC) ||
	    now < s->cpu_at_end.mono + 50 * 1000000)
		return 0;
	return cpu_read(&s->cpu_at_end);
}

/* ---- napimeter serve, on the other host ---- */

static int own_start(struct stream *s)
{
	struct sockaddr_storage address;
	int len = parse_address(s->plan->server, s->plan->port, &address);

	if (len < 0)
		return -1;
	s->ask_fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->ask_fd < 0 || connect(s->ask_fd, (struct sockaddr *)&address, len))
		return fail("%s: %s", s->plan->server, strerror(errno));
	if (send_ask(s->ask_fd, s->spec, s->seconds))
		return -1;
	return sink_start(&s->sink, s->ask_fd, row_text(s->spec, COL_rcvbuf),
			  row_text(s->spec, COL_app_cpu));
}

static int own_wait(struct stream *s)
{
	int64_t end = mono_ns() + (int64_t)(s->seconds * NSEC) + 2 * NSEC;

	while (s->sink.page->announced < 0 && mono_ns() < end) {
		if (heed(s, s->sink.page->highest < 0 ? 0 : s->sink.page->highest))
			return -1;
		sleep_ns(10 * 1000000);
	}
	return s->sink.page->highest < 1 ? fail("nothing came from the source") : 0;
}

/* ---- iperf 2.1, pulled with -R ---- */

static bool has_ended(pid_t pid)
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

/* Where nothing can be watched, that is no failure. False: it is not connected yet. */
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
		if (!found && has_ended(pid))
			break;
		sleep_ns(500000);
	}
	close(pidfd);
	/* an iperf that ended at once says why when its output is read */
	return found || has_ended(pid) || !rcvbuf ? 0 :
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

static int iperf_start(struct stream *s)
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

/* iperf 2.1.8 dies at times, when a UDP stream that was pulled has ended. */
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
		return fail("iperf received nothing%s%.*s: is iperf 2.1 or newer running on the server? "
			    RESTART, last ? "" : ": ",
			    last ? 0 : (int)strcspn(text, "\n"), text, udp ? " -u" : "");
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

static int iperf_wait(struct stream *s)
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
	if (s->highest && !s->arrivals.page->ends &&
	    (s->heard - s->started) / 1e9 < 0.9 * s->seconds - 0.3)
		return fail("the source died, or the network did, after %.1f of %.1f s; " RESTART,
			    (s->heard - s->started) / 1e9, s->seconds, " -u");
	return 0;
}

/*
 * What was seen on its way goes before what iperf counted: `sent` is the number of
 * the first of the last datagrams, which counts itself (the source repeats it until
 * answered).
 */
static int iperf_result(struct stream *s, struct traffic *t)
{
	const volatile struct arrivals_page *seen = s->arrivals.page;

	if (parse_iperf(s->text, s->spec, t))
		return -1;
	if (t->only_packets_at_nic && t->seconds < 0.9 * s->seconds - 0.5)
		return fail("the source died, or the network did, after %.1f of %.1f s; " RESTART,
			    t->seconds, s->seconds, "");
	if (t->only_packets_at_nic || !arrivals_known(&s->arrivals))
		return 0;
	t->open_end = !seen->ends;
	t->sent = t->open_end ? seen->highest : seen->end;
	t->control = seen->ends ? seen->ends - 1 : 0;
	t->arrived = arrivals_data(&s->arrivals) + (seen->ends > 0);
	/*
	 * iperf's own time goes on until it has given up waiting for a lost last word. The
	 * source's pace is even, so what was sent before the first that came, or before we
	 * could look, took as long a packet as the others.
	 */
	if (seen->highest > seen->first && arrivals_seconds(&s->arrivals) > 0)
		t->seconds = arrivals_seconds(&s->arrivals) * t->sent /
			     (seen->highest - seen->first);
	return 0;
}

/* ---- any of them ---- */

/* The source is another machine's: what it says has to be possible. */
int check_traffic(const struct traffic *t, double datagram, double seconds)
{
	double bits = (isnan(t->sent) ? 0 : t->sent * datagram * 8) + (isnan(t->bytes) ? 0 : t->bytes * 8);

	if (!(t->seconds > 0 && t->seconds < 3 * seconds + 15))
		return fail("the source says it took %.4g s instead of %.4g", t->seconds, seconds);
	if (!(bits / t->seconds < 1e12))
		return fail("the source says it sent %.4g Mbit/s, which no e1000 can", bits / t->seconds / 1e6);
	if (!isnan(t->sent) && !(t->sent >= 0 && t->received >= 0 && t->received <= t->sent * 1.01 + 100))
		return fail("the source says it sent %.0f datagrams, and %.0f came", t->sent, t->received);
	return 0;
}

int stream_start(struct stream *s, const struct plan *plan, const struct row *spec,
		 double seconds)
{
	int fd, err;

	*s = (struct stream){ .plan = plan, .spec = spec, .seconds = seconds, .ask_fd = -1,
			      .out_fd = -1, .arrivals = { .watch_fd = -1 },
			      .started = mono_ns() };
	if (is_source(s, "iperf"))
		return iperf_start(s);
	if (is_source(s, "napimeter"))
		return own_start(s);
	fd = sink_socket(PKTGEN_PORT);
	if (fd < 0)
		return -1;
	err = sink_start(&s->sink, fd, row_text(spec, COL_rcvbuf), row_text(spec, COL_app_cpu));
	close(fd);
	return err ? err : pktgen_start(s);
}

void stream_so_far(struct stream *s, double *sent, double *received)
{
	const volatile struct arrivals_page *seen = s->arrivals.page;
	const struct sink_page *page = s->sink.page;
	double seconds;

	if (is_source(s, "pktgen")) {
		if (pktgen_text(s) || parse_pktgen(s->text, sent, &seconds))
			*sent = NAN;
		*received = page->received;
		return;
	}
	*sent = *received = NAN;
	if (is_source(s, "iperf") && !arrivals_known(&s->arrivals))
		return;
	/* a burst that comes between the two would be received and not sent */
	do {
		*sent = seen ? (double)seen->highest : page->highest;
		*received = seen ? arrivals_data(&s->arrivals) : page->received;
	} while (*sent != (seen ? (double)seen->highest : page->highest));
	*sent = fmax(*sent, 0);
}

bool stream_over(struct stream *s)
{
	if (is_source(s, "iperf"))
		return has_ended(s->child) || (s->arrivals.page && s->arrivals.page->ends);
	return is_source(s, "pktgen") ? pktgen_ended(s) : s->sink.page->announced >= 0;
}

int stream_wait(struct stream *s)
{
	int err = is_source(s, "iperf") ? iperf_wait(s) :
		  is_source(s, "pktgen") ? pktgen_wait(s) : own_wait(s);

	if (!err && !s->cpu_at_end.mono)
		err = cpu_read(&s->cpu_at_end);
	return err;
}

int stream_result(struct stream *s, struct traffic *t)
{
	struct sink_page *page = s->sink.page;

	*t = (struct traffic){ .sent = NAN, .received = NAN, .seconds = s->seconds,
			       .bytes = NAN, .jitter_us = NAN, .arrived = NAN };
	if (is_source(s, "iperf"))
		return iperf_result(s, t) ||
		       check_traffic(t, row_number(s->spec, COL_datagram), s->seconds) ? -1 : 0;
	sink_stop(&s->sink);
	t->received = page->received;
	t->bytes = page->bytes;
	t->jitter_us = page->jitter_ns / 1000.0;
	if (is_source(s, "pktgen"))
		return parse_pktgen(s->text, &t->sent, &t->seconds) ? -1 :
		       t->sent > 0 ? 0 : fail("pktgen sent nothing");
	t->control = page->others + 2;	/* and the cookie, asked for twice at most */
	t->open_end = page->announced < 0;
	t->sent = t->open_end ? page->highest : page->announced;
	if (t->sent > 1)
		t->seconds = (page->last_ns - page->first_ns) / 1e9 * t->sent / (t->sent - 1);
	return check_traffic(t, row_number(s->spec, COL_datagram), s->seconds);
}

void stream_free(struct stream *s)
{
	if (s->child > 0) {
		kill(s->child, is_source(s, "pktgen") ? SIGTERM : SIGKILL);
		waitpid(s->child, NULL, 0);
	}
	if (s->ask_fd >= 0) {
		if (s->sink.page && s->sink.page->announced < 0)
			send_cancel(s->ask_fd);
		close(s->ask_fd);
	}
	if (s->out_fd >= 0)
		close(s->out_fd);
	arrivals_stop(&s->arrivals);
	sink_free(&s->sink);
	s->child = 0;
	s->ask_fd = s->out_fd = -1;
}
