// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drops.h"
#include "send.h"
#include "source.h"

#define FULL_BPS 2.5e9		/* bit/s and packets/s of full speed, where samples are shared out */
#define FULL_PPS 1.5e6
#define FULL_SPEED_MOST 1e11	/* bit/s; no e1000, emulated or not, comes near it */

static bool is_source(const struct stream *s, const char *source)
{
	return !strcmp(s->plan->source, source);
}

int heed(struct stream *s, uint64_t highest)
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

/* Of full speed, what an e1000 may take. */
static uint32_t share_of(const struct stream *s)
{
	double bits = 8 * row_number(s->spec, COL_datagram);
	double bps = row_number(s->spec, COL_offered_bps);

	return delay_share(s->seconds * (bps > 0 ? bps / bits : fmin(FULL_BPS / bits, FULL_PPS)));
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
	if (sink_buffer(s->ask_fd, row_text(s->spec, COL_rcvbuf)) ||
	    send_ask(s->ask_fd, s->spec, s->seconds))
		return -1;
	return sink_start(&s->sink, s->ask_fd, row_text(s->spec, COL_rcvbuf),
			  row_text(s->spec, COL_app_cpu), share_of(s));
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

/* ---- any of them ---- */

/*
 * The source is another machine's, and numbers come over a wire: they have to be possible. A
 * source that gets its pace late does not send more than it was asked for in all.
 */
int check_traffic(struct traffic *t, const struct row *spec, double seconds)
{
	double asked = row_number(spec, COL_offered_bps), most = asked > 0 ? asked : FULL_SPEED_MOST;
	bool tcp = isnan(t->sent);
	double datagram = tcp ? 1500 : row_number(spec, COL_datagram);
	double bits = 8 * (tcp ? t->bytes : t->sent * datagram);

	if (!(t->seconds > 0 && t->seconds < 3 * seconds + 15))
		return fail("the source says it took %.4g s instead of %.4g", t->seconds, seconds);
	/* times that a corrupted datagram brought, or a clock that was set: as if not known */
	if (!(t->source_seconds > 0.2 * seconds && t->source_seconds < 3 * seconds + 15))
		t->source_seconds = NAN;
	if (!(bits <= most * (1.25 * (tcp ? t->seconds : seconds) + 0.5) + 100 * 8 * datagram))
		return fail("the source seems to have sent %.4g Mbit/s, and can have sent %.4g: its report is wrong, or datagram numbers are corrupted on the way",
			    bits / seconds / 1e6, most / 1e6);
	if (!tcp && !(t->sent >= 0 && t->received >= 0 && t->received <= t->sent * 1.01 + 100))
		return fail("the source says it sent %.0f datagrams, and %.0f came", t->sent, t->received);
	return 0;
}

int stream_start(struct stream *s, const struct plan *plan, const struct row *spec,
		 double seconds)
{
	int fd, err;

	*s = (struct stream){ .plan = plan, .spec = spec, .seconds = seconds, .ask_fd = -1,
			      .out_fd = -1, .arrivals = { .watch_fd = -1, .socket_fd = -1 },
			      .drops = NAN, .unread = NAN, .unread_ends = NAN,
			      .started = mono_ns() };
	s->arrivals.share = share_of(s);
	s->sink.polls = row_integer(spec, COL_irq_suspend_timeout, 0) > 0;
	if (is_source(s, "iperf"))
		return iperf_start(s);
	if (is_source(s, "napimeter"))
		return own_start(s);
	fd = sink_socket(PKTGEN_PORT);
	if (fd < 0)
		return -1;
	/* no delays: pktgen writes the time into a packet before it waits for the packet's turn */
	err = sink_start(&s->sink, fd, row_text(spec, COL_rcvbuf), row_text(spec, COL_app_cpu), 0);
	close(fd);
	return err ? err : pktgen_start(s);
}

void stream_so_far(struct stream *s, double *sent, double *received)
{
	const struct arrivals *seen = s->arrivals.page ? &s->arrivals : NULL;
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
		*sent = seen ? arrivals_highest(seen) : page->highest;
		*received = seen ? arrivals_data(seen) : page->received;
	} while (*sent != (seen ? arrivals_highest(seen) : page->highest));
	*sent = fmax(*sent, 0);
}

double stream_drops(const struct stream *s)
{
	return is_source(s, "iperf") ? drops_of(s->arrivals.socket_fd) : s->sink.page->drops;
}

bool stream_over(struct stream *s)
{
	if (is_source(s, "iperf"))
		return iperf_ended(s->child) || (s->arrivals.page && s->arrivals.page->ends);
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

/*
 * From the first of n packets to the last, in bursts: the pause after the last burst belongs to
 * the time too. NaN: there was one burst only.
 */
static double whole_time(double span, double n, double burst)
{
	double last = n > 0 ? fmod(n - 1, burst) + 1 : 0;

	return n > last ? span * n / (n - last) : NAN;
}

int stream_result(struct stream *s, struct traffic *t)
{
	double time, burst = row_number(s->spec, COL_burst);
	struct sink_page *page = s->sink.page;

	*t = (struct traffic){ .sent = NAN, .received = NAN, .seconds = s->seconds,
			       .source_seconds = NAN, .bytes = NAN, .jitter_us = NAN,
			       .arrived = NAN, .socket_drops = NAN, .delay = DELAY_UNKNOWN };
	if (is_source(s, "iperf"))
		return iperf_result(s, t) ||
		       check_traffic(t, s->spec, s->seconds) ? -1 : 0;
	sink_stop(&s->sink);
	t->received = page->received;
	t->socket_drops = page->drops;
	t->bytes = page->bytes;
	t->jitter_us = page->jitter_ns / 1000.0;
	if (is_source(s, "pktgen")) {
		if (parse_pktgen(s->text, &t->sent, &t->seconds))
			return -1;
		time = whole_time(t->seconds, t->sent, burst);
		t->seconds = isnan(time) ? t->seconds : time;
		t->source_seconds = t->seconds;
		return t->sent > 0 ? 0 : fail("pktgen sent nothing");
	}
	t->control = page->others + 2;	/* and the cookie, asked for twice at most */
	t->open_end = page->announced < 0;
	t->sent = t->open_end ? page->highest : page->announced;
	t->others = page->others + 1;
	time = whole_time((page->last_ns - page->first_ns) / 1e9, t->sent, burst);
	if (!isnan(time))
		t->seconds = time;
	time = whole_time((page->sent_last_ns - page->sent_first_ns) / 1e9, page->highest, burst);
	if (!isnan(time))
		t->source_seconds = time * t->sent / page->highest;
	return check_traffic(t, s->spec, s->seconds);
}

struct delay stream_delay(const struct stream *s, const struct cpu_times *from,
			  const struct cpu_times *to)
{
	const struct arrivals_page *seen = (const struct arrivals_page *)s->arrivals.page;
	const struct delay_sample *sample = seen ? seen->sample : NULL;
	bool iperf = is_source(s, "iperf");
	size_t n = seen ? seen->samples : 0;
	struct delay_line line;

	if (s->sink.page) {
		sample = s->sink.page->sample;
		n = s->sink.page->samples;
	}
	/* a log that is full misses the end */
	if (!n || n >= DELAY_ROOM)
		return DELAY_UNKNOWN;
	line = delay_line_of(sample, n);
	return delay_of(sample, n, &line, !from ? 0 : iperf ? from->mono : from->real,
			!to ? UINT64_MAX : iperf ? (uint64_t)to->mono : (uint64_t)to->real);
}

void stream_free(struct stream *s)
{
	if (s->child > 0) {
		kill(s->child, is_source(s, "pktgen") ? SIGTERM : SIGKILL);
		waitpid(s->child, NULL, 0);
		if (is_source(s, "iperf"))
			iperf_free(s);
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
